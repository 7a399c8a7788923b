/* test_check_past.c: assertions about the history of a node: change(), per_second(). */
#include "fake.h"
#include "fake_store.h"
#include "samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1 "
#define NOW_MS INT64_C(1795748400000)
#define STEPS 60
#define SYSTEM SYSTEM_OF("5000", "3", "800", "1000", "1")

static struct bg_bucket buckets[STEPS];

static int setup(void **state)
{
    fake_setup(state);
    memset(&fake_store, 0, sizeof fake_store);
    fake.services.store = (struct bg_store *)&fake_store;
    fake.wall_ms = NOW_MS;
    return 0;
}

/* From that step on: a start, and so much more at each step. */
static void fill(size_t first, size_t end, double start, double each)
{
    for (size_t i = 0; i < STEPS; i++) {
        const double value = i < first || i >= end ? NAN : start + each * (double)(i - first);
        buckets[i] = (struct bg_bucket){value, value, value};
    }
}

static void give(int64_t restart_ms)
{
    const struct bg_history kept = {.since_ms = fake_store.request.since_ms,
                                    .step_ms = fake_store.request.step_ms,
                                    .buckets_count = STEPS,
                                    .buckets = buckets,
                                    .restarts_ms = &restart_ms,
                                    .restarts_count = restart_ms != 0,
                                    .first_ms = 1,
                                    .last_ms = NOW_MS,
                                    .is_node_known = true};
    fake_store_give(NULL, &kept);
}

static void changes_and_rates_are_compared(void **state)
{
    (void)state;
    fake_call("checkNode",
              SHOP "assert=change(memory.total_bytes,10m)<6000 assert=per_second(memory.total_bytes)<9.9 warn=change(process_ratio,1h)<10%",
              NULL);
    assert_int_equal(fake.asks_count, 0); /* no node is asked for what was */
    assert_int_equal(fake_store.request.step_ms, 10000);
    assert_int_equal(fake_store.request.since_ms, NOW_MS - 600000);
    assert_string_equal(fake_store.request.node, "shop@127.0.0.1");
    fill(0, STEPS, 1000, 100);
    give(0);
    assert_int_equal(fake_store.request.step_ms, 10000);
    give(0);
    assert_int_equal(fake_store.request.step_ms, 60000);
    fill(0, STEPS, 0.1, 0.005);
    give(0);
    assert_int_equal(fake.status, 503);
    assert_int_equal(fake.collected_us, fake.now_us); /* of this moment, though no node was asked */
    EXPECT("assertions.0.status", "\"pass\"");
    EXPECT("assertions.0.observed", "5900");
    EXPECT("assertions.0.unit", "\"bytes\"");
    EXPECT("assertions.1.status", "\"fail\"");
    EXPECT("assertions.1.observed", "10");
    EXPECT("assertions.1.unit", "\"bytes_per_second\"");
    EXPECT("assertions.1.metric", "\"per_second\"");
    EXPECT("assertions.2.status", "\"warn\"");
    EXPECT("assertions.2.unit", "\"ratio\"");
}

static void they_stand_beside_others(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=change(links_count,10m)==0 assert=run_queue_count<5", NULL);
    fake_answer(SYSTEM);
    fill(0, STEPS, 7, 0);
    give(0);
    assert_int_equal(fake.status, 200);
    EXPECT("assertions.0.observed", "0");
    EXPECT("assertions.1.observed", "3");
}

static void too_little_is_unknown_and_not_a_pass(void **state)
{
    static const struct {
        size_t first, end;
        int64_t restart_ms;
        const char *said;
    } cases[] = {{0, 0, 0, "nothing was sampled of shop@127.0.0.1 in the window"},
                 {20, STEPS, 0, "in the window there are samples of shop@127.0.0.1 from 2026-11-27T02:53:20.000Z on only"},
                 {0, STEPS, NOW_MS - 300000, "since its restart there are samples of shop@127.0.0.1 from 2026-11-27T02:55:00.000Z on only"},
                 {0, 30, 0, "shop@127.0.0.1 was not sampled for more than a quarter of the window"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_call("checkNode", SHOP "assert=change(memory.total_bytes,10m)<1G", NULL);
        fill(cases[i].first, cases[i].end, 1000, 0);
        give(cases[i].restart_ms);
        assert_int_equal(fake.status, 504);
        EXPECT("status", "\"unknown\"");
        if (strstr(json_string_value(fake_at(fake.data, "assertions.0.error.detail")), cases[i].said) == NULL)
            fail_msg("%s", json_string_value(fake_at(fake.data, "assertions.0.error.detail")));
    }
    fake_call("checkNode", SHOP "assert=change(memory.total_bytes,10m)<1G", NULL);
    fill(0, STEPS, 1000, 0);
    for (size_t i = 20; i < 36; i++) /* it hung for a quarter of the time */
        buckets[i] = (struct bg_bucket){NAN, NAN, NAN};
    give(0);
    assert_int_equal(fake.status, 504);
    EXPECT("assertions.0.error.detail",
           "\"shop@127.0.0.1 was not sampled for more than a quarter of the window: what it did then is not known\"");
    fake.services.store = NULL;
    fake_call("checkNode", SHOP "assert=change(memory.total_bytes,10m)<1G", NULL);
    assert_int_equal(fake.status, 422);
}

static void chat_says_why_it_is_not_known(void **state)
{
    (void)state;
    fake_call("chat", "", "{\"text\":\"check shop@127.0.0.1 change(memory.total_bytes,10m) < 1G\"}");
    fill(20, STEPS, 1000, 0);
    give(0);
    char *text = fake.data != NULL ? json_dumps(fake.data, 0) : NULL;
    if (text == NULL || strstr(text, "It could not be determined: in the window there are samples of shop@127.0.0.1 from") == NULL ||
        strstr(text, "did not answer") != NULL)
        fail_msg("%s", text != NULL ? text : fake.failure.text);
    free(text);
}

static void mistakes_have_their_column(void **state)
{
    static const struct {
        const char *assertion, *said;
    } cases[] = {
        {"change(memory.total_byts,10m)<1",
         "column 8: memory.total_byts is not in the history, see GET .../history; did you mean memory.total_bytes"},
        {"change(monitors_count_max,10m)<1", "column 8: monitors_count_max is not in the history"},
        {"change(links_count)<1", "change takes 2 arguments"},
        {"change(links_count,10)<1", "column 20: 10 is not a time of at least 1m"},
        {"change(links_count,59s)<1", "column 20: 59s is not a time of at least 1m"},
        {"change(links_count,1h1h1h1h1h1h1h1h1h1h1h1h1h1h)<1", "is not a time of at least 1m"},
        {"per_second(links_count,x)<1", "column 24: x is not a time"},
        {"change(links_count,10m)<5%", "only ratios are compared with %"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char params[200];
        (void)snprintf(params, sizeof params, SHOP "assert=%s", cases[i].assertion);
        fake_call("checkNode", params, NULL);
        fake_expect_failure(BG_INVALID, cases[i].said);
    }
}

static void a_client_that_goes_cancels_it(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=change(links_count,10m)<1", NULL);
    fake_cancel();
    assert_int_equal(fake_store.cancelled_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(changes_and_rates_are_compared, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(they_stand_beside_others, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(too_little_is_unknown_and_not_a_pass, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(chat_says_why_it_is_not_known, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(mistakes_have_their_column, setup, fake_teardown),
        cmocka_unit_test_setup_teardown(a_client_that_goes_cancels_it, setup, fake_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
