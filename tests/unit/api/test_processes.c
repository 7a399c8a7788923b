/* test_processes.c: the ranking of processes, and one process. */
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
    EXPECT_META("warnings", "[\"2 of the processes did not answer in time, as they may be in native code, "
                            "and are skipped: <0.77.0>, <0.78.0>\"]");
}

static void processes_that_ended_before_they_were_asked_are_told_where_they_are_many(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP, NULL);
    fake_answer("{\"process_count\":951,\"scanned_count\":47,\"skipped_count\":0,\"word_bytes\":8,\"exact\":{\"memory\":true},"
                "\"rankings\":{\"memory\":[]},\"rows\":[]}");
    EXPECT_META("warnings", "[\"904 of 951 processes ended before they could be asked: many are started and end here, and what they do in "
                            "their short lives is not reported\"]");
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
        "[\"1 process has more than 100,000 messages and was not asked for memory, as a process walks its whole mailbox to report it: "
        "what is reported of that is a lower bound (memory_bytes_min); ask for the process itself to know more\","
        "\"2 schedulers are busy and 16 processes wait to run: 13211 of 20000 processes reported all their figures in time, "
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

static void a_window_under_its_least_is_refused(void **state)
{
    (void)state;
    fake_call("listProcesses", SHOP " window_ms=99", NULL);
    fake_expect_failure(BG_INVALID, "100 to 30000");
    assert_string_equal(fake.failure.param, "window_ms");
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

#define PROCESS_OF(counts, entry)                                                                                                          \
    "{\"pid\":{\"pid\":\"<0.10.0>\",\"node\":\"n\"},\"registered_name\":\"cart\",\"memory\":9000,\"total_heap_size\":100,"                 \
    "\"stack_size\":10,\"message_queue_len\":3,\"reductions\":5,\"word_bytes\":8,\"garbage_collection_info\":[[\"x\",1],[\"heap_size\","   \
    "50]],"                                                                                                                                \
    "\"parent\":{\"pid\":\"<0.9.0>\"},\"group_leader\":{\"pid\":\"<0.8.0>\"},\"priority\":\"normal\",\"message_queue_data\":\"on_heap\","  \
    "\"trap_exit\":true,\"suspending\":[[1,1,0],[2,1,0]],\"current_stacktrace\":[[\"Elixir.Foo\",\"run\",2,"                               \
    "[[\"file\",[108,98,47,233,8364,128512]],[\"line\",87]]],[\"proc_lib\",\"init_p\",5,[]]],\"counts\":" counts ",\"entry\":" entry "}"
#define ENTRY(after)                                                                                                                       \
    "[[[\"memory\",3000],[\"total_heap_size\",233]],{\"reference\":\"r\"},[[\"memory\"," after "],[\"total_heap_size\",376]]]"
#define PROCESS PROCESS_OF("[5,2,1]", ENTRY("4208"))

/* Answers "process_info" with what a sample of a process has, as the native calls tell it. */
static void answer_process(const char *text)
{
    json_t *sample = json_loads(text, 0, NULL), *info = json_array(), *value;
    const char *key;
    assert_non_null(sample);
    json_object_foreach(sample, key, value) json_array_append_new(info, json_pack("[sO]", key, value));
    const json_t *entry = json_object_get(sample, "entry"), *counts = json_object_get(sample, "counts");
    json_t *answer = json_pack("{s:o,s:[s[[[]]][][]],s:O,s:[ss],s:[s[nn][][]]}", "info", info, "sizes", "ok", "word_bytes",
                               json_object_get(sample, "word_bytes"), "application", "ok", "shop", "noted", "ok");
    if (json_is_array(counts))
        json_array_append(json_array_get(json_object_get(answer, "sizes"), 1), (json_t *)counts);
    assert_non_null(answer);
    fake_answer_value(answer);
    if (fake.endings == 0) {
        json_t *size = json_object();
        for (size_t i = 0; i < json_array_size(entry); i++)
            json_object_set(size, (const char *[]){"entry_before", "entry_monitor", "entry_after"}[i], json_array_get(entry, i));
        assert_string_equal(fake.asks[1].question, "entry");
        fake_answer_value(size);
        json_decref(size);
    }
    json_decref(answer);
    json_decref(sample);
}

static void tells_one_process(void **state)
{
    (void)state;
    fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
    assert_string_equal(fake.asks[0].question, "process_info");
    EXPECT_ARG(0, "", "{\"pid\":\"<0.10.0>\"}");
    answer_process(PROCESS);
    assert_int_equal(fake.status, 200);
    EXPECT("registered_name", "\"cart\"");
    EXPECT("parent", "\"<0.9.0>\"");
    EXPECT("group_leader", "\"<0.8.0>\"");
    EXPECT("priority", "\"normal\"");
    EXPECT("trap_exit", "true");
    EXPECT("message_queue_data", "\"on_heap\"");
    EXPECT("suspending_count", "2");
    EXPECT("monitors_count", "5");
    EXPECT("monitored_by_count", "2");
    EXPECT("links_count", "1");
    EXPECT("exact", "true");
    EXPECT("off_heap_bytes", "8200");
    EXPECT("memory_split", "{\"heap_bytes\":800,\"off_heap_bytes\":8200,\"mailbox_bytes\":264,"
                           "\"monitors_estimate_bytes\":512,\"other_bytes\":7424}");
    EXPECT("garbage_collection.heap_bytes", "400");
    EXPECT("garbage_collection.old_heap_bytes", "null");
    EXPECT("stack.0", "{\"module\":\"Elixir.Foo\",\"function\":\"run\",\"arity\":2,\"text\":\"Foo.run/2\",\"file\":\"lb/"
                      "\u00e9\u20ac\U0001F600\",\"line\":87}");
    EXPECT("stack.1.file", "null");
    EXPECT("stack.1.line", "null");
    assert_null(json_object_get(fake.meta, "process_count"));
}

#define LISTED(LIST, UNCOUNTED) "{\"count\":" LIST ",\"distinct_count\":1,\"exact\":false,\"uncounted\":" UNCOUNTED ",\"top\":[]}"

/* Its lists are as `peers` tells them, of everywhere else. */
static void one_process_with_too_long_lists_is_as_its_relations(void **state)
{
    static const struct {
        const char *uncounted, *monitors, *uncounted_count;
    } cases[] = {{"false", "150", "null"}, {"true", "null", "190"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char peers[800];
        (void)snprintf(
            peers, sizeof peers,
            "{\"processes\":[{\"pid\":\"<0.10.0>\",\"dead\":false,\"row\":{},\"entries_max\":190,\"lists\":{\"monitors\":" LISTED(
                "150", "%s") ",\"monitored_by\":" LISTED("150", "%s") ",\"links\":" LISTED("0", "%s") "}}]}",
            cases[i].uncounted, cases[i].uncounted, cases[i].uncounted);
        fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
        answer_process(PROCESS_OF("null", ENTRY("4208")));
        assert_string_equal(fake.asks[2].question, "peers");
        EXPECT_ARG(2, "directions", "[\"monitors\",\"monitored_by\",\"links\"]");
        fake_answer(peers);
        EXPECT("exact", "false");
        EXPECT("monitors_count", cases[i].monitors);
        EXPECT("monitors_count_max", "190");
        EXPECT("uncounted_count", cases[i].uncounted_count);
        assert_int_equal(json_array_size(fake_at(fake.meta, "warnings")), i);
    }
}

static void one_process_with_too_long_lists_is_estimated(void **state)
{
    (void)state;
    fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
    answer_process(PROCESS_OF("null", ENTRY("4144"))); /* a monitor of no size */
    fake_answer_failure(BG_DEADLINE, "peers were late");
    EXPECT("exact", "false");
    EXPECT("monitors_count", "null");
    EXPECT("monitored_by_count", "null");
    EXPECT("links_count", "null");
    EXPECT("monitors_count_min", "0");
    EXPECT("links_count_max", "198");
    EXPECT("uncounted_count", "198");
    EXPECT("memory_split.other_bytes", "0"); /* all of it may be theirs */
    EXPECT_META("warnings", "[\"there was no time left to ask for the entries of the process: of them only a bound is known\","
                            "\"<0.10.0> has up to 198 entries, of monitors, monitored_by or links; not counted\"]");
}

static void a_long_mailbox_is_walked_at_a_cost_that_is_told(void **state)
{
    (void)state;
    json_t *sample = json_loads(PROCESS, 0, NULL);
    json_object_set_new(sample, "message_queue_len", json_integer(10000000));
    char *text = json_dumps(sample, 0);
    fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
    answer_process(text);
    EXPECT_META(
        "warnings",
        "[\"the process has 10000000 messages and walks them all twice to report its memory and heap, which holds up its scheduler: the "
        "answer took 6 ms, and asking again takes it as long\"]");
    fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
    answer_process(PROCESS);
    EXPECT_META("warnings", "[]");
    free(text);
    json_decref(sample);
}

static void one_process_as_rows_of_fields(void **state)
{
    (void)state;
    fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
    answer_process(PROCESS);
    json_t *rows = fake_endpoint("getProcess")->rows(fake.data);
    fake_expect(rows, "0", "{\"field\":\"pid\",\"value\":\"<0.10.0>\"}");
    bool found = false;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *field = json_string_value(fake_at(json_array_get(rows, i), "field"));
        if (strcmp(field, "stack.0") == 0) {
            fake_expect(json_array_get(rows, i), "value", "\"Foo.run/2\"");
            found = true;
        }
    }
    assert_true(found);
    json_decref(rows);
}

static void a_dead_process_is_gone(void **state)
{
    (void)state;
    fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
    fake_answer("{\"info\":null,\"sizes\":[\"ok\",[[null]],[],[]],\"word_bytes\":8}");
    fake_expect_failure(BG_PROCESS_DEAD, "<0.10.0>");
    fake_call("getProcess", SHOP " pid=<9123.10.0>", NULL);
    assert_string_equal(fake.asks[0].question, "owner");
    fake_answer("{\"node\":\"pay@127.0.0.1\"}");
    fake_expect_failure(BG_NOT_FOUND, "<9123.10.0> belongs to the node pay@127.0.0.1");
}

static void what_is_not_told_natively_is_asked_for(void **state)
{
    (void)state;
    json_t *answer =
        json_loads("{\"sizes\":[\"ok\",[[[[\"memory\",9000],[\"total_heap_size\",100]]]],[],[]],\"info\":[[\"registered_name\",[]],"
                   "[\"message_queue_len\",0],[\"reductions\",5],[\"stack_size\",1],[\"garbage_collection_info\",[]],"
                   "[\"trap_exit\",false],[\"suspending\",[]]],\"word_bytes\":8,\"noted\":[\"ok\",false,[],[]]}",
                   0, NULL);
    for (int i = 0; i < 2; i++) { /* as releases before OTP 26.2 do, and then as newer ones with an odd label */
        json_object_set_new(answer, "noted", i == 0 ? json_null() : json_pack("[sb[][]]", "ok", 0));
        fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
        fake_answer_value(answer);
        assert_string_equal(fake.asks[1].question, "notes");
        EXPECT_ARG(1, "", "{\"pid\":\"<0.10.0>\",\"heap_bytes\":1048576}");
        fake_answer("{\"started_as\":[\"Elixir.Cart\",\"init\",1],\"label\":\"cart 7\"}");
        assert_string_equal(fake.asks[2].question, "entry");
        fake_answer("{}");
        assert_string_equal(fake.asks[3].question, "peers");
        fake_answer_failure(BG_DEADLINE, "peers were late");
        assert_int_equal(fake.status, 200);
        EXPECT("label", "\"cart 7\"");
        EXPECT("monitors_count_min", "0");
        fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
        fake_answer_value(answer);
        fake_answer_failure(BG_ATOM_TABLE_FULL, "nearly full");
        fake_answer("{}");
        fake_answer_failure(BG_DEADLINE, "peers were late");
        assert_int_equal(fake.status, 200);
        EXPECT("label", "null");
        assert_int_equal(json_array_size(json_object_get(fake.meta, "warnings")), 3);
    }
    json_decref(answer);
}

static void a_malformed_process_is_refused(void **state)
{
    static const char *const samples[] = {
        "{\"info\":null,\"sizes\":[\"ok\",[[null]],[],[]]}",
        "{\"info\":[],\"sizes\":[\"ok\",[[[],null]],[],[]]}",
        "{}",
        "[]",
        "{\"sizes\":1}",
        "{\"sizes\":[]}",
        "{\"info\":[],\"sizes\":[\"error\",[]]}",
        "{\"info\":1,\"sizes\":[\"ok\",[[]],[],[]]}",
        "{\"info\":[],\"sizes\":[\"ok\",[[[[\"memory\",1]]],[1]],[],[]],\"word_bytes\":8,\"noted\":[\"ok\",[null,null],[],[]]}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fake_call("getProcess", SHOP " pid=<0.10.0>", NULL);
        fake_answer(samples[i]);
        if (fake.endings == 0) /* the size of a monitor is asked for where notes are told */
            fake_answer("{}");
        fake_expect_failure(i < 2 ? BG_PROCESS_DEAD : BG_BAD_ANSWER, i < 2 ? "<0.10.0>" : "\"process_info\"");
    }
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
        T(counts_from_the_top_only),
        T(a_window_waits_for_its_own_length_too),
        T(a_window_under_its_least_is_refused),
        T(estimates_are_marked_and_bounded),
        T(odd_names_pass_through_unchanged),
        T(malformed_answers_name_what_is_wrong),
        T(a_ranking_longer_than_asked_for_is_refused),
        T(tells_one_process),
        T(one_process_with_too_long_lists_is_as_its_relations),
        T(one_process_with_too_long_lists_is_estimated),
        T(a_long_mailbox_is_walked_at_a_cost_that_is_told),
        T(one_process_as_rows_of_fields),
        T(a_dead_process_is_gone),
        T(what_is_not_told_natively_is_asked_for),
        T(a_malformed_process_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
