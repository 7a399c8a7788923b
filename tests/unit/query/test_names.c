/* test_names.c: names of processes are kept by node, incarnation and pid. */
#include "names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bg_names names;

static int setup(void **state)
{
    (void)state;
    bg_names_init(&names);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bg_names_done(&names);
    return 0;
}

static void take(const char *node, uint64_t generation, const char *args, const char *answer, int64_t now_wall_ms)
{
    json_t *asked = json_loads(args, 0, NULL), *reported = json_loads(answer, 0, NULL);
    assert_non_null(reported);
    bg_names_take(&names, node, generation, asked, reported, now_wall_ms);
    json_decref(asked);
    json_decref(reported);
}

#define CART "{\"registered_name\":\"cart\",\"alive\":true}"
#define PIDS(LIST) "{\"pids\":[" LIST "]}"
#define NAMES(LIST) "{\"names\":[" LIST "]}"

/* Its registered name, "dead", or "" if nothing is kept. */
static const char *found(const char *node, uint64_t generation, enum bg_link_state state, int64_t since_wall_ms, const char *pid)
{
    const struct bg_node_info info = {.name = node, .generation = generation, .state = state, .since_wall_ms = since_wall_ms};
    int64_t wall_ms = -1;
    const json_t *row = bg_names_find(&names, &info, pid, &wall_ms);
    assert_int_equal(row != NULL, wall_ms >= 0);
    if (row == NULL)
        return "";
    return json_is_true(json_object_get(row, "alive")) ? json_string_value(json_object_get(row, "registered_name")) : "dead";
}

static void what_was_told_is_known_by_node_and_pid(void **state)
{
    (void)state;
    take("shop@h", 1, PIDS("\"<0.1.0>\",\"<0.2.0>\",\"<0.3.0>\""), NAMES(CART ",{\"alive\":false},{\"alive\":null}"), 500);
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 400, "<0.1.0>"), "cart");
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 400, "<0.2.0>"), "dead");
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 400, "<0.3.0>"), ""); /* it did not answer */
    assert_string_equal(found("pay@h", 1, BG_LINK_UP, 400, "<0.1.0>"), "");
}

static void the_watched_are_known_too(void **state)
{
    (void)state;
    take(
        "shop@h", 1, "{}",
        "{\"pairs\":[{\"pid\":{\"pid\":\"<0.1.0>\",\"node\":\"shop@h\"},\"registered_name\":\"cart\",\"alive\":true},{\"alive\":false},7]}",
        500);
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 400, "<0.1.0>"), "cart");
    assert_int_equal(json_object_size(names.by_process), 1);
}

/* While the link is down, `since` is when it was last up. */
static void another_incarnation_has_other_processes(void **state)
{
    (void)state;
    take("shop@h", 1, PIDS("\"<0.1.0>\""), NAMES(CART), 500);
    assert_string_equal(found("shop@h", 1, BG_LINK_WAITING, 900, "<0.1.0>"), "cart");
    assert_string_equal(found("shop@h", 2, BG_LINK_UP, 1000, "<0.1.0>"), "");
    assert_string_equal(found("shop@h", 0, BG_LINK_WAITING, 1000, "<0.1.0>"), ""); /* registered anew */
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 1000, "<0.1.0>"), "");
}

static void who_does_not_answer_is_who_he_was(void **state)
{
    (void)state;
    take("shop@h", 1, PIDS("\"<0.1.0>\""), NAMES(CART), 500);
    take("shop@h", 1, PIDS("\"<0.1.0>\""), NAMES("{\"alive\":null}"), 600);
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 400, "<0.1.0>"), "cart");
}

static void who_was_told_first_goes_first(void **state)
{
    (void)state;
    take("shop@h", 1, PIDS("\"<0.1.0>\",\"<0.2.0>\""), NAMES(CART "," CART), 500);
    take("shop@h", 1, PIDS("\"<0.1.0>\""), NAMES(CART), 600);
    for (int i = 0; i < BG_NAMES_MAX - 1; i++) {
        char args[100];
        (void)snprintf(args, sizeof args, PIDS("\"<0.%d.9>\""), i);
        take("shop@h", 1, args, NAMES(CART), 700);
    }
    assert_int_equal(json_object_size(names.by_process), BG_NAMES_MAX);
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 400, "<0.1.0>"), "cart");
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 400, "<0.2.0>"), "");
}

static void nonsense_is_not_kept(void **state)
{
    char args[300];
    (void)state;
    (void)snprintf(args, sizeof args, PIDS("\"<0.%0200d.0>\""), 1);
    take("shop@h", 1, args, NAMES(CART), 500);
    take("shop@h", 1, PIDS("7,\"<0.1.0>\""), NAMES(CART ",[]," CART), 500);
    take("shop@h", 1, "{}", "{\"names\":{},\"pairs\":7}", 500);
    assert_int_equal(json_object_size(names.by_process), 0);
}

static void a_late_node_is_left_alone_for_some_seconds(void **state)
{
    (void)state;
    assert_false(bg_names_is_late(&names, "shop@h", 5));
    bg_names_note_late(&names, "shop@h", 5);
    assert_true(bg_names_is_late(&names, "shop@h", 9000000));
    assert_false(bg_names_is_late(&names, "pay@h", 9000000));
    assert_false(bg_names_is_late(&names, "shop@h", 11000000));
}

static void a_removed_node_is_forgotten(void **state)
{
    (void)state;
    take("shop@h", 1, PIDS("\"<0.1.0>\",\"<0.2.0>\""), NAMES(CART "," CART), 500);
    take("shop@h2", 1, PIDS("\"<0.1.0>\""), NAMES(CART), 500);
    bg_names_note_late(&names, "shop@h", 5);
    bg_names_forget(&names, "shop@h");
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 400, "<0.1.0>"), "");
    assert_string_equal(found("shop@h", 1, BG_LINK_UP, 400, "<0.2.0>"), "");
    assert_string_equal(found("shop@h2", 1, BG_LINK_UP, 400, "<0.1.0>"), "cart");
    assert_false(bg_names_is_late(&names, "shop@h", 6));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(what_was_told_is_known_by_node_and_pid),     T(the_watched_are_known_too),     T(another_incarnation_has_other_processes),
        T(who_does_not_answer_is_who_he_was),          T(who_was_told_first_goes_first), T(nonsense_is_not_kept),
        T(a_late_node_is_left_alone_for_some_seconds), T(a_removed_node_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
