/* test_monitors.c: the monitor ranking, the pairs, and one process's relations. */
#include "fake.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1"
#define PID(ID) "{\"pid\":\"" ID "\",\"node\":\"shop@127.0.0.1\"}"
#define REMOTE(ID) "{\"pid\":\"" ID "\",\"node\":\"pay@127.0.0.1\"}"
#define PEER(WHO, COUNT)                                                                                                                   \
    "{\"peer\":" WHO ",\"count\":" COUNT ",\"registered_name\":\"ledger\",\"initial_call\":[\"proc_lib\",\"init_p\",5],"                   \
    "\"started_as\":[\"ledger\",\"init\",1],\"alive\":true}"
#define LIST(COUNT, DISTINCT, EXACT, TOP) "{\"count\":" COUNT ",\"distinct_count\":" DISTINCT ",\"exact\":" EXACT ",\"top\":[" TOP "]}"
#define PROCESS(ID, DIRECTION, LIST)                                                                                                       \
    "{\"pid\":\"" ID                                                                                                                       \
    "\",\"row\":{\"registered_name\":\"cart\",\"started_as\":[\"Elixir.Cart\",\"init\",1],\"alive\":true},\"lists\":{\"" DIRECTION         \
    "\":" LIST "}}"
#define PROCESSES(LIST) "{\"duration_us\":9,\"processes\":[" LIST "]}"
#define TWO ROW("<0.10.0>", "9000", "500") "," ROW("<0.11.0>", "7000", "20") "," ROW("<0.12.0>", "10", "0")
#define SCAN SCAN_OF(TWO, "monitors", "[0,1,2]", "0", "0")

static void ranks_watchers_by_scan_then_lists_their_peers(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP " max_age_ms=50", NULL);
    assert_string_equal(fake.asks[0].question, "scan");
    EXPECT_ARG(0, "", "{\"limit\":50,\"order\":\"desc\",\"binary\":false,\"list_entries_max\":200000}");
    fake_answer(SCAN);
    assert_string_equal(fake.asks[1].question, "peers");
    EXPECT_ARG(1, "",
               "{\"pids\":[\"<0.10.0>\",\"<0.11.0>\"],\"directions\":[\"monitors\"],\"limit\":20,"
               "\"list_entries_max\":200000,\"exact\":false}");
    assert_int_equal(fake.asks[1].max_age_ms, 50);
    fake_answer(PROCESSES(
        PROCESS("<0.10.0>", "monitors", LIST("500", "2", "true", PEER(REMOTE("<0.7.0>"), "499") "," PEER(PID("<0.8.0>"), "1"))) "," //
        PROCESS("<0.11.0>", "monitors", LIST("20", "20", "true", PEER(PID("<0.8.0>"), "1")))));
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("0.monitors_count", "500");
    EXPECT("0.distinct_count", "2");
    EXPECT("0.duplication_ratio", "250.0");
    EXPECT("0.top_peers.0", "{\"text\":\"<0.7.0>\",\"pid\":\"<0.7.0>\",\"node\":\"pay@127.0.0.1\",\"name\":\"ledger\","
                            "\"registered_name\":\"ledger\",\"label\":null,"
                            "\"initial_call\":{\"module\":\"ledger\",\"function\":\"init\",\"arity\":1,\"text\":\"ledger:init/1\"},"
                            "\"alive\":true,\"count\":499}");
    EXPECT("1.duplication_ratio", "1.0");
    EXPECT_META("returned_count", "2");
    EXPECT_META("exact", "true");
    EXPECT_META("truncated", "false");
}

static void ranks_the_watched_too(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP " by=monitored_by peers=0", NULL);
    fake_answer(SCAN_OF(ROW("<0.10.0>", "9000", "500"), "monitored_by", "[0]", "0", "0"));
    EXPECT_ARG(1, "directions", "[\"monitored_by\"]");
    fake_answer(PROCESSES(PROCESS("<0.10.0>", "monitored_by", LIST("2", "1", "true", PEER(PID("<0.8.0>"), "2")))));
    EXPECT("0.duplication_ratio", "2.0");
    EXPECT("0.top_peers", "[]");
}

static void a_node_without_monitors_is_asked_once(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP, NULL);
    fake_answer(SCAN_OF(ROW("<0.12.0>", "1", "0"), "monitors", "[0]", "0", "0"));
    assert_int_equal(fake.asks_count, 1);
    EXPECT("", "[]");
    fake_call("listMonitors", SHOP " min=0", NULL);
    fake_answer(SCAN_OF(ROW("<0.12.0>", "1", "0"), "monitors", "[0]", "0", "0"));
    assert_int_equal(fake.asks_count, 1);
    EXPECT("0.distinct_count", "0");
    EXPECT("0.duplication_ratio", "null");
    fake_call("listMonitorPairs", SHOP " min=1", NULL);
    fake_answer(SCAN_OF("", "monitors", "[]", "0", "0"));
    assert_int_equal(fake.asks_count, 1);
    EXPECT("", "[]");
    EXPECT_META("exact", "true");
    EXPECT_META("truncated", "false");
}

static void a_process_that_died_meanwhile_is_left_out(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP, NULL);
    fake_answer(SCAN);
    fake_answer(PROCESSES("{\"pid\":\"<0.10.0>\",\"dead\":true}," PROCESS("<0.11.0>", "monitors", LIST("20", "20", "true", ""))));
    assert_int_equal(json_array_size(fake.data), 1);
    EXPECT("0.pid", "\"<0.11.0>\"");
    EXPECT("0.distinct_count", "20");
    EXPECT_META("returned_count", "1");
    EXPECT_META("warnings.0", "\"1 processes died while they were looked at and are left out\"");
}

static void pairs_come_most_first_with_a_stable_order(void **state)
{
    (void)state;
    fake_call("listMonitorPairs", SHOP " min=1", NULL);
    assert_string_equal(fake.asks[0].question, "scan");
    fake_answer(SCAN);
    EXPECT_ARG(1, "pids", "[\"<0.10.0>\",\"<0.11.0>\"]");
    fake_answer(
        PROCESSES(PROCESS("<0.11.0>", "monitors",
                          LIST("20", "2", "true", PEER("[\"pay\",\"pay@127.0.0.1\"]", "19") "," PEER(PID("<0.8.0>"), "1"))) "," //
                  PROCESS("<0.10.0>", "monitors", LIST("500", "2", "true", PEER(REMOTE("<0.7.0>"), "499") "," PEER(PID("<0.8.0>"), "1")))));
    assert_int_equal(json_array_size(fake.data), 4);
    EXPECT("0.count", "499");
    EXPECT("0.exact", "true");
    EXPECT("0.watcher", "{\"text\":\"<0.10.0>\",\"pid\":\"<0.10.0>\",\"node\":\"shop@127.0.0.1\",\"name\":\"cart\","
                        "\"registered_name\":\"cart\",\"label\":null,"
                        "\"initial_call\":{\"module\":\"Elixir.Cart\",\"function\":\"init\",\"arity\":1,\"text\":\"Cart.init/1\"},"
                        "\"alive\":true}");
    EXPECT("0.watched.pid", "\"<0.7.0>\"");
    EXPECT("1.watched", "{\"text\":\"pay\",\"name\":\"pay\",\"node\":\"pay@127.0.0.1\",\"alive\":true}");
    EXPECT("2.watcher.pid", "\"<0.10.0>\"");
    EXPECT("3.watcher.pid", "\"<0.11.0>\"");
    EXPECT_META("exact", "true");
    EXPECT_META("truncated", "false");
    EXPECT_META("returned_count", "4");
}

/* Two of three watchers' entries; the third might hold a pair of up to `bound`. */
static void ask_pairs_with_bound(const char *params, const char *bound)
{
    char json[4000];
    (void)snprintf(json, sizeof json, SCAN_OF("%s", "monitors", "[0,1]", "0", "%s"), TWO, bound);
    fake_call("listMonitorPairs", params, NULL);
    fake_answer(json);
    fake_answer(PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("500", "1", "true", PEER(REMOTE("<0.7.0>"), "500"))) "," //
                          PROCESS("<0.11.0>", "monitors", LIST("20", "1", "true", PEER(PID("<0.8.0>"), "20")))));
}

static void pairs_are_exact_only_down_to_the_next_watchers_bound(void **state)
{
    (void)state;
    ask_pairs_with_bound(SHOP " limit=2", "20");
    EXPECT_META("exact", "true");
    EXPECT_META("truncated", "true");
    ask_pairs_with_bound(SHOP " limit=2", "21");
    EXPECT_META("exact", "false");
    ask_pairs_with_bound(SHOP " limit=1", "21");
    EXPECT_META("exact", "true");
    assert_int_equal(json_array_size(fake.data), 1);
    ask_pairs_with_bound(SHOP " limit=20", "2");
    EXPECT_META("exact", "false");
    ask_pairs_with_bound(SHOP " limit=20 min=20", "19");
    EXPECT_META("exact", "true");
    EXPECT_META("truncated", "false");
}

static void watchers_past_the_listed_ones_bound_the_pairs(void **state)
{
    static char json[40000], rows[30000] = ROW("<0.1.0>", "1", "100"), places[200] = "[0";
    (void)state;
    for (int exact = 1; exact >= 0; exact--) {
        rows[0] = '\0';
        places[1] = '\0';
        for (int i = 0; i < 21; i++) {
            (void)snprintf(rows + strlen(rows), sizeof rows - strlen(rows),
                           "%s{\"pid\":\"<0.%d.0>\",\"memory\":1,\"total_heap_size\":5,"
                           "\"stack_size\":1,\"message_queue_len\":0,\"reductions\":1,\"monitors_count\":100,\"entries_max\":101,"
                           "\"exact\":%s}",
                           i > 0 ? "," : "", i, exact != 0 ? "true" : "false");
            (void)snprintf(places + strlen(places), sizeof places - strlen(places), "%s%d", i > 0 ? "," : "", i);
        }
        (void)snprintf(json, sizeof json, SCAN_OF("%s", "monitors", "%s]", "0", "3"), rows, places);
        fake_call("listMonitorPairs", SHOP " limit=1 min=1", NULL);
        fake_answer(json);
        assert_int_equal(json_array_size(fake_at(fake.asks[1].args, "pids")), 20);
        fake_answer(PROCESSES(PROCESS("<0.0.0>", "monitors", LIST("100", "1", "true", PEER(REMOTE("<0.7.0>"), "100")))));
        EXPECT_META("exact", exact != 0 ? "true" : "false");
    }
}

static void a_list_too_long_to_be_copied_is_told(void **state)
{
    (void)state;
    fake_call("listMonitorPairs", SHOP " min=1", NULL);
    fake_answer(SCAN);
    fake_answer(PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("500", "null", "false", ""))));
    EXPECT("0.count", "500");
    EXPECT("0.watched", "null");
    EXPECT_META("exact", "false");
    EXPECT_META("truncated", "true");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "<0.10.0>"));
    fake_call("listMonitorPairs", SHOP " exact=true min=1", NULL);
    fake_answer(SCAN);
    EXPECT_ARG(1, "exact", "true");
    fake_cancel();
}

static void exactness_beyond_the_usual_takes_the_scope_admin(void **state)
{
    static const char *const operations[] = {"listMonitorPairs", "listMonitors"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fake.is_reader = true;
        fake_call(operations[i], SHOP " exact=true", NULL);
        fake_answer(SCAN);
        EXPECT_ARG(1, "exact", "false");
        fake_answer(PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("500", "null", "false", ""))));
        fake_expect_failure(BG_FORBIDDEN, "scope admin");
        fake_call(operations[i], SHOP " exact=true", NULL);
        fake_answer(SCAN);
        fake_answer(PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("500", "1", "true", ""))));
        assert_int_equal(fake.status, 200);
        fake.is_reader = false;
        fake_call(operations[i], SHOP " exact=true", NULL);
        fake_answer(SCAN);
        EXPECT_ARG(1, "exact", "true");
        fake_answer(PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("500", "null", "false", ""))));
        assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "more than 2 GiB"));
        for (size_t at = 0; at < json_array_size(fake_at(fake.meta, "warnings")); at++) /* which it was */
            assert_null(strstr(json_string_value(json_array_get(fake_at(fake.meta, "warnings"), at)), "exact=true"));
        fake_call(operations[i], SHOP " exact=true", NULL);
        fake_answer(SCAN);
        fake_answer(PROCESSES(
            "{\"pid\":\"<0.10.0>\",\"late\":true,\"row\":{\"alive\":true},\"lists\":{\"monitors\":" LIST("500", "null", "false", "") "}}"));
        assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "too little time to count the lists"));
    }
}

/* A process that may have monitors, or something else in their place: listed, last, as unknown. */
#define DOUBTFUL(ID)                                                                                                                       \
    "{\"pid\":\"" ID "\",\"memory\":1,\"total_heap_size\":5,\"stack_size\":1,\"message_queue_len\":0,\"reductions\":1,"                    \
    "\"monitors_count\":null,\"monitored_by_count\":null,\"links_count\":null,\"exact\":false,\"entries_min\":0,\"entries_max\":300000}"
#define DOUBTED SCAN_OF(TWO "," DOUBTFUL("<0.20.0>") "," DOUBTFUL("<0.21.0>"), "monitors", "[0,1,3,4,2]", "0", "0")
#define DOUBTED_KNOWN                                                                                                                      \
    "{\"long\":[" PROCESS("<0.20.0>", "monitors", LIST("null", "null", "false", "")) "," PROCESS(                                          \
        "<0.21.0>", "monitors", LIST("null", "null", "false", "")) "],"                                                                    \
                                                                   "\"process_count\":1000,\"scanned_count\":998,\"skipped_count\":0,"     \
                                                                   "\"duration_us\":5000,\"word_bytes\":8,\"entry_bytes\":64,"             \
                                                                   "\"rows\":[" TWO "," DOUBTFUL("<0.20.0>") "," DOUBTFUL(                 \
                                                                       "<0.21.0>") "],\"rankings\":{\"monitors\":[0,1,3,4,2]},"            \
                                                                                   "\"exact\":{\"monitors\":true},\"next_bound\":{}}"

static void what_may_be_no_monitors_is_listed_as_unknown(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP, NULL);
    fake_answer(DOUBTED_KNOWN);
    EXPECT_ARG(1, "pids", "[\"<0.10.0>\",\"<0.11.0>\"]"); /* nothing more could be reported about the others */
    fake_answer(PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("null", "null", "false", ""))));
    assert_int_equal(json_array_size(fake.data), 4);
    EXPECT("2.pid", "\"<0.20.0>\"");
    EXPECT("2.monitors_count", "null");
    EXPECT("2.monitors_count_min", "0");
    EXPECT("2.monitors_count_max", "300000");
    EXPECT("2.duplication_ratio", "null");
    fake_call("listMonitors", SHOP " min=300001", NULL);
    fake_answer(DOUBTED_KNOWN);
    EXPECT("", "[]");
}

static void what_is_counted_exactly_takes_its_place(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP " exact=true", NULL);
    fake_answer(DOUBTED);
    fake_answer(PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("500", "1", "true", "")) "," //
                          PROCESS("<0.11.0>", "monitors", LIST("20", "1", "true", "")) ","  //
                          PROCESS("<0.20.0>", "monitors", LIST("100", "1", "true", "")) "," //
                          PROCESS("<0.21.0>", "monitors", LIST("0", "0", "true", ""))));
    assert_int_equal(json_array_size(fake.data), 3);
    EXPECT("0.pid", "\"<0.10.0>\"");
    EXPECT("1.pid", "\"<0.20.0>\"");
    EXPECT("1.monitors_count", "100");
    EXPECT("1.monitors_count_min", "100");
    EXPECT("1.monitors_count_max", "100");
    EXPECT("1.links_count_max", "300000");
    EXPECT("2.pid", "\"<0.11.0>\"");
    EXPECT_META("returned_count", "3");
    EXPECT_META("truncated", "false");
    fake_call("listMonitors", SHOP " exact=true limit=1", NULL);
    fake_answer(SCAN_OF(DOUBTFUL("<0.20.0>") "," ROW("<0.10.0>", "9000", "500"), "monitors", "[0,1]", "0", "0"));
    fake_answer(PROCESSES(PROCESS("<0.20.0>", "monitors", LIST("0", "0", "true", "")) "," //
                          PROCESS("<0.10.0>", "monitors", LIST("500", "1", "true", ""))));
    assert_int_equal(json_array_size(fake.data), 1);
    EXPECT("0.pid", "\"<0.10.0>\"");
    EXPECT_META("truncated", "false");
}

static void more_than_was_asked_for_is_refused(void **state)
{
    static char tops[200 * 21], json[200 * 40], many[200 * 30] = "";
    (void)state;
    for (int i = 0; i < 21; i++) {
        (void)snprintf(tops + strlen(tops), sizeof tops - strlen(tops), "%s%s", i > 0 ? "," : "",
                       "{\"peer\":{\"pid\":\"<0.1.0>\"},\"count\":1}");
        (void)snprintf(many + strlen(many), sizeof many - strlen(many), "%s%s", i > 0 ? "," : "",
                       PROCESS("<0.1.0>", "monitors", LIST("1", "1", "true", "")));
    }
    (void)snprintf(json, sizeof json, PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("21", "21", "true", "%s"))), tops);
    fake_call("listMonitorPairs", SHOP " min=1", NULL);
    fake_answer(SCAN);
    fake_answer(json);
    fake_expect_failure(BG_BAD_ANSWER, "top");
    (void)snprintf(json, sizeof json, PROCESSES("%s"), many);
    fake_call("listMonitorPairs", SHOP " min=1", NULL);
    fake_answer(SCAN);
    fake_answer(json);
    fake_expect_failure(BG_BAD_ANSWER, "more processes");
}

static void ranked_processes_stand_without_peers_that_came_too_late(void **state)
{
    (void)state;
    fake_call("listMonitors", SHOP, NULL);
    fake_answer(SCAN);
    fake_answer_failure(BG_DEADLINE, "shop@127.0.0.1 did not answer the question \"peers\" within 790 ms");
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("0.monitors_count", "500");
    EXPECT("0.distinct_count", "null");
    EXPECT("0.top_peers", "[]");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "no time left to ask"));
    fake_call("listMonitorPairs", SHOP, NULL);
    fake_answer(SCAN);
    fake_answer_failure(BG_DEADLINE, "shop@127.0.0.1 did not answer the question \"peers\" within 790 ms");
    assert_int_equal(json_array_size(fake.data), 2); /* an empty list would be read as no leak */
    EXPECT("0.count", "500");
    EXPECT("0.watcher.node", "\"shop@127.0.0.1\"");
    EXPECT("0.watched", "null");
    EXPECT("0.exact", "false");
    EXPECT_META("exact", "false");
    EXPECT_META("truncated", "true");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "no time left to ask"));
    fake_call("listMonitors", SHOP, NULL);
    fake_answer(SCAN);
    fake_answer_failure(BG_NODE_UNREACHABLE, "shop@127.0.0.1 is gone");
    fake_expect_failure(BG_NODE_UNREACHABLE, "is gone");
}

static void malformed_peers_are_refused(void **state)
{
    static const char *const samples[] = {
        "{}",
        "[]",
        "{\"processes\":{}}",
        PROCESSES("7"),
        PROCESSES("{\"pid\":7}"),
        PROCESSES("{\"pid\":\"<0.10.0>\"}"),
        PROCESSES("{\"pid\":\"<0.10.0>\",\"dead\":\"yes\"}"),
        PROCESSES("{\"pid\":\"<0.10.0>\",\"lists\":[]}"),
        PROCESSES(PROCESS("<0.10.0>", "links", LIST("1", "1", "true", ""))),
        PROCESSES(PROCESS("<0.10.0>", "monitors", "{}")),
        PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("1", "1", "true", "7"))),
        PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("1", "1", "true", "{\"count\":1}"))),
        PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("1", "1", "true", "{\"peer\":[\"a\"],\"count\":1}"))),
        PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("1", "1", "true", "{\"peer\":{\"pid\":1},\"count\":1}"))),
        PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("1", "1", "true", "{\"peer\":{\"pid\":\"<0.1.0>\"}}"))),
        PROCESSES(PROCESS("<0.10.0>", "monitors", LIST("\"1\"", "1", "true", ""))),
    };
    static const char *const operations[] = {"listMonitors", "listMonitorPairs"};
    (void)state;
    for (size_t i = 0; i < 2 * (sizeof samples / sizeof samples[0]); i++) {
        fake_call(operations[i % 2], SHOP " min=1", NULL);
        fake_answer(SCAN_OF(ROW("<0.10.0>", "9000", "500"), "monitors", "[0]", "0", "0"));
        fake_answer(samples[i / 2]);
        fake_expect_failure(BG_BAD_ANSWER, "\"peers\"");
    }
}

#define RELATIONS                                                                                                                          \
    PROCESSES("{\"pid\":\"<0.10.0>\",\"lists\":{\"monitors\":" LIST(                                                                       \
        "4", "2", "true",                                                                                                                  \
        PEER("{\"port\":\"#Port<0.5>\",\"node\":\"n@h\"}", "3") "," PEER(                                                                  \
            PID("<0.8.0>"), "1")) ",\"monitored_by\":" LIST("1", "1", "true",                                                              \
                                                            "{\"peer\":{\"reference\":\"#Ref<0.1.2.3>\",\"node\":\"n@h\"},"                \
                                                            "\"count\":1}") ",\"links\":" LIST("900000", "null", "false", "") "}}")

static void tells_the_relations_of_one_process(void **state)
{
    (void)state;
    fake_call("getProcessRelations", SHOP " pid=<0.10.0> limit=1", NULL);
    assert_string_equal(fake.asks[0].question, "peers");
    EXPECT_ARG(0, "",
               "{\"pids\":[\"<0.10.0>\"],\"directions\":[\"monitors\",\"monitored_by\",\"links\"],\"limit\":20,"
               "\"list_entries_max\":200000,\"exact\":false}");
    fake_answer(RELATIONS);
    assert_int_equal(json_array_size(fake.data), 3);
    EXPECT("0",
           "{\"direction\":\"monitors\",\"count\":4,\"exact\":true,\"uncounted_count\":null,\"distinct_count\":2,\"duplication_ratio\":2.0,"
           "\"uncounted_since_count\":null,\"top_peers\":[{\"text\":\"#Port<0.5>\",\"port\":\"#Port<0.5>\",\"node\":\"n@h\",\"alive\":true,"
           "\"count\":3}],\"counted_"
           "at\":null}");
    EXPECT("1.top_peers.0", "{\"text\":\"#Ref<0.1.2.3>\",\"reference\":\"#Ref<0.1.2.3>\",\"alive\":null,\"count\":1}");
    EXPECT("2.distinct_count", "null");
    EXPECT("2.exact", "false");
    assert_int_equal(json_array_size(fake_at(fake.meta, "warnings")), 1);
}

static void relations_flatten_to_a_row_per_peer(void **state)
{
    (void)state;
    fake_call("getProcessRelations", SHOP " pid=<0.10.0>", NULL);
    fake_answer(RELATIONS);
    json_t *rows = fake_endpoint("getProcessRelations")->rows(fake.data);
    assert_int_equal(json_array_size(rows), 4);
    fake_expect(rows, "0.direction", "\"monitors\"");
    fake_expect(rows, "0.count", "3");
    fake_expect(rows, "0.total_count", "4");
    fake_expect(rows, "1.peer.pid", "\"<0.8.0>\"");
    fake_expect(rows, "3",
                "{\"direction\":\"links\",\"total_count\":900000,\"distinct_count\":null,\"exact\":false,\"uncounted_count\":null,"
                "\"uncounted_since_count\":null}");
    json_decref(rows);
}

static void one_direction_asks_for_that_only(void **state)
{
    (void)state;
    fake_call("getProcessRelations", SHOP " pid=<0.10.0> direction=monitored_by exact=true limit=60", NULL);
    EXPECT_ARG(0, "directions", "[\"monitored_by\"]");
    EXPECT_ARG(0, "limit", "200");
    EXPECT_ARG(0, "exact", "true");
    fake_answer(PROCESSES("{\"pid\":\"<0.10.0>\",\"dead\":true}"));
    fake_expect_failure(BG_PROCESS_DEAD, "<0.10.0>");
}

static void relations_without_a_process_are_refused(void **state)
{
    (void)state;
    fake_call("getProcessRelations", SHOP " pid=<0.10.0>", NULL);
    fake_answer(PROCESSES(""));
    fake_expect_failure(BG_BAD_ANSWER, "an item of a list");
    fake_call("getProcessRelations", SHOP " pid=<5.10.0>", NULL);
    assert_string_equal(fake.asks[0].question, "owner");
    EXPECT_ARG(0, "", "{\"pid\":\"<5.10.0>\"}");
    fake_answer("{\"node\":\"pay@127.0.0.1\"}");
    fake_expect_failure(BG_NOT_FOUND, "pay@127.0.0.1");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(ranks_watchers_by_scan_then_lists_their_peers),
        T(ranks_the_watched_too),
        T(a_node_without_monitors_is_asked_once),
        T(a_process_that_died_meanwhile_is_left_out),
        T(pairs_come_most_first_with_a_stable_order),
        T(pairs_are_exact_only_down_to_the_next_watchers_bound),
        T(watchers_past_the_listed_ones_bound_the_pairs),
        T(a_list_too_long_to_be_copied_is_told),
        T(what_may_be_no_monitors_is_listed_as_unknown),
        T(what_is_counted_exactly_takes_its_place),
        T(exactness_beyond_the_usual_takes_the_scope_admin),
        T(more_than_was_asked_for_is_refused),
        T(ranked_processes_stand_without_peers_that_came_too_late),
        T(malformed_peers_are_refused),
        T(tells_the_relations_of_one_process),
        T(relations_flatten_to_a_row_per_peer),
        T(one_direction_asks_for_that_only),
        T(relations_without_a_process_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
