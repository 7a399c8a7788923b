/* test_queries.c: asking with sharing: the cache, joining, deadlines, cancelling, failures and maxima. */
#include "queries_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG_MS 5000

static struct bg_queries_stats stats_of(const struct fixture *fixture)
{
    struct bg_queries_stats stats;
    bg_queries_stats(fixture->queries, &stats);
    return stats;
}

static void a_question_goes_out_and_its_answer_comes_back(void **state)
{
    struct fixture *fixture = *state;
    static struct asker asker;
    asker_ask(fixture, &asker, "scan", 1, 1000, LONG_MS);
    fixture_pass(fixture, 30);
    assert_int_equal(asker.told_count, 0);
    fixture_answer(fixture, 0, 42);
    fixture_pass(fixture, 2);
    assert_int_equal(asker.told_count, 1);
    assert_int_equal(asker.error, BG_OK);
    assert_int_equal(asker.number, 42);
    assert_int_equal(asker.answer.duration_ms, 30);
    assert_int_equal(asker.answer.age_ms, 2);
    assert_int_equal(asker.answer.rpc_us, 77);
    assert_int_equal(asker.answer.collected_us, 5030000);
    assert_int_equal(asker.answer.collected_wall_ms, 1005030);
    assert_false(asker.answer.shared);
}

static void a_node_is_given_forms_arguments_deadline_and_heap(void **state)
{
    struct fixture *fixture = *state;
    static struct asker asker;
    asker_ask(fixture, &asker, "scan", 7, 0, LONG_MS);
    static const char expected[] = "t\0\0\0\2m\0\0\0\1xa\7m\0\0\0\x0atimeout_msb\0\0\x13\x88";
    const struct bg_inquiry *inquiry = &fixture->nodes.inquiries[0];
    assert_int_equal(inquiry->forms_length, 3);
    assert_memory_equal(inquiry->forms, "SSS", 3);
    assert_int_equal(inquiry->args_length, sizeof expected - 1);
    assert_memory_equal(inquiry->args, expected, sizeof expected - 1);
    assert_int_equal(inquiry->timeout_ms, LONG_MS);
    assert_int_equal(inquiry->max_heap_words, 1000);
}

static void no_arguments_become_a_map_of_the_deadline(void **state)
{
    struct fixture *fixture = *state;
    static struct asker asker;
    assert_int_equal(asker_try(fixture, &asker, &(struct bg_query_request){NODE_NAME, "memory", NULL, 0, LONG_MS, 0, false}), BG_OK);
    assert_memory_equal(fixture->nodes.inquiries[0].args, "t\0\0\0\1m\0\0\0\x0atimeout_ms", 20);
}

static void an_answer_fresh_enough_is_reused_but_not_from_inside_the_call(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second;
    asker_ask(fixture, &first, "scan", 1, 1000, LONG_MS);
    fixture_answer(fixture, 0, 42);
    fixture_pass(fixture, 1000);
    asker_ask(fixture, &second, "scan", 1, 1000, LONG_MS);
    assert_int_equal(second.told_count, 0);
    fixture_pass(fixture, 0);
    assert_int_equal(second.told_count, 1);
    assert_int_equal(second.number, 42);
    assert_int_equal(second.answer.age_ms, 1000);
    assert_true(second.answer.shared);
    assert_int_equal(fixture->nodes.asked_count, 1);
    assert_int_equal(stats_of(fixture).cached_count, 1);
}

static void an_answer_too_old_is_asked_anew(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second, third;
    asker_ask(fixture, &first, "scan", 1, 1000, LONG_MS);
    fixture_answer(fixture, 0, 42);
    fixture_pass(fixture, 1001);
    asker_ask(fixture, &second, "scan", 1, 1000, LONG_MS);
    fixture_answer(fixture, 1, 43);
    fixture_pass(fixture, 0);
    assert_int_equal(second.number, 43);
    asker_ask(fixture, &third, "scan", 1, 0, LONG_MS);
    assert_int_equal(fixture->nodes.asked_count, 3);
}

static void other_arguments_are_another_question(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second, third;
    asker_ask(fixture, &first, "scan", 1, 1000, LONG_MS);
    asker_ask(fixture, &second, "scan", 2, 1000, LONG_MS);
    asker_ask(fixture, &third, "memory", 1, 1000, LONG_MS);
    assert_int_equal(fixture->nodes.asked_count, 3);
    fixture_answer(fixture, 1, 2);
    fixture_pass(fixture, 0);
    assert_int_equal(first.told_count + third.told_count, 0);
    assert_int_equal(second.number, 2);
}

static void an_answer_of_an_older_incarnation_is_never_served(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second;
    asker_ask(fixture, &first, "scan", 1, 1000, LONG_MS);
    fixture_answer(fixture, 0, 42);
    fixture_pass(fixture, 0);
    fixture->nodes.info.generation = 2;
    asker_ask(fixture, &second, "scan", 1, 1000, LONG_MS);
    assert_int_equal(fixture->nodes.asked_count, 2);
    fixture_answer(fixture, 1, 43);
    fixture_pass(fixture, 0);
    assert_int_equal(second.number, 43);
}

static void nothing_is_served_from_the_cache_while_the_link_is_down(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second;
    asker_ask(fixture, &first, "scan", 1, 1000, LONG_MS);
    fixture_answer(fixture, 0, 42);
    fixture_pass(fixture, 0);
    fixture->nodes.info.state = BG_LINK_WAITING;
    fixture->nodes.ask_error = BG_NODE_UNREACHABLE;
    json_t *args = json_pack("{s:i}", "x", 1);
    struct bg_query_request request = {NODE_NAME, "scan", args, 1000, LONG_MS, 0, false};
    assert_int_equal(asker_try(fixture, &second, &request), BG_NODE_UNREACHABLE);
    json_decref(args);
}

static void a_thousand_identical_asks_make_one_rpc(void **state)
{
    struct fixture *fixture = *state;
    static struct asker askers[WAITING_MAX];
    for (size_t i = 0; i < WAITING_MAX; i++)
        asker_ask(fixture, &askers[i], "scan", 1, 0, LONG_MS);
    assert_int_equal(fixture->nodes.asked_count, 1);
    fixture_answer(fixture, 0, 42);
    fixture_pass(fixture, 0);
    for (size_t i = 0; i < WAITING_MAX; i++) {
        assert_int_equal(askers[i].told_count, 1);
        assert_int_equal(askers[i].number, 42);
        assert_ptr_equal(askers[i].answer.data, askers[0].answer.data);
        assert_int_equal(askers[i].answer.shared, i > 0);
    }
    struct bg_queries_stats stats = stats_of(fixture);
    assert_int_equal(stats.asked_count, WAITING_MAX);
    assert_int_equal(stats.joined_count, WAITING_MAX - 1);
    assert_int_equal(stats.sent_count, 1);
    assert_int_equal(stats.failed_count, 0);
}

static void one_ticket_over_the_maximum_is_refused(void **state)
{
    struct fixture *fixture = *state;
    static struct asker askers[WAITING_MAX];
    static struct asker one_more;
    for (size_t i = 0; i < WAITING_MAX; i++)
        asker_ask(fixture, &askers[i], "scan", 1, 0, LONG_MS);
    struct bg_query_request request = {NODE_NAME, "memory", NULL, 0, LONG_MS, 0, false};
    assert_int_equal(asker_try(fixture, &one_more, &request), BG_TOO_MANY);
    bg_ticket_cancel(askers[5].ticket);
    assert_int_equal(asker_try(fixture, &one_more, &request), BG_OK);
}

static void the_cache_keeps_the_most_recently_used(void **state)
{
    struct fixture *fixture = *state;
    static struct asker asker;
    for (int i = 0; i <= ANSWERS_MAX; i++) {
        asker_ask(fixture, &asker, "scan", i, 1000, LONG_MS);
        fixture_answer(fixture, (size_t)i, i);
        fixture_pass(fixture, 0);
    }
    asker_ask(fixture, &asker, "scan", 1, 1000, LONG_MS);
    assert_int_equal(fixture->nodes.asked_count, ANSWERS_MAX + 1);
    asker_ask(fixture, &asker, "scan", 0, 1000, LONG_MS);
    assert_int_equal(fixture->nodes.asked_count, ANSWERS_MAX + 2);
    bg_ticket_cancel(asker.ticket);
    fixture_pass(fixture, 0);
}

static void failures_reach_everyone_and_are_not_kept(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second, third;
    asker_ask(fixture, &first, "scan", 1, 1000, LONG_MS);
    asker_ask(fixture, &second, "scan", 1, 1000, LONG_MS);
    fake_nodes_fail(&fixture->nodes, 0, BG_NODE_UNREACHABLE);
    fixture_pass(fixture, 0);
    assert_int_equal(first.error, BG_NODE_UNREACHABLE);
    assert_int_equal(second.error, BG_NODE_UNREACHABLE);
    asker_ask(fixture, &third, "scan", 1, 1000, LONG_MS);
    assert_int_equal(fixture->nodes.asked_count, 2);
    assert_int_equal(stats_of(fixture).failed_count, 2);
}

static void a_malformed_answer_is_a_bad_answer_and_is_not_kept(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second;
    asker_ask(fixture, &first, "scan", 1, 1000, LONG_MS);
    fake_nodes_answer(&fixture->nodes, 0, "\x83h", 2);
    fixture_pass(fixture, 0);
    assert_int_equal(first.error, BG_BAD_ANSWER);
    asker_ask(fixture, &second, "scan", 1, 1000, LONG_MS);
    assert_int_equal(fixture->nodes.asked_count, 2);
}

static void what_cannot_be_asked_is_refused_at_once(void **state)
{
    struct fixture *fixture = *state;
    static struct asker asker;
    assert_int_equal(asker_try(fixture, &asker, &(struct bg_query_request){"x@y", "scan", NULL, 0, LONG_MS, 0, false}), BG_NODE_UNKNOWN);
    assert_int_equal(asker_try(fixture, &asker, &(struct bg_query_request){NODE_NAME, "nonsense", NULL, 0, LONG_MS, 0, false}),
                     BG_INTERNAL);
    assert_int_equal(asker_try(fixture, &asker, &(struct bg_query_request){NODE_NAME, "scan", NULL, 0, 0, 0, false}), BG_INVALID);
    assert_int_equal(asker_try(fixture, &asker, &(struct bg_query_request){NODE_NAME, "scan", NULL, 0, INT64_MAX, 0, false}), BG_INVALID);
    fixture->nodes.ask_error = BG_TOO_MANY;
    assert_int_equal(asker_try(fixture, &asker, &(struct bg_query_request){NODE_NAME, "scan", NULL, 0, LONG_MS, 0, false}), BG_TOO_MANY);
    fixture->nodes.ask_error = BG_OK;
    assert_int_equal(asker_try(fixture, &asker, &(struct bg_query_request){NODE_NAME, "scan", NULL, 0, LONG_MS, 0, false}), BG_OK);
    assert_int_equal(stats_of(fixture).asked_count, 1);
}

static void no_answer_in_time_is_a_deadline_and_ends_the_question_there(void **state)
{
    struct fixture *fixture = *state;
    static struct asker asker;
    asker_ask(fixture, &asker, "scan", 1, 0, TIMEOUT_MS);
    fixture_pass_deadline(fixture);
    assert_int_equal(asker.told_count, 1);
    assert_int_equal(asker.error, BG_DEADLINE);
    assert_int_equal(fixture->nodes.cancelled_count, 1);
    assert_int_equal(fixture->nodes.in_flight_count, 0);
}

static void the_injected_clock_decides_not_the_timer(void **state)
{
    struct fixture *fixture = *state;
    static struct asker asker;
    asker_ask(fixture, &asker, "scan", 1, 0, TIMEOUT_MS);
    fixture->now_us -= TIMEOUT_MS * 1000 - 5000; /* the timer will fire 15 ms before the deadline */
    fixture_pass_deadline(fixture);
    assert_int_equal(asker.told_count, 0);
    fixture_pass_deadline(fixture);
    assert_int_equal(asker.error, BG_DEADLINE);
}

static void each_ticket_has_its_own_deadline(void **state)
{
    struct fixture *fixture = *state;
    static struct asker patient, hasty;
    asker_ask(fixture, &patient, "scan", 1, 0, LONG_MS);
    asker_ask(fixture, &hasty, "scan", 1, 0, TIMEOUT_MS);
    fixture_pass_deadline(fixture);
    assert_int_equal(hasty.error, BG_DEADLINE);
    assert_int_equal(patient.told_count, 0);
    assert_int_equal(fixture->nodes.cancelled_count, 0);
    fixture_answer(fixture, 0, 42);
    fixture_pass(fixture, 0);
    assert_int_equal(patient.number, 42);
    assert_int_equal(hasty.told_count, 1);
}

static void who_joined_with_more_time_is_not_cut_short_by_the_first(void **state)
{
    struct fixture *fixture = *state;
    static struct asker hasty, patient;
    asker_ask(fixture, &hasty, "scan", 1, 0, TIMEOUT_MS);
    asker_ask(fixture, &patient, "scan", 1, 0, LONG_MS);
    fixture_pass_deadline(fixture);
    assert_int_equal(hasty.error, BG_DEADLINE);
    fake_nodes_fail(&fixture->nodes, 0, BG_DEADLINE);
    fixture_pass(fixture, 0);
    assert_int_equal(patient.told_count, 0);
    assert_int_equal(fixture->nodes.asked_count, 2);
    assert_int_equal(fixture->nodes.inquiries[1].timeout_ms, LONG_MS - TIMEOUT_MS);
    fixture_answer(fixture, 1, 42);
    fixture_pass(fixture, 0);
    assert_int_equal(patient.number, 42);
}

static void a_deadline_told_by_the_node_ends_those_without_much_more_time(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second;
    asker_ask(fixture, &first, "scan", 1, 0, LONG_MS);
    fixture_pass(fixture, 90);
    asker_ask(fixture, &second, "scan", 1, 0, LONG_MS);
    fixture->now_us += (LONG_MS - 90) * 1000;
    fake_nodes_fail(&fixture->nodes, 0, BG_DEADLINE);
    fixture_pass(fixture, 0);
    assert_int_equal(first.error, BG_DEADLINE);
    assert_int_equal(second.error, BG_DEADLINE);
    assert_int_equal(fixture->nodes.asked_count, 1);
}

static void the_last_to_go_cancels_the_question(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second, third;
    asker_ask(fixture, &first, "scan", 1, 0, LONG_MS);
    asker_ask(fixture, &second, "scan", 1, 0, LONG_MS);
    bg_ticket_cancel(first.ticket);
    assert_int_equal(fixture->nodes.cancelled_count, 0);
    bg_ticket_cancel(second.ticket);
    assert_int_equal(fixture->nodes.cancelled_count, 1);
    asker_ask(fixture, &third, "scan", 1, 0, LONG_MS);
    assert_int_equal(fixture->nodes.asked_count, 2);
    assert_int_equal(first.told_count + second.told_count, 0);
}

static void a_ticket_cancelled_after_the_answer_came_is_not_told(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second;
    asker_ask(fixture, &first, "scan", 1, 0, LONG_MS);
    asker_ask(fixture, &second, "scan", 1, 0, LONG_MS);
    fixture_answer(fixture, 0, 42);
    bg_ticket_cancel(first.ticket);
    fixture_pass(fixture, 0);
    assert_int_equal(first.told_count, 0);
    assert_int_equal(second.told_count, 1);
    assert_int_equal(fixture->nodes.cancelled_count, 0);
}

struct chain {
    struct fixture *fixture;
    struct asker *victim;
    size_t told_count;
    bool stopping;
};

/* Asks the same again, from inside `done`, for ever; and takes another's ticket away. */
static void ask_again(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct chain *chain = context;
    assert_in_range(++chain->told_count, 1, 10); /* else the loop is held */
    assert_true(failure == NULL || failure->error == BG_CANCELLED);
    assert_true((answer != NULL) == (failure == NULL));
    if (chain->victim != NULL)
        bg_ticket_cancel(chain->victim->ticket);
    chain->victim = NULL;
    struct bg_ticket *ticket;
    struct bg_query_request request = {NODE_NAME, "memory", NULL, 1000, LONG_MS, 0, false};
    enum bg_error error = bg_query_ask(chain->fixture->queries, &request, ask_again, chain, &ticket, NULL);
    assert_int_equal(error, chain->stopping ? BG_CANCELLED : BG_OK);
}

static void asking_and_cancelling_from_inside_done_is_safe_and_cannot_hold_the_loop(void **state)
{
    struct fixture *fixture = *state;
    static struct asker victim;
    struct chain chain = {.fixture = fixture, .victim = &victim};
    struct bg_ticket *ticket;
    struct bg_query_request request = {NODE_NAME, "memory", NULL, 1000, LONG_MS, 0, false};
    assert_int_equal(bg_query_ask(fixture->queries, &request, ask_again, &chain, &ticket, NULL), BG_OK);
    assert_int_equal(asker_try(fixture, &victim, &request), BG_OK);
    fixture_answer(fixture, 0, 42);
    fixture_pass(fixture, 0);
    assert_in_range(chain.told_count, 1, 4); /* three at a time */
    assert_int_equal(victim.told_count, 0);
    fixture_pass(fixture, 0);
    assert_in_range(chain.told_count, 2, 7);
    assert_int_equal(fixture->nodes.asked_count, 1);
    chain.stopping = true;
    bg_queries_free(fixture->queries);
    fixture->queries = NULL;
}

static void freeing_tells_everyone_that_it_is_cancelled(void **state)
{
    struct fixture *fixture = *state;
    static struct asker waiting, answered;
    asker_ask(fixture, &waiting, "scan", 1, 0, LONG_MS);
    asker_ask(fixture, &answered, "memory", 1, 0, LONG_MS);
    fixture_answer(fixture, 1, 42);
    bg_queries_free(fixture->queries);
    fixture->queries = NULL;
    assert_int_equal(waiting.told_count, 1);
    assert_int_equal(waiting.error, BG_CANCELLED);
    assert_int_equal(answered.told_count, 1);
    assert_int_equal(fixture->nodes.cancelled_count, 1);
}

static void assert_told(const struct fixture *fixture, const char *line)
{
    struct bg_exposition *exposition = bg_exposition_new(bg_exposition_types[0]);
    char *text;
    size_t length;
    bg_metrics_write(fixture->metrics, exposition);
    assert_true(bg_exposition_end(exposition, &text, &length));
    if (strstr(text, line) == NULL)
        fail_msg("%s is not in %s", line, text);
    free(text);
}

static void what_was_asked_and_what_it_cost_is_counted(void **state)
{
    struct fixture *fixture = *state;
    static struct asker answered, cached, joined, left;
    asker_ask(fixture, &answered, "scan", 1, 1000, LONG_MS);
    asker_ask(fixture, &joined, "scan", 1, 1000, LONG_MS);
    fixture_answer(fixture, 0, 42);
    asker_ask(fixture, &cached, "scan", 1, 1000, LONG_MS);
    asker_ask(fixture, &left, "memory", 1, 0, LONG_MS);
    assert_told(fixture, "\nbeamgauge_questions_waiting 4\n");
    bg_ticket_cancel(left.ticket);
    assert_told(fixture, "\nbeamgauge_questions_total{served=\"cached\"} 1\n");
    assert_told(fixture, "\nbeamgauge_questions_total{served=\"joined\"} 1\n");
    assert_told(fixture, "\nbeamgauge_questions_total{served=\"sent\"} 2\n");
    assert_told(fixture, "\nbeamgauge_questions_failed_total 0\n");
    assert_told(fixture, "\nbeamgauge_answers_kept 1\n");
    assert_told(fixture, "\nbeamgauge_rpcs_total{question=\"scan\",result=\"ok\"} 1\n");
    assert_told(fixture, "\nbeamgauge_rpcs_total{question=\"memory\",result=\"cancelled\"} 1\n");
    assert_told(fixture, "\nbeamgauge_rpc_duration_seconds_sum{question=\"scan\"} 7.7e-05\n");
}

static void a_removed_node_has_no_answers_any_more(void **state)
{
    struct fixture *fixture = *state;
    static struct asker first, second;
    asker_ask(fixture, &first, "scan", 1, 1000, LONG_MS);
    fixture_answer(fixture, 0, 42);
    fixture_pass(fixture, 1);
    fixture->nodes.watcher(fixture->nodes.watcher_context, "another@h", BG_LINK_CLOSED);
    asker_ask(fixture, &second, "scan", 1, 1000, LONG_MS);
    fixture_pass(fixture, 1);
    assert_int_equal(second.number, 42);
    fixture->nodes.watcher(fixture->nodes.watcher_context, NODE_NAME, BG_LINK_CLOSED);
    asker_ask(fixture, &second, "scan", 1, 1000, LONG_MS);
    fixture_pass(fixture, 1);
    assert_int_equal(second.told_count, 0);
    fixture_answer(fixture, 1, 43);
    fixture_pass(fixture, 1);
    assert_int_equal(second.number, 43);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_goes_out_and_its_answer_comes_back),
        TEST(a_node_is_given_forms_arguments_deadline_and_heap),
        TEST(no_arguments_become_a_map_of_the_deadline),
        TEST(an_answer_fresh_enough_is_reused_but_not_from_inside_the_call),
        TEST(an_answer_too_old_is_asked_anew),
        TEST(other_arguments_are_another_question),
        TEST(an_answer_of_an_older_incarnation_is_never_served),
        TEST(nothing_is_served_from_the_cache_while_the_link_is_down),
        TEST(a_thousand_identical_asks_make_one_rpc),
        TEST(one_ticket_over_the_maximum_is_refused),
        TEST(the_cache_keeps_the_most_recently_used),
        TEST(failures_reach_everyone_and_are_not_kept),
        TEST(a_malformed_answer_is_a_bad_answer_and_is_not_kept),
        TEST(what_cannot_be_asked_is_refused_at_once),
        TEST(no_answer_in_time_is_a_deadline_and_ends_the_question_there),
        TEST(the_injected_clock_decides_not_the_timer),
        TEST(each_ticket_has_its_own_deadline),
        TEST(who_joined_with_more_time_is_not_cut_short_by_the_first),
        TEST(a_deadline_told_by_the_node_ends_those_without_much_more_time),
        TEST(the_last_to_go_cancels_the_question),
        TEST(a_ticket_cancelled_after_the_answer_came_is_not_told),
        TEST(asking_and_cancelling_from_inside_done_is_safe_and_cannot_hold_the_loop),
        TEST(freeing_tells_everyone_that_it_is_cancelled),
        TEST(what_was_asked_and_what_it_cost_is_counted),
        TEST(a_removed_node_has_no_answers_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
