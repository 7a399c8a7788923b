/* test_seen.c: a process that does not answer stays in every ranking with its last report, limited and by incarnation. */
#include "seen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_incarnation here = {.name = "shop@h", .generation = 1}, again = {.name = "shop@h", .generation = 2};

#define ROW(ID, MONITORS, MORE)                                                                                                            \
    "{\"pid\":{\"pid\":\"" ID "\"},\"registered_name\":\"cart\",\"memory\":9000,\"monitors_count\":" MONITORS                              \
    ",\"monitored_by_count\":0,\"links_count\":0,\"reductions\":5" MORE "}"
#define PEERS(ID, COUNT)                                                                                                                   \
    "{\"pid\":\"" ID "\",\"lists\":{\"monitors\":{\"count\":" COUNT ",\"distinct_count\":1,\"exact\":true,\"top\":[{\"peer\":"             \
    "{\"pid\":\"<0.7.0>\"},\"count\":" COUNT "}]}}}"
#define ANSWER(ROWS, RANKING, LONG, SKIPPED, COUNT)                                                                                        \
    "{\"rows\":[" ROWS "],\"rankings\":{\"monitors\":[" RANKING "],\"monitored_by\":[],\"links\":[],\"memory\":[" RANKING "]},"            \
    "\"next_bound\":{},\"long\":[" LONG "],\"skipped\":[" SKIPPED "],\"skipped_count\":" COUNT "}"
#define SKIPPED_ONE "{\"pid\":\"<0.1.0>\"}"

static json_t *read_json(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

static json_t *complete_with(struct bg_seen *seen, const struct bg_incarnation *node, const char *args, const char *text, int64_t now_ms)
{
    json_t *answer = read_json(text), *asked = read_json(args);
    bg_seen_complete(seen, node, asked, answer, now_ms);
    json_decref(asked);
    return answer;
}

static json_t *complete(struct bg_seen *seen, const char *text, int64_t now_ms)
{
    return complete_with(seen, &here, "{\"limit\":50}", text, now_ms);
}

/* Keeps 5000 monitors of <0.1.0>, all of <0.7.0>. */
static void teach(struct bg_seen *seen)
{
    bg_seen_init(seen);
    json_decref(complete(seen, ANSWER(ROW("<0.1.0>", "5000", ",\"exact\":true"), "0", "", "", "0"), 1000));
    json_decref(complete(seen, "{\"processes\":[" PEERS("<0.1.0>", "5000") "]}", 1001));
}

static const json_t *row_at(const json_t *answer, const char *key, size_t place)
{
    const json_t *index = json_array_get(json_object_get(json_object_get(answer, "rankings"), key), place);
    return json_is_integer(index) ? json_array_get(json_object_get(answer, "rows"), (size_t)json_integer_value(index)) : NULL;
}

static json_int_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

static void one_that_is_silent_stands_with_what_it_told_and_its_peers(void **state)
{
    (void)state;
    struct bg_seen seen;
    teach(&seen);
    for (int64_t now_ms = 3000; now_ms < 300000; now_ms += 100000) {
        json_t *answer = complete(&seen, ANSWER(ROW("<0.2.0>", "3", ""), "0", "", SKIPPED_ONE, "1"), now_ms);
        const json_t *row = row_at(answer, "monitors", 0), *process = json_array_get(json_object_get(answer, "long"), 0);
        assert_int_equal(number(row, "monitors_count"), 5000);
        assert_int_equal(number(row, "age_ms"), now_ms - 1000);
        assert_true(json_is_false(json_object_get(row, "exact")));
        assert_string_equal(json_string_value(json_object_get(row, "registered_name")), "cart");
        assert_int_equal(number(row_at(answer, "monitors", 1), "monitors_count"), 3);
        assert_ptr_equal(row_at(answer, "memory", 0), row_at(answer, "monitors", 1)); /* among equals, the first one */
        assert_ptr_equal(row_at(answer, "memory", 1), row);
        assert_int_equal(number(process, "age_ms"), now_ms - 1000);
        const json_t *list = json_object_get(json_object_get(process, "lists"), "monitors");
        assert_int_equal(number(json_array_get(json_object_get(list, "top"), 0), "count"), 5000);
        assert_true(json_is_false(json_object_get(list, "exact")));
        json_decref(answer);
    }
    bg_seen_done(&seen);
}

/* Until somebody is named. */
static void it_stays_open_whose_entries_are_of_one_that_falls_silent(void **state)
{
    (void)state;
    struct bg_seen seen;
    bg_seen_init(&seen);
    const char *earlier = ANSWER(ROW("<0.1.0>", "5000", ",\"exact\":false,\"uncounted\":true,\"entries_max\":6000"), "0", "", "", "0");
    json_decref(complete(&seen, earlier, 1000));
    for (int is_named = 0; is_named < 2; is_named++) {
        json_t *answer = complete(&seen, ANSWER(ROW("<0.2.0>", "3", ""), "0", "", SKIPPED_ONE, "1"), 3000);
        const json_t *process = json_array_get(json_object_get(answer, "long"), 0);
        assert_int_equal(json_is_true(json_object_get(row_at(answer, "monitors", 0), "uncounted")), !is_named);
        assert_int_equal(json_is_true(json_object_get(json_object_get(json_object_get(process, "lists"), "monitors"), "uncounted")),
                         !is_named);
        assert_int_equal(number(process, "entries_max"), 6000);
        json_decref(answer);
        json_decref(complete(&seen, "{\"processes\":[" PEERS("<0.1.0>", "5000") "]}", 3001));
    }
    bg_seen_done(&seen);
}

static void who_tells_or_has_gone_does_not_stand_so(void **state)
{
    (void)state;
    struct bg_seen seen;
    teach(&seen);
    json_t *answer = complete(&seen, ANSWER(ROW("<0.1.0>", "6000", ""), "0", "", "", "0"), 2000);
    assert_int_equal(number(row_at(answer, "monitors", 0), "monitors_count"), 6000);
    assert_int_equal(number(row_at(answer, "monitors", 0), "age_ms"), -1);
    json_decref(answer);
    answer = complete_with(&seen, &again, "{}", ANSWER("", "", "", SKIPPED_ONE, "1"), 2000);
    assert_int_equal(json_array_size(json_object_get(answer, "rows")), 0);
    json_decref(answer);
    json_decref(complete(&seen, ANSWER("", "", "", "", "0"), 2000));
    answer = complete(&seen, ANSWER("", "", "", SKIPPED_ONE, "1"), 3000);
    assert_int_equal(json_array_size(json_object_get(answer, "rows")), 0);
    json_decref(answer);
    bg_seen_done(&seen);
}

static void where_not_all_silent_ones_are_named_it_stands_for_a_while(void **state)
{
    (void)state;
    struct bg_seen seen;
    teach(&seen);
    json_t *answer = complete(&seen, ANSWER("", "", "", "", "700"), 1000 + BG_SEEN_UNNAMED_MS);
    assert_int_equal(number(row_at(answer, "monitors", 0), "monitors_count"), 5000);
    json_decref(answer);
    answer = complete(&seen, ANSWER("", "", "", "", "700"), 1001 + BG_SEEN_UNNAMED_MS);
    assert_null(row_at(answer, "monitors", 0));
    json_decref(answer);
    bg_seen_done(&seen);
}

#define PARTIAL                                                                                                                            \
    "{\"pid\":{\"pid\":\"<0.1.0>\"},\"memory\":null,\"monitors_count\":null,\"monitored_by_count\":null,\"links_count\":null,"             \
    "\"reductions\":77,\"exact\":false}"

static void what_the_emulator_told_of_it_is_of_now(void **state)
{
    (void)state;
    struct bg_seen seen;
    teach(&seen);
    json_t *answer = complete(&seen, ANSWER(PARTIAL, "", "", SKIPPED_ONE, "1"), 2000);
    assert_int_equal(json_array_size(json_object_get(answer, "rows")), 1);
    assert_int_equal(number(row_at(answer, "monitors", 0), "reductions"), 77);
    assert_int_equal(number(row_at(answer, "monitors", 0), "memory"), 9000);
    json_decref(answer);
    bg_seen_done(&seen);
}

#define LOST(COUNT) ROW("<0.1.0>", COUNT, ",\"silent\":true,\"exact\":false")

static void what_allocators_hold_is_better_than_what_was_told_only_where_it_is_half_as_much_again(void **state)
{
    (void)state;
    struct bg_seen seen;
    teach(&seen);
    json_t *answer = complete(&seen, ANSWER(LOST("7000"), "0", "{\"pid\":\"<0.1.0>\"}", SKIPPED_ONE, "1"), 2000);
    assert_int_equal(number(row_at(answer, "monitors", 0), "monitors_count"), 5000);
    assert_int_equal(json_array_size(json_object_get(answer, "long")), 1);
    json_decref(answer);
    answer = complete(&seen, ANSWER(LOST("8000"), "0", "", SKIPPED_ONE, "1"), 3000);
    assert_int_equal(number(row_at(answer, "monitors", 0), "monitors_count"), 8000);
    assert_int_equal(number(row_at(answer, "monitors", 0), "age_ms"), -1);
    json_decref(answer);
    answer = complete(&seen, ANSWER(LOST("7000"), "0", "", SKIPPED_ONE, "1"), 4000);
    assert_int_equal(number(row_at(answer, "monitors", 0), "monitors_count"), 7000);
    json_decref(answer);
    answer = complete(&seen, ANSWER("", "", "", SKIPPED_ONE, "1"), 5000); /* nothing reported what the allocators hold */
    assert_int_equal(number(row_at(answer, "monitors", 0), "monitors_count"), 7000);
    assert_int_equal(number(row_at(answer, "monitors", 0), "age_ms"), 1000);
    json_decref(answer);
    bg_seen_done(&seen);
}

static void a_full_ranking_stays_as_long_as_was_asked_for(void **state)
{
    (void)state;
    struct bg_seen seen;
    teach(&seen);
    json_t *answer =
        complete_with(&seen, &here, "{\"limit\":1,\"order\":\"asc\"}", ANSWER(ROW("<0.2.0>", "30", ""), "0", "", SKIPPED_ONE, "1"), 2000);
    assert_int_equal(json_array_size(json_object_get(json_object_get(answer, "rankings"), "monitors")), 1);
    assert_int_equal(number(row_at(answer, "monitors", 0), "monitors_count"), 5000);
    assert_int_equal(number(json_object_get(answer, "next_bound"), "monitors"), 30);
    assert_int_equal(number(row_at(answer, "memory", 0), "monitors_count"), 30); /* it ranks the other way */
    json_decref(answer);
    bg_seen_done(&seen);
}

static void one_that_does_not_tell_its_peers_has_those_that_it_told(void **state)
{
    (void)state;
    struct bg_seen seen;
    teach(&seen);
    json_t *answer = complete(&seen,
                              "{\"processes\":[{\"pid\":\"<0.1.0>\",\"lists\":{\"monitors\":{\"count\":null,\"distinct_count\":null,"
                              "\"exact\":false,\"top\":[]}}},{\"pid\":\"<0.2.0>\"},7]}",
                              3000);
    const json_t *process = json_array_get(json_object_get(answer, "processes"), 0);
    const json_t *list = json_object_get(json_object_get(process, "lists"), "monitors");
    assert_int_equal(number(list, "count"), 5000);
    assert_int_equal(json_array_size(json_object_get(list, "top")), 1);
    assert_int_equal(number(process, "age_ms"), 2000);
    assert_null(json_object_get(json_object_get(process, "lists"), "links")); /* that was not asked for */
    json_decref(answer);
    bg_seen_done(&seen);
}

static void few_entries_many_nodes_and_nonsense_are_bounded(void **state)
{
    (void)state;
    struct bg_seen seen;
    bg_seen_init(&seen);
    json_decref(complete(&seen, ANSWER(ROW("<0.1.0>", "999", ""), "0", "", "", "0"), 1000));
    json_t *answer = complete(&seen, ANSWER("", "", "", SKIPPED_ONE, "1"), 2000);
    assert_null(row_at(answer, "monitors", 0));
    json_decref(answer);
    for (int i = 0; i <= BG_SEEN_NODES_MAX; i++) {
        struct bg_incarnation node = {.generation = 1};
        (void)snprintf(node.name, sizeof node.name, "n%d@h", i);
        json_decref(complete_with(&seen, &node, "{}", ANSWER(ROW("<0.1.0>", "5000", ""), "0", "", "", "0"), 1000));
    }
    assert_int_equal(json_object_size(seen.by_node), BG_SEEN_NODES_MAX);
    bg_seen_done(&seen);
    static const char *const samples[] = {ANSWER("7,{}", "0,1,9,-1,\"a\"", "7", "7,{}", "2"), "{\"long\":[]}", "{}",
                                          "{\"rows\":7,\"long\":[],\"rankings\":7}"};
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        teach(&seen);
        json_decref(complete(&seen, samples[i], 2000));
        bg_seen_done(&seen);
    }
}

/* Of 21 rows of one ranking, and 21 peers of one of them. */
static void twenty_rows_and_twenty_peers_of_each_are_kept(void **state)
{
    (void)state;
    struct bg_seen seen;
    json_t *asked = read_json("{\"limit\":50}"), *answer = read_json(ANSWER("", "", "", "", "0"));
    json_t *lists = read_json(PEERS("<0.1.0>", "5000")), *silent = read_json(ANSWER("", "", "", "", "21"));
    json_t *top = json_object_get(json_object_get(json_object_get(lists, "lists"), "monitors"), "top");
    bg_seen_init(&seen);
    for (int i = 1; i <= BG_SEEN_ROWS_MAX + 1; i++) {
        char pid[16];
        (void)snprintf(pid, sizeof pid, "<0.%d.0>", i);
        json_t *row = read_json(ROW("", "5000", ",\"exact\":true"));
        json_object_set_new(json_object_get(row, "pid"), "pid", json_string(pid));
        json_array_append_new(json_object_get(answer, "rows"), row);
        json_array_append_new(json_object_get(json_object_get(answer, "rankings"), "monitors"), json_integer(i - 1));
        json_array_append_new(json_object_get(silent, "skipped"), json_pack("{s:s}", "pid", pid));
        if (i > 1)
            json_array_append_new(top, json_pack("{s:{s:s}, s:i}", "peer", "pid", pid, "count", 1));
    }
    json_array_append(json_object_get(answer, "long"), lists);
    bg_seen_complete(&seen, &here, asked, answer, 1000);
    bg_seen_complete(&seen, &here, asked, silent, 2000);
    assert_int_equal(json_array_size(top), BG_SEEN_PEERS_MAX + 1);
    assert_int_equal(json_array_size(json_object_get(json_object_get(silent, "rankings"), "monitors")), BG_SEEN_ROWS_MAX);
    const json_t *process = json_array_get(json_object_get(silent, "long"), 0);
    const json_t *list = json_object_get(json_object_get(process, "lists"), "monitors");
    assert_int_equal(json_array_size(json_object_get(list, "top")), BG_SEEN_PEERS_MAX);
    json_decref(asked);
    json_decref(answer);
    json_decref(lists);
    json_decref(silent);
    bg_seen_done(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_silent_stands_with_what_it_told_and_its_peers),
        cmocka_unit_test(it_stays_open_whose_entries_are_of_one_that_falls_silent),
        cmocka_unit_test(who_tells_or_has_gone_does_not_stand_so),
        cmocka_unit_test(where_not_all_silent_ones_are_named_it_stands_for_a_while),
        cmocka_unit_test(what_the_emulator_told_of_it_is_of_now),
        cmocka_unit_test(what_allocators_hold_is_better_than_what_was_told_only_where_it_is_half_as_much_again),
        cmocka_unit_test(a_full_ranking_stays_as_long_as_was_asked_for),
        cmocka_unit_test(one_that_does_not_tell_its_peers_has_those_that_it_told),
        cmocka_unit_test(few_entries_many_nodes_and_nonsense_are_bounded),
        cmocka_unit_test(twenty_rows_and_twenty_peers_of_each_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
