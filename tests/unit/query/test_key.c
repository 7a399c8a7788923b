/* test_key.c: what makes two questions the same, and what does not. */
#include "key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static char *key_of(const char *node, uint64_t generation, const char *question, const char *args_text)
{
    struct bg_node_info info = {.name = node, .generation = generation, .since_wall_ms = 1000};
    json_t *args = args_text != NULL ? json_loads(args_text, 0, NULL) : NULL;
    char *key = NULL;
    assert_int_equal(bg_query_key(&info, question, args, &key, NULL), BG_OK);
    json_decref(args);
    return key;
}

static void same(char *stolen_one, char *stolen_other)
{
    assert_string_equal(stolen_one, stolen_other);
    free(stolen_one);
    free(stolen_other);
}

static void different(char *stolen_one, char *stolen_other)
{
    assert_string_not_equal(stolen_one, stolen_other);
    free(stolen_one);
    free(stolen_other);
}

static void the_order_of_arguments_does_not_matter(void **state)
{
    (void)state;
    same(key_of("a@b", 1, "scan", "{\"x\": 1, \"y\": [2]}"), key_of("a@b", 1, "scan", "{ \"y\":[2],\"x\":1 }"));
}

static void no_arguments_are_empty_arguments(void **state)
{
    (void)state;
    same(key_of("a@b", 1, "scan", NULL), key_of("a@b", 1, "scan", "{}"));
}

static void each_part_tells_questions_apart(void **state)
{
    (void)state;
    different(key_of("a@b", 1, "scan", NULL), key_of("a@c", 1, "scan", NULL));
    different(key_of("a@b", 1, "scan", NULL), key_of("a@b", 2, "scan", NULL));
    different(key_of("a@b", 1, "scan", NULL), key_of("a@b", 1, "memory", NULL));
    different(key_of("a@b", 1, "scan", "{\"x\": 1}"), key_of("a@b", 1, "scan", "{\"x\": 2}"));
    different(key_of("a@b", 1, "scan", "{\"x\": 1}"), key_of("a@b", 1, "scan", "{\"x\": \"1\"}"));
}

static void a_node_registered_anew_is_another(void **state)
{
    (void)state;
    struct bg_node_info before = {.name = "a@b", .generation = 1, .since_wall_ms = 1000}, after = before;
    after.since_wall_ms = 2000;
    char *one = NULL, *other = NULL;
    assert_int_equal(bg_query_key(&before, "scan", NULL, &one, NULL), BG_OK);
    assert_int_equal(bg_query_key(&after, "scan", NULL, &other, NULL), BG_OK);
    different(one, other);
}

static void a_key_is_of_one_node(void **state)
{
    (void)state;
    char *key = key_of("a@b", 1, "scan", "{\"x\": 1}");
    assert_true(bg_query_key_is_of(key, "a@b"));
    assert_false(bg_query_key_is_of(key, "a@bc"));
    assert_false(bg_query_key_is_of(key, "a@"));
    assert_false(bg_query_key_is_of(key, "scan"));
    assert_false(bg_query_key_is_of("a", "a@b"));
    free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_arguments_does_not_matter),
        cmocka_unit_test(no_arguments_are_empty_arguments),
        cmocka_unit_test(each_part_tells_questions_apart),
        cmocka_unit_test(a_node_registered_anew_is_another),
        cmocka_unit_test(a_key_is_of_one_node),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
