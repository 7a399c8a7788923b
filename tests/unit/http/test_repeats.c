/* test_repeats.c: a failure of a target is new once, until the target is answered or fails in another way. */
#include "repeats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static int begin(void **state)
{
    struct bg_repeats *repeats = malloc(sizeof *repeats);

    assert_non_null(repeats);
    bg_repeats_init(repeats, 7);
    *state = repeats;
    return 0;
}

static int end(void **state)
{
    free(*state);
    return 0;
}

static void a_failure_is_new_once(void **state)
{
    assert_true(bg_repeats_keep(*state, "/a", BG_DEADLINE));
    assert_false(bg_repeats_keep(*state, "/a", BG_DEADLINE));
    assert_true(bg_repeats_keep(*state, "/b", BG_DEADLINE));
    assert_false(bg_repeats_keep(*state, "/a", BG_DEADLINE));
}

static void another_failure_is_new(void **state)
{
    assert_true(bg_repeats_keep(*state, "/a", BG_DEADLINE));
    assert_true(bg_repeats_keep(*state, "/a", BG_BAD_ANSWER));
    assert_false(bg_repeats_keep(*state, "/a", BG_BAD_ANSWER));
}

static void a_failure_after_an_answer_is_new(void **state)
{
    assert_false(bg_repeats_keep(*state, "/a", BG_OK));
    assert_true(bg_repeats_keep(*state, "/a", BG_DEADLINE));
    assert_false(bg_repeats_keep(*state, "/b", BG_OK));
    assert_false(bg_repeats_keep(*state, "/a", BG_DEADLINE));
    assert_false(bg_repeats_keep(*state, "/a", BG_OK));
    assert_true(bg_repeats_keep(*state, "/a", BG_DEADLINE));
}

/* More targets than slots: each is new at least once, and none is lost for ever. */
static void many_targets_fit(void **state)
{
    const struct bg_repeats *repeats = *state;
    char target[16];

    for (int i = 0; i < 2 * BG_REPEATS_SLOTS; i++) {
        snprintf(target, sizeof target, "/%d", i);
        assert_true(bg_repeats_keep(*state, target, BG_DEADLINE));
    }
    assert_in_range(repeats->used, BG_REPEATS_SLOTS / 2, BG_REPEATS_SLOTS);
    for (int i = 0; i < 2 * BG_REPEATS_SLOTS; i++) {
        snprintf(target, sizeof target, "/%d", i);
        assert_false(bg_repeats_keep(*state, target, BG_OK));
    }
    assert_int_equal(repeats->used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_failure_is_new_once, begin, end),
        cmocka_unit_test_setup_teardown(another_failure_is_new, begin, end),
        cmocka_unit_test_setup_teardown(a_failure_after_an_answer_is_new, begin, end),
        cmocka_unit_test_setup_teardown(many_targets_fit, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
