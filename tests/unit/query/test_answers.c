/* test_answers.c: the cache: finding, replacing, and the maximum. */
#include "answers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void put(struct bg_answers *answers, const char *key, int number)
{
    struct bg_outcome *outcome = bg_outcome_new_answer(json_integer(number));
    assert_non_null(outcome);
    bg_answers_put(answers, key, outcome);
    bg_outcome_unref(outcome);
}

static int get(struct bg_answers *answers, const char *key)
{
    struct bg_outcome *outcome = bg_answers_find(answers, key);
    return outcome != NULL ? (int)json_integer_value(outcome->data) : -1;
}

static void answers_are_found_by_key(void **state)
{
    (void)state;
    struct bg_answers answers;
    bg_answers_init(&answers, 10, 1 << 20);
    assert_int_equal(get(&answers, "a"), -1);
    put(&answers, "a", 1);
    put(&answers, "b", 2);
    assert_int_equal(get(&answers, "a"), 1);
    assert_int_equal(get(&answers, "b"), 2);
    assert_int_equal(get(&answers, "ab"), -1);
    bg_answers_done(&answers);
}

static void a_newer_answer_replaces_the_older(void **state)
{
    (void)state;
    struct bg_answers answers;
    bg_answers_init(&answers, 10, 1 << 20);
    put(&answers, "a", 1);
    put(&answers, "a", 2);
    assert_int_equal(get(&answers, "a"), 2);
    assert_int_equal(answers.count, 1);
    bg_answers_done(&answers);
}

static void at_the_maximum_the_least_recently_used_goes(void **state)
{
    (void)state;
    struct bg_answers answers;
    bg_answers_init(&answers, 3, 1 << 20);
    put(&answers, "a", 1);
    put(&answers, "b", 2);
    put(&answers, "c", 3);
    assert_int_equal(get(&answers, "a"), 1);
    put(&answers, "d", 4);
    assert_int_equal(answers.count, 3);
    assert_int_equal(get(&answers, "b"), -1);
    put(&answers, "c", 33);
    put(&answers, "e", 5);
    assert_int_equal(get(&answers, "a"), -1);
    assert_int_equal(get(&answers, "c"), 33);
    assert_int_equal(get(&answers, "d"), 4);
    assert_int_equal(get(&answers, "e"), 5);
    bg_answers_done(&answers);
}

static void it_never_grows_past_its_maximum(void **state)
{
    (void)state;
    struct bg_answers answers;
    bg_answers_init(&answers, 50, 1 << 20);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof key, "%d", i);
        put(&answers, key, i);
        assert_in_range(answers.count, 1, 50);
    }
    assert_int_equal(get(&answers, "950"), 950);
    assert_int_equal(get(&answers, "949"), -1);
    bg_answers_done(&answers);
}

static void a_maximum_of_none_keeps_none(void **state)
{
    (void)state;
    struct bg_answers answers;
    bg_answers_init(&answers, 0, 1 << 20);
    put(&answers, "a", 1);
    assert_int_equal(get(&answers, "a"), -1);
    assert_int_equal(answers.count, 0);
    bg_answers_done(&answers);
}

static void who_holds_an_answer_keeps_it_after_it_left_the_cache(void **state)
{
    (void)state;
    struct bg_answers answers;
    bg_answers_init(&answers, 1, 1 << 20);
    put(&answers, "a", 1);
    struct bg_outcome *held = bg_outcome_ref(bg_answers_find(&answers, "a"));
    put(&answers, "b", 2);
    bg_answers_done(&answers);
    assert_int_equal(json_integer_value(held->data), 1);
    bg_outcome_unref(held);
}

static void put_sized(struct bg_answers *answers, const char *key, size_t bytes, int64_t collected_us)
{
    struct bg_outcome *outcome = bg_outcome_new_answer(json_integer(1));
    assert_non_null(outcome);
    outcome->bytes = bytes;
    outcome->collected_us = collected_us;
    bg_answers_put(answers, key, outcome);
    bg_outcome_unref(outcome);
}

static void at_the_maximum_of_bytes_the_least_recently_used_go(void **state)
{
    (void)state;
    struct bg_answers answers;
    char key[16];
    bg_answers_init(&answers, 1000, 1 << 20);
    for (int i = 0; i < 41; i++) {
        snprintf(key, sizeof key, "%d", i);
        put_sized(&answers, key, 200000, i);
    }
    assert_int_equal(answers.count, 5);
    assert_true(answers.bytes > 1000000 && answers.bytes <= 1 << 20);
    assert_int_equal(get(&answers, "40"), 1);
    assert_int_equal(get(&answers, "35"), -1);
    put_sized(&answers, "large", (1 << 18) + 1, 50); /* one alone must not drive out all others */
    assert_int_equal(get(&answers, "large"), -1);
    put_sized(&answers, "40", 100000, 60); /* replacing gives back what the older one took */
    assert_true(answers.bytes < 920000);
    bg_answers_done(&answers);
    assert_int_equal(answers.bytes, 0);
}

static void the_old_are_dropped_and_so_is_one_that_makes_no_sense(void **state)
{
    (void)state;
    struct bg_answers answers;
    bg_answers_init(&answers, 10, 1 << 20);
    put_sized(&answers, "a", 10, 100);
    put_sized(&answers, "b", 10, 200);
    put_sized(&answers, "c", 10, 300);
    assert_int_equal(bg_answers_expire(&answers, 200), 1);
    assert_int_equal(get(&answers, "a"), -1);
    assert_int_equal(get(&answers, "b"), 1);
    bg_answers_drop(&answers, bg_answers_find(&answers, "b")->data);
    assert_int_equal(get(&answers, "b"), -1);
    assert_int_equal(get(&answers, "c"), 1);
    bg_answers_done(&answers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_found_by_key),
        cmocka_unit_test(a_newer_answer_replaces_the_older),
        cmocka_unit_test(at_the_maximum_the_least_recently_used_goes),
        cmocka_unit_test(it_never_grows_past_its_maximum),
        cmocka_unit_test(a_maximum_of_none_keeps_none),
        cmocka_unit_test(who_holds_an_answer_keeps_it_after_it_left_the_cache),
        cmocka_unit_test(at_the_maximum_of_bytes_the_least_recently_used_go),
        cmocka_unit_test(the_old_are_dropped_and_so_is_one_that_makes_no_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
