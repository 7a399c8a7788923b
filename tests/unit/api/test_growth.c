/* test_growth.c: GET .../growth: what grows comes first, with its rate and the time until its limit; a restart cuts. */
#include "fake.h"
#include "fake_store.h"
#include "series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW_MS INT64_C(1795748400000)
#define STEPS 60
#define STEP_S 60

static struct bg_bucket *buckets;

static int setup(void **state)
{
    fake_setup(state);
    memset(&fake_store, 0, sizeof fake_store);
    fake.services.store = (struct bg_store *)&fake_store;
    fake.wall_ms = NOW_MS;
    buckets = malloc(bg_series_count() * STEPS * sizeof *buckets);
    for (size_t i = 0; i < bg_series_count() * STEPS; i++)
        buckets[i] = (struct bg_bucket){NAN, NAN, NAN};
    return 0;
}

static int teardown(void **state)
{
    free(buckets);
    return fake_teardown(state);
}

/* From `step` on: start, and so much more at each step. */
static void grow(const char *name, size_t step, double start, double each)
{
    const size_t series = bg_series_find(name, strlen(name));
    assert_true(series < bg_series_count());
    for (size_t i = step; i < STEPS; i++) {
        const double value = start + each * (double)(i - step);
        buckets[series * STEPS + i] = (struct bg_bucket){value, value, value};
    }
}

static void give(const int64_t *restart_ms)
{
    const struct bg_history kept = {.since_ms = NOW_MS - 3600000,
                                    .step_ms = 60000,
                                    .buckets_count = STEPS,
                                    .buckets = buckets,
                                    .restarts_ms = restart_ms,
                                    .restarts_count = restart_ms != NULL,
                                    .first_ms = NOW_MS - 7200000,
                                    .last_ms = NOW_MS,
                                    .is_node_known = true};
    fake_store_give(NULL, &kept);
    assert_int_equal(fake.status, 200);
}

static void what_grows_is_listed_with_its_rate_and_limit(void **state)
{
    (void)state;
    fake_call("getGrowth", "node=shop@127.0.0.1", NULL);
    assert_int_equal(fake_store.request.step_ms, 60000);
    assert_int_equal(fake_store.request.since_ms, NOW_MS - 3600000);
    assert_int_equal(fake_store.request.series_count, bg_series_count());
    grow("memory.total_bytes", 0, 1e9, 0);
    grow("atom_count", 0, 100000, 6000);
    grow("atom_limit", 0, 1048576, 0);
    grow("links_count", 0, 1000, 30);
    grow("reductions_per_second", 0, 1000, 1000); /* more work is no leak */
    grow("uptime_ms", 0, 1000, 60000);
    give(NULL);
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("0.figure", "\"atom_count\"");
    EXPECT("0.unit", "\"count\"");
    EXPECT("0.grows", "true");
    EXPECT("0.start", "100000");
    EXPECT("0.now", "454000");
    EXPECT("0.change", "354000");
    EXPECT("0.change_per_second", "100.0");
    EXPECT("0.steadiness", "1.0");
    EXPECT("0.limit", "1048576");
    EXPECT("0.limit_in_seconds", "5945");
    EXPECT("0.since_at", "\"2026-11-27T02:00:00.000Z\"");
    EXPECT("1.figure", "\"links_count\"");
    EXPECT("1.limit_in_seconds", "null");
    EXPECT_META("warnings", "[]");
}

static void what_soon_reaches_its_limit_is_first(void **state)
{
    (void)state;
    fake_call("getGrowth", "node=shop@127.0.0.1", NULL);
    grow("links_count", 0, 10, 1000);
    grow("atom_count", 0, 1000000, 600);
    grow("atom_limit", 0, 1048576, 0);
    grow("cgroup_used_bytes", 0, 1e9, 1e8); /* of all that is in the cgroup, with the page cache */
    grow("unexplained_bytes", 0, 1e7, 1e6);
    give(NULL);
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("0.figure", "\"atom_count\"");
    EXPECT("0.limit_in_seconds", "1317");
    EXPECT("1.figure", "\"links_count\"");
}

static void a_node_that_is_not_sampled_any_more_is_said_to_be(void **state)
{
    (void)state;
    fake_call("getGrowth", "node=shop@127.0.0.1", NULL);
    grow("memory.total_bytes", 0, 1e9, 0);
    give(NULL);
    EXPECT_META("warnings", "[]");
    fake.wall_ms += 181000; /* the history ends at NOW_MS */
    fake_call("getGrowth", "node=shop@127.0.0.1", NULL);
    give(NULL);
    EXPECT_META("warnings", "[\"the node was last sampled at 2026-11-27T03:00:00.000Z: this is what grew until then\"]");
}

static void all_shows_the_others_too(void **state)
{
    (void)state;
    fake_call("getGrowth", "node=shop@127.0.0.1 all=true", NULL);
    grow("memory.total_bytes", 0, 1e9, 0);
    grow("links_count", 0, 1000, 60);
    grow("ets_count", 0, 100, -1);
    give(NULL);
    assert_int_equal(json_array_size(fake.data), 3);
    EXPECT("0.figure", "\"links_count\"");
    EXPECT("1.figure", "\"ets_count\"");
    EXPECT("1.grows", "false");
    EXPECT("1.change_per_second", "-0.016666666666666666");
    EXPECT("2.change_ratio", "0.0");
}

static void a_restart_cuts(void **state)
{
    const int64_t restart_ms = NOW_MS - 3600000 + 30 * 60000 + 100;
    (void)state;
    fake_call("getGrowth", "node=shop@127.0.0.1 all=true", NULL);
    grow("memory.total_bytes", 0, 1e9, 1e7);
    grow("memory.total_bytes", 31, 1e8, 0);
    give(&restart_ms);
    EXPECT("0.grows", "false");
    EXPECT("0.start", "100000000");
    EXPECT("0.points_count", "29");
    EXPECT_META("warnings.0", "\"the node was restarted within the window: only what came after that is looked at\"");
}

static void too_little_is_said_to_be_too_little(void **state)
{
    (void)state;
    fake_call("getGrowth", "node=shop@127.0.0.1", NULL);
    grow(bg_series_at(0)->name, 52, 1e9, 1e8);
    give(NULL);
    assert_int_equal(json_array_size(fake.data), 0);
    EXPECT_META("warnings", "[\"there are samples in 8 of the window's 60 parts, and at least 9 are needed to know what grows: choose a "
                            "window of some minutes that lie within the time since the node is sampled, like window=3m, or ask later\"]");
    fake_call("getGrowth", "node=shop@127.0.0.1 window=59s", NULL);
    fake_expect_failure(BG_INVALID, "window=59s is not a duration from 1m to 366d");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_grows_is_listed_with_its_rate_and_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(what_soon_reaches_its_limit_is_first, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_that_is_not_sampled_any_more_is_said_to_be, setup, teardown),
        cmocka_unit_test_setup_teardown(all_shows_the_others_too, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restart_cuts, setup, teardown),
        cmocka_unit_test_setup_teardown(too_little_is_said_to_be_too_little, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
