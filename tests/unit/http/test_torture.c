/* test_torture.c: every allocation of a request fails in turn: ours and those of the C library and jansson, then libevent's too. Never a
 * crash, never a client that gets no answer, never a 200 without its body, and the next request is answered as ever. */
#include "auth.h"
#include "failing.h"
#include "site.h"

#include "beamgauge/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define POINTS_MAX 2000   /* of one request; more would be news */
#define PATIENCE_MS 10000 /* for what hangs */

#define TEN(text) text text text text text text text text text text
#define LETTERS_500 TEN(TEN("abcde"))
#define HEADERS_50 TEN("A: b\r\nC: d\r\nE: f\r\nG: h\r\nI: j\r\n")

static const struct {
    const char *name, *request;
    size_t first; /* so many bytes are sent before any allocation fails; 0: none */
} requests[] = {
    {"json", GET("/api/v1/rows/a"), 0},
    {"text", GET("/api/v1/rows/a?format=text"), 0},
    {"md", GET("/api/v1/rows/a?format=md"), 0},
    {"csv", GET("/api/v1/rows/a?format=csv"), 0},
    {"ndjson", GET("/api/v1/rows/a?format=ndjson"), 0},
    {"many", GET("/api/v1/rows/many"), 0},
    {"large", GET("/big?bytes=100000"), 0},
    {"plain", GET("/livez"), 0},
    {"page", GET("/"), 0},
    {"wrong path", GET("/nowhere?x=%22"), 0},
    {"wrong parameter", GET("/api/v1/rows/a?limit=none"), 0},
    {"head", "HEAD /api/v1/rows/a HTTP/1.1\r\nHost: localhost\r\n\r\n", 0},
    {"wrong host", "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 0},
    {"put", "PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\":[1]}",
     0},
    {"many headers", "GET /livez HTTP/1.1\r\nHost: localhost\r\n" HEADERS_50 "\r\n", 0},
    {"long header", "GET /livez HTTP/1.1\r\nHost: localhost\r\nA: " LETTERS_500 LETTERS_500 LETTERS_500 LETTERS_500 LETTERS_500 "\r\n\r\n",
     0},
    {"wrong and long target", "GET /nowhere?" LETTERS_500 LETTERS_500 LETTERS_500 " HTTP/1.1\r\nHost: localhost\r\n\r\n", 0},
    {"head in two parts", GET("/api/v1/rows/a"), 20},
    {"long head in two parts",
     "GET /livez HTTP/1.1\r\nHost: localhost\r\nA: " LETTERS_500 LETTERS_500 LETTERS_500 LETTERS_500 LETTERS_500 "\r\n\r\n", 2000},
    {"body in two parts",
     "PUT /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\":[1]}", 104},
    {"delete", "DELETE /api/v1/things/x HTTP/1.1\r\nHost: localhost\r\n\r\n", 0},
};
#define REQUESTS_COUNT (sizeof requests / sizeof requests[0])

static void start(void)
{
    struct bg_http_options options;

    site_options(&options);
    site_start(&options);
}

static bool is_whole(const struct client *client, bool is_head)
{
    const char *end = strstr(client->text, "\r\n\r\n"), *length = strstr(client->text, "\r\nContent-Length: ");
    size_t body = length != NULL && length < end ? strtoul(length + 18, NULL, 10) : 0;

    return end != NULL && (is_head || strlen(end + 4) >= body);
}

/* What is wrong with the answer to a request in which an allocation may have failed; NULL: nothing. */
static const char *fault_of(const struct client *client, size_t which)
{
    bool is_head = strcmp(requests[which].name, "head") == 0;

    if (!is_whole(client, is_head))
        return client->closed ? "the connection is closed without a whole answer" : "the client waits without end";
    if (client_status(client) == 200 && (client_body(client)[0] == '\0') != is_head)
        return "200 without its body";
    if (client_status(client) < 200)
        return "no status";
    if (client_status(client) == 200 && client_header(client, "Content-Type") == NULL)
        return "200 without a content type";
    return NULL;
}

static void receive(struct client *client, bool is_head)
{
    for (int waited = 0; waited < PATIENCE_MS && !client->closed && !is_whole(client, is_head); waited++) {
        site_turn(waited < 20 ? 0 : 1);
        ssize_t got = recv(client->fd, client->text + client->length, sizeof client->text - 1 - client->length, MSG_DONTWAIT);
        if (got > 0)
            client->length += (size_t)got;
        client->closed = got == 0;
    }
}

static bool blames_client;

/* One request with the allocation `at` failing, and if it `lasts` all after it. True if it made that many allocations. */
static bool ask_with_failure(size_t which, long at, bool lasts, const char **ret_fault)
{
    struct client *client = client_open();
    bool reached;

    client_send_bytes(client, requests[which].request, requests[which].first);
    if (requests[which].first > 0)
        site_turn(2);
    if (lasts)
        failing_from(at);
    else
        failing_at(at);
    client_send(client, requests[which].request + requests[which].first);
    receive(client, strcmp(requests[which].name, "head") == 0);
    reached = failing_end();
    *ret_fault = fault_of(client, which);
    blames_client = client->length > 0 && client_status(client) >= 400 && client_status(client) < 500;
    client_free(client);
    site_turn(2);
    return reached;
}

static void failures_of_ours_are_told(void **state)
{
    long points = 0;

    (void)state;
    start();
    for (size_t which = 0; which < REQUESTS_COUNT; which++) {
        long at = 1;
        const char *fault = NULL;
        for (; at < POINTS_MAX && ask_with_failure(which, at, false, &fault); at++) {
            if (fault != NULL)
                fail_msg("%s, allocation %ld: %s", requests[which].name, at, fault);
            if (blames_client && strncmp(requests[which].name, "wrong ", 6) != 0)
                fail_msg("%s, allocation %ld: the reply says that the request is wrong", requests[which].name, at);
        }
        assert_true(at < POINTS_MAX);
        points += at - 1;
        struct client *client;
        site_ask(requests[0].request, &client);
        assert_int_equal(client_status(client), 200);
        client_free(client);
    }
    print_message("%ld allocations failed in turn\n", points);
    assert_true(points > 200);
    site_stop();
}

static void a_right_token_is_never_called_wrong(void **state)
{
    struct bg_token token = {.name = "ci", .scopes = BG_SCOPE_READ};
    char text[BG_TOKEN_TEXT_SIZE], header[BG_TOKEN_TEXT_SIZE + 8], challenge[BG_CHALLENGE_SIZE];
    struct bg_failure failure;
    bool reached = true;
    long at = 1;

    (void)state;
    assert_int_equal(bg_token_generate(text, token.sha256, &failure), BG_OK);
    snprintf(header, sizeof header, "Bearer %s", text);
    for (; reached; at++) {
        failing_at(at);
        enum bg_error error = bg_auth_check(&token, 1, header, BG_SCOPE_READ, challenge, &failure);
        reached = failing_end();
        if (error != BG_OK)
            assert_int_equal(error, BG_NO_MEMORY);
    }
    assert_true(at > 2);
}

static void json_text_is_whole_or_not_there(void **state)
{
    json_t *json = json_pack("{s:s, s:[i, f], s:{s:s}}", "detail",
                             "a text that is long enough to make room for more than once: "
                             "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789",
                             "list", 1, 0.5, "inner", "name", "value");
    char *whole = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
    bool reached = true;
    long at = 1;

    (void)state;
    for (; reached; at++) {
        failing_at(at);
        char *text = bg_json_text(json, JSON_COMPACT | JSON_SORT_KEYS);
        reached = failing_end();
        if (text != NULL)
            assert_string_equal(text, whole);
        free(text);
    }
    assert_true(at > 2);
    free(whole);
    json_decref(json);
}

/* One request after another, each to a server of its own: the allocations of a server's first request are among those that fail. Returns
 * the number of allocations; -1 if one had a fault. */
static long try_all(size_t which, bool lasts, volatile long *ret_at)
{
    const char *fault = NULL;
    bool reached = true;

    for (*ret_at = 0; reached && *ret_at < POINTS_MAX;) {
        ++*ret_at;
        start();
        reached = ask_with_failure(which, *ret_at, lasts, &fault);
        if (fault == NULL && blames_client && strncmp(requests[which].name, "wrong ", 6) != 0)
            fault = "the reply says that the request is wrong";
        if (fault != NULL) {
            fprintf(stderr, "%s, allocation %ld: %s\n", requests[which].name, *ret_at, fault);
            return -1;
        }
        site_stop();
    }
    return *ret_at - 1;
}

/* In a process of its own, so that a crash says at which allocation it was. */
static long try_in_child(size_t which, bool lasts)
{
    volatile long *at = mmap(NULL, sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child;
    int status;

    assert_ptr_not_equal(at, MAP_FAILED);
    child = fork();
    if (child == 0) {
        alarm(240);
        _exit(try_all(which, lasts, at) < 0);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status))
        fail_msg("%s, allocation %ld: signal %d", requests[which].name, *at, WTERMSIG(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    const long points = *at - 1;
    munmap((void *)at, sizeof *at);
    return points;
}

static void all_fail_in_turn(bool lasts)
{
    long points = 0;

    for (size_t which = 0; which < REQUESTS_COUNT; which++)
        points += try_in_child(which, lasts);
    print_message("%ld allocations failed in turn\n", points);
    assert_true(points > 1000);
}

static void failures_of_libevent_do_no_harm(void **state)
{
    (void)state;
    all_fail_in_turn(false);
}

static void failures_that_last_do_no_harm(void **state)
{
    (void)state;
    all_fail_in_turn(true);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest ours[] = {cmocka_unit_test(failures_of_ours_are_told), cmocka_unit_test(a_right_token_is_never_called_wrong),
                                      cmocka_unit_test(json_text_is_whole_or_not_there)};

    (void)argv;
    if (argc > 1) { /* libevent's allocations fail too; chosen before libevent has made any */
        const struct CMUnitTest all[] = {cmocka_unit_test(failures_of_libevent_do_no_harm),
                                         cmocka_unit_test(failures_that_last_do_no_harm)};
        failing_with_reserve();
        return cmocka_run_group_tests(all, NULL, NULL);
    }
    failing_spare_libevent();
    return cmocka_run_group_tests(ours, NULL, NULL);
}
