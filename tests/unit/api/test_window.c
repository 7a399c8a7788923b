/* test_window.c: the ranking of processes by what changed over a window. */
#include "fake.h"

#define SHOP "node=shop@127.0.0.1"

static void a_window_waits_for_its_own_length_too(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " sort=total_heap window_ms=2000 limit=3 timeout_ms=1000", NULL);
    assert_string_equal(fake.asks[0].question, "window");
    EXPECT_ARG(0, "",
               "{\"sort\":\"total_heap\",\"limit\":50,\"order\":\"desc\",\"window_ms\":2000,\"binary\":false,"
               "\"list_entries_max\":200000}");
    assert_int_equal(fake.asks[0].timeout_ms, 3000);
    fake_answer("{\"process_count\":2,\"scanned_count\":2,\"skipped_count\":0,\"word_bytes\":8,\"exact\":{\"total_heap\":true},"
                "\"rankings\":{\"total_heap\":[0]},\"rows\":[{\"pid\":{\"pid\":\"<0.1.0>\"},\"memory\":1,\"total_heap_size\":5,"
                "\"stack_size\":1,\"message_queue_len\":0,\"reductions\":1,\"delta\":-100,\"window_us\":2000000}]}");
    EXPECT("0.total_heap_bytes_delta", "-800");
    EXPECT("0.total_heap_bytes_per_second", "-400.0");
    EXPECT("0.initial_call", "null");
    EXPECT("0.monitors_count", "null");
}

/* Whoever is busy and could not be ranked is named, as the first place may be its own. */
static void a_window_says_who_is_not_ranked(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " sort=reductions window_ms=1000", NULL);
    fake_answer(
        "{\"process_count\":20060,\"scanned_count\":20000,\"skipped_count\":60,\"word_bytes\":8,\"run_queue_count\":58,"
        "\"schedulers_online_count\":2,\"skipped\":[{\"pid\":\"<0.1.0>\"}],\"unranked_count\":6,\"unranked\":[{\"pid\":\"<0.1.0>\"},"
        "{\"pid\":\"<0.2.0>\"},{\"pid\":\"<0.3.0>\"},{\"pid\":\"<0.4.0>\"},{\"pid\":\"<0.5.0>\"},{\"pid\":\"<0.6.0>\"}],"
        "\"exact\":{\"reductions\":false},\"rankings\":{\"reductions\":[]},\"next_bound\":{},\"rows\":[]}");
    EXPECT_META("exact", "false");
    EXPECT_META("skipped_count", "60");
    EXPECT_META(
        "warnings",
        "[\"6 of the processes that are not ranked are busy, and may belong at the top: they have not answered at both ends of the "
        "window in time: <0.1.0>, <0.2.0>, <0.3.0>, <0.4.0>, <0.5.0> and others; allow more with timeout_ms\","
        "\"2 schedulers are busy and 58 processes wait to run: 20,000 of 20,060 processes reported at both ends of the window in time, "
        "and the others are not ranked; allow more with timeout_ms\"]");
}

static void a_window_under_its_least_is_refused(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " window_ms=99", NULL);
    fake_expect_failure(BG_INVALID, "100 to 30000");
    assert_string_equal(fake.failure.param, "window_ms");
}

#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_window_waits_for_its_own_length_too),
        T(a_window_says_who_is_not_ranked),
        T(a_window_under_its_least_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
