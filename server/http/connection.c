/* connection.c: the life of a connection: its states, its deadlines and its end. */
#include "connection.h"

#include "admission.h"
#include "beamgauge/log.h"
#include "beamgauge/reserve.h"
#include "call.h"
#include "secure.h"
#include "server.h"
#include "waiting.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define LINGER_US 2000000

static const char *const state_names[] = {"new", "handshake", "idle", "head", "body", "asked", "replying", "closed", "lingering"};

static bool is_legal(enum bg_connection_state from, enum bg_connection_state to)
{
    static const unsigned allowed[] = {
        [BG_CONNECTION_NEW] = 1U << BG_CONNECTION_HANDSHAKE | 1U << BG_CONNECTION_IDLE | 1U << BG_CONNECTION_CLOSED,
        [BG_CONNECTION_HANDSHAKE] = 1U << BG_CONNECTION_IDLE | 1U << BG_CONNECTION_CLOSED,
        [BG_CONNECTION_IDLE] = 1U << BG_CONNECTION_HEAD | 1U << BG_CONNECTION_BODY | 1U << BG_CONNECTION_ASKED | 1U << BG_CONNECTION_CLOSED,
        [BG_CONNECTION_HEAD] = 1U << BG_CONNECTION_BODY | 1U << BG_CONNECTION_ASKED | 1U << BG_CONNECTION_CLOSED,
        [BG_CONNECTION_BODY] = 1U << BG_CONNECTION_ASKED | 1U << BG_CONNECTION_CLOSED,
        [BG_CONNECTION_ASKED] = 1U << BG_CONNECTION_REPLYING | 1U << BG_CONNECTION_CLOSED,
        [BG_CONNECTION_REPLYING] = 1U << BG_CONNECTION_IDLE | 1U << BG_CONNECTION_HEAD | 1U << BG_CONNECTION_CLOSED,
        [BG_CONNECTION_CLOSED] = 1U << BG_CONNECTION_LINGERING,
        [BG_CONNECTION_LINGERING] = 0,
    };

    return (allowed[from] >> to & 1U) != 0;
}

static void set_deadline(struct bg_connection *connection, enum bg_connection_state state)
{
    const struct bg_http_options *options = &connection->http->options;
    const bool is_ending = connection->http->ends_us != INT64_MAX;
    int64_t now_us = bg_http_now(connection->http), end_us = connection->born_us + options->connection_total_ms * 1000;

    switch (state) {
    case BG_CONNECTION_IDLE:
        connection->deadline_us = now_us + (is_ending ? BG_LAST_IDLE_US : options->connection_idle_ms * 1000);
        if (connection->deadline_us > end_us)
            connection->deadline_us = end_us;
        break;
    case BG_CONNECTION_HANDSHAKE:
    case BG_CONNECTION_HEAD:
        connection->deadline_us = now_us + options->request_ms * 1000;
        break;
    case BG_CONNECTION_BODY: /* the time runs from the first byte of the head */
        if (connection->state != BG_CONNECTION_HEAD)
            connection->deadline_us = now_us + options->request_ms * 1000;
        break;
    case BG_CONNECTION_ASKED:
        connection->asked_us = now_us;
        /* evhttp calls us at once, and a call has its own deadline; but without memory evhttp may wait for bytes that it already has. */
        connection->deadline_us = now_us + options->request_ms * 1000;
        break;
    case BG_CONNECTION_REPLYING:
        connection->deadline_us = now_us + options->connection_idle_ms * 1000;
        break;
    case BG_CONNECTION_LINGERING:
        connection->deadline_us = now_us + LINGER_US;
        break;
    case BG_CONNECTION_NEW:
    case BG_CONNECTION_CLOSED:
        connection->deadline_us = INT64_MAX;
        break;
    }
    if (connection->deadline_us > connection->http->ends_us)
        connection->deadline_us = connection->http->ends_us;
    if (connection->refused && state < BG_CONNECTION_ASKED && connection->deadline_us > connection->born_us + BG_REFUSED_US)
        connection->deadline_us = connection->born_us + BG_REFUSED_US;
}

/* The only place where the state changes; each state sets its deadline. */
void bg_connection_set_state(struct bg_connection *connection, enum bg_connection_state state)
{
    bool legal = is_legal(connection->state, state);

    assert(legal);
    (void)legal;
    bg_log(BG_LOG_DEBUG, "connection_state", BG_TEXT("from", state_names[connection->state]), BG_TEXT("to", state_names[state]));
    set_deadline(connection, state);
    connection->state = state;
    connection->state_us = bg_http_now(connection->http);
    if (state == BG_CONNECTION_IDLE || state == BG_CONNECTION_LINGERING) /* it may give way now */
        bg_waiting_look(connection->http);
}

void bg_connection_admit(struct bg_connection *connection)
{
    connection->http->refused_count -= connection->refused;
    connection->refused = false;
    set_deadline(connection, connection->state);
}

static void list_remove(struct bg_connection *connection)
{
    struct bg_http *http = connection->http;

    if (connection->next != NULL)
        connection->next->previous = connection->previous;
    else
        http->oldest = connection->previous;
    if (connection->previous != NULL)
        connection->previous->next = connection->next;
    else
        http->connections = connection->next;
}

static void list_push(struct bg_connection *connection)
{
    struct bg_http *http = connection->http;

    connection->previous = NULL;
    connection->next = http->connections;
    if (connection->next != NULL)
        connection->next->previous = connection;
    else
        http->oldest = connection;
    http->connections = connection;
}

/* Frees what connection_new() has made so far. */
static void connection_dispose(struct bg_connection *connection)
{
    if (connection->turn != NULL)
        event_free(connection->turn);
    if (connection->gone != NULL)
        event_free(connection->gone);
    if (connection->held != NULL)
        evbuffer_free(connection->held);
    if (connection->watch != NULL)
        evbuffer_remove_cb_entry(bufferevent_get_input(connection->bev), connection->watch);
    if (connection->bev != NULL) {
        bufferevent_setcb(connection->bev, NULL, NULL, NULL, NULL);
        bg_secure_close_stray(connection->bev);
        bufferevent_decref(connection->bev);
    }
    free(connection);
}

void bg_connection_free(struct bg_connection *connection)
{
    struct bg_http *http = connection->http;

    list_remove(connection);
    http->connections_count--;
    http->refused_count -= connection->refused;
    if (http->current == connection)
        http->current = NULL;
    connection_dispose(connection);
    bg_http_update_listening(http);
    bg_http_check_drained(http);
    bg_waiting_look(http);
}

static void note_handshake(struct bg_connection *connection)
{
    const char *reason = bg_secure_failure(connection->bev);

    connection->http->counts.handshakes_failed++;
    bg_log(BG_LOG_DEBUG, "handshake_failed", BG_TEXT("client", connection->peer),
           BG_TEXT("reason", reason != NULL ? reason : "the client left, or its time was up"));
}

static void on_evhttp_closed(struct evhttp_connection *evcon, void *argument)
{
    struct bg_connection *connection = argument;

    (void)evcon;
    if (connection->state == BG_CONNECTION_HANDSHAKE && !bg_secure_is_ready(connection->bev))
        note_handshake(connection);
    bg_secure_say_end(connection->bev);
    bg_connection_set_state(connection, BG_CONNECTION_CLOSED);
    connection->evcon = NULL;
    bg_waiting_leave(connection);
    if (connection->gone != NULL)
        event_del(connection->gone);
    if (connection->call != NULL)
        bg_call_abandon(connection->call);
    connection->call = NULL;
    event_active(connection->turn, EV_TIMEOUT, 0);
}

/* evhttp does not report its new connection object, but the object is the argument of the callbacks that it has set by now. */
static void adopt(struct bg_connection *connection)
{
    bufferevent_event_cb error_cb = NULL;
    void *evcon = NULL;

    bufferevent_getcb(connection->bev, NULL, NULL, &error_cb, &evcon);
    if (error_cb == NULL) {
        bufferevent_setfd(connection->bev, -1); /* evhttp has closed it */
        bg_connection_free(connection);
        return;
    }
    connection->evcon = evcon;
    evhttp_connection_set_closecb(evcon, on_evhttp_closed, connection);
    /* With TLS an answer is sent in two parts: the system would delay the second until the client has acknowledged the first, for 40 ms. If
     * this call fails, answers are only slower. */
    (void)setsockopt(bufferevent_getfd(connection->bev), IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    bg_admission_admit(connection);
    bg_connection_set_state(connection, bg_secure_is_ready(connection->bev) ? BG_CONNECTION_IDLE : BG_CONNECTION_HANDSHAKE);
}

static void on_linger_read(struct bufferevent *bev, void *argument)
{
    (void)argument;
    evbuffer_drain(bufferevent_get_input(bev), evbuffer_get_length(bufferevent_get_input(bev)));
}

static void on_linger_event(struct bufferevent *bev, short what, void *argument)
{
    (void)bev;
    (void)what;
    bg_connection_free(argument);
}

/* If a request was not read to its end, the client may still be sending: closing now would reset the connection, and the client might lose
 * the answer. evhttp has shut our side down for writing. */
static void linger(struct bg_connection *connection)
{
    bg_connection_set_state(connection, BG_CONNECTION_LINGERING);
    evbuffer_cb_clear_flags(bufferevent_get_input(connection->bev), connection->watch, EVBUFFER_CB_ENABLED);
    bufferevent_setcb(connection->bev, on_linger_read, NULL, on_linger_event, connection);
    bufferevent_enable(connection->bev, EV_READ);
    bg_http_check_drained(connection->http);
}

/* evhttp had no memory to read a request that the gate has passed: it waits for more of it, or is about to call it wrong. */
static bool is_unread(const struct bg_connection *connection)
{
    return connection->state == BG_CONNECTION_ASKED && !connection->is_dispatched;
}

static void on_turn(evutil_socket_t fd, short what, void *argument)
{
    struct bg_connection *connection = argument;

    (void)fd;
    (void)what;
    if (connection->state == BG_CONNECTION_NEW) {
        adopt(connection);
    } else if (connection->state == BG_CONNECTION_HEAD) {
        connection->http->current = connection;
        if (bg_intake_next(connection))
            bufferevent_trigger(connection->bev, EV_READ, 0);
    } else if (connection->state == BG_CONNECTION_ASKED && connection->call != NULL && connection->call->answered) {
        bg_call_write(connection->call);
    } else if (is_unread(connection)) {
        bg_intake_turn_away(connection);
    } else if (connection->state == BG_CONNECTION_REPLYING && connection->reply_lost) {
        evhttp_connection_free(connection->evcon);
    } else if (connection->state == BG_CONNECTION_CLOSED) {
        if (connection->failure.error != BG_OK || connection->gives_way)
            linger(connection);
        else
            bg_connection_free(connection);
    }
}

static bool socket_has_failed(evutil_socket_t fd)
{
    int error = 0;
    socklen_t length = sizeof error;

    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0;
}

/* A client that has closed its connection looks the same as one that has shut down only its sending side and waits for the answer. An
 * interim response shows which it is: if the connection is closed, a reset comes back. HTTP/1.0 has no interim responses. */
static void probe_client(const struct bg_connection *connection)
{
    static const char interim[] = "HTTP/1.1 100 Continue\r\n\r\n";

    if (!connection->speaks_11 || !bg_secure_send(connection->bev, interim, sizeof interim - 1))
        evhttp_connection_free(connection->evcon);
}

/* Edge-triggered, so that the loop cannot spin on a reset (which libevent reports as readable), a half-closed socket, or a pipelined
 * request. */
static void on_gone(evutil_socket_t fd, short what, void *argument)
{
    struct bg_connection *connection = argument;

    if (socket_has_failed(fd)) {
        evhttp_connection_free(connection->evcon);
    } else if ((what & EV_CLOSED) != 0 && !connection->half_closed) {
        connection->half_closed = true;
        probe_client(connection);
    }
}

static struct bg_connection *connection_new(struct bg_http *http)
{
    struct bg_connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL)
        return NULL;
    connection->http = http;
    connection->bev = bg_secure_bufferevent(http->base, http->tls);
    connection->held = evbuffer_new();
    connection->turn = event_new(http->base, -1, 0, on_turn, connection);
    if (connection->bev != NULL)
        connection->watch = evbuffer_add_cb(bufferevent_get_input(connection->bev), bg_intake_watch, connection);
    if (connection->bev != NULL && connection->held != NULL && connection->turn != NULL && connection->watch != NULL)
        return connection;
    connection_dispose(connection);
    return NULL;
}

bool bg_connection_prepare(struct bg_http *http)
{
    if (http->next == NULL && !bg_reserve_is_short())
        http->next = connection_new(http);
    return http->next != NULL;
}

bool bg_connection_exchange(struct bg_http *http)
{
    struct bg_connection *connection = connection_new(http);

    if (connection == NULL)
        return false;
    bg_connection_unprepare(http);
    http->next = connection;
    return true;
}

void bg_connection_unprepare(struct bg_http *http)
{
    if (http->next != NULL)
        connection_dispose(http->next);
    http->next = NULL;
}

struct bufferevent *bg_connection_accept(struct event_base *base, void *argument)
{
    struct bg_http *http = argument;
    struct bg_connection *connection = http->next;

    (void)base;
    assert(connection != NULL); /* otherwise nobody would have been accepted */
    http->next = NULL;
    bg_admission_accepted(http);
    bufferevent_incref(connection->bev);
    connection->born_us = bg_http_now(http);
    connection->deadline_us = INT64_MAX;
    connection->refused = http->connections_count >= http->options.connections_max;
    http->refused_count += connection->refused;
    list_push(connection);
    if (http->connections_count++ == 0)
        event_add(http->sweep, &(struct timeval){.tv_usec = BG_SWEEP_US});
    if (!bg_connection_prepare(http))
        bg_admission_pause(http, ENOMEM);
    bg_http_update_listening(http);
    event_active(connection->turn, EV_TIMEOUT, 0);
    return connection->bev;
}

static void on_replied(struct evhttp_request *request, void *argument)
{
    struct bg_connection *connection = argument;
    bool waiting = evbuffer_get_length(connection->held) > 0;

    (void)request;
    list_remove(connection);
    list_push(connection);
    bg_connection_set_state(connection, waiting ? BG_CONNECTION_HEAD : BG_CONNECTION_IDLE);
    if (waiting)
        event_active(connection->turn, EV_TIMEOUT, 0);
}

/* A client that has pipelined more requests would keep its place for all their answers while others wait. */
static bool is_in_the_way(const struct bg_connection *connection)
{
    return connection->http->connections_count >= connection->http->options.connections_max && evbuffer_get_length(connection->held) > 0;
}

/* No further request is accepted on this connection. */
static bool is_last(const struct bg_connection *connection)
{
    const struct bg_http *http = connection->http;

    return connection->failure.error != BG_OK || connection->refused || connection->closing || http->ends_us != INT64_MAX ||
           connection->gives_way || bg_http_now(http) >= connection->born_us + http->options.connection_total_ms * 1000;
}

void bg_connection_reply(struct bg_connection *connection, struct evhttp_request *request, int status, const char *head)
{
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    size_t least = strlen(head) + evbuffer_get_length(evhttp_request_get_output_buffer(request));

    connection->call = NULL;
    if (connection->gone != NULL)
        event_del(connection->gone);
    connection->gives_way = is_in_the_way(connection);
    if (is_last(connection))
        evhttp_add_header(headers, "Connection", "close");
    evhttp_add_header(headers, "Date", bg_http_date(connection->http));
    bg_connection_set_state(connection, BG_CONNECTION_REPLYING);
    evhttp_request_set_on_complete_cb(request, on_replied, connection);
    evhttp_send_reply(request, status, head, NULL);
    if (connection->half_closed) /* evhttp would read the end of input before it writes, and close the connection */
        bufferevent_disable(connection->bev, EV_READ);
    connection->output_left = evbuffer_get_length(bufferevent_get_output(connection->bev));
    if (connection->output_left < least) { /* evhttp reports no failure: part or all of the head may be missing */
        connection->reply_lost = true;
        bufferevent_disable(connection->bev, EV_WRITE);
        event_active(connection->turn, EV_TIMEOUT, 0);
    }
}

void bg_connection_lose(struct bg_connection *connection)
{
    connection->call = NULL;
    if (connection->gone != NULL)
        event_del(connection->gone);
    bg_connection_set_state(connection, BG_CONNECTION_REPLYING);
    connection->reply_lost = true;
    bufferevent_disable(connection->bev, EV_WRITE);
    event_active(connection->turn, EV_TIMEOUT, 0);
}

void bg_connection_wait(struct bg_connection *connection, int64_t deadline_us)
{
    connection->deadline_us = deadline_us < connection->http->ends_us ? deadline_us : connection->http->ends_us;
    /* evhttp does neither now, but TLS may still have its own event for writing, and all events of one socket must be edge-triggered, or
     * none. */
    bufferevent_disable(connection->bev, EV_READ | EV_WRITE);
    if (connection->gone == NULL)
        connection->gone = event_new(connection->http->base, bufferevent_getfd(connection->bev), EV_READ | EV_CLOSED | EV_ET | EV_PERSIST,
                                     on_gone, connection);
    if (connection->gone != NULL)
        event_add(connection->gone, NULL);
}

/* A timer, not event_active(): an activated event runs before the loop looks at any socket. */
bool bg_connection_come_back(struct bg_connection *connection)
{
    return event_add(connection->turn, &(struct timeval){.tv_sec = 0}) == 0;
}
