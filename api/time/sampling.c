/* sampling.c: one sample of a node: its figures that cost no look at all processes, for the store. */
#include "series.h"

#include "resources.h"

#include "beamgauge/clock.h"
#include "beamgauge/store.h"
#include "beamgauge/watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_AGE_MS 50 /* an answer that somebody else just had is as good; far less than the interval, or samples would be the same */
#define SOURCES (1U << BG_SOURCE_MEMORY | 1U << BG_SOURCE_SYSTEM)

/* A node's figures, as they were at some time. Counters only count up: what they have done since is their difference. */
struct report {
    double values[BG_STORE_SERIES_MAX];
    int64_t wall_ms, started_ms; /* 0: not known */
    int64_t monotonic_ms, uptime_ms;
};

struct series {
    const struct bg_services *services;
    char node[BG_NODE_NAME_MAX + 1];
    struct bg_sources sources; /* of the sample in flight, or of the last one */
    struct report now, before;
    bool was_answered;
    void (*done)(void *owner, bool was_sampled);
    void *owner;
};

static void *series_make(void *context, const char *node)
{
    struct series *series = calloc(1, sizeof *series);
    if (series == NULL)
        return NULL;
    series->services = context;
    (void)snprintf(series->node, sizeof series->node, "%s", node);
    return series;
}

/* The node's start, by its own uptime, which it reports with the system's figures. As long as the uptime grows as our time does it is the
 * start of before, even where the wall clock was set. */
static void note_start(struct report *now, const struct report *before, const json_t *data)
{
    const json_t *uptime = json_object_get(data, "uptime_ms");
    if (!json_is_integer(uptime) || json_integer_value(uptime) < 0 || json_integer_value(uptime) > now->wall_ms)
        return;
    now->uptime_ms = json_integer_value(uptime);
    const int64_t lost_ms = now->monotonic_ms - before->monotonic_ms - (now->uptime_ms - before->uptime_ms);
    const bool is_same = before->started_ms != 0 && lost_ms < BG_STORE_RESTART_MS;
    now->started_ms = is_same ? before->started_ms : now->wall_ms - now->uptime_ms;
}

static void on_report(struct bg_sources *sources, enum bg_source source, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct series *series = sources->owner;
    struct bg_shaper shaper;
    if (failure != NULL)
        return;
    bg_shaper_init(&shaper, bg_source_name(source));
    json_t *data = source == BG_SOURCE_MEMORY ? bg_memory_new(&shaper, answer->data) : bg_system_new(&shaper, answer->data);
    for (size_t i = 0; i < bg_series_count() && !shaper.failed; i++)
        if (bg_series_at(i)->figure->source == source)
            series->now.values[i] = bg_series_read(bg_series_at(i), data);
    if (!shaper.failed) {
        series->was_answered = true;
        series->now.wall_ms = answer->collected_wall_ms;
        series->now.monotonic_ms = answer->collected_us / 1000;
        if (source == BG_SOURCE_SYSTEM)
            note_start(&series->now, &series->before, data);
    }
    json_decref(data);
}

/* Whether counters can be compared: not with none, nor over a restart of the node or a jump of our clock. */
static bool is_after(const struct report *now, const struct report *before)
{
    return before->wall_ms != 0 && now->monotonic_ms > before->monotonic_ms && now->started_ms == before->started_ms;
}

/* The change of a counter in each second. */
static double rate(double now, double before, int64_t elapsed_ms)
{
    return now >= before ? (now - before) * 1000 / (double)elapsed_ms : NAN;
}

static bool store(struct series *series)
{
    const struct report *now = &series->now, *before = &series->before;
    const int64_t elapsed_ms = is_after(now, before) ? now->monotonic_ms - before->monotonic_ms : 0;
    double values[BG_STORE_SERIES_MAX];
    for (size_t i = 0; i < bg_series_count(); i++)
        values[i] = !bg_series_at(i)->is_rate ? now->values[i] : elapsed_ms > 0 ? rate(now->values[i], before->values[i], elapsed_ms) : NAN;
    return bg_store_add(
        series->services->store,
        &(struct bg_sample){.node = series->node, .wall_ms = now->wall_ms, .started_ms = now->started_ms, .values = values});
}

/* A node that did not report its uptime has not restarted, as far as is known. */
static void on_done(struct bg_sources *sources)
{
    struct series *series = sources->owner;
    if (series->now.started_ms == 0) {
        series->now.started_ms = series->before.started_ms;
        series->now.uptime_ms = series->before.uptime_ms;
        series->now.monotonic_ms = series->before.monotonic_ms;
    }
    const bool was_sampled = series->was_answered && series->now.started_ms != 0 && store(series);
    if (series->was_answered)
        series->before = series->now;
    series->done(series->owner, was_sampled);
}

static void series_take(void *context, int64_t timeout_ms, void (*done)(void *owner, bool was_sampled), void *owner)
{
    struct series *series = context;
    series->done = done;
    series->owner = owner;
    series->was_answered = false;
    series->now = (struct report){.wall_ms = 0};
    for (size_t i = 0; i < BG_STORE_SERIES_MAX; i++)
        series->now.values[i] = NAN;
    series->sources = (struct bg_sources){
        .services = series->services,
        .owner = series,
        .wanted = SOURCES,
        .totals = true,
        .max_age_ms = MAX_AGE_MS,
        .deadline_us = bg_clock_monotonic_us(series->services->clock) + timeout_ms * 1000,
        .report = on_report,
        .done = on_done,
    };
    (void)snprintf(series->sources.node, sizeof series->sources.node, "%s", series->node);
    bg_sources_start(&series->sources);
}

static void series_release(void *context)
{
    struct series *series = context;
    bg_sources_stop(&series->sources);
    free(series);
}

const struct bg_sampling bg_api_sampling = {.make = series_make, .take = series_take, .release = series_release};

size_t bg_api_series_count(void)
{
    return bg_series_count();
}

const char *bg_api_series_name(size_t index)
{
    return bg_series_at(index)->name;
}
