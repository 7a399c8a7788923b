/* test_representations.c: answers in forms of an endpoint's own, parameters given several times, signed and form bodies. */
#include "site.h"

#include "form.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool write_shout(const json_t *data, const json_t *meta, FILE *out)
{
    (void)meta;
    fprintf(out, "%zu words!\n", json_array_size(data));
    return true;
}

static const struct bg_representation own[] = {
    {"json", "application/json", NULL}, {"shout", "text/x-shout", write_shout}, {NULL, NULL, NULL}};

static void on_words(struct bg_call *call)
{
    static const struct bg_header headers[] = {{"X-Mood", "loud\r\nX-Forged: 1"}, {NULL, NULL}};
    json_t *words = json_array();
    struct bg_failure failure;

    for (size_t i = 0; i < bg_call_count(call, "word"); i++)
        json_array_append_new(words, json_string(bg_call_text_at(call, "word", i)));
    bg_fail(&failure, BG_NODE_UNREACHABLE, "half of it is missing");
    bg_call_reply(call, &(struct bg_reply){.status = bg_call_has(call, "broken") ? 502 : 200,
                                           .data = words,
                                           .headers = headers,
                                           .rpc_us = -1,
                                           .fresh_until_us = INT64_MAX,
                                           .failure = bg_call_has(call, "broken") ? &failure : NULL});
    site.answers_count++;
}

static void on_form(struct bg_call *call)
{
    struct bg_failure failure;
    json_t *fields;
    size_t length;
    const char *bytes = bg_call_bytes(call, &length), *mark = bg_call_header(call, "x-mark");

    if (bg_call_form(call, &fields, &failure) != BG_OK) {
        bg_call_fail(call, &failure);
        return;
    }
    json_object_set_new(fields, "bytes", json_stringn(bytes, length));
    json_object_set_new(fields, "mark", mark != NULL ? json_string(mark) : json_null());
    bg_call_reply(call, &(struct bg_reply){.status = 200, .data = fields, .rpc_us = -1});
}

static const struct bg_param word_params[] = {{.name = "word", .type = BG_PARAM_TEXT, .min = 1, .max = 8, .times_max = 3},
                                              {.name = "broken", .type = BG_PARAM_BOOLEAN},
                                              {.name = NULL}};
static const struct bg_endpoint words = {
    .method = BG_GET, .path = "/words", .params = word_params, .representations = own, .handler = on_words};
static const struct bg_endpoint form = {
    .method = BG_POST, .path = "/form", .body_max_bytes = 30, .body_type = BG_BODY_FORM, .handler = on_form};
static const struct bg_endpoint *const endpoints[] = {&words, &form, NULL};

static int begin(void **state)
{
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    options.endpoints = endpoints;
    site_start(&options);
    return 0;
}

static int end(void **state)
{
    (void)state;
    site_stop();
    return 0;
}

static void expect(const char *request, int status, const char *in_reply)
{
    struct client *client;
    int got = site_ask(request, &client);

    if (got != status || strstr(client->text, in_reply) == NULL)
        fail_msg("%s\nanswered %s", request, client->text);
    client_free(client);
}

#define GET_AS(target, accept) "GET " target " HTTP/1.1\r\nHost: localhost\r\nAccept: " accept "\r\n\r\n"

static void format_and_accept_choose_among_an_endpoints_own(void **state)
{
    (void)state;
    expect(GET("/words?word=a&word=b"), 200, "\"data\":[\"a\",\"b\"]");
    expect(GET("/words?word=a&format=shout"), 200, "Content-Type: text/x-shout");
    expect(GET("/words?word=a&format=shout"), 200, "\r\n\r\n1 words!\n");
    expect(GET_AS("/words?word=a", "text/x-shout"), 200, "1 words!");
    expect(GET_AS("/words?word=a", "*/*"), 200, "Content-Type: application/json");
    expect(GET_AS("/words?word=a", "text/csv"), 406, "json, shout");
    expect(GET("/words?format=csv"), 400, "must be one of json, shout");
    expect(GET("/words?format=json&format=shout"), 400, "is given twice");
}

static void a_parameter_may_be_given_as_often_as_it_says(void **state)
{
    (void)state;
    expect(GET("/words"), 200, "\"data\":[]");
    expect(GET("/words?word=a&broken=false&word=%20&word=c"), 502, "[\"a\",\" \",\"c\"]");
    expect(GET("/words?word=a&word=b&word=c&word=d"), 400, "may be given 3 times at most");
    expect(GET("/words?word=a&word=123456789"), 400, "must be 1 to 8 bytes long");
    expect(GET("/words?broken=true&broken=true"), 400, "is given twice");
}

static void headers_of_an_answer_are_its_own_and_cannot_forge_others(void **state)
{
    (void)state;
    expect(GET("/words?word=a"), 200, "\r\nX-Mood: loud??X-Forged: 1\r\n");
    expect(GET("/words?word=a"), 200, "\r\nX-Mood: loud");
    assert_int_equal(site.answers_count, 2); /* not repeated from memory, where headers are not kept */
}

static void what_is_not_whole_is_a_problem_with_what_is_known(void **state)
{
    (void)state;
    expect(GET("/words?word=a&broken=true"), 502, "Content-Type: application/problem+json");
    expect(GET("/words?word=a&broken=true"), 502, "\"data\":[\"a\"]");
    expect(GET("/words?word=a&broken=true"), 502, "\"code\":\"node_unreachable\"");
    expect(GET("/words?word=a&broken=true"), 502, "X-Mood: loud");
    expect(GET("/words?word=a&broken=true&format=shout"), 502, "1 words!");
}

#define POST_FORM(length, body)                                                                                                            \
    "POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded; charset=utf-8\r\nX-Mark: m \r\n"           \
    "Content-Length: " length "\r\n\r\n" body

static void forms_are_decoded_and_their_bytes_kept(void **state)
{
    (void)state;
    expect(POST_FORM("16", "a=%2Fx+y&&b=&c=1"), 200, "\"a\":\"/x y\",\"b\":\"\",\"c\":\"1\",\"bytes\":\"a=%2Fx+y&&b=&c=1\",\"mark\":\"m\"");
    expect(POST_FORM("0", ""), 200, "\"bytes\":\"\"");
    expect(POST_FORM("7", "a=1&a=2"), 400, "twice");
    expect(POST_FORM("5", "a=%zz"), 400, "hexadecimal");
    expect(POST_FORM("5", "a=%0a"), 400, "control characters");
    expect("POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\na=1", 415, "must be a form");
    expect("POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=1", 415, "must be a form");
    expect(POST_FORM("31", "a=12345678901234567890123456789"), 413, "at most 30");
}

static void a_form_has_a_greatest_number_of_fields(void **state)
{
    char bytes[1000] = "";
    struct bg_failure failure;
    json_t *fields;

    (void)state;
    for (int i = 0; i < BG_FORM_FIELDS_MAX; i++)
        snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), "f%d=1&", i);
    assert_int_equal(bg_form_read("application/x-www-form-urlencoded", bytes, strlen(bytes), &fields, &failure), BG_OK);
    assert_int_equal(json_object_size(fields), BG_FORM_FIELDS_MAX);
    json_decref(fields);
    strncat(bytes, "more=1", sizeof bytes - strlen(bytes) - 1);
    assert_int_equal(bg_form_read("application/x-www-form-urlencoded", bytes, strlen(bytes), &fields, &failure), BG_INVALID);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(format_and_accept_choose_among_an_endpoints_own),
        CASE(a_parameter_may_be_given_as_often_as_it_says),
        CASE(headers_of_an_answer_are_its_own_and_cannot_forge_others),
        CASE(what_is_not_whole_is_a_problem_with_what_is_known),
        CASE(forms_are_decoded_and_their_bytes_kept),
        cmocka_unit_test(a_form_has_a_greatest_number_of_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
