/* test_parity.c: ets, ports, sockets, applications, schedulers, distribution and binaries. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1"
#define OWNER                                                                                                                              \
    "{\"peer\":{\"pid\":\"<0.9.0>\",\"node\":\"shop@127.0.0.1\"},\"registered_name\":\"cart\",\"initial_call\":[\"m\",\"f\",1],"           \
    "\"started_as\":null,\"alive\":true,\"application\":\"shop\"}"
#define OWNER_REF                                                                                                                          \
    "{\"text\":\"<0.9.0>\",\"pid\":\"<0.9.0>\",\"node\":\"shop@127.0.0.1\",\"name\":\"cart\",\"registered_name\":\"cart\",\"label\":null," \
    "\"initial_call\":{\"module\":\"m\",\"function\":\"f\",\"arity\":1,\"text\":\"m:f/1\"},\"alive\":true}"
#define TABLE(TABLE_ID, DELTA)                                                                                                             \
    "{\"table\":" TABLE_ID ",\"name\":\"carts\",\"named\":false,\"owner\":" OWNER                                                          \
    ",\"type\":\"set\",\"protection\":\"public\",\"compressed\":true,\"size_count\":5,\"memory_bytes\":800,\"delta\":" DELTA               \
    ",\"window_us\":500000}"
#define TABLES(ROWS, SEEN, GONE) "{\"rows\":[" ROWS "],\"seen_count\":" SEEN ",\"gone_count\":" GONE ",\"word_bytes\":8}"
#define REFERENCE "{\"reference\":\"#Ref<0.1.2.3>\",\"node\":\"shop@127.0.0.1\"}"
#define PORT(OWNER_OR_NULL)                                                                                                                \
    "{\"port\":{\"port\":\"#Port<0.7>\",\"node\":\"shop@127.0.0.1\"},\"name\":\"tcp_inet\",\"owner\":" OWNER_OR_NULL                       \
    ",\"os_pid\":null,\"queue_bytes\":1,\"input_bytes\":2,\"output_bytes\":3,\"memory_bytes\":4,\"links_count\":5,"                        \
    "\"local_address\":\"127.0.0.1:80\",\"peer_address\":null,\"delta\":30,\"window_us\":2000000}"
#define PORTS(ROWS) "{\"rows\":[" ROWS "],\"seen_count\":1,\"gone_count\":0,\"kinds\":[[\"tcp_inet\",200],[\"program\",8]]}"
#define SOCKET(SOCKET_ID, PROTOCOL)                                                                                                        \
    "{\"socket\":" SOCKET_ID ",\"owner\":null,\"domain\":\"inet\",\"type\":\"stream\",\"protocol\":" PROTOCOL                              \
    ",\"input_bytes\":1,\"output_bytes\":2,\"input_packets_count\":3,\"output_packets_count\":4,\"readers_count\":5,"                      \
    "\"writers_count\":6,\"local_address\":null,\"peer_address\":\"[::1]:80\",\"delta\":1,\"window_us\":0}"
#define APPLICATION(NAME)                                                                                                                  \
    "{\"name\":" NAME ",\"version\":\"1.0\",\"running\":true,\"memory_bytes\":100,\"process_count\":2,\"total_heap_words\":10,"            \
    "\"message_queue_len\":3,\"reductions_count\":4}"
#define SCANNED "\"process_count\":9,\"scanned_count\":8,\"skipped_count\":0,\"word_bytes\":8"
#define APPLICATIONS(ROWS, COUNT) "{\"rows\":[" ROWS "],\"application_count\":" COUNT "," SCANNED "}"
#define SCHEDULER(ID, TYPE, ONLINE, ACTIVE, TOTAL)                                                                                         \
    "{\"id\":" ID ",\"type\":\"" TYPE "\",\"online\":" ONLINE ",\"active_us\":" ACTIVE ",\"total_us\":" TOTAL "}"
#define SCHEDULERS(ROWS) "{\"schedulers\":[" ROWS "],\"run_queue_counts\":[1,2],\"dirty_run_queue_counts\":[3,4],\"measured_before\":false}"
#define CONNECTION(CONTROLLER, QUEUE, INPUT, WINDOW)                                                                                       \
    "{\"peer_node\":\"b@h\",\"hidden\":false,\"controller\":" CONTROLLER ",\"queue_bytes\":" QUEUE ",\"input_bytes\":" INPUT               \
    ",\"output_bytes\":20,\"input_delta\":100,\"output_delta\":50,\"window_us\":" WINDOW ",\"owner\":" OWNER                               \
    ",\"message_queue_len\":1,\"memory_bytes\":2,\"status\":\"waiting\",\"local_address\":null,\"peer_address\":\"10.0.0.1:4370\"}"
#define CONNECTIONS(ROWS) "{\"rows\":[" ROWS "],\"seen_count\":3,\"gone_count\":1,\"busy_limit_bytes\":1000,\"suspended_process_count\":7}"
#define PROCESS "\"pid\":{\"pid\":\"<0.9.0>\",\"node\":\"shop@127.0.0.1\"},\"registered_name\":[],\"initial_call\":[\"m\",\"f\",1]"
#define BINARY(COUNT, EXACT)                                                                                                               \
    "{" PROCESS ",\"application\":null,\"referred_bytes\":900,\"binary_bytes\":" COUNT ",\"sole_binary_bytes\":" COUNT                     \
    ",\"binary_count\":" COUNT ",\"binary_references_count\":" COUNT ",\"memory\":50,\"total_heap_size\":4,\"message_queue_len\":0,"       \
    "\"minor_gcs_count\":7,\"fullsweep_after_count\":65535,\"exact\":" EXACT "}"
#define BINARIES(ROWS) "{\"rows\":[" ROWS "],\"binary_memory_bytes\":1234," SCANNED "}"
#define COLLECTED(BEFORE, AFTER)                                                                                                           \
    "{\"rows\":[{" PROCESS ",\"outcome\":\"collected\",\"referred_before_bytes\":" BEFORE ",\"referred_after_bytes\":" AFTER               \
    ",\"memory_before_bytes\":5,\"memory_after_bytes\":6}],\"process_count\":9,\"scanned_count\":9,\"skipped_count\":0,"                   \
    "\"long_mailbox_count\":2,\"binary_memory_before_bytes\":2000,\"binary_memory_after_bytes\":1500}"

#define BRANCH(PARENT)                                                                                                                     \
    "{" PROCESS ",\"parent\":" PARENT ",\"depth\":2,\"children_count\":3,\"supervisor\":true,\"memory\":50,\"total_heap_size\":4,"         \
    "\"message_queue_len\":0}"
#define TREE(ROWS, COUNT) "{\"found\":\"running\",\"rows\":[" ROWS "],\"member_count\":" COUNT ",\"word_bytes\":8}"

static void ranks_tables(void **state)
{
    (void)state;
    fake_call("listTables", SHOP, NULL);
    assert_string_equal(fake.asks[0].question, "tables");
    fake_expect(fake.asks[0].args, "", "{\"sort\":\"memory\",\"limit\":50,\"window_ms\":0}");
    fake_answer(TABLES(TABLE(REFERENCE, "0") "," TABLE("\"carts\"", "0"), "2", "0"));
    EXPECT("0", "{\"table\":\"#Ref<0.1.2.3>\",\"name\":\"carts\",\"named\":false,\"owner\":" OWNER_REF
                ",\"application\":\"shop\",\"type\":\"set\",\"protection\":\"public\",\"compressed\":true,\"size_count\":5,"
                "\"memory_bytes\":800}");
    EXPECT("1.table", "\"carts\"");
    EXPECT_META("table_count", "2");
    EXPECT_META("returned_count", "2");
    EXPECT_META("truncated", "false");
}

static void a_window_adds_the_change(void **state)
{
    (void)state;
    fake_call("listTables", SHOP " window_ms=500 timeout_ms=2000", NULL);
    EXPECT_ARG(0, "window_ms", "500");
    assert_int_equal(fake.asks[0].timeout_ms, 2500);
    fake_answer(TABLES(TABLE(REFERENCE, "-3"), "1", "0"));
    EXPECT("0.memory_bytes_delta", "-24");
    EXPECT("0.memory_bytes_per_second", "-48.0");
    fake_call("listTables", SHOP " window_ms=500 sort=size", NULL);
    fake_answer(TABLES(TABLE(REFERENCE, "3"), "1", "0"));
    EXPECT("0.size_count_delta", "3");
    EXPECT("0.size_count_per_second", "6.0");
}

static void a_change_too_large_for_bytes_is_none(void **state)
{
    (void)state;
    fake_call("listTables", SHOP " window_ms=500", NULL);
    fake_answer(TABLES(TABLE(REFERENCE, "9000000000000000000"), "1", "0"));
    EXPECT("0.memory_bytes_delta", "0");
}

static void short_windows_are_refused(void **state)
{
    static const char *const operations[] = {"listTables", "listPorts", "listSockets", "listConnections"};
    (void)state;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
        fake_call(operations[i], SHOP " window_ms=99", NULL);
        fake_expect_failure(BG_INVALID, "100 to 30000");
        assert_string_equal(fake.failure.param, "window_ms");
        assert_int_equal(fake.asks_count, 0);
    }
}

static void limits_are_kept_and_said(void **state)
{
    (void)state;
    fake_call("listTables", SHOP " limit=1", NULL);
    fake_answer(TABLES(TABLE(REFERENCE, "0") "," TABLE(REFERENCE, "0"), "2", "0"));
    assert_int_equal(json_array_size(fake.data), 1);
    EXPECT_META("truncated", "true");
    fake_call("listTables", SHOP, NULL);
    fake_answer(TABLES(TABLE(REFERENCE, "0"), "5", "3"));
    EXPECT_META("truncated", "true");
    EXPECT_META("skipped_count", "3");
    fake_call("listTables", SHOP " limit=201", NULL);
    EXPECT_ARG(0, "limit", "1000");
    fake_answer(TABLES(TABLE(REFERENCE, "0"), "4", "3"));
    EXPECT_META("truncated", "false");
}

static void ranks_ports(void **state)
{
    (void)state;
    fake_call("listPorts", SHOP " sort=output window_ms=2000", NULL);
    assert_string_equal(fake.asks[0].question, "ports");
    EXPECT_ARG(0, "sort", "\"output\"");
    fake_answer(PORTS(PORT("null")));
    EXPECT("0", "{\"port\":\"#Port<0.7>\",\"name\":\"tcp_inet\",\"os_pid\":null,\"queue_bytes\":1,\"input_bytes\":2,\"output_bytes\":3,"
                "\"memory_bytes\":4,\"buffer_bytes\":null,\"links_count\":5,\"local_address\":\"127.0.0.1:80\",\"peer_address\":null,"
                "\"owner\":null,"
                "\"application\":null,\"output_bytes_delta\":30,\"output_bytes_per_second\":15.0}");
    EXPECT_META("port_count", "1");
    EXPECT_META("kinds", "[{\"kind\":\"tcp_inet\",\"port_count\":200},{\"kind\":\"program\",\"port_count\":8}]");
    EXPECT_META("summary", "\"200 x tcp_inet, 8 x program\"");
    fake_call("listPorts", SHOP, NULL);
    EXPECT_ARG(0, "sort", "\"queue\"");
    fake_answer(PORTS(PORT(OWNER)));
    EXPECT("0.owner", OWNER_REF);
    EXPECT("0.application", "\"shop\"");
}

static void ranks_sockets(void **state)
{
    (void)state;
    fake_call("listSockets", SHOP, NULL);
    assert_string_equal(fake.asks[0].question, "sockets");
    fake_answer(PORTS(SOCKET(REFERENCE, "\"tcp\"") "," SOCKET(REFERENCE, "132")));
    EXPECT("0", "{\"socket\":\"#Ref<0.1.2.3>\",\"domain\":\"inet\",\"type\":\"stream\",\"protocol\":\"tcp\",\"input_bytes\":1,"
                "\"output_bytes\":2,\"input_packets_count\":3,\"output_packets_count\":4,\"readers_count\":5,\"writers_count\":6,"
                "\"local_address\":null,\"peer_address\":\"[::1]:80\",\"owner\":null,\"application\":null}");
    EXPECT("1.protocol", "null");
    EXPECT_META("socket_count", "1");
}

static void sums_applications(void **state)
{
    (void)state;
    fake_call("listApplications", SHOP " sort=processes limit=2", NULL);
    fake_expect(fake.asks[0].args, "", "{\"sort\":\"processes\",\"limit\":50}");
    fake_answer(APPLICATIONS(APPLICATION("\"shop\"") "," APPLICATION("null") "," APPLICATION("\"a\""), "3"));
    EXPECT("0", "{\"application\":\"shop\",\"version\":\"1.0\",\"running\":true,\"process_count\":2,\"memory_bytes\":100,"
                "\"message_queue_len\":3,\"reductions_count\":4,\"total_heap_bytes\":80}");
    EXPECT("1.application", "null");
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT_META("truncated", "true");
    EXPECT_META("scanned_count", "8");
    EXPECT_META("returned_count", "2");
}

static void shows_the_tree_of_an_application(void **state)
{
    (void)state;
    fake_call("getApplicationTree", SHOP " application=shop", NULL);
    assert_string_equal(fake.asks[0].question, "tree");
    fake_expect(fake.asks[0].args, "", "{\"application\":\"shop\",\"limit\":200,\"depth\":10}");
    fake_answer(TREE(BRANCH("{\"pid\":\"<0.8.0>\",\"node\":\"n\"}") "," BRANCH("null"), "2"));
    EXPECT("0", "{\"pid\":\"<0.9.0>\",\"parent\":\"<0.8.0>\",\"name\":\"m:f/1\",\"registered_name\":null,\"label\":null,"
                "\"initial_call\":{\"module\":\"m\",\"function\":\"f\",\"arity\":1,\"text\":\"m:f/1\"},\"current_function\":null,"
                "\"supervisor\":true,\"depth_count\":2,\"children_count\":3,\"memory_bytes\":50,\"message_queue_len\":0,"
                "\"total_heap_bytes\":32}");
    EXPECT("1.parent", "null");
    EXPECT_META("member_count", "2");
    EXPECT_META("truncated", "false");
    fake_call("getApplicationTree", SHOP " application=shop", NULL);
    fake_answer(TREE("", "2"));
    EXPECT_META("truncated", "true");
}

static void only_running_applications_have_a_tree(void **state)
{
    (void)state;
    fake_call("getApplicationTree", SHOP " application=shop", NULL);
    fake_answer("{\"found\":\"unknown\"}");
    fake_expect_failure(BG_NOT_FOUND, "shop");
    fake_call("getApplicationTree", SHOP " application=shop", NULL);
    fake_answer("{\"found\":\"stopped\"}");
    fake_expect_failure(BG_UNSUPPORTED, "not running");
}

static void tells_how_busy_schedulers_are(void **state)
{
    (void)state;
    fake_call("getSchedulers", SHOP " window_ms=2000 timeout_ms=1000", NULL);
    fake_expect(fake.asks[0].args, "", "{\"window_ms\":2000}");
    assert_int_equal(fake.asks[0].timeout_ms, 3000);
    fake_answer(SCHEDULERS(SCHEDULER("1", "normal", "true", "50", "100") "," SCHEDULER("2", "normal", "true", "110", "100") "," SCHEDULER(
        "3", "normal", "false", "0", "100") "," SCHEDULER("4", "dirty_cpu", "true", "25", "100") "," SCHEDULER("5", "dirty_io", "true", "0",
                                                                                                               "0")));
    EXPECT("usage_ratio", "0.75");
    EXPECT("dirty_cpu_usage_ratio", "0.25");
    EXPECT("dirty_io_usage_ratio", "null");
    EXPECT("run_queue_counts", "[1,2]");
    EXPECT("dirty_run_queue_counts", "[3,4]");
    EXPECT("schedulers.1", "{\"scheduler\":2,\"type\":\"normal\",\"online\":true,\"usage_ratio\":1.0}");
    json_t *rows = fake_endpoint("getSchedulers")->rows(fake.data);
    assert_int_equal(json_array_size(rows), 5);
    json_decref(rows);
}

static void tells_what_connections_carry(void **state)
{
    (void)state;
    fake_call("listConnections", SHOP " limit=2 window_ms=500", NULL);
    fake_expect(fake.asks[0].args, "", "{\"limit\":50,\"window_ms\":500}");
    fake_answer(CONNECTIONS(CONNECTION("{\"port\":\"#Port<0.7>\",\"node\":\"a@h\"}", "250", "10",
                                       "500000") "," CONNECTION("{\"pid\":\"<0.7.0>\",\"node\":\"a@h\"}", "null", "null", "500000")));
    EXPECT("0.controller", "\"#Port<0.7>\"");
    EXPECT("0.queue_bytes", "250");
    EXPECT("0.input_bytes_per_second", "200.0");
    EXPECT("0.output_bytes_delta", "50");
    EXPECT("0.owner", OWNER_REF);
    EXPECT("1.controller", "\"<0.7.0>\"");
    EXPECT("1.queue_bytes", "null");
    assert_null(fake_at(fake.data, "1.input_bytes_delta"));
    EXPECT_META("connection_count", "3");
    EXPECT_META("busy_limit_bytes", "1000");
    EXPECT_META("suspended_process_count", "7");
    EXPECT_META("truncated", "false");
}

static void measures_binaries(void **state)
{
    (void)state;
    fake_call("listBinaries", SHOP, NULL);
    fake_expect(fake.asks[0].args, "", "{\"limit\":50}");
    fake_answer(BINARIES(BINARY("3", "true")));
    EXPECT("0.binary_count", "3");
    EXPECT("0.total_heap_bytes", "32");
    EXPECT("0.referred_bytes", "900");
    EXPECT_META("exact", "true");
    EXPECT_META("truncated", "true");
    EXPECT_META("binary_memory_bytes", "1234");
    fake_call("listBinaries", SHOP, NULL);
    fake_answer(BINARIES(BINARY("3", "true") "," BINARY("null", "false")));
    EXPECT("1.binary_bytes", "null");
    EXPECT_META("exact", "false");
}

static void collects_within_limits(void **state)
{
    (void)state;
    const struct bg_endpoint *endpoint = fake_endpoint("collectBinaries");
    assert_int_equal(endpoint->method, BG_POST);
    assert_int_equal(endpoint->scope, BG_SCOPE_ADMIN);
    assert_int_equal(endpoint->params[1].max, 20);
    fake_call("collectBinaries", SHOP " timeout_ms=500", NULL);
    assert_string_equal(fake.asks[0].question, "collect");
    assert_int_equal(fake.asks[0].timeout_ms, 6500);
    fake_expect(fake.asks[0].args, "", "{\"limit\":5,\"heap_max_bytes\":67108864}");
    assert_int_equal(fake.asks[0].max_age_ms, 0);
    fake_answer(COLLECTED("100", "30"));
    EXPECT("freed_bytes", "500");
    EXPECT("processes.0.freed_bytes", "70");
    EXPECT("processes.0.outcome", "\"collected\"");
    assert_int_equal(json_array_size(json_object_get(fake.meta, "warnings")), 1);
    fake_call("collectBinaries", SHOP, NULL);
    fake_answer(COLLECTED("30", "100"));
    EXPECT("processes.0.freed_bytes", "-70");
}

static void malformed_answers_are_refused(void **state)
{
    static const char *const samples[][3] = {
        {"listTables", "{}", "rows"},
        {"listTables", TABLES("7", "1", "0"), "an item of a list"},
        {"listTables", TABLES("{}", "1", "0"), "named"},
        {"listTables", "{\"rows\":[],\"seen_count\":-1,\"gone_count\":0,\"word_bytes\":8}", "seen_count"},
        {"listPorts", PORTS("{\"port\":7}"), "not a port"},
        {"listPorts", PORTS(PORT("{}")), "peer"},
        {"listSockets", PORTS(SOCKET("\"x\"", "\"tcp\"")), "not a reference"},
        {"listApplications", APPLICATIONS("{\"name\":\"a\"}", "1"), "running"},
        {"listApplications", APPLICATIONS("", "-1"), "application_count"},
        {"getApplicationTree", "{}", "found"},
        {"getApplicationTree", TREE("{}", "1"), "pid"},
        {"getApplicationTree", TREE(BRANCH("7"), "1"), "parent"},
        {"getApplicationTree", TREE("", "-1"), "member_count"},
        {"getSchedulers", SCHEDULERS("{}"), "total_us"},
        {"getSchedulers", "{\"schedulers\":[]}", "run_queue_counts"},
        {"listConnections", CONNECTIONS(CONNECTION("null", "1", "1", "0")), "controller"},
        {"listConnections", CONNECTIONS(CONNECTION("{\"port\":\"p\"}", "-1", "1", "0")), "queue_bytes"},
        {"listBinaries", BINARIES("{\"pid\":7}"), "pid"},
        {"listBinaries", BINARIES(BINARY("-1", "true")), "binary_bytes"},
        {"listBinaries", BINARIES(BINARY("1", "7")), "exact"},
        {"collectBinaries", COLLECTED("-1", "0"), "referred_before_bytes"},
        {"collectBinaries", "{\"rows\":[],\"binary_memory_before_bytes\":-1}", "binary_memory_before_bytes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fake_call(samples[i][0], strcmp(samples[i][0], "getApplicationTree") == 0 ? SHOP " application=shop" : SHOP, NULL);
        fake_answer(samples[i][1]);
        fake_expect_failure(BG_BAD_ANSWER, samples[i][2]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        TEST(ranks_tables),
        TEST(a_window_adds_the_change),
        TEST(a_change_too_large_for_bytes_is_none),
        TEST(short_windows_are_refused),
        TEST(limits_are_kept_and_said),
        TEST(ranks_ports),
        TEST(ranks_sockets),
        TEST(sums_applications),
        TEST(shows_the_tree_of_an_application),
        TEST(only_running_applications_have_a_tree),
        TEST(tells_how_busy_schedulers_are),
        TEST(tells_what_connections_carry),
        TEST(measures_binaries),
        TEST(collects_within_limits),
        TEST(malformed_answers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
