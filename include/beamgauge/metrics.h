/* metrics.h: what is counted, and how it is written down for Prometheus: text format 0.0.4, or OpenMetrics 1.0. */
#ifndef BEAMGAUGE_METRICS_H
#define BEAMGAUGE_METRICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bg_metric_type {
    BG_METRIC_COUNTER,
    BG_METRIC_GAUGE,
    BG_METRIC_HISTOGRAM, /* of durations */
    BG_METRIC_INFO,      /* always 1; what it tells is in its labels */
    BG_METRIC_UNTYPED    /* for names that others made and that break the rules of naming */
};

#define BG_METRIC_LABELS_MAX 4

/* A family, declared once, const, in the room that counts it. */
struct bg_metric {
    const char *name; /* without the suffix of its type (_total, _info), which the format decides; NULL ends a table */
    const char *help;
    enum bg_metric_type type;
    const char *unit;                             /* "seconds", "bytes", "ratio": the last word of the name; NULL where it counts things */
    const char *labels[BG_METRIC_LABELS_MAX + 1]; /* their names, NULL-terminated; the values of each come from a bounded set */
};
/* Whether it keeps the rules of naming; those of an untyped metric are others' affair. */
bool bg_metric_is_sane(const struct bg_metric *metric);

/* Durations in buckets: one table of bounds, so that all histograms can be laid over each other. */
#define BG_HISTOGRAM_BOUNDS 12
extern const int64_t bg_histogram_bounds_us[BG_HISTOGRAM_BOUNDS];

struct bg_histogram {
    uint64_t counts[BG_HISTOGRAM_BOUNDS + 1]; /* each bucket's own, not summed up; the last: longer than every bound */
    uint64_t sum_us;
};
void bg_histogram_add(struct bg_histogram *histogram, int64_t duration_us);
uint64_t bg_histogram_count(const struct bg_histogram *histogram);

/* The content types written here, the plainest first, NULL-terminated: ready to be an endpoint's types. */
extern const char *const bg_exposition_types[];

struct bg_exposition; /* a text being written */

/* content_type: one of bg_exposition_types. NULL where there is no memory. */
struct bg_exposition *bg_exposition_new(const char *content_type);
/* A family is begun by its first sample; all its samples must come in a row. `values` are those of its labels, in their order; NULL
 * where it has none. They may be any bytes. */
void bg_exposition_add(struct bg_exposition *exposition, const struct bg_metric *metric, const char *const *values, double value);
void bg_exposition_add_histogram(struct bg_exposition *exposition, const struct bg_metric *metric, const char *const *values,
                                 const struct bg_histogram *histogram);
/* Ends and frees it. *ret_text is malloc'ed; false where memory ran out. */
bool bg_exposition_end(struct bg_exposition *exposition, char **ret_text, size_t *ret_length);

/* Who counts what: each room adds a collector of its own and keeps its own figures, which are read only when somebody asks. */
#define BG_COLLECTORS_MAX 16

struct bg_metrics;
typedef void bg_metrics_collect(void *context, struct bg_exposition *exposition);

struct bg_metrics *bg_metrics_new(void); /* NULL where there is no memory */
void bg_metrics_free(struct bg_metrics *metrics);
/* `context` is borrowed until the last bg_metrics_write(). NULL metrics: nobody wants to know. False at the maximum. */
bool bg_metrics_add(struct bg_metrics *metrics, bg_metrics_collect *collect, void *context);
void bg_metrics_write(const struct bg_metrics *metrics, struct bg_exposition *exposition);

/* A collector: what this process takes of the machine, under the names that every exporter uses. Takes no context. */
bg_metrics_collect bg_process_collect;
extern const struct bg_metric bg_process_metrics[]; /* what it writes; name NULL ends */

#endif
