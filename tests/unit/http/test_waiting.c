/* test_waiting.c: requests over connections_max wait a moment for a place, and who is first. */
#include "site.h"

#include "connection.h"
#include "server.h"
#include "waiting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define SLOW GET("/slow?timeout_ms=60000")
#define ROWS GET("/api/v1/rows/a")

static void start_with(size_t connections_max)
{
    struct bg_http_options options;

    site_options(&options);
    options.connections_max = connections_max;
    options.requests_max = 100;
    options.request_ms = options.connection_idle_ms = 60000;
    site_start(&options);
}

/* As if it came from another address. */
static struct client *send_from(uint64_t address, const char *request)
{
    const struct bg_connection *newest = site.http->connections;
    struct client *client = client_open();

    SITE_AWAIT(site.http->connections != newest);
    site_turn(5);
    site.http->connections->reader = address;
    client_send(client, request);
    site_turn(10);
    return client;
}

static void a_request_waits_for_a_place_and_then_has_it(void **state)
{
    struct client *busy, *next;

    (void)state;
    start_with(1);
    busy = send_from(1, SLOW);
    next = send_from(1, ROWS);
    assert_int_equal(site.http->waiting_count, 1);
    assert_int_equal(next->length, 0);
    bg_call_plain(site.slow, 200, "at last\n");
    client_wait(next, 1);
    assert_int_equal(client_status(next), 200);
    assert_null(client_header(next, "Connection")); /* it has the place of the idle one */
    client_wait_closed(busy);
    assert_int_equal(client_status(busy), 200);
    assert_int_equal(site.http->waiting_count + site.http->refused_count, 0);
    client_free(busy);
    client_free(next);
}

static void whoever_has_fewer_places_is_first(void **state)
{
    struct client *busy[2], *greedy, *other;

    (void)state;
    start_with(2);
    busy[0] = send_from(1, SLOW);
    busy[1] = send_from(1, SLOW);
    greedy = send_from(1, SLOW);
    other = send_from(2, ROWS);
    assert_int_equal(site.http->waiting_count, 2);
    bg_call_plain(site.slow, 200, "at last\n");
    client_wait(other, 1);
    assert_int_equal(client_status(other), 200);
    assert_int_equal(greedy->length, 0);
    client_free(busy[0]);
    client_free(busy[1]);
    client_free(greedy);
    client_free(other);
    SITE_AWAIT(site.http->connections_count == 0);
    assert_int_equal(site.http->waiting_count + site.http->refused_count, 0);
}

static void one_of_the_client_with_the_most_is_refused_where_too_many_wait(void **state)
{
    struct client *busy, *other, *greedy[BG_WAITING_MAX];

    (void)state;
    start_with(1);
    busy = send_from(1, SLOW);
    other = send_from(2, ROWS);
    for (int i = 0; i < BG_WAITING_MAX; i++) {
        greedy[i] = client_open();
        client_send(greedy[i], ROWS);
    }
    client_wait(greedy[BG_WAITING_MAX - 1], 1);
    assert_int_equal(client_status(greedy[BG_WAITING_MAX - 1]), 429);
    assert_int_equal(site.http->waiting_count, BG_WAITING_MAX);
    assert_int_equal(other->length, 0);
    bg_call_plain(site.slow, 200, "at last\n");
    client_wait(other, 1);
    assert_int_equal(client_status(other), 200);
    client_free(busy);
    client_free(other);
    for (int i = 0; i < BG_WAITING_MAX; i++)
        client_free(greedy[i]);
}

static struct client *send_here(const char *request)
{
    struct client *client = client_open();

    client_send(client, request);
    site_turn(10);
    return client;
}

static void a_client_with_many_connections_closes_none_of_one_with_few(void **state)
{
    struct client *idle, *busy[3], *next;

    (void)state;
    start_with(4);
    idle = send_from(2, GET("/livez"));
    client_wait(idle, 1);
    for (int i = 0; i < 3; i++)
        busy[i] = send_here(SLOW);
    next = send_here(ROWS);
    client_send(idle, GET("/livez"));
    client_wait(idle, 2);
    client_wait(next, 1);
    assert_int_equal(client_status(next), 429);
    client_free(idle);
    client_free(next);
    for (int i = 0; i < 3; i++)
        client_free(busy[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_request_waits_for_a_place_and_then_has_it, site_teardown),
        cmocka_unit_test_teardown(whoever_has_fewer_places_is_first, site_teardown),
        cmocka_unit_test_teardown(one_of_the_client_with_the_most_is_refused_where_too_many_wait, site_teardown),
        cmocka_unit_test_teardown(a_client_with_many_connections_closes_none_of_one_with_few, site_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
