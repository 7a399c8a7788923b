/* test_encode.c: JSON -> external term, read back by our own decoder, and its limits. */
#include "beamgauge/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define DEPTH_MAX 64
#define BYTES_MAX (128 * 1024)

static json_t *parse(const char *text)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(json);
    return json;
}

static void what_is_encoded_is_read_back(void **state)
{
    (void)state;
    static const char *const documents[] = {
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "\"\"",
        "\"a\\u0000\\u20ac\"",
        "-1",
        "255",
        "2147483648",
        "-9223372036854775808",
        "9223372036854775807",
        "-0.25",
        "1e300",
        "{\"limit\": 10, \"pids\": [\"<0.1.0>\", [1, [2, []]]], \"binary\": false, \"none\": null}",
    };
    static const struct bg_term_limits limits = {.depth_max = 64, .elements_max = 1000, .bytes_max = SIZE_MAX};
    for (size_t i = 0; i < COUNT(documents); i++) {
        json_t *json = parse(documents[i]), *back = NULL;
        uint8_t *bytes = NULL;
        size_t length = 0;
        assert_int_equal(bg_term_from_json(json, &bytes, &length, NULL), BG_OK);
        uint8_t *term = malloc(length + 1);
        assert_non_null(term);
        term[0] = 131;
        memcpy(term + 1, bytes, length);
        assert_int_equal(bg_term_to_json(term, length + 1, &limits, &back, NULL, NULL), BG_OK);
        if (!json_equal(json, back))
            fail_msg("%s came back as %s", documents[i], json_dumps(back, JSON_ENCODE_ANY));
        free(term);
        free(bytes);
        json_decref(json);
        json_decref(back);
    }
}

/* Every atom sent is on the target for ever: text must never become one. */
static void text_never_becomes_an_atom(void **state)
{
    (void)state;
    json_t *json = parse("{\"true\": \"undefined\"}");
    uint8_t *bytes = NULL;
    size_t length = 0;
    assert_int_equal(bg_term_from_json(json, &bytes, &length, NULL), BG_OK);
    static const char expected[] = "t\0\0\0\1m\0\0\0\4truem\0\0\0\x09undefined";
    assert_int_equal(length, sizeof expected - 1);
    assert_memory_equal(bytes, expected, length);
    free(bytes);
    json_decref(json);
}

static json_t *nested(size_t depth)
{
    json_t *json = json_array();
    for (size_t i = 1; i < depth; i++)
        json = json_pack("[o]", json);
    assert_non_null(json);
    return json;
}

static enum bg_error encode_and_drop(json_t *stolen_json, struct bg_failure *ret_failure)
{
    uint8_t *bytes = NULL;
    size_t length = 0;
    enum bg_error error = bg_term_from_json(stolen_json, &bytes, &length, ret_failure);
    assert_true((error == BG_OK) == (bytes != NULL));
    assert_true(length <= BYTES_MAX + 16);
    free(bytes);
    json_decref(stolen_json);
    return error;
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct bg_failure failure = {.text = ""};
    assert_int_equal(encode_and_drop(nested(DEPTH_MAX), NULL), BG_OK);
    assert_int_equal(encode_and_drop(nested(DEPTH_MAX + 1), &failure), BG_INVALID);
    assert_non_null(strstr(failure.text, "deeper"));
}

static json_t *long_text(size_t length)
{
    char *text = malloc(length);
    assert_non_null(text);
    memset(text, 'x', length);
    json_t *json = json_stringn(text, length);
    free(text);
    assert_non_null(json);
    return json;
}

static json_t *many_integers(size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        assert_int_equal(json_array_append_new(array, json_integer(1)), 0);
    return array;
}

static void length_is_limited(void **state)
{
    (void)state;
    struct bg_failure failure = {.text = ""};
    assert_int_equal(encode_and_drop(long_text(BYTES_MAX), NULL), BG_OK);
    assert_int_equal(encode_and_drop(long_text(BYTES_MAX + 1), &failure), BG_INVALID);
    assert_non_null(strstr(failure.text, "more than"));
    assert_int_equal(encode_and_drop(json_pack("[o, o]", long_text(BYTES_MAX / 2), long_text(BYTES_MAX / 2)), NULL), BG_INVALID);
    assert_int_equal(encode_and_drop(json_pack("{s:o, s:i}", "a", long_text(BYTES_MAX - 20), "key", 1), NULL), BG_INVALID);
    assert_int_equal(encode_and_drop(many_integers(BYTES_MAX / 2 - 8), NULL), BG_OK);
    assert_int_equal(encode_and_drop(many_integers(BYTES_MAX / 2 + 8), NULL), BG_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_is_read_back),
        cmocka_unit_test(text_never_becomes_an_atom),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(length_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
