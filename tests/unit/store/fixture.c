/* fixture.c: opens stores, plays samples, and waits for histories. */
#include "fixture.h"

#include <dirent.h>
#include <semaphore.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct bg_store *store;
int64_t wall_ms, ticked_us;
char path[128];

static char folder[64];
static sem_t woken;
static struct copy copy;

static int64_t hand_wall(void *context)
{
    (void)context;
    return wall_ms;
}

static int64_t hand_monotonic(void *context)
{
    (void)context;
    return ticked_us;
}

const struct bg_clock hand_clock = {.monotonic_us = hand_monotonic, .wall_ms = hand_wall};

static void wake(void *context)
{
    (void)context;
    sem_post(&woken);
}

void clock_set(int64_t at)
{
    ticked_us += at > wall_ms ? (at - wall_ms) * 1000 : 0;
    wall_ms = at;
}

int folder_make(void **state)
{
    (void)state;
    wall_ms = START;
    ticked_us = 1000000;
    strcpy(folder, "/tmp/beamgauge-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/history.db", folder);
    return sem_init(&woken, 0, 0);
}

int folder_remove(void **state)
{
    DIR *files = opendir(folder);
    char name[512];

    (void)state;
    store_stop();
    for (const struct dirent *file; (file = readdir(files)) != NULL;) {
        snprintf(name, sizeof name, "%s/%s", folder, file->d_name);
        if (file->d_name[0] != '.' && unlink(name) != 0)
            rmdir(name);
    }
    closedir(files);
    return rmdir(folder);
}

void wakes_forget(void)
{
    while (sem_trywait(&woken) == 0)
        ;
}

bool wake_await(void)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 20;
    return sem_timedwait(&woken, &until) == 0;
}

void store_start_with(const char *file, int64_t max_bytes, const char *const *series, size_t count)
{
    const struct bg_store_options options = {
        .path = file, .max_bytes = max_bytes, .series = series, .series_count = count, .clock = &hand_clock, .wake = wake};
    struct bg_failure failure = {.error = BG_OK};

    if (bg_store_open(&options, &store, &failure) != BG_OK)
        fail_msg("%s", failure.text);
}

void store_start(const char *file, int64_t max_bytes)
{
    static const char *const series[] = {"a", "b", "c"};

    store_start_with(file, max_bytes, series, 3);
}

void store_stop(void)
{
    bg_store_close(store);
    store = NULL;
}

static void pause_shortly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

void add_values(const char *node, int64_t at, int64_t started, const double *values)
{
    const struct bg_sample sample = {.node = node, .wall_ms = at, .started_ms = started, .values = values};

    clock_set(at);
    for (struct bg_store_state state = {0}; bg_store_state(store, &state), state.waiting_count > BG_STORE_QUEUE_MAX - 300;)
        pause_shortly();
    assert_true(bg_store_add(store, &sample));
}

void add(const char *node, int64_t at, double a, double b, double c)
{
    add_values(node, at, DAWN - DAY, (const double[]){a, b, c});
}

void add_started(const char *node, int64_t at, int64_t started, double a)
{
    add_values(node, at, started, (const double[]){a, NAN, NAN});
}

static void copy_history(void *context, const struct bg_failure *failure, const struct bg_history *history)
{
    const size_t *series_count = context;

    assert_null(failure);
    copy.history = *history;
    memcpy(copy.buckets, history->buckets, history->buckets_count * *series_count * sizeof copy.buckets[0]);
    if (history->restarts_count > 0)
        memcpy(copy.restarts, history->restarts_ms, history->restarts_count * sizeof copy.restarts[0]);
    copy.history.buckets = copy.buckets;
    copy.history.restarts_ms = copy.restarts;
}

const struct copy *ask_series(const char *node, int64_t since, int64_t until, int64_t step, const size_t *series, size_t series_count)
{
    const struct bg_history_request request = {
        .node = node, .series = series, .series_count = series_count, .since_ms = since, .until_ms = until, .step_ms = step};
    struct bg_history_ticket *ticket = NULL;
    struct bg_failure failure = {.error = BG_OK};

    if (bg_store_history(store, &request, copy_history, &series_count, &ticket, &failure) != BG_OK)
        fail_msg("%s", failure.text);
    copy.history = (struct bg_history){.step_ms = 0};
    while (copy.history.step_ms == 0) {
        sem_wait(&woken);
        bg_store_dispatch(store);
    }
    return &copy;
}

const struct copy *ask_all(const char *node, int64_t since, int64_t until, int64_t step, size_t series_count)
{
    return ask_series(node, since, until, step, (const size_t[]){0, 1, 2}, series_count);
}

const struct copy *ask(const char *node, int64_t since, int64_t until, int64_t step)
{
    return ask_all(node, since, until, step, 1);
}

double mean_between(const char *node, int64_t since, int64_t until)
{
    return ask(node, since, until, until - since)->buckets[0].mean;
}

struct bg_store_state settle(void)
{
    struct bg_store_state state;

    do {
        ask("settled@nowhere", DAWN, DAWN + 1, SECOND);
        bg_store_state(store, &state);
    } while (state.waiting_count > 0);
    return state;
}
