/* test_silent.c: the replacement for a late answer: a node's last answer, and a process's last report. */
#include "fake.h"
#include "samples.h"

#include <stdio.h>

#define SHOP "node=shop@127.0.0.1"
#define SCAN SCAN_OF(ROW("<0.10.0>", "9000", "500"), "monitors", "[0]", "0", "0")

static void a_ranking_that_does_not_come_in_time_is_the_last_one_that_did(void **state)
{
    static const char *const operations[] = {"listMonitors", "listMonitorPairs", "listProcesses"};
    (void)state;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        const char *params = i == 2 ? SHOP " sort=monitors" : SHOP;
        fake.keeps = true;
        fake_call(operations[i], params, NULL);
        fake_answer_failure(BG_DEADLINE, "late");
        assert_int_equal(fake.asks_count, 2);
        assert_string_equal(fake.asks[1].question, "scan");
        assert_int_equal(fake.asks[1].max_age_ms, 600000);
        assert_true(json_equal(fake.asks[0].args, fake.asks[1].args));
        fake_answer(SCAN);
        if (i != 2) /* there is time left in this test, so the peers are asked for */
            fake_answer_failure(BG_DEADLINE, "late");
        assert_int_equal(fake.status, 200);
        assert_int_equal(json_array_size(fake.data), 1);
        assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "what it answered last"));
        fake_call(operations[i], params, NULL);
        fake_answer_failure(BG_NODE_UNREACHABLE, "gone");
        fake_expect_failure(BG_NODE_UNREACHABLE, "gone");
        fake.keeps = false;
        fake_call(operations[i], params, NULL);
        fake_answer_failure(BG_DEADLINE, "late");
        fake_expect_failure(BG_DEADLINE, "in the 5000 ms that this request had in all");
    }
}

#define CART SHOP " pid=<0.10.0>"

/* A process with millions of entries takes seconds to report its memory. */
static void a_process_that_does_not_answer_in_time_is_what_the_last_ranking_had_of_it(void **state)
{
    (void)state;
    fake.keeps = true;
    fake_call("getProcess", CART, NULL);
    assert_string_equal(fake.asks[0].question, "process_info");
    fake_answer_failure(BG_DEADLINE, "late");
    assert_string_equal(fake.asks[1].question, "scan");
    assert_int_equal(fake.asks[1].max_age_ms, 600000);
    fake_answer(SCAN);
    assert_int_equal(fake.status, 200);
    EXPECT("pid", "\"<0.10.0>\"");
    EXPECT("monitors_count", "500");
    EXPECT("trap_exit", "null");
    EXPECT("stack", "null");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "a ranking of all its processes had last"));
    fake_call("getProcess", SHOP " pid=<0.11.0>", NULL);
    fake_answer_failure(BG_DEADLINE, "late");
    fake_answer(SCAN);
    fake_expect_failure(BG_DEADLINE,
                        "the process <0.11.0> did not answer in the 5000 ms that this request had in all, and no ranking had it");
    fake.keeps = false;
    fake_call("getProcess", CART, NULL);
    fake_answer_failure(BG_DEADLINE, "late");
    fake_expect_failure(BG_DEADLINE, "did not answer the question \"process_info\" in the 5000 ms");
}

static void peers_that_came_too_late_are_not_the_ranking(void **state)
{
    (void)state;
    fake.keeps = true;
    fake_call("listMonitorPairs", SHOP, NULL);
    fake_answer(SCAN);
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(fake.asks_count, 2);
    EXPECT("0.count", "500");
    EXPECT("0.watched", "null");
    fake.keeps = false;
}

#define LONG(TOP)                                                                                                                          \
    "[{\"pid\":\"<0.10.0>\",\"dead\":false,\"silent\":true,\"age_ms\":2500,\"row\":{\"registered_name\":\"cart\",\"alive\":null},"         \
    "\"lists\":{\"monitors\":{\"count\":500,\"distinct_count\":1,\"exact\":false,\"top\":[" TOP "]}}}]"
#define PEER "{\"peer\":{\"pid\":\"<0.7.0>\",\"node\":\"shop@127.0.0.1\"},\"count\":499,\"registered_name\":\"ledger\",\"alive\":true}"

/* Borrowed by the caller until it is freed. */
static json_t *silent_scan_new(const char *top)
{
    json_t *answer = json_loads(SCAN_OF(ROW("<0.10.0>", "9000", "500"), "monitors", "[0]", "1", "0"), 0, NULL);
    assert_non_null(answer);
    (void)json_object_set_new(json_array_get(json_object_get(answer, "rows"), 0), "age_ms", json_integer(2500));
    (void)json_object_set_new(answer, "long", json_loads(top, 0, NULL));
    return answer;
}

static void one_that_does_not_answer_stands_with_what_it_told_last(void **state)
{
    (void)state;
    json_t *known = silent_scan_new(LONG(PEER)), *unknown = silent_scan_new(LONG(""));
    fake_call("listMonitors", SHOP, NULL);
    fake_answer_value(known);
    EXPECT("0.age_ms", "2500");
    EXPECT("0.monitors_count", "500");
    EXPECT("0.top_peers.0.pid", "\"<0.7.0>\"");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "are shown with what they reported last"));
    fake_call("listMonitorPairs", SHOP, NULL);
    fake_answer_value(known);
    EXPECT("0.age_ms", "2500");
    EXPECT("0.count", "499");
    EXPECT("0.watched.pid", "\"<0.7.0>\"");
    fake_call("listMonitorPairs", SHOP, NULL);
    fake_answer_value(unknown);
    EXPECT("0.age_ms", "2500");
    EXPECT("0.count", "500");
    EXPECT("0.watched", "null");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.1")), "as it reported last"));
    json_decref(known);
    json_decref(unknown);
}

static void relations_say_that_they_are_old(void **state)
{
    (void)state;
    fake_call("getProcessRelations", SHOP " pid=<0.10.0> direction=monitors", NULL);
    if (strcmp(fake.asks[0].question, "owner") == 0)
        fake_answer("{\"node\":\"shop@127.0.0.1\"}");
    fake_answer("{\"duration_us\":9,\"processes\":" LONG("") "}");
    EXPECT("0.age_ms", "2500");
    EXPECT("0.count", "500");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "did not answer in time"));
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(a_ranking_that_does_not_come_in_time_is_the_last_one_that_did),
        T(a_process_that_does_not_answer_in_time_is_what_the_last_ranking_had_of_it),
        T(peers_that_came_too_late_are_not_the_ranking),
        T(one_that_does_not_answer_stands_with_what_it_told_last),
        T(relations_say_that_they_are_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
