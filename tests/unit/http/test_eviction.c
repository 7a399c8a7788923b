/* test_eviction.c: which connections are evicted when all places are taken, and that the others are not affected. */
#include "site.h"

#include "connection.h"
#include "server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void start_with(size_t connections_max)
{
    struct bg_http_options options;

    site_options(&options);
    options.connections_max = connections_max;
    options.request_ms = options.connection_idle_ms = 60000;
    site_start(&options);
    site.http->seed =
        1; /* the few clients of a test are in groups of their own, which at random they are not in one of some hundred runs */
}

static struct client *send_one(const char *request)
{
    struct client *client = client_open();

    client_send(client, request);
    site_turn(10);
    return client;
}

static void assert_status(const char *request, int status)
{
    struct client *client;

    assert_int_equal(site_ask(request, &client), status);
    client_free(client);
}

static void the_longest_idle_connection_gives_way(void **state)
{
    struct client *clients[6];

    (void)state;
    start_with(4);
    for (int i = 0; i < 4; i++) {
        clients[i] = send_one(GET("/livez"));
        client_wait(clients[i], 1);
    }
    client_send(clients[0], GET("/livez")); /* the first is now the last */
    client_wait(clients[0], 2);
    clients[4] = send_one(GET("/livez"));
    client_wait(clients[4], 1);
    assert_int_equal(client_status(clients[4]), 200);
    assert_null(client_header(clients[4], "Connection"));
    client_wait_closed(clients[1]);
    client_send(clients[0], GET("/livez"));
    client_wait(clients[0], 3);
    assert_int_equal(site.http->connections_count, 4);
    for (int i = 0; i < 5; i++)
        client_free(clients[i]);
}

static void who_sends_requests_ahead_keeps_its_place_for_one_answer_where_places_are_short(void **state)
{
    struct client *ahead[4], *other;

    (void)state;
    start_with(4);
    ahead[0] = send_one(GET("/livez") GET("/livez") GET("/livez"));
    client_wait(ahead[0], 3); /* there is room */
    assert_null(client_header(ahead[0], "Connection"));
    for (int i = 1; i < 4; i++)
        ahead[i] = client_open();
    site_turn(10);
    client_send(ahead[3], GET("/livez") GET("/livez") GET("/livez"));
    client_wait_closed(ahead[3]);
    assert_null(strstr(client_body(ahead[3]), "HTTP/1.1"));
    assert_string_equal(client_header(ahead[3], "Connection"), "close");
    other = send_one(GET("/api/v1/rows/a"));
    client_wait(other, 1);
    assert_int_equal(client_status(other), 200);
    assert_int_equal(site.http->connections_count, 4); /* no other was evicted */
    for (int i = 0; i < 4; i++)
        client_free(ahead[i]);
    client_free(other);
}

static void a_flood_of_idle_connections_keeps_nobody_out(void **state)
{
    enum { most = 16, tried = most + BG_REFUSALS_MAX + 40 };
    struct client *clients[tried];

    (void)state;
    start_with(most);
    for (int i = 0; i < tried; i++)
        clients[i] = client_open();
    site_turn(30);
    assert_true(site.http->connections_count <= most + BG_REFUSALS_MAX);
    assert_status(GET("/api/v1/rows/a"), 200);
    assert_int_equal(site.http->connections_count, most);
    for (int i = 0; i < tried; i++)
        client_free(clients[i]);
}

/* As if it came from another address. */
static struct client *open_from(uint64_t address)
{
    const struct bg_connection *newest = site.http->connections;
    struct client *client = client_open();

    for (int i = 0; i < 1000 && site.http->connections == newest; i++)
        site_turn(5);
    assert_ptr_not_equal(site.http->connections, newest);
    site.http->connections->reader = address;
    return client;
}

static void half_sent_heads_and_bodies_of_one_client_give_way_before_those_of_others(void **state)
{
    enum { most = 8, tried = 4 * most };
    struct client *slow, *idle, *clients[tried];

    (void)state;
    start_with(most);
    slow = open_from(1);
    client_send(slow, "GET /livez HTTP/1.1\r\nHost: local");
    idle = open_from(2);
    client_send(idle, GET("/livez"));
    client_wait(idle, 1);
    for (int i = 0; i < tried; i++) {
        clients[i] = open_from(3);
        client_send(clients[i], i % 2 == 0 ? "GET /livez HTTP/1.1\r\nX-Slow: "
                                           : "PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\n"
                                             "Content-Type: application/json\r\nContent-Length: 30\r\n\r\n[");
        site_turn(2);
    }
    client_send(slow, "host\r\n\r\n");
    client_wait(slow, 1);
    assert_int_equal(client_status(slow), 200);
    client_send(idle, GET("/livez"));
    client_wait(idle, 2);
    client_wait_closed(clients[0]); /* the oldest */
    client_wait_closed(clients[tried - most - 1]);
    assert_int_equal(site.http->connections_count, most);
    assert_int_equal(site.http->counts.evicted, tried - (most - 2));
    client_free(slow);
    client_free(idle);
    for (int i = 0; i < tried; i++)
        client_free(clients[i]);
}

static void idle_connections_of_one_client_give_way_before_half_sent_heads_of_others(void **state)
{
    enum { most = 8, tried = 3 * most };
    struct client *slow, *clients[tried];

    (void)state;
    start_with(most);
    slow = open_from(1);
    client_send(slow, "GET /livez HTTP/1.1\r\nHost: local");
    for (int i = 0; i < tried; i++) {
        clients[i] = open_from(3);
        client_send(clients[i], GET("/livez"));
        client_wait(clients[i], 1);
    }
    client_send(slow, "host\r\n\r\n");
    client_wait(slow, 1);
    assert_int_equal(client_status(slow), 200);
    client_free(slow);
    for (int i = 0; i < tried; i++)
        client_free(clients[i]);
}

/* An answer that waits for its reader keeps its place no longer than that. */
static void answers_that_nobody_reads_give_way(void **state)
{
    enum { most = 3 };
    struct client *clients[most], *last;

    (void)state;
    start_with(most);
    for (int i = 0; i < most; i++) {
        clients[i] = client_open();
        client_send(clients[i], GET("/big?bytes=16000000"));
        site_turn(100);
    }
    last = client_open(); /* all are looked at */
    site_turn(10);
    site_turn((int)(BG_STALL_US / 1000) + 200);
    client_free(last);
    assert_status(GET("/api/v1/rows/a"), 200);
    assert_true(site.http->counts.evicted > 0);
    for (int i = 0; i < most; i++)
        client_free(clients[i]);
}

static void a_half_sent_head_gives_way_before_an_idle_connection_and_both_before_an_answer_due(void **state)
{
    struct client *asking, *idle, *half, *next, *last;

    (void)state;
    start_with(3);
    asking = send_one(GET("/slow?timeout_ms=60000"));
    idle = send_one(GET("/livez"));
    client_wait(idle, 1);
    half = send_one("GET /livez HTTP/1.1\r\n");
    next = send_one(GET("/api/v1/rows/a"));
    client_wait(next, 1);
    assert_int_equal(client_status(next), 200);
    client_wait_closed(half);
    assert_int_equal(half->length, 0);
    last = send_one(GET("/api/v1/rows/a"));
    client_wait(last, 1);
    assert_int_equal(client_status(last), 200);
    client_wait_closed(idle);
    bg_call_plain(site.slow, 200, "here\n");
    client_wait(asking, 1);
    assert_int_equal(client_status(asking), 200);
    client_free(asking);
    client_free(idle);
    client_free(half);
    client_free(next);
    client_free(last);
}

static void a_client_that_does_not_leave_after_a_refusal_gives_way_first(void **state)
{
    struct client *refused, *half, *next;

    (void)state;
    start_with(2);
    half = send_one("GET /livez HTTP/1.1\r\n");
    refused = send_one("nonsense\r\n\r\n");
    client_wait(refused, 1);
    assert_int_equal(client_status(refused), 400);
    next = send_one(GET("/livez"));
    client_wait(next, 1);
    client_send(half, "Host: localhost\r\n\r\n");
    client_wait(half, 1);
    assert_int_equal(client_status(half), 200);
    client_free(refused);
    client_free(half);
    client_free(next);
}

/* All come before one of them is read: none that has sent its request is closed unread for another. */
static void a_burst_of_whole_requests_is_answered_whole(void **state)
{
    enum { most = 8, tried = most + 40 };
    struct client *clients[tried];

    (void)state;
    start_with(most);
    for (int i = 0; i < tried; i++) {
        clients[i] = client_open();
        client_send_bytes(clients[i], GET("/livez"), strlen(GET("/livez")));
    }
    for (int i = 0; i < tried; i++) {
        client_wait(clients[i], 1);
        assert_int_equal(client_status(clients[i]), 200);
    }
    for (int i = 0; i < tried; i++)
        client_free(clients[i]);
}

static void where_all_are_busy_half_sent_heads_over_the_maximum_keep_no_health_check_out(void **state)
{
    enum { most = 4, tried = most + 2 * BG_REFUSALS_MAX };
    struct client *clients[tried];

    (void)state;
    start_with(most);
    for (int i = 0; i < tried; i++) {
        clients[i] = client_open();
        client_send(clients[i], i < most ? GET("/slow?timeout_ms=60000") : "GET /livez HTTP/1.1\r\n");
        site_turn(2);
    }
    assert_int_equal(site.http->calls_count, most);
    assert_true(site.http->connections_count < most + BG_REFUSALS_MAX);
    assert_status(GET("/livez"), 200);
    for (int i = 0; i < tried; i++)
        client_free(clients[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(the_longest_idle_connection_gives_way, site_teardown),
        cmocka_unit_test_teardown(who_sends_requests_ahead_keeps_its_place_for_one_answer_where_places_are_short, site_teardown),
        cmocka_unit_test_teardown(a_flood_of_idle_connections_keeps_nobody_out, site_teardown),
        cmocka_unit_test_teardown(half_sent_heads_and_bodies_of_one_client_give_way_before_those_of_others, site_teardown),
        cmocka_unit_test_teardown(idle_connections_of_one_client_give_way_before_half_sent_heads_of_others, site_teardown),
        cmocka_unit_test_teardown(answers_that_nobody_reads_give_way, site_teardown),
        cmocka_unit_test_teardown(a_half_sent_head_gives_way_before_an_idle_connection_and_both_before_an_answer_due, site_teardown),
        cmocka_unit_test_teardown(a_client_that_does_not_leave_after_a_refusal_gives_way_first, site_teardown),
        cmocka_unit_test_teardown(a_burst_of_whole_requests_is_answered_whole, site_teardown),
        cmocka_unit_test_teardown(where_all_are_busy_half_sent_heads_over_the_maximum_keep_no_health_check_out, site_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
