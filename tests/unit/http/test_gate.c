/* test_gate.c: the strict gate, on heads that must pass and on hostile ones. */
#include "gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const hosts[] = {"beams.example", "10.1.2.3"};
static const struct bg_gate gate = {
    .header_max_bytes = 8192, .body_max_bytes = 1000, .address = "192.0.2.7", .allowed_hosts = hosts, .allowed_hosts_count = 2};

/* The whole way of a head: found, then checked. */
static enum bg_error check(const char *head, size_t length, size_t *ret_body_length, struct bg_failure *ret_failure)
{
    size_t head_length;

    if (bg_gate_scan(&gate, head, length, &head_length, ret_failure) != BG_HEAD_WHOLE)
        return ret_failure->error;
    return bg_gate_check(&gate, head, head_length, ret_body_length, ret_failure);
}

struct sample {
    const char *head;
    size_t length;
    enum bg_error error;
    const char *words; /* in the failure's text */
};
#define HEAD(error, words, text)                                                                                                           \
    {                                                                                                                                      \
        text "\r\n\r\n", sizeof text + 3, error, words                                                                                     \
    }
#define H "\r\nHost: localhost"

static const struct sample hostile[] = {
    HEAD(BG_INVALID, "empty line", ""),
    HEAD(BG_INVALID, "request line", "GET /" H),
    HEAD(BG_INVALID, "METHOD TARGET VERSION", "GET" H),
    HEAD(BG_INVALID, "request line", "A / HTTP/1.1" H), /* shorter than libevent takes */
    HEAD(BG_INVALID, "must be a path", "GET  / HTTP/1.1" H),
    HEAD(BG_INVALID, "percent-encoded", "GET /a b HTTP/1.1" H),
    HEAD(BG_INVALID, "not a word", " GET / HTTP/1.1" H),
    HEAD(BG_INVALID, "not a word", "G(T / HTTP/1.1" H),
    HEAD(BG_INVALID, "HTTP/1.1", "GET / HTTP/2.0" H),
    HEAD(BG_INVALID, "HTTP/1.1", "GET / HTTP/1.10" H),
    HEAD(BG_INVALID, "HTTP/1.1", "GET / http/1.1" H),
    HEAD(BG_INVALID, "HTTP/1.1", "GET / HTTP/1.1 " H),
    HEAD(BG_INVALID, "one slash", "GET https://localhost/ HTTP/1.1" H),
    HEAD(BG_INVALID, "one slash", "GET ftp://localhost/ HTTP/1.1" H),
    HEAD(BG_INVALID, "one slash", "GET http:/localhost/ HTTP/1.1" H),
    HEAD(BG_INVALID, "one slash", "GET http://localhost HTTP/1.1" H),
    HEAD(BG_INVALID, "one slash", "GET http://localhost?a HTTP/1.1" H),
    HEAD(BG_INVALID, "one slash", "GET http://localhost//a HTTP/1.1" H),
    HEAD(BG_INVALID, "percent-encoded", "GET http://localhost/a#b HTTP/1.1" H),
    HEAD(BG_INVALID, "different hosts", "GET http:/// HTTP/1.1" H),
    HEAD(BG_INVALID, "different hosts", "GET http://evil.example/ HTTP/1.1" H),
    HEAD(BG_INVALID, "different hosts", "GET http://localhost:81/ HTTP/1.1" H),
    HEAD(BG_INVALID, "different hosts", "GET http://127.0.0.1/ HTTP/1.1" H),
    HEAD(BG_INVALID, "different hosts", "GET http://a@localhost/ HTTP/1.1" H),
    HEAD(BG_INVALID, "different hosts", "GET http://localhost\\@evil.example/ HTTP/1.1" H),
    HEAD(BG_INVALID, "Host header is missing", "GET http://localhost/ HTTP/1.1"),
    HEAD(BG_MISDIRECTED, "evil.example", "GET http://localhost/ HTTP/1.1\r\nHost: evil.example"),
    HEAD(BG_MISDIRECTED, "evil.example", "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example"),
    HEAD(BG_CROSS_SITE, "from http://evil.example", "POST http://localhost/ HTTP/1.1" H "\r\nOrigin: http://evil.example"),
    HEAD(BG_INVALID, "one slash", "GET //evil.example/a HTTP/1.1" H),
    HEAD(BG_INVALID, "one slash", "OPTIONS * HTTP/1.1" H),
    HEAD(BG_INVALID, "one slash", "CONNECT localhost:80 HTTP/1.1" H),
    HEAD(BG_INVALID, "percent-encoded", "GET /a#b HTTP/1.1" H),
    HEAD(BG_INVALID, "percent-encoded", "GET /\xc3\xa9 HTTP/1.1" H),
    HEAD(BG_INVALID, "control character", "GET /\x01 HTTP/1.1" H),
    HEAD(BG_INVALID, "control character", "GET /a\0b HTTP/1.1" H),
    HEAD(BG_INVALID, "control character", "GET / HTTP/1.1" H "\r\nX: a\0b"),
    HEAD(BG_INVALID, "control character", "GET / HTTP/1.1" H "\r\nX: a\x7f"),
    HEAD(BG_INVALID, "control character", "GET / HTTP/1.1" H "\r\nX: a\rb"),
    HEAD(BG_INVALID, "control character", "GET / HTTP/1.1\nHost: localhost"),
    HEAD(BG_INVALID, "colon right after", "GET / HTTP/1.1" H "\r\nContent-Length : 3"),
    HEAD(BG_INVALID, "colon right after", "GET / HTTP/1.1" H "\r\nX Y: 3"),
    HEAD(BG_INVALID, "colon right after", "GET / HTTP/1.1" H "\r\n: 3"),
    HEAD(BG_INVALID, "colon right after", "GET / HTTP/1.1" H "\r\nnothing"),
    HEAD(BG_INVALID, "folded", "GET / HTTP/1.1" H "\r\nX: a\r\n b"),
    HEAD(BG_INVALID, "folded", "GET / HTTP/1.1\r\n Host: localhost"),
    HEAD(BG_INVALID, "Host header is missing", "GET / HTTP/1.1"),
    HEAD(BG_INVALID, "Host header is there twice", "GET / HTTP/1.1" H H),
    HEAD(BG_INVALID, "Host header is there twice", "GET / HTTP/1.1" H "\r\nhost: localhost"),
    HEAD(BG_INVALID, "Content-Length header is there twice", "POST / HTTP/1.1" H "\r\nContent-Length: 1\r\nContent-Length: 1"),
    HEAD(BG_INVALID, "digits", "POST / HTTP/1.1" H "\r\nContent-Length:"),
    HEAD(BG_INVALID, "digits", "POST / HTTP/1.1" H "\r\nContent-Length: +1"),
    HEAD(BG_INVALID, "digits", "POST / HTTP/1.1" H "\r\nContent-Length: -1"),
    HEAD(BG_INVALID, "digits", "POST / HTTP/1.1" H "\r\nContent-Length: 0x1"),
    HEAD(BG_INVALID, "digits", "POST / HTTP/1.1" H "\r\nContent-Length: 1, 1"),
    HEAD(BG_INVALID, "digits", "POST / HTTP/1.1" H "\r\nContent-Length: 18446744073709551617"),
    HEAD(BG_TOO_LARGE, "at most 1000", "POST / HTTP/1.1" H "\r\nContent-Length: 1001"),
    HEAD(BG_INVALID, "takes no body", "HEAD / HTTP/1.1" H "\r\nContent-Length: 1"),
    HEAD(BG_INVALID, "takes no body", "BREW / HTTP/1.1" H "\r\nContent-Length: 1"),
    HEAD(BG_INVALID, "takes no body", "post / HTTP/1.1" H "\r\nContent-Length: 1"),
    HEAD(BG_INVALID, "Transfer-Encoding", "POST / HTTP/1.1" H "\r\nTransfer-Encoding: chunked"),
    HEAD(BG_INVALID, "Transfer-Encoding", "POST / HTTP/1.1" H "\r\nContent-Length: 1\r\ntransfer-encoding: identity"),
    HEAD(BG_INVALID, "TE header", "GET / HTTP/1.1" H "\r\nTE: trailers"),
    HEAD(BG_CROSS_SITE, "another site", "POST / HTTP/1.1" H "\r\nSec-Fetch-Site: cross-site"),
    HEAD(BG_CROSS_SITE, "another site", "PUT / HTTP/1.1" H "\r\nsec-fetch-site: SAME-SITE\r\nOrigin: http://localhost"),
    HEAD(BG_CROSS_SITE, "from null", "DELETE / HTTP/1.1" H "\r\nOrigin: null"),
    HEAD(BG_CROSS_SITE, "from http://localhost:81", "PATCH / HTTP/1.1" H "\r\nOrigin: http://localhost:81"),
    HEAD(BG_CROSS_SITE, "from ", "POST / HTTP/1.1" H "\r\nOrigin:"),
    HEAD(BG_CROSS_SITE, "from ", "BREW / HTTP/1.1" H "\r\nOrigin: http://"),
    HEAD(BG_INVALID, "Origin header is there twice", "POST / HTTP/1.1" H "\r\nOrigin: http://localhost\r\nOrigin: http://localhost"),
    HEAD(BG_INVALID, "expectation", "POST / HTTP/1.1" H "\r\nContent-Length: 1\r\nExpect: 200-ok"),
    HEAD(BG_INVALID, "Authorization header is there twice", "GET / HTTP/1.1" H "\r\nAuthorization: a\r\nAuthorization: b"),
    HEAD(BG_MISDIRECTED, "evil.example", "GET / HTTP/1.1\r\nHost: evil.example"),
    HEAD(BG_INVALID, "The Host header is wrong: \"\" is not a host name or an IP address: it is empty", "GET / HTTP/1.1\r\nHost:"),
    HEAD(BG_INVALID, "not a host name", "GET / HTTP/1.1\r\nHost: a@localhost"),
};

static void hostile_heads_are_refused_and_told_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct bg_failure failure = {.error = BG_OK};
        size_t body_length = 77;
        if (check(hostile[i].head, hostile[i].length, &body_length, &failure) != hostile[i].error)
            fail_msg("case %zu: %s: error %d, %s", i, hostile[i].head, failure.error, failure.text);
        if (strstr(failure.text, hostile[i].words) == NULL)
            fail_msg("case %zu: %s: %s", i, hostile[i].head, failure.text);
        assert_int_equal(body_length, 77);
    }
}

static void good_heads_pass(void **state)
{
    static const struct {
        const char *head;
        size_t body_length;
    } good[] = {
        {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 0},
        {"GET /a?b=%3C&c=<0.1.0>%zz HTTP/1.0\r\nHost:LOCALHOST:80 \r\nX:\t\xc3\xa9\r\nX: again\r\n\r\n", 0},
        {"POST / HTTP/1.1\r\nHost: localhost\r\ncontent-length:\t1000 \r\nExpect: 100-Continue\r\n\r\n", 1000},
        {"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 000\r\n\r\n", 0},
        {"BREW / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 0},
        {"GET http://localhost/a?b=http://c/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 0},
        {"GET HTTP://LOCALHOST:80/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 0},
        {"POST http://beams.example:81/ HTTP/1.1\r\nHost: Beams.example:81\r\nContent-Length: 7\r\n\r\n", 7},
    };
    struct bg_failure failure;
    size_t body_length;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (check(good[i].head, strlen(good[i].head), &body_length, &failure) != BG_OK)
            fail_msg("%s: %s", good[i].head, failure.text);
        assert_int_equal(body_length, good[i].body_length);
    }
}

static void a_head_is_partial_at_every_byte_before_its_last(void **state)
{
    static const char head[] = "GET /x HTTP/1.1\r\nHost: localhost\r\nA: b\r\n\r\nrest";
    struct bg_failure failure;
    size_t head_length;

    (void)state;
    for (size_t i = 0; i < sizeof head - 1 - 4; i++) {
        char *part = malloc(i + 1); /* so that reading past it shows */
        memcpy(part, head, i);
        assert_int_equal(bg_gate_scan(&gate, part, i, &head_length, &failure), BG_HEAD_PARTIAL);
        free(part);
    }
    assert_int_equal(bg_gate_scan(&gate, head, sizeof head - 1, &head_length, &failure), BG_HEAD_WHOLE);
    assert_int_equal(head_length, sizeof head - 1 - 4);
}

static void what_can_never_become_a_head_is_told_at_once(void **state)
{
    static const char *const starts[] = {"\x16\x03\x01", "GET /\n", "GET / HTTP/1.1\rX"};
    struct bg_failure failure;
    size_t head_length;

    (void)state;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
        assert_int_equal(bg_gate_scan(&gate, starts[i], strlen(starts[i]), &head_length, &failure), BG_HEAD_BAD);
}

static void the_limits_of_a_head_are_reached(void **state)
{
    char head[16384];
    struct bg_failure failure;
    size_t length, head_length, body_length;

    (void)state;
    for (int extra = 0; extra < 2; extra++) { /* bytes in all */
        length = (size_t)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: localhost\r\nX: %*s\r\n\r\n", 8192 - 40 + extra, "a");
        assert_int_equal(length, 8192 + (size_t)extra);
        assert_int_equal(bg_gate_scan(&gate, head, length, &head_length, &failure), extra ? BG_HEAD_BAD : BG_HEAD_WHOLE);
    }
    assert_int_equal(failure.error, BG_HEADERS_TOO_LARGE);
    for (int count = BG_HEADERS_MAX; count <= BG_HEADERS_MAX + 1; count++) { /* headers */
        length = (size_t)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: localhost\r\n");
        for (int i = 1; i < count; i++)
            length += (size_t)snprintf(head + length, sizeof head - length, "X: y\r\n");
        length += (size_t)snprintf(head + length, sizeof head - length, "\r\n");
        assert_int_equal(check(head, length, &body_length, &failure), count > BG_HEADERS_MAX ? BG_HEADERS_TOO_LARGE : BG_OK);
    }
    for (int extra = 0; extra < 2; extra++) { /* the target */
        head[0] = '\0';
        length = (size_t)snprintf(head, sizeof head, "GET /%0*d HTTP/1.1\r\nHost: localhost\r\n\r\n", BG_TARGET_MAX - 1 + extra, 0);
        assert_int_equal(check(head, length, &body_length, &failure), extra ? BG_INVALID : BG_OK);
    }
}

static void the_host_allowlist(void **state)
{
    static const struct {
        const char *host;
        enum bg_error error;
    } cases[] = {
        {"localhost", BG_OK},
        {"LocalHost:7788", BG_OK},
        {"127.0.0.1:1", BG_OK},
        {"127.8.9.10", BG_OK},
        {"[::1]", BG_OK},
        {"[::1]:7788", BG_OK},
        {"192.0.2.7", BG_OK},
        {"beams.example:443", BG_OK},
        {"BEAMS.EXAMPLE", BG_OK},
        {"10.1.2.3", BG_OK},
        {"10.1.2.4", BG_MISDIRECTED},
        {"[::2]", BG_MISDIRECTED},
        {"127.0.0.1.evil.example", BG_MISDIRECTED},
        {"localhost.", BG_MISDIRECTED},
        {"notbeams.example", BG_MISDIRECTED},
        {"", BG_INVALID},
        {"[::1", BG_INVALID},
        {"[::1]x", BG_INVALID},
        {"localhost:", BG_OK}, /* an empty port is none (RFC 3986, 3.2.3) */
        {"localhost:65535", BG_OK},
        {"localhost:65536", BG_INVALID},
        {"localhost:99999", BG_INVALID},
        {"localhost:123456", BG_INVALID},
        {"localhost:80:80", BG_INVALID},
        {"[127.0.0.1]", BG_INVALID},
        {"[localhost]", BG_INVALID},
        {"::1", BG_INVALID},
        {"[::g]", BG_INVALID},
        {"[::1%lo]", BG_INVALID},
        {"127.0.0.256", BG_INVALID},
        {"127.1", BG_INVALID},
        {"..", BG_INVALID},
        {".localhost", BG_INVALID},
        {"a..b", BG_INVALID},
        {"-a", BG_INVALID},
        {"localhost:8a", BG_INVALID},
        {"a b", BG_INVALID},
        {"localhost/", BG_INVALID},
        {"<script>", BG_INVALID},
    };
    char longest[300];
    struct bg_failure failure;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (bg_gate_check_host(&gate, cases[i].host, strlen(cases[i].host), &failure) != cases[i].error)
            fail_msg("%s", cases[i].host);
    for (size_t i = 0; i < sizeof longest; i++)
        longest[i] = i % 2 == 0 ? 'a' : '.';
    assert_int_equal(bg_gate_check_host(&gate, longest, 255, &failure), BG_MISDIRECTED);
    assert_int_equal(bg_gate_check_host(&gate, longest, 256, &failure), BG_INVALID);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_heads_are_refused_and_told_why),
        cmocka_unit_test(good_heads_pass),
        cmocka_unit_test(a_head_is_partial_at_every_byte_before_its_last),
        cmocka_unit_test(what_can_never_become_a_head_is_told_at_once),
        cmocka_unit_test(the_limits_of_a_head_are_reached),
        cmocka_unit_test(the_host_allowlist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
