/* flights.h: questions in flight, and the tickets of those who wait for them. Only structure: no clock, no event loop, no node. */
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

/* Whether a question may copy lists that are too long to be copied each time. On a node one may at a time, and one more to which it is
 * allowed by name: to copy whatever can be. */
enum bg_counting { BG_COUNTS_NONE, BG_COUNTS_SOME, BG_COUNTS_ANY };

TAILQ_HEAD(bg_flight_list, bg_flight);

/* One question on its way. A flight without tickets is of no use to anyone: whoever takes the last one ends it. */
struct bg_flight {
    char *key;
    struct bg_ticket_list tickets;
    struct bg_queries *queries;
    const struct bg_question *question;
    char *node;
    uint64_t reader;            /* who asked first: the flight takes one of his places on the node */
    json_t *args;               /* of the question */
    struct bg_inquiry *inquiry; /* NULL while it is not on a link */
    int64_t sent_us;
    struct bg_incarnation at; /* of whom what is known is meant */
    enum bg_counting counting;
    TAILQ_ENTRY(bg_flight) in_counting;
    const struct bg_native *native; /* what was sent, of a native question */
    struct bg_flight_list *waiting; /* the list of those that it waits among for its node's preflight, or NULL */
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
/* NULL where there is none. */
struct bg_flight *bg_flights_find(const struct bg_flights *flights, const char *key);
/* Takes `key` for its own; NULL, and the key not taken, without memory. */
struct bg_flight *bg_flight_new(struct bg_flights *flights, char *key);
/* False where another question is doing the same on that node. Once is enough for a flight. */
bool bg_flight_count(struct bg_flights *flights, struct bg_flight *flight, enum bg_counting counting);
/* Its tickets must have gone. */
void bg_flight_free(struct bg_flights *flights, struct bg_flight *flight);

/* Whether the reader may have one more question in flight on the node: BG_TOO_MANY where he has half of `most` already. */
enum bg_error bg_flights_check_reader(const struct bg_flights *flights, const char *node, uint64_t reader, size_t most,
                                      struct bg_failure *ret_failure) BG_MUST_CHECK;
/* In no place yet. BG_TOO_MANY at the maximum, and where the reader has half of all. */
enum bg_error bg_ticket_new(struct bg_flights *flights, uint64_t reader, bg_query_done *done, void *context, struct bg_ticket **ret_ticket,
                            struct bg_failure *ret_failure) BG_MUST_CHECK;
void bg_ticket_free(struct bg_flights *flights, struct bg_ticket *ticket);
void bg_ticket_wait(struct bg_flights *flights, struct bg_ticket *ticket, struct bg_flight *flight);
/* From waiting, or from no place, to ended; takes a reference of its own. */
void bg_ticket_end(struct bg_flights *flights, struct bg_ticket *ticket, struct bg_outcome *outcome);
/* The latest deadline of those who wait for it. */
int64_t bg_flight_deadline_us(const struct bg_flight *flight);

#endif
