/* samples.c: writes samples as Prometheus text 0.0.4 or as OpenMetrics 1.0. */
#include "beamgauge/metrics.h"
#include "beamgauge/sink.h"
#include "beamgauge/text.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics specification of 1.0 differ: in OpenMetrics the name of
 * a family has no suffix, a family has a unit, quotes in help are escaped, bounds are always written as floats, and the text has an end
 * mark. */
struct bg_exposition {
    struct bg_sink sink;
    FILE *out; /* the sink's stream */
    bool open_metrics;
    const struct bg_metric *metric; /* the family whose samples are being written; NULL: none yet */
};

const char *const bg_exposition_types[] = {"text/plain; version=0.0.4; charset=utf-8",
                                           "application/openmetrics-text; version=1.0.0; charset=utf-8", NULL};

struct bg_exposition *bg_exposition_new(const char *content_type)
{
    struct bg_exposition *exposition = calloc(1, sizeof *exposition);

    if (exposition == NULL || (exposition->out = bg_sink_open(&exposition->sink)) == NULL) {
        free(exposition);
        return NULL;
    }
    exposition->open_metrics = strcmp(content_type, bg_exposition_types[1]) == 0;
    return exposition;
}

/* A line feed and the format's special characters get a backslash. Bytes that are not text, or could control a terminal, are written in
 * hexadecimal digits. */
static void write_escaped(FILE *out, const char *text, const char *marked)
{
    size_t length = strlen(text);

    for (size_t i = 0, taken; i < length; i += taken) {
        uint32_t code_point;

        taken = bg_text_utf8_first(text + i, length - i, &code_point);
        if (text[i] == '\n') {
            fputs("\\n", out);
        } else if (taken == 0 || bg_text_is_hostile(code_point)) {
            taken = taken == 0 ? 1 : taken;
            for (size_t j = 0; j < taken; j++)
                fprintf(out, "\\\\x%02x", (unsigned char)text[i + j]);
        } else {
            if (strchr(marked, text[i]) != NULL)
                fputc('\\', out);
            fwrite(text + i, 1, taken, out);
        }
    }
}

/* The shortest text without loss. */
static void write_number(FILE *out, double value)
{
    char text[40];

    if (isnan(value) || isinf(value)) {
        fputs(isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf", out);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    fputs(text, out);
}

static const char *suffix_of(const struct bg_metric *metric)
{
    return metric->type == BG_METRIC_COUNTER ? "_total" : metric->type == BG_METRIC_INFO ? "_info" : "";
}

static const char *type_text(const struct bg_exposition *exposition, enum bg_metric_type type)
{
    switch (type) {
    case BG_METRIC_COUNTER:
        return "counter";
    case BG_METRIC_GAUGE:
        return "gauge";
    case BG_METRIC_HISTOGRAM:
        return "histogram";
    case BG_METRIC_INFO:
        return exposition->open_metrics ? "info" : "gauge";
    case BG_METRIC_UNTYPED:
        break;
    }
    return exposition->open_metrics ? "unknown" : "untyped";
}

static void begin_family(struct bg_exposition *exposition, const struct bg_metric *metric)
{
    const char *suffix = exposition->open_metrics ? "" : suffix_of(metric);
    FILE *out = exposition->out;

    if (exposition->metric == metric)
        return;
    assert(bg_metric_is_sane(metric));
    exposition->metric = metric;
    fprintf(out, "# HELP %s%s ", metric->name, suffix);
    write_escaped(out, metric->help, exposition->open_metrics ? "\\\"" : "\\");
    fprintf(out, "\n# TYPE %s%s %s\n", metric->name, suffix, type_text(exposition, metric->type));
    if (exposition->open_metrics && metric->unit != NULL)
        fprintf(out, "# UNIT %s %s\n", metric->name, metric->unit);
}

/* `bound` is the value of the label "le" of a histogram's bucket, or NULL. */
static void write_labels(FILE *out, const struct bg_metric *metric, const char *const *values, const char *bound)
{
    char separator = '{';

    for (size_t i = 0; metric->labels[i] != NULL; i++, separator = ',') {
        fprintf(out, "%c%s=\"", separator, metric->labels[i]);
        write_escaped(out, values[i] != NULL ? values[i] : "", "\\\"");
        fputc('"', out);
    }
    if (bound != NULL)
        fprintf(out, "%cle=\"%s\"", separator, bound);
    if (bound != NULL || metric->labels[0] != NULL)
        fputc('}', out);
}

static void write_sample(struct bg_exposition *exposition, const char *suffix, const char *const *values, const char *bound, double value)
{
    fprintf(exposition->out, "%s%s", exposition->metric->name, suffix);
    write_labels(exposition->out, exposition->metric, values, bound);
    fputc(' ', exposition->out);
    write_number(exposition->out, value);
    fputc('\n', exposition->out);
}

void bg_exposition_add(struct bg_exposition *exposition, const struct bg_metric *metric, const char *const *values, double value)
{
    assert(metric->type != BG_METRIC_HISTOGRAM);
    begin_family(exposition, metric);
    write_sample(exposition, suffix_of(metric), values, NULL, value);
}

static void write_bound(const struct bg_exposition *exposition, int64_t bound_us, char *ret_text, size_t size)
{
    const bool whole = bound_us % 1000000 == 0;

    snprintf(ret_text, size, "%g%s", (double)bound_us / 1e6, whole && exposition->open_metrics ? ".0" : "");
}

void bg_exposition_add_histogram(struct bg_exposition *exposition, const struct bg_metric *metric, const char *const *values,
                                 const struct bg_histogram *histogram)
{
    uint64_t count = 0;
    char bound[24];

    assert(metric->type == BG_METRIC_HISTOGRAM);
    begin_family(exposition, metric);
    for (size_t i = 0; i < BG_HISTOGRAM_BOUNDS; i++) {
        write_bound(exposition, bg_histogram_bounds_us[i], bound, sizeof bound);
        write_sample(exposition, "_bucket", values, bound, (double)(count += histogram->counts[i]));
    }
    count += histogram->counts[BG_HISTOGRAM_BOUNDS];
    write_sample(exposition, "_bucket", values, "+Inf", (double)count);
    write_sample(exposition, "_sum", values, NULL, (double)histogram->sum_us / 1e6);
    write_sample(exposition, "_count", values, NULL, (double)count);
}

bool bg_exposition_end(struct bg_exposition *exposition, char **ret_text, size_t *ret_length)
{
    bool done;

    if (exposition->open_metrics)
        fputs("# EOF\n", exposition->out);
    done = bg_sink_end(&exposition->sink, ret_text, ret_length);
    free(exposition);
    return done;
}
