/* test_secure.c: a server with TLS never answers in plain text, whatever allocation fails, and goes on. */
#include "failing.h"
#include "site.h"

#include "beamgauge/tls.h"

#include "connection.h"
#include "server.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define POINTS_MAX 3000
#define TURNS_MAX 3000

static char certificate_path[] = "/tmp/bg_secure_XXXXXX", key_path[] = "/tmp/bg_secure_XXXXXX";

/* A certificate that signs itself. */
static void write_pair(void)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    FILE *file;

    assert_non_null(key);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    file = fdopen(mkstemp(certificate_path), "w");
    assert_non_null(file);
    PEM_write_X509(file, certificate);
    fclose(file);
    file = fdopen(mkstemp(key_path), "w");
    assert_non_null(file);
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int start(void **state)
{
    struct bg_http_options options;
    struct bg_failure failure;

    (void)state;
    site_options(&options);
    assert_int_equal(bg_tls_load(certificate_path, key_path, &options.tls, &failure), BG_OK);
    site_start(&options);
    bg_tls_unref(options.tls);
    return 0;
}

static void serve(void)
{
    failing_here(true);
    site_turn(0);
    failing_here(false);
}

/* What the server says to bytes in plain text. */
static void say_plainly(struct client *client, const char *bytes)
{
    client_send(client, bytes);
    for (int i = 0; i < TURNS_MAX && !client->closed; i++) {
        serve();
        ssize_t got = recv(client->fd, client->text + client->length, sizeof client->text - 1 - client->length, MSG_DONTWAIT);
        if (got > 0)
            client->length += (size_t)got;
        client->closed = got == 0 || (got < 0 && errno != EAGAIN);
    }
}

enum outcome { ANSWERED, CLOSED, STUCK };

/* A request over TLS. */
static enum outcome ask(const char *request, char *ret_text, size_t size)
{
    static SSL_CTX *context;
    struct client *client = client_open();
    enum outcome outcome = STUCK;
    bool sent = false;
    size_t length = 0;
    SSL *ssl;

    if (context == NULL)
        context = SSL_CTX_new(TLS_client_method());
    ssl = SSL_new(context);
    assert_int_equal(evutil_make_socket_nonblocking(client->fd), 0);
    SSL_set_fd(ssl, client->fd);
    for (int i = 0; i < TURNS_MAX && outcome == STUCK; i++) {
        int result;

        serve();
        ERR_clear_error();
        if (!sent && (result = SSL_connect(ssl)) == 1 && (result = SSL_write(ssl, request, (int)strlen(request))) > 0)
            sent = true;
        if (sent && (result = SSL_read(ssl, ret_text + length, (int)(size - 1 - length))) > 0)
            length += (size_t)result;
        ret_text[length] = '\0';
        if (strstr(ret_text, "\r\n\r\n") != NULL)
            outcome = ANSWERED;
        else if (result <= 0 && SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ && SSL_get_error(ssl, result) != SSL_ERROR_WANT_WRITE)
            outcome = CLOSED;
    }
    SSL_free(ssl);
    client_free(client);
    serve();
    return outcome;
}

static void assert_served(void)
{
    static char text[65536];

    failing_at(0);
    for (int i = 0; i < 50; i++) /* accepting may be paused for a moment */
        if (ask(GET("/api/v1/rows/a"), text, sizeof text) == ANSWERED)
            break;
    assert_memory_equal(text, "HTTP/1.1 200 ", 13);
}

static void plain_text_is_never_answered_in_kind(void **state)
{
    long at = 1;
    bool reached = true;

    (void)state;
    assert_served();
    for (; reached; at++) {
        struct client *client = client_open();

        failing_at(at);
        say_plainly(client, GET("/api/v1/rows/a"));
        reached = failing_end();
        if (strstr(client->text, "HTTP") != NULL || client->length > 7)
            fail_msg("allocation %ld: %zu bytes: %s", at, client->length, client->text);
        client_free(client);
        serve();
        assert_true(at < POINTS_MAX);
    }
    print_message("%ld allocations failed in turn\n", at - 1);
    assert_served();
}

static void an_answer_comes_over_tls_or_not_at_all(void **state)
{
    static char text[65536];
    long at = 1, closed = 0;
    bool reached = true;

    (void)state;
    for (; reached; at++) {
        enum outcome outcome;

        failing_at(at);
        outcome = ask(GET("/api/v1/rows/a"), text, sizeof text);
        reached = failing_end();
        closed += outcome == CLOSED;
        if (outcome == STUCK || (outcome == ANSWERED && strncmp(text, "HTTP/1.1 ", 9) != 0))
            fail_msg("allocation %ld: %d %s", at, (int)outcome, text);
        assert_true(at < POINTS_MAX);
    }
    print_message("%ld allocations failed in turn, %ld connections ended without an answer\n", at - 1, closed);
    assert_true(at > 100);
    assert_served();
}

static void without_memory_for_a_connection_nobody_is_accepted(void **state)
{
    struct client *client;

    (void)state;
    bg_connection_unprepare(site.http);
    bg_http_update_listening(site.http);
    client = client_open();
    say_plainly(client, GET("/livez"));
    assert_int_equal(client->length, 0);
    assert_false(client->closed);
    assert_int_equal(site.http->connections_count, 0);
    client_free(client);
    assert_true(bg_connection_prepare(site.http));
    bg_http_update_listening(site.http);
    assert_served();
}

static void descriptors_come_back(void **state)
{
    (void)state;
    int before = dup(0);

    close(before);
    for (int i = 0; i < 20; i++)
        assert_served();
    site_turn(20);
    int after = dup(0);
    close(after);
    assert_int_equal(before, after);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(descriptors_come_back, start, site_teardown),
        cmocka_unit_test_setup_teardown(without_memory_for_a_connection_nobody_is_accepted, start, site_teardown),
        cmocka_unit_test_setup_teardown(plain_text_is_never_answered_in_kind, start, site_teardown),
        cmocka_unit_test_setup_teardown(an_answer_comes_over_tls_or_not_at_all, start, site_teardown),
    };
    int failed;

    signal(SIGPIPE, SIG_IGN); /* as the program does: OpenSSL writes to sockets whose client has gone */
    failing_here(false);
    failing_spare_libevent();
    write_pair();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(certificate_path);
    unlink(key_path);
    return failed;
}
