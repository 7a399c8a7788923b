/* test_nodes.c: the registry, and the health of the service. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>

static void livez_is_ok(void **state)
{
    (void)state;
    fake_call("getLiveness", "", NULL);
    assert_int_equal(fake.status, 200);
    assert_string_equal(fake.plain, "ok\n");
}

static void readyz_follows_the_links_and_the_drain(void **state)
{
    (void)state;
    fake_call("getReadiness", "", NULL);
    assert_int_equal(fake.status, 200);
    assert_string_equal(fake.plain, "ready\n");
    fake.nodes[0].state = BG_LINK_WAITING;
    fake_call("getReadiness", "", NULL);
    assert_int_equal(fake.status, 503);
    assert_string_equal(fake.plain, "none of 1 registered nodes is up\n");
    fake.nodes_count = 0;
    fake_call("getReadiness", "", NULL);
    assert_int_equal(fake.status, 200);
    fake.services.stopping = true;
    fake_call("getReadiness", "", NULL);
    assert_int_equal(fake.status, 503);
    assert_string_equal(fake.plain, "stopping\n");
}

static void version_tells_name_and_uptime(void **state)
{
    (void)state;
    fake_call("getVersion", "", NULL);
    EXPECT("", "{\"name\":\"beamgauge\",\"version\":\"1.2.3\",\"api\":\"v1\",\"uptime_seconds\":100}");
    EXPECT_META("node", "null");
    fake.wall_ms = 0; /* the wall clock was set back */
    fake_call("getVersion", "", NULL);
    EXPECT("uptime_seconds", "0");
}

static void lists_nodes_with_state_and_reason(void **state)
{
    static const char *const tags[] = {"eu", "canary"};
    (void)state;
    fake.nodes[1] = (struct bg_node_info){.name = "pay@h",
                                          .address = "10.0.0.5",
                                          .port = 9100,
                                          .epmd_port = 4370,
                                          .origin = BG_ORIGIN_EPMD,
                                          .tags = tags,
                                          .tags_count = 2,
                                          .state = BG_LINK_WAITING,
                                          .reason = BG_REASON_COOKIE_REJECTED,
                                          .reason_text = "another cookie",
                                          .since_wall_ms = 1795420800000,
                                          .retry_in_ms = 2500,
                                          .in_flight_count = 1,
                                          .connects_count = 2,
                                          .losses_count = 3};
    fake.nodes_count = 2;
    fake_call("listNodes", "", NULL);
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("0.state", "\"up\"");
    EXPECT("0.reason", "null");
    EXPECT("0.retry_in_ms", "null");
    EXPECT("1", "{\"node\":\"pay@h\",\"state\":\"waiting\",\"reason\":{\"code\":\"cookie_rejected\",\"text\":\"another cookie\"},"
                "\"since_at\":\"2026-11-23T08:00:00.000Z\",\"retry_in_ms\":2500,\"address\":\"10.0.0.5\",\"port\":9100,\"epmd_port\":4370,"
                "\"origin\":\"epmd\",\"tags\":[\"eu\",\"canary\"],\"in_flight_count\":1,\"connects_count\":2,\"losses_count\":3}");
    EXPECT_META("", "{\"node\":null,\"collected_at\":\"2026-11-23T08:00:00.123Z\",\"duration_ms\":0,\"warnings\":[]}");
    assert_int_equal(fake.fresh_until_us, 0);
}

static void gets_one_node_as_an_object_and_as_a_row(void **state)
{
    (void)state;
    fake_call("getNode", "node=shop@127.0.0.1", NULL);
    EXPECT("node", "\"shop@127.0.0.1\"");
    EXPECT_META("node", "\"shop@127.0.0.1\"");
    json_t *rows = fake_endpoint("getNode")->rows(fake.data);
    fake_expect(rows, "0.node", "\"shop@127.0.0.1\"");
    json_decref(rows);
    fake_call("getNode", "node=other@h", NULL);
    fake_expect_failure(BG_NODE_UNKNOWN, "PUT /api/v1/nodes/other@h");
}

static void puts_a_new_node_without_echoing_its_cookie(void **state)
{
    (void)state;
    fake_call("putNode", "node=n\303\244w@h",
              "{\"cookie\":\"SECRET\",\"address\":\"10.1.1.1\",\"port\":9100,\"epmd_port\":4370,\"tags\":[\"a\",\"b\"]}");
    assert_int_equal(fake.status, 201);
    assert_string_equal(fake.location, "/api/v1/nodes/n%C3%A4w@h");
    assert_string_equal(fake.put.cookie, "SECRET");
    assert_string_equal(fake.put.address, "10.1.1.1");
    assert_int_equal(fake.put.port, 9100);
    assert_int_equal(fake.put.epmd_port, 4370);
    assert_int_equal(fake.put.tags_count, 2);
    assert_int_equal(fake.put.origin, BG_ORIGIN_API);
    char *text = json_dumps(fake.data, 0);
    assert_null(strstr(text, "SECRET"));
    assert_null(strstr(text, "cookie"));
    free(text);
}

static void the_longest_name_has_a_location(void **state)
{
    char params[300] = "node=", expected[1000] = "/api/v1/nodes/";
    (void)state;
    for (int i = 0; i < BG_NODE_NAME_MAX; i++) {
        (void)snprintf(params + strlen(params), sizeof params - strlen(params), "\"");
        (void)snprintf(expected + strlen(expected), sizeof expected - strlen(expected), "%%22");
    }
    fake_call("putNode", params, "{\"cookie\":\"c\"}");
    assert_int_equal(fake.status, 201);
    assert_string_equal(fake.location, expected);
}

static void a_registered_node_keeps_its_cookie(void **state)
{
    (void)state;
    fake_call("putNode", "node=shop@127.0.0.1", "{\"tags\":[]}");
    assert_int_equal(fake.status, 200);
    assert_null(fake.put.cookie);
    assert_string_equal(fake.location, "");
    fake_call("putNode", "node=other@h", "{\"tags\":[]}");
    fake_expect_failure(BG_INVALID, "cookie");
    assert_string_equal(fake.failure.param, "cookie");
    assert_int_equal(fake.puts_count, 1);
}

/* Three of them are one more than a node may have. */
#define ELEVEN "\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\",\"10\",\"11\""

static void a_body_that_is_not_right_is_refused_naming_the_member(void **state)
{
    static const char *const samples[][2] = {
        {NULL, "body"},
        {"[]", "body"},
        {"\"x\"", "body"},
        {"{\"cookie\":\"c\",\"colour\":1}", "colour"},
        {"{\"cookie\":7}", "cookie"},
        {"{\"cookie\":null}", "cookie"},
        {"{\"cookie\":\"\"}", "cookie"},
        {"{\"cookie\":\"a b\"}", "cookie"},
        {"{\"cookie\":\"a\\n\"}", "cookie"},
        {"{\"cookie\":\"c\",\"address\":[]}", "address"},
        {"{\"cookie\":\"c\",\"address\":\"a\\u007fb\"}", "address"},
        {"{\"cookie\":\"c\",\"port\":\"4369\"}", "port"},
        {"{\"cookie\":\"c\",\"port\":-1}", "port"},
        {"{\"cookie\":\"c\",\"epmd_port\":65536}", "epmd_port"},
        {"{\"cookie\":\"c\",\"port\":65536}", "port"},
        {"{\"cookie\":\"c\",\"port\":1.5}", "port"},
        {"{\"cookie\":\"c\",\"tags\":\"eu\"}", "tags"},
        {"{\"cookie\":\"c\",\"tags\":[1]}", "tags"},
        {"{\"cookie\":\"c\",\"tags\":[" ELEVEN "," ELEVEN "," ELEVEN "]}", "tags"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fake_call("putNode", "node=shop@127.0.0.1", samples[i][0]);
        fake_expect_failure(BG_INVALID, samples[i][1]);
        assert_string_equal(fake.failure.param, samples[i][1]);
    }
    assert_int_equal(fake.puts_count, 0);
}

static void long_words_are_refused(void **state)
{
    char body[400], word[257];
    (void)state;
    memset(word, 'x', sizeof word);
    word[256] = '\0';
    (void)snprintf(body, sizeof body, "{\"cookie\":\"%s\"}", word);
    fake_call("putNode", "node=shop@127.0.0.1", body);
    fake_expect_failure(BG_INVALID, "255");
    (void)snprintf(body, sizeof body, "{\"cookie\":\"%.255s\",\"tags\":[\"%.64s\"]}", word, word);
    fake_call("putNode", "node=shop@127.0.0.1", body);
    assert_int_equal(fake.status, 200);
    (void)snprintf(body, sizeof body, "{\"tags\":[\"%.65s\"]}", word);
    fake_call("putNode", "node=shop@127.0.0.1", body);
    fake_expect_failure(BG_INVALID, "64");
}

static void what_the_registry_refuses_passes_through(void **state)
{
    (void)state;
    fake.put_error = BG_CONFLICT;
    fake_call("putNode", "node=other@h", "{\"cookie\":\"c\"}");
    fake_expect_failure(BG_CONFLICT, "the fake refuses");
}

static void deletes_a_node(void **state)
{
    (void)state;
    fake_call("deleteNode", "node=shop@127.0.0.1", NULL);
    assert_true(fake.empty);
    assert_int_equal(fake.deletes_count, 1);
    fake_call("deleteNode", "node=other@h", NULL);
    fake_expect_failure(BG_NODE_UNKNOWN, "other@h");
    assert_int_equal(fake.deletes_count, 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(livez_is_ok),
        T(readyz_follows_the_links_and_the_drain),
        T(version_tells_name_and_uptime),
        T(lists_nodes_with_state_and_reason),
        T(gets_one_node_as_an_object_and_as_a_row),
        T(puts_a_new_node_without_echoing_its_cookie),
        T(the_longest_name_has_a_location),
        T(a_registered_node_keeps_its_cookie),
        T(a_body_that_is_not_right_is_refused_naming_the_member),
        T(long_words_are_refused),
        T(what_the_registry_refuses_passes_through),
        T(deletes_a_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
