/* site.c: a real server with a few endpoints of its own, and raw clients of it, all on one event loop. */
#include "site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 20000 /* for what hangs */

struct site site;

static void on_rows(struct bg_call *call)
{
    const struct bg_clock *clock = bg_call_services(call)->clock;
    int64_t now_us = bg_clock_monotonic_us(clock);
    const char *name = bg_call_text(call, "name");
    json_t *row = json_pack("{s:s, s:i, s:{s:s}}", "name", name, "memory_bytes", 2048, "peer", "pid", "<0.1.0>");

    json_t *rows_data = json_pack("[o]", row);

    site.answers_count++;
    for (int i = 1; strcmp(name, "many") == 0 && i < 300; i++)
        json_array_append(rows_data, row);
    if (rows_data == NULL) {
        bg_call_fail(call, &(struct bg_failure){.error = BG_NO_MEMORY, .text = "out of memory"});
        return;
    }
    bg_call_reply(call, &(struct bg_reply){.status = 200,
                                           .data = rows_data,
                                           .meta = json_pack("{s:s, s:[]}", "node", "a@b", "warnings"),
                                           .collected_us = now_us,
                                           .fresh_until_us = site.fresh_us > 0 ? now_us + site.fresh_us : 0,
                                           .rpc_us = 1500});
}

static void on_slow_cancelled(void *context)
{
    (void)context;
    site.cancels_count++;
    site.slow = NULL;
}

static void on_slow(struct bg_call *call)
{
    site.slow = call;
    bg_call_on_cancel(call, on_slow_cancelled, NULL);
}

static void on_put(struct bg_call *call)
{
    json_t *body = bg_call_body(call);

    bg_call_reply(call, &(struct bg_reply){.status = 201,
                                           .data = body != NULL ? json_incref(body) : json_null(),
                                           .meta = json_object(),
                                           .rpc_us = -1,
                                           .location = "/api/v1/things/x\r\nSet-Cookie: a=b"});
}

static void on_delete(struct bg_call *call)
{
    bg_call_empty(call);
}

static void on_live(struct bg_call *call)
{
    bg_call_plain(call, 200, "ok\n");
}

static void on_big(struct bg_call *call)
{
    size_t length = (size_t)bg_call_integer(call, "bytes");
    char *text = malloc(length + 1);

    if (text == NULL) {
        bg_call_fail(call, &(struct bg_failure){.error = BG_NO_MEMORY, .text = "out of memory"});
        return;
    }
    memset(text, 'x', length);
    text[length] = '\0';
    bg_call_reply(call, &(struct bg_reply){.status = 200, .data = json_string(text), .meta = json_object(), .rpc_us = -1});
    free(text);
}

static const struct bg_column row_columns[] = {{"name", "Name", BG_COLUMN_TEXT, true},
                                               {"memory_bytes", "Memory", BG_COLUMN_BYTES, true},
                                               {"peer.pid", "Peer", BG_COLUMN_TEXT, false},
                                               {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_param row_params[] = {{.name = "name", .type = BG_PARAM_TEXT, .min = 1, .max = 32},
                                             {.name = "limit", .type = BG_PARAM_INTEGER, .min = 1, .max = 100, .fallback = "20"},
                                             {.name = NULL}};
static const struct bg_param big_params[] = {{.name = "bytes", .type = BG_PARAM_INTEGER, .min = 0, .max = 16 << 20, .fallback = "0"},
                                             {.name = NULL}};
static const struct bg_param slow_params[] = {{.name = "timeout_ms", .type = BG_PARAM_INTEGER, .min = 0, .max = 60000, .fallback = "100"},
                                              {.name = NULL}};

static const struct bg_endpoint rows = {.method = BG_GET,
                                        .path = "/api/v1/rows/{name}",
                                        .scope = BG_SCOPE_READ,
                                        .params = row_params,
                                        .columns = row_columns,
                                        .handler = on_rows};
static const struct bg_endpoint slow = {
    .method = BG_GET, .path = "/slow", .scope = BG_SCOPE_READ, .params = slow_params, .handler = on_slow};
static const struct bg_endpoint slow_post = {
    .method = BG_POST, .path = "/slow", .scope = BG_SCOPE_ADMIN, .params = slow_params, .handler = on_slow};
static const struct bg_endpoint thing_put = {
    .method = BG_PUT, .path = "/api/v1/things/x", .scope = BG_SCOPE_ADMIN, .body_max_bytes = 64, .handler = on_put};
static const struct bg_endpoint thing_delete = {
    .method = BG_DELETE, .path = "/api/v1/things/x", .scope = BG_SCOPE_ADMIN, .handler = on_delete};
static const struct bg_endpoint live = {.method = BG_GET, .path = "/livez", .scope = BG_SCOPE_NONE, .is_health = true, .handler = on_live};
static const struct bg_endpoint big = {.method = BG_GET, .path = "/big", .scope = BG_SCOPE_READ, .params = big_params, .handler = on_big};
static const struct bg_endpoint *const endpoints[] = {&rows, &slow, &slow_post, &thing_put, &thing_delete, &live, &big, NULL};

static const struct bg_asset assets[] = {
    {"/", "text/html; charset=utf-8", (const uint8_t *)"<p>page</p>", 11, (const uint8_t *)"zipped", 6, "\"tag\""},
    {"/app.js", "text/javascript", (const uint8_t *)"1", 1, NULL, 0, "\"js\""},
    {.path = NULL}};

void site_options(struct bg_http_options *ret_options)
{
    *ret_options = (struct bg_http_options){.address = "127.0.0.1",
                                            .header_max_bytes = 8192,
                                            .body_max_bytes = 1024,
                                            .connections_max = 100,
                                            .refusals_max = BG_REFUSALS_MAX,
                                            .requests_max = 8,
                                            .connection_idle_ms = 2000,
                                            .connection_total_ms = 60000,
                                            .request_ms = 300,
                                            .endpoints = endpoints,
                                            .assets = assets,
                                            .services = &site.services,
                                            .clock = bg_clock_system()};
}

void site_start(const struct bg_http_options *options)
{
    struct bg_failure failure;

    signal(SIGPIPE, SIG_IGN); /* as the program does */
    site = (struct site){.base = event_base_new(), .options = *options, .services.clock = options->clock};
    assert_int_equal(bg_http_start(site.base, &site.options, &site.http, &failure), BG_OK);
}

void site_stop(void)
{
    bg_http_free(site.http);
    event_base_loop(site.base, EVLOOP_NONBLOCK);
    event_base_free(site.base);
    site = (struct site){.base = NULL};
}

static int64_t now_ms(void)
{
    return bg_clock_monotonic_us(bg_clock_system()) / 1000;
}

int site_setup(void **state)
{
    struct bg_http_options options;

    (void)state;
    site_options(&options);
    site_start(&options);
    return 0;
}

int site_teardown(void **state)
{
    (void)state;
    site_stop();
    return 0;
}

void site_turn(int ms)
{
    int64_t end = now_ms() + ms;

    do {
        event_base_loop(site.base, EVLOOP_NONBLOCK);
        nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    } while (now_ms() < end);
}

struct client *client_open(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(bg_http_port(site.http))};
    struct client *client = calloc(1, sizeof *client);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client->fd, (struct sockaddr *)&address, sizeof address), 0);
    return client;
}

void client_free(struct client *client)
{
    close(client->fd);
    free(client);
}

void client_send_bytes(struct client *client, const char *bytes, size_t length)
{
    int64_t end = now_ms() + PATIENCE_MS;

    for (ssize_t sent; length > 0 && now_ms() < end;) {
        sent = send(client->fd, bytes, length, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) {
            client->reset = true;
            return;
        }
        if (sent < 0)
            site_turn(1);
        else
            bytes += sent, length -= (size_t)sent;
    }
}

void client_send(struct client *client, const char *bytes)
{
    client_send_bytes(client, bytes, strlen(bytes));
}

static void client_receive(struct client *client)
{
    ssize_t got = recv(client->fd, client->text + client->length, sizeof client->text - 1 - client->length, MSG_DONTWAIT);

    if (got > 0)
        client->length += (size_t)got;
    else if (got == 0 || errno != EAGAIN)
        client->closed = true, client->reset = client->reset || got < 0;
}

static int replies_in(const char *text)
{
    int count = 0;

    for (const char *end; (end = strstr(text, "\r\n\r\n")) != NULL; count++) {
        const char *length = strcasestr(text, "\r\nContent-Length: ");
        size_t body = length != NULL && length < end ? strtoul(length + 18, NULL, 10) : 0;
        if (strlen(end + 4) < body)
            break;
        text = end + 4 + body;
    }
    return count;
}

bool client_wait_for(struct client *client, int count)
{
    for (int64_t end = now_ms() + PATIENCE_MS; now_ms() < end;) {
        site_turn(0);
        client_receive(client);
        if (client->closed || (count > 0 && replies_in(client->text) >= count))
            return true;
    }
    return false;
}

void client_wait(struct client *client, int count)
{
    assert_true(client_wait_for(client, count));
    assert_int_equal(replies_in(client->text), count);
}

void client_wait_closed(struct client *client)
{
    assert_true(client_wait_for(client, 0));
}

int client_status(const struct client *client)
{
    return strncmp(client->text, "HTTP/1.", 7) == 0 ? atoi(client->text + 9) : 0;
}

int site_ask(const char *request, struct client **ret_client)
{
    *ret_client = client_open();
    client_send(*ret_client, request);
    client_wait(*ret_client, 1);
    return client_status(*ret_client);
}

const char *client_header(const struct client *client, const char *name)
{
    static char value[4096];
    const char *end = strstr(client->text, "\r\n\r\n");

    for (const char *line = strstr(client->text, "\r\n"); line != NULL && line < end; line = strstr(line + 2, "\r\n")) {
        size_t length = strlen(name);
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') {
            snprintf(value, sizeof value, "%.*s", (int)strcspn(line + 4 + length, "\r"), line + 4 + length);
            return value;
        }
    }
    return NULL;
}

const char *client_body(const struct client *client)
{
    const char *end = strstr(client->text, "\r\n\r\n");

    return end != NULL ? end + 4 : "";
}
