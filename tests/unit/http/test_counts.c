/* test_counts.c: replies are counted by operation and class of status; a handler's own body and types; headers of a request. */
#include "counts.h"
#include "server.h"
#include "site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const types[] = {"text/plain; version=1", "application/other; charset=utf-8", NULL};

static void on_typed(struct bg_call *call)
{
    const char *said = bg_call_header(call, "X-Said");

    said = said != NULL ? said : "nothing";
    bg_call_custom(call, &(struct bg_custom){.status = 203,
                                             .content_type = bg_call_type(call),
                                             .bytes = said,
                                             .length = strlen(said),
                                             .headers = (const struct bg_header[]){{"X-More", "a\r\nb"}, {NULL, NULL}}});
}

static void on_kept(struct bg_call *call)
{
    assert_null(bg_call_type(call));
    bg_call_reply(call, &(struct bg_reply){.status = 200, .data = json_object(), .fresh_until_us = INT64_MAX, .rpc_us = -1});
}

static void on_never(struct bg_call *call)
{
    (void)call;
}

static const struct bg_endpoint typed = {
    .method = BG_GET, .path = "/typed", .scope = BG_SCOPE_READ, .operation = "getTyped", .types = types, .handler = on_typed};
static const struct bg_endpoint kept = {
    .method = BG_GET, .path = "/kept", .scope = BG_SCOPE_READ, .operation = "getKept", .handler = on_kept};
static const struct bg_endpoint never = {
    .method = BG_GET, .path = "/never", .scope = BG_SCOPE_READ, .operation = "getNever", .handler = on_never};
static const struct bg_endpoint *const endpoints[] = {&typed, &kept, &never, NULL};

static struct bg_metrics *metrics;

static int start(void **state)
{
    struct bg_http_options options;

    (void)state;
    metrics = bg_metrics_new();
    site_options(&options);
    options.endpoints = endpoints;
    options.metrics = metrics;
    site_start(&options);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    site_stop();
    bg_metrics_free(metrics);
    return 0;
}

static void ask(const char *request, int status)
{
    struct client *client;

    assert_int_equal(site_ask(request, &client), status);
    client_free(client);
}

/* Whether /metrics would have this line. */
static bool is_told(const char *line)
{
    struct bg_exposition *exposition = bg_exposition_new(bg_exposition_types[0]);
    char *text;
    size_t length;
    bool is_written;

    bg_metrics_write(metrics, exposition);
    assert_true(bg_exposition_end(exposition, &text, &length));
    is_written = strstr(text, line) != NULL;
    free(text);
    return is_written;
}

static void descriptors_are_sane(void **state)
{
    (void)state;
    for (const struct bg_metric *metric = bg_counts_metrics; metric->name != NULL; metric++)
        assert_true(bg_metric_is_sane(metric));
}

static void replies_are_counted_by_operation_and_class_of_status(void **state)
{
    (void)state;
    assert_true(is_told("\nbeamgauge_http_requests_total{operation=\"getTyped\",status=\"2xx\"} 0\n"));
    ask(GET("/typed"), 203);
    ask(GET("/typed?x=1"), 400);
    ask(GET("/nowhere"), 404);
    ask(GET("/"), 200);
    ask("GET /typed HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421);
    assert_true(is_told("\nbeamgauge_http_requests_total{operation=\"getTyped\",status=\"2xx\"} 1\n"));
    assert_true(is_told("\nbeamgauge_http_requests_total{operation=\"getTyped\",status=\"4xx\"} 1\n"));
    assert_true(is_told("\nbeamgauge_http_requests_total{operation=\"none\",status=\"4xx\"} 2\n"));
    assert_true(is_told("\nbeamgauge_http_requests_total{operation=\"page\",status=\"2xx\"} 1\n"));
    assert_false(is_told("status=\"5xx\""));
    assert_true(is_told("\nbeamgauge_http_request_duration_seconds_count{operation=\"getTyped\"} 2\n"));
    assert_false(is_told("duration_seconds_count{operation=\"getKept\"}"));
}

static void durations_are_those_of_requests(void **state)
{
    (void)state;
    ask("GET /typed HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421);
    ask(GET("/typed"), 203);
    for (size_t place = 0; place < site.http->counts.places; place++)
        assert_true(site.http->counts.operations[place].took.sum_us < 2000000);
}

static void a_repeated_reply_is_counted_as_its_operation(void **state)
{
    (void)state;
    ask(GET("/kept"), 200);
    ask(GET("/kept"), 200);
    ask(GET("/kept"), 200);
    assert_true(is_told("\nbeamgauge_http_requests_total{operation=\"getKept\",status=\"2xx\"} 3\n"));
    assert_true(is_told("\nbeamgauge_http_repeated_replies_total 2\n"));
    assert_false(is_told("\nbeamgauge_http_kept_replies_bytes 0\n"));
}

static void a_client_that_leaves_is_counted(void **state)
{
    struct client *client = client_open();

    (void)state;
    client_send(client, GET("/never"));
    site_turn(20);
    SITE_AWAIT(is_told("\nbeamgauge_http_requests_in_flight 1\n"));
    assert_true(is_told("\nbeamgauge_http_connections 1\n"));
    client_free(client);
    site_turn(50);
    SITE_AWAIT(is_told("\nbeamgauge_http_abandoned_requests_total 1\n"));
    assert_true(is_told("\nbeamgauge_http_requests_in_flight 0\n"));
}

static void a_handler_may_write_its_own_body_in_the_type_that_is_accepted(void **state)
{
    static const struct {
        const char *accept;
        int status;
        const char *type;
    } cases[] = {
        {"Accept: */*\r\n", 203, "text/plain; version=1"},
        {"", 203, "text/plain; version=1"},
        {"Accept: application/other\r\n", 203, "application/other; charset=utf-8"},
        {"Accept: text/plain;q=0.5, application/other;q=0.6\r\n", 203, "application/other; charset=utf-8"},
        {"Accept: application/other;q=0.5, text/*;q=0.6\r\n", 203, "text/plain; version=1"},
        {"Accept: image/png\r\n", 406, "application/problem+json"},
    };
    struct client *client;
    char request[200];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(request, sizeof request, "GET /typed HTTP/1.1\r\nHost: localhost\r\nx-said: hello\r\n%s\r\n", cases[i].accept);
        assert_int_equal(site_ask(request, &client), cases[i].status);
        assert_string_equal(client_header(client, "Content-Type"), cases[i].type);
        if (cases[i].status == 203) {
            assert_string_equal(client_body(client), "hello");
            assert_string_equal(client_header(client, "X-More"), "a??b");
            assert_string_equal(client_header(client, "Cache-Control"), "no-store");
        }
        client_free(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_are_sane),
        cmocka_unit_test_setup_teardown(replies_are_counted_by_operation_and_class_of_status, start, stop),
        cmocka_unit_test_setup_teardown(durations_are_those_of_requests, start, stop),
        cmocka_unit_test_setup_teardown(a_repeated_reply_is_counted_as_its_operation, start, stop),
        cmocka_unit_test_setup_teardown(a_client_that_leaves_is_counted, start, stop),
        cmocka_unit_test_setup_teardown(a_handler_may_write_its_own_body_in_the_type_that_is_accepted, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
