/* metrics.c: durations in buckets, the naming rules, and the list of collectors. */
#include "beamgauge/metrics.h"

#include <stdlib.h>
#include <string.h>

#define MS 1000
#define S (1000 * MS)

const int64_t bg_histogram_bounds_us[BG_HISTOGRAM_BOUNDS] = {100,      1 * MS, 5 * MS,    25 * MS, 100 * MS, 250 * MS,
                                                             500 * MS, 1 * S,  2500 * MS, 5 * S,   10 * S,   30 * S};

void bg_histogram_add(struct bg_histogram *histogram, int64_t duration_us)
{
    size_t bucket = 0;

    if (duration_us < 0)
        duration_us = 0;
    while (bucket < BG_HISTOGRAM_BOUNDS && duration_us > bg_histogram_bounds_us[bucket])
        bucket++;
    histogram->counts[bucket]++;
    histogram->sum_us += (uint64_t)duration_us;
}

uint64_t bg_histogram_count(const struct bg_histogram *histogram)
{
    uint64_t count = 0;

    for (size_t i = 0; i <= BG_HISTOGRAM_BOUNDS; i++)
        count += histogram->counts[i];
    return count;
}

static bool is_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return length > 0 && name[length] == '\0' && name[0] >= 'a' && name[0] <= 'z';
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t name_length = strlen(name), length = strlen(suffix);

    return name_length > length && strcmp(name + name_length - length, suffix) == 0;
}

static bool has_suffix_of_a_type(const char *name)
{
    static const char *const suffixes[] = {"_total", "_info", "_bucket", "_sum", "_count", "_created"};

    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (ends_with(name, suffixes[i]))
            return true;
    return false;
}

static bool unit_is_last_word(const struct bg_metric *metric)
{
    size_t length = strlen(metric->name);

    if (metric->unit == NULL)
        return metric->type != BG_METRIC_HISTOGRAM && !ends_with(metric->name, "_seconds") && !ends_with(metric->name, "_bytes");
    return ends_with(metric->name, metric->unit) && metric->name[length - strlen(metric->unit) - 1] == '_';
}

bool bg_metric_is_sane(const struct bg_metric *metric)
{
    if (!is_name(metric->name) || metric->help == NULL || metric->help[0] == '\0' || ends_with(metric->help, "."))
        return false;
    for (size_t i = 0; metric->labels[i] != NULL; i++)
        if (i >= BG_METRIC_LABELS_MAX || !is_name(metric->labels[i]) || strcmp(metric->labels[i], "le") == 0)
            return false;
    return metric->type == BG_METRIC_UNTYPED || (!has_suffix_of_a_type(metric->name) && unit_is_last_word(metric));
}

struct bg_metrics {
    struct {
        bg_metrics_collect *collect;
        void *context;
    } collectors[BG_COLLECTORS_MAX];
    size_t count;
};

struct bg_metrics *bg_metrics_new(void)
{
    return calloc(1, sizeof(struct bg_metrics));
}

void bg_metrics_free(struct bg_metrics *metrics)
{
    free(metrics);
}

bool bg_metrics_add(struct bg_metrics *metrics, bg_metrics_collect *collect, void *context)
{
    if (metrics == NULL)
        return true;
    if (metrics->count == BG_COLLECTORS_MAX)
        return false;
    metrics->collectors[metrics->count].collect = collect;
    metrics->collectors[metrics->count++].context = context;
    return true;
}

void bg_metrics_write(const struct bg_metrics *metrics, struct bg_exposition *exposition)
{
    for (size_t i = 0; metrics != NULL && i < metrics->count; i++)
        metrics->collectors[i].collect(metrics->collectors[i].context, exposition);
}
