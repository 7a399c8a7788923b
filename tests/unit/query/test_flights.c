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
    assert_int_equal(bg_ticket_new(flights, 0, NULL, NULL, &ticket, NULL), BG_OK);
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
    assert_int_equal(bg_ticket_new(&flights, 0, NULL, NULL, &one_more, &failure), BG_TOO_MANY);
    assert_int_equal(failure.error, BG_TOO_MANY);
    assert_null(one_more);
    bg_ticket_free(&flights, TAILQ_FIRST(&flights.ended));
    assert_int_equal(bg_ticket_new(&flights, 0, NULL, NULL, &one_more, NULL), BG_OK);
    bg_ticket_free(&flights, one_more);
    while (!TAILQ_EMPTY(&flights.ended))
        bg_ticket_free(&flights, TAILQ_FIRST(&flights.ended));
    assert_int_equal(flights.tickets_count, 0);
    assert_int_equal(outcome->references, 1);
    bg_outcome_unref(outcome);
    bg_flight_free(&flights, flight);
}

static void a_reader_has_half_of_all_tickets(void **state)
{
    (void)state;
    struct bg_flights flights;
    struct bg_ticket *tickets[4] = {NULL}, *more = NULL;
    struct bg_failure failure;
    bg_flights_init(&flights, 4);
    struct bg_flight *flight = bg_flight_new(&flights, strdup("key"));
    for (int i = 0; i < 4; i++) {
        uint64_t reader = i < 2 ? 7 : 8;
        assert_int_equal(bg_ticket_new(&flights, reader, NULL, NULL, &tickets[i], NULL), BG_OK);
        bg_ticket_wait(&flights, tickets[i], flight);
        if (i == 1)
            assert_int_equal(bg_ticket_new(&flights, 7, NULL, NULL, &more, &failure), BG_TOO_MANY);
    }
    assert_non_null(strstr(failure.text, "2 requests of yours"));
    for (int i = 0; i < 4; i++)
        bg_ticket_free(&flights, tickets[i]);
    bg_flight_free(&flights, flight);
}

static void a_reader_has_half_of_a_nodes_places(void **state)
{
    (void)state;
    struct bg_flights flights;
    struct bg_ticket *tickets[4];
    struct bg_flight *list[4];
    char key[8];
    bg_flights_init(&flights, 100);
    for (int i = 0; i < 4; i++) { /* three of reader 7, one of them on another node; one of reader 8 */
        snprintf(key, sizeof key, "%d", i);
        list[i] = bg_flight_new(&flights, strdup(key));
        list[i]->node = strdup(i == 2 ? "c@d" : "a@b");
        list[i]->reader = i == 3 ? 8 : 7;
        assert_int_equal(bg_ticket_new(&flights, list[i]->reader, NULL, NULL, &tickets[i], NULL), BG_OK);
        bg_ticket_wait(&flights, tickets[i], list[i]);
    }
    assert_int_equal(bg_flights_check_reader(&flights, "a@b", 7, 4, NULL), BG_TOO_MANY);
    assert_int_equal(bg_flights_check_reader(&flights, "a@b", 8, 4, NULL), BG_OK);
    assert_int_equal(bg_flights_check_reader(&flights, "c@d", 7, 4, NULL), BG_OK);
    assert_int_equal(bg_flights_check_reader(&flights, "a@b", 7, 6, NULL), BG_OK);
    for (int i = 0; i < 4; i++) {
        bg_ticket_free(&flights, tickets[i]);
        bg_flight_free(&flights, list[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flights_are_found_by_key_until_freed),
        cmocka_unit_test(the_earliest_deadline_is_first_in_whatever_order_they_come),
        cmocka_unit_test(tickets_are_limited_waiting_and_ended_together),
        cmocka_unit_test(a_reader_has_half_of_all_tickets),
        cmocka_unit_test(a_reader_has_half_of_a_nodes_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
