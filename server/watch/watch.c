/* watch.c: whose turn it is to be sampled. */
#include "beamgauge/watch.h"

#include "beamgauge/clock.h"
#include "beamgauge/metrics.h"
#include "beamgauge/node.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#define TICKS 50 /* of an interval: a turn comes late by one of them at most */
#define TICK_MS_MIN 20
#define TIMEOUT_MS_MAX 5000

/* A registered node. It lives as long as it is registered. */
struct entry {
    struct entry *next;
    struct bg_watch *watch;
    char node[BG_NODE_NAME_MAX + 1];
    void *series;
    int64_t due_us;
    bool is_up, is_in_flight;
    bool is_late; /* its turn has come, and it waits for a place */
};

struct bg_watch {
    struct bg_watch_options options;
    struct event *tick;
    struct entry *first; /* in the order of their names, as the registry */
    struct bg_watch_stats stats;
};

enum { SAMPLES, NODES, IN_FLIGHT };

static const struct bg_metric metrics[] = {
    [SAMPLES] = {"beamgauge_samples",
                 "Samples of nodes: answered, failed, or skipped since the one before was still in flight",
                 BG_METRIC_COUNTER,
                 NULL,
                 {"result"}},
    [NODES] = {"beamgauge_sampled_nodes", "Nodes that are sampled when they are up", BG_METRIC_GAUGE, NULL, {NULL}},
    [IN_FLIGHT] = {"beamgauge_samples_in_flight", "Samples that nodes have not answered yet", BG_METRIC_GAUGE, NULL, {NULL}},
};

static void collect(void *context, struct bg_exposition *exposition)
{
    const struct bg_watch *watch = context;
    const struct bg_watch_stats *stats = &watch->stats;
    const struct bg_metric *samples = &metrics[SAMPLES];
    bg_exposition_add(exposition, samples, (const char *[]){"ok"}, (double)stats->sampled_count);
    bg_exposition_add(exposition, samples, (const char *[]){"failed"}, (double)stats->failed_count);
    bg_exposition_add(exposition, samples, (const char *[]){"skipped"}, (double)stats->skipped_count);
    bg_exposition_add(exposition, &metrics[NODES], NULL, (double)stats->nodes_count);
    bg_exposition_add(exposition, &metrics[IN_FLIGHT], NULL, (double)stats->in_flight_count);
}

/* The one at this place of the list; the next one takes its place. */
static void entry_free(struct entry **at)
{
    struct entry *entry = *at;
    struct bg_watch *watch = entry->watch;
    *at = entry->next;
    watch->stats.nodes_count--;
    watch->stats.in_flight_count -= entry->is_in_flight;
    if (entry->series != NULL)
        watch->options.sampling->release(entry->series);
    free(entry);
}

/* FNV-1a: the same place at each start. */
static uint64_t hash(const char *text)
{
    uint64_t value = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++)
        value = (value ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return value;
}

/* A new node, at this place of the list. False: out of memory, it is tried again at the next tick. */
static bool entry_add(struct bg_watch *watch, const char *node, int64_t now_us, struct entry **at)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return false;
    entry->watch = watch;
    (void)strncpy(entry->node, node, sizeof entry->node - 1);
    entry->due_us = now_us + (int64_t)(hash(node) % (uint64_t)watch->options.interval_ms) * 1000;
    entry->next = *at;
    *at = entry;
    watch->stats.nodes_count++;
    return true;
}

/* Makes the entries those of the registry: both are in the order of names. */
static void follow(struct bg_watch *watch, int64_t now_us)
{
    struct entry **at = &watch->first;
    for (size_t i = 0; i < bg_nodes_count(watch->options.nodes); i++) {
        struct bg_node_info info;
        bg_nodes_info_at(watch->options.nodes, i, &info);
        while (*at != NULL && strcmp((*at)->node, info.name) < 0)
            entry_free(at);
        if ((*at == NULL || strcmp((*at)->node, info.name) != 0) && !entry_add(watch, info.name, now_us, at))
            continue;
        (*at)->is_up = info.state == BG_LINK_UP;
        at = &(*at)->next;
    }
    while (*at != NULL)
        entry_free(at);
}

static void on_sampled(void *owner, bool was_sampled)
{
    struct entry *entry = owner;
    struct bg_watch_stats *stats = &entry->watch->stats;
    entry->is_in_flight = false;
    stats->in_flight_count--;
    if (was_sampled)
        stats->sampled_count++;
    else
        stats->failed_count++;
}

static void take(struct entry *entry)
{
    struct bg_watch *watch = entry->watch;
    const struct bg_sampling *sampling = watch->options.sampling;
    if (entry->series == NULL && (entry->series = sampling->make(watch->options.context, entry->node)) == NULL) {
        watch->stats.failed_count++;
        return;
    }
    entry->is_in_flight = true;
    watch->stats.in_flight_count++;
    const int64_t timeout_ms = watch->options.interval_ms < TIMEOUT_MS_MAX ? watch->options.interval_ms : TIMEOUT_MS_MAX;
    sampling->take(entry->series, timeout_ms, on_sampled, entry);
}

/* The next turn; turns that were missed, as the clock jumped or we did not run, are not made up for. */
static void plan(struct entry *entry, int64_t now_us)
{
    const int64_t interval_us = entry->watch->options.interval_ms * 1000;
    entry->due_us += ((now_us - entry->due_us) / interval_us + 1) * interval_us;
}

static void turn(struct entry *entry, int64_t now_us)
{
    struct bg_watch *watch = entry->watch;
    if (entry->due_us <= now_us) {
        plan(entry, now_us);
        entry->is_late = entry->is_up && !entry->is_in_flight;
        watch->stats.skipped_count += entry->is_in_flight;
    }
    if (!entry->is_late || watch->stats.in_flight_count >= BG_WATCH_AT_ONCE_MAX)
        return;
    entry->is_late = false;
    if (entry->is_up)
        take(entry);
}

void bg_watch_tick(struct bg_watch *watch)
{
    const int64_t now_us = bg_clock_monotonic_us(watch->options.clock);
    follow(watch, now_us);
    for (struct entry *entry = watch->first; entry != NULL; entry = entry->next)
        turn(entry, now_us);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    bg_watch_tick(context);
}

enum bg_error bg_watch_new(const struct bg_watch_options *options, struct bg_watch **ret_watch, struct bg_failure *ret_failure)
{
    struct bg_watch *watch = calloc(1, sizeof *watch);
    int64_t tick_ms = options->interval_ms / TICKS;
    tick_ms = tick_ms > TICK_MS_MIN ? tick_ms : TICK_MS_MIN;
    const struct timeval every = {.tv_sec = (time_t)(tick_ms / 1000), .tv_usec = (suseconds_t)(tick_ms % 1000 * 1000)};
    if (watch == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    watch->options = *options;
    watch->tick = event_new(options->base, -1, EV_PERSIST, on_tick, watch);
    if (watch->tick == NULL || event_add(watch->tick, &every) != 0 || !bg_metrics_add(options->metrics, collect, watch)) {
        bg_watch_free(watch);
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    }
    *ret_watch = watch;
    return BG_OK;
}

void bg_watch_free(struct bg_watch *watch)
{
    if (watch == NULL)
        return;
    while (watch->first != NULL)
        entry_free(&watch->first);
    if (watch->tick != NULL)
        event_free(watch->tick);
    free(watch);
}

void bg_watch_stats(const struct bg_watch *watch, struct bg_watch_stats *ret_stats)
{
    *ret_stats = watch->stats;
}
