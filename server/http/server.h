/* server.h: the server's own state, shared by the files of this room only. */
#ifndef BG_HTTP_SERVER_H
#define BG_HTTP_SERVER_H

#include "audit.h"
#include "beamgauge/http.h"
#include "counts.h"
#include "gate.h"
#include "guesses.h"
#include "repeats.h"

#include <event2/event.h>
#include <event2/http.h>

#define BG_SWEEP_US 100000 /* how late a deadline may be noticed */

struct bg_connection;
struct bg_reply_cache;

struct bg_http {
    struct event_base *base;
    struct bg_http_options options;
    struct bg_gate gate;
    struct evhttp *evhttp;
    struct evhttp_bound_socket *bound; /* NULL once draining */
    uint16_t port;

    struct bg_token *tokens;
    size_t tokens_count;
    struct bg_reply_cache *cache;
    struct bg_counts counts;

    struct bg_tls *tls;                /* for new connections; NULL: plain HTTP */
    struct bg_connection *next;        /* prepared, waits for its client */
    struct bg_connection *connections; /* a list, lingering ones included. The one that came or was answered last is the first ... */
    struct bg_connection *oldest;      /* ... and the one that has waited longest is the last */
    size_t connections_count;
    size_t refused_count;          /* of these, those without a place */
    size_t waiting_count;          /* of these, those whose request waits for a place, see waiting.h */
    struct event *place;           /* gives places to those that wait */
    size_t calls_count;            /* in flight */
    struct bg_connection *current; /* whose bytes are passed to evhttp now */
    struct evbuffer *handed;       /* for a moment: bytes passed to evhttp that it has not read; see intake.c */
    struct event *sweep, *drained_turn;
    struct bg_http *next_server; /* of those that listen; see server.c */

    struct event *resume;     /* ends a pause in accepting */
    bool accept_paused;       /* the system has just refused a connection */
    bool accept_failing;      /* that was logged, and no connection was accepted after it */
    int64_t accept_logged_us; /* when it was last logged; 0: never */

    uint64_t seed; /* random: nobody can choose which addresses collide in a table */
    struct bg_guesses guesses;
    struct bg_repeats repeats;
    struct bg_audit_budget audit_writes, audit_refusals;

    struct event *last_turn;        /* stops listening, one turn of the loop after draining began */
    int64_t ends_us;                /* the last moment for any answer; INT64_MAX: not draining */
    void (*drained)(void *context); /* NULL: not draining, or called already */
    void *drained_context;

    uint64_t requests_count; /* numbers the request ids */
    char instance[9];        /* random, in every request id */
    char date[40];           /* the Date header, of the second date_s */
    int64_t date_s;
};

int64_t bg_http_now(const struct bg_http *http); /* monotonic, in us */
/* The value of the Date header; made once a second. */
const char *bg_http_date(struct bg_http *http);
/* Stops or resumes accepting, depending on the number of connections. */
void bg_http_update_listening(struct bg_http *http);
/* Calls `drained` when the last connection with a request or an answer has gone. */
void bg_http_check_drained(struct bg_http *http);

#endif
