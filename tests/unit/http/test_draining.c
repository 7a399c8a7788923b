/* test_draining.c: how the server ends: nobody who has asked by then goes without an answer. */
#include "site.h"

#include "connection.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SLOW GET("/slow?timeout_ms=60000")

static void on_drained(void *context)
{
    (void)context;
    site.drained_count++;
}

static void draining_lets_a_call_end_and_takes_no_more(void **state)
{
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    options.connection_idle_ms = 60000;
    site_start(&options);
    struct client *idle = client_open(), *asking = client_open();
    client_send(asking, GET("/slow?timeout_ms=60000"));
    site_turn(20);
    bg_http_drain(site.http, 60000, on_drained, NULL);
    client_wait_closed(idle);
    site_turn(20);
    assert_int_equal(site.drained_count, 0);
    bg_call_plain(site.slow, 200, "done\n");
    client_wait_closed(asking);
    assert_string_equal(client_body(asking), "done\n");
    assert_string_equal(client_header(asking, "Connection"), "close");
    site_turn(20);
    SITE_AWAIT(site.drained_count == 1);
    client_free(idle);
    client_free(asking);
}

static void draining_an_idle_server_ends_at_once_but_not_inside_the_call(void **state)
{
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    site_start(&options);
    bg_http_drain(site.http, 60000, on_drained, NULL);
    assert_int_equal(site.drained_count, 0);
    site_turn(5);
    assert_int_equal(site.drained_count, 1);
}

static void start(void)
{
    struct bg_http_options options;

    site_options(&options);
    options.request_ms = options.connection_idle_ms = 60000;
    site_start(&options);
}

static void assert_last_answer(struct client *client, int status)
{
    client_wait_closed(client);
    assert_int_equal(client_status(client), status);
    assert_string_equal(client_header(client, "Connection"), "close");
    assert_false(client->reset);
    client_free(client);
}

static void what_was_sent_before_is_answered(void **state)
{
    struct client *asked, *connected, *busy;

    (void)state;
    start();
    busy = client_open();
    client_send(busy, SLOW);
    asked = client_open();
    client_send(asked, GET("/livez"));
    client_wait(asked, 1);
    client_send_bytes(asked, GET("/livez"), strlen(GET("/livez")));
    connected = client_open(); /* not accepted yet */
    client_send_bytes(connected, GET("/livez"), strlen(GET("/livez")));
    bg_http_drain(site.http, 60000, on_drained, NULL);
    client_wait_closed(asked);
    assert_non_null(strstr(client_body(asked), "Connection: close"));
    client_free(asked);
    assert_last_answer(connected, 200);
    assert_int_equal(site.drained_count, 0);
    bg_call_plain(site.slow, 200, "done\n");
    assert_last_answer(busy, 200);
    SITE_AWAIT(site.drained_count == 1);
}

static void a_connection_without_a_request_has_a_moment_for_it(void **state)
{
    struct client *silent, *idle, *late;

    (void)state;
    start();
    idle = client_open();
    client_send(idle, GET("/livez"));
    client_wait(idle, 1);
    site_turn(2 * BG_LAST_IDLE_US / 1000);
    silent = client_open();
    late = client_open();
    SITE_AWAIT(site.http->connections_count == 3);
    site_turn(5);
    bg_http_drain(site.http, 60000, on_drained, NULL);
    client_wait_closed(idle);
    assert_false(silent->closed);
    client_send(late, GET("/livez"));
    assert_last_answer(late, 200);
    client_wait_closed(silent);
    assert_int_equal(silent->length, 0);
    SITE_AWAIT(site.drained_count == 1);
    client_free(silent);
    client_free(idle);
}

static void what_lasts_too_long_is_answered_504(void **state)
{
    struct client *busy, *half;

    (void)state;
    start();
    busy = client_open();
    client_send(busy, SLOW);
    half = client_open();
    client_send(half, "GET /livez HTTP/1.1\r\n");
    site_turn(20);
    bg_http_drain(site.http, 100, on_drained, NULL);
    client_wait(busy, 1);
    assert_non_null(strstr(client_body(busy), "There was no answer in time: beamgauge is stopping."));
    assert_last_answer(busy, 504);
    assert_int_equal(site.cancels_count, 1);
    assert_last_answer(half, 408);
    SITE_AWAIT(site.drained_count == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(draining_lets_a_call_end_and_takes_no_more, site_teardown),
        cmocka_unit_test_teardown(draining_an_idle_server_ends_at_once_but_not_inside_the_call, site_teardown),
        cmocka_unit_test_teardown(what_was_sent_before_is_answered, site_teardown),
        cmocka_unit_test_teardown(a_connection_without_a_request_has_a_moment_for_it, site_teardown),
        cmocka_unit_test_teardown(what_lasts_too_long_is_answered_504, site_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
