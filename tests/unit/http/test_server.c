/* test_server.c: the whole server, spoken to in raw bytes over loopback. */
#include "reply_cache.h"
#include "server.h"
#include "site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static json_t *body_of(const struct client *client)
{
    json_t *json = json_loads(client_body(client), 0, NULL);

    assert_non_null(json);
    return json;
}

static void assert_problem(const struct client *client, int status, const char *code)
{
    json_t *problem = body_of(client);

    assert_int_equal(client_status(client), status);
    assert_string_equal(client_header(client, "Content-Type"), "application/problem+json");
    assert_int_equal(json_integer_value(json_object_get(problem, "status")), status);
    assert_string_equal(json_string_value(json_object_get(problem, "code")), code);
    assert_string_equal(json_string_value(json_object_get(problem, "request_id")), client_header(client, "X-Request-Id"));
    assert_true(json_string_length(json_object_get(problem, "detail")) > 0);
    assert_true(json_is_array(json_object_get(problem, "errors")));
    json_decref(problem);
}

static void an_answer_is_an_envelope_with_its_age(void **state)
{
    struct client *client;

    (void)state;
    assert_int_equal(site_ask(GET("/api/v1/rows/shop?limit=3"), &client), 200);
    json_t *envelope = body_of(client);
    const json_t *meta = json_object_get(envelope, "meta");
    assert_string_equal(json_string_value(json_object_get(meta, "node")), "a@b");
    assert_true(json_is_integer(json_object_get(meta, "age_ms")));
    assert_int_equal(json_array_size(json_object_get(envelope, "data")), 1);
    assert_string_equal(client_header(client, "Content-Type"), "application/json");
    assert_string_equal(client_header(client, "Cache-Control"), "no-store");
    assert_string_equal(client_header(client, "X-Content-Type-Options"), "nosniff");
    assert_non_null(strstr(client_header(client, "Server-Timing"), "rpc;dur=1.500"));
    assert_non_null(client_header(client, "Date"));
    json_decref(envelope);
    client_free(client);
}

static void head_tells_the_length_and_sends_no_body(void **state)
{
    static const char *const targets[] = {"/api/v1/rows/shop", "/livez", "/", "/nowhere"};
    char request[128];
    struct client *client, *twin;

    (void)state;
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: same\r\n\r\n", targets[i]);
        site_ask(request, &twin);
        snprintf(request, sizeof request, "HEAD %s HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: same\r\n\r\n", targets[i]);
        client = client_open();
        client_send(client, request);
        site_turn(20);
        client_send(client, "HEAD /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        client_wait_closed(client);
        assert_int_equal(client_status(client), client_status(twin));
        char *length = strdup(client_header(twin, "Content-Length"));
        assert_string_equal(client_header(client, "Content-Length"), length);
        assert_int_equal(strncmp(client_body(client), "HTTP/1.1 200 OK\r\n", 17), 0); /* the next reply, at once */
        free(length);
        client_free(client);
        client_free(twin);
    }
}

static void a_connection_is_kept_and_closed_when_asked(void **state)
{
    struct client *client = client_open();

    (void)state;
    for (int i = 1; i <= 3; i++) {
        client_send(client, GET("/livez"));
        client_wait(client, i);
        assert_false(client->closed);
    }
    client_send(client, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    client_wait_closed(client);
    client_free(client);
}

static void http_1_0_is_answered(void **state)
{
    struct client *client = client_open();

    (void)state;
    client_send(client, "GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n");
    client_wait_closed(client);
    assert_int_equal(client_status(client), 200);
    assert_string_equal(client_body(client), "ok\n");
    client_free(client);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct client *client = client_open();

    (void)state;
    client_send(client, GET("/api/v1/rows/first") "PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\n"
                                                  "Content-Type: application/json\r\nContent-Length: 7\r\n\r\n[\"two\"]" GET("/livez")
                                                      GET("/nowhere") GET("/api/v1/rows/last"));
    client_wait(client, 5);
    const char *at = client->text;
    static const char *const expected[] = {"first", "two", "ok\n", "not_found", "last"};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_non_null(at = strstr(at, expected[i]));
    client_free(client);
}

static void a_request_behind_one_in_flight_waits_its_turn(void **state)
{
    struct client *client = client_open();

    (void)state;
    client_send(client, GET("/slow") GET("/livez"));
    site_turn(20);
    client_send(client, GET("/api/v1/rows/late"));
    site_turn(20);
    SITE_AWAIT(site.slow != NULL);
    assert_int_equal(client->length, 0);
    bg_call_empty(site.slow);
    client_wait(client, 3);
    assert_int_equal(client_status(client), 204);
    assert_non_null(strstr(client->text, "late"));
    client_free(client);
}

static void a_request_split_at_every_byte_is_answered(void **state)
{
    static const char request[] = "PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                  "Content-Length: 7\r\n\r\n[\"abc\"]";

    (void)state;
    for (size_t split = 1; split < sizeof request - 1; split++) {
        struct client *client = client_open();
        client_send_bytes(client, request, split);
        site_turn(1);
        client_send_bytes(client, request + split, sizeof request - 1 - split);
        client_wait(client, 1);
        assert_int_equal(client_status(client), 201);
        assert_non_null(strstr(client_body(client), "[\"abc\"]"));
        client_free(client);
    }
}

static void what_follows_a_body_passes_the_gate_too(void **state)
{
    struct client *client = client_open();

    (void)state;
    client_send(client, "PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        "Content-Length: 7\r\n\r\n[\"a");
    site_turn(20);
    client_send(client, "bc\"]GET /livez HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    client_wait_closed(client);
    assert_int_equal(client_status(client), 201);
    assert_non_null(strstr(client->text, "HTTP/1.1 421 "));
    assert_null(strstr(client->text, "ok\n"));
    client_free(client);
}

static void expect_continue_is_met(void **state)
{
    struct client *client = client_open();

    (void)state;
    client_send(client, "PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
                        "Expect: 100-continue\r\n\r\n");
    client_wait(client, 1);
    assert_int_equal(client_status(client), 100);
    client_send(client, "[]");
    client_wait(client, 2);
    assert_non_null(strstr(client->text, "HTTP/1.1 201 Created"));
    client_free(client);
}

static void a_malformed_request_gets_a_problem_and_the_end(void **state)
{
    static const struct {
        const char *request;
        int status;
        const char *code;
    } cases[] = {
        {"nonsense\r\n\r\n", 400, "invalid"},
        {"\x16\x03\x01\x02", 400, "invalid"}, /* TLS to a plain port */
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "invalid"},
        {"GET / HTTP/1.1\nHost: localhost\n\n", 400, "invalid"},
        {"GET / HTTP/1.1\r\n\r\n", 400, "invalid"},
        {"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "invalid"},
        {"GET //localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "invalid"},
        {"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "invalid"},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400, "invalid"},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: +1\r\n\r\na", 400, "invalid"},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "invalid"},
        {"HEAD / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", 400, NULL},
        {"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421, "misdirected"},
        {"POST /slow HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n", 403, "cross_site"},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999\r\n\r\n", 413, "too_large"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct client *client = client_open();
        client_send(client, cases[i].request);
        client_wait_closed(client);
        assert_int_equal(client_status(client), cases[i].status);
        assert_string_equal(client_header(client, "Connection"), "close");
        if (cases[i].code != NULL)
            assert_problem(client, cases[i].status, cases[i].code);
        else
            assert_string_equal(client_body(client), "");
        client_free(client);
    }
}

static void a_refused_upload_still_hears_why(void **state)
{
    char *upload = malloc(1 << 20);
    struct client *client = client_open();

    (void)state;
    memset(upload, 'x', 1 << 20);
    client_send(client, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048576\r\n\r\n");
    for (int i = 0; i < 16; i++) { /* as slowly as networks are */
        client_send_bytes(client, upload + (i << 16), 1 << 16);
        site_turn(2);
    }
    client_wait_closed(client);
    assert_false(client->reset);
    assert_problem(client, 413, "too_large");
    client_free(client);
    free(upload);
}

static void methods_that_a_path_lacks_are_405_with_allow(void **state)
{
    static const struct {
        const char *request, *allow;
    } cases[] = {
        {"POST /api/v1/rows/a HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET, HEAD"},
        {"OPTIONS /api/v1/rows/a HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET, HEAD"},
        {"BREW /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\n\r\n", "PUT, DELETE"},
        {"PATCH / HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET, HEAD"},
    };
    struct client *client;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(site_ask(cases[i].request, &client), 405);
        assert_problem(client, 405, "method_not_allowed");
        assert_string_equal(client_header(client, "Allow"), cases[i].allow);
        assert_null(client_header(client, "Access-Control-Allow-Origin"));
        client_free(client);
    }
}

static void what_is_wrong_with_a_good_request_is_told(void **state)
{
    static const struct {
        const char *request;
        int status;
        const char *code, *detail;
    } cases[] = {
        {GET("/nowhere"), 404, "not_found", "There is nothing at /nowhere; /api/v1/openapi.json"},
        {GET("/api/v1/row/a"), 404, "not_found", "There is nothing at /api/v1/row/a; did you mean /api/v1/rows/a? /api"},
        {GET("/api/v1/rows/a?limt=1"), 400, "invalid",
         "limt: is not a parameter of this endpoint, which has limit, format; did you mean limit?"},
        {GET("/api/v1/rows/a?format=jsn"), 400, "invalid", "must be one of json, text, md, csv, ndjson; did you mean json?"},
        {GET("/api/v1/rows/a?limit=0&colour=red&limit=1"), 400, "invalid", "\"param\":\"colour\""},
        {GET("/api/v1/rows/a?limit=0&colour=red"), 400, "invalid",
         "\"detail\":\"limit: must be a whole number from 1 to 100 (and 1 more, see errors)\""},
        {GET("/api/v1/rows/a?format=xml"), 400, "invalid", "\"detail\":\"format: must be one of json, text, md, csv, ndjson\""},
        {GET("/api/v1/rows/%ff"), 400, "invalid", "\"param\":\"name\""},
        {GET("/api/v1/rows/a?format=xml"), 400, "invalid", "\"param\":\"format\""},
        {"GET /api/v1/rows/a HTTP/1.1\r\nHost: localhost\r\nAccept: image/png\r\n\r\n", 406, "not_acceptable", "ndjson"},
        {"PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", 415, "media_type", "application/json"},
        {"PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{]", 400,
         "invalid", "line 1, column 2"},
        {"DELETE /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", 413, "too_large", "at most 0"},
        {GET("/slow?timeout_ms=0"), 504, "deadline", "in time"},
    };
    struct client *client;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(site_ask(cases[i].request, &client), cases[i].status);
        assert_problem(client, cases[i].status, cases[i].code);
        assert_non_null(strstr(client_body(client), cases[i].detail));
        assert_null(client_header(client, "Connection"));
        client_free(client);
    }
    assert_int_equal(site.cancels_count, 1);
}

static void a_client_that_leaves_cancels_its_question(void **state)
{
    struct client *client = client_open();

    (void)state;
    client_send(client, GET("/slow?timeout_ms=60000") GET("/livez"));
    site_turn(20);
    SITE_AWAIT(site.slow != NULL);
    client_free(client);
    site_turn(50);
    SITE_AWAIT(site.cancels_count == 1);
}

static void a_request_id_is_repeated_only_if_it_is_harmless(void **state)
{
    struct client *client;

    (void)state;
    site_ask("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: ci-run_7.b\r\n\r\n", &client);
    assert_string_equal(client_header(client, "X-Request-Id"), "ci-run_7.b");
    client_free(client);
    site_ask("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: a b<script>\r\n\r\n", &client);
    assert_null(strstr(client_header(client, "X-Request-Id"), "script"));
    client_free(client);
}

static void a_header_value_cannot_begin_a_line(void **state)
{
    struct client *client;

    (void)state;
    assert_int_equal(site_ask("PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\n\r\n", &client), 201);
    assert_null(client_header(client, "Set-Cookie"));
    assert_non_null(strstr(client_header(client, "Location"), "/api/v1/things/x??Set-Cookie"));
    client_free(client);
}

static void the_same_question_is_answered_from_the_cache_until_something_changes(void **state)
{
    struct client *client = client_open();

    (void)state;
    site.fresh_us = 10000000;
    client_send(client, GET("/api/v1/rows/a") GET("/api/v1/rows/a") "HEAD /api/v1/rows/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    site_turn(30);
    SITE_AWAIT(site.answers_count == 1);
    client_send(client, GET("/api/v1/rows/a?format=text"));
    site_turn(20);
    SITE_AWAIT(site.answers_count == 2);
    client_send(client, "DELETE /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\n\r\n" GET("/api/v1/rows/a"));
    site_turn(20);
    SITE_AWAIT(site.answers_count == 3);
    client_free(client);
}

static void an_answer_kept_during_a_change_is_forgotten_after_it(void **state)
{
    struct client *changing = client_open(), *client;

    (void)state;
    site.fresh_us = 10000000;
    client_send(changing, "POST /slow?timeout_ms=60000 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\r\n");
    site_turn(20);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(site_ask(GET("/api/v1/rows/a"), &client), 200);
        client_free(client);
    }
    assert_int_equal(site.answers_count, 1);
    bg_call_empty(site.slow);
    client_wait(changing, 1);
    assert_int_equal(site_ask(GET("/api/v1/rows/a"), &client), 200);
    assert_int_equal(site.answers_count, 2);
    client_free(client);
    client_free(changing);
}

static void a_cached_answer_ages(void **state)
{
    struct client *client = client_open();

    (void)state;
    site.fresh_us = 10000000;
    client_send(client, GET("/api/v1/rows/a"));
    client_wait(client, 1);
    site_turn(30);
    client->length = 0;
    client_send(client, GET("/api/v1/rows/a"));
    memset(client->text, 0, sizeof client->text);
    client_wait(client, 1);
    json_t *envelope = body_of(client);
    assert_true(json_integer_value(json_object_get(json_object_get(envelope, "meta"), "age_ms")) >= 25);
    assert_int_equal(site.answers_count, 1);
    assert_string_equal(client_header(client, "Server-Timing"), "cache");
    json_decref(envelope);
    client_free(client);
}

static void tokens_guard_all_but_liveness_and_the_page(void **state)
{
    char text[BG_TOKEN_TEXT_SIZE], request[256];
    struct bg_token token = {.name = (char *)(uintptr_t) "ci", .scopes = BG_SCOPE_READ};
    struct bg_failure failure;
    struct client *client;

    (void)state;
    site.fresh_us = 10000000;
    assert_int_equal(site_ask(GET("/api/v1/rows/a"), &client), 200); /* cached now */
    client_free(client);
    assert_int_equal(bg_token_generate(text, token.sha256, &failure), BG_OK);
    assert_int_equal(bg_http_set_tokens(site.http, &token, 1, &failure), BG_OK);
    assert_int_equal(bg_reply_cache_bytes(site.http->cache), 0);

    static const struct {
        const char *target;
        int without, with;
    } cases[] = {{"/livez", 200, 200},         {"/", 200, 200},        {"/app.js", 200, 200},         {"/api/v1/rows/a", 401, 200},
                 {"/api/v1/rows/a", 401, 200}, {"/nowhere", 401, 404}, {"/api/v1/things/x", 401, 405}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", cases[i].target);
        assert_int_equal(site_ask(request, &client), cases[i].without);
        if (cases[i].without == 401)
            assert_string_equal(client_header(client, "WWW-Authenticate"), "Bearer realm=\"beamgauge\"");
        client_free(client);
        snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", cases[i].target, text);
        assert_int_equal(site_ask(request, &client), cases[i].with);
        client_free(client);
    }
    snprintf(request, sizeof request, "DELETE /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n", text);
    assert_int_equal(site_ask(request, &client), 403);
    assert_problem(client, 403, "forbidden");
    client_free(client);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_is_an_envelope_with_its_age, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(head_tells_the_length_and_sends_no_body, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_connection_is_kept_and_closed_when_asked, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(http_1_0_is_answered, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(pipelined_requests_are_answered_in_order, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_request_behind_one_in_flight_waits_its_turn, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_request_split_at_every_byte_is_answered, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(what_follows_a_body_passes_the_gate_too, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(expect_continue_is_met, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_malformed_request_gets_a_problem_and_the_end, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_refused_upload_still_hears_why, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(methods_that_a_path_lacks_are_405_with_allow, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(what_is_wrong_with_a_good_request_is_told, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_client_that_leaves_cancels_its_question, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_request_id_is_repeated_only_if_it_is_harmless, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_header_value_cannot_begin_a_line, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(the_same_question_is_answered_from_the_cache_until_something_changes, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(an_answer_kept_during_a_change_is_forgotten_after_it, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_cached_answer_ages, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(tokens_guard_all_but_liveness_and_the_page, site_setup, site_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
