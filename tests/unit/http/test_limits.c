/* test_limits.c: the server's limits, each reached: deadlines, connections, requests in flight, buffers. */
#include "site.h"

#include "connection.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

static int stop(void **state)
{
    (void)state;
    site_stop();
    return 0;
}

static void a_silent_connection_is_closed(void **state)
{
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    options.connection_idle_ms = 150;
    site_start(&options);
    struct client *client = client_open();
    client_wait_closed(client);
    assert_int_equal(client->length, 0);
    client_free(client);
}

static void a_byte_now_and_then_does_not_hold_a_request_open(void **state)
{
    static const char slowly[] = "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: aaaaaaaaaaaaaaaaaaaaaaaa";
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    site_start(&options);
    struct client *client = client_open();
    for (size_t i = 0; i < 40; i++) {
        client_send_bytes(client, slowly + i, 1);
        site_turn(15);
    }
    client_wait_closed(client);
    assert_int_equal(strncmp(client->text, "HTTP/1.1 408 Request Timeout\r\n", 30), 0);
    assert_non_null(strstr(client_body(client), "not whole within 300 ms"));
    client_free(client);
}

static void a_body_that_does_not_come_is_told_so(void **state)
{
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    site_start(&options);
    struct client *client = client_open();
    client_send(client,
                "PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n[");
    client_wait_closed(client);
    assert_int_equal(client_status(client), 408);
    assert_non_null(strstr(client_body(client), "not whole"));
    client_free(client);
}

static void a_connection_has_a_whole_time(void **state)
{
    struct bg_http_options options;
    int answered = 0;

    (void)state;
    site_options(&options);
    options.connection_total_ms = 400;
    site_start(&options);
    struct client *client = client_open();
    /* It ends with an answer, or between two. */
    for (; strstr(client->text, "Connection: close") == NULL && !client->closed && answered < 200; answered++) {
        client_send(client, GET("/livez"));
        assert_true(client_wait_for(client, answered + 1));
        site_turn(20);
    }
    assert_true(answered < 60);
    client_wait_closed(client);
    client_free(client);
}

static void connections_over_the_maximum_are_refused_and_give_way_to_each_other(void **state)
{
    enum { most = 4, tried = most + BG_REFUSALS_MAX + 20 };
    struct bg_http_options options;
    struct client *clients[tried];

    (void)state;
    site_options(&options);
    options.connections_max = most;
    site_start(&options);
    for (int i = 0; i < tried; i++) {
        clients[i] = client_open();
        if (i < most) /* those that say nothing would give way */
            client_send(clients[i], GET("/slow?timeout_ms=60000"));
        site_turn(i < most ? 5 : 0);
    }
    site_turn(30);
    assert_true(site.http->connections_count > most && site.http->connections_count <= most + BG_REFUSALS_MAX);
    client_wait_closed(clients[most]); /* the first of those that were over it */
    client_send(clients[tried - 1], GET("/api/v1/rows/a"));
    client_wait(clients[tried - 1], 1);
    assert_int_equal(client_status(clients[tried - 1]), 429);
    assert_string_equal(client_header(clients[tried - 1], "Retry-After"), "1");
    bg_call_plain(site.slow, 200, "ok\n"); /* of the last one that had a place */
    client_wait(clients[most - 1], 1);
    assert_int_equal(client_status(clients[most - 1]), 200);
    struct client *client;
    assert_int_equal(site_ask(GET("/api/v1/rows/a"), &client), 200); /* it takes the idle one's */
    client_free(client);
    for (int i = 0; i < tried; i++)
        client_free(clients[i]);
    site_turn(50);
    SITE_AWAIT(site.http->connections_count == 0);
    assert_int_equal(site_ask(GET("/livez"), &client), 200); /* accepting again */
    client_free(client);
}

static void requests_in_flight_have_a_maximum(void **state)
{
    enum { most = 3 };
    static const uint64_t others[most] = {1, 2, 3};
    struct bg_http_options options;
    struct client *clients[most], *client;

    (void)state;
    site_options(&options);
    options.requests_max = most;
    site_start(&options);
    for (int i = 0; i < most; i++) {
        clients[i] = client_open();
        site_turn(10);
        site.http->connections->reader = others[i]; /* as if from another address */
        client_send(clients[i], GET("/slow?timeout_ms=60000"));
    }
    site_turn(30);
    SITE_AWAIT(site.http->calls_count == most);
    assert_int_equal(site_ask(GET("/livez"), &client), 200);
    client_free(client);
    assert_int_equal(site_ask(GET("/api/v1/rows/a"), &client), 429);
    assert_string_equal(client_header(client, "Retry-After"), "1");
    client_free(client);
    for (int i = 0; i < most; i++)
        client_free(clients[i]);
    site_turn(30);
    SITE_AWAIT(site.http->calls_count == 0);
    assert_int_equal(site.cancels_count, most);
}

static void endless_headers_are_431(void **state)
{
    char *header = malloc(9000);
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    site_start(&options);
    memset(header, 'a', 9000);
    struct client *client = client_open();
    client_send(client, "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: ");
    client_send_bytes(client, header, 9000);
    client_wait_closed(client);
    assert_int_equal(client_status(client), 431);
    client_free(client);
    free(header);
}

static void what_is_sent_ahead_of_an_answer_is_not_hoarded(void **state)
{
    struct bg_http_options options;
    char *ahead = malloc(1 << 20);

    (void)state;
    site_options(&options);
    site_start(&options);
    struct client *client = client_open();
    client_send(client, GET("/big?bytes=16777216"));
    memset(ahead, 'x', 1 << 20);
    site_turn(10);
    for (int i = 0; i < 40; i++) { /* as much as goes in while nothing is read */
        ssize_t sent = send(client->fd, ahead, 1 << 20, MSG_DONTWAIT | MSG_NOSIGNAL);
        site_turn(sent > 0 ? 2 : 5);
    }
    assert_true(evbuffer_get_length(site.http->connections->held) < 9 * 1024 + 64 * 1024);
    client_free(client);
    free(ahead);
}

static void a_client_that_does_not_read_is_dropped(void **state)
{
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    options.connection_idle_ms = 200;
    site_start(&options);
    struct client *client = client_open();
    client_send(client, GET("/big?bytes=16777216"));
    site_turn(100);
    SITE_AWAIT(site.http->connections_count == 1);
    site_turn(700);
    SITE_AWAIT(site.http->connections_count == 0);
    client_free(client);
}

static void stopping_cancels_what_is_in_flight(void **state)
{
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    site_start(&options);
    struct client *client = client_open();
    client_send(client, GET("/slow?timeout_ms=60000"));
    site_turn(20);
    bg_http_free(site.http);
    site.http = NULL;
    assert_int_equal(site.cancels_count, 1);
    client_free(client);
}

static void a_port_that_is_taken_is_told(void **state)
{
    struct bg_http_options options;
    struct bg_failure failure;
    struct bg_http *http = NULL;

    (void)state;
    site_options(&options);
    site_start(&options);
    options.port = bg_http_port(site.http);
    assert_int_equal(bg_http_start(site.base, &options, &http, &failure), BG_SYSTEM);
    assert_null(http);
    assert_non_null(strstr(failure.text, "Address already in use"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_silent_connection_is_closed, stop),
        cmocka_unit_test_teardown(a_byte_now_and_then_does_not_hold_a_request_open, stop),
        cmocka_unit_test_teardown(a_body_that_does_not_come_is_told_so, stop),
        cmocka_unit_test_teardown(a_connection_has_a_whole_time, stop),
        cmocka_unit_test_teardown(connections_over_the_maximum_are_refused_and_give_way_to_each_other, stop),
        cmocka_unit_test_teardown(requests_in_flight_have_a_maximum, stop),
        cmocka_unit_test_teardown(endless_headers_are_431, stop),
        cmocka_unit_test_teardown(what_is_sent_ahead_of_an_answer_is_not_hoarded, stop),
        cmocka_unit_test_teardown(a_client_that_does_not_read_is_dropped, stop),
        cmocka_unit_test_teardown(stopping_cancels_what_is_in_flight, stop),
        cmocka_unit_test_teardown(a_port_that_is_taken_is_told, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
