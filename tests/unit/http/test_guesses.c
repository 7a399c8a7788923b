/* test_guesses.c: how many wrong tokens an address may send, and what is known of many addresses. */
#include "site.h"

#include "guesses.h"
#include "server.h"

#include <openssl/sha.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECOND 1000000LL
#define ROWS_BY(token) "GET /api/v1/rows/a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " token "\r\n\r\n"

static struct bg_guesses guesses;
static const struct bg_token ann = {.name = "ann", .sha256 = {1}}, bob = {.name = "bob", .sha256 = {2}};

static int start(void **state)
{
    (void)state;
    bg_guesses_init(&guesses, 0x1234567890abcdef);
    return 0;
}

static void guess(uint64_t address, int count, int64_t now_us)
{
    for (int i = 0; i < count; i++)
        bg_guesses_add(&guesses, address, now_us);
}

static void after_some_a_minute_must_pass(void **state)
{
    (void)state;
    guess(7, BG_GUESSES_MAX - 1, SECOND);
    assert_int_equal(bg_guesses_wait_s(&guesses, 7, NULL, 2 * SECOND), 0);
    guess(7, 1, 11 * SECOND);
    assert_int_equal(bg_guesses_wait_s(&guesses, 7, NULL, 11 * SECOND), 50); /* since the first */
    assert_int_equal(bg_guesses_wait_s(&guesses, 8, NULL, 11 * SECOND), 0);
    assert_int_equal(bg_guesses_wait_s(&guesses, 7, NULL, 61 * SECOND - 1), 1);
    assert_int_equal(bg_guesses_wait_s(&guesses, 7, NULL, 61 * SECOND), 0);
    guess(7, BG_GUESSES_MAX - 1, 61 * SECOND);
    assert_int_equal(bg_guesses_wait_s(&guesses, 7, NULL, 61 * SECOND), 0); /* counted anew */
}

static void only_a_token_that_was_right_there_before_goes_on(void **state)
{
    (void)state;
    assert_int_equal(bg_guesses_wait_s(&guesses, 7, &ann, SECOND), 0);
    guess(7, BG_GUESSES_MAX, SECOND);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(bg_guesses_wait_s(&guesses, 7, &ann, 2 * SECOND), 0);
        assert_int_equal(bg_guesses_wait_s(&guesses, 7, &bob, 2 * SECOND), 59); /* just like a wrong one, and it stays so */
        assert_int_equal(bg_guesses_wait_s(&guesses, 7, NULL, 2 * SECOND), 59);
    }
    guess(9, BG_GUESSES_MAX, SECOND);
    assert_int_equal(bg_guesses_wait_s(&guesses, 9, &ann, 2 * SECOND), 59); /* not from elsewhere */
    assert_int_equal(bg_guesses_wait_s(&guesses, 7, &bob, 61 * SECOND), 0);
}

static void many_addresses_take_no_memory_and_free_nobody_who_guesses_much(void **state)
{
    (void)state;
    assert_true(sizeof guesses < 64 * 1024);
    guess(7, BG_GUESSES_MAX, SECOND);
    for (uint64_t address = 1000; address < 101000; address++)
        guess(address, 1 + (int)(address % 3), SECOND + (int64_t)address);
    assert_int_equal(bg_guesses_wait_s(&guesses, 7, NULL, 2 * SECOND), 59);
    guess(200000, BG_GUESSES_MAX, 2 * SECOND);
    assert_int_equal(bg_guesses_wait_s(&guesses, 200000, NULL, 2 * SECOND), 60);
    for (uint64_t address = 1000; address < 101000; address++)
        assert_int_equal(bg_guesses_wait_s(&guesses, address, &ann, 2 * SECOND), 0);
}

static void a_full_set_still_has_a_place_for_the_next(void **state)
{
    (void)state;
    for (uint64_t address = 1; address < 50000; address++) {
        guess(address, BG_GUESSES_MAX, SECOND);
        assert_int_equal(bg_guesses_wait_s(&guesses, address, NULL, SECOND), 60);
    }
}

/* All clients of the site are at 127.0.0.1. */
static void the_server_answers_429_with_the_time_to_wait(void **state)
{
    struct bg_http_options options;
    struct bg_token tokens[2] = {{.name = "ann", .scopes = BG_SCOPE_READ}, {.name = "bob", .scopes = BG_SCOPE_READ}};
    struct bg_failure failure;
    struct client *client;

    (void)state;
    SHA256((const unsigned char *)"bg_ann", 6, tokens[0].sha256);
    SHA256((const unsigned char *)"bg_bob", 6, tokens[1].sha256);
    site_options(&options);
    site_start(&options);
    site.fresh_us = 60 * SECOND; /* cached answers are not a way around it */
    assert_int_equal(bg_http_set_tokens(site.http, tokens, 2, &failure), BG_OK);
    assert_int_equal(site_ask(ROWS_BY("bg_ann"), &client), 200);
    client_free(client);
    for (int i = 0; i < BG_GUESSES_MAX; i++) {
        assert_int_equal(
            site_ask(i % 2 == 0 ? ROWS_BY("wrong") : "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YTpi\r\n\r\n",
                     &client),
            401);
        client_free(client);
    }
    const struct {
        const char *request;
        int status;
    } then[] = {{ROWS_BY("wrong"), 429},
                {ROWS_BY("bg_bob"), 429},
                {ROWS_BY("bg_ann"), 200},
                {GET("/livez"), 200},
                {GET("/"), 200},
                {GET("/api/v1/rows/a"), 401},
                {"GET /livez HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer wrong\r\n\r\n", 200}};
    for (size_t i = 0; i < sizeof then / sizeof then[0]; i++) {
        assert_int_equal(site_ask(then[i].request, &client), then[i].status);
        if (then[i].status == 429)
            assert_in_range(atoi(client_header(client, "Retry-After")), 50, 60);
        client_free(client);
    }
    site_stop();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(after_some_a_minute_must_pass, start),
        cmocka_unit_test_setup(only_a_token_that_was_right_there_before_goes_on, start),
        cmocka_unit_test_setup(many_addresses_take_no_memory_and_free_nobody_who_guesses_much, start),
        cmocka_unit_test_setup(a_full_set_still_has_a_place_for_the_next, start),
        cmocka_unit_test(the_server_answers_429_with_the_time_to_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
