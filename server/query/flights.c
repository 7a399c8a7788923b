/* flights.c: questions in flight by key, tickets by flight, by deadline and by their end. */
#include "flights.h"

#include "beamgauge/text.h"

#include <assert.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int flight_compare(const void *one, const void *other)
{
    return strcmp(((const struct bg_flight *)one)->key, ((const struct bg_flight *)other)->key);
}

void bg_flights_init(struct bg_flights *flights, size_t tickets_max)
{
    *flights = (struct bg_flights){.tickets_max = tickets_max};
    TAILQ_INIT(&flights->by_deadline);
    TAILQ_INIT(&flights->ended);
    TAILQ_INIT(&flights->counting);
}

struct bg_flight *bg_flights_find(const struct bg_flights *flights, const char *key)
{
    struct bg_flight wanted = {.key = (char *)key};
    struct bg_flight **found = tfind(&wanted, &flights->by_key, flight_compare);
    return found != NULL ? *found : NULL;
}

struct bg_flight *bg_flight_new(struct bg_flights *flights, char *key)
{
    struct bg_flight *flight = calloc(1, sizeof *flight);
    if (flight == NULL)
        return NULL;
    flight->key = key;
    TAILQ_INIT(&flight->tickets);
    if (tsearch(flight, &flights->by_key, flight_compare) == NULL) {
        free(flight);
        return NULL;
    }
    return flight;
}

bool bg_flight_count(struct bg_flights *flights, struct bg_flight *flight, enum bg_counting counting)
{
    const struct bg_flight *other;
    if (flight->counting == counting)
        return true;
    TAILQ_FOREACH(other, &flights->counting, in_counting)
    if (other->counting == counting && strcmp(other->node, flight->node) == 0)
        return false;
    flight->counting = counting;
    TAILQ_INSERT_TAIL(&flights->counting, flight, in_counting);
    return true;
}

void bg_flight_free(struct bg_flights *flights, struct bg_flight *flight)
{
    if (flight == NULL)
        return;
    assert(TAILQ_EMPTY(&flight->tickets));
    tdelete(flight, &flights->by_key, flight_compare);
    if (flight->counting != BG_COUNTS_NONE)
        TAILQ_REMOVE(&flights->counting, flight, in_counting);
    free(flight->key);
    free(flight->node);
    json_decref(flight->args);
    free(flight);
}

/* Every waiting ticket is in by_deadline. A flight counts from its first ticket. */
enum bg_error bg_flights_check_reader(const struct bg_flights *flights, const char *node, uint64_t reader, size_t most,
                                      struct bg_failure *ret_failure)
{
    const size_t half = (most + 1) / 2;
    const struct bg_ticket *ticket;
    size_t count = 0;
    if (reader == 0 || most == 0 || flights->tickets_count < half)
        return BG_OK;
    TAILQ_FOREACH(ticket, &flights->by_deadline, in_time)
    count += ticket->flight->reader == reader && ticket == TAILQ_FIRST(&ticket->flight->tickets) && strcmp(ticket->flight->node, node) == 0;
    if (count >= half)
        return bg_fail(ret_failure, BG_TOO_MANY,
                       "%s questions of yours are in flight on %s, half of what it is asked at once; try again "
                       "in a second",
                       BG_COUNT(count), node);
    return BG_OK;
}

static size_t tickets_of(const struct bg_flights *flights, uint64_t reader)
{
    const struct bg_ticket *ticket;
    size_t count = 0;
    TAILQ_FOREACH(ticket, &flights->by_deadline, in_time)
    count += ticket->reader == reader;
    return count;
}

enum bg_error bg_ticket_new(struct bg_flights *flights, uint64_t reader, bg_query_done *done, void *context, struct bg_ticket **ret_ticket,
                            struct bg_failure *ret_failure)
{
    if (flights->tickets_count >= flights->tickets_max)
        return bg_fail(ret_failure, BG_TOO_MANY, "%s requests wait for answers already; try again in a second",
                       BG_COUNT(flights->tickets_count));
    const size_t half = (flights->tickets_max + 1) / 2;
    if (reader != 0 && flights->tickets_count >= half && tickets_of(flights, reader) >= half)
        return bg_fail(ret_failure, BG_TOO_MANY,
                       "%s requests of yours wait for answers, half of what this service takes at once; try again "
                       "in a second",
                       BG_COUNT(half));
    struct bg_ticket *ticket = calloc(1, sizeof *ticket);
    if (ticket == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    ticket->reader = reader;
    ticket->done = done;
    ticket->context = context;
    flights->tickets_count++;
    *ret_ticket = ticket;
    return BG_OK;
}

static void ticket_leave(struct bg_flights *flights, struct bg_ticket *ticket)
{
    if (ticket->flight != NULL) {
        TAILQ_REMOVE(&ticket->flight->tickets, ticket, in_place);
        TAILQ_REMOVE(&flights->by_deadline, ticket, in_time);
        ticket->flight = NULL;
    } else if (ticket->outcome != NULL) {
        TAILQ_REMOVE(&flights->ended, ticket, in_place);
        flights->ended_count--;
        bg_outcome_unref(ticket->outcome);
        ticket->outcome = NULL;
    }
}

void bg_ticket_free(struct bg_flights *flights, struct bg_ticket *ticket)
{
    if (ticket == NULL)
        return;
    ticket_leave(flights, ticket);
    flights->tickets_count--;
    free(ticket);
}

/* Searched from the end: most callers have the same timeout, so a new deadline is nearly always the latest. */
static void deadline_insert(struct bg_flights *flights, struct bg_ticket *ticket)
{
    struct bg_ticket *before = TAILQ_LAST(&flights->by_deadline, bg_ticket_list);
    while (before != NULL && before->deadline_us > ticket->deadline_us)
        before = TAILQ_PREV(before, bg_ticket_list, in_time);
    if (before != NULL)
        TAILQ_INSERT_AFTER(&flights->by_deadline, before, ticket, in_time);
    else
        TAILQ_INSERT_HEAD(&flights->by_deadline, ticket, in_time);
}

void bg_ticket_wait(struct bg_flights *flights, struct bg_ticket *ticket, struct bg_flight *flight)
{
    assert(ticket->flight == NULL && ticket->outcome == NULL);
    ticket->flight = flight;
    TAILQ_INSERT_TAIL(&flight->tickets, ticket, in_place);
    deadline_insert(flights, ticket);
}

void bg_ticket_end(struct bg_flights *flights, struct bg_ticket *ticket, struct bg_outcome *outcome)
{
    assert(ticket->outcome == NULL);
    ticket_leave(flights, ticket);
    ticket->outcome = bg_outcome_ref(outcome);
    TAILQ_INSERT_TAIL(&flights->ended, ticket, in_place);
    flights->ended_count++;
}

int64_t bg_flight_deadline_us(const struct bg_flight *flight)
{
    int64_t latest = INT64_MIN;
    const struct bg_ticket *ticket;
    TAILQ_FOREACH(ticket, &flight->tickets, in_place)
    if (ticket->deadline_us > latest)
        latest = ticket->deadline_us;
    return latest;
}
