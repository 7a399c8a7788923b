/* watch.h: samples all registered nodes at an interval: when each one's turn is. What a sample is, and where it goes, is not known here. */
#ifndef BEAMGAUGE_WATCH_H
#define BEAMGAUGE_WATCH_H

#include "beamgauge/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bg_clock;
struct bg_metrics;
struct bg_nodes;
struct event_base;

#define BG_WATCH_AT_ONCE_MAX 64 /* samples in flight; the nodes whose turn it is then wait for theirs */

/* The samples of one node, one after the other. `make` begins a series of them (NULL: out of memory); `take` takes one sample and calls
 * `done` once, perhaps before it returns: whether there was an answer. `release` ends the series: a sample in flight is cancelled, and
 * `done` is not called. */
struct bg_sampling {
    void *(*make)(void *context, const char *node);
    void (*take)(void *series, int64_t timeout_ms, void (*done)(void *owner, bool was_sampled), void *owner);
    void (*release)(void *series);
};

/* In api/: the figures that cost no look at all processes, for the store. The context is a struct bg_services. */
extern const struct bg_sampling bg_api_sampling;
/* Their names, in the order of the values of its samples; see the table of figures. */
size_t bg_api_series_count(void);
const char *bg_api_series_name(size_t index);

struct bg_watch_options {
    struct event_base *base;
    const struct bg_clock *clock;
    struct bg_nodes *nodes;
    struct bg_metrics *metrics; /* counts the samples; may be NULL */
    int64_t interval_ms;        /* between two samples of a node, at least 100 */
    const struct bg_sampling *sampling;
    void *context; /* of its `make` */
};

struct bg_watch;

/* Each node has its own place within the interval, by its name, so that not all are asked at once. A node that is not up is not asked; one
 * whose last sample is still in flight is skipped, and counted. */
enum bg_error bg_watch_new(const struct bg_watch_options *options, struct bg_watch **ret_watch,
                           struct bg_failure *ret_failure) BG_MUST_CHECK;
void bg_watch_free(struct bg_watch *watch); /* NULL: nothing */

/* Gives each node whose turn has come its sample: done by a timer, some times in each interval. */
void bg_watch_tick(struct bg_watch *watch);

struct bg_watch_stats {
    uint64_t sampled_count, failed_count; /* samples with and without an answer */
    uint64_t skipped_count;               /* turns at which the last sample of the node was still in flight */
    size_t in_flight_count, nodes_count;
};
void bg_watch_stats(const struct bg_watch *watch, struct bg_watch_stats *ret_stats);

#endif
