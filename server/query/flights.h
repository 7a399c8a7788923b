/* flights.h: questions in flight, and the tickets of waiting callers. Only data structures: no clock, no event loop, no node. */
#ifndef BEAMGAUGE_QUERY_FLIGHTS_H
#define BEAMGAUGE_QUERY_FLIGHTS_H

#include "beamgauge/query.h"
#include "ledger.h"
#include "outcome.h"
#include "question.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

/*
 * A ticket is in one of two places, and `flight` says in which:
 *   waiting   flight != NULL, outcome == NULL   in flight->tickets and in by_deadline
 *   ended     flight == NULL, outcome != NULL   in `ended`, until `done` is called
 */
struct bg_ticket {
    struct bg_queries *queries;
    bg_query_done *done;
    void *context;
    uint64_t reader;
    int64_t deadline_us, timeout_ms;
    bool shared;
    struct bg_flight *flight;
    struct bg_outcome *outcome;
    TAILQ_ENTRY(bg_ticket) in_place, in_time;
};
TAILQ_HEAD(bg_ticket_list, bg_ticket);

/* Whether a question may copy lists that are too long to be copied each time. On a node one question may at a time, and one more with
 * explicit permission: it may copy all that is possible. */
enum bg_counting { BG_COUNTS_NONE, BG_COUNTS_SOME, BG_COUNTS_ANY };

TAILQ_HEAD(bg_flight_list, bg_flight);

/* A question in flight. A flight without tickets is useless: the code that removes the last ticket ends it. */
struct bg_flight {
    char *key;
    struct bg_ticket_list tickets;
    struct bg_queries *queries;
    const struct bg_question *question;
    char *node;
    uint64_t reader;            /* the first caller: the flight uses one of its places on the node */
    json_t *args;               /* of the question */
    struct bg_inquiry *inquiry; /* NULL while it is not sent over a link */
    int64_t sent_us;
    struct bg_incarnation at; /* the incarnation that known data belongs to */
    enum bg_counting counting;
    TAILQ_ENTRY(bg_flight) in_counting;
    const struct bg_native *native; /* the calls that were sent, for a native question */
    struct bg_flight_list *waiting; /* the list of flights that wait for their node's preflight, or NULL */
    TAILQ_ENTRY(bg_flight) in_waiting;
};

struct bg_flights {
    void *by_key;                      /* a tsearch(3) tree of flights; no more of them than tickets */
    struct bg_ticket_list by_deadline; /* first: the earliest */
    struct bg_ticket_list ended;       /* in the order they ended */
    struct bg_flight_list counting;    /* those that may count long lists; two a node at most */
    size_t tickets_count, tickets_max; /* waiting and ended together */
    size_t ended_count;
};

void bg_flights_init(struct bg_flights *flights, size_t tickets_max);
/* NULL if there is none. */
struct bg_flight *bg_flights_find(const struct bg_flights *flights, const char *key);
/* Takes over `key`; without memory it returns NULL and does not. */
struct bg_flight *bg_flight_new(struct bg_flights *flights, char *key);
/* False if another question does the same on this node. One call per flight is enough. */
bool bg_flight_count(struct bg_flights *flights, struct bg_flight *flight, enum bg_counting counting);
/* It must have no tickets. */
void bg_flight_free(struct bg_flights *flights, struct bg_flight *flight);

/* Whether the reader may have one more question in flight on the node: BG_TOO_MANY if it has half of `most` already. */
enum bg_error bg_flights_check_reader(const struct bg_flights *flights, const char *node, uint64_t reader, size_t most,
                                      struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Not in a list yet. BG_TOO_MANY at the maximum, or if the reader has half of all. */
enum bg_error bg_ticket_new(struct bg_flights *flights, uint64_t reader, bg_query_done *done, void *context, struct bg_ticket **ret_ticket,
                            struct bg_failure *ret_failure) BG_MUST_CHECK;
void bg_ticket_free(struct bg_flights *flights, struct bg_ticket *ticket);
void bg_ticket_wait(struct bg_flights *flights, struct bg_ticket *ticket, struct bg_flight *flight);
/* Moves it from waiting, or from no list, to ended; takes its own reference. */
void bg_ticket_end(struct bg_flights *flights, struct bg_ticket *ticket, struct bg_outcome *outcome);
/* The latest deadline of its waiting tickets. */
int64_t bg_flight_deadline_us(const struct bg_flight *flight);

#endif
