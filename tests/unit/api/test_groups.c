/* test_groups.c: processes and monitors in groups, as the node summed them up. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1"
#define GROUP(KEY, COUNT, MEMORY, MONITORS, EXACT, REST)                                                                                   \
    "{\"key\":" KEY ",\"rest\":" REST ",\"process_count\":" COUNT ",\"exact\":" EXACT ",\"sums\":[" MEMORY ",100,7,9000,10,50," MONITORS   \
    ",2,3],\"maxima\":[" MEMORY ",90,6,8000,9,40," MONITORS ",1,2]}"
#define ANSWER_WITH(SKIPPED, GROUPS)                                                                                                       \
    "{\"process_count\":100,\"scanned_count\":98," SKIPPED "\"duration_us\":9,\"word_bytes\":8,\"groups\":[" GROUPS "]}"
#define ANSWER(GROUPS) ANSWER_WITH("\"skipped_count\":0,", GROUPS)
#define SILENT "\"skipped_count\":2,\"skipped\":[{\"pid\":\"<0.9.0>\",\"node\":\"shop@127.0.0.1\"}],"

static void processes_are_grouped_by_the_node_itself(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " group=initial_call sort=memory", NULL);
    assert_string_equal(fake.asks[0].question, "groups");
    EXPECT_ARG(0, "", "{\"by\":\"initial_call\",\"sort\":\"memory\",\"limit\":51,\"entries\":false,\"list_entries_max\":200000}");
    fake_answer(ANSWER_WITH(SILENT, GROUP("[\"Elixir.Cart\",\"init\",1]", "40", "5000", "0", "true",
                                          "false") "," GROUP("null", "3", "400", "0", "true", "false")));
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("0.group", "\"Cart.init/1\"");
    EXPECT("0.process_count", "40");
    EXPECT("0.memory_bytes", "5000");
    EXPECT("0.max_memory_bytes", "5000");
    EXPECT("0.total_heap_bytes", "800");
    EXPECT("0.max_total_heap_bytes", "720");
    EXPECT("0.message_queue_len", "7");
    EXPECT("0.max_message_queue_len", "6");
    EXPECT("0.max_stack_bytes", "72");
    EXPECT("0.monitors_count", "null");
    EXPECT("0.max_monitors_count", "null");
    EXPECT("0.rest", "false");
    EXPECT("1.group", "null");
    EXPECT_META("process_count", "100");
    EXPECT_META("skipped_count", "2");
    EXPECT_META("truncated", "false");
    EXPECT_META("exact", "false");
    EXPECT_META("warnings", "[\"2 processes did not answer in time, perhaps because of long native calls, and are skipped: <0.9.0>\"]");
}

static void monitors_are_grouped_with_their_entries(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP " by=monitored_by group=application limit=1 min=2", NULL);
    EXPECT_ARG(0, "sort", "\"monitored_by\"");
    EXPECT_ARG(0, "entries", "true");
    fake_answer(ANSWER(GROUP("\"shop\"", "9", "5000", "300", "true", "false") "," GROUP("\"kernel\"", "3", "400", "8", "false", "false")));
    assert_int_equal(json_array_size(fake.data), 1);
    EXPECT("0.group", "\"shop\"");
    EXPECT("0.monitors_count", "300");
    EXPECT("0.max_monitors_count", "300");
    EXPECT("0.monitored_by_count", "2");
    EXPECT("0.max_links_count", "2");
    EXPECT_META("truncated", "true");
    EXPECT_META("exact", "true");
    fake_call("listMonitors", SHOP " group=application min=3", NULL);
    fake_answer(ANSWER(GROUP("\"shop\"", "9", "5000", "300", "false", "false") "," GROUP("\"kernel\"", "3", "400", "2", "true", "false")));
    assert_int_equal(json_array_size(fake.data), 1);
    EXPECT_META("truncated", "false");
    EXPECT_META("exact", "false");
    assert_int_equal(json_array_size(fake_at(fake.meta, "warnings")), 1);
}

#define NODE_GROUP(KEY, COUNT, MONITORS, EXACT, REST)                                                                                      \
    "{\"key\":" KEY ",\"rest\":" REST ",\"process_count\":" COUNT ",\"exact\":" EXACT ",\"sums\":[null,null,null,null,null,null," MONITORS \
    ",null,null],\"maxima\":[null,null,null,null,null,null,null,null,null]}"

static void monitors_are_summed_by_the_node_of_the_peer(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP " group=node", NULL);
    assert_string_equal(fake.asks[0].question, "peer_nodes");
    EXPECT_ARG(0, "", "{\"sort\":\"monitors\",\"limit\":51,\"list_entries_max\":200000}");
    fake_answer(
        ANSWER(NODE_GROUP("\"pay@127.0.0.1\"", "null", "9000", "true", "false") "," NODE_GROUP("null", "2", "80", "false", "true")));
    EXPECT("0.group", "\"pay@127.0.0.1\"");
    EXPECT("0.monitors_count", "9000");
    EXPECT("0.monitored_by_count", "null");
    EXPECT("0.process_count", "null");
    EXPECT("0.memory_bytes", "null");
    EXPECT("1.rest", "true");
    EXPECT("1.process_count", "2");
    EXPECT_META("exact", "false");
}

static void the_rest_is_told_beside_the_groups(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " group=registered_name limit=1 min=1000", NULL);
    fake_answer(ANSWER(GROUP("\"cart\"", "1", "5000", "0", "true", "false") "," GROUP("null", "300", "9", "0", "true", "true")));
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("1.rest", "true");
    EXPECT("1.process_count", "300");
    EXPECT_META("truncated", "false");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "the rest"));
}

static void what_cannot_be_grouped_is_refused(void **state)
{
    static const char *const params[][2] = {
        {" order=asc", "from the top"}, {" window_ms=1000", "without a window"}, {" sort=binary", "shared"}};
    (void)state;
    for (size_t i = 0; i < sizeof params / sizeof params[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, SHOP " group=label%s", params[i][0]);
        fake_call("listProcesses", text, NULL);
        fake_expect_failure(BG_INVALID, params[i][1]);
        assert_int_equal(fake.asks_count, 0);
    }
    fake_call("listProcesses", SHOP " group=label", NULL);
    fake_answer("{\"unsupported\":true}");
    fake_expect_failure(BG_UNSUPPORTED, "OTP 27");
}

static void malformed_groups_are_refused(void **state)
{
    static const char *const samples[] = {
        "{}",
        ANSWER("7"),
        ANSWER("{}"),
        ANSWER(GROUP("7", "1", "1", "1", "true", "false")),
        ANSWER(GROUP("[\"a\"]", "1", "1", "1", "true", "false")),
        ANSWER(GROUP("null", "-1", "1", "1", "true", "false")),
        ANSWER(GROUP("null", "1", "-1", "1", "true", "false")),
        ANSWER(GROUP("null", "1", "\"1\"", "1", "true", "false")),
        ANSWER(GROUP("null", "1", "1", "1", "7", "false")),
        ANSWER("{\"rest\":false,\"process_count\":1,\"exact\":true,\"sums\":[],\"maxima\":[]}"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fake_call("listProcesses", SHOP " group=application", NULL);
        fake_answer(samples[i]);
        fake_expect_failure(BG_BAD_ANSWER, "\"groups\"");
        assert_int_equal(fake.rejects_count, 1); /* it is not kept for others */
        fake.rejects_count = 0;
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(processes_are_grouped_by_the_node_itself),    T(monitors_are_grouped_with_their_entries), T(the_rest_is_told_beside_the_groups),
        T(monitors_are_summed_by_the_node_of_the_peer), T(what_cannot_be_grouped_is_refused),       T(malformed_groups_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
