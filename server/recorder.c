/* recorder.c: samples nodes into the store. */
#include "recorder.h"

#include "beamgauge/clock.h"
#include "beamgauge/log.h"
#include "beamgauge/metrics.h"
#include "beamgauge/store.h"
#include "beamgauge/watch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct bg_recorder {
    struct bg_services *services;
    struct bg_store *store;
    struct bg_watch *watch;
    const char **names; /* of all series */
    int wake;           /* an eventfd: the store's thread adds to it, the loop reads it */
    struct event *woken;
    bool is_problem_logged;
};

/* On the store's thread. It fails only where the counter is full, and then the loop has been woken. */
static void on_wake(void *context)
{
    const struct bg_recorder *recorder = context;
    (void)eventfd_write(recorder->wake, 1);
}

/* Once for each start: the state has it as well, and so have answers. */
static void log_problem(struct bg_recorder *recorder)
{
    struct bg_store_state state;
    bg_store_state(recorder->store, &state);
    if (state.problem[0] == '\0' || recorder->is_problem_logged)
        return;
    recorder->is_problem_logged = true;
    bg_log(BG_LOG_ERROR, "store_in_memory", BG_TEXT("reason", state.problem),
           BG_TEXT("hint", "what is sampled from now on is lost when beamgauge ends; when the reason is gone, restart it"));
}

static void on_woken(evutil_socket_t fd, short what, void *context)
{
    struct bg_recorder *recorder = context;
    eventfd_t count;
    (void)what;
    (void)eventfd_read(fd, &count);
    if (bg_store_dispatch_one(recorder->store)) /* the next one has a turn of the loop of its own */
        on_wake(recorder);
    log_problem(recorder);
}

static enum bg_error wake_create(struct event_base *base, struct bg_recorder *recorder, struct bg_failure *ret_failure)
{
    recorder->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (recorder->wake < 0)
        return bg_fail(ret_failure, BG_SYSTEM, "cannot make an event descriptor for the store: %s", strerror(errno));
    recorder->woken = event_new(base, recorder->wake, EV_READ | EV_PERSIST, on_woken, recorder);
    if (recorder->woken == NULL || event_add(recorder->woken, NULL) != 0)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    return BG_OK;
}

static enum bg_error store_create(const struct bg_config *config, struct bg_recorder *recorder, struct bg_failure *ret_failure)
{
    const size_t count = bg_api_series_count();
    recorder->names = calloc(count, sizeof *recorder->names);
    if (recorder->names == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++)
        recorder->names[i] = bg_api_series_name(i);
    const struct bg_store_options options = {
        .path = config->data,
        .max_bytes = config->data_max_bytes,
        .series = recorder->names,
        .series_count = count,
        .clock = bg_clock_system(),
        .wake = on_wake,
        .context = recorder,
    };
    return bg_store_open(&options, &recorder->store, ret_failure);
}

enum { WRITTEN, SIZE, IN_FILE };

static const struct bg_metric metrics[] = {
    [WRITTEN] = {"beamgauge_store_samples",
                 "Samples that were written to the store, dropped since too many waited, or not written as it failed",
                 BG_METRIC_COUNTER,
                 NULL,
                 {"result"}},
    [SIZE] = {"beamgauge_store_size_bytes", "Size of the store", BG_METRIC_GAUGE, "bytes", {NULL}},
    [IN_FILE] = {"beamgauge_store_in_file",
                 "Whether the store is in a file (1), or in memory only (0): as wanted, or since the file cannot be used",
                 BG_METRIC_GAUGE,
                 NULL,
                 {NULL}},
};

static void collect(void *context, struct bg_exposition *exposition)
{
    const struct bg_recorder *recorder = context;
    struct bg_store_state state;
    bg_store_state(recorder->store, &state);
    bg_exposition_add(exposition, &metrics[WRITTEN], (const char *[]){"ok"}, (double)state.written_count);
    bg_exposition_add(exposition, &metrics[WRITTEN], (const char *[]){"dropped"}, (double)state.dropped_count);
    bg_exposition_add(exposition, &metrics[WRITTEN], (const char *[]){"failed"}, (double)state.failed_count);
    bg_exposition_add(exposition, &metrics[SIZE], NULL, (double)state.size_bytes);
    bg_exposition_add(exposition, &metrics[IN_FILE], NULL, state.in_file);
}

static enum bg_error watch_create(struct event_base *base, const struct bg_config *config, struct bg_recorder *recorder,
                                  struct bg_failure *ret_failure)
{
    const struct bg_watch_options options = {
        .base = base,
        .clock = bg_clock_system(),
        .nodes = recorder->services->nodes,
        .metrics = recorder->services->metrics,
        .interval_ms = config->sample_ms,
        .sampling = &bg_api_sampling,
        .context = recorder->services,
    };
    return bg_watch_new(&options, &recorder->watch, ret_failure);
}

enum bg_error bg_recorder_start(struct event_base *base, const struct bg_config *config, struct bg_services *services,
                                struct bg_recorder **ret_recorder, struct bg_failure *ret_failure)
{
    struct bg_recorder *recorder;
    enum bg_error error;
    *ret_recorder = NULL;
    if (config->sample_ms == 0)
        return BG_OK;
    if ((recorder = calloc(1, sizeof *recorder)) == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    recorder->services = services;
    recorder->wake = -1;
    if ((error = wake_create(base, recorder, ret_failure)) == BG_OK && (error = store_create(config, recorder, ret_failure)) == BG_OK)
        error = watch_create(base, config, recorder, ret_failure);
    if (error == BG_OK && !bg_metrics_add(services->metrics, collect, recorder))
        error = bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    if (error != BG_OK) {
        bg_recorder_free(recorder);
        return error;
    }
    services->store = recorder->store;
    log_problem(recorder);
    *ret_recorder = recorder;
    return BG_OK;
}

void bg_recorder_free(struct bg_recorder *recorder)
{
    if (recorder == NULL)
        return;
    bg_watch_free(recorder->watch);
    bg_store_close(recorder->store);
    if (recorder->woken != NULL)
        event_free(recorder->woken);
    if (recorder->wake >= 0)
        (void)close(recorder->wake);
    free(recorder->names);
    free(recorder);
}
