/* test_verify.c: only the peers' own nodes report whether they are alive. */
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOP "shop@127.0.0.1"
#define PAY "pay@127.0.0.1"
#define ASKED "node=" SHOP " pid=<0.10.0> direction=monitored_by verify=true"
#define PEER(ID, NODE, ALIVE) "{\"peer\":{\"pid\":\"" ID "\",\"node\":\"" NODE "\"},\"count\":3,\"alive\":" ALIVE "}"
#define NAMED(NAME, NODE) "{\"peer\":[\"" NAME "\",\"" NODE "\"],\"count\":2,\"alive\":null}"
#define PORT "{\"peer\":{\"port\":\"#Port<0.5>\",\"node\":\"" PAY "\"},\"count\":1,\"alive\":null}"
#define ANSWER(DISTINCT, TOP)                                                                                                              \
    "{\"processes\":[{\"pid\":\"<0.10.0>\",\"lists\":{\"monitored_by\":{\"count\":30,\"distinct_count\":" DISTINCT ",\"exact\":true,"      \
    "\"top\":[" TOP "]}}}]}"
#define MIXED                                                                                                                              \
    PEER("<0.1.0>", SHOP, "true")                                                                                                          \
    "," PEER("<0.2.0>", SHOP, "false") "," PEER("<0.3.0>", PAY, "null") "," PEER("<0.4.0>", "x@y", "null") "," NAMED(                      \
        "bank", PAY) "," PORT "," PEER("<0.5.0>", PAY, "null")

/* Their names need not be asked for: they are known to have none. */
static int setup(void **state)
{
    const int failed = fake_setup(state);
    fake.name = "{\"registered_name\":[],\"alive\":true}";
    fake.name_wall_ms = fake.wall_ms;
    return failed;
}

static void add_pay(enum bg_link_state state)
{
    fake.nodes[fake.nodes_count++] = (struct bg_node_info){.name = PAY, .state = state, .reason_text = "", .retry_in_ms = -1};
}

static void expect_counts(const char *sampled, const char *alive, const char *dead, const char *unknown)
{
    EXPECT("0.sampled_count", sampled);
    EXPECT("0.alive_count", alive);
    EXPECT("0.dead_count", dead);
    EXPECT("0.unknown_count", unknown);
}

static void peers_are_asked_for_on_their_own_nodes(void **state)
{
    (void)state;
    add_pay(BG_LINK_UP);
    fake_call("getProcessRelations", ASKED " limit=3", NULL);
    EXPECT_ARG(0, "limit", "1000");
    fake_answer(ANSWER("7", MIXED));
    assert_int_equal(fake.asks_count, 2);
    assert_string_equal(fake.asks[1].node, PAY);
    assert_string_equal(fake.asks[1].question, "alive");
    EXPECT_ARG(1, "", "{\"processes\":[{\"pid\":\"<0.3.0>\"},{\"name\":\"bank\"},{\"pid\":\"<0.5.0>\"}]}");
    fake_answer("{\"alive\":[false,true,true]}");
    expect_counts("6", "3", "2", "1");
    assert_int_equal(json_array_size(fake_at(fake.data, "0.top_peers")), 3);
    EXPECT("0.top_peers.2.alive", "false");
    EXPECT_META("warnings", "[]");
}

static void who_was_not_asked_for_is_unknown(void **state)
{
    (void)state;
    fake_call("getProcessRelations", ASKED, NULL); /* pay is not registered */
    fake_answer(ANSWER("7", MIXED));
    expect_counts("6", "1", "1", "4");
    EXPECT_META("warnings", "[]");
    add_pay(BG_LINK_WAITING);
    fake_call("getProcessRelations", ASKED, NULL);
    fake_answer(ANSWER("7", MIXED));
    expect_counts("6", "1", "1", "4");
    assert_int_equal(json_array_size(fake_at(fake.meta, "warnings")), 1);
    fake.nodes[1].state = BG_LINK_UP;
    fake_call("getProcessRelations", ASKED, NULL);
    fake_answer(ANSWER("7", MIXED));
    fake_answer_failure(BG_DEADLINE, "it said nothing");
    expect_counts("6", "1", "1", "4");
    EXPECT_META("warnings", "[\"" PAY ": it said nothing\"]");
}

static void an_answer_that_cannot_be_understood_claims_nothing(void **state)
{
    static const char *const answers[] = {"{}", "{\"alive\":7}", "{\"alive\":[]}", "{\"alive\":[1,2,3]}", "[]"};
    (void)state;
    add_pay(BG_LINK_UP);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        fake_call("getProcessRelations", ASKED, NULL);
        fake_answer(ANSWER("7", MIXED));
        fake_answer(answers[i]);
        expect_counts("6", "1", "1", "4");
        assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "\"alive\" cannot be understood"));
    }
}

static void a_sample_of_more_is_said_to_be_one(void **state)
{
    (void)state;
    fake_call("getProcessRelations", ASKED " sample=1001", NULL);
    EXPECT_ARG(0, "limit", "10000");
    fake_answer(ANSWER("12345", MIXED));
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "of 12,345 different peers only the 7"));
}

static void nothing_is_verified_unasked(void **state)
{
    (void)state;
    add_pay(BG_LINK_UP);
    fake_call("getProcessRelations", "node=" SHOP " pid=<0.10.0> direction=monitored_by", NULL);
    EXPECT_ARG(0, "limit", "20");
    fake_answer(ANSWER("7", MIXED));
    assert_int_equal(fake.asks_count, 1);
    assert_null(fake_at(fake.data, "0.alive_count"));
    assert_int_equal(json_array_size(fake_at(fake.data, "0.top_peers")), 7);
}

static void table_rows_have_the_counts(void **state)
{
    (void)state;
    fake_call("getProcessRelations", ASKED, NULL);
    fake_answer(ANSWER("7", MIXED));
    json_t *rows = fake_endpoint("getProcessRelations")->rows(fake.data);
    fake_expect(rows, "6.dead_count", "1");
    fake_expect(rows, "6.unknown_count", "4");
    json_decref(rows);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(peers_are_asked_for_on_their_own_nodes),
        T(who_was_not_asked_for_is_unknown),
        T(an_answer_that_cannot_be_understood_claims_nothing),
        T(a_sample_of_more_is_said_to_be_one),
        T(nothing_is_verified_unasked),
        T(table_rows_have_the_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
