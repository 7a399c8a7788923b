/* fixture.h: a store with a clock that is moved by hand, in memory or in a file of a folder of its own. */
#ifndef BG_TEST_STORE_FIXTURE_H
#define BG_TEST_STORE_FIXTURE_H

#include "beamgauge/clock.h"
#include "beamgauge/store.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define START INT64_C(1790000000000)      /* a Monday of 2026 */
#define DAWN (START - START % (64 * DAY)) /* a day begins, and all steps of tests */
#define LARGE (INT64_C(64) << 20)

static inline bool is_known(double value)
{
    return !isnan(value);
}

/* Forgets how often the store has woken its event loop; and waits until it does, for as long as nothing hangs. */
void wakes_forget(void);
bool wake_await(void);
extern struct bg_store *store;
extern const struct bg_clock hand_clock;
extern int64_t wall_ms; /* the clock, as it was set last */
extern int64_t ticked_us;
/* Sets the clock: time passes, or it is set back and no time passes. */
void clock_set(int64_t at);
extern char path[128]; /* the file of the folder that folder_make() has made */

/* cmocka's setup and teardown: a folder for files, removed with all in it; and no store is left open. */
int folder_make(void **state);
int folder_remove(void **state);

/* Opens a store of three series: a, b, c; or of others. It must succeed. */
void store_start(const char *file, int64_t max_bytes);
void store_start_with(const char *file, int64_t max_bytes, const char *const *series, size_t count);
void store_stop(void);
/* Sets the clock to `at`, and adds a sample; waits while the queue is full. */
void add(const char *node, int64_t at, double a, double b, double c);
void add_started(const char *node, int64_t at, int64_t started, double a);
void add_values(const char *node, int64_t at, int64_t started, const double *values);

/* A copy of a history that stays until the next one. */
struct copy {
    struct bg_history history;
    struct bg_bucket buckets[BG_STORE_BUCKETS_MAX * 3];
    int64_t restarts[BG_STORE_RESTARTS_MAX];
};
/* The history of the first series, or of so many. It waits until all that was added is written. */
const struct copy *ask(const char *node, int64_t since, int64_t until, int64_t step);
const struct copy *ask_all(const char *node, int64_t since, int64_t until, int64_t step, size_t series_count);
const struct copy *ask_series(const char *node, int64_t since, int64_t until, int64_t step, const size_t *series, size_t series_count);
/* The mean of the only step. */
double mean_between(const char *node, int64_t since, int64_t until);
/* Waits until nothing waits. */
struct bg_store_state settle(void);

#endif
