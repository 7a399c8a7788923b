/* test_text.c: bounded text, UTF-8 and escaping. */
#include "beamgauge/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bytes {
    const char *bytes;
    size_t length;
};
#define BYTES(literal)                                                                                                                     \
    {                                                                                                                                      \
        literal, sizeof(literal) - 1                                                                                                       \
    }

static void well_formed_utf8_is_utf8(void **state)
{
    static const struct bytes good[] = {
        BYTES(""),
        BYTES("abc\n\0\x7f"),
        BYTES("\xc2\x80"),
        BYTES("\xdf\xbf"),
        BYTES("\xe0\xa0\x80"),
        BYTES("\xed\x9f\xbf"),
        BYTES("\xee\x80\x80"),
        BYTES("\xef\xbf\xbf"),
        BYTES("\xf0\x90\x80\x80"),
        BYTES("\xf4\x8f\xbf\xbf"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        assert_true(bg_text_is_utf8(good[i].bytes, good[i].length));
}

static void malformed_utf8_is_not(void **state)
{
    static const struct bytes bad[] = {
        BYTES("\x80"),             /* a continuation alone */
        BYTES("\xc0\xaf"),         /* overlong, 2 bytes */
        BYTES("\xc1\xbf"),         /* overlong, 2 bytes */
        BYTES("\xe0\x9f\xbf"),     /* overlong, 3 bytes */
        BYTES("\xf0\x8f\xbf\xbf"), /* overlong, 4 bytes */
        BYTES("\xed\xa0\x80"),     /* surrogate */
        BYTES("\xed\xbf\xbf"),     /* surrogate */
        BYTES("\xf4\x90\x80\x80"), /* over U+10FFFF */
        BYTES("\xf5\x80\x80\x80"),
        BYTES("\xff"),
        BYTES("ok\xe2\x82"),  /* ends too early */
        BYTES("\xe2\x28\xa1") /* no continuation where one must be */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(bg_text_is_utf8(bad[i].bytes, bad[i].length));
}

static void first_code_point_is_decoded(void **state)
{
    uint32_t code_point = 7;

    (void)state;
    assert_int_equal(bg_text_utf8_first("\xf0\x9f\x90\x9d!", 5, &code_point), 4);
    assert_int_equal(code_point, 0x1F41D);
    assert_int_equal(bg_text_utf8_first("\xf0\x9f\x90", 3, &code_point), 0);
    assert_int_equal(bg_text_utf8_first("", 0, &code_point), 0);
    assert_int_equal(code_point, 0x1F41D);
    assert_int_equal(bg_text_utf8_first("\xc3\xa9", 2, NULL), 2);
}

static void hostile_code_points_are_known(void **state)
{
    static const uint32_t hostile[] = {0,      9,      0xA,    0x1B,   0x1F,    0x7F,    0x80,    0x9B,    0x9F,   0xAD,
                                       0x34F,  0x61C,  0x115F, 0x180B, 0x180E,  0x200B,  0x200C,  0x200D,  0x200E, 0x200F,
                                       0x2028, 0x2029, 0x202A, 0x202E, 0x2060,  0x2064,  0x2066,  0x2069,  0x206A, 0x3164,
                                       0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0x1BCA0, 0x1D173, 0xE0001, 0xE0020, 0xE01EF};
    static const uint32_t harmless[] = {0x20, 0x7E, 0xA0, 0xE9, 0x300, 0x2010, 0x2027, 0x202F, 0x3000, 0x6F22, 0xFFFD, 0x1F41D};

    (void)state;
    for (size_t i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++)
        assert_true(bg_text_is_hostile(hostile[i]));
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        assert_false(bg_text_is_hostile(harmless[i]));
}

static void escape_is(const char *bytes, size_t length, const char *marked, const char *expected)
{
    char buffer[256];
    struct bg_text text;

    bg_text_init(&text, buffer, sizeof(buffer));
    bg_text_add_escaped(&text, bytes, length, marked);
    assert_string_equal(buffer, expected);
    assert_int_equal(text.length, strlen(expected));
    assert_false(text.cut);
}

static void hostile_text_is_escaped(void **state)
{
    (void)state;
    escape_is("plain \xc3\xa9", 8, "", "plain \xc3\xa9");
    escape_is("\x1b[2J", 4, "", "\\x1b[2J");
    escape_is("a\nb\r\tc\0d", 8, "", "a\\x0ab\\x0d\\x09c\\x00d");
    escape_is("\xc2\x9b", 2, "", "\\xc2\\x9b");
    escape_is("\xe2\x80\xa8", 3, "", "\\xe2\\x80\\xa8");
    escape_is("\xff\xc3", 2, "", "\\xff\\xc3");
    escape_is("a\\x1b", 5, "\\", "a\\\\x1b");
    escape_is("a\\x1b", 5, "", "a\\x1b");
    escape_is("say \"a|b\"", 9, "\"|", "say \\\"a\\|b\\\"");
}

static void escaping_fits_its_stated_size(void **state)
{
    char worst[16], buffer[BG_TEXT_ESCAPED_SIZE(sizeof(worst))];
    struct bg_text text;

    (void)state;
    memset(worst, 0xff, sizeof(worst));
    bg_text_init(&text, buffer, sizeof(buffer));
    bg_text_add_escaped(&text, worst, sizeof(worst), "\\");
    assert_false(text.cut);
    assert_int_equal(text.length, sizeof(buffer) - 1);
}

/* Every way to add, into every size of buffer: never past the end, always terminated, still UTF-8, marked where cut. */
static void text_never_passes_its_buffer(void **state)
{
    static const char source[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\x9dz\x1b\x1b.";
    char buffer[64];

    (void)state;
    for (size_t size = 1; size < 40; size++)
        for (int way = 0; way < 3; way++) {
            struct bg_text text;

            memset(buffer, '#', sizeof(buffer));
            bg_text_init(&text, buffer, size);
            if (way == 0)
                bg_text_add(&text, source);
            else if (way == 1)
                bg_text_add_format(&text, "%s", source);
            else
                bg_text_add_escaped(&text, source, sizeof(source) - 1, "\\");
            assert_true(text.length < size);
            assert_int_equal(strlen(buffer), text.length);
            for (size_t i = size; i < sizeof(buffer); i++)
                assert_int_equal(buffer[i], '#');
            assert_true(bg_text_is_utf8(buffer, text.length));
            assert_int_equal(text.cut, size <= (way < 2 ? sizeof(source) - 1 : sizeof(source) + 5));
            if (text.cut && size > 3)
                assert_string_equal(buffer + text.length - 3, "...");
        }
}

static void escape_is_never_cut_in_two(void **state)
{
    char buffer[16];

    (void)state;
    for (size_t size = 4; size <= 12; size++) {
        struct bg_text text;

        bg_text_init(&text, buffer, size);
        bg_text_add_escaped(&text, "\x1b\x1b\x1b", 3, "");
        assert_true(text.cut);
        assert_int_equal((text.length - 3) % 4, 0);
    }
}

static void nothing_is_added_after_a_cut(void **state)
{
    char buffer[8];
    struct bg_text text;

    (void)state;
    bg_text_init(&text, buffer, sizeof(buffer));
    bg_text_add(&text, "0123456789");
    assert_string_equal(buffer, "0123...");
    bg_text_add(&text, "");
    bg_text_add(&text, "x");
    bg_text_add_format(&text, "%d", 1);
    bg_text_add_escaped(&text, "y", 1, "");
    assert_string_equal(buffer, "0123...");
}

static void rewinding_forgets_the_cut(void **state)
{
    char buffer[8];
    struct bg_text text;

    (void)state;
    bg_text_init(&text, buffer, sizeof(buffer));
    bg_text_add(&text, "012");
    bg_text_add(&text, "34567");
    assert_true(text.cut);
    bg_text_rewind(&text, 3);
    assert_false(text.cut);
    assert_string_equal(buffer, "012");
    bg_text_add(&text, "3456");
    assert_string_equal(buffer, "0123456");
    assert_false(text.cut);
}

static const char *shown(void (*add)(struct bg_text *text, int64_t number), int64_t number)
{
    static char buffer[64];
    struct bg_text text;

    bg_text_init(&text, buffer, sizeof buffer);
    add(&text, number);
    return buffer;
}

static void add_bytes(struct bg_text *text, int64_t number)
{
    bg_text_add_bytes(text, (double)number);
}

static void add_hundredths(struct bg_text *text, int64_t number)
{
    bg_text_add_decimal(text, (double)number / 100, 2);
}

static void numbers_are_grouped_and_sizes_have_a_unit(void **state)
{
    (void)state;
    assert_string_equal(shown(bg_text_add_count, 0), "0");
    assert_string_equal(shown(bg_text_add_count, 999), "999");
    assert_string_equal(shown(bg_text_add_count, 1000), "1,000");
    assert_string_equal(shown(bg_text_add_count, -123456), "-123,456");
    assert_string_equal(shown(bg_text_add_count, INT64_MIN), "-9,223,372,036,854,775,808");
    assert_string_equal(shown(add_bytes, 1023), "1023 B");
    assert_string_equal(shown(add_bytes, 1536), "1.5 KiB");
    assert_string_equal(shown(add_bytes, -1536), "-1.5 KiB");
    assert_string_equal(shown(add_hundredths, 81), "0.81");
    assert_string_equal(shown(add_hundredths, -123456), "-1,234.56");
    assert_string_equal(shown(add_hundredths, 1015000), "10,150.00");
    assert_string_equal(shown(add_hundredths, INT64_MAX), "9.22e+16");
}

static void add_rate(struct bg_text *text, int64_t hundredths)
{
    bg_text_add_rate(text, (double)hundredths / 100);
}

static void add_byte_rate(struct bg_text *text, int64_t hundredths)
{
    bg_text_add_byte_rate(text, (double)hundredths / 100);
}

static void rates_have_a_sign_and_a_unit_as_on_the_page(void **state)
{
    (void)state;
    assert_string_equal(shown(add_rate, 0), "0/s");
    assert_string_equal(shown(add_rate, 4), "0/s");
    assert_string_equal(shown(add_rate, 244), "+2.4/s");
    assert_string_equal(shown(add_rate, -300), "-3/s");
    assert_string_equal(shown(add_rate, 996), "+10/s");
    assert_string_equal(shown(add_rate, 1420), "+14/s");
    assert_string_equal(shown(add_rate, -123456789), "-1,234,568/s");
    assert_string_equal(shown(add_byte_rate, 0), "0 B/s");
    assert_string_equal(shown(add_byte_rate, -49), "0 B/s");
    assert_string_equal(shown(add_byte_rate, 153600), "+1.5 KiB/s");
    assert_string_equal(shown(add_byte_rate, -51200), "-512 B/s");
}

/* Checked with cmark-gfm and its extension autolink, which makes links of the texts on the left. */
static void in_markdown_no_text_becomes_a_link(void **state)
{
    static const struct {
        const char *text, *printed;
    } cases[] = {
        {"http://a.example/x?y", "http&#58;//a.example/x?y"},
        {"FTP://a.example", "FTP&#58;//a.example"},
        {"(www.a.example", "(www&#46;a.example"},
        {"WWW.a.example", "WWW&#46;a.example"},
        {"shop@host.example", "`shop@host.example`"},
        {"a_b.c+d@host-1.example.", "`a_b.c+d@host-1.example.`"},
        {"mailto:a@b.example", "mailto:`a@b.example`"},
        {"a@b@c.example, d", "`a@b@c.example`, d"},
        {"@a@b.example", "&#64;`a@b.example`"},
        {"`a@b.example`", "\\``a@b.example`\\`"},
        {"\xc3\xa4@b.example", "`\xc3\xa4@b.example`"},
        /* and these are no links */
        {"shop@127.0.0.1", "shop@127.0.0.1"},
        {"shop@host", "shop@host"},
        {"a: //b", "a: //b"},
        {"ww.w", "ww.w"},
        {"@all", "&#64;all"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *printed = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&printed, &size);
        assert_non_null(out);
        bg_text_print_md(out, cases[i].text);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(printed, cases[i].printed);
        free(printed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_utf8_is_utf8),
        cmocka_unit_test(malformed_utf8_is_not),
        cmocka_unit_test(first_code_point_is_decoded),
        cmocka_unit_test(hostile_code_points_are_known),
        cmocka_unit_test(hostile_text_is_escaped),
        cmocka_unit_test(escaping_fits_its_stated_size),
        cmocka_unit_test(text_never_passes_its_buffer),
        cmocka_unit_test(escape_is_never_cut_in_two),
        cmocka_unit_test(nothing_is_added_after_a_cut),
        cmocka_unit_test(rewinding_forgets_the_cut),
        cmocka_unit_test(numbers_are_grouped_and_sizes_have_a_unit),
        cmocka_unit_test(rates_have_a_sign_and_a_unit_as_on_the_page),
        cmocka_unit_test(in_markdown_no_text_becomes_a_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
