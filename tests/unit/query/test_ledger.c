/* test_ledger.c: what long lists were made of is kept by node and process, bounded, and completes answers. */
#include "ledger_samples.h"

/* The first long process of a scan's answer of one row. The scan was reported what is known now (stolen). */
static json_t *complete_with(struct bg_ledger *ledger, const struct bg_incarnation *node, const char *row, json_t *known)
{
    char text[2000];
    (void)snprintf(text, sizeof text, "{\"rows\":[%s]}", row);
    json_t *answer = read_json(text), *args = read_json("{\"list_entries_max\":100}");
    (void)json_object_set_new(args, "known", known);
    bg_ledger_complete(ledger, node, args, answer, NOW_US);
    json_t *process = json_incref(json_array_get(json_object_get(answer, "long"), 0));
    json_decref(args);
    json_decref(answer);
    return process;
}

static json_t *complete(struct bg_ledger *ledger, const struct bg_incarnation *node, const char *row)
{
    return complete_with(ledger, node, row, bg_ledger_known(ledger, node, false, 1));
}

static const json_t *top_of(const json_t *process, const char *direction)
{
    return json_array_get(json_object_get(json_object_get(json_object_get(process, "lists"), direction), "top"), 0);
}

static void what_was_counted_is_told_to_the_same_incarnation_only(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here, COUNTED("<0.1.0>", LISTS(LIST("100", "1", PEER("<0.2.0>", "pay@h", "100")), NOBODY)), 5);
    assert_known(&ledger, &here, 6, "[[\"<0.1.0>\",6400,100,0,0,0,0]]");
    assert_known(&ledger, &there, 6, "[]");
    take(&ledger, &here, COUNTED("<0.1.0>", LISTS(LIST("300", "1", ""), NOBODY)), 7);
    assert_known(&ledger, &here, 8, "[[\"<0.1.0>\",6400,300,0,0,0,0]]");
    assert_known(&ledger, &again, 9, "[]");
    assert_int_equal(ledger.count, 0);
    bg_ledger_done(&ledger);
}

static void what_was_too_much_is_tried_again_after_a_while(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here, COUNTED("<0.1.0>", "null"), 0);
    assert_known(&ledger, &here, BG_LEDGER_VAIN_US, "[[\"<0.1.0>\",6400,-1,-1,-1,0,0]]");
    assert_known(&ledger, &here, BG_LEDGER_VAIN_US + 1, "[]");
    take(&ledger, &here, COUNTED("<0.1.0>", LISTS(LIST("100", "null", ""), LIST("50", "1", ""))), 0);
    assert_known(&ledger, &here, BG_LEDGER_VAIN_US, "[[\"<0.1.0>\",6400,100,50,0,0,0]]");
    assert_known(&ledger, &here, BG_LEDGER_VAIN_US + 1, "[]");
    take(&ledger, &here, COUNTED("<0.1.0>", LISTS(LIST("100", "1", ""), LIST("50", "1", ""))), 0);
    assert_known(&ledger, &here, BG_LEDGER_VAIN_US + 1, "[[\"<0.1.0>\",6400,100,50,0,0,0]]");
    bg_ledger_done(&ledger);
}

static void take_patiently(struct bg_ledger *ledger, const char *counted, bool is_patient, int64_t now_us, const char *late)
{
    char text[4000];
    (void)snprintf(text, sizeof text, "{\"counted\":[%s]}", counted);
    json_t *answer = read_json(text), *wanted = read_json(late);
    json_t *reported = bg_ledger_take(ledger, &here, answer, is_patient, now_us, 77);
    assert_true(json_equal(reported, wanted));
    json_decref(reported);
    json_decref(wanted);
    json_decref(answer);
}

#define LATE(ID, BYTES) "{\"pid\":{\"pid\":\"" ID "\",\"node\":\"shop@h\"},\"unexplained\":" BYTES ",\"lists\":null,\"late\":true}"

static void what_there_was_no_time_for_is_tried_again_at_once(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take_patiently(&ledger, LATE("<0.1.0>", "6400"), false, 0, "[\"<0.1.0>\"]");
    assert_known(&ledger, &here, 1, "[]");
    json_t *process = complete(&ledger, &here, ROW("<0.1.0>", "600", "false"));
    assert_true(json_is_true(json_object_get(process, "late")));
    json_decref(process);
    take_patiently(&ledger, LATE("<0.1.0>", "6400"), true, 2, "[\"<0.1.0>\"]");
    assert_known(&ledger, &here, 3, "[[\"<0.1.0>\",6400,-1,-1,-1,0,0]]");
    assert_known(&ledger, &here, BG_LEDGER_VAIN_US + 3, "[]");
    bg_ledger_done(&ledger);
}

static void what_was_weighed_is_known_for_a_while(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    json_t *answer = read_json("{\"weighed\":[[{\"pid\":\"<0.1.0>\",\"node\":\"shop@h\"},50000000],[\"?\"],7]}");
    json_decref(bg_ledger_take(&ledger, &here, answer, false, 0, 77));
    assert_null(json_object_get(answer, "weighed"));
    json_decref(answer);
    assert_known(&ledger, &here, 5000, "[[\"<0.1.0>\",0,0,0,0,50000000,5]]");
    take(&ledger, &here, COUNTED("<0.1.0>", "null"), 6000);
    assert_known(&ledger, &here, 7000, "[[\"<0.1.0>\",6400,-1,-1,-1,50000000,7]]");
    assert_known(&ledger, &here, BG_LEDGER_VAIN_US + 7000, "[[\"<0.1.0>\",0,0,0,0,50000000,60007]]");
    assert_known(&ledger, &here, BG_LEDGER_WEIGHT_US + 1, "[]");
    assert_int_equal(ledger.count, 0);
    bg_ledger_done(&ledger);
}

static void what_has_grown_too_large_keeps_its_peers(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here, COUNTED("<0.1.0>", LISTS(LIST("100", "1", PEER("<0.2.0>", "pay@h", "90")), NOBODY)), 0);
    take_patiently(&ledger, LATE("<0.1.0>", "12800"), false, 1, "[\"<0.1.0>\"]");
    assert_known(&ledger, &here, 1, "[[\"<0.1.0>\",6400,100,0,0,0,0]]");
    take_patiently(&ledger, "{\"pid\":\"<0.1.0>\",\"unexplained\":12800,\"lists\":null,\"late\":false}", false, 2, "[]");
    assert_known(&ledger, &here, BG_LEDGER_VAIN_US * 2, "[[\"<0.1.0>\",12800,200,0,0,0,0]]");
    json_t *process = complete(&ledger, &here, ROW("<0.1.0>", "400", "false"));
    assert_int_equal(json_integer_value(json_object_get(top_of(process, "monitors"), "count")), 90);
    assert_null(json_object_get(process, "late"));
    json_decref(process);
    bg_ledger_done(&ledger);
}

/* New entries belong to no known peer, since nothing is known of the processes that it monitors; if entries are fewer, each peer has its
 * share. */
static void peers_have_what_was_counted(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here,
         COUNTED("<0.1.0>", LISTS(LIST("400", "2", PEER("<0.2.0>", "pay@h", "300") "," PEER("<0.3.0>", "pay@h", "100")), NOBODY)), 0);
    json_t *process = complete(&ledger, &here, ROW("<0.1.0>", "600", "false"));
    assert_int_equal(json_integer_value(json_object_get(top_of(process, "monitors"), "count")), 300);
    assert_int_equal(json_integer_value(json_object_get(process, "counted_wall_ms")), 77);
    json_decref(process);
    process = complete(&ledger, &here, ROW("<0.1.0>", "200", "false"));
    assert_int_equal(json_integer_value(json_object_get(top_of(process, "monitors"), "count")), 150);
    json_decref(process);
    process = complete(&ledger, &here, ROW("<0.1.0>", "400", "true"));
    assert_null(json_object_get(process, "counted_wall_ms"));
    assert_true(json_is_true(json_object_get(json_object_get(json_object_get(process, "lists"), "monitors"), "exact")));
    json_decref(process);
    process = complete(&ledger, &there, ROW("<0.1.0>", "600", "false"));
    assert_null(top_of(process, "monitors"));
    json_decref(process);
    bg_ledger_done(&ledger);
}

static void what_was_counted_while_a_question_was_on_its_way_is_better_than_its_estimate(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here, COUNTED("<0.1.0>", LISTS(LIST("400", "1", PEER("<0.2.0>", "pay@h", "400")), NOBODY)), 0);
    json_t *process = complete_with(&ledger, &here, ROW("<0.1.0>", "600", "false"), json_array());
    assert_int_equal(json_integer_value(json_object_get(top_of(process, "monitors"), "count")), 400);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(process, "row"), "monitors_count")), 400);
    json_decref(process);
    bg_ledger_done(&ledger);
}

/* 400 monitor it, it monitors nobody; then there are more than half as many again, which are in no list. */
static void entries_of_any_kind_are_of_the_kinds_that_were_counted(void **state)
{
    (void)state;
    static const char row[] = "{\"pid\":{\"pid\":\"<0.1.0>\"},\"monitors_count\":1800,\"monitored_by_count\":1800,\"links_count\":2900,"
                              "\"exact\":false,\"entries_max\":2900}";
    static const char reported[] = "{\"processes\":[{\"pid\":\"<0.1.0>\",\"lists\":{\"monitors\":{\"count\":1800,\"distinct_count\":null,"
                                   "\"exact\":false,\"any_kind\":true,\"top\":[]}}}]}";
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here, COUNTED("<0.1.0>", LISTS(NOBODY, LIST("400", "1", PEER("<0.2.0>", "pay@h", "400")))), 5);
    json_t *process = complete(&ledger, &here, row), *lists = json_object_get(process, "lists");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(lists, "monitors"), "count")), 0);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(lists, "monitored_by"), "count")), 1800);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(process, "row"), "monitors_count")), 0);
    json_decref(process);
    json_t *answer = read_json(reported), *args = json_pack("{s:o}", "known", bg_ledger_known(&ledger, &here, false, 1));
    bg_ledger_complete(&ledger, &here, args, answer, NOW_US);
    lists = json_object_get(json_array_get(json_object_get(answer, "processes"), 0), "lists");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(lists, "monitors"), "count")), 0);
    json_decref(args);
    json_decref(answer);
    bg_ledger_done(&ledger);
}

static void the_watched_tell_whom_a_watcher_watches(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here, COUNTED("<0.9.0>", LISTS(NOBODY, LIST("800", "1", PEER("<0.1.0>", "pay@h", "800")))), 0);
    take(&ledger, &there, COUNTED("<0.1.0>", "null"), 0);
    json_t *process = complete(&ledger, &there, ROW("<0.1.0>", "600", "false"));
    const json_t *top = top_of(process, "monitors");
    assert_string_equal(json_string_value(json_object_get(json_object_get(top, "peer"), "pid")), "<0.9.0>");
    assert_string_equal(json_string_value(json_object_get(top, "registered_name")), "cart");
    assert_int_equal(json_integer_value(json_object_get(top, "count")), 800);
    json_decref(process);
    json_t *answer = read_json("{\"pairs\":[{\"pid\":{\"pid\":\"<0.9.0>\"},\"count\":null}]}");
    json_t *args = read_json("{\"list_entries_max\":100,\"pairs\":[[{\"pid\":\"<0.9.0>\"},\"<0.1.0>\",\"pay@h\"]]}");
    bg_ledger_complete(&ledger, &here, args, answer, NOW_US);
    const json_t *reported = json_array_get(json_object_get(answer, "pairs"), 0);
    assert_int_equal(json_integer_value(json_object_get(reported, "count")), 800);
    json_decref(answer);
    json_decref(args);
    bg_ledger_done(&ledger);
}

/* <0.1.0> of pay@h has 900 entries at most by its own node's report. */
static void assert_watched(struct bg_ledger *ledger, size_t peers, json_int_t first, json_int_t count)
{
    json_t *process = complete(ledger, &there, ROW("<0.1.0>", "600", "false"));
    const json_t *list = json_object_get(json_object_get(process, "lists"), "monitors");
    assert_int_equal(json_array_size(json_object_get(list, "top")), peers);
    assert_int_equal(json_integer_value(json_object_get(top_of(process, "monitors"), "count")), first);
    assert_int_equal(json_integer_value(json_object_get(list, "count")), count);
    json_decref(process);
}

static void the_watched_of_another_node_claim_no_more_than_a_watcher_can_have(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here, COUNTED("<0.9.0>", LISTS(NOBODY, LIST("5000", "1", PEER("<0.1.0>", "pay@h", "5000")))), 0);
    assert_watched(&ledger, 1, 900, 900);
    take(&ledger, &here, COUNTED("<0.8.0>", LISTS(NOBODY, LIST("5000", "1", PEER("<0.1.0>", "pay@h", "5000")))), 0);
    assert_watched(&ledger, 0, 0, 600); /* several cannot all have it */
    take(&ledger, &there, COUNTED("<0.7.0>", LISTS(NOBODY, LIST("5000", "1", PEER("<0.1.0>", "pay@h", "700")))), 0);
    assert_watched(&ledger, 1, 700, 700);
    bg_ledger_done(&ledger);
}

static bool is_uncounted(const json_t *object)
{
    return json_is_true(json_object_get(object, "uncounted"));
}

/* Also by its own answer to `peers`, if only an estimate is reported. */
static bool is_list_uncounted(struct bg_ledger *ledger)
{
    json_t *args = read_json("{\"list_entries_max\":100}");
    json_t *answer = read_json("{\"processes\":[{\"pid\":\"<0.1.0>\",\"entries_max\":900,\"lists\":{\"monitors\":{\"count\":600,"
                               "\"distinct_count\":null,\"exact\":false,\"top\":[]}}}]}");
    bg_ledger_complete(ledger, &here, args, answer, NOW_US);
    const json_t *process = json_array_get(json_object_get(answer, "processes"), 0);
    const bool is_one = is_uncounted(json_object_get(json_object_get(process, "lists"), "monitors"));
    json_decref(answer);
    json_decref(args);
    return is_one;
}

static void it_is_open_whose_entries_are_that_nobody_has_counted(void **state)
{
    static const struct {
        const char *counted, *exact;
        bool is_open;
    } cases[] = {
        {LATE("<0.1.0>", "6400"), "false", true},
        {COUNTED("<0.1.0>", "null"), "false", true},
        {COUNTED("<0.1.0>", LISTS(LIST("600", "null", ""), LIST("600", "null", ""))), "false", true},
        {COUNTED("<0.1.0>", LISTS(LIST("600", "null", ""), LIST("50", "1", ""))), "false",
         false}, /* those are known, so the rest is the others */
        {COUNTED("<0.1.0>", LISTS(LIST("600", "1", ""), NOBODY)), "false", false},
        {COUNTED("<0.1.0>", LISTS(LIST("600", "1", ""), NOBODY)), "true", false},
        {"", "false", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bg_ledger ledger;
        char row[400];
        bg_ledger_init(&ledger);
        take(&ledger, &here, cases[i].counted, 0);
        (void)snprintf(row, sizeof row, ROW("<0.1.0>", "600", "%s"), cases[i].exact);
        json_t *process = complete(&ledger, &here, row);
        assert_int_equal(is_uncounted(json_object_get(process, "row")), cases[i].is_open);
        assert_int_equal(json_integer_value(json_object_get(process, "entries_max")), 900);
        for (int direction = 0; direction < 2; direction++)
            assert_int_equal(is_uncounted(json_object_get(json_object_get(process, "lists"), direction == 0 ? "monitors" : "monitored_by")),
                             cases[i].is_open);
        assert_int_equal(is_list_uncounted(&ledger), cases[i].is_open);
        json_decref(process);
        bg_ledger_done(&ledger);
    }
}

static void the_least_recently_used_goes_first(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    char counted[600];
    bg_ledger_init(&ledger);
    for (int i = 0; i <= BG_LEDGER_MAX; i++) {
        (void)snprintf(counted, sizeof counted, "{\"pid\":\"<0.%d.0>\",\"unexplained\":1,\"lists\":" LISTS(NOBODY, NOBODY) "}", i);
        take(&ledger, &here, counted, 0);
        if (i == BG_LEDGER_MAX - 1)
            json_decref(complete(&ledger, &here, ROW("<0.0.0>", "0", "false")));
    }
    assert_int_equal(ledger.count, BG_LEDGER_MAX);
    json_t *known = bg_ledger_known(&ledger, &here, false, 0);
    for (size_t i = 0; i < json_array_size(known); i++)
        assert_string_not_equal(json_string_value(json_array_get(json_array_get(known, i), 0)), "<0.1.0>");
    json_decref(known);
    bg_ledger_done(&ledger);
}

static void fifty_peers_of_each_list_are_kept(void **state)
{
    static char top[4000], text[5000];
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    for (int i = 1; i <= BG_LEDGER_PEERS_MAX + 1; i++)
        (void)snprintf(top + strlen(top), sizeof top - strlen(top), "%s" PEER("<0.%d.0>", "pay@h", "2"), i > 1 ? "," : "", i);
    (void)snprintf(text, sizeof text, "{\"counted\":[" COUNTED("<0.1.0>", LISTS(LIST("102", "51", "%s"), NOBODY)) "]}", top);
    json_t *answer = read_json(text);
    json_decref(bg_ledger_take(&ledger, &here, answer, false, 1, 77));
    json_decref(answer);
    json_t *process = complete(&ledger, &here, ROW("<0.1.0>", "102", "false"));
    const json_t *list = json_object_get(json_object_get(process, "lists"), "monitors");
    assert_int_equal(json_array_size(json_object_get(list, "top")), BG_LEDGER_PEERS_MAX);
    json_decref(process);
    bg_ledger_done(&ledger);
}

static void nonsense_is_not_kept(void **state)
{
    static const char *const samples[] = {"7",
                                          "{}",
                                          "{\"pid\":7}",
                                          COUNTED("<0.1.0>", "7"),
                                          COUNTED("<0.1.0>", "{\"monitors\":{}}"),
                                          COUNTED("<0.1.0>", LISTS(LIST("-1", "0", ""), NOBODY))};
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        take(&ledger, &here, samples[i], 0);
    assert_int_equal(ledger.count, 0);
    json_t *args = read_json("{\"list_entries_max\":100}"), *answer = read_json("{\"rows\":[7,{}],\"processes\":[7,{}],\"pairs\":[7]}");
    bg_ledger_complete(&ledger, &here, args, answer, NOW_US);
    json_decref(args);
    json_decref(answer);
    bg_ledger_done(&ledger);
}

static void a_node_with_many_does_not_drive_out_the_others(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    char counted[600];
    bg_ledger_init(&ledger);
    take(&ledger, &there, COUNTED("<0.1.0>", LISTS(LIST("100", "1", ""), NOBODY)), 0);
    for (int i = 0; i <= 2 * BG_LEDGER_MAX; i++) {
        (void)snprintf(counted, sizeof counted, "{\"pid\":\"<0.%d.0>\",\"unexplained\":1,\"lists\":" LISTS(NOBODY, NOBODY) "}", i);
        take(&ledger, &here, counted, 0);
    }
    assert_int_equal(ledger.count, BG_LEDGER_MAX);
    assert_known(&ledger, &there, 1, "[[\"<0.1.0>\",6400,100,0,0,0,0]]");
    bg_ledger_done(&ledger);
}

static void a_removed_node_is_forgotten(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    bg_ledger_init(&ledger);
    take(&ledger, &here, COUNTED("<0.1.0>", LISTS(LIST("100", "1", ""), NOBODY)), 5);
    take(&ledger, &there, COUNTED("<0.1.0>", LISTS(LIST("100", "1", ""), NOBODY)), 5);
    bg_ledger_forget(&ledger, here.name);
    assert_known(&ledger, &here, 6, "[]");
    assert_int_equal(ledger.count, 1);
    bg_ledger_done(&ledger);
}

static void a_list_that_is_said_to_grow_for_ever_has_a_maximum(void **state)
{
    (void)state;
    struct bg_ledger ledger;
    char text[100];
    bg_ledger_init(&ledger);
    take(&ledger, &here, COUNTED("<0.1.0>", LISTS(LIST("1099511627776", "1", ""), NOBODY)), 0);
    for (int i = 0; i < 4; i++) {
        (void)snprintf(text, sizeof text, "{\"pid\":\"<0.1.0>\",\"unexplained\":%s,\"lists\":null}", i % 2 == 0 ? "1099511627776" : "1");
        take(&ledger, &here, text, 1);
    }
    take(&ledger, &here, "{\"pid\":\"<0.1.0>\",\"unexplained\":1099511627776,\"lists\":null}", 1);
    assert_known(&ledger, &here, 2, "[[\"<0.1.0>\",1099511627776,1099511627776,0,0,0,0]]");
    bg_ledger_done(&ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_counted_is_told_to_the_same_incarnation_only),
        cmocka_unit_test(what_was_too_much_is_tried_again_after_a_while),
        cmocka_unit_test(what_there_was_no_time_for_is_tried_again_at_once),
        cmocka_unit_test(what_was_weighed_is_known_for_a_while),
        cmocka_unit_test(what_has_grown_too_large_keeps_its_peers),
        cmocka_unit_test(peers_have_what_was_counted),
        cmocka_unit_test(what_was_counted_while_a_question_was_on_its_way_is_better_than_its_estimate),
        cmocka_unit_test(entries_of_any_kind_are_of_the_kinds_that_were_counted),
        cmocka_unit_test(the_watched_tell_whom_a_watcher_watches),
        cmocka_unit_test(the_watched_of_another_node_claim_no_more_than_a_watcher_can_have),
        cmocka_unit_test(it_is_open_whose_entries_are_that_nobody_has_counted),
        cmocka_unit_test(the_least_recently_used_goes_first),
        cmocka_unit_test(fifty_peers_of_each_list_are_kept),
        cmocka_unit_test(nonsense_is_not_kept),
        cmocka_unit_test(a_node_with_many_does_not_drive_out_the_others),
        cmocka_unit_test(a_removed_node_is_forgotten),
        cmocka_unit_test(a_list_that_is_said_to_grow_for_ever_has_a_maximum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
