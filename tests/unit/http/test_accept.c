/* test_accept.c: which representation a client wants. */
#include "formats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void the_best_format_is_chosen(void **state)
{
    static const struct {
        const char *accept;
        enum bg_format format;
    } cases[] = {
        {NULL, BG_FORMAT_JSON},
        {"", BG_FORMAT_JSON},
        {"*/*", BG_FORMAT_JSON},
        {"application/*", BG_FORMAT_JSON},
        {"text/*", BG_FORMAT_TEXT},
        {"TEXT/CSV", BG_FORMAT_CSV},
        {"text/markdown", BG_FORMAT_MD},
        {"application/x-ndjson", BG_FORMAT_NDJSON},
        {"text/csv, application/json", BG_FORMAT_JSON}, /* equal weights: ours */
        {"text/csv, application/json;q=0.9", BG_FORMAT_CSV},
        {"text/csv;q=0.1,*/*;q=0.05", BG_FORMAT_CSV},
        {"application/json;q=0, */*", BG_FORMAT_TEXT}, /* the closest range counts */
        {"*/*, application/json ; q=0.0 , text/plain;q=0", BG_FORMAT_MD},
        {"text/plain;charset=utf-8;q=0.5, text/csv;q=0.4", BG_FORMAT_TEXT},
        {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", BG_FORMAT_JSON},
        {"image/png", BG_FORMAT_ANY},
        {"application/json;q=0", BG_FORMAT_ANY},
        {"text", BG_FORMAT_ANY},
        {"*", BG_FORMAT_ANY},
        {"/*", BG_FORMAT_ANY},
        {";q=1,,,", BG_FORMAT_ANY},
        {"application/json;q=2", BG_FORMAT_ANY},
        {"application/json;q=nan", BG_FORMAT_ANY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (bg_accept_choose(cases[i].accept, BG_FORMAT_ANY) != cases[i].format)
            fail_msg("%s: %d", cases[i].accept, bg_accept_choose(cases[i].accept, BG_FORMAT_ANY));
    assert_int_equal(bg_accept_choose("text/csv", BG_FORMAT_MD), BG_FORMAT_ANY); /* only of those there are */
}

static void a_long_list_is_not_read_to_its_end(void **state)
{
    char accept[1024] = "";

    (void)state;
    for (int i = 0; i < 32; i++)
        strncat(accept, "a/b,", sizeof accept - strlen(accept) - 1);
    strncat(accept, "text/csv", sizeof accept - strlen(accept) - 1);
    assert_int_equal(bg_accept_choose(accept + 4, BG_FORMAT_ANY), BG_FORMAT_CSV);
    assert_int_equal(bg_accept_choose(accept, BG_FORMAT_ANY), BG_FORMAT_ANY);
}

static void an_encoding_is_taken_only_if_named_with_weight(void **state)
{
    (void)state;
    assert_true(bg_accept_has("gzip", "gzip"));
    assert_true(bg_accept_has("deflate, GZIP;q=0.5, br", "gzip"));
    assert_false(bg_accept_has("gzip;q=0", "gzip"));
    assert_false(bg_accept_has("xgzip, gzipx", "gzip"));
    assert_false(bg_accept_has("", "gzip"));
    assert_false(bg_accept_has(NULL, "gzip"));
}

static void names_and_types(void **state)
{
    (void)state;
    for (enum bg_format format = BG_FORMAT_JSON; format < BG_FORMAT_ANY; format++)
        assert_int_equal(bg_format_find(bg_format_names[format]), format);
    assert_int_equal(bg_format_find("xml"), BG_FORMAT_ANY);
    assert_null(bg_format_names[BG_FORMAT_ANY]);
    assert_string_equal(bg_format_content_type(BG_FORMAT_TEXT), "text/plain; charset=utf-8");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_format_is_chosen),
        cmocka_unit_test(a_long_list_is_not_read_to_its_end),
        cmocka_unit_test(an_encoding_is_taken_only_if_named_with_weight),
        cmocka_unit_test(names_and_types),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
