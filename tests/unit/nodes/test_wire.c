/* test_wire.c: external terms are written as they should be, and read never past their end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "wire.h"

#include <stdlib.h>
#include <string.h>

/* One term of every tag there is. */
static const char *const terms[] = {
    "a\1",
    "b\0\0\1\2",
    "F\0\0\0\0\0\0\0\0",
    "c1.00000000000000000000e+00\0\0\0\0\0",
    "d\0\2ok",
    "v\0\2ok",
    "s\2ok",
    "w\2ok",
    "h\2a\1a\2",
    "i\0\0\0\1j",
    "j",
    "k\0\3abc",
    "l\0\0\0\2a\1a\2j",
    "t\0\0\0\1w\1kj",
    "m\0\0\0\3abc",
    "M\0\0\0\1\4\xf0",
    "n\2\0\1\2",
    "o\0\0\0\2\1\1\2",
    "gw\1n\0\0\0\1\0\0\0\0\1",
    "Xw\1n\0\0\0\1\0\0\0\0\0\0\0\1",
    "fw\1n\0\0\0\1\1",
    "Yw\1n\0\0\0\1\0\0\0\1",
    "xw\1n\0\0\0\0\0\0\0\1\0\0\0\1",
    "ew\1n\0\0\0\1\1",
    "r\0\2w\1n\1\0\0\0\1\0\0\0\2",
    "Z\0\2w\1n\0\0\0\1\0\0\0\1\0\0\0\2",
    "p\0\0\0\6ab",
    "qw\1mw\1fa\1",
};
static const size_t lengths[] = {2, 5, 9, 32, 5, 5, 4, 4, 6, 6, 1, 6, 10, 9, 8, 7, 5, 8, 13, 16, 9, 12, 16, 9, 15, 18, 7, 9};

static struct bg_slice slice_of(const void *bytes, size_t length)
{
    return (struct bg_slice){.bytes = bytes, .length = length};
}

/* A copy of exactly this size, so that a sanitizer sees a byte too many. */
static bool reads_as_term(const void *bytes, size_t length, size_t *ret_length)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    struct bg_slice term;
    char text[64];
    memcpy(copy, bytes, length);
    struct bg_reader reader = bg_reader_of(slice_of(copy, length));
    bool whole = bg_read_term(&reader, &term);
    if (whole)
        *ret_length = term.length;
    bg_term_describe(slice_of(copy, length), sizeof text, text);
    assert_true(strlen(text) < sizeof text);
    free(copy);
    return whole;
}

static void every_tag_is_passed_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) {
        size_t length = 0;
        assert_true(reads_as_term(terms[i], lengths[i], &length));
        assert_int_equal(length, lengths[i]);
    }
}

static void every_cut_of_every_tag_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
        for (size_t cut = 0; cut < lengths[i]; cut++) {
            size_t length;
            assert_false(reads_as_term(terms[i], cut, &length));
        }
}

static void any_byte_changed_stays_within_bounds(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++)
        for (size_t at = 0; at < lengths[i]; at++)
            for (unsigned value = 0; value < 256; value++) {
                char bytes[64];
                size_t length = 0;
                memcpy(bytes, terms[i], lengths[i]);
                bytes[at] = (char)value;
                if (reads_as_term(bytes, lengths[i], &length))
                    assert_true(length <= lengths[i]);
            }
}

static void unknown_tags_are_refused(void **state)
{
    (void)state;
    size_t length;
    assert_false(reads_as_term("P\0\0\0\0", 5, &length)); /* compressed */
    assert_false(reads_as_term("R\1", 2, &length));       /* atom cache */
    assert_false(reads_as_term("\xff\xff", 2, &length));
}

static void huge_counts_are_refused_at_once(void **state)
{
    (void)state;
    size_t length;
    assert_false(reads_as_term("l\xff\xff\xff\xff", 5, &length));
    assert_false(reads_as_term("t\xff\xff\xff\xff", 5, &length));
    assert_false(reads_as_term("i\xff\xff\xff\xff", 5, &length));
    assert_false(reads_as_term("m\xff\xff\xff\xff", 5, &length));
    assert_false(reads_as_term("p\0\0\0\3a", 6, &length));
}

static void deep_nesting_needs_no_stack(void **state)
{
    (void)state;
    size_t depth = 1000000, length = 0;
    uint8_t *bytes = malloc(depth * 2 + 1);
    for (size_t i = 0; i < depth; i++)
        memcpy(bytes + 2 * i, "h\1", 2);
    bytes[2 * depth] = 'j';
    assert_true(reads_as_term(bytes, 2 * depth + 1, &length));
    assert_int_equal(length, 2 * depth + 1);
    free(bytes);
}

static void integers_come_back(void **state)
{
    (void)state;
    const int64_t values[] = {0, 255, 256, -1, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct bg_writer writer = {.length = 0};
        int64_t value = 1;
        bg_write_integer(&writer, values[i]);
        struct bg_reader reader = bg_reader_of(slice_of(writer.bytes, writer.length));
        assert_true(bg_read_integer(&reader, &value));
        assert_int_equal(value, values[i]);
    }
}

static void large_integers_are_bigs(void **state)
{
    (void)state;
    struct bg_writer writer = {.length = 0};
    bg_write_integer(&writer, INT64_C(1) << 40);
    assert_memory_equal(writer.bytes, "n\10\0\0\0\0\0\0\1\0\0", 11);
    writer.length = 0;
    bg_write_integer(&writer, INT64_MIN);
    assert_memory_equal(writer.bytes, "n\10\1\0\0\0\0\0\0\0\x80", 11);
}

static void pids_come_back(void **state)
{
    (void)state;
    const struct bg_pid pid = {.node = slice_of("shop@host", 9), .id = 0x7fff, .serial = 5, .creation = 0xfffffffe};
    struct bg_writer writer = {.length = 0};
    struct bg_pid read;
    bg_write_pid(&writer, &pid);
    struct bg_reader reader = bg_reader_of(slice_of(writer.bytes, writer.length));
    assert_true(bg_read_pid(&reader, &read));
    assert_true(bg_slice_is(read.node, "shop@host"));
    assert_true(read.id == pid.id && read.serial == pid.serial && read.creation == pid.creation);
}

static void described(const char *term, size_t length, size_t size, const char *expected)
{
    char text[256];
    bg_term_describe(slice_of(term, length), size, text);
    assert_string_equal(text, expected);
}

static void terms_are_described_short_and_harmless(void **state)
{
    (void)state;
    described("h\3w\4boomb\xff\xff\xff\xffl\0\0\0\1m\0\0\0\2hij", 25, 256, "{boom,-1,[\"hi\"]}");
    described("m\0\0\0\4a\n\x1b<", 9, 256, "\"a?\?<\"");
    described("w\12abcdefghij", 12, 5, "abcd");
    described("h\2w\1a", 5, 256, "{a,}");
    described("h\1h\1h\1h\1h\1h\1h\1h\1j", 17, 256, "{{{{{{{...}}}}}}}");
    described("", 0, 256, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_tag_is_passed_whole),
        cmocka_unit_test(every_cut_of_every_tag_is_refused),
        cmocka_unit_test(any_byte_changed_stays_within_bounds),
        cmocka_unit_test(unknown_tags_are_refused),
        cmocka_unit_test(huge_counts_are_refused_at_once),
        cmocka_unit_test(deep_nesting_needs_no_stack),
        cmocka_unit_test(integers_come_back),
        cmocka_unit_test(large_integers_are_bigs),
        cmocka_unit_test(pids_come_back),
        cmocka_unit_test(terms_are_described_short_and_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
