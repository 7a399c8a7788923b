/* test_fleet.c: pairs joined across nodes, of one node and of the whole fleet, whichever node answers first or not at all. */
#include "fake.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOP "shop@127.0.0.1"
#define PAY "pay@127.0.0.1"
#define AT_SHOP "min=1 node=" SHOP
#define ON(ID, NODE) "{\"pid\":\"" ID "\",\"node\":\"" NODE "\"}"
#define PEER(WHO, COUNT) "{\"peer\":" WHO ",\"count\":" COUNT "}"
#define LIST(ID, COUNT, DISTINCT, TOP)                                                                                                     \
    "{\"pid\":\"" ID "\",\"row\":{\"registered_name\":\"cart\",\"alive\":true},\"lists\":{\"monitors\":{\"count\":" COUNT                  \
    ",\"distinct_count\":" DISTINCT ",\"exact\":true,\"top\":[" TOP "]}}}"
#define PEERS(LISTS) "{\"duration_us\":9,\"processes\":[" LISTS "]}"
#define SCAN(ID, COUNT) SCAN_OF(ROW(ID, "9000", COUNT), "monitors", "[0]", "0", "0")
#define TOLD(COUNT)                                                                                                                        \
    "{\"pid\":" ON("<0.7.0>", PAY) ",\"alive\":true,\"registered_name\":\"ledger\",\"initial_call\":[\"proc_lib\",\"init_p\",5],"          \
                                   "\"started_as\":[\"ledger\",\"init\",1],\"count\":" COUNT "}"

static void add_node(const char *name, enum bg_link_state state)
{
    fake.nodes[fake.nodes_count++] = (struct bg_node_info){.name = name, .state = state, .reason_text = "", .retry_in_ms = -1};
}

/* One watcher on shop: 500 on a process of pay, 9 by name there, 3 on a process of a node that is not registered, 2 at home. */
static void ask_shop_pairs(const char *params)
{
    fake_call("listMonitorPairs", params, NULL);
    fake_answer(SCAN("<0.10.0>", "514"));
    fake_answer(PEERS(LIST("<0.10.0>", "514", "4",
                           PEER(ON("<0.7.0>", PAY), "500") "," PEER("[\"bank\",\"" PAY "\"]", "9") "," PEER(
                               ON("<0.7.0>", "x@y"), "3") "," PEER(ON("<0.8.0>", SHOP), "2"))));
}

static void the_watcheds_node_is_asked_for_its_own_count_and_name(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    ask_shop_pairs(AT_SHOP " exact=true");
    assert_int_equal(fake.asks_count, 3);
    assert_string_equal(fake.asks[2].node, PAY);
    assert_string_equal(fake.asks[2].question, "watched");
    EXPECT_ARG(2, "",
               "{\"pairs\":[[{\"pid\":\"<0.7.0>\"},\"<0.10.0>\",\"" SHOP "\"],[{\"name\":\"bank\"},\"<0.10.0>\",\"" SHOP "\"]],"
               "\"list_entries_max\":200000,\"exact\":true}");
    fake_answer("{\"pairs\":[" TOLD("499") "," TOLD("9") "]}");
    EXPECT("0.watched", "{\"text\":\"<0.7.0>\",\"pid\":\"<0.7.0>\",\"node\":\"" PAY
                        "\",\"name\":\"ledger\",\"registered_name\":\"ledger\",\"label\":null,\"alive\":true,\"initial_call\":"
                        "{\"module\":\"ledger\",\"function\":\"init\",\"arity\":1,\"text\":\"ledger:init/1\"}}");
    EXPECT("0.count", "500");
    EXPECT("0.watched_count", "499");
    EXPECT("1.watched.name", "\"bank\"");
    EXPECT("1.watched.alive", "true");
    EXPECT("1.watched_count", "9");
    EXPECT("2.watched_count", "null");
    EXPECT("3.watched_count", "null");
    EXPECT_META("exact", "true");
    EXPECT_META("duration_ms", "21");
    EXPECT_META("warnings", "[]");
}

static void sides_that_differ_by_more_than_growth_explains_are_warned_of(void **state)
{
    static const struct {
        const char *reported;
        size_t warnings;
    } cases[] = {{"{\"pairs\":[" TOLD("400") "," TOLD("9") "]}", 0},
                 {"{\"pairs\":[" TOLD("600") "," TOLD("0") "]}", 0},
                 {"{\"pairs\":[" TOLD("399") "," TOLD("9") "]}", 1},
                 {"{\"pairs\":[" TOLD("601") "," TOLD("9") "]}", 1}};
    (void)state;
    add_node(PAY, BG_LINK_UP);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask_shop_pairs(AT_SHOP);
        fake_answer(cases[i].reported);
        assert_int_equal(json_array_size(fake_at(fake.meta, "warnings")), cases[i].warnings);
        if (cases[i].warnings > 0)
            assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "1 of the pairs"));
    }
}

static void sides_that_agree_are_not_warned_of(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    ask_shop_pairs(AT_SHOP);
    fake_answer("{\"pairs\":[" TOLD("500") "," TOLD("9") "]}");
    EXPECT_META("warnings", "[]");
}

static void an_unknown_count_stays_null_and_is_no_disagreement(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    ask_shop_pairs(AT_SHOP);
    fake_answer("{\"pairs\":[{\"alive\":false,\"count\":null},{\"alive\":true,\"count\":null}]}");
    EXPECT("0.watched_count", "null");
    EXPECT("0.watched.alive", "false");
    EXPECT("1.watched.alive", "true");
    EXPECT_META("warnings", "[]");
}

static void a_node_that_fails_leaves_nulls_and_a_warning(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    ask_shop_pairs(AT_SHOP " timeout_ms=1000");
    assert_int_equal(fake.asks[2].timeout_ms, 500);
    fake_answer_failure(BG_DEADLINE, "it said nothing");
    assert_int_equal(fake.status, 200);
    EXPECT("0.watched_count", "null");
    EXPECT("0.watched.alive", "null");
    EXPECT_META("warnings", "[\"" PAY ": it said nothing\"]");
}

static void the_other_side_never_takes_all_the_time_there_is(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    ask_shop_pairs(AT_SHOP " timeout_ms=60000");
    assert_int_equal(fake.asks[2].timeout_ms, 2000);
    fake_cancel();
    assert_int_equal(fake.cancelled_count, 1);
}

static void an_answer_that_cannot_be_understood_is_a_warning_too(void **state)
{
    static const char *const answers[] = {"{}",
                                          "{\"pairs\":7}",
                                          "{\"pairs\":[]}",
                                          "{\"pairs\":[7,7]}",
                                          "{\"pairs\":[{\"count\":-1},{}]}",
                                          "{\"pairs\":[{\"registered_name\":7},{}]}"};
    (void)state;
    add_node(PAY, BG_LINK_UP);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        ask_shop_pairs(AT_SHOP);
        fake_answer(answers[i]);
        assert_int_equal(fake.status, 200);
        assert_int_equal(json_array_size(fake.data), 4);
        EXPECT("0.watched_count", "null");
        EXPECT("0.watched.name", "null");
        assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "\"watched\" cannot be understood"));
    }
}

static void a_node_that_is_not_up_is_not_asked(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_WAITING);
    ask_shop_pairs(AT_SHOP);
    assert_int_equal(fake.asks_count, 2);
    assert_int_equal(fake.status, 200);
    assert_int_equal(json_array_size(fake_at(fake.meta, "warnings")), 1);
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), PAY));
}

#define PAY_SCAN SCAN("<0.20.0>", "500")
#define PAY_PEERS PEERS(LIST("<0.20.0>", "501", "2", PEER(ON("<0.9.0>", PAY), "500") "," PEER(ON("<0.10.0>", SHOP), "1")))
#define SHOP_SCAN SCAN("<0.10.0>", "600")
#define SHOP_PEERS PEERS(LIST("<0.10.0>", "1100", "2", PEER(ON("<0.7.0>", PAY), "600") "," PEER(ON("<0.8.0>", SHOP), "500")))

static void the_fleet_is_asked_at_once_and_ranked_together(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    for (size_t first = 0; first < 2; first++) { /* in either order of the answers, the same */
        fake_call("listFleetPairs", "limit=3 min=1 timeout_ms=1000", NULL);
        assert_int_equal(fake.asks_count, 2);
        assert_string_equal(fake.asks[0].node, SHOP);
        assert_string_equal(fake.asks[1].node, PAY);
        assert_int_equal(fake.asks[0].timeout_ms, 875);
        fake_answer_to(first, first == 0 ? SHOP_SCAN : PAY_SCAN);
        assert_string_equal(fake.asks[2].node, first == 0 ? SHOP : PAY);
        fake_answer_to(2, first == 0 ? SHOP_PEERS : PAY_PEERS);
        fake_answer_to(1 - first, first == 0 ? PAY_SCAN : SHOP_SCAN);
        fake_answer_to(3, first == 0 ? PAY_PEERS : SHOP_PEERS);
        assert_int_equal(fake.asks_count, 5); /* of the one pair across nodes, pay is asked */
        assert_string_equal(fake.asks[4].question, "watched");
        fake_answer("{\"pairs\":[" TOLD("600") "]}");
        assert_int_equal(json_array_size(fake.data), 3);
        EXPECT("0.count", "600");
        EXPECT("0.watched_count", "600");
        EXPECT("1.watcher.node", "\"" PAY "\"");
        EXPECT("2.watcher.node", "\"" SHOP "\"");
        EXPECT_META("node", "null");
        EXPECT_META("nodes_count", "2");
        EXPECT_META("answered_count", "2");
        EXPECT_META("process_count", "2000");
        EXPECT_META("returned_count", "3");
        EXPECT_META("truncated", "true");
        EXPECT_META("exact", "true");
        EXPECT_META("duration_ms", "21"); /* beside each other: the longest, not the sum */
    }
}

#define UNKNOWN(ID, COUNT, LONG_ID)                                                                                                        \
    "{\"process_count\":1000,\"scanned_count\":1000,\"skipped_count\":0,\"duration_us\":5000,\"word_bytes\":8,\"entry_bytes\":64,"         \
    "\"rows\":[" ROW(ID, "9000", COUNT) "],\"rankings\":{\"monitors\":[0]},\"exact\":{\"monitors\":false},\"next_bound\":{},\"long\":["    \
                                        "{\"pid\":\"" LONG_ID                                                                              \
                                        "\",\"dead\":false,\"row\":{\"alive\":true},\"lists\":{\"monitors\":{\"count\":" COUNT             \
                                        ",\"distinct_count\":null,\"exact\":false,\"top\":[]}}}]}"

/* In any order of answers. The pairs of the node's other watchers stay as before. */
static void who_is_likely_watched_is_named_and_is_no_watcher(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    json_t *likely = json_loads("{\"<0.10.0>\":{\"peer\":" ON(
                                    "<0.20.0>", PAY) ",\"registered_name\":\"ledger\",\"is_watched\":false,\"count\":5000},"
                                                     "\"<0.20.0>\":{\"peer\":" ON("<0.10.0>", SHOP) ",\"is_watched\":true,\"count\":5001}}",
                                0, NULL);
    for (size_t first = 0; first < 2; first++) {
        fake.likely = likely;
        fake_call("listFleetPairs", "min=1", NULL);
        fake_answer_to(first, first == 0 ? UNKNOWN("<0.10.0>", "5000", "<0.10.0>") : UNKNOWN("<0.20.0>", "5001", "<0.20.0>"));
        fake_answer_to(1 - first, first == 1 ? UNKNOWN("<0.10.0>", "5000", "<0.10.0>") : UNKNOWN("<0.20.0>", "5001", "<0.20.0>"));
        fake_answer("{\"pairs\":[" TOLD("null") "]}");
        assert_int_equal(json_array_size(fake.data), 1);
        EXPECT("0.watcher.pid", "\"<0.10.0>\"");
        EXPECT("0.watched.pid", "\"<0.20.0>\"");
        EXPECT("0.watched.node", "\"" PAY "\"");
        EXPECT("0.watched.name", "\"ledger\"");
        EXPECT("0.count", "5000");
        EXPECT("0.exact", "false");
        EXPECT_META("exact", "false");
        assert_true(json_equal(fake_at(fake.data, "0.likely"), fake_at(fake.meta, "warnings.0")));
        assert_non_null(strstr(json_string_value(fake_at(fake.data, "0.likely")), "likely <0.20.0> on " PAY));
        assert_int_equal(json_array_size(fake_at(fake.meta, "warnings")), 1);
    }
    fake.likely = NULL;
    fake_call("listMonitorPairs", AT_SHOP, NULL);
    fake_answer(UNKNOWN("<0.10.0>", "5000", "<0.10.0>"));
    EXPECT("0.watched", "null");
    EXPECT("0.likely", "null");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "whom it monitors is not known"));
    json_decref(likely);
}

static void a_node_that_does_not_answer_leaves_the_others(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    fake_call("listFleetPairs", "min=1", NULL);
    fake_answer_failure(BG_DEADLINE, "it said nothing"); /* shop */
    fake_answer(PAY_SCAN);
    fake_answer(PAY_PEERS);
    fake_answer_failure(BG_TOO_MANY, "busy"); /* the pair that leads to shop */
    assert_int_equal(fake.status, 200);
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT_META("answered_count", "1");
    EXPECT_META("exact", "false");
    EXPECT_META("warnings", "[\"" SHOP ": it said nothing\",\"" SHOP ": busy\"]");
}

/* Each node's own watchers are listed if it had no time to report their pairs. */
static void watchers_that_were_not_asked_stay_on_their_node(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    fake_call("listFleetPairs", "min=1", NULL);
    fake_answer_to(0, SHOP_SCAN);
    fake_answer_to(1, PAY_SCAN);
    fake_answer_failure(BG_DEADLINE, "late"); /* the processes that shop's processes monitor */
    fake_answer_to(3, PAY_PEERS);
    fake_answer("{\"pairs\":[{\"alive\":true,\"count\":1}]}"); /* the pair that leads to shop */
    assert_int_equal(json_array_size(fake.data), 3);
    EXPECT("0.watcher.node", "\"" SHOP "\"");
    EXPECT("0.watcher.pid", "\"<0.10.0>\"");
    EXPECT("0.watched", "null");
    EXPECT("0.count", "600");
    EXPECT("1.watcher.node", "\"" PAY "\"");
    EXPECT_META("exact", "false");
}

static void a_node_that_talks_nonsense_leaves_the_others(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    fake_call("listFleetPairs", "min=1", NULL);
    fake_answer(SHOP_SCAN);
    fake_answer_to(1, PAY_SCAN);
    fake_answer_to(2, PEERS(LIST("<0.10.0>", "9", "2", PEER(ON("<0.7.0>", PAY), "9") "," PEER("7", "1"))));
    fake_answer_to(3, PAY_PEERS);
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("0.watcher.node", "\"" PAY "\"");
    EXPECT_META("exact", "false");
}

static void nodes_that_are_not_up_make_the_ranking_uncertain(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_WAITING);
    fake_call("listFleetPairs", "min=1", NULL);
    assert_int_equal(fake.asks_count, 1);
    fake_answer(SCAN("<0.10.0>", "2"));
    fake_answer(PEERS(LIST("<0.10.0>", "2", "1", PEER(ON("<0.8.0>", SHOP), "2"))));
    EXPECT_META("nodes_count", "2");
    EXPECT_META("answered_count", "1");
    EXPECT_META("exact", "false");
    assert_int_equal(json_array_size(fake_at(fake.meta, "warnings")), 1);
}

static void nobody_who_answers_is_a_failure_and_nobody_registered_is_not(void **state)
{
    (void)state;
    fake_call("listFleetPairs", "min=1", NULL);
    fake_answer_failure(BG_DEADLINE, "it said nothing");
    fake_expect_failure(BG_NODE_UNREACHABLE, "it said nothing");
    fake.nodes[0].state = BG_LINK_WAITING;
    fake_call("listFleetPairs", "min=1", NULL);
    fake_expect_failure(BG_NODE_UNREACHABLE, SHOP);
    fake.nodes_count = 0;
    fake_call("listFleetPairs", "min=1", NULL);
    assert_int_equal(fake.status, 200);
    EXPECT("", "[]");
    EXPECT_META("nodes_count", "0");
    EXPECT_META("collected_at", "\"2026-11-23T08:00:00.123Z\"");
}

static void a_gone_client_cancels_every_question(void **state)
{
    (void)state;
    add_node(PAY, BG_LINK_UP);
    add_node("third@127.0.0.1", BG_LINK_UP);
    fake_call("listFleetPairs", "min=1", NULL);
    assert_int_equal(fake.asks_count, 3);
    fake_answer(SHOP_SCAN);
    fake_cancel();
    assert_int_equal(fake.cancelled_count, 3);
    assert_int_equal(fake.endings, 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(the_watcheds_node_is_asked_for_its_own_count_and_name),
        T(sides_that_differ_by_more_than_growth_explains_are_warned_of),
        T(sides_that_agree_are_not_warned_of),
        T(an_unknown_count_stays_null_and_is_no_disagreement),
        T(a_node_that_fails_leaves_nulls_and_a_warning),
        T(the_other_side_never_takes_all_the_time_there_is),
        T(an_answer_that_cannot_be_understood_is_a_warning_too),
        T(a_node_that_is_not_up_is_not_asked),
        T(the_fleet_is_asked_at_once_and_ranked_together),
        T(who_is_likely_watched_is_named_and_is_no_watcher),
        T(a_node_that_does_not_answer_leaves_the_others),
        T(watchers_that_were_not_asked_stay_on_their_node),
        T(a_node_that_talks_nonsense_leaves_the_others),
        T(nodes_that_are_not_up_make_the_ranking_uncertain),
        T(nobody_who_answers_is_a_failure_and_nobody_registered_is_not),
        T(a_gone_client_cancels_every_question),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
