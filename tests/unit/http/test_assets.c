/* test_assets.c: the page's files over the wire. */
#include "assets.h"
#include "site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GET_WITH(target, headers) "GET " target " HTTP/1.1\r\nHost: localhost\r\n" headers "\r\n\r\n"

static void a_file_has_a_tag_and_a_policy(void **state)
{
    struct client *client;

    (void)state;
    assert_int_equal(site_ask(GET("/?from=mail"), &client), 200);
    assert_string_equal(client_body(client), "<p>page</p>");
    assert_string_equal(client_header(client, "Content-Type"), "text/html; charset=utf-8");
    assert_string_equal(client_header(client, "ETag"), "\"tag\"");
    assert_string_equal(client_header(client, "Vary"), "Accept-Encoding");
    assert_string_equal(client_header(client, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(client_header(client, "Referrer-Policy"), "no-referrer");
    assert_string_equal(client_header(client, "Content-Security-Policy"),
                        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    client_free(client);
}

static void gzip_is_sent_to_who_can_undo_it(void **state)
{
    struct client *client;

    (void)state;
    assert_int_equal(site_ask(GET_WITH("/", "Accept-Encoding: gzip, br"), &client), 200);
    assert_string_equal(client_body(client), "zipped");
    assert_string_equal(client_header(client, "Content-Encoding"), "gzip");
    assert_string_equal(client_header(client, "ETag"), "\"tag-gzip\"");
    client_free(client);
    assert_int_equal(site_ask(GET_WITH("/", "Accept-Encoding: gzip;q=0"), &client), 200);
    assert_null(client_header(client, "Content-Encoding"));
    client_free(client);
    assert_int_equal(site_ask(GET_WITH("/app.js", "Accept-Encoding: gzip"), &client), 200);
    assert_null(client_header(client, "Content-Encoding"));
    assert_null(client_header(client, "Vary"));
    client_free(client);
}

static void what_the_client_has_is_304_without_a_body(void **state)
{
    struct client *client = client_open();

    (void)state;
    client_send(client, GET_WITH("/", "If-None-Match: \"other\", W/\"tag\"") GET("/livez"));
    client_wait(client, 2);
    assert_int_equal(client_status(client), 304);
    assert_int_equal(strncmp(client_body(client), "HTTP/1.1 200", 12), 0);
    assert_string_equal(client_header(client, "ETag"), "\"tag\"");
    client_free(client);
    assert_int_equal(site_ask(GET_WITH("/", "Accept-Encoding: gzip\r\nIf-None-Match: \"tag\""), &client), 200); /* another form */
    client_free(client);
}

static void tags_are_compared_whole(void **state)
{
    (void)state;
    assert_true(bg_etag_matches("\"a\"", "\"a\""));
    assert_true(bg_etag_matches(" W/\"a\"", "\"a\""));
    assert_true(bg_etag_matches("\"b\",\"a\"", "\"a\""));
    assert_true(bg_etag_matches("*", "\"a\""));
    assert_false(bg_etag_matches(NULL, "\"a\""));
    assert_false(bg_etag_matches("", "\"a\""));
    assert_false(bg_etag_matches("\"ab\"", "\"a\""));
    assert_false(bg_etag_matches("a", "\"a\""));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_has_a_tag_and_a_policy, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(gzip_is_sent_to_who_can_undo_it, site_setup, site_teardown),
        cmocka_unit_test_setup_teardown(what_the_client_has_is_304_without_a_body, site_setup, site_teardown),
        cmocka_unit_test(tags_are_compared_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
