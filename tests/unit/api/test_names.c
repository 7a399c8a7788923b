/* test_names.c: names of processes on another node are asked there, or are kept from an earlier answer. */
#include "fake.h"

#define SHOP "shop@127.0.0.1"
#define PAY "pay@127.0.0.1"
#define RELATIONS "node=" SHOP " pid=<0.10.0> direction=monitors"
#define PEER(ID, NODE) "{\"peer\":{\"pid\":\"" ID "\",\"node\":\"" NODE "\"},\"count\":3,\"alive\":null}"
#define ANSWER(TOP)                                                                                                                        \
    "{\"processes\":[{\"pid\":\"<0.10.0>\",\"lists\":{\"monitors\":{\"count\":30,\"distinct_count\":7,\"exact\":true,"                     \
    "\"top\":[" TOP "]}}}]}"
#define BANK "{\"registered_name\":\"bank\",\"alive\":true}"

static void add_pay(enum bg_link_state state)
{
    fake.nodes[fake.nodes_count++] = (struct bg_node_info){.name = PAY, .state = state, .reason_text = "", .retry_in_ms = -1};
}

static void know(int64_t age_ms)
{
    fake.name = BANK;
    fake.name_wall_ms = fake.wall_ms - age_ms;
}

static void peers_are_asked_who_they_are_once_each(void **state)
{
    (void)state;
    add_pay(BG_LINK_UP);
    fake_call("getProcessRelations", RELATIONS, NULL);
    fake_answer(ANSWER(PEER("<0.3.0>", PAY) "," PEER("<0.4.0>", PAY) "," PEER("<0.3.0>", PAY) "," PEER("<0.5.0>", "x@y")));
    assert_int_equal(fake.asks_count, 2);
    assert_string_equal(fake.asks[1].node, PAY);
    assert_string_equal(fake.asks[1].question, "names");
    assert_in_range(fake.asks[1].timeout_ms, 1, 1000);
    EXPECT_ARG(1, "", "{\"pids\":[\"<0.3.0>\",\"<0.4.0>\"]}");
    know(0); /* as it is once it has answered */
    fake_answer("{\"names\":[" BANK "," BANK "]}");
    EXPECT("0.top_peers.0.name", "\"bank\"");
    EXPECT("0.top_peers.0.registered_name", "\"bank\"");
    EXPECT("0.top_peers.0.alive", "null");
    EXPECT("0.top_peers.2.name", "\"bank\"");
    EXPECT("0.top_peers.3.name", "null");
    assert_null(fake_at(fake.data, "0.top_peers.0.named_at"));
    EXPECT_META("warnings", "[]");
}

static void who_was_told_lately_is_not_asked_again(void **state)
{
    (void)state;
    add_pay(BG_LINK_UP);
    know(59000);
    fake_call("getProcessRelations", RELATIONS, NULL);
    fake_answer(ANSWER(PEER("<0.3.0>", PAY)));
    EXPECT("0.top_peers.0.name", "\"bank\"");
    assert_null(fake_at(fake.data, "0.top_peers.0.named_at"));
    know(61000);
    fake_call("getProcessRelations", RELATIONS, NULL);
    fake_answer(ANSWER(PEER("<0.3.0>", PAY)));
    assert_int_equal(fake.asks_count, 2);
    fake_answer_failure(BG_DEADLINE, "late");
    EXPECT("0.top_peers.0.name", "\"bank\"");
    assert_non_null(fake_at(fake.data, "0.top_peers.0.named_at"));
}

static void a_node_that_does_not_tell_costs_the_names_only(void **state)
{
    (void)state;
    add_pay(BG_LINK_UP);
    fake_call("getProcessRelations", RELATIONS, NULL);
    fake_answer(ANSWER(PEER("<0.3.0>", PAY)));
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(fake.status, 200);
    EXPECT("0.top_peers.0.name", "null");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "did not report in time"));
    assert_int_equal(fake.names_late_count, 1);
    fake_call("getProcessRelations", RELATIONS, NULL); /* and not a second time for a while */
    fake_answer(ANSWER(PEER("<0.3.0>", PAY)));
    assert_int_equal(fake.asks_count, 1);
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "did not report in time"));
}

static void a_node_that_is_down_is_not_asked(void **state)
{
    (void)state;
    add_pay(BG_LINK_WAITING);
    know(500000);
    fake_call("getProcessRelations", RELATIONS, NULL);
    fake_answer(ANSWER(PEER("<0.3.0>", PAY)));
    EXPECT("0.top_peers.0.name", "\"bank\"");
    assert_non_null(fake_at(fake.data, "0.top_peers.0.named_at"));
    EXPECT_META("warnings", "[]");
}

static void what_cannot_be_understood_names_nobody(void **state)
{
    (void)state;
    add_pay(BG_LINK_UP);
    know(0);
    fake.name = "{\"registered_name\":7,\"initial_call\":[1],\"alive\":true}";
    fake_call("getProcessRelations", RELATIONS, NULL);
    fake_answer(ANSWER(PEER("<0.3.0>", PAY)));
    assert_int_equal(fake.status, 200);
    EXPECT("0.top_peers.0.name", "null");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(peers_are_asked_who_they_are_once_each),         T(who_was_told_lately_is_not_asked_again),
        T(a_node_that_does_not_tell_costs_the_names_only), T(a_node_that_is_down_is_not_asked),
        T(what_cannot_be_understood_names_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
