/* test_error.c: the table of errors, and the text of a failure. */
#include "beamgauge/error.h"
#include "beamgauge/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void every_error_has_code_title_and_status(void **state)
{
    (void)state;
    for (int error = 0; error < BG_ERROR_COUNT; error++) {
        const struct bg_error_info *info = bg_error_info((enum bg_error)error);

        assert_non_null(info->code);
        assert_non_null(info->title);
        assert_true(strlen(info->title) > 0);
        assert_true(strlen(info->code) > 0);
        assert_int_equal(strspn(info->code, "abcdefghijklmnopqrstuvwxyz_"), strlen(info->code));
        assert_true(error == BG_OK ? info->status == 200 : info->status >= 400 && info->status <= 599);
    }
}

static void codes_are_unique(void **state)
{
    (void)state;
    for (int a = 0; a < BG_ERROR_COUNT; a++)
        for (int b = a + 1; b < BG_ERROR_COUNT; b++)
            assert_string_not_equal(bg_error_info((enum bg_error)a)->code, bg_error_info((enum bg_error)b)->code);
}

static void statuses_are_those_of_the_contract(void **state)
{
    static const int statuses[BG_ERROR_COUNT] = {
        [BG_OK] = 200,
        [BG_INVALID] = 400,
        [BG_UNAUTHENTICATED] = 401,
        [BG_FORBIDDEN] = 403,
        [BG_CROSS_SITE] = 403,
        [BG_NOT_FOUND] = 404,
        [BG_NODE_UNKNOWN] = 404,
        [BG_METHOD_NOT_ALLOWED] = 405,
        [BG_NOT_ACCEPTABLE] = 406,
        [BG_REQUEST_TIMEOUT] = 408,
        [BG_CONFLICT] = 409,
        [BG_PROCESS_DEAD] = 410,
        [BG_TOO_LARGE] = 413,
        [BG_MEDIA_TYPE] = 415,
        [BG_MISDIRECTED] = 421,
        [BG_UNSUPPORTED] = 422,
        [BG_ATOM_TABLE_FULL] = 422,
        [BG_PROCESS_TABLE_FULL] = 422,
        [BG_MEMORY_FULL] = 422,
        [BG_TOO_MANY] = 429,
        [BG_HEADERS_TOO_LARGE] = 431,
        [BG_NODE_UNREACHABLE] = 502,
        [BG_COOKIE_REJECTED] = 502,
        [BG_BAD_ANSWER] = 502,
        [BG_PROBE_LIMIT] = 502,
        [BG_DEADLINE] = 504,
        [BG_UNAVAILABLE] = 503,
        [BG_CANCELLED] = 499,
        [BG_NO_MEMORY] = 500,
        [BG_SYSTEM] = 500,
        [BG_INTERNAL] = 500,
    };

    (void)state;
    for (int error = 0; error < BG_ERROR_COUNT; error++)
        assert_int_equal(bg_error_info((enum bg_error)error)->status, statuses[error]);
}

static void a_number_that_is_no_error_is_internal(void **state)
{
    (void)state;
    assert_ptr_equal(bg_error_info(BG_ERROR_COUNT), bg_error_info(BG_INTERNAL));
    assert_ptr_equal(bg_error_info((enum bg_error)9999), bg_error_info(BG_INTERNAL));
}

static void failing_fills_and_returns(void **state)
{
    struct bg_failure failure;

    (void)state;
    memset(&failure, '#', sizeof(failure));
    assert_int_equal(bg_fail_param(&failure, BG_INVALID, "limit", "limit = %d", 7), BG_INVALID);
    assert_int_equal(failure.error, BG_INVALID);
    assert_string_equal(failure.param, "limit");
    assert_string_equal(failure.text, "limit = 7");
    assert_int_equal(bg_fail(&failure, BG_DEADLINE, "late"), BG_DEADLINE);
    assert_int_equal(failure.error, BG_DEADLINE);
    assert_string_equal(failure.param, "");
    assert_string_equal(failure.text, "late");
}

static void failing_without_a_place_still_returns(void **state)
{
    (void)state;
    assert_int_equal(bg_fail(NULL, BG_CONFLICT, "%s", "x"), BG_CONFLICT);
    assert_int_equal(bg_fail_param(NULL, BG_CONFLICT, "p", "%s", "x"), BG_CONFLICT);
}

static void long_text_is_cut_and_stays_utf8(void **state)
{
    char euros[3 * 400 + 1] = "";
    struct bg_failure failure;

    (void)state;
    for (size_t i = 0; i < 400; i++)
        memcpy(euros + 3 * i, "\xe2\x82\xac", 4);
    for (int shift = 0; shift < 4; shift++) {
        bg_fail_param(&failure, BG_INVALID, euros, "%.*s%s", shift, "abc", euros);
        assert_in_range(strlen(failure.text), BG_FAILURE_TEXT_SIZE - 4, BG_FAILURE_TEXT_SIZE - 1);
        assert_true(bg_text_is_utf8(failure.text, strlen(failure.text)));
        assert_null(strchr(failure.text, '\\'));
        assert_string_equal(failure.text + strlen(failure.text) - 3, "...");
        assert_true(strlen(failure.param) < BG_FAILURE_PARAM_SIZE);
        assert_true(bg_text_is_utf8(failure.param, strlen(failure.param)));
    }
}

static void hostile_text_is_escaped_in_a_failure(void **state)
{
    struct bg_failure failure;

    (void)state;
    bg_fail_param(&failure, BG_INVALID, "a\nb", "name \"%s\"", "\x1b[31m\xff\r\n");
    assert_string_equal(failure.param, "a\\x0ab");
    assert_string_equal(failure.text, "name \"\\x1b[31m\\xff\\x0d\\x0a\"");
}

static void a_failure_may_quote_itself(void **state)
{
    struct bg_failure failure;

    (void)state;
    bg_fail_param(&failure, BG_INVALID, "port", "no \xff port");
    bg_fail_param(&failure, failure.error, failure.param, "file:%d: %s", 3, failure.text);
    assert_string_equal(failure.text, "file:3: no \\xff port");
    assert_string_equal(failure.param, "port");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_code_title_and_status),
        cmocka_unit_test(codes_are_unique),
        cmocka_unit_test(statuses_are_those_of_the_contract),
        cmocka_unit_test(a_number_that_is_no_error_is_internal),
        cmocka_unit_test(failing_fills_and_returns),
        cmocka_unit_test(failing_without_a_place_still_returns),
        cmocka_unit_test(long_text_is_cut_and_stays_utf8),
        cmocka_unit_test(hostile_text_is_escaped_in_a_failure),
        cmocka_unit_test(a_failure_may_quote_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
