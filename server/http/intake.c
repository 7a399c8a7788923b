/* intake.c: the path from the socket to evhttp: bytes are held until the gate has passed the whole head that they belong to. */
#include "connection.h"

#include "reply.h"
#include "server.h"

#include "beamgauge/reserve.h"

#include <string.h>

/* Moves bytes to the end of where evhttp reads, unseen by our own watch. A bufferevent for a plain socket freezes its input against other
 * writers, and freezes it again by itself after each read. */
static void append(struct bg_connection *connection, struct evbuffer *from, size_t length)
{
    struct evbuffer *input = bufferevent_get_input(connection->bev);

    evbuffer_cb_clear_flags(input, connection->watch, EVBUFFER_CB_ENABLED);
    evbuffer_unfreeze(input, 0);
    evbuffer_remove_buffer(from, input, length);
    evbuffer_cb_set_flags(input, connection->watch, EVBUFFER_CB_ENABLED);
}

static void hand_over(struct bg_connection *connection, size_t length)
{
    append(connection, connection->held, length);
    connection->is_dispatched = false;
    if (connection->state == BG_CONNECTION_ASKED)
        event_active(connection->turn, EV_TIMEOUT, 0); /* to see whether evhttp has read it */
}

/* Holds the last `added` bytes of the input. The bytes before them were passed on, but evhttp has not been called yet: TLS first reads a
 * whole record, in several pieces. */
static void take_back(struct bg_connection *connection, struct evbuffer *input, size_t added)
{
    struct evbuffer *handed = connection->http->handed;

    evbuffer_cb_clear_flags(input, connection->watch, EVBUFFER_CB_ENABLED);
    if (evbuffer_get_length(input) > added)
        evbuffer_remove_buffer(input, handed, evbuffer_get_length(input) - added);
    evbuffer_add_buffer(connection->held, input);
    if (evbuffer_get_length(handed) > 0)
        append(connection, handed, evbuffer_get_length(handed));
    evbuffer_cb_set_flags(input, connection->watch, EVBUFFER_CB_ENABLED);
}

/* Whether what is held begins with HEAD. */
static void note_method(struct bg_connection *connection)
{
    char first[5] = "";

    evbuffer_copyout(connection->held, first, sizeof first);
    connection->is_head = memcmp(first, "HEAD ", sizeof first) == 0;
}

/* Replaces a request that evhttp must not see with a plain one. */
void bg_intake_refuse(struct bg_connection *connection)
{
    static const char get[] = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", head[] = "HEAD / HTTP/1.1\r\nConnection: close\r\n\r\n";
    struct evbuffer *held = connection->held;

    if (connection->state == BG_CONNECTION_BODY) { /* evhttp has the head already: give it the rest, with any bytes */
        static const char nothing[512];
        for (size_t part; connection->body_left > 0; connection->body_left -= part) {
            part = connection->body_left < sizeof nothing ? connection->body_left : sizeof nothing;
            evbuffer_add(held, nothing, part);
        }
    } else {
        evbuffer_drain(held, evbuffer_get_length(held));
        if (connection->is_head)
            evbuffer_add(held, head, sizeof head - 1);
        else
            evbuffer_add(held, get, sizeof get - 1);
    }
    bg_connection_set_state(connection, BG_CONNECTION_ASKED);
    hand_over(connection, evbuffer_get_length(held));
}

static bool refuse(struct bg_connection *connection, const struct bg_failure *failure)
{
    connection->failure = *failure;
    bg_intake_refuse(connection);
    return true;
}

void bg_intake_turn_away(struct bg_connection *connection)
{
    struct bg_request request = {.place = BG_PLACE_NONE, .is_head = connection->is_head};

    evbuffer_drain(connection->held, evbuffer_get_length(connection->held));
    bg_request_number(connection->http, &request);
    if (connection->state != BG_CONNECTION_ASKED)
        bg_connection_set_state(connection, BG_CONNECTION_ASKED);
    bg_reply_past_evhttp(connection, &request);
}

/* Servers must accept a target in absolute form (RFC 9112, 3.2.2). The gate has checked that its host is that of the Host header, so evhttp
 * gets only the path. Returns by how many bytes the request became shorter. */
static size_t strip_origin(struct bg_connection *connection, char *head, size_t head_length)
{
    const struct bg_gate_span origin = bg_gate_origin(&connection->http->gate, head, head_length);

    memmove(head + origin.length, head, (size_t)(origin.text - head));
    evbuffer_drain(connection->held, origin.length);
    return origin.length;
}

bool bg_intake_next(struct bg_connection *connection)
{
    const struct bg_gate *gate = &connection->http->gate;
    struct evbuffer *held = connection->held;
    size_t length = evbuffer_get_length(held), head_length, body_length;
    size_t looked_at = length < gate->header_max_bytes ? length : gate->header_max_bytes;
    char *bytes = (char *)evbuffer_pullup(held, (ev_ssize_t)looked_at);
    struct bg_failure failure;

    note_method(connection);
    if (bg_reserve_is_short() || bytes == NULL) {
        bg_intake_turn_away(connection);
        return false;
    }
    switch (bg_gate_scan(gate, bytes, looked_at, &head_length, &failure)) {
    case BG_HEAD_PARTIAL:
        if (connection->state != BG_CONNECTION_HEAD)
            bg_connection_set_state(connection, BG_CONNECTION_HEAD);
        return false;
    case BG_HEAD_BAD:
        return refuse(connection, &failure);
    case BG_HEAD_WHOLE:
        break;
    }
    if (bg_gate_check(gate, bytes, head_length, &body_length, &failure) != BG_OK)
        return refuse(connection, &failure);

    const size_t stripped = strip_origin(connection, bytes, head_length);
    const size_t whole = head_length + body_length - stripped;
    length -= stripped;
    connection->body_left = whole > length ? whole - length : 0;
    bg_connection_set_state(connection, connection->body_left > 0 ? BG_CONNECTION_BODY : BG_CONNECTION_ASKED);
    hand_over(connection, whole - connection->body_left);
    return true;
}

/* More of a body: bytes after its end belong to the next request. */
static void take_body(struct bg_connection *connection, struct evbuffer *input, size_t added)
{
    if (added < connection->body_left) {
        connection->body_left -= added;
        return;
    }
    size_t surplus = added - connection->body_left;
    connection->body_left = 0;
    bg_connection_set_state(connection, BG_CONNECTION_ASKED);
    if (surplus > 0) {
        take_back(connection, input, added);
        hand_over(connection, evbuffer_get_length(connection->held) - surplus);
    }
}

/* evhttp does not read while an answer is due, but it does while the answer is written. */
static void take_early(struct bg_connection *connection)
{
    const struct bg_gate *gate = &connection->http->gate;

    if (connection->failure.error != BG_OK)
        evbuffer_drain(connection->held, evbuffer_get_length(connection->held));
    else if (evbuffer_get_length(connection->held) > gate->header_max_bytes + gate->body_max_bytes)
        bufferevent_disable(connection->bev, EV_READ); /* evhttp enables it again for the next request */
}

/* Called when the bufferevent has read, before evhttp's own callback. */
void bg_intake_watch(struct evbuffer *input, const struct evbuffer_cb_info *info, void *argument)
{
    struct bg_connection *connection = argument;

    if (info->n_added == 0)
        return;
    connection->http->current = connection;
    if (connection->state == BG_CONNECTION_HANDSHAKE)
        bg_connection_set_state(connection, BG_CONNECTION_IDLE);
    if (connection->state == BG_CONNECTION_BODY) {
        take_body(connection, input, info->n_added);
        return;
    }
    take_back(connection, input, info->n_added);
    if (connection->state == BG_CONNECTION_IDLE || connection->state == BG_CONNECTION_HEAD)
        bg_intake_next(connection);
    else
        take_early(connection);
}
