/* connection.h: one client's connection, around evhttp's own: the strict gate in front of it, deadlines, and its end.
 *
 * evhttp sees only what the gate has passed. Bytes read from the socket go to `held`; a whole head that passes goes on together with its
 * body, and what follows waits until the answer is sent:
 *
 *      socket -> bufferevent's input -> held -> (gate) -> bufferevent's input -> evhttp
 *
 * A head that does not pass is dropped, and evhttp gets a plain `GET /` instead. The answer to that is our problem document, and the
 * connection ends as any other does. So evhttp's own error pages are never sent. */
#ifndef BG_HTTP_CONNECTION_H
#define BG_HTTP_CONNECTION_H

#include "beamgauge/error.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdint.h>

struct bg_call;
struct bg_http;

enum bg_connection_state {
    BG_CONNECTION_NEW,       /* not accepted, or accepted in this turn of the loop; evhttp's object is not known yet */
    BG_CONNECTION_HANDSHAKE, /* the TLS handshake is not over yet; `held` is empty */
    BG_CONNECTION_IDLE,      /* no byte of the next request has come; `held` is empty */
    BG_CONNECTION_HEAD,      /* `held` has the beginning of a request, or a whole request that waits for its turn */
    BG_CONNECTION_BODY,      /* the head is with evhttp, `body_left` bytes are still to come; `held` is empty */
    BG_CONNECTION_ASKED,     /* evhttp has a whole request; `call` is its call, if it did not end at once */
    BG_CONNECTION_REPLYING,  /* the answer is being written */
    BG_CONNECTION_CLOSED,    /* evhttp has released it; we free it in the next turn of the loop */
    BG_CONNECTION_LINGERING, /* the answer is sent; further input is dropped, so that the client does not lose the answer by a reset */
};

#define BG_REFUSED_US 1000000  /* how long a connection over connections_max has for its request, and for a place */
#define BG_LAST_IDLE_US 500000 /* how long a connection may be idle when the server stops */
#define BG_STALL_US 2000000 /* a client that reads nothing of its answer for this long can be evicted like one that sent half a request */

/* What is lost if a connection is evicted for another that needs its place: the least first. */
enum bg_connection_loss {
    BG_LOSS_NOTHING, /* the answer is sent, see LINGERING */
    BG_LOSS_PART,   /* an incomplete request (the first or a later one), an incomplete handshake, or an answer that the client does not read
                     */
    BG_LOSS_IDLE,   /* idle after an answer; another request may come */
    BG_LOSS_ANSWER, /* an answer is due: it keeps its place */
};

struct bg_connection {
    struct bg_connection *next, *previous; /* see http->connections */
    struct bg_http *http;
    enum bg_connection_state state;
    struct bufferevent *bev;         /* we hold a reference, so that it and its socket outlive evhttp's connection */
    struct evhttp_connection *evcon; /* NULL while NEW and from CLOSED on */
    struct evbuffer *held;
    struct evbuffer_cb_entry *watch; /* on the bufferevent's input */
    struct event *turn;              /* goes on in the next turn of the loop, outside of evhttp's callbacks */
    struct event *gone;              /* notices if the client disconnects while its call is in flight */
    int64_t born_us, state_us;       /* when it came, and when its state last changed */
    int64_t deadline_us;             /* of the state; INT64_MAX: none */
    int64_t asked_us;                /* when the request was whole */
    size_t body_left;
    size_t output_left; /* bytes not yet written at the last look, while REPLYING */
    size_t stall_left;  /* the same, to see for how long the client has read nothing: */
    int64_t stall_us;   /* since then; 0: not looked at yet */
    struct bg_call *call;
    uint64_t reader; /* the client's address as a number, see bg_admission_check() */
    char peer[48];   /* the client's address, for the log */
    bool refused;    /* over connections_max: if that is still so, the first request is answered 429, except a health request */
    bool has_waited; /* for a place, see waiting.h; it does not wait twice */
    struct evhttp_request *waiting; /* its request, which waits for a place; NULL: none */
    bool speaks_11;                 /* the last request was HTTP/1.1: the client knows interim responses */
    bool closing;                   /* the client wants no further answer after this one */
    bool gives_way;                 /* after this answer, although more requests were pipelined: others wait for its place */
    bool half_closed;               /* the client sends nothing more, but may still wait for its answer */
    bool is_dispatched;             /* evhttp has parsed the request that it was given */
    bool is_head;                   /* that request is a HEAD: its answer has no body */
    bool reply_lost;                /* no memory for the whole reply, or for one by way of evhttp */
    struct bg_failure failure;      /* of the request, which it answers; BG_OK: none */
};

/* Prepares the next connection, before its client comes. Without memory for it no client is accepted, since evhttp would serve that client
 * itself, without the gate and without TLS. True if one is ready. */
bool bg_connection_prepare(struct bg_http *http);
/* The same after http->tls was changed. False: no memory, and the previous one is still ready. */
bool bg_connection_exchange(struct bg_http *http);
/* Drops the prepared connection. */
void bg_connection_unprepare(struct bg_http *http);
/* evhttp asks for a bufferevent for a new connection; argument is the bg_http. */
struct bufferevent *bg_connection_accept(struct event_base *base, void *argument);
void bg_connection_set_state(struct bg_connection *connection, enum bg_connection_state state);
/* It was over connections_max and has a place now, and so the usual time for its request. */
void bg_connection_admit(struct bg_connection *connection);
/* Sends the answer; its body is in the request's output buffer. The request is evhttp's again afterwards. */
void bg_connection_reply(struct bg_connection *connection, struct evhttp_request *request, int status, const char *head);
/* Ends it in the next turn of the loop, instead of bg_connection_reply(): the answer was sent past evhttp, or there is none. */
void bg_connection_lose(struct bg_connection *connection);
/* A call is in flight: notices if the client disconnects; after deadline_us the call ends with 504. */
void bg_connection_wait(struct bg_connection *connection, int64_t deadline_us);
/* Writes the answer of the call in flight after all others have had a turn. False if memory ran out. */
bool bg_connection_come_back(struct bg_connection *connection);
/* Frees a connection that evhttp has released. */
void bg_connection_free(struct bg_connection *connection);

/* closing.c */
enum bg_connection_loss bg_connection_loss(struct bg_connection *connection);
/* Bytes have come for which no callback has run yet. */
bool bg_connection_has_unread(const struct bg_connection *connection);
/* Closes it at once, without an answer; not for BG_LOSS_ANSWER. */
void bg_connection_evict(struct bg_connection *connection);
void bg_connections_sweep(struct bg_http *http);
void bg_connections_drain(struct bg_http *http);
void bg_connections_free(struct bg_http *http); /* after evhttp_free() */

/* intake.c */
void bg_intake_watch(struct evbuffer *input, const struct evbuffer_cb_info *info, void *argument);
/* Checks the held bytes; true if evhttp was given something. */
bool bg_intake_next(struct bg_connection *connection);
/* Answers the unfinished request with `failure` and ends the connection; the caller triggers reading. */
void bg_intake_refuse(struct bg_connection *connection);
/* Memory is short: answers the request 500 no_memory past evhttp, and ends the connection. */
void bg_intake_turn_away(struct bg_connection *connection);

#endif
