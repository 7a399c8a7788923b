/* test_flights.c: flights by key, tickets by deadline and by end, and the maximum of tickets. */
#include "flights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define TICKETS_MAX 5

static struct bg_ticket *ticket_at(struct bg_flights *flights, struct bg_flight *flight, int64_t deadline_us)
{
    struct bg_ticket *ticket = NULL;
    assert_int_equal(bg_ticket_new(flights, NULL, NULL, &ticket, NULL), BG_OK);
    ticket->deadline_us = deadline_us;
    bg_ticket_wait(flights, ticket, flight);
    return ticket;
}

static struct bg_flight *flight_of(struct bg_flights *flights, const char *key)
{
    struct bg_flight *flight = bg_flight_new(flights, strdup(key));
    assert_non_null(flight);
    return flight;
}

static void flights_are_found_by_key_until_freed(void **state)
{
    (void)state;
    struct bg_flights flights;
    bg_flights_init(&flights, TICKETS_MAX);
    struct bg_flight *a = flight_of(&flights, "a"), *b = flight_of(&flights, "b");
    assert_ptr_equal(bg_flights_find(&flights, "a"), a);
    assert_ptr_equal(bg_flights_find(&flights, "b"), b);
    assert_null(bg_flights_find(&flights, "c"));
    bg_flight_free(&flights, a);
    assert_null(bg_flights_find(&flights, "a"));
    bg_flight_free(&flights, b);
    bg_flight_free(&flights, NULL);
}

static void the_earliest_deadline_is_first_in_whatever_order_they_come(void **state)
{
    (void)state;
    struct bg_flights flights;
    bg_flights_init(&flights, TICKETS_MAX);
    struct bg_flight *flight = flight_of(&flights, "a");
    static const int64_t deadlines[TICKETS_MAX] = {30, 10, 50, 30, 20};
    static const int64_t sorted[TICKETS_MAX] = {10, 20, 30, 30, 50};
    for (size_t i = 0; i < TICKETS_MAX; i++)
        ticket_at(&flights, flight, deadlines[i]);
    assert_int_equal(bg_flight_deadline_us(flight), 50);
    for (size_t i = 0; i < TICKETS_MAX; i++) {
        struct bg_ticket *earliest = TAILQ_FIRST(&flights.by_deadline);
        assert_int_equal(earliest->deadline_us, sorted[i]);
        bg_ticket_free(&flights, earliest);
    }
    assert_true(TAILQ_EMPTY(&flight->tickets));
    bg_flight_free(&flights, flight);
}

static void tickets_are_limited_waiting_and_ended_together(void **state)
{
    (void)state;
    struct bg_flights flights;
    bg_flights_init(&flights, TICKETS_MAX);
    struct bg_flight *flight = flight_of(&flights, "a");
    struct bg_outcome *outcome = bg_outcome_new_answer(json_null());
    for (int i = 0; i < TICKETS_MAX; i++)
        bg_ticket_end(&flights, ticket_at(&flights, flight, i), outcome);
    assert_true(TAILQ_EMPTY(&flights.by_deadline));
    assert_int_equal(flights.ended_count, TICKETS_MAX);
    struct bg_ticket *one_more = NULL;
    struct bg_failure failure = {.error = BG_OK};
    assert_int_equal(bg_ticket_new(&flights, NULL, NULL, &one_more, &failure), BG_TOO_MANY);
    assert_int_equal(failure.error, BG_TOO_MANY);
    assert_null(one_more);
    bg_ticket_free(&flights, TAILQ_FIRST(&flights.ended));
    assert_int_equal(bg_ticket_new(&flights, NULL, NULL, &one_more, NULL), BG_OK);
    bg_ticket_free(&flights, one_more);
    while (!TAILQ_EMPTY(&flights.ended))
        bg_ticket_free(&flights, TAILQ_FIRST(&flights.ended));
    assert_int_equal(flights.tickets_count, 0);
    assert_int_equal(outcome->references, 1);
    bg_outcome_unref(outcome);
    bg_flight_free(&flights, flight);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flights_are_found_by_key_until_freed),
        cmocka_unit_test(the_earliest_deadline_is_first_in_whatever_order_they_come),
        cmocka_unit_test(tickets_are_limited_waiting_and_ended_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
