/* test_ask.c: what every call that asks a node has in common: deadlines, failures, cancel, freshness, want of memory. */
#include "fake.h"
#include "samples.h"

#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1"
#define MEMORY                                                                                                                             \
    MEMORY_OF(AREAS_OF("100", "30", "5", "4", "20", "5"), "9", SIZES_OF(LOCAL_MONITORS("128"), "1000"), STANDARD_OF("3", "1000"), "1",     \
              NO_HOST)

static void an_unknown_node_is_told_how_to_be_registered(void **state)
{
    static const char *const operations[] = {"getMemory",  "getSystem",           "getAllocators", "listProcesses",
                                             "getProcess", "getProcessRelations", "listMonitors",  "listMonitorPairs"};
    (void)state;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        fake_call(operations[i], "node=other@host pid=<0.1.0>", NULL);
        fake_expect_failure(BG_NODE_UNKNOWN, "PUT /api/v1/nodes/other@host");
        assert_int_equal(fake.asks_count, 0);
    }
}

static void a_refused_question_ends_the_call(void **state)
{
    (void)state;
    fake.ask_error = BG_TOO_MANY;
    fake_call("getMemory", SHOP, NULL);
    fake_expect_failure(BG_TOO_MANY, "the fake refuses");
}

static void a_failed_question_ends_the_call_with_its_failure(void **state)
{
    static const enum bg_error errors[] = {BG_NODE_UNREACHABLE, BG_DEADLINE, BG_PROBE_LIMIT, BG_UNSUPPORTED, BG_COOKIE_REJECTED};
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        fake_call("listMonitorPairs", SHOP, NULL);
        fake_answer_failure(errors[i], "because");
        fake_expect_failure(errors[i], errors[i] == BG_DEADLINE ? "in the 5000 ms that this request had in all" : "because");
        assert_int_equal(fake.asks_count, 1);
    }
}

static void a_gone_client_cancels_its_question_once(void **state)
{
    (void)state;
    fake_call("getAllocators", SHOP, NULL);
    fake_cancel();
    assert_int_equal(fake.cancelled_count, 1);
    assert_int_equal(fake.endings, 0);
}

static void a_gone_client_cancels_the_second_question_too(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP, NULL);
    fake_answer(SCAN_OF(ROW("<0.1.0>", "1", "7"), "monitors", "[0]", "0", "0"));
    assert_int_equal(fake.asks_count, 2);
    assert_int_equal(fake.endings, 0);
    fake_cancel();
    assert_int_equal(fake.cancelled_count, 1);
    assert_int_equal(fake.endings, 0);
}

static void parameters_reach_the_question(void **state)
{
    (void)state;
    fake_call("getMemory", SHOP " max_age_ms=0 timeout_ms=250", NULL);
    assert_int_equal(fake.asks[0].max_age_ms, 0);
    assert_int_equal(fake.asks[0].timeout_ms, 250);
    fake_answer(MEMORY);
    fake_answer("{}");
    assert_int_equal(fake.fresh_until_us, 0);
}

static void two_questions_share_one_deadline(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP " timeout_ms=1000", NULL);
    fake.now_us += 400000;
    fake_answer(SCAN_OF(ROW("<0.1.0>", "1", "7"), "monitors", "[0]", "0", "0"));
    assert_int_equal(fake.asks[1].timeout_ms, 600);
    fake_cancel();
    fake_call("listMonitors", SHOP " timeout_ms=1000", NULL);
    fake.now_us += 1000000;
    fake_answer(SCAN_OF(ROW("<0.1.0>", "1", "7"), "monitors", "[0]", "0", "0"));
    assert_int_equal(fake.asks_count, 1);
    EXPECT("0.monitors_count", "7");
    EXPECT("0.distinct_count", "null");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "timeout_ms"));
}

static void bytes_may_be_repeated_while_fresh_and_a_second_at_most(void **state)
{
    (void)state;
    fake.answer_age_ms = 300;
    fake_call("getMemory", SHOP, NULL);
    fake_answer(MEMORY);
    fake_answer("{}");
    assert_int_equal(fake.collected_us, fake.now_us - 300000);
    assert_int_equal(fake.fresh_until_us, fake.now_us + 700000);
    assert_int_equal(fake.rpc_us, 6500);
    EXPECT_META("collected_at", "\"2026-11-23T07:59:59.823Z\"");
    fake_call("getMemory", SHOP " max_age_ms=600000", NULL);
    fake_answer(MEMORY);
    fake_answer("{}");
    assert_int_equal(fake.fresh_until_us, fake.now_us + 1000000);
}

static void two_answers_are_as_old_as_the_older(void **state)
{
    (void)state;
    fake_call("listMonitorPairs", SHOP, NULL);
    fake.answer_age_ms = 500;
    fake_answer(SCAN_OF(ROW("<0.1.0>", "1", "7"), "monitors", "[0]", "0", "0"));
    fake.answer_age_ms = 0;
    fake_answer("{\"processes\":[{\"pid\":\"<0.1.0>\",\"dead\":true}]}");
    assert_int_equal(fake.collected_us, fake.now_us - 500000);
    EXPECT_META("duration_ms", "14");
    fake_call("listMonitorPairs", SHOP, NULL);
    fake_answer(SCAN_OF(ROW("<0.1.0>", "1", "7"), "monitors", "[0]", "0", "0"));
    fake.answer_age_ms = 600;
    fake_answer("{\"processes\":[{\"pid\":\"<0.1.0>\",\"dead\":true}]}");
    assert_int_equal(fake.collected_us, fake.now_us - 600000);
    EXPECT_META("collected_at", "\"2026-11-23T07:59:59.523Z\"");
}

/* Want of memory: the nth allocation of jansson fails, for every n, until there are no more. */
static size_t allocations, failing;

static void *scarce_malloc(size_t size)
{
    return ++allocations == failing ? NULL : malloc(size);
}

#define SAMPLE_ANSWERS_MAX 5

struct sample {
    const char *operation, *params, *answers[SAMPLE_ANSWERS_MAX]; /* in the order of the questions */
};

static const struct sample samples[] = {
    {"getMemory", SHOP, {MEMORY, "{}"}},
    {"listProcesses", SHOP, {SCAN_OF(ROW("<0.1.0>", "1", "7"), "memory", "[0]", "3", "0"), NULL}},
    {"listMonitors",
     SHOP,
     {SCAN_OF(ROW("<0.1.0>", "1", "7"), "monitors", "[0]", "0", "0"),
      "{\"processes\":[{\"pid\":\"<0.1.0>\",\"lists\":{\"monitors\":{\"count\":7,\"distinct_count\":1,\"exact\":true,"
      "\"top\":[{\"peer\":{\"pid\":\"<0.2.0>\",\"node\":\"x@y\"},\"count\":7}]}}}]}"}},
    {"listMonitorPairs",
     SHOP,
     {SCAN_OF(ROW("<0.1.0>", "1", "7"), "monitors", "[0]", "0", "0"),
      "{\"processes\":[{\"pid\":\"<0.1.0>\",\"row\":{},\"lists\":{\"monitors\":{\"count\":7,\"distinct_count\":1,\"exact\":false,"
      "\"top\":[{\"peer\":[\"name\",\"x@y\"],\"count\":7}]}}}]}"}},
    {"getProcessRelations",
     SHOP " pid=<0.1.0> direction=links",
     {"{\"processes\":[{\"pid\":\"<0.1.0>\",\"lists\":{\"links\":{\"count\":1,\"distinct_count\":1,\"exact\":true,"
      "\"top\":[{\"peer\":{\"port\":\"#Port<0.1>\",\"node\":\"x@y\"},\"count\":1}]}}}]}",
      NULL}},
    {"getProcessRelations",
     SHOP " pid=<0.1.0> direction=links verify=true",
     {"{\"processes\":[{\"pid\":\"<0.1.0>\",\"lists\":{\"links\":{\"count\":1,\"distinct_count\":9,\"exact\":true,"
      "\"top\":[{\"peer\":{\"pid\":\"<0.2.0>\",\"node\":\"x@y\"},\"count\":1}]}}}]}",
      "{\"alive\":[false]}"}},
    {"listFleetPairs",
     "",
     {SCAN_OF(ROW("<0.1.0>", "1", "7"), "monitors", "[0]", "0", "0"), SCAN_OF("", "monitors", "[]", "0", "0"),
      "{\"processes\":[{\"pid\":\"<0.1.0>\",\"row\":{},\"lists\":{\"monitors\":{\"count\":7,\"distinct_count\":1,\"exact\":true,"
      "\"top\":[{\"peer\":{\"pid\":\"<0.2.0>\",\"node\":\"x@y\"},\"count\":7}]}}}]}",
      "{\"pairs\":[{\"registered_name\":\"cart\",\"started_as\":[\"cart\",\"init\",1],\"alive\":true,\"count\":6}]}"}},
    {"listProcesses",
     SHOP " group=initial_call",
     {"{\"process_count\":1,\"scanned_count\":1,\"skipped_count\":0,\"word_bytes\":8,\"groups\":[{\"key\":[\"a\",\"b\",1],\"rest\":true,"
      "\"process_count\":1,\"exact\":false,\"sums\":[1,2,3,4,5,6,7,8,9],\"maxima\":[1,2,3,4,5,6,7,8,9]}]}"}},
    {"getAllocators",
     SHOP,
     {"{\"allocators\":[{\"name\":\"a\",\"instance\":0,\"mbcs_block_bytes\":1,\"mbcs_carrier_bytes\":2,\"mbcs_blocks_count\":1,"
      "\"mbcs_carriers_count\":1,\"sbcs_block_bytes\":1,\"sbcs_carrier_bytes\":2,\"sbcs_blocks_count\":1,\"sbcs_carriers_count\":1}],"
      "\"schedulers_count\":2,\"silent_count\":0,\"mseg_cache\":{\"hits_count\":1,\"calls_count\":2}}",
      NULL}},
};

/* True once no allocation was left to fail. */
static bool run_with_nth_failing(const struct sample *sample, size_t nth)
{
    size_t used = 0;
    json_t *answers[SAMPLE_ANSWERS_MAX] = {NULL};
    allocations = 0;
    failing = nth;
    json_set_alloc_funcs(scarce_malloc, free);
    fake_call(sample->operation, sample->params, NULL);
    for (size_t i = 0; i < SAMPLE_ANSWERS_MAX && fake.endings == 0; i++) {
        const size_t kept_failing = failing;
        const size_t before = allocations;
        failing = 0; /* reading the sample is not what is tried here */
        answers[i] = json_loads(sample->answers[i], 0, NULL);
        allocations = before;
        failing = kept_failing;
        fake_answer_value(answers[i]);
    }
    used = allocations;
    failing = 0;
    for (size_t i = 0; i < SAMPLE_ANSWERS_MAX; i++)
        json_decref(answers[i]);
    assert_int_equal(fake.endings, 1);
    if (nth <= used)
        assert_int_equal(fake.failure.error, BG_NO_MEMORY);
    else
        assert_int_equal(fake.status, 200);
    fake_forget();
    return nth > used;
}

static void want_of_memory_at_any_point_is_told(void **state)
{
    (void)state;
    fake.nodes[fake.nodes_count++] = (struct bg_node_info){.name = "x@y", .state = BG_LINK_UP, .reason_text = ""};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        size_t nth = 1;
        while (!run_with_nth_failing(&samples[i], nth))
            nth++;
        assert_true(nth > 10);
    }
    json_set_alloc_funcs(malloc, free);
}

static void want_of_memory_while_making_rows_is_told(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        const struct bg_endpoint *endpoint = fake_endpoint(samples[i].operation);
        if (endpoint->rows == NULL)
            continue;
        fake_call(samples[i].operation, samples[i].params, NULL);
        for (size_t answer = 0; fake.endings == 0; answer++)
            fake_answer(samples[i].answers[answer]);
        json_set_alloc_funcs(scarce_malloc, free);
        bool whole = false;
        for (failing = 1; !whole; failing++) {
            allocations = 0;
            json_t *rows = endpoint->rows(fake.data);
            whole = allocations < failing;
            assert_int_equal(rows != NULL, whole);
            json_decref(rows);
        }
        failing = 0;
        json_set_alloc_funcs(malloc, free);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(an_unknown_node_is_told_how_to_be_registered),
        T(a_refused_question_ends_the_call),
        T(a_failed_question_ends_the_call_with_its_failure),
        T(a_gone_client_cancels_its_question_once),
        T(a_gone_client_cancels_the_second_question_too),
        T(parameters_reach_the_question),
        T(two_questions_share_one_deadline),
        T(bytes_may_be_repeated_while_fresh_and_a_second_at_most),
        T(two_answers_are_as_old_as_the_older),
        T(want_of_memory_at_any_point_is_told),
        T(want_of_memory_while_making_rows_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
