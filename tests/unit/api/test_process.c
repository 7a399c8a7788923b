/* test_process.c: one process, as the node reports it natively, with its lists as in its relations. */
#include "fake.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1"

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

/* Answers "process_info" with a sample of a process, as the native calls return it. */
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

/* Its lists are as in the answer to `peers`, as everywhere else. */
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
                            "\"<0.10.0> has up to 198 entries that were not counted (monitors, monitored_by and links together)\"]");
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
        "[\"the process has 10,000,000 messages and walks them all twice to report its memory and heap, which holds up its scheduler: the "
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
        if (fake.endings == 0) /* the size of a monitor is asked for if notes are reported */
            fake_answer("{}");
        fake_expect_failure(i < 2 ? BG_PROCESS_DEAD : BG_BAD_ANSWER, i < 2 ? "<0.10.0>" : "\"process_info\"");
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
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
