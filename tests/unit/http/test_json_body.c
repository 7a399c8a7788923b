/* test_json_body.c: what a client sent as JSON is read, or refused with a sentence that says where and why. */
#include "json_body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void a_body_is_read(void **state)
{
    json_t *body = NULL;
    struct bg_failure failure;

    (void)state;
    assert_int_equal(bg_json_body_read("{\"a\":[1]}", 9, &body, &failure), BG_OK);
    assert_int_equal(json_array_size(json_object_get(body, "a")), 1);
    json_decref(body);
}

static void what_cannot_be_read_is_refused_in_plain_words(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"{\"text\":\"a\\u0000b\"}", "line 1, column 18: a text must not contain \\u0000."},
        {"{\"a\\u0000b\":1}", "line 1, column 11: a text must not contain \\u0000."},
        {"{\"a\":1,\"a\":2}", "line 1, column 10: duplicate object key near '\"a\"'."},
        {"{\"a\":", "line 1, column 5: unexpected token near end of file."},
    };
    json_t *body;
    struct bg_failure failure;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(bg_json_body_read(cases[i].text, strlen(cases[i].text), &body, &failure), BG_INVALID);
        assert_non_null(strstr(failure.text, cases[i].reason));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_is_read),
        cmocka_unit_test(what_cannot_be_read_is_refused_in_plain_words),
    };

    bg_json_body_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
