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
    bg_answers_init(&answers, 10);
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
    bg_answers_init(&answers, 10);
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
    bg_answers_init(&answers, 3);
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
    bg_answers_init(&answers, 50);
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
    bg_answers_init(&answers, 0);
    put(&answers, "a", 1);
    assert_int_equal(get(&answers, "a"), -1);
    assert_int_equal(answers.count, 0);
    bg_answers_done(&answers);
}

static void who_holds_an_answer_keeps_it_after_it_left_the_cache(void **state)
{
    (void)state;
    struct bg_answers answers;
    bg_answers_init(&answers, 1);
    put(&answers, "a", 1);
    struct bg_outcome *held = bg_outcome_ref(bg_answers_find(&answers, "a"));
    put(&answers, "b", 2);
    bg_answers_done(&answers);
    assert_int_equal(json_integer_value(held->data), 1);
    bg_outcome_unref(held);
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
