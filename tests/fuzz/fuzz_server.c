/* fuzz_server.c: hostile bytes, in pieces, over a connection to a real server: whatever they are, what comes back is ours and not
 * libevent's own, and the connection is forgotten afterwards. */
#include "beamgauge/http.h"
#include "beamgauge/log.h"

#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct event_base *base;
static struct bg_http *http;

static void on_rows(struct bg_call *call)
{
    json_t *body = bg_call_body(call);

    bg_call_reply(call, &(struct bg_reply){.status = 200,
                                           .data = body != NULL ? json_incref(body) : json_pack("[{s:s}]", "name", "a"),
                                           .meta = json_object(),
                                           .rpc_us = -1});
}

static const struct bg_column columns[] = {{"name", "Name", BG_COLUMN_TEXT, true}, {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_param params[] = {{.name = "name", .type = BG_PARAM_TEXT, .min = 1, .max = 32},
                                         {.name = "limit", .type = BG_PARAM_INTEGER, .min = 1, .max = 100, .fallback = "20"},
                                         {.name = NULL}};
static const struct bg_endpoint rows = {
    .method = BG_GET, .path = "/rows/{name}", .scope = BG_SCOPE_NONE, .params = params, .columns = columns, .handler = on_rows};
static const struct bg_endpoint rows_put = {
    .method = BG_PUT, .path = "/rows/{name}", .scope = BG_SCOPE_NONE, .params = params, .body_max_bytes = 64, .handler = on_rows};
static const struct bg_endpoint rows_post = {
    .method = BG_POST, .path = "/rows/{name}", .scope = BG_SCOPE_NONE, .params = params, .body_max_bytes = 64, .handler = on_rows};
static const struct bg_endpoint *const endpoints[] = {&rows, &rows_put, &rows_post, NULL};
static const struct bg_asset assets[] = {{"/", "text/plain", (const uint8_t *)"page", 4, NULL, 0, "\"tag\""}, {.path = NULL}};

static void start(void)
{
    static struct bg_services services;
    const struct bg_http_options options = {.address = "127.0.0.1",
                                            .header_max_bytes = 4096,
                                            .body_max_bytes = 1024,
                                            .connections_max = 16,
                                            .refusals_max = 4,
                                            .requests_max = 16,
                                            .connection_idle_ms = 60000,
                                            .connection_total_ms = 3600000,
                                            .request_ms = 60000,
                                            .endpoints = endpoints,
                                            .assets = assets,
                                            .services = &services,
                                            .clock = bg_clock_system()};
    struct bg_failure failure;

    signal(SIGPIPE, SIG_IGN);
    bg_log_set_level(BG_LOG_ERROR);
    base = event_base_new();
    if (base == NULL || bg_http_start(base, &options, &http, &failure) != BG_OK)
        abort();
}

static int connect_one(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(bg_http_port(http)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct linger none = {.l_onoff = 1}; /* or ports would be used up */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof none) != 0 ||
        connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        abort();
    return fd;
}

static void turn(int fd, char *text, size_t text_size, size_t *length)
{
    ssize_t got;

    event_base_loop(base, EVLOOP_NONBLOCK);
    while ((got = recv(fd, text + *length, text_size - 1 - *length, MSG_DONTWAIT)) > 0)
        *length += (size_t)got;
    text[*length] = '\0';
}

/* The first byte says how long the pieces are. */
static void send_pieces(int fd, const uint8_t *data, size_t size, char *text, size_t text_size, size_t *length)
{
    size_t piece = size > 0 && data[0] > 0 ? (size_t)data[0] * 8 : size;

    for (size_t at = 1; at < size; at += piece) {
        size_t left = size - at;

        if (send(fd, data + at, left < piece ? left : piece, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
            return;
        turn(fd, text, text_size, length);
    }
}

/* What a request said may come back in a body, but never at the start of a line. */
static bool has_line(const char *text, const char *beginning)
{
    const char *line = text;

    while (line != NULL && strncmp(line, beginning, strlen(beginning)) != 0)
        line = (line = strchr(line, '\n')) != NULL ? line + 1 : NULL;
    return line != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[1 << 20];
    size_t length = 0;
    int fd;

    if (base == NULL)
        start();
    fd = connect_one();
    send_pieces(fd, data, size, text, sizeof text, &length);
    shutdown(fd, SHUT_WR);
    for (int i = 0; i < 4; i++)
        turn(fd, text, sizeof text, &length);
    close(fd);
    if (length > 0 && strncmp(text, "HTTP/1.", 7) != 0)
        abort();
    if (strstr(text, "<HTML><HEAD>\n") != NULL || has_line(text, "HTTP/1.1 500 ") || has_line(text, "HTTP/1.1 501 "))
        abort();
    /* A client's leaving may take a moment to be noticed; one that lingers is let go after two seconds. */
    for (int i = 0; i < 6000 && http->connections_count > 0; i++) {
        event_base_loop(base, EVLOOP_NONBLOCK);
        if (i >= 1000)
            usleep(1000);
    }
    if (http->connections_count > 0)
        abort();
    return 0;
}
