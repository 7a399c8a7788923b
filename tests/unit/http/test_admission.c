/* test_admission.c: who gets a place when places are few, and when a place becomes free: connections, requests, descriptors. */
#include "site.h"

#include "connection.h"
#include "server.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define SLOW_BY(token) "GET /slow?timeout_ms=60000 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " token "\r\n\r\n"

static void start_with(size_t connections_max, size_t requests_max)
{
    struct bg_http_options options;

    site_options(&options);
    options.connections_max = connections_max;
    options.requests_max = requests_max;
    site_start(&options);
}

static void two_tokens(void)
{
    struct bg_token tokens[2] = {{.name = "ann", .scopes = BG_SCOPE_READ}, {.name = "bob", .scopes = BG_SCOPE_READ}};
    struct bg_failure failure;

    SHA256((const unsigned char *)"bg_ann", 6, tokens[0].sha256);
    SHA256((const unsigned char *)"bg_bob", 6, tokens[1].sha256);
    assert_int_equal(bg_http_set_tokens(site.http, tokens, 2, &failure), BG_OK);
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
    if (status == 429)
        assert_string_equal(client_header(client, "Retry-After"), "1");
    client_free(client);
}

static void one_reader_has_at_most_half_of_the_places(void **state)
{
    struct client *clients[6];

    (void)state;
    start_with(100, 6);
    two_tokens();
    for (int i = 0; i < 3; i++)
        clients[i] = send_one(SLOW_BY("bg_ann"));
    assert_status(SLOW_BY("bg_ann"), 429);
    for (int i = 3; i < 6; i++)
        clients[i] = send_one(SLOW_BY("bg_bob"));
    assert_int_equal(site.http->calls_count, 6);
    assert_status(SLOW_BY("bg_bob"), 429);
    for (int i = 0; i < 6; i++)
        client_free(clients[i]);
    site_turn(30);
    SITE_AWAIT(site.cancels_count == 6);
}

static void without_tokens_a_reader_is_an_address(void **state)
{
    struct client *clients[2];

    (void)state;
    start_with(100, 4);
    for (int i = 0; i < 2; i++)
        clients[i] = send_one(GET("/slow?timeout_ms=60000"));
    assert_status(GET("/slow?timeout_ms=60000"), 429);
    client_free(clients[0]);
    site_turn(20);
    clients[0] = send_one(GET("/slow?timeout_ms=60000"));
    assert_int_equal(site.http->calls_count, 2);
    client_free(clients[0]);
    client_free(clients[1]);
}

static void where_all_are_busy_only_health_is_answered(void **state)
{
    enum { most = 4 };
    struct client *clients[most];

    (void)state;
    start_with(most, 8);
    for (int i = 0; i < most; i++)
        clients[i] = send_one(GET("/slow?timeout_ms=60000"));
    assert_status(GET("/api/v1/rows/a"), 429);
    assert_status(GET("/livez"), 200);
    for (int i = 0; i < most; i++)
        client_free(clients[i]);
}

static void a_connection_too_many_has_a_second_for_its_request(void **state)
{
    enum { most = 2 };
    struct client *clients[most], *silent;

    (void)state;
    start_with(most, 8);
    for (int i = 0; i < most; i++)
        clients[i] = send_one(GET("/slow?timeout_ms=60000"));
    silent = client_open();
    site_turn(1300);
    client_wait_closed(silent);
    for (int i = 0; i < most; i++)
        client_free(clients[i]);
    client_free(silent);
}

/* The descriptors of this process from the lowest free one on, but for `left` of them. */
static size_t descriptors_take(int *ret_taken, size_t size, size_t left)
{
    size_t count = 0;

    while (count < size && (ret_taken[count] = open("/dev/null", O_RDONLY)) >= 0)
        count++;
    assert_int_equal(errno, EMFILE);
    while (left-- > 0)
        close(ret_taken[--count]);
    return count;
}

static void without_descriptors_accepting_pauses_and_goes_on(void **state)
{
    struct rlimit before, few;
    int taken[256];
    size_t count;
    struct client *client;

    (void)state;
    start_with(100, 8);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 200;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    count = descriptors_take(taken, 256, 1);
    client = client_open();
    client_send(client, GET("/livez"));
    clock_t cpu = clock();
    site_turn(500);
    assert_true(site.http->counts.accept_pauses >= 2 && site.http->counts.accept_pauses <= 8);
    assert_true(clock() - cpu < CLOCKS_PER_SEC / 4); /* no hot loop */
    assert_int_equal(client->length, 0);
    while (count > 0)
        close(taken[--count]);
    client_wait(client, 1);
    assert_int_equal(client_status(client), 200);
    assert_false(site.http->accept_failing);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    client_free(client);
}

static void without_descriptors_an_idle_connection_gives_its_own(void **state)
{
    struct rlimit before, few;
    int taken[256];
    size_t count;
    struct client *idle, *client;

    (void)state;
    start_with(100, 8);
    idle = send_one(GET("/livez"));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = 200;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    count = descriptors_take(taken, 256, 1);
    client = client_open();
    client_send(client, GET("/livez"));
    client_wait(client, 1);
    assert_int_equal(client_status(client), 200);
    client_wait_closed(idle);
    while (count > 0)
        close(taken[--count]);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    client_free(client);
    client_free(idle);
}

static void client_reset(struct client *client)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    assert_int_equal(setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now), 0);
    client_free(client);
}

static void a_reset_cancels_at_once_and_does_not_spin(void **state)
{
    clock_t cpu;

    (void)state;
    client_reset(send_one(GET("/slow?timeout_ms=60000")));
    cpu = clock();
    site_turn(20);
    SITE_AWAIT(site.cancels_count == 1);
    assert_int_equal(event_base_loop(site.base, EVLOOP_NONBLOCK), 0);
    site_turn(20);
    SITE_AWAIT(site.http->connections_count == 0);
    assert_true(clock() - cpu < CLOCKS_PER_SEC / 50);
}

static void a_close_cancels_at_once(void **state)
{
    (void)state;
    client_free(send_one(GET("/slow?timeout_ms=60000")));
    client_free(send_one("GET /slow?timeout_ms=60000 HTTP/1.0\r\nHost: localhost\r\n\r\n"));
    site_turn(20);
    SITE_AWAIT(site.cancels_count == 2);
    assert_int_equal(site.http->connections_count, 0);
}

static void a_half_closed_client_gets_its_answer(void **state)
{
    struct client *client = send_one(GET("/slow?timeout_ms=60000"));

    (void)state;
    assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
    site_turn(30);
    assert_int_equal(site.cancels_count, 0);
    bg_call_plain(site.slow, 200, "late but here\n");
    client_wait_closed(client);
    assert_non_null(strstr(client->text, "HTTP/1.1 200 OK\r\n"));
    assert_non_null(strstr(client->text, "late but here\n"));
    assert_false(client->reset);
    client_free(client);
    client = client_open(); /* and where all was sent before the server looked */
    client_send(client, GET("/api/v1/rows/a"));
    assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
    client_wait_closed(client);
    assert_int_equal(client_status(client), 200);
    client_free(client);
}

static void a_half_closed_client_that_goes_after_all_is_noticed(void **state)
{
    struct client *client = send_one(GET("/slow?timeout_ms=60000"));

    (void)state;
    assert_int_equal(shutdown(client->fd, SHUT_WR), 0);
    site_turn(20);
    assert_int_equal(site.cancels_count, 0);
    client_reset(client);
    site_turn(20);
    SITE_AWAIT(site.cancels_count == 1);
}

static void a_request_sent_ahead_waits_without_spinning(void **state)
{
    struct client *client = send_one(GET("/slow?timeout_ms=60000"));
    clock_t cpu = clock();

    (void)state;
    client_send(client, GET("/livez"));
    site_turn(60);
    assert_true(clock() - cpu < CLOCKS_PER_SEC / 25);
    assert_int_equal(site.cancels_count, 0);
    bg_call_plain(site.slow, 200, "first\n");
    client_wait(client, 2);
    client_free(client);
}

static void close_among_others_in_the_connection_header_is_honoured(void **state)
{
    static const char *const closing[] = {"close", "close, x", "keep-alive, Close", "x ,close", "x\r\nConnection: close"};
    static const char *const staying[] = {"closed", "x-close", "keep-alive, x", ""};
    char request[256];
    struct client *client;

    (void)state;
    for (size_t i = 0; i < sizeof closing / sizeof closing[0]; i++) {
        snprintf(request, sizeof request, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\n\r\n", closing[i]);
        assert_int_equal(site_ask(request, &client), 200);
        assert_string_equal(client_header(client, "Connection"), "close");
        client_wait_closed(client);
        client_free(client);
    }
    for (size_t i = 0; i < sizeof staying / sizeof staying[0]; i++) {
        snprintf(request, sizeof request, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: %s\r\n\r\n", staying[i]);
        assert_int_equal(site_ask(request, &client), 200);
        assert_null(client_header(client, "Connection"));
        client_free(client);
    }
}

static void a_long_answer_is_written_after_others_had_their_turn(void **state)
{
    struct client *client;

    (void)state;
    assert_int_equal(site_ask(GET("/api/v1/rows/many?format=ndjson"), &client), 200);
    size_t lines = 0;
    for (const char *at = client_body(client); (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    assert_int_equal(lines, 300);
    client_free(client);
    for (int i = 0; i < 50; i++) { /* clients that leave at any moment meanwhile */
        client = client_open();
        client_send(client, GET("/api/v1/rows/many"));
        event_base_loop(site.base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
        client_reset(client);
    }
    site_turn(50);
    SITE_AWAIT(site.http->connections_count == 0);
    assert_int_equal(site.http->calls_count, 0);
    client = send_one(GET("/api/v1/rows/many"));
    client_wait(client, 1);
    assert_int_equal(client_status(client), 200);
    client_free(client);
    client = client_open(); /* the server ends while one waits to be written */
    client_send(client, GET("/api/v1/rows/many"));
    event_base_loop(site.base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
    bg_http_free(site.http);
    site.http = NULL;
    client_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(one_reader_has_at_most_half_of_the_places, site_teardown),
        cmocka_unit_test_teardown(without_tokens_a_reader_is_an_address, site_teardown),
        cmocka_unit_test_teardown(where_all_are_busy_only_health_is_answered, site_teardown),
        cmocka_unit_test_teardown(a_connection_too_many_has_a_second_for_its_request, site_teardown),
        cmocka_unit_test_teardown(without_descriptors_accepting_pauses_and_goes_on, site_teardown),
        cmocka_unit_test_teardown(without_descriptors_an_idle_connection_gives_its_own, site_teardown),
        cmocka_unit_test_setup_teardown(a_reset_cancels_at_once_and_does_not_spin, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_close_cancels_at_once, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_half_closed_client_gets_its_answer, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_half_closed_client_that_goes_after_all_is_noticed, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_request_sent_ahead_waits_without_spinning, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(a_long_answer_is_written_after_others_had_their_turn, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(close_among_others_in_the_connection_header_is_honoured, site_setup, site_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
