/* test_shortage.c: while the system gives no memory, requests are answered 500 no_memory past evhttp, and new clients wait. */
#include "failing.h"
#include "site.h"

#include "beamgauge/reserve.h"

#include "server.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIVE GET("/livez")

/* The system gives no memory from now on, and many blocks of the reserve are in use. */
static void begin(void)
{
    failing_from(1);
    for (int i = 0; i <= BG_RESERVE_BLOCKS_MAX / 8; i++)
        (void)bg_reserve_malloc(BG_RESERVE_BLOCK_BYTES);
    assert_true(bg_reserve_is_short());
}

static void end(void)
{
    (void)failing_end();
    assert_false(bg_reserve_is_short());
}

static void assert_no_memory(const struct client *client)
{
    assert_int_equal(client_status(client), 500);
    assert_string_equal(client_header(client, "Content-Type"), "application/problem+json");
    assert_string_equal(client_header(client, "Connection"), "close");
    assert_non_null(client_header(client, "X-Request-Id"));
    assert_non_null(client_header(client, "Date"));
    assert_int_equal(strtoul(client_header(client, "Content-Length"), NULL, 10), strlen(strstr(client->text, "{\"type\"")));
}

static void assert_served(void)
{
    struct client *client;

    assert_int_equal(site_ask(LIVE, &client), 200);
    client_free(client);
}

/* A connection that has had an answer. */
static struct client *client_old(void)
{
    struct client *client;

    assert_int_equal(site_ask(LIVE, &client), 200);
    client->text[0] = '\0';
    client->length = 0;
    return client;
}

static void a_request_is_answered_500_and_closed(void **state)
{
    struct client *whole = client_old(), *part = client_old();
    const uint64_t before = site.http->counts.operations[BG_PLACE_NONE].replies[4];

    (void)state;
    begin();
    client_send(whole, LIVE);
    client_wait_closed(whole);
    client_send(part, "GET /li");
    client_wait_closed(part);
    end();
    assert_no_memory(whole);
    assert_no_memory(part);
    assert_non_null(strstr(client_body(whole), "\"code\":\"no_memory\""));
    assert_int_equal(site.http->counts.operations[BG_PLACE_NONE].replies[4], before + 2);
    client_free(whole);
    client_free(part);
    assert_served();
}

static void the_answer_to_a_head_has_no_body(void **state)
{
    struct client *client = client_old();

    (void)state;
    begin();
    client_send(client, "HEAD /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
    client_wait_closed(client);
    end();
    assert_int_equal(client_status(client), 500);
    assert_string_equal(client_body(client), "");
    client_free(client);
}

static void an_answer_that_is_due_is_500_too(void **state)
{
    struct client *client = client_open();
    struct bg_call *call;

    (void)state;
    client_send(client, GET("/slow?timeout_ms=10000"));
    SITE_AWAIT(site.slow != NULL);
    call = site.slow;
    site.slow = NULL;
    begin();
    bg_call_plain(call, 200, "done\n");
    client_wait_closed(client);
    end();
    assert_no_memory(client);
    assert_null(strstr(client->text, "done"));
    client_free(client);
    assert_served();
}

static void new_clients_wait_until_there_is_memory(void **state)
{
    struct client *first, *second;

    (void)state;
    begin();
    (void)failing_end();
    first = client_open(); /* the connection that was prepared before is taken still */
    second = client_open();
    failing_from(1);
    client_send(second, LIVE);
    site_turn(250);
    assert_int_equal(second->length, 0);
    assert_true(site.http->counts.accept_pauses > 0);
    end();
    client_wait(second, 1);
    assert_int_equal(client_status(second), 200);
    client_free(first);
    client_free(second);
}

/* There is memory, but in pieces that are smaller than the missing blocks. */
static void new_clients_wait_while_the_reserve_is_not_full_enough(void **state)
{
    struct client *first = client_open(), *second = client_open();

    (void)state;
    begin();
    failing_at(0);
    failing_of(BG_RESERVE_BLOCK_BYTES);
    client_send(second, LIVE);
    site_turn(250);
    assert_int_equal(second->length, 0);
    assert_true(site.http->counts.accept_pauses > 0);
    end();
    client_wait(second, 1);
    assert_int_equal(client_status(second), 200);
    client_free(first);
    client_free(second);
}

static void clients_take_turns_and_the_reserve_is_enough_for_all(void **state)
{
    enum { CLIENTS = 60 };
    struct client *clients[CLIENTS];

    (void)state;
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = client_old();
    for (int i = 0; i < CLIENTS; i++)
        client_send(clients[i], LIVE);
    failing_from(1); /* all are read in one turn of the loop, and nothing was missing before */
    for (int i = 0; i < CLIENTS; i++)
        assert_true(client_wait_for(clients[i], 1));
    assert_true(failing_end());
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(client_status(clients[i]), 500);
        assert_non_null(strstr(client_body(clients[i]), "\"code\":\"no_memory\""));
        client_free(clients[i]);
    }
    assert_served();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_request_is_answered_500_and_closed, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(the_answer_to_a_head_has_no_body, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(an_answer_that_is_due_is_500_too, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(new_clients_wait_until_there_is_memory, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(new_clients_wait_while_the_reserve_is_not_full_enough, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(clients_take_turns_and_the_reserve_is_enough_for_all, site_setup, site_teardown),
    };

    failing_with_reserve();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
