/* test_shares.c: entries that come to a long list between two counts are never given to a peer that may not have them. */
#include "ledger_samples.h"

#define BOTH(ID, MONITORS, MONITORED_BY)                                                                                                   \
    "{\"pid\":{\"pid\":\"" ID "\"},\"monitors_count\":" MONITORS ",\"monitored_by_count\":" MONITORED_BY                                   \
    ",\"links_count\":0,\"exact\":false,\"entries_max\":90000}"
#define WATCHER(ID, LIST_OF_PEERS) COUNTED(ID, LISTS(LIST_OF_PEERS, NOBODY))
#define WATCHED(ID, LIST_OF_PEERS) COUNTED(ID, LISTS(NOBODY, LIST_OF_PEERS))

/* <0.1.0> monitored <0.2.0> 40,000 times, and no other process monitors that one. */
static void keep_leak(struct bg_ledger *ledger)
{
    bg_ledger_init(ledger);
    take(ledger, &here, WATCHER("<0.1.0>", LIST("40000", "1", PEER("<0.2.0>", "shop@h", "40000"))), 0);
    take(ledger, &here, WATCHED("<0.2.0>", LIST("40000", "1", PEER("<0.1.0>", "shop@h", "40000"))), 0);
}

/* Completes a scan of these rows; the list of the process at that index has so many entries of its first peer, and so many of unknown
 * peers. */
static void assert_shares(struct bg_ledger *ledger, const char *rows, size_t place, const char *direction, json_int_t first,
                          json_int_t since)
{
    char text[4000];
    (void)snprintf(text, sizeof text, "{\"rows\":[%s]}", rows);
    json_t *answer = read_json(text), *args = read_json("{\"list_entries_max\":100}");
    (void)json_object_set_new(args, "known", bg_ledger_known(ledger, &here, false, 1));
    bg_ledger_complete(ledger, &here, args, answer, BG_LEDGER_VAIN_US + NOW_US);
    const json_t *process = json_array_get(json_object_get(answer, "long"), place);
    const json_t *list = json_object_get(json_object_get(process, "lists"), direction);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(json_object_get(list, "top"), 0), "count")), first);
    assert_int_equal(json_integer_value(json_object_get(list, "uncounted_since_count")), since);
    json_decref(args);
    json_decref(answer);
}

static void what_came_since_is_of_those_who_grew_as_well(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    static const char leak[] = BOTH("<0.1.0>", "45000", "0") "," BOTH("<0.2.0>", "0", "45000");
    static const char other_watcher[] = BOTH("<0.1.0>", "40000", "0") "," BOTH("<0.2.0>", "0", "45000");
    static const char other_watched[] = BOTH("<0.1.0>", "45000", "0") "," BOTH("<0.2.0>", "0", "40000");
    keep_leak(&ledger);
    assert_shares(&ledger, leak, 0, "monitors", 45000, 0);
    assert_shares(&ledger, leak, 1, "monitored_by", 45000, 0);
    assert_shares(&ledger, other_watcher, 0, "monitors", 40000, 0);
    assert_shares(&ledger, other_watcher, 1, "monitored_by", 40000, 5000);
    assert_shares(&ledger, other_watched, 0, "monitors", 40000, 5000);
    assert_shares(&ledger, other_watched, 1, "monitored_by", 40000, 0);
    assert_shares(&ledger, BOTH("<0.1.0>", "41500", "0") "," BOTH("<0.2.0>", "0", "40000"), 0, "monitors", 40000, 0); /* too few to say */
    take(&ledger, &here, WATCHER("<0.4.0>", LIST("4000", "1", PEER("<0.2.0>", "shop@h", "4000"))), 0);
    assert_shares(&ledger, BOTH("<0.4.0>", "4900", "0"), 0, "monitors", 4000, 0);
    bg_ledger_done(&ledger);
}

/* <0.3.0> monitors the same one: if all grew by 5,000, and the watched one too, either may have them. */
static void what_came_since_is_of_nobody_where_several_may_have_it(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here, WATCHER("<0.1.0>", LIST("40000", "1", PEER("<0.2.0>", "shop@h", "40000"))), 0);
    take(&ledger, &here, WATCHER("<0.3.0>", LIST("30000", "1", PEER("<0.2.0>", "shop@h", "30000"))), 0);
    take(&ledger, &here, WATCHED("<0.2.0>", LIST("70000", "2", PEER("<0.1.0>", "shop@h", "40000") "," PEER("<0.3.0>", "shop@h", "30000"))),
         0);
    static const char either[] = BOTH("<0.1.0>", "45000", "0") "," BOTH("<0.2.0>", "0", "75000") "," BOTH("<0.3.0>", "35000", "0");
    assert_shares(&ledger, either, 0, "monitors", 40000, 5000);
    assert_shares(&ledger, either, 1, "monitored_by", 40000, 5000);
    static const char both[] = BOTH("<0.1.0>", "45000", "0") "," BOTH("<0.2.0>", "0", "80000") "," BOTH("<0.3.0>", "35000", "0");
    assert_shares(&ledger, both, 0, "monitors", 45000, 0);
    assert_shares(&ledger, both, 2, "monitors", 35000, 0);
    assert_shares(&ledger, both, 1, "monitored_by", 45000, 0);
    bg_ledger_done(&ledger);
}

/* A short list of another node that was looked at, and then one that was looked at again, without that peer. */
static void what_others_tell_of_their_lists_is_learned(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    static const char rows[] = BOTH("<0.1.0>", "40000", "0") "," BOTH("<0.2.0>", "0", "45000");
    static const char *const reported[] = {LIST("5000", "1", PEER("<0.2.0>", "shop@h", "5000")), LIST("0", "0", "")};
    keep_leak(&ledger);
    for (size_t i = 0; i < 2; i++) {
        char text[1000];
        (void)snprintf(text, sizeof text, "{\"processes\":[{\"pid\":\"<0.7.0>\",\"row\":{},\"lists\":{\"monitors\":%s}}]}", reported[i]);
        json_t *answer = read_json(text), *args = read_json("{\"list_entries_max\":100}");
        bg_ledger_complete(&ledger, &there, args, answer, NOW_US);
        assert_shares(&ledger, rows, 1, "monitored_by", 40000, i == 0 ? 0 : 5000);
        json_decref(args);
        json_decref(answer);
    }
    take(&ledger, &here, WATCHER("<0.1.0>", LIST("44000", "1", PEER("<0.2.0>", "shop@h", "44000"))), 9);
    assert_shares(&ledger, BOTH("<0.1.0>", "44000", "0") "," BOTH("<0.2.0>", "0", "44000"), 1, "monitored_by", 44000, 0);
    bg_ledger_done(&ledger);
}

static void a_peer_has_no_more_than_its_own_list(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    keep_leak(&ledger);
    assert_shares(&ledger, BOTH("<0.1.0>", "10000", "0") "," BOTH("<0.2.0>", "0", "40000"), 1, "monitored_by", 10000, 30000);
    bg_ledger_done(&ledger);
}

static void assert_due(struct bg_ledger *ledger, int64_t now_us, const char *expected)
{
    json_t *due = bg_ledger_due(ledger, &here, now_us), *wanted = read_json(expected);
    assert_true(json_equal(due, wanted));
    json_decref(due);
    json_decref(wanted);
}

static void what_came_since_is_counted_soon_by_one_that_nobody_waits_for(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    const int64_t later = BG_LEDGER_VAIN_US + NOW_US;
    keep_leak(&ledger);
    assert_due(&ledger, later, "[]");
    assert_shares(&ledger, BOTH("<0.1.0>", "45000", "0") "," BOTH("<0.2.0>", "0", "40000"), 0, "monitors", 40000, 5000);
    assert_due(&ledger, later, "[\"<0.1.0>\"]");
    assert_due(&ledger, later + 1, "[]"); /* not twice at once */
    assert_known(&ledger, &here, later, "[[\"<0.2.0>\",6400,0,40000,0,0,0],[\"<0.1.0>\",6400,40000,0,0,0,0]]");
    json_t *known = bg_ledger_known(&ledger, &here, true, later);
    assert_int_equal(json_array_size(known), 1); /* the other one is listed as one to be counted */
    json_decref(known);
    static const char uncounted[] = LIST("90000", "null", "");
    char reported[1000];
    (void)snprintf(reported, sizeof reported, COUNTED("<0.1.0>", LISTS("%s", "%s")), uncounted, uncounted);
    take(&ledger, &here, reported, later); /* what is known stays, and it is not tried again each minute */
    static const char rows[] = BOTH("<0.1.0>", "45000", "0") "," BOTH("<0.2.0>", "0", "40000");
    assert_shares(&ledger, rows, 0, "monitors", 40000, 5000);
    assert_due(&ledger, later + BG_LEDGER_VAIN_US + 1, "[]");
    take(&ledger, &here, WATCHER("<0.1.0>", LIST("45000", "2", PEER("<0.2.0>", "shop@h", "40000") "," PEER("<0.9.0>", "shop@h", "5000"))),
         later);
    assert_due(&ledger, later + BG_LEDGER_VAIN_US, "[]");
    bg_ledger_done(&ledger);
}

/* Once an answer of `peers` or `watched` from that node was completed. */
static void complete(struct bg_ledger *ledger, const struct bg_incarnation *node, const char *args_text, const char *answer_text)
{
    json_t *answer = read_json(answer_text), *args = read_json(args_text);
    bg_ledger_complete(ledger, node, args, answer, NOW_US);
    json_decref(args);
    json_decref(answer);
}

static void a_watched_process_says_how_many_of_a_watchers_entries_are_its_own(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    static const char pairs[] = "{\"pairs\":[[{\"pid\":\"<0.8.0>\"},\"<0.1.0>\",\"shop@h\"]]}";
    keep_leak(&ledger);
    assert_shares(&ledger, BOTH("<0.1.0>", "52000", "0"), 0, "monitors", 40000, 12000);
    complete(&ledger, &there, pairs, "{\"pairs\":[{\"pid\":\"<0.8.0>\",\"count\":12000}]}");
    assert_shares(&ledger, BOTH("<0.1.0>", "52000", "0"), 0, "monitors", 40000, 0);
    bg_ledger_done(&ledger);
}

static void one_that_is_monitored_by_its_pid_and_by_its_name_is_not_given_all_of_both(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    static const char pairs[] = "{\"pairs\":[[{\"pid\":\"<0.2.0>\"},\"<0.1.0>\",\"shop@h\"]]}";
    bg_ledger_init(&ledger);
    take(&ledger, &here,
         WATCHER("<0.1.0>", LIST("40007", "2", PEER("<0.2.0>", "pay@h", "40000") ",{\"peer\":[\"pay\",\"pay@h\"],\"count\":7}")), 0);
    complete(&ledger, &there, pairs, "{\"pairs\":[{\"pid\":\"<0.2.0>\",\"registered_name\":\"pay\",\"count\":40007}]}");
    assert_shares(&ledger, BOTH("<0.1.0>", "50007", "0"), 0, "monitors", 40000, 10000);
    bg_ledger_done(&ledger);
}

static void a_list_that_is_no_longer_what_was_counted_is_counted_again(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    const int64_t later = BG_LEDGER_VAIN_US + NOW_US;
    static const char *const same = BOTH("<0.1.0>", "40700", "0") "," BOTH("<0.2.0>", "0", "40700");
    static const char *const more = BOTH("<0.1.0>", "42000", "0") "," BOTH("<0.2.0>", "0", "42000");
    static const char *const less = BOTH("<0.1.0>", "30000", "0") "," BOTH("<0.2.0>", "0", "30000");
    keep_leak(&ledger);
    assert_shares(&ledger, same, 0, "monitors", 40700, 0);
    assert_due(&ledger, later, "[]");
    assert_shares(&ledger, more, 0, "monitors", 42000, 0);
    assert_due(&ledger, later, "[\"<0.2.0>\",\"<0.1.0>\"]");
    bg_ledger_done(&ledger);
    keep_leak(&ledger);
    take(&ledger, &here, WATCHER("<0.1.0>", LIST("40000", "1", PEER("<0.2.0>", "shop@h", "40000"))), later);
    assert_shares(&ledger, BOTH("<0.1.0>", "42000", "0"), 0, "monitors", 40000, 2000); /* too soon */
    assert_due(&ledger, later, "[]");
    assert_shares(&ledger, less, 0, "monitors", 30000, 0); /* at once */
    assert_due(&ledger, later, "[\"<0.2.0>\",\"<0.1.0>\"]");
    take(&ledger, &here, WATCHER("<0.1.0>", LIST("30000", "1", PEER("<0.2.0>", "shop@h", "30000"))), later);
    assert_shares(&ledger, BOTH("<0.1.0>", "20000", "0"), 0, "monitors", 20000, 0);
    assert_due(&ledger, later + 1, "[]"); /* but not more than once a minute */
    bg_ledger_done(&ledger);
}

static void a_list_that_is_short_now_is_forgotten(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    static const char few[] = "{\"count\":2,\"distinct_count\":1,\"exact\":true,\"top\":[]}";
    char text[1000];
    keep_leak(&ledger);
    (void)snprintf(text, sizeof text, "{\"processes\":[{\"pid\":\"<0.1.0>\",\"row\":{},\"lists\":" LISTS("%s", "%s") "}]}", few, few);
    complete(&ledger, &here, "{}", text);
    assert_known(&ledger, &here, NOW_US, "[[\"<0.2.0>\",6400,0,40000,0,0,0]]");
    bg_ledger_done(&ledger);
}

/* Another node claims that as many of its processes as it may report monitor <0.2.0>, with so many entries each. */
static void claim(struct bg_ledger *ledger, const struct bg_incarnation *node, size_t processes, const char *count)
{
    char text[1000];
    for (size_t i = 0; i < processes; i++) {
        (void)snprintf(text, sizeof text, WATCHER("<0.%zu.0>", LIST("%s", "2", PEER("<0.2.0>", "shop@h", "%s"))), 500 + i, count, count);
        take(ledger, node, text, 0);
    }
}

/* How many peers the list of the watched process has, and the number of its first one. */
static void assert_peers(struct bg_ledger *ledger, const char *monitored_by, size_t peers, json_int_t first)
{
    char text[1000];
    (void)snprintf(text, sizeof text, "{\"rows\":[" BOTH("<0.2.0>", "0", "%s") "]}", monitored_by);
    json_t *answer = read_json(text), *args = read_json("{\"list_entries_max\":100}");
    (void)json_object_set_new(args, "known", bg_ledger_known(ledger, &here, false, 1));
    bg_ledger_complete(ledger, &here, args, answer, NOW_US);
    const json_t *lists = json_object_get(json_array_get(json_object_get(answer, "long"), 0), "lists");
    const json_t *top = json_object_get(json_object_get(lists, "monitored_by"), "top");
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(top); i++)
        sum += json_integer_value(json_object_get(json_array_get(top, i), "count"));
    assert_int_equal(json_array_size(top), peers);
    assert_int_equal(json_integer_value(json_object_get(json_array_get(top, 0), "count")), first);
    assert_true(sum <= json_integer_value(json_object_get(json_object_get(lists, "monitored_by"), "count")));
    json_decref(args);
    json_decref(answer);
}

static void what_another_node_claims_takes_nothing_from_the_peers_of_a_list(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    keep_leak(&ledger);
    claim(&ledger, &there, 60, "1099511627776");
    assert_peers(&ledger, "40000", 1, 40000);
    assert_peers(&ledger, "45000", 1, 40000); /* several cannot all have it */
    static const char grown[] = BOTH("<0.1.0>", "45000", "0") "," BOTH("<0.2.0>", "0", "45000");
    assert_shares(&ledger, grown, 1, "monitored_by", 45000, 0);
    assert_peers(&ledger, "30000", 1, 30000);
    bg_ledger_done(&ledger);
    keep_leak(&ledger);
    claim(&ledger, &there, 60, "1000");
    assert_peers(&ledger, "140000", 1 + 8, 40000); /* no more of one node */
    bg_ledger_done(&ledger);
    keep_leak(&ledger);
    claim(&ledger, &there, 1, "1099511627776");
    assert_peers(&ledger, "40000", 1, 40000);
    assert_peers(&ledger, "45000", 2, 40000); /* one may have what came since, and no more */
    claim(&ledger, &there, 1, "0");
    assert_peers(&ledger, "45000", 1, 40000);
    bg_ledger_done(&ledger);
}

/* A list of 50 peers has no place for more; a node of two peers that are in the list may say how many entries are theirs, but not more than
 * there can be. */
static void a_list_of_many_peers_keeps_those_that_its_own_node_named(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    static char top[4000], text[5000];
    bg_ledger_init(&ledger);
    for (int i = 0; i < BG_LEDGER_PEERS_MAX; i++)
        (void)snprintf(top + strlen(top), sizeof top - strlen(top), "%s" PEER("<0.%d.0>", "%s", "100"), i > 0 ? "," : "", 450 + i,
                       i == 0 ? "pay@h" : "shop@h");
    (void)snprintf(text, sizeof text, "{\"counted\":[" WATCHED("<0.2.0>", LIST("5000", "50", "%s")) "]}", top);
    json_t *answer = read_json(text);
    json_decref(bg_ledger_take(&ledger, &here, answer, false, 1, 77));
    json_decref(answer);
    claim(&ledger, &there, 1, "90000");
    assert_peers(&ledger, "5000", BG_LEDGER_PEERS_MAX, 100);
    take(&ledger, &there, WATCHER("<0.450.0>", LIST("90000", "1", PEER("<0.2.0>", "shop@h", "90000"))), 1);
    assert_peers(&ledger, "5000", BG_LEDGER_PEERS_MAX, 100);
    assert_peers(&ledger, "7000", BG_LEDGER_PEERS_MAX, 2100);
    bg_ledger_done(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_came_since_is_of_those_who_grew_as_well),
        cmocka_unit_test(what_came_since_is_of_nobody_where_several_may_have_it),
        cmocka_unit_test(what_others_tell_of_their_lists_is_learned),
        cmocka_unit_test(a_peer_has_no_more_than_its_own_list),
        cmocka_unit_test(what_came_since_is_counted_soon_by_one_that_nobody_waits_for),
        cmocka_unit_test(a_watched_process_says_how_many_of_a_watchers_entries_are_its_own),
        cmocka_unit_test(one_that_is_monitored_by_its_pid_and_by_its_name_is_not_given_all_of_both),
        cmocka_unit_test(a_list_that_is_no_longer_what_was_counted_is_counted_again),
        cmocka_unit_test(a_list_that_is_short_now_is_forgotten),
        cmocka_unit_test(what_another_node_claims_takes_nothing_from_the_peers_of_a_list),
        cmocka_unit_test(a_list_of_many_peers_keeps_those_that_its_own_node_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
