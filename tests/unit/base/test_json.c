/* test_json.c: JSON as text, against jansson's own. */
#include "beamgauge/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const size_t flags[] = {0, JSON_ENSURE_ASCII, JSON_SORT_KEYS, JSON_ENSURE_ASCII | JSON_SORT_KEYS};

static void assert_written(json_t *json)
{
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        char *own = bg_json_text(json, flags[i]);
        char *other = json_dumps(json, flags[i] | JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        assert_non_null(own);
        assert_string_equal(own, other);
        free(own);
        free(other);
    }
    json_decref(json);
}

static void every_type_is_written(void **state)
{
    (void)state;
    assert_written(json_pack("{s:[], s:{}, s:[n, b, b], s:{s:[[i]]}, s:s, s:s}", "empty", "none", "three", 1, 0, "deep", "deeper", -7, "", "",
                             "quoted \"key\" \xe2\x82\xac", "\\"));
    assert_written(json_null());
    assert_written(json_string("alone"));
}

static void numbers_are_written_whole(void **state)
{
    static const json_int_t integers[] = {0, -1, 9, 10, 1234567890, INT64_MAX, INT64_MIN};
    static const double reals[] = {0.0, -0.0, 1.0, 0.1, -2.5, 0.0001, 123456789012345.0, 100000.0, 3.14159265358979};
    (void)state;
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++)
        assert_written(json_integer(integers[i]));
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        assert_written(json_real(reals[i]));
}

/* jansson writes 1e20 and 1e-7, which are the same numbers. */
static void reals_with_exponents_are_read_as_they_were(void **state)
{
    static const double reals[] = {1e300, 1e20, 1e15, 1e-7, 5e-324};
    (void)state;
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++) {
        json_t *real = json_real(reals[i]);
        char *text = bg_json_text(real, 0);
        json_t *back = json_loads(text, JSON_DECODE_ANY, NULL);
        assert_true(json_is_real(back));
        assert_true(json_real_value(back) == reals[i]);
        free(text);
        json_decref(back);
        json_decref(real);
    }
}

static size_t utf8(uint32_t code_point, char *text)
{
    if (code_point < 0x80)
        return text[0] = (char)code_point, 1;
    size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; code_point >>= 6)
        text[i] = (char)(0x80 | (code_point & 0x3F));
    text[0] = (char)(0xF00 >> length | code_point);
    return length;
}

static void every_character_is_written(void **state)
{
    (void)state;
    for (uint32_t first = 0; first < 0x110000; first += 0x800) {
        char text[4 * 0x800];
        size_t length = 0;
        for (uint32_t each = first; each < first + 0x800 && (first < 0xD800 || first >= 0xE000); each++)
            length += utf8(each, text + length);
        json_t *json = json_stringn(text, length);
        assert_non_null(json);
        assert_written(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_written),
        cmocka_unit_test(numbers_are_written_whole),
        cmocka_unit_test(reals_with_exponents_are_read_as_they_were),
        cmocka_unit_test(every_character_is_written),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
