/* server.c: starting, listening, draining and stopping. */
#include "server.h"

#include "admission.h"
#include "beamgauge/log.h"
#include "beamgauge/reserve.h"
#include "connection.h"
#include "dispatch.h"
#include "json_body.h"
#include "reply_cache.h"
#include "waiting.h"

#include <errno.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int64_t bg_http_now(const struct bg_http *http)
{
    return bg_clock_monotonic_us(http->options.clock);
}

const char *bg_http_date(struct bg_http *http)
{
    time_t now_s = (time_t)(bg_clock_wall_ms(http->options.clock) / 1000);
    struct tm tm;

    if (now_s != http->date_s && gmtime_r(&now_s, &tm) != NULL) {
        evutil_date_rfc1123(http->date, sizeof http->date, &tm);
        http->date_s = now_s;
    }
    return http->date;
}

void bg_http_update_listening(struct bg_http *http)
{
    struct evconnlistener *listener = http->bound != NULL ? evhttp_bound_socket_get_listener(http->bound) : NULL;

    if (listener == NULL)
        return;
    if (http->accept_paused || http->next == NULL || http->connections_count >= http->options.connections_max + http->options.refusals_max)
        evconnlistener_disable(listener);
    else
        evconnlistener_enable(listener);
}

static void on_sweep(evutil_socket_t fd, short what, void *argument)
{
    (void)fd;
    (void)what;
    bg_connections_sweep(argument);
}

static void on_drained(evutil_socket_t fd, short what, void *argument)
{
    struct bg_http *http = argument;
    void (*drained)(void *context) = http->drained;

    (void)fd;
    (void)what;
    http->drained = NULL;
    if (drained != NULL)
        drained(http->drained_context);
}

static void on_last_turn(evutil_socket_t fd, short what, void *argument)
{
    struct bg_http *http = argument;

    (void)fd;
    (void)what;
    if (http->bound != NULL)
        evhttp_del_accept_socket(http->evhttp, http->bound);
    http->bound = NULL;
    bg_connections_drain(http);
    bg_http_check_drained(http);
}

void bg_http_check_drained(struct bg_http *http)
{
    if (http->drained == NULL || http->bound != NULL)
        return;
    for (const struct bg_connection *connection = http->connections; connection != NULL; connection = connection->next)
        if (connection->state != BG_CONNECTION_LINGERING)
            return;
    event_active(http->drained_turn, EV_TIMEOUT, 0);
}

/* evhttp sets itself as the argument of its listener, so the server is found by that. */
static struct bg_http *listening;

static void on_accept_failed(struct evconnlistener *listener, void *evhttp)
{
    int error = EVUTIL_SOCKET_ERROR();

    (void)listener;
    for (struct bg_http *http = listening; http != NULL; http = http->next_server)
        if (http->evhttp == evhttp)
            bg_admission_pause(http, error);
}

static void on_resume(evutil_socket_t fd, short what, void *argument)
{
    struct bg_http *http = argument;

    (void)fd;
    (void)what;
    http->accept_paused = false;
    if (bg_reserve_is_short())
        bg_reply_cache_flush(http->cache);
    if (bg_connection_prepare(http))
        bg_http_update_listening(http);
    else
        bg_admission_pause(http, ENOMEM);
}

static void listening_remove(const struct bg_http *http)
{
    for (struct bg_http **place = &listening; *place != NULL; place = &(*place)->next_server)
        if (*place == http) {
            *place = http->next_server;
            return;
        }
}

static enum bg_error http_listen(struct bg_http *http, struct bg_failure *ret_failure)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.v6.sin6_port = 0};
    socklen_t length = sizeof address;

    errno = 0;
    http->bound = evhttp_bind_socket_with_handle(http->evhttp, http->options.address, http->options.port);
    if (http->bound == NULL)
        return bg_fail(ret_failure, BG_SYSTEM, "Cannot listen on %s port %u: %s.", http->options.address, http->options.port,
                       errno != 0 ? strerror(errno) : "not an address of this machine");
    if (getsockname(evhttp_bound_socket_get_fd(http->bound), &address.any, &length) != 0)
        return bg_fail(ret_failure, BG_SYSTEM, "Cannot read the port of the listening socket: %s.", strerror(errno));
    /* evhttp's backlog is 128; in a larger burst some would connect late, since a client's system retries after a second or more. */
    (void)listen(evhttp_bound_socket_get_fd(http->bound), SOMAXCONN);
    evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(http->bound), on_accept_failed);
    http->next_server = listening;
    listening = http;
    http->port = ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
    return BG_OK;
}

static struct bg_http *http_new(struct event_base *base, const struct bg_http_options *options)
{
    struct bg_http *http = calloc(1, sizeof *http);
    unsigned char random[4];
    bool counting;

    if (http == NULL)
        return NULL;
    http->base = base;
    http->options = *options;
    http->ends_us = INT64_MAX;
    http->tls = bg_tls_ref(options->tls);
    http->gate = (struct bg_gate){.header_max_bytes = options->header_max_bytes,
                                  .body_max_bytes = options->body_max_bytes,
                                  .address = options->address,
                                  .allowed_hosts = options->allowed_hosts,
                                  .allowed_hosts_count = options->allowed_hosts_count,
                                  .is_secure = options->tls != NULL};
    evutil_secure_rng_get_bytes(random, sizeof random);
    evutil_secure_rng_get_bytes(&http->seed, sizeof http->seed);
    bg_guesses_init(&http->guesses, http->seed);
    bg_repeats_init(&http->repeats, http->seed);
    snprintf(http->instance, sizeof http->instance, "%02x%02x%02x%02x", random[0], random[1], random[2], random[3]);
    http->evhttp = evhttp_new(base);
    http->cache = bg_reply_cache_new();
    counting = bg_counts_init(&http->counts, options->endpoints);
    http->sweep = event_new(base, -1, EV_PERSIST, on_sweep, http);
    http->drained_turn = event_new(base, -1, 0, on_drained, http);
    http->resume = evtimer_new(base, on_resume, http);
    http->last_turn = evtimer_new(base, on_last_turn, http);
    http->place = event_new(base, -1, 0, bg_waiting_on_place, http);
    http->handed = evbuffer_new();
    if (http->handed != NULL && bg_connection_prepare(http) && http->resume != NULL && http->place != NULL && http->last_turn != NULL &&
        counting && http->evhttp != NULL && http->cache != NULL && http->sweep != NULL && http->drained_turn != NULL)
        return http;
    bg_http_free(http);
    return NULL;
}

enum bg_error bg_http_start(struct event_base *base, const struct bg_http_options *options, struct bg_http **ret_http,
                            struct bg_failure *ret_failure)
{
    struct bg_http *http = http_new(base, options);
    enum bg_error error;

    bg_json_body_start();
    if (http == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    evhttp_set_max_headers_size(http->evhttp, (ev_ssize_t)options->header_max_bytes);
    evhttp_set_max_body_size(http->evhttp, (ev_ssize_t)options->body_max_bytes);
    /* All methods, with the bit for an unknown one: we answer 405 ourselves. */
    evhttp_set_allowed_methods(http->evhttp, UINT16_MAX);
    evhttp_set_default_content_type(http->evhttp, NULL);
    evhttp_set_bevcb(http->evhttp, bg_connection_accept, http);
    evhttp_set_gencb(http->evhttp, bg_dispatch, http);
    error = http_listen(http, ret_failure);
    if (error == BG_OK && !bg_metrics_add(options->metrics, bg_counts_collect, http))
        error = bg_fail(ret_failure, BG_INTERNAL, "There are too many who count.");
    if (error != BG_OK) {
        bg_http_free(http);
        return error;
    }
    *ret_http = http;
    return BG_OK;
}

uint16_t bg_http_port(const struct bg_http *http)
{
    return http->port;
}

static void tokens_free(struct bg_token *tokens, size_t count)
{
    for (size_t i = 0; tokens != NULL && i < count; i++)
        free(tokens[i].name);
    free(tokens);
}

enum bg_error bg_http_set_tokens(struct bg_http *http, const struct bg_token *tokens, size_t count, struct bg_failure *ret_failure)
{
    struct bg_token *copy = count > 0 ? calloc(count, sizeof *copy) : NULL;

    if (count > 0 && copy == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < count; i++) {
        copy[i] = tokens[i];
        if ((copy[i].name = strdup(tokens[i].name)) == NULL) {
            tokens_free(copy, i);
            return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
        }
    }
    tokens_free(http->tokens, http->tokens_count);
    http->tokens = copy;
    http->tokens_count = count;
    bg_reply_cache_flush(http->cache);
    return BG_OK;
}

enum bg_error bg_http_set_tls(struct bg_http *http, struct bg_tls *tls, struct bg_failure *ret_failure)
{
    struct bg_tls *old = http->tls;

    http->tls = bg_tls_ref(tls);
    if (!bg_connection_exchange(http)) {
        http->tls = old;
        bg_tls_unref(tls);
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    }
    bg_tls_unref(old);
    return BG_OK;
}

/* The loop looks at sockets before it looks at timers: so whoever has connected by now is accepted before we stop listening. Otherwise the
 * system would reset their connections. It makes no new ones meanwhile. */
void bg_http_drain(struct bg_http *http, int64_t within_ms, void (*drained)(void *context), void *context)
{
    http->drained = drained;
    http->drained_context = context;
    http->ends_us = bg_http_now(http) + within_ms * 1000;
    if (http->bound != NULL)
        (void)listen(evhttp_bound_socket_get_fd(http->bound), 0);
    event_add(http->last_turn, &(struct timeval){.tv_sec = 0});
}

void bg_http_free(struct bg_http *http)
{
    if (http == NULL)
        return;
    listening_remove(http);
    http->drained = NULL;
    http->bound = NULL;
    if (http->evhttp != NULL)
        evhttp_free(http->evhttp);
    bg_connections_free(http);
    bg_connection_unprepare(http);
    bg_tls_unref(http->tls);
    if (http->handed != NULL)
        evbuffer_free(http->handed);
    if (http->sweep != NULL)
        event_free(http->sweep);
    if (http->drained_turn != NULL)
        event_free(http->drained_turn);
    if (http->resume != NULL)
        event_free(http->resume);
    if (http->place != NULL)
        event_free(http->place);
    if (http->last_turn != NULL)
        event_free(http->last_turn);
    bg_reply_cache_free(http->cache);
    bg_counts_done(&http->counts);
    tokens_free(http->tokens, http->tokens_count);
    free(http);
}
