/* queries_fixture.h: queries over a fake node, a clock moved by hand, and callers that remember their results. */
#ifndef BEAMGAUGE_TESTS_QUERIES_FIXTURE_H
#define BEAMGAUGE_TESTS_QUERIES_FIXTURE_H

#include "beamgauge/metrics.h"
#include "beamgauge/query.h"
#include "fake_nodes.h"

#define NODE_NAME "shop@host"
#define TIMEOUT_MS 20 /* short, since the loop's own timer has to fire as well */
#define ANSWERS_MAX 4
#define WAITING_MAX 1000

struct fixture {
    struct event_base *base;
    int64_t now_us;
    struct bg_clock clock;
    struct bg_nodes nodes;
    struct bg_metrics *metrics;
    struct bg_queries *queries;
};

struct asker {
    struct bg_ticket *ticket;
    size_t told_count;
    enum bg_error error;
    json_int_t number; /* of the answer */
    struct bg_answer answer;
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
/* Moves the clock and lets the loop do what is due at once. */
void fixture_pass(struct fixture *fixture, int64_t ms);
/* Moves the clock past a deadline of TIMEOUT_MS and waits for the loop's timer. */
void fixture_pass_deadline(struct fixture *fixture);
/* {ok, number}, a number under 256. */
void fixture_answer(struct fixture *fixture, size_t index, int number);

/* Asks `question` with {"x": x}; must be taken. */
void asker_ask(struct fixture *fixture, struct asker *asker, const char *question, int x, int64_t max_age_ms, int64_t timeout_ms);
enum bg_error asker_try(struct fixture *fixture, struct asker *asker, const struct bg_query_request *request);
void asker_told(void *context, const struct bg_failure *failure, const struct bg_answer *answer); /* a bg_query_done */

#endif
