/* test_nearest.c: which known word a mistyped one is taken for, and which is taken for none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "beamgauge/nearest.h"

static void distance_counts_edits(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } cases[] = {
        {"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"monitrs", "monitors", 1}, {"mointors", "monitors", 1}, {"kitten", "sitting", 3}};
    char longer[200];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(bg_edit_distance(cases[i].a, strlen(cases[i].a), cases[i].b, strlen(cases[i].b)), cases[i].distance);
        assert_int_equal(bg_edit_distance(cases[i].b, strlen(cases[i].b), cases[i].a, strlen(cases[i].a)), cases[i].distance);
    }
    memset(longer, 'x', sizeof longer);
    assert_int_equal(bg_edit_distance(longer, sizeof longer, "", 0), BG_NEAREST_LENGTH_MAX);
}

static const char *nearest(const char *word)
{
    static const char *const known[] = {"port_count", "pair_count_max", "memory", "message_queue_len",
                                        "monitors",   "monitored_by",   "md",     "json",
                                        "text",       "limit",          "a",      NULL};
    struct bg_nearest found;

    bg_nearest_init(&found, word, strlen(word));
    for (size_t i = 0; known[i] != NULL; i++)
        bg_nearest_try(&found, known[i]);
    return found.best;
}

static void nothing_is_near_to_a_long_word(void **state)
{
    char word[300] = {0};
    (void)state;
    memset(word, 'z', sizeof word - 1);
    assert_null(nearest(word));
}

static void a_slip_a_beginning_and_a_part_are_near(void **state)
{
    static const char *const cases[][2] = {
        {"memry", "memory"},
        {"Memory", "memory"},
        {"mem", "memory"},
        {"memory_bytes", "memory"},
        {"pair_count", "pair_count_max"}, /* not port_count, three letters off */
        {"prot_count", "port_count"},
        {"queue", "message_queue_len"},
        {"queue_len", "message_queue_len"},
        {"monitor", "monitors"},
        {"monitored", "monitored_by"},
        {"jsn", "json"},
        {"limits", "limit"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (nearest(cases[i][0]) == NULL || strcmp(nearest(cases[i][0]), cases[i][1]) != 0)
            fail_msg("%s is taken for %s, not for %s", cases[i][0], nearest(cases[i][0]), cases[i][1]);
}

static void another_word_is_near_to_none(void **state)
{
    static const char *const cases[] = {"colour", "xml", "restart", "zzzzzzzzzzzz", "", "q", "m"};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (nearest(cases[i]) != NULL && strcmp(nearest(cases[i]), "a") != 0)
            fail_msg("%s is taken for %s", cases[i], nearest(cases[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_edits),
        cmocka_unit_test(nothing_is_near_to_a_long_word),
        cmocka_unit_test(a_slip_a_beginning_and_a_part_are_near),
        cmocka_unit_test(another_word_is_near_to_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
