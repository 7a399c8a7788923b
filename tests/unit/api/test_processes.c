/* test_processes.c: the ranking of processes. */
#include "fake.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1"
#define THREE ROW("<0.10.0>", "9000", "5") "," ROW("<0.11.0>", "7000", "0") "," ROW("<0.12.0>", "100", "8")

static void asks_one_scan_that_serves_every_sort_key(void **state)
{
    static const char *const keys[] = {"memory", "message_queue_len", "reductions", "total_heap", "stack", "off_heap", "monitors", "links"};
    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char params[100];
        (void)snprintf(params, sizeof params, SHOP " sort=%s limit=%zu", keys[i], i + 1);
        fake_call("listProcesses", params, NULL);
        assert_int_equal(fake.asks_count, 1);
        assert_string_equal(fake.asks[0].question, "scan");
        assert_string_equal(fake.asks[0].node, "shop@127.0.0.1");
        EXPECT_ARG(0, "", "{\"limit\":50,\"order\":\"desc\",\"binary\":false,\"list_entries_max\":200000}");
        assert_int_equal(fake.asks[0].max_age_ms, 1000);
        assert_int_equal(fake.asks[0].timeout_ms, 5000);
        fake_cancel();
    }
}

static void rounds_limits_up_and_takes_binaries_only_where_asked_for(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " limit=51", NULL);
    EXPECT_ARG(0, "limit", "200");
    fake_cancel();
    fake_call("listProcesses", SHOP " limit=1000 sort=binary order=asc", NULL);
    EXPECT_ARG(0, "", "{\"limit\":1000,\"order\":\"asc\",\"binary\":true,\"list_entries_max\":200000}");
    fake_cancel();
}

static void shapes_rows_in_the_order_of_the_ranking(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " sort=monitors", NULL);
    fake_answer(SCAN_OF(THREE, "monitors", "[2,0,1]", "0", "4"));
    assert_int_equal(json_array_size(fake.data), 2); /* the third has none */
    fake_call("listProcesses", SHOP " sort=monitors min=0", NULL);
    fake_answer(SCAN_OF(THREE, "monitors", "[2,0,1]", "0", "4"));
    assert_int_equal(fake.status, 200);
    assert_int_equal(json_array_size(fake.data), 3);
    EXPECT("0.pid", "\"<0.12.0>\"");
    EXPECT("1.pid", "\"<0.10.0>\"");
    EXPECT("1", "{\"pid\":\"<0.10.0>\",\"name\":\"Shop.Cart.init/"
                "1\",\"registered_name\":null,\"label\":null,\"initial_call\":{\"module\":\"Elixir.Shop.Cart\","
                "\"function\":\"init\",\"arity\":1,\"text\":\"Shop.Cart.init/1\"},\"current_function\":{\"module\":\"gen_server\","
                "\"function\":\"loop\",\"arity\":7,\"text\":\"gen_server:loop/7\"},\"application\":\"shop\",\"status\":\"waiting\","
                "\"memory_bytes\":9000,\"total_heap_bytes\":800,\"stack_bytes\":80,\"off_heap_bytes\":640,\"binary_bytes\":null,"
                "\"message_queue_len\":3,\"reductions_count\":12345,\"monitors_count\":5,\"monitored_by_count\":2,\"links_count\":1,"
                "\"exact\":true}");
    EXPECT_META("", "{\"node\":\"shop@127.0.0.1\",\"collected_at\":\"2026-11-23T08:00:00.123Z\",\"duration_ms\":7,\"warnings\":[],"
                    "\"process_count\":1000,\"scanned_count\":998,\"skipped_count\":0,\"returned_count\":3,\"truncated\":false,"
                    "\"exact\":true,\"sorted_by\":\"monitors_count\"}");
}

static void cuts_at_the_limit_and_says_so(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " limit=2", NULL);
    fake_answer(SCAN_OF(THREE, "memory", "[0,1,2]", "0", "0"));
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT_META("truncated", "true");
    EXPECT_META("returned_count", "2");
}

static void leaves_out_what_is_under_min(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " min=7000", NULL);
    fake_answer(SCAN_OF(THREE, "memory", "[0,1,2]", "0", "0"));
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT_META("truncated", "false");
    fake_call("listProcesses", SHOP " sort=total_heap min=801", NULL); /* 100 words of 8 bytes */
    fake_answer(SCAN_OF(THREE, "total_heap", "[0,1,2]", "0", "0"));
    assert_int_equal(json_array_size(fake.data), 0);
}

static void figures_of_the_scan_pass_through(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP, NULL);
    fake_answer("{\"process_count\":9,\"scanned_count\":7,\"skipped_count\":2,\"word_bytes\":8,\"exact\":{\"memory\":false},"
                "\"skipped\":[{\"pid\":\"<0.77.0>\",\"node\":\"shop@127.0.0.1\"},{\"pid\":\"<0.78.0>\",\"node\":\"shop@127.0.0.1\"}],"
                "\"rankings\":{\"memory\":[]},\"rows\":[]}");
    EXPECT("", "[]");
    EXPECT_META("exact", "false");
    EXPECT_META("process_count", "9");
    EXPECT_META("scanned_count", "7");
    EXPECT_META("skipped_count", "2");
    EXPECT_META("warnings", "[\"2 processes did not answer in time, perhaps because of long native calls, "
                            "and are skipped: <0.77.0>, <0.78.0>\"]");
}

static void processes_that_ended_before_they_were_asked_are_told_where_they_are_many(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP, NULL);
    fake_answer("{\"process_count\":951,\"scanned_count\":47,\"skipped_count\":0,\"word_bytes\":8,\"exact\":{\"memory\":true},"
                "\"rankings\":{\"memory\":[]},\"rows\":[]}");
    EXPECT_META("warnings", "[\"904 of 951 processes ended before they could be asked: many processes of this node live only for a moment, "
                            "and what they do is not reported\"]");
    fake_call("listProcesses", SHOP, NULL);
    fake_answer("{\"process_count\":951,\"scanned_count\":900,\"skipped_count\":0,\"word_bytes\":8,\"exact\":{\"memory\":true},"
                "\"rankings\":{\"memory\":[]},\"rows\":[]}");
    EXPECT_META("warnings", "[]");
}

static void a_ranking_that_lacks_the_silent_is_not_exact(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP, NULL);
    fake_answer("{\"process_count\":3,\"scanned_count\":2,\"skipped_count\":1,\"word_bytes\":8,\"exact\":{\"memory\":false},"
                "\"rankings\":{\"memory\":[]},\"next_bound\":{},\"rows\":[]}");
    EXPECT_META("exact", "false");
}

#define PARTIAL                                                                                                                            \
    "{\"pid\":\"<0.9.0>\",\"registered_name\":[],\"label\":null,\"initial_call\":null,\"current_function\":null,\"application\":null,"     \
    "\"status\":null,\"memory\":null,\"memory_min\":5000,\"total_heap_size\":null,\"stack_size\":4,\"off_heap_bytes\":null,"               \
    "\"message_queue_len\":7,\"reductions\":8,\"monitors_count\":null,\"monitored_by_count\":null,\"links_count\":null,\"exact\":false}"

static void a_busy_node_tells_what_is_known(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " sort=message_queue_len", NULL);
    fake_answer("{\"process_count\":20000,\"scanned_count\":13211,\"skipped_count\":6789,\"word_bytes\":8,\"run_queue_count\":16,"
                "\"schedulers_online_count\":2,\"long_mailbox_count\":1,\"exact\":{\"message_queue_len\":true},"
                "\"rankings\":{\"message_queue_len\":[0]},\"next_bound\":{},\"rows\":[" PARTIAL "]}");
    EXPECT("0.memory_bytes", "null");
    EXPECT("0.memory_bytes_min", "5000");
    EXPECT("0.total_heap_bytes", "null");
    EXPECT("0.message_queue_len", "7");
    EXPECT_META("exact", "true");
    EXPECT_META("skipped_count", "6789");
    EXPECT_META(
        "warnings",
        "[\"1 process has more than 100,000 messages and was not asked for memory, because a process walks its whole mailbox to report "
        "it: only a lower bound of it is known (memory_bytes_min, \xe2\x89\xa5 in tables); ask for the process itself to learn more\","
        "\"2 schedulers are busy and 16 processes wait to run: 13,211 of 20,000 processes reported all their figures in time, "
        "and the figures of the others are null; allow more with timeout_ms\"]");
}

static void a_full_ranking_says_that_there_may_be_more(void **state)
{
    static char text[40000] = ROW("<0.1.0>", "10", "1"), places[200] = "[0";
    (void)state;
    for (int i = 1; i < 50; i++) {
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), ",%s", ROW("<0.1.0>", "10", "1"));
        (void)snprintf(places + strlen(places), sizeof places - strlen(places), ",%d", i);
    }
    static char json[45000];
    (void)snprintf(json, sizeof json, SCAN_OF("%s", "memory", "%s]", "0", "0"), text, places);
    fake_call("listProcesses", SHOP " limit=50", NULL);
    fake_answer(json);
    assert_int_equal(json_array_size(fake.data), 50);
    EXPECT_META("truncated", "true");
}

/* One each is nothing to speak of. */
static void what_those_may_have_that_are_not_listed_is_said_from_two_on(void **state)
{
    (void)state;
    for (int most = 1; most <= 2; most++) {
        char json[1500];
        (void)snprintf(
            json, sizeof json,
            "{\"process_count\":9,\"scanned_count\":9,\"skipped_count\":0,\"word_bytes\":8,\"rows\":[" ROW(
                "<0.10.0>", "9", "0") "],"
                                      "\"rankings\":{\"monitors\":[0]},\"exact\":{\"monitors\":false},\"next_bound\":{\"monitors\":%d}}",
            most);
        fake_call("listProcesses", SHOP " sort=monitors", NULL);
        fake_answer(json);
        EXPECT_META("exact", "false");
        EXPECT_META("warnings", most == 1 ? "[]" : "[\"processes that are not listed may have up to 2 each\"]");
    }
}

static void counts_from_the_top_only(void **state)
{
    static const char *const keys[] = {"monitors", "monitored_by", "links"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        char params[100];
        (void)snprintf(params, sizeof params, SHOP " order=asc sort=%s", keys[i]);
        fake_call("listProcesses", params, NULL);
        fake_expect_failure(BG_INVALID, "from the top only");
        assert_string_equal(fake.failure.param, "order");
        assert_int_equal(fake.asks_count, 0);
    }
}

static void estimates_are_marked_and_bounded(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " sort=monitors", NULL);
    fake_answer(SCAN_OF("{\"pid\":\"<0.1.0>\",\"memory\":1,\"total_heap_size\":5,\"stack_size\":1,\"message_queue_len\":0,\"reductions\":1,"
                        "\"monitors_count\":500000,\"monitored_by_count\":null,\"links_count\":null,\"exact\":false,"
                        "\"entries_min\":300000,\"entries_max\":600000}",
                        "monitors", "[0]", "0", "0"));
    EXPECT("0.exact", "false");
    EXPECT("0.monitors_count_max", "600000");
    EXPECT("0.links_count_max", "600000");
}

static void odd_names_pass_through_unchanged(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP, NULL);
    fake_answer("{\"process_count\":2,\"scanned_count\":2,\"skipped_count\":0,\"word_bytes\":8,\"exact\":{\"memory\":true},"
                "\"rankings\":{\"memory\":[0]},\"rows\":[{\"pid\":{\"pid\":\"<0.1.0>\"},\"memory\":1,\"total_heap_size\":5,"
                "\"registered_name\":\"<script>|\\n\\u0001\",\"label\":{\"base64\":\"/w==\"},\"initial_call\":[\"Elixir\",true,0],"
                "\"current_function\":[\"Elixir.\",null,2],\"stack_size\":1,\"message_queue_len\":0,\"reductions\":1}]}");
    EXPECT("0.registered_name", "\"<script>|\\n\\u0001\"");
    EXPECT("0.label", "null");
    EXPECT("0.initial_call.text", "\"Elixir:true/0\"");
    EXPECT("0.current_function.text", "\"Elixir.:undefined/2\"");
}

static void malformed_answers_name_what_is_wrong(void **state)
{
    static const char *const samples[][2] = {
        {"[]", "process_count"},
        {"null", "process_count"},
        {"\"x\"", "process_count"},
        {"{\"process_count\":-1}", "process_count"},
        {"{\"process_count\":1,\"scanned_count\":\"many\"}", "scanned_count"},
        {"{\"process_count\":1,\"scanned_count\":1,\"skipped_count\":0}", "exact"},
        {SCAN_OF("", "stack", "[]", "0", "0"), "memory"},
        {SCAN_OF("", "memory", "{}", "0", "0"), "memory"},
        {SCAN_OF("", "memory", "[0]", "0", "0"), "an item of a list"},
        {SCAN_OF("", "memory", "[-1]", "0", "0"), "rankings"},
        {SCAN_OF("", "memory", "[null]", "0", "0"), "rankings"},
        {SCAN_OF("7", "memory", "[0]", "0", "0"), "an item of a list"},
        {SCAN_OF("{}", "memory", "[0]", "0", "0"), "pid"},
        {SCAN_OF("{\"pid\":7,\"memory\":1}", "memory", "[0]", "0", "0"), "pid"},
        {SCAN_OF(ROW("<0.1.0>", "\"1\"", "1"), "memory", "[0]", "0", "0"), "memory"},
        {SCAN_OF(ROW("<0.1.0>", "1", "1.5"), "memory", "[0]", "0", "0"), "monitors_count"},
        {SCAN_OF("{\"pid\":\"<0.1.0>\",\"memory\":1,\"initial_call\":[1,2,3]}", "memory", "[0]", "0", "0"), "initial_call"},
        {SCAN_OF("{\"pid\":\"<0.1.0>\",\"memory\":1,\"initial_call\":[\"a\",\"b\"]}", "memory", "[0]", "0", "0"), "initial_call"},
        {SCAN_OF("{\"pid\":\"<0.1.0>\",\"memory\":1,\"registered_name\":17}", "memory", "[0]", "0", "0"), "registered_name"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fake_call("listProcesses", SHOP, NULL);
        fake_answer(samples[i][0]);
        fake_expect_failure(BG_BAD_ANSWER, samples[i][1]);
        assert_non_null(strstr(fake.failure.text, "\"scan\""));
    }
}

static void a_ranking_longer_than_asked_for_is_refused(void **state)
{
    char places[200] = "[0";
    static char json[1000];
    (void)state;
    for (int i = 1; i < 51; i++)
        (void)snprintf(places + strlen(places), sizeof places - strlen(places), ",0");
    (void)snprintf(json, sizeof json, SCAN_OF("%s", "memory", "%s]", "0", "0"), ROW("<0.1.0>", "1", "1"), places);
    fake_call("listProcesses", SHOP, NULL);
    fake_answer(json);
    fake_expect_failure(BG_BAD_ANSWER, "ranks 51 processes");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(asks_one_scan_that_serves_every_sort_key),
        T(rounds_limits_up_and_takes_binaries_only_where_asked_for),
        T(shapes_rows_in_the_order_of_the_ranking),
        T(cuts_at_the_limit_and_says_so),
        T(leaves_out_what_is_under_min),
        T(figures_of_the_scan_pass_through),
        T(processes_that_ended_before_they_were_asked_are_told_where_they_are_many),
        T(a_ranking_that_lacks_the_silent_is_not_exact),
        T(a_busy_node_tells_what_is_known),
        T(a_full_ranking_says_that_there_may_be_more),
        T(what_those_may_have_that_are_not_listed_is_said_from_two_on),
        T(counts_from_the_top_only),
        T(estimates_are_marked_and_bounded),
        T(odd_names_pass_through_unchanged),
        T(malformed_answers_name_what_is_wrong),
        T(a_ranking_longer_than_asked_for_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
