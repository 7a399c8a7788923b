/* queries_fixture.c: queries over a fake node, a clock moved by hand, and the questions there are in these tests. */
#include "queries_fixture.h"

#include "question.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <event2/event.h>

const struct bg_question bg_questions[] = {
    {.name = "memory", .forms = (const uint8_t *)"MM", .forms_length = 2},
    {.name = "scan", .forms = (const uint8_t *)"SSS", .forms_length = 3},
};
const size_t bg_questions_count = 2;
const struct bg_module bg_modules[1];
const size_t bg_modules_count = 0;

static int64_t clock_monotonic(void *context)
{
    return ((struct fixture *)context)->now_us;
}

static int64_t clock_wall(void *context)
{
    return ((struct fixture *)context)->now_us / 1000 + 1000000;
}

int fixture_setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    assert_non_null(fixture);
    fixture->base = event_base_new();
    fixture->now_us = 5000000;
    fixture->clock = (struct bg_clock){clock_monotonic, clock_wall, fixture};
    fake_nodes_init(&fixture->nodes, NODE_NAME);
    fixture->metrics = bg_metrics_new();
    struct bg_queries_options options = {.answers_max = ANSWERS_MAX,
                                         .answers_max_bytes = 1 << 20,
                                         .waiting_max = WAITING_MAX,
                                         .probe_heap_bytes = 8000,
                                         .metrics = fixture->metrics};
    assert_int_equal(bg_queries_new(fixture->base, &fixture->clock, &fixture->nodes, &options, &fixture->queries, NULL), BG_OK);
    *state = fixture;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    bg_queries_free(fixture->queries);
    bg_metrics_free(fixture->metrics);
    fake_nodes_done(&fixture->nodes);
    event_base_free(fixture->base);
    free(fixture);
    return 0;
}

/* One turn of the loop; EVLOOP_NONBLOCK alone would go on as long as there is work. */
static void loop_turn(struct fixture *fixture)
{
    event_base_loop(fixture->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

void fixture_pass(struct fixture *fixture, int64_t ms)
{
    fixture->now_us += ms * 1000;
    loop_turn(fixture);
}

void fixture_pass_deadline(struct fixture *fixture)
{
    fixture->now_us += TIMEOUT_MS * 1000;
    event_base_loop(fixture->base, EVLOOP_ONCE); /* the timer */
    loop_turn(fixture);
}

void fixture_answer(struct fixture *fixture, size_t index, int number)
{
    uint8_t term[] = {131, 'h', 2, 'w', 2, 'o', 'k', 'a', (uint8_t)number};
    fake_nodes_answer(&fixture->nodes, index, term, sizeof term);
}

void asker_told(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct asker *asker = context;
    assert_true((failure == NULL) != (answer == NULL));
    asker->told_count++;
    asker->ticket = NULL;
    asker->error = failure != NULL ? failure->error : BG_OK;
    if (answer == NULL)
        return;
    asker->answer = *answer;
    asker->number = json_integer_value(answer->data);
}

enum bg_error asker_try(struct fixture *fixture, struct asker *asker, const struct bg_query_request *request)
{
    struct bg_failure failure = {.error = BG_OK};
    *asker = (struct asker){.error = BG_ERROR_COUNT};
    enum bg_error error = bg_query_ask(fixture->queries, request, asker_told, asker, &asker->ticket, &failure);
    assert_int_equal(asker->told_count, 0);
    assert_int_equal(failure.error, error);
    assert_true((error == BG_OK) == (asker->ticket != NULL));
    return error;
}

void asker_ask(struct fixture *fixture, struct asker *asker, const char *question, int x, int64_t max_age_ms, int64_t timeout_ms)
{
    json_t *args = json_pack("{s:i}", "x", x);
    struct bg_query_request request = {NODE_NAME, question, args, max_age_ms, timeout_ms, 0, false};
    assert_int_equal(asker_try(fixture, asker, &request), BG_OK);
    json_decref(args);
}
