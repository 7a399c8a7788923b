/* test_reply.c: heads and problem documents. */
#include "reply.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_request request = {.target = "/a?b=%22<c>", .id = "id-1"};

static void a_head_is_a_phrase_and_lines(void **state)
{
    struct bg_head head;

    (void)state;
    bg_head_start(&head, 404, &request);
    assert_int_equal(strncmp(head.text, "Not Found\r\n", 11), 0);
    assert_non_null(strstr(head.text, "\r\nX-Request-Id: id-1"));
    bg_head_add(&head, "X", "a\r\nSet-Cookie: b\x1b");
    assert_non_null(strstr(head.text, "\r\nX: a??Set-Cookie: b?"));
    assert_null(strstr(head.text, "\nSet-Cookie"));
}

/* The registry of status codes (RFC 9110, 15; RFC 6585), by hundreds; NULL: none, or none that we could send. */
static const char *registered(int status)
{
    static const char *const success[] = {"OK", "Created", "Accepted", "Non-Authoritative Information", "No Content"};
    static const char *const client[100] = {[0] = "Bad Request",
                                            [1] = "Unauthorized",
                                            [3] = "Forbidden",
                                            [4] = "Not Found",
                                            [5] = "Method Not Allowed",
                                            [6] = "Not Acceptable",
                                            [8] = "Request Timeout",
                                            [9] = "Conflict",
                                            [10] = "Gone",
                                            [11] = "Length Required",
                                            [12] = "Precondition Failed",
                                            [13] = "Content Too Large",
                                            [14] = "URI Too Long",
                                            [15] = "Unsupported Media Type",
                                            [17] = "Expectation Failed",
                                            [21] = "Misdirected Request",
                                            [22] = "Unprocessable Content",
                                            [29] = "Too Many Requests",
                                            [31] = "Request Header Fields Too Large"};
    static const char *const server[] = {"Internal Server Error", "Not Implemented", "Bad Gateway",
                                         "Service Unavailable",   "Gateway Timeout", "HTTP Version Not Supported"};

    if (status == 304)
        return "Not Modified";
    if (status >= 200 && status < 205)
        return success[status - 200];
    if (status >= 400 && status < 500)
        return client[status - 400];
    return status >= 500 && status < 506 ? server[status - 500] : NULL;
}

static void assert_phrase(int status)
{
    struct bg_head head;
    const char *phrase = registered(status);

    assert_non_null(phrase);
    bg_head_start(&head, status, &request);
    assert_int_equal(strcspn(head.text, "\r"), strlen(phrase));
    assert_memory_equal(head.text, phrase, strlen(phrase));
}

static void each_status_that_is_sent_has_the_phrase_of_the_standard(void **state)
{
    static const int others[] = {200, 201, 204, 304, 412, 503};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_phrase(others[i]);
    for (int error = 0; error < BG_ERROR_COUNT; error++)
        if (error != BG_CANCELLED) /* never sent */
            assert_phrase(bg_error_info((enum bg_error)error)->status);
}

static void a_header_that_does_not_fit_is_left_out_whole(void **state)
{
    char value[BG_HEAD_SIZE];
    struct bg_head head;
    size_t room, before;

    (void)state;
    bg_head_start(&head, 200, &request);
    before = head.length;
    room = sizeof head.text - 1 - head.length - strlen("\r\nX: ");
    memset(value, 'v', sizeof value);
    value[room + 1] = '\0';
    bg_head_add(&head, "X", value);
    assert_int_equal(head.length, before);
    value[room] = '\0';
    bg_head_add(&head, "X", value);
    assert_int_equal(head.length, sizeof head.text - 1);
    assert_int_equal(strlen(head.text), head.length);
}

static void a_problem_says_what_and_where(void **state)
{
    struct bg_failure failure;
    json_t *document, *expected;

    (void)state;
    bg_fail_param(&failure, BG_INVALID, "limit", "must be \"%s\"", "less");
    document = bg_problem_document(&(struct bg_problem){.failure = &failure}, &request);
    expected = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:[{s:s, s:s}]}", "type", "urn:beamgauge:error:invalid", "title",
                         bg_error_info(BG_INVALID)->title, "status", 400, "detail", "must be \"less\"", "instance", "/a?b=%22<c>", "code",
                         "invalid", "request_id", "id-1", "errors", "param", "limit", "reason", "must be \"less\"");
    assert_true(json_equal(document, expected));
    json_decref(document);
    json_decref(expected);
}

static void a_problem_without_a_param_has_no_errors_and_may_lack_an_instance(void **state)
{
    static const struct bg_request unknown = {.id = "id-2"};
    struct bg_failure failure;
    json_t *document;

    (void)state;
    bg_fail(&failure, BG_TOO_MANY, "busy");
    document = bg_problem_document(&(struct bg_problem){.failure = &failure}, &unknown);
    assert_int_equal(json_array_size(json_object_get(document, "errors")), 0);
    assert_null(json_object_get(document, "instance"));
    assert_int_equal(json_integer_value(json_object_get(document, "status")), 429);
    json_decref(document);
}

static void every_error_makes_a_problem(void **state)
{
    struct bg_failure failure;

    (void)state;
    for (int error = BG_INVALID; error < BG_ERROR_COUNT; error++) {
        bg_fail(&failure, (enum bg_error)error, "x\xff\x1b");
        json_t *document = bg_problem_document(&(struct bg_problem){.failure = &failure}, &request);
        assert_non_null(document);
        assert_true(json_integer_value(json_object_get(document, "status")) >= 400);
        json_decref(document);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_a_phrase_and_lines),
        cmocka_unit_test(each_status_that_is_sent_has_the_phrase_of_the_standard),
        cmocka_unit_test(a_header_that_does_not_fit_is_left_out_whole),
        cmocka_unit_test(a_problem_says_what_and_where),
        cmocka_unit_test(a_problem_without_a_param_has_no_errors_and_may_lack_an_instance),
        cmocka_unit_test(every_error_makes_a_problem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
