/* test_estimate.c: the estimate of a node's monitors. */
#include "fake.h"
#include "samples.h"

#define SHOP "node=shop@127.0.0.1"
#define MANY(CENSUS)                                                                                                                       \
    MEMORY_OF(AREAS_OF("139", "30", "5", "4", "20", "5"), "5000", SIZES_OF(LOCAL_MONITORS("256"), "800000"),                               \
              STANDARD_OF("5000", "800000"), "2", NO_HOST CENSUS)
#define CENSUS(OTHERS, STANDARD, PROCESSES)                                                                                                \
    ",\"census\":{\"others_count\":" OTHERS ",\"standard_count\":" STANDARD ",\"process_count\":" PROCESSES ",\"age_ms\":7}"

#define STANDARD_OWNED(BYTES, COUNTS)                                                                                                      \
    MEMORY_OF(AREAS_OF("139", "30", "5", "4", "20", "5"), "5000", SIZES_OF(LOCAL_MONITORS("256"), BYTES), COUNTS, "2", NO_HOST)

/* Blocks may be dictionaries of processes, or monitors: only a scan shows which; the rest grows with the processes. */
static void remote_monitors_are_those_that_were_counted_and_what_came_since(void **state)
{
    static const struct {
        const char *answer, *count;
    } cases[] = {
        {MANY(""), "null"},
        {MANY(CENSUS("4000", "4300", "5000")), "4700"}, /* 300 are else */
        {MANY(CENSUS("4000", "4200", "2500")), "4800"},
        {MANY(CENSUS("3000", "4200", "2500")), "2800"}, /* 200 from the start, and twice 1000 */
        {MANY(CENSUS("9000", "4200", "5000")), "5000"},
        {MANY(CENSUS("0", "9000", "5000")), "0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_call("getMemory", SHOP, NULL);
        fake_answer_to(0, cases[i].answer);
        fake_answer_to(1, "{}");
        EXPECT("monitors_estimate.remote_count", cases[i].count);
        EXPECT("monitors_estimate.remote_max_count", "5000");
        if (i == 0)
            EXPECT("monitors_estimate.bytes", "null");
    }
}

#define RANKED(ROWS, RANKING)                                                                                                              \
    "{\"process_count\":1000,\"scanned_count\":998,\"skipped_count\":0,\"duration_us\":5000,\"word_bytes\":8,\"entry_bytes\":64,"          \
    "\"rows\":[" ROWS "],\"rankings\":{\"monitors\":" RANKING ",\"monitored_by\":[]},\"exact\":{},\"next_bound\":{}}"
#define CHECK SHOP " timeout_ms=1000 max_age_ms=500 assert=monitors_estimate.remote_count<9 assert=memory.atom_bytes<51"

static void a_check_of_what_only_a_ranking_tells_ranks_once(void **state)
{
    (void)state;
    fake_call("checkNode", CHECK, NULL);
    fake_answer(MANY(""));
    assert_string_equal(fake.asks[1].question, "scan");
    assert_int_equal(fake.asks[1].max_age_ms, 500);
    assert_int_equal(fake.asks[1].timeout_ms, 900);
    fake_answer(RANKED(ROW("<0.10.0>", "9000", "5"), "[0]"));
    assert_string_equal(fake.asks[2].question, "peers"); /* which reports peers on other nodes */
    fake_answer("{\"processes\":[]}");
    assert_string_equal(fake.asks[3].question, "memory");
    assert_int_equal(fake.asks[3].max_age_ms, 0);
    fake_answer(MANY(CENSUS("4000", "4300", "5000")));
    assert_int_equal(fake.asks_count, 4);
    assert_int_equal(fake.status, 503);
    EXPECT("assertions.0.observed", "4700");
    EXPECT("assertions.1.status", "\"pass\"");

    fake_call("checkNode", CHECK, NULL); /* its result still holds if processes cannot be ranked, or the ranking failed */
    fake_answer(MANY(""));
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(fake.asks_count, 2);
    EXPECT("assertions.0.error.code", "\"unsupported\"");
    EXPECT("assertions.1.status", "\"pass\"");
    fake_call("checkNode", CHECK, NULL);
    fake_answer(MANY(""));
    fake_answer(RANKED(ROW("<0.10.0>", "9000", "5"), "[0]"));
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(fake.asks_count, 3);
    EXPECT("assertions.0.error.code", "\"unsupported\"");
    fake_call("checkNode", CHECK, NULL);
    fake_answer(MANY(""));
    fake_answer(RANKED("", "[]"));
    fake_answer(MANY(""));
    assert_int_equal(fake.asks_count, 3);
    EXPECT("assertions.0.error.code", "\"unsupported\"");

    fake_call("checkNode", CHECK, NULL);
    fake_answer(MANY(CENSUS("0", "9000", "5000")));
    assert_int_equal(fake.asks_count, 1);
    EXPECT("assertions.0.observed", "0");
    fake_call("checkNode", SHOP " assert=memory.atom_bytes<51 assert=monitors_estimate.local_count<9000", NULL);
    fake_answer(MANY(""));
    assert_int_equal(fake.asks_count, 1);
    fake_call("checkNode", CHECK, NULL);
    fake_answer(MANY(""));
    fake_cancel();
    assert_int_equal(fake.cancelled_count, 1);
}

/* Allocators take over each other's carriers: of std_alloc's there are 7,000 blocks, 5,000 of them counted in carriers of its own. */
static void blocks_are_counted_by_whose_they_are_and_not_by_whose_carrier_it_is(void **state)
{
    static const char *const answers[] = {
        STANDARD_OWNED("1400000", STANDARD_BESIDE("5000", "1000000", ",[\"ets_alloc\",[[\"count\",3000,1,1],[\"size\",90000,1,1]]]")),
        STANDARD_OWNED("1400000", STANDARD_BESIDE("5000", "1000000", "")),
    };
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fake_call("getMemory", SHOP, NULL);
        fake_answer_to(0, answers[i]);
        fake_answer_to(1, "{}");
        EXPECT("allocators.1.blocks_count", "7000"); /* 400,000 bytes elsewhere, at 200 each */
        EXPECT("monitors_estimate.named_max_count", "7000");
        EXPECT("standard_bytes", "1400000");
    }
}

/* Of no block in its own carriers the size is seen. */
static void blocks_in_carriers_of_others_alone_are_counted_by_what_they_take(void **state)
{
    (void)state;
    fake_call("getMemory", SHOP, NULL);
    fake_answer_to(0, STANDARD_OWNED("400000", STANDARD_BESIDE("0", "0", "")));
    fake_answer_to(1, "{}");
    EXPECT("monitors_estimate.named_max_count", "2000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(remote_monitors_are_those_that_were_counted_and_what_came_since, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(a_check_of_what_only_a_ranking_tells_ranks_once, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(blocks_are_counted_by_whose_they_are_and_not_by_whose_carrier_it_is, fake_setup, fake_teardown),
        cmocka_unit_test_setup_teardown(blocks_in_carriers_of_others_alone_are_counted_by_what_they_take, fake_setup, fake_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
