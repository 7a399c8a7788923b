/* test_last.c: the pairs that a node had last are kept by its incarnation. */
#include "last.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct bg_last last;

static int setup(void **state)
{
    (void)state;
    bg_last_init(&last);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bg_last_done(&last);
    return 0;
}

static struct bg_node_info node_of(uint64_t generation, enum bg_link_state state, int64_t since_wall_ms)
{
    return (struct bg_node_info){.name = "shop@h", .generation = generation, .state = state, .since_wall_ms = since_wall_ms};
}

static void keep(const struct bg_node_info *node, size_t count, int64_t collected_wall_ms)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(rows, json_pack("{s:I}", "count", (json_int_t)i));
    bg_last_keep(&last, node, rows, collected_wall_ms);
    json_decref(rows);
}

/* -1: none. */
static int found(const struct bg_node_info *node)
{
    int64_t wall_ms;
    const json_t *rows = bg_last_find(&last, node, &wall_ms);
    return rows != NULL ? (int)json_array_size(rows) : -1;
}

static void they_stay_while_the_link_is_down_and_no_longer(void **state)
{
    const struct bg_node_info up = node_of(3, BG_LINK_UP, 400), down = node_of(3, BG_LINK_WAITING, 900),
                              again = node_of(4, BG_LINK_UP, 1000), anew = node_of(0, BG_LINK_WAITING, 1000),
                              other = node_of(3, BG_LINK_UP, 1000);
    (void)state;
    assert_int_equal(found(&up), -1);
    keep(&up, 2, 500);
    assert_int_equal(found(&up), 2);
    assert_int_equal(found(&down), 2);
    assert_int_equal(found(&again), -1);
    assert_int_equal(found(&anew), -1);
    assert_int_equal(found(&other), -1);
}

/* A short look does not take away what a longer one has just seen; a leak that is over goes in the end. */
static void fewer_take_the_place_of_more_after_a_while(void **state)
{
    const struct bg_node_info up = node_of(1, BG_LINK_UP, 0);
    (void)state;
    keep(&up, 5, 1000);
    keep(&up, 2, 2000);
    assert_int_equal(found(&up), 5);
    keep(&up, 0, 1000 + BG_LAST_FEWER_MS);
    assert_int_equal(found(&up), 0);
    keep(&up, BG_LAST_ROWS_MAX + 1, 40000);
    assert_int_equal(found(&up), BG_LAST_ROWS_MAX);
}

/* An answer that came from a cache, or in place of one that did not come, is not new. */
static void what_was_reported_earlier_does_not_take_the_place_of_what_was_reported_later(void **state)
{
    const struct bg_node_info up = node_of(1, BG_LINK_UP, 0);
    int64_t wall_ms;
    (void)state;
    keep(&up, 2, 5000);
    keep(&up, 7, 4000);
    assert_int_equal(found(&up), 2);
    keep(&up, 3, 5000);
    assert_int_equal(found(&up), 3);
    assert_non_null(bg_last_find(&last, &up, &wall_ms));
    assert_int_equal(wall_ms, 5000);
}

static void the_node_that_was_kept_first_goes_first(void **state)
{
    struct bg_node_info node = node_of(1, BG_LINK_UP, 0);
    (void)state;
    keep(&node, 1, 1);
    for (int i = 0; i < BG_LAST_NODES_MAX; i++) {
        char name[40];
        (void)snprintf(name, sizeof name, "n%d@h", i);
        node.name = name;
        keep(&node, 1, 2);
        assert_int_equal(found(&node), 1);
    }
    node = node_of(1, BG_LINK_UP, 0);
    assert_int_equal(found(&node), -1);
    assert_int_equal(json_object_size(last.by_node), BG_LAST_NODES_MAX);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(they_stay_while_the_link_is_down_and_no_longer),
        T(fewer_take_the_place_of_more_after_a_while),
        T(what_was_reported_earlier_does_not_take_the_place_of_what_was_reported_later),
        T(the_node_that_was_kept_first_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
