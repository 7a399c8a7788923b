/* closing.c: ends connections: those with a timeout, those evicted for others, and all of them when the server stops. */
#include "connection.h"

#include "admission.h"
#include "call.h"
#include "secure.h"
#include "server.h"
#include "waiting.h"

#include <assert.h>
#include <sys/ioctl.h>

/* A slow reader is kept as long as it reads something, within the connection's whole time. */
static bool is_reading(struct bg_connection *connection, int64_t now_us)
{
    const struct bg_http_options *options = &connection->http->options;
    size_t left = evbuffer_get_length(bufferevent_get_output(connection->bev));

    if (left >= connection->output_left || now_us >= connection->born_us + options->connection_total_ms * 1000)
        return false;
    connection->output_left = left;
    connection->deadline_us = now_us + options->connection_idle_ms * 1000;
    return true;
}

/* No callback comes at the end of a handshake if the client sends nothing after it. */
static void note_progress(struct bg_connection *connection)
{
    if (connection->state == BG_CONNECTION_HANDSHAKE && bg_secure_is_ready(connection->bev))
        bg_connection_set_state(connection, BG_CONNECTION_IDLE);
}

/* True if the client has read nothing of its answer for this long. */
static bool is_stalled(struct bg_connection *connection)
{
    const size_t left = evbuffer_get_length(bufferevent_get_output(connection->bev));
    const int64_t now_us = bg_http_now(connection->http);

    if (connection->stall_us == 0 || left != connection->stall_left) {
        connection->stall_us = now_us;
        connection->stall_left = left;
    }
    return left > 0 && now_us - connection->stall_us >= BG_STALL_US;
}

enum bg_connection_loss bg_connection_loss(struct bg_connection *connection)
{
    note_progress(connection);
    switch (connection->state) {
    case BG_CONNECTION_LINGERING:
        return BG_LOSS_NOTHING;
    case BG_CONNECTION_HEAD: /* a whole request may wait for its turn */
        return event_pending(connection->turn, EV_TIMEOUT, NULL) ? BG_LOSS_ANSWER : BG_LOSS_PART;
    case BG_CONNECTION_HANDSHAKE:
    case BG_CONNECTION_BODY:
        return BG_LOSS_PART;
    case BG_CONNECTION_IDLE:
        return connection->asked_us == 0 ? BG_LOSS_PART : BG_LOSS_IDLE;
    case BG_CONNECTION_REPLYING:
        return is_stalled(connection) ? BG_LOSS_PART : BG_LOSS_ANSWER;
    case BG_CONNECTION_NEW:
    case BG_CONNECTION_ASKED:
    case BG_CONNECTION_CLOSED:
        break;
    }
    return BG_LOSS_ANSWER;
}

bool bg_connection_has_unread(const struct bg_connection *connection)
{
    int count = 0;

    return (connection->state == BG_CONNECTION_IDLE || connection->state == BG_CONNECTION_HANDSHAKE) &&
           ioctl(bufferevent_getfd(connection->bev), FIONREAD, &count) == 0 && count > 0;
}

void bg_connection_evict(struct bg_connection *connection)
{
    assert(bg_connection_loss(connection) != BG_LOSS_ANSWER);
    if (connection->state == BG_CONNECTION_LINGERING)
        bg_connection_free(connection);
    else
        evhttp_connection_free(connection->evcon);
}

static void expire(struct bg_connection *connection, int64_t now_us)
{
    switch (connection->state) {
    case BG_CONNECTION_HEAD:
    case BG_CONNECTION_BODY:
        bg_fail(&connection->failure, BG_REQUEST_TIMEOUT, "The request was not whole within %lld ms.",
                (long long)connection->http->options.request_ms);
        connection->http->current = connection;
        bg_intake_refuse(connection);
        bufferevent_trigger(connection->bev, EV_READ, 0);
        break;
    case BG_CONNECTION_ASKED:
        if (connection->call != NULL)
            bg_call_expire(connection->call);
        else if (connection->waiting != NULL)
            bg_waiting_expire(connection);
        else
            evhttp_connection_free(connection->evcon);
        break;
    case BG_CONNECTION_REPLYING:
        if (!is_reading(connection, now_us))
            evhttp_connection_free(connection->evcon);
        break;
    case BG_CONNECTION_LINGERING:
        bg_connection_free(connection);
        break;
    case BG_CONNECTION_HANDSHAKE:
    case BG_CONNECTION_IDLE:
        evhttp_connection_free(connection->evcon);
        break;
    case BG_CONNECTION_NEW:
    case BG_CONNECTION_CLOSED:
        break;
    }
}

/* evhttp's timeout is one of inactivity: a client that sends a byte now and then never reaches it. These deadlines are absolute. */
void bg_connections_sweep(struct bg_http *http)
{
    int64_t now_us = bg_http_now(http);
    struct bg_connection *next;

    for (struct bg_connection *connection = http->connections; connection != NULL; connection = next) {
        next = connection->next;
        note_progress(connection);
        if (now_us >= connection->deadline_us)
            expire(connection, now_us);
    }
    bg_waiting_look(http);
    bg_admission_retry(http);
    if (http->connections_count == 0)
        event_del(http->sweep);
}

/* A client that has just connected, or had an answer just now, is probably about to ask: closing would reset its request. */
static void drain(struct bg_connection *connection)
{
    const bool is_idle = connection->state == BG_CONNECTION_IDLE || connection->state == BG_CONNECTION_HANDSHAKE;
    const int64_t until_us = connection->state_us + BG_LAST_IDLE_US;
    const int64_t most_us = is_idle && until_us < connection->http->ends_us ? until_us : connection->http->ends_us;

    if (is_idle && until_us <= bg_http_now(connection->http) && !bg_connection_has_unread(connection))
        evhttp_connection_free(connection->evcon);
    else if (connection->deadline_us > most_us && connection->state != BG_CONNECTION_CLOSED)
        connection->deadline_us = most_us;
}

void bg_connections_drain(struct bg_http *http)
{
    struct bg_connection *next;

    for (struct bg_connection *connection = http->connections; connection != NULL; connection = next) {
        next = connection->next;
        drain(connection);
    }
}

void bg_connections_free(struct bg_http *http)
{
    struct bg_connection *next;

    for (struct bg_connection *connection = http->connections; connection != NULL; connection = next) {
        next = connection->next;
        bg_connection_free(connection);
    }
}
