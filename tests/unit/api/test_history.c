/* test_history.c: GET .../history: its times and steps, its arrays, and what it says where nothing is kept. */
#include "fake.h"
#include "fake_store.h"
#include "series.h"
#include "when.h"

#include <math.h>
#include <stdlib.h>

#define NOW_MS INT64_C(1795746625000)

static int setup(void **state)
{
    fake_setup(state);
    memset(&fake_store, 0, sizeof fake_store);
    fake.services.store = (struct bg_store *)&fake_store;
    fake.wall_ms = NOW_MS;
    return 0;
}

static void durations_and_times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: refused */
    } durations[] = {
        {"0s", 0},      {"90s", 90000}, {"500ms", 500}, {"1h30m", 5400000}, {"7d", 604800000}, {"366d", 366 * INT64_C(86400000)},
        {"367d", -1},   {"", -1},       {"s", -1},      {"10", -1},         {"10x", -1},       {"1m1h", -1},
        {"1h1h", -1},   {"-1h", -1},    {"1 h", -1},    {"1h ", -1},        {"1.5h", -1},      {"9999999999999d", -1},
        {"365d25h", -1}};
    static const struct {
        const char *text;
        int64_t ms;
    } times[] = {{"2026-11-27T02:30:00Z", 1795746600000},
                 {"2026-11-27T03:30:00+01:00", 1795746600000},
                 {"2026-11-27T02:30:00.1239Z", 1795746600123},
                 {"25s", 1795746600000},
                 {"2026-11-27T02:30:00", -1},
                 {"2026-11-27 02:30:00Z", -1},
                 {"2026-13-27T02:30:00Z", -1},
                 {"2026-02-30T02:30:00Z", -1},
                 {"2026-11-27T02:30:60Z", -1},
                 {" 2026-11-27T02:30:00Z", -1},
                 {"2026-11-27T02:30:00+1:00", -1},
                 {"2026-11-27T02:30:00+25:00", -1},
                 {"2026-11-27T02:30:00Zx", -1},
                 {"1960-11-27T02:30:00Z", -1},
                 {"yesterday", -1}};
    int64_t ms;
    (void)state;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++)
        if (bg_duration_parse(durations[i].text, &ms) != (durations[i].ms >= 0) || (durations[i].ms >= 0 && ms != durations[i].ms))
            fail_msg("%s", durations[i].text);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (bg_when_parse(times[i].text, NOW_MS, &ms) != (times[i].ms >= 0) || (times[i].ms >= 0 && ms != times[i].ms))
            fail_msg("%s", times[i].text);
}

static void each_figure_without_a_scan_is_a_series(void **state)
{
    static const char *const some[] = {"memory.total_bytes", "process_ratio",         "rss_bytes",   "cgroup_limit_bytes",
                                       "uptime_ms",          "reductions_per_second", "links_count", "io_input_bytes_per_second"};
    (void)state;
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        if (bg_series_find(some[i], strlen(some[i])) == bg_series_count())
            fail_msg("%s", some[i]);
    for (size_t i = 0; i < bg_series_count(); i++) {
        const struct bg_series *series = bg_series_at(i);
        assert_true(strlen(series->name) < BG_SERIES_NAME_SIZE - 1);
        assert_int_equal(bg_series_find(series->name, strlen(series->name)), i);
    }
    assert_int_equal(bg_series_find("monitors_count_max", 18), bg_series_count());
    assert_int_equal(bg_series_find("memory", 6), bg_series_count());
}

static void series_since_until_and_step_reach_the_store(void **state)
{
    (void)state;
    fake_call("getHistory", "node=shop@127.0.0.1 series=rss_bytes,process_count,rss_bytes since=2026-11-27T02:00:07Z until=25s step=1m",
              NULL);
    assert_int_equal(fake_store.requests_count, 1);
    const struct bg_history_request *request = &fake_store.request;
    assert_string_equal(request->node, "shop@127.0.0.1");
    assert_int_equal(request->series_count, 2);
    assert_string_equal(bg_series_at(request->series[0])->name, "rss_bytes");
    assert_string_equal(bg_series_at(request->series[1])->name, "process_count");
    assert_int_equal(request->step_ms, 60000);
    assert_int_equal(request->since_ms, INT64_C(1795744800000)); /* the beginning of its step */
    assert_int_equal(request->until_ms, INT64_C(1795746600000));
    assert_int_equal(fake.endings, 0);
    fake_cancel();
    assert_int_equal(fake_store.cancelled_count, 1);
}

static void the_step_fits_the_time(void **state)
{
    static const struct {
        const char *since;
        int64_t step_s;
    } cases[] = {{"since=5m", 10},   {"since=1h", 10},   {"since=3h", 60},     {"since=6h", 60},         {"since=1d", 300},
                 {"since=2d", 3600}, {"since=7d", 3600}, {"since=30d", 21600}, {"since=366d", 4 * 86400}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char params[80];
        (void)snprintf(params, sizeof params, "node=shop@127.0.0.1 %s", cases[i].since);
        fake_call("getHistory", params, NULL);
        if (fake_store.request.step_ms != cases[i].step_s * 1000)
            fail_msg("%s: %d", cases[i].since, (int)(fake_store.request.step_ms / 1000));
        fake_cancel();
    }
}

static void wrong_parameters_are_refused_with_what_is_right(void **state)
{
    static const struct {
        const char *params, *told;
    } cases[] = {
        {"series=memory.totl_bytes", "did you mean memory.total_bytes?"},
        {"series=xyzzy",
         "there is no series \"xyzzy\"; the series are the figures that GET .../growth?all=true lists, and rates: reductions_per_second"},
        {"series=monitors_count_max", "there is no series \"monitors_count_max\""},
        {"since=yesterday", "since=yesterday is neither a time"},
        {"until=10x", "until=10x is neither a time"},
        {"since=1m until=2m", "since must be before until, which is now where it is not given"},
        {"since=5", "since=5 is neither a time"},
        {"step=10", "step=10 is not a duration"},
        {"step=999ms", "step=999ms is not a duration of at least 1s"},
        {"since=2h step=1s", "too many steps of this length: at most 4000"},
        {"since=1m step=1h", "step=1h is longer than the time from since to until"},
        {"series=memory.total_bytes,memory.system_bytes,memory.processes_bytes,memory.atom_bytes,memory.binary_bytes,memory.code_bytes,"
         "memory.ets_bytes,memory.other_bytes,rss_bytes,swap_bytes,process_count,port_count,atom_count,ets_count,uptime_ms,links_count,"
         "timers_count",
         "more than 16 series"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char params[1000];
        (void)snprintf(params, sizeof params, "node=shop@127.0.0.1 %s", cases[i].params);
        fake_call("getHistory", params, NULL);
        fake_expect_failure(BG_INVALID, cases[i].told);
    }
    assert_int_equal(fake_store.requests_count, 0);
}

static struct bg_bucket buckets[] = {{10, 8, 12}, {NAN, NAN, NAN}, {0.5, 0, 1}, {3, 3, 3}, {NAN, NAN, NAN}, {7, 7, 7}};
static const int64_t restarts[] = {INT64_C(1795746614211)};
static struct bg_history kept = {.since_ms = INT64_C(1795746600000),
                                 .step_ms = 10000,
                                 .buckets_count = 3,
                                 .buckets = buckets,
                                 .restarts_ms = restarts,
                                 .restarts_count = 1,
                                 .first_ms = INT64_C(1795746600120),
                                 .last_ms = INT64_C(1795746624123),
                                 .is_node_known = true};

static void arrays_are_aligned_and_unknown_values_are_null(void **state)
{
    (void)state;
    fake_call("getHistory", "node=shop@127.0.0.1 series=process_count,reductions_per_second since=25s", NULL);
    fake_store_give(NULL, &kept);
    assert_int_equal(fake.status, 200);
    EXPECT("step_seconds", "10");
    EXPECT("unix_seconds", "[1795746600,1795746610,1795746620]");
    EXPECT("series.0", "{\"name\":\"process_count\",\"unit\":\"count\",\"mean\":[10,null,0.5],\"min\":[8,null,0],\"max\":[12,null,1]}");
    EXPECT("series.1.unit", "\"per_second\"");
    EXPECT("series.1.mean", "[3,null,7]");
    EXPECT("restarts_at", "[\"2026-11-27T02:30:14.211Z\"]");
    EXPECT("first_at", "\"2026-11-27T02:30:00.120Z\"");
    EXPECT("last_at", "\"2026-11-27T02:30:24.123Z\"");
    EXPECT_META("warnings", "[]");
    EXPECT_META("node", "\"shop@127.0.0.1\"");
}

static void rows_have_what_was_seen(void **state)
{
    (void)state;
    fake_call("getHistory", "node=shop@127.0.0.1 series=process_count,reductions_per_second since=25s", NULL);
    fake_store_give(NULL, &kept);
    json_t *rows = fake_endpoint("getHistory")->rows(fake.data);
    assert_int_equal(json_array_size(rows), 4);
    fake_expect(rows, "0",
                "{\"at\":\"2026-11-27T02:30:00.000Z\",\"series\":\"process_count\",\"unit\":\"count\",\"mean\":10,\"min\":8,\"max\":12}");
    fake_expect(rows, "3.series", "\"reductions_per_second\"");
    json_decref(rows);
}

static void what_is_missing_is_said(void **state)
{
    struct bg_history part = kept;
    (void)state;
    part.first_ms += 20000;
    (void)snprintf(fake_store.state.problem, sizeof fake_store.state.problem, "the disk is full");
    fake_call("getHistory", "node=shop@127.0.0.1 series=process_count since=25s", NULL);
    fake_store_give(NULL, &part);
    EXPECT_META("warnings", "[\"the disk is full\",\"nothing is kept of this node from before 2026-11-27T02:30:20.120Z\"]");
    part.first_ms = part.last_ms = 0;
    part.is_node_known = false;
    fake_call("getHistory", "node=shop@127.0.0.1 series=process_count since=25s", NULL);
    fake_store_give(NULL, &part);
    EXPECT("first_at", "null");
    EXPECT_META("warnings.1", "\"nothing is kept of this node yet: it is sampled while its link is up\"");
}

static void a_node_that_is_gone_still_has_its_history(void **state)
{
    struct bg_history none = kept;
    (void)state;
    fake_call("getHistory", "node=gone@127.0.0.1 series=process_count since=25s", NULL);
    fake_store_give(NULL, &kept);
    assert_int_equal(fake.status, 200);
    none.is_node_known = false;
    fake_call("getHistory", "node=never@127.0.0.1 series=process_count since=25s", NULL);
    fake_store_give(NULL, &none);
    fake_expect_failure(BG_NODE_UNKNOWN, "no node never@127.0.0.1 is registered");
}

static void failures_are_the_call_s(void **state)
{
    struct bg_failure failure;
    (void)state;
    (void)bg_fail(&failure, BG_TOO_MANY, "64 histories wait");
    fake_call("getHistory", "node=shop@127.0.0.1 series=process_count since=25s", NULL);
    fake_store_give(&failure, NULL);
    fake_expect_failure(BG_TOO_MANY, "64 histories wait");
    fake.services.store = NULL;
    fake_call("getHistory", "node=shop@127.0.0.1", NULL);
    fake_expect_failure(BG_UNSUPPORTED, "sample_ms is 0 in [watch]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(durations_and_times_are_read, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(each_figure_without_a_scan_is_a_series, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(series_since_until_and_step_reach_the_store, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(the_step_fits_the_time, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(wrong_parameters_are_refused_with_what_is_right, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(arrays_are_aligned_and_unknown_values_are_null, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(rows_have_what_was_seen, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(what_is_missing_is_said, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(a_node_that_is_gone_still_has_its_history, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(failures_are_the_call_s, setup, fake_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
