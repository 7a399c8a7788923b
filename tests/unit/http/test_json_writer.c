/* test_json_writer.c: the bytes are jansson's own. */
#include "json_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

/* Takes the document over. */
static void assert_as_jansson(json_t *json)
{
    char *wanted = json_dumps(json, FLAGS), *bytes = NULL;
    struct bg_sink sink;
    size_t length = 0;

    assert_non_null(wanted);
    bg_sink_init(&sink);
    assert_true(bg_json_write(&sink, json));
    assert_true(bg_sink_end(&sink, &bytes, &length));
    assert_string_equal(bytes, wanted);
    assert_int_equal(length, strlen(wanted));
    free(bytes);
    free(wanted);
    json_decref(json);
}

static void every_kind_of_value(void **state)
{
    static const char *const documents[] = {
        "{}",
        "[]",
        "[[],{},[[]]]",
        "null",
        "true",
        "false",
        "0",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "{\"a\":1,\"b\":[1,2,{\"c\":null}],\"\":\"\"}",
        "[1.5,0.1,-2.25e-7,1e300,100.0,123456789.123456789,5e-324,0.0,-0.0]",
        "{\"z\":1,\"a\":2,\"m\":3}", /* the order is kept */
    };

    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++)
        assert_as_jansson(json_loads(documents[i], JSON_DECODE_ANY, NULL));
}

static void every_character(void **state)
{
    char text[8];

    (void)state;
    for (unsigned c = 0; c < 0x80; c++)
        assert_as_jansson(json_pack("[s#]", (char[]){(char)c}, 1));
    for (unsigned c = 0x80; c < 0x110000; c += c < 0x3000 ? 7 : 1021) {
        if (c >= 0xD800 && c < 0xE000)
            continue;
        int length = c < 0x800     ? snprintf(text, sizeof text, "%c%c", 0xC0 | c >> 6, 0x80 | (c & 63))
                     : c < 0x10000 ? snprintf(text, sizeof text, "%c%c%c", 0xE0 | c >> 12, 0x80 | (c >> 6 & 63), 0x80 | (c & 63))
                                   : snprintf(text, sizeof text, "%c%c%c%c", 0xF0 | c >> 18, 0x80 | (c >> 12 & 63), 0x80 | (c >> 6 & 63),
                                              0x80 | (c & 63));
        assert_as_jansson(json_pack("{s#:s#}", text, length, text, length));
    }
    assert_as_jansson(json_string("plain, \"quoted\", \\ and / and \t\n\r\b\f\x1f\x7f \xc3\xa9 \xf0\x9f\x90\x8e end"));
}

static void a_document_without_end_is_refused(void **state)
{
    json_t *outer = json_array(), *inner = outer;
    struct bg_sink sink;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        json_t *next = json_array();
        json_array_append_new(inner, next);
        inner = next;
    }
    bg_sink_init(&sink);
    assert_false(bg_json_write(&sink, outer));
    free(sink.bytes);
    json_decref(outer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_value),
        cmocka_unit_test(every_character),
        cmocka_unit_test(a_document_without_end_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
