/* metrics.h: metrics, and their exposition for Prometheus: text format 0.0.4, or OpenMetrics 1.0. */
#ifndef BEAMGAUGE_METRICS_H
#define BEAMGAUGE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bg_metric_type {
    BG_METRIC_COUNTER,
    BG_METRIC_GAUGE,
    BG_METRIC_HISTOGRAM, /* of durations */
    BG_METRIC_INFO,      /* always 1; the information is in its labels */
    BG_METRIC_UNTYPED    /* for names of others that break the naming rules */
};

#define BG_METRIC_LABELS_MAX 4

/* A family, declared once, const, in the room that counts it. */
struct bg_metric {
    const char *name; /* without the suffix of its type (_total, _info), which the format decides; NULL ends a table */
    const char *help;
    enum bg_metric_type type;
    const char *unit;                             /* "seconds", "bytes", "ratio": the last word of the name; NULL if it counts things */
    const char *labels[BG_METRIC_LABELS_MAX + 1]; /* their names, NULL-terminated; the values of each come from a bounded set */
};
/* Whether it follows the naming rules; an untyped metric need not. */
bool bg_metric_is_sane(const struct bg_metric *metric);

/* Durations in buckets. All histograms have the same bounds, so that they can be compared. */
#define BG_HISTOGRAM_BOUNDS 12
extern const int64_t bg_histogram_bounds_us[BG_HISTOGRAM_BOUNDS];

struct bg_histogram {
    uint64_t counts[BG_HISTOGRAM_BOUNDS + 1]; /* per bucket, not cumulative; the last: longer than every bound */
    uint64_t sum_us;
};
void bg_histogram_add(struct bg_histogram *histogram, int64_t duration_us);
uint64_t bg_histogram_count(const struct bg_histogram *histogram);

/* The content types written here, the simplest first, NULL-terminated: they can be an endpoint's types. */
extern const char *const bg_exposition_types[];

struct bg_exposition; /* a text being written */

/* content_type: one of bg_exposition_types. NULL where there is no memory. */
struct bg_exposition *bg_exposition_new(const char *content_type);
/* The first sample of a family begins it; all its samples must follow without a break. `values` are the values of its labels, in their
 * order; NULL if it has no labels. They may be any bytes. */
void bg_exposition_add(struct bg_exposition *exposition, const struct bg_metric *metric, const char *const *values, double value);
void bg_exposition_add_histogram(struct bg_exposition *exposition, const struct bg_metric *metric, const char *const *values,
                                 const struct bg_histogram *histogram);
/* Ends and frees it. *ret_text is malloc'ed; false where memory ran out. */
bool bg_exposition_end(struct bg_exposition *exposition, char **ret_text, size_t *ret_length);

/* The list of collectors. Each room adds its own collector and keeps its own figures; they are read only for a request. */
#define BG_COLLECTORS_MAX 16

struct bg_metrics;
typedef void bg_metrics_collect(void *context, struct bg_exposition *exposition);

struct bg_metrics *bg_metrics_new(void); /* NULL where there is no memory */
void bg_metrics_free(struct bg_metrics *metrics);
/* `context` is borrowed until the last bg_metrics_write(). NULL metrics: nothing happens. False at the maximum. */
bool bg_metrics_add(struct bg_metrics *metrics, bg_metrics_collect *collect, void *context);
void bg_metrics_write(const struct bg_metrics *metrics, struct bg_exposition *exposition);

/* A collector: the resources that this process uses, under the names that every exporter uses. It has no context. */
bg_metrics_collect bg_process_collect;
extern const struct bg_metric bg_process_metrics[]; /* what it writes; name NULL ends */

#endif
