/* test_decode.c: external term -> JSON: every tag, every truncation, every byte changed, every limit. */
#include "beamgauge/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define DEPTH_CEILING 512
#define BIG_BYTES_MAX 256

static const struct bg_term_limits generous = {.depth_max = 64, .elements_max = 100000, .bytes_max = SIZE_MAX};

/* A copy that ends exactly where its allocation ends, so that a sanitizer sees one byte too many. */
static enum bg_error decode(const void *term, size_t length, const struct bg_term_limits *limits, json_t **ret_json,
                            struct bg_failure *ret_failure)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, term, length);
    enum bg_error error = bg_term_to_json(copy, length, limits, ret_json, NULL, ret_failure);
    free(copy);
    return error;
}

struct sample {
    const char *name, *bytes; /* after the version byte */
    size_t length;
    const char *json;
};
#define SAMPLE(name, bytes, json)                                                                                                          \
    {                                                                                                                                      \
        name, bytes, sizeof(bytes) - 1, json                                                                                               \
    }
#define NODE "w\3a@b"

static const struct sample good[] = {
    SAMPLE("small integer", "a\xff", "255"),
    SAMPLE("integer", "b\xff\xff\xff\xfe", "-2"),
    SAMPLE("integer, largest", "b\x7f\xff\xff\xff", "2147483647"),
    SAMPLE("small big", "n\4\0\0\0\0\x80", "2147483648"),
    SAMPLE("small big, negative", "n\4\1\0\0\0\x80", "-2147483648"),
    SAMPLE("small big, none", "n\0\0", "0"),
    SAMPLE("int64, largest", "n\x08\0\xff\xff\xff\xff\xff\xff\xff\x7f", "9223372036854775807"),
    SAMPLE("int64, smallest", "n\x08\1\0\0\0\0\0\0\0\x80", "-9223372036854775808"),
    SAMPLE("one over int64", "n\x08\0\0\0\0\0\0\0\0\x80", "\"9223372036854775808\""),
    SAMPLE("one under int64", "n\x08\1\1\0\0\0\0\0\0\x80", "\"-9223372036854775809\""),
    SAMPLE("two to the 64th", "n\x09\0\0\0\0\0\0\0\0\0\1", "\"18446744073709551616\""),
    SAMPLE("ten to the 27th", "n\x0c\0\0\0\0\xe8\x3c\x80\xd0\x9f\x3c\x2e\x3b\x03", "\"1000000000000000000000000000\""),
    SAMPLE("small big with zeros above", "n\x0a\0\5\0\0\0\0\0\0\0\0\0", "5"),
    SAMPLE("large big", "o\0\0\0\x09\1\0\0\0\0\0\0\0\0\1", "\"-18446744073709551616\""),
    SAMPLE("old float", "c1.50000000000000000000e+00\0\0\0\0\0", "1.5"),
    SAMPLE("old float, negative", "c-2.50000000000000000000e-01\0\0\0\0", "-0.25"),
    SAMPLE("float", "F\x3f\xf8\0\0\0\0\0\0", "1.5"),
    SAMPLE("float, small", "F\0\0\0\0\0\0\0\1", "5e-324"),
    SAMPLE("atom, Latin-1", "d\0\3x\xe9\xff", "\"x\\u00e9\\u00ff\""),
    SAMPLE("small atom, Latin-1", "s\2\xe9x", "\"\\u00e9x\""),
    SAMPLE("atom, UTF-8", "v\0\3\xe2\x82\xac", "\"\\u20ac\""),
    SAMPLE("small atom, UTF-8", "w\4shop", "\"shop\""),
    SAMPLE("empty atom", "w\0", "\"\""),
    SAMPLE("atom with NUL", "w\3a\0b", "\"a\\u0000b\""),
    SAMPLE("true", "w\4true", "true"),
    SAMPLE("false", "d\0\5false", "false"),
    SAMPLE("undefined", "w\x09undefined", "null"),
    SAMPLE("null", "w\4null", "null"),
    SAMPLE("nil", "w\3nil", "null"),
    SAMPLE("atom that only begins as true", "w\6true\0x", "\"true\\u0000x\""),
    SAMPLE("small tuple", "h\2a\1a\2", "[1, 2]"),
    SAMPLE("empty tuple", "h\0", "[]"),
    SAMPLE("large tuple", "i\0\0\0\2a\1w\1x", "[1, \"x\"]"),
    SAMPLE("empty list", "j", "[]"),
    SAMPLE("string", "k\0\3abc", "[97, 98, 99]"),
    SAMPLE("empty string", "k\0\0", "[]"),
    SAMPLE("proper list", "l\0\0\0\2a\1k\0\1\7j", "[1, [7]]"),
    SAMPLE("improper list", "l\0\0\0\1a\1a\2", "[1, 2]"),
    SAMPLE("binary, text", "m\0\0\0\4\xe2\x82\xac\n", "\"\\u20ac\\n\""),
    SAMPLE("binary, with NUL", "m\0\0\0\3a\0b", "\"a\\u0000b\""),
    SAMPLE("binary, empty", "m\0\0\0\0", "\"\""),
    SAMPLE("binary, one byte", "m\0\0\0\1\xff", "{\"base64\": \"/w==\"}"),
    SAMPLE("binary, two bytes", "m\0\0\0\2\xff\xfe", "{\"base64\": \"//4=\"}"),
    SAMPLE("binary, three bytes", "m\0\0\0\3\xff\xfe\xfd", "{\"base64\": \"//79\"}"),
    SAMPLE("binary, overlong UTF-8", "m\0\0\0\2\xc0\x80", "{\"base64\": \"wIA=\"}"),
    SAMPLE("binary, surrogate", "m\0\0\0\3\xed\xa0\x80", "{\"base64\": \"7aCA\"}"),
    SAMPLE("bit string", "M\0\0\0\2\3x\xa0", "{\"base64\": \"eKA=\", \"bits\": 11}"),
    SAMPLE("bit string of whole bytes", "M\0\0\0\1\x08x", "\"x\""),
    SAMPLE("bit string, empty", "M\0\0\0\0\0", "\"\""),
    SAMPLE("map", "t\0\0\0\2w\1aa\1m\0\0\0\1bh\0", "{\"a\": 1, \"b\": []}"),
    SAMPLE("map, atom keys are text", "t\0\0\0\2w\4truea\1d\0\4nulla\2", "{\"true\": 1, \"null\": 2}"),
    SAMPLE("map, empty", "t\0\0\0\0", "{}"),
    SAMPLE("map, empty key", "t\0\0\0\1m\0\0\0\0a\1", "{\"\": 1}"),
    SAMPLE("old pid", "g" NODE "\0\0\0\x7b\0\0\0\2\1", "{\"pid\": \"<0.123.2>\", \"node\": \"a@b\"}"),
    SAMPLE("pid", "X" NODE "\0\0\0\x7b\0\0\0\0\1\2\3\4", "{\"pid\": \"<0.123.0>\", \"node\": \"a@b\"}"),
    SAMPLE("pid, largest", "X" NODE "\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
           "{\"pid\": \"<0.4294967295.4294967295>\", \"node\": \"a@b\"}"),
    SAMPLE("old port", "f" NODE "\0\0\0\5\1", "{\"port\": \"#Port<0.5>\", \"node\": \"a@b\"}"),
    SAMPLE("port", "Y" NODE "\0\0\0\5\1\2\3\4", "{\"port\": \"#Port<0.5>\", \"node\": \"a@b\"}"),
    SAMPLE("port, 64 bits", "x" NODE "\0\0\0\1\0\0\0\5\1\2\3\4", "{\"port\": \"#Port<0.4294967301>\", \"node\": \"a@b\"}"),
    SAMPLE("oldest reference", "e" NODE "\0\0\0\5\1", "{\"reference\": \"#Ref<0.5>\", \"node\": \"a@b\"}"),
    SAMPLE("old reference", "r\0\2" NODE "\1\0\0\0\5\0\0\0\6", "{\"reference\": \"#Ref<0.6.5>\", \"node\": \"a@b\"}"),
    SAMPLE("reference", "Z\0\3" NODE "\1\2\3\4\0\0\0\1\0\0\0\2\0\0\0\3", "{\"reference\": \"#Ref<0.3.2.1>\", \"node\": \"a@b\"}"),
    SAMPLE("reference, longest", "Z\0\5" NODE "\1\2\3\4\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
           "{\"reference\": \"#Ref<0.4294967295.4294967295.4294967295.4294967295.4294967295>\", \"node\": \"a@b\"}"),
    SAMPLE("fun", "p\0\0\0\x38\2UUUUUUUUUUUUUUUU\0\0\0\7\0\0\0\1w\1ma\7a\x2aX" NODE "\0\0\0\1\0\0\0\0\0\0\0\0a\1",
           "{\"function\": \"m:fun-7/2\"}"),
    SAMPLE("fun, wide index", "p\0\0\0\x27\0UUUUUUUUUUUUUUUU\0\0\0\7\0\0\0\0w\1mb\0\0\1\0a\1", "{\"function\": \"m:fun-256/0\"}"),
    SAMPLE("export", "qw\5listsw\3mapa\2", "{\"function\": \"lists:map/2\"}"),
};

static const struct sample bad[] = {
    SAMPLE("nothing", "", NULL),
    SAMPLE("unknown tag", "\xf0", NULL),
    SAMPLE("atom cache reference", "R\0", NULL),
    SAMPLE("compressed", "P\0\0\0\2\x78\x9c\x4b\x64\4\0\0\xc4\0\x63", NULL),
    SAMPLE("something behind", "a\1a", NULL),
    SAMPLE("infinity", "F\x7f\xf0\0\0\0\0\0\0", NULL),
    SAMPLE("not a number", "F\x7f\xf8\0\0\0\0\0\1", NULL),
    SAMPLE("old float, infinity", "cinf\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", NULL),
    SAMPLE("old float, too large", "c1e999\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", NULL),
    SAMPLE("old float, empty", "c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", NULL),
    SAMPLE("old float, no NUL", "c1.500000000000000000000000e+00x", NULL),
    SAMPLE("old float, two points", "c1.5.0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", NULL),
    SAMPLE("atom, not UTF-8", "w\1\xff", NULL),
    SAMPLE("node name, not UTF-8", "Xw\1\xff\0\0\0\1\0\0\0\0\0\0\0\0", NULL),
    SAMPLE("module, not UTF-8", "qw\1\xffw\3mapa\2", NULL),
    SAMPLE("pid of no node", "Xa\1\0\0\0\1\0\0\0\0\0\0\0\0", NULL),
    SAMPLE("reference of no words", "Z\0\0" NODE "\1\2\3\4", NULL),
    SAMPLE("reference of six words", "Z\0\6" NODE "\1\2\3\4\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1", NULL),
    SAMPLE("bit string of 9 bits", "M\0\0\0\1\x09x", NULL),
    SAMPLE("bit string of no bits", "M\0\0\0\1\0x", NULL),
    SAMPLE("bit string of bits in no byte", "M\0\0\0\0\3", NULL),
    SAMPLE("key, an integer", "t\0\0\0\1a\1a\1", NULL),
    SAMPLE("key, not UTF-8",
           "t\0\0\0\1m\0\0\0\1\xff"
           "a\1",
           NULL),
    SAMPLE("key, with NUL", "t\0\0\0\1m\0\0\0\1\0a\1", NULL),
    SAMPLE("key, twice", "t\0\0\0\2w\1aa\1m\0\0\0\1aa\2", NULL),
    SAMPLE("fun of no size", "p\0\0\0\3", NULL),
    SAMPLE("fun, size too small", "p\0\0\0\x05\2", NULL),
    SAMPLE("export, wide arity", "qw\1mw\1fb\0\0\1\0", NULL),
    SAMPLE("export, arity an atom", "qw\1mw\1fw\1a", NULL),
    SAMPLE("tuple of four billion", "i\xff\xff\xff\xff", NULL),
    SAMPLE("list of four billion", "l\xff\xff\xff\xff", NULL),
    SAMPLE("map of four billion", "t\xff\xff\xff\xff", NULL),
    SAMPLE("binary of four billion", "m\xff\xff\xff\xff", NULL),
    SAMPLE("big of four billion", "o\xff\xff\xff\xff\0\1", NULL),
};

static size_t with_version(const struct sample *sample, uint8_t *ret_term)
{
    ret_term[0] = 131;
    memcpy(ret_term + 1, sample->bytes, sample->length);
    return sample->length + 1;
}

static void every_tag_becomes_its_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        uint8_t term[128];
        size_t length = with_version(&good[i], term);
        json_t *json = NULL;
        struct bg_failure failure = {.text = ""};
        enum bg_error error = decode(term, length, &generous, &json, &failure);
        json_t *expected = json_loads(good[i].json, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        assert_non_null(expected);
        if (error != BG_OK || !json_equal(json, expected))
            fail_msg("%s: %s %s", good[i].name, failure.text, json != NULL ? json_dumps(json, JSON_ENCODE_ANY) : "");
        json_decref(expected);
        json_decref(json);
    }
}

static void malformed_terms_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint8_t term[128];
        size_t length = with_version(&bad[i], term);
        json_t *json = NULL;
        struct bg_failure failure = {.text = ""};
        if (decode(term, length, &generous, &json, &failure) != BG_BAD_ANSWER || failure.error != BG_BAD_ANSWER)
            fail_msg("%s was not refused", bad[i].name);
        assert_null(json);
        assert_non_null(strstr(failure.text, "cannot be understood"));
    }
}

static void another_version_is_refused(void **state)
{
    (void)state;
    json_t *json = NULL;
    assert_int_equal(decode("\x82"
                            "a\1",
                            3, &generous, &json, NULL),
                     BG_BAD_ANSWER);
    assert_int_equal(decode("", 0, &generous, &json, NULL), BG_BAD_ANSWER);
    assert_null(json);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        uint8_t term[128];
        size_t length = with_version(&good[i], term);
        for (size_t cut = 0; cut < length; cut++) {
            json_t *json = NULL;
            if (decode(term, cut, &generous, &json, NULL) != BG_BAD_ANSWER)
                fail_msg("%s cut to %zu bytes was not refused", good[i].name, cut);
            assert_null(json);
        }
    }
}

static void any_byte_changed_is_decoded_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(good) * 256; i++) {
        const struct sample *sample = &good[i / 256];
        uint8_t term[128];
        size_t length = with_version(sample, term);
        for (size_t at = 0; at < length; at++) {
            uint8_t before = term[at];
            term[at] = (uint8_t)i;
            json_t *json = NULL;
            enum bg_error error = decode(term, length, &generous, &json, NULL);
            assert_true(error == BG_OK || error == BG_BAD_ANSWER);
            assert_true((error == BG_OK) == (json != NULL));
            char *text = json != NULL ? json_dumps(json, JSON_ENCODE_ANY) : NULL;
            assert_true((json != NULL) == (text != NULL));
            free(text);
            json_decref(json);
            term[at] = before;
        }
    }
}

/* One string may stand for all atoms that are the same: not for others, however many there are. */
static void many_atoms_are_each_what_they_are(void **state)
{
    static uint8_t term[1 << 16] = "\203l\0\0\23\210"; /* 5,000 */
    size_t length = 6;
    json_t *json = NULL;
    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        term[length++] = 'w';
        term[length++] = 6;
        length += (size_t)sprintf((char *)term + length, "at%04x", i);
    }
    term[length++] = 'j';
    for (size_t round = 0; round < 2; round++) {
        assert_int_equal(decode(term, length, &generous, &json, NULL), BG_OK);
        for (unsigned i = 0; i < 5000; i++) {
            char text[8];
            snprintf(text, sizeof text, "at%04x", i);
            assert_string_equal(json_string_value(json_array_get(json, i)), text);
        }
        json_decref(json);
    }
}

/* `depth` one-element tuples around an empty one. */
static enum bg_error decode_nested(size_t depth, const struct bg_term_limits *limits)
{
    size_t length = 1 + 2 * depth + 2;
    uint8_t *term = malloc(length);
    assert_non_null(term);
    term[0] = 131;
    for (size_t i = 0; i < depth; i++)
        memcpy(term + 1 + 2 * i, "h\1", 2);
    memcpy(term + length - 2, "h\0", 2);
    json_t *json = NULL;
    enum bg_error error = decode(term, length, limits, &json, NULL);
    json_decref(json);
    free(term);
    return error;
}

static void depth_is_limited(void **state)
{
    (void)state;
    struct bg_term_limits limits = {.depth_max = 5, .elements_max = 100000, .bytes_max = SIZE_MAX};
    assert_int_equal(decode_nested(4, &limits), BG_OK);
    assert_int_equal(decode_nested(5, &limits), BG_BAD_ANSWER);
    limits.depth_max = 2;
    json_t *siblings = NULL;
    assert_int_equal(decode("\x83h\3jjj", 6, &limits, &siblings, NULL), BG_OK);
    json_decref(siblings);
    limits.depth_max = SIZE_MAX;
    assert_int_equal(decode_nested(DEPTH_CEILING - 1, &limits), BG_OK);
    assert_int_equal(decode_nested(DEPTH_CEILING, &limits), BG_BAD_ANSWER);
    assert_int_equal(decode_nested(90000, &limits), BG_BAD_ANSWER);
}

static void elements_are_limited(void **state)
{
    (void)state;
    static const struct sample five[] = {
        SAMPLE("tuple", "\x83h\4a\1a\2a\3a\4", NULL),
        SAMPLE("large tuple", "\x83i\0\0\0\4jjjj", NULL),
        SAMPLE("list", "\x83l\0\0\0\4jjjjj", NULL),
        SAMPLE("improper list", "\x83l\0\0\0\3jjja\1", NULL),
        SAMPLE("string", "\x83k\0\4abcd", NULL),
        SAMPLE("map", "\x83t\0\0\0\4w\1ajw\1bjw\1cjw\1dj", NULL),
        SAMPLE("string before another", "\x83h\2k\0\2aba\1", NULL),
    };
    for (size_t i = 0; i < COUNT(five); i++) {
        struct bg_term_limits limits = {.depth_max = 8, .elements_max = 5, .bytes_max = SIZE_MAX};
        json_t *json = NULL;
        struct bg_failure failure = {.text = ""};
        if (decode(five[i].bytes, five[i].length, &limits, &json, &failure) != BG_OK)
            fail_msg("%s: %s", five[i].name, failure.text);
        json_decref(json);
        json = NULL;
        limits.elements_max = 4;
        if (decode(five[i].bytes, five[i].length, &limits, &json, &failure) != BG_BAD_ANSWER)
            fail_msg("%s: five elements passed a limit of four", five[i].name);
        assert_non_null(strstr(failure.text, "too many elements"));
    }
}

static enum bg_error decode_big(size_t bytes, json_t **ret_json)
{
    uint8_t term[6 + 1 + BIG_BYTES_MAX + 1] = {131, 'o', 0, 0, (uint8_t)(bytes >> 8), (uint8_t)bytes, 0};
    memset(term + 7, 0xff, bytes);
    return decode(term, 7 + bytes, &generous, ret_json, NULL);
}

static void digits_of_a_number_are_limited(void **state)
{
    (void)state;
    json_t *json = NULL;
    assert_int_equal(decode_big(BIG_BYTES_MAX, &json), BG_OK);
    assert_int_equal(json_string_length(json), 617);
    assert_int_equal(strncmp(json_string_value(json), "3231700607131100730071487668866995196044", 40), 0);
    json_decref(json);
    json = NULL;
    assert_int_equal(decode_big(BIG_BYTES_MAX + 1, &json), BG_BAD_ANSWER);
    assert_null(json);
}

static enum bg_error decode_atom(char tag, size_t bytes, char filler)
{
    uint8_t term[2048] = {131, (uint8_t)tag, (uint8_t)(bytes >> 8), (uint8_t)bytes};
    memset(term + 4, filler, bytes);
    json_t *json = NULL;
    enum bg_error error = decode(term, 4 + bytes, &generous, &json, NULL);
    json_decref(json);
    return error;
}

static void length_of_an_atom_is_limited(void **state)
{
    (void)state;
    assert_int_equal(decode_atom('d', 255, '\xe9'), BG_OK);
    assert_int_equal(decode_atom('d', 256, '\xe9'), BG_BAD_ANSWER);
    assert_int_equal(decode_atom('v', 1020, 'x'), BG_OK);
    assert_int_equal(decode_atom('v', 1021, 'x'), BG_BAD_ANSWER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tag_becomes_its_json),
        cmocka_unit_test(malformed_terms_are_refused),
        cmocka_unit_test(another_version_is_refused),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(any_byte_changed_is_decoded_or_refused),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(many_atoms_are_each_what_they_are),
        cmocka_unit_test(elements_are_limited),
        cmocka_unit_test(digits_of_a_number_are_limited),
        cmocka_unit_test(length_of_an_atom_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
