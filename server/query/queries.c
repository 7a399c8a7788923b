/* queries.c: asks with sharing: combines the cache of answers, the questions in flight, the nodes and the event loop. */
#include "beamgauge/query.h"

#include "answers.h"
#include "brief.h"
#include "costs.h"
#include "flights.h"
#include "key.h"
#include "preflight.h"
#include "recount.h"
#include "reply.h"
#include "stats.h"

#include "beamgauge/reserve.h"
#include "beamgauge/term.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS_MAX (60 * 60 * 1000)
#define WORD_BYTES 8 /* of the target */
/* A question that ended by its first caller's deadline is asked again for callers who joined with at least so much more time. */
#define RETRY_MS_MIN 100
/* The maximum age of an answer for any caller, and how often older ones are dropped. */
#define ANSWER_AGE_MAX_US (INT64_C(600) * 1000000)
#define EXPIRE_EVERY_S 10
#define ROUNDS_AT_ONCE 3

struct bg_queries {
    const struct bg_clock *clock;
    struct bg_nodes *nodes;
    struct bg_queries_options options;
    struct event *wake;   /* armed for the next event: an ended ticket (at once) or the earliest deadline */
    struct event *expire; /* drops old answers */
    struct bg_flights flights;
    struct bg_answers answers;
    struct bg_known known;
    struct bg_queries_stats stats;
    struct bg_costs costs;
    struct bg_preflights preflights;
    bool stopping;
    bool is_waking; /* in wake(), which arms once, at its end */
};

static void arm(struct bg_queries *queries)
{
    const struct bg_ticket *earliest = TAILQ_FIRST(&queries->flights.by_deadline);
    const bool have_ended = !TAILQ_EMPTY(&queries->flights.ended);
    if (have_ended && !queries->is_waking) {
        event_active(queries->wake, EV_TIMEOUT, 0); /* before the loop looks at any socket */
        return;
    }
    if (!have_ended && earliest == NULL) {
        evtimer_del(queries->wake);
        return;
    }
    int64_t wait_us = have_ended ? 0 : earliest->deadline_us - bg_clock_monotonic_us(queries->clock);
    if (wait_us < 0)
        wait_us = 0;
    struct timeval wait = {.tv_sec = wait_us / 1000000, .tv_usec = wait_us % 1000000};
    evtimer_add(queries->wake, &wait);
}

static void ticket_end(struct bg_queries *queries, struct bg_ticket *ticket, struct bg_outcome *outcome)
{
    if (outcome->failure.error != BG_OK)
        queries->stats.failed_count++;
    bg_ticket_end(&queries->flights, ticket, outcome);
}

/* Ends every ticket of the flight, and the flight. */
static void flight_end(struct bg_queries *queries, struct bg_flight *flight, struct bg_outcome *outcome)
{
    while (!TAILQ_EMPTY(&flight->tickets))
        ticket_end(queries, TAILQ_FIRST(&flight->tickets), outcome);
    bg_flight_free(&queries->flights, flight);
}

/* After a ticket was removed: if it was the last one, the question is cancelled. */
static void flight_left(struct bg_queries *queries, struct bg_flight *flight)
{
    if (!TAILQ_EMPTY(&flight->tickets))
        return;
    if (flight->inquiry != NULL) {
        bg_costs_add(&queries->costs, flight->question, BG_CANCELLED, 0, NULL);
        bg_inquiry_cancel(flight->inquiry);
    }
    bg_preflight_leave(flight);
    bg_flight_free(&queries->flights, flight);
}

static bg_inquiry_done flight_done;

/* `request` has everything except the question. */
static enum bg_error send_native(struct bg_queries *queries, struct bg_flight *flight, struct bg_inquiry_request *request,
                                 struct bg_failure *ret_failure)
{
    const char *pid = json_string_value(json_object_get(flight->args, "pid"));
    flight->native = bg_preflight_native(&queries->preflights, flight->node, flight->question);
    request->calls = &flight->native->calls;
    if (flight->native->calls.pids_count > 0 &&
        (pid == NULL || !bg_preflight_pid(&queries->preflights, flight->node, pid, &request->pid_id, &request->pid_serial)))
        return bg_fail(ret_failure, BG_PROCESS_DEAD, "the process %s is not alive", pid != NULL ? pid : "?");
    return bg_nodes_ask(queries->nodes, flight->node, request, flight_done, flight, &flight->inquiry, ret_failure);
}

/* Adds the time that the question will have after its start. */
static enum bg_error send_forms(struct bg_queries *queries, struct bg_flight *flight, struct bg_inquiry_request *request,
                                struct bg_failure *ret_failure)
{
    uint8_t *args;
    const int64_t start_ms = bg_preflight_start_ms(&queries->preflights, flight->node), most_ms = request->timeout_ms / 4;
    const int64_t left_ms = request->timeout_ms - (start_ms < most_ms ? start_ms : most_ms);
    if (json_object_set_new(flight->args, "timeout_ms", json_integer(left_ms)) != 0)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    enum bg_error error = bg_flight_brief(flight, &queries->flights, &queries->known, bg_clock_monotonic_us(queries->clock), ret_failure);
    if (error == BG_OK)
        error = bg_term_from_json(flight->args, &args, &request->args_length, ret_failure);
    if (error != BG_OK)
        return error;
    request->args = args;
    request->forms = flight->question->forms;
    request->forms_length = flight->question->forms_length;
    request->atoms = flight->question->atoms;
    request->atoms_count = flight->question->atoms_count;
    error = bg_nodes_ask(queries->nodes, flight->node, request, flight_done, flight, &flight->inquiry, ret_failure);
    free(args);
    return error;
}

static enum bg_error flight_send(struct bg_queries *queries, struct bg_flight *flight, int64_t timeout_ms, struct bg_failure *ret_failure)
{
    struct bg_inquiry_request request = {.timeout_ms = timeout_ms, .max_heap_words = queries->options.probe_heap_bytes / WORD_BYTES};
    const enum bg_error error = flight->question->forms == NULL ? send_native(queries, flight, &request, ret_failure)
                                                                : send_forms(queries, flight, &request, ret_failure);
    if (error != BG_OK)
        return error;
    flight->sent_us = bg_clock_monotonic_us(queries->clock);
    queries->stats.sent_count++;
    return BG_OK;
}

/* Sends the question, or lets it wait for its node's preflight. */
static enum bg_error flight_go(struct bg_queries *queries, struct bg_flight *flight, int64_t timeout_ms, struct bg_failure *ret_failure)
{
    struct bg_node_info info;
    struct bg_failure unwanted = {.error = BG_OK}; /* by callers that do not want the failure */
    ret_failure = ret_failure != NULL ? ret_failure : &unwanted;
    enum bg_error error = bg_nodes_info(queries->nodes, flight->node, &info, ret_failure);
    if (error != BG_OK)
        return error;
    bg_incarnation_init(&flight->at, &info);
    switch (bg_preflight_check(&queries->preflights, &info, flight, ret_failure)) {
    case BG_PREFLIGHT_WAIT:
        return BG_OK;
    case BG_PREFLIGHT_REFUSE:
        return ret_failure->error;
    case BG_PREFLIGHT_GO:
        break;
    }
    return flight_send(queries, flight, timeout_ms, ret_failure);
}

static void flight_fail(struct bg_queries *queries, struct bg_flight *flight, const struct bg_failure *failure)
{
    struct bg_outcome *outcome = bg_outcome_new_failure(failure);
    flight_end(queries, flight, outcome);
    bg_outcome_unref(outcome);
    arm(queries);
}

/* After the preflight that it waited for. */
static void flight_resume(struct bg_flight *flight, const struct bg_failure *failure)
{
    struct bg_queries *queries = flight->queries;
    const int64_t left_ms = (bg_flight_deadline_us(flight) - bg_clock_monotonic_us(queries->clock)) / 1000;
    struct bg_failure own;
    if (failure != NULL)
        flight_fail(queries, flight, failure);
    else if (flight_go(queries, flight, left_ms > 0 ? left_ms : 1, &own) != BG_OK)
        flight_fail(queries, flight, &own);
}

static void on_link_changed(void *context, const char *name, enum bg_link_state state)
{
    struct bg_queries *queries = context;
    struct bg_node_info info;
    if (state == BG_LINK_UP && bg_nodes_info(queries->nodes, name, &info, NULL) == BG_OK)
        bg_preflight_link_up(&queries->preflights, &info);
    else if (state != BG_LINK_UP)
        bg_preflight_link_gone(&queries->preflights, name);
    if (state != BG_LINK_CLOSED)
        return;
    bg_known_forget(&queries->known, name);
    bg_answers_forget(&queries->answers, name);
}

static bool flight_retry(struct bg_queries *queries, struct bg_flight *flight)
{
    int64_t left_ms = (bg_flight_deadline_us(flight) - bg_clock_monotonic_us(queries->clock)) / 1000;
    return left_ms >= RETRY_MS_MIN && flight_send(queries, flight, left_ms, NULL) == BG_OK;
}

static struct bg_outcome *answer_take(struct bg_queries *queries, const struct bg_flight *flight, json_t *stolen_data, size_t bytes,
                                      int64_t rpc_us)
{
    struct bg_outcome *outcome = bg_outcome_new_collected(stolen_data, bytes, queries->clock, flight->sent_us, rpc_us);
    if (outcome->failure.error == BG_OK)
        bg_answers_put(&queries->answers, flight->key, outcome);
    return outcome;
}

static void flight_done(void *context, const struct bg_inquiry_result *result)
{
    struct bg_flight *flight = context;
    struct bg_queries *queries = flight->queries;
    flight->inquiry = NULL;
    struct bg_failure failure = {.error = result->error};
    json_t *data = NULL;
    size_t bytes = 0;
    enum bg_error error = result->error;
    if (error != BG_OK)
        failure = *result->failure;
    else if (flight->question->forms == NULL)
        error = bg_reply_read_native(flight->node, flight->native->keys, flight->native->keys_count, result->answer, result->answer_length,
                                     &data, &bytes, &failure);
    else
        error = bg_reply_read(flight->node, flight->question->name, result->answer, result->answer_length, &data, &bytes, &failure);
    bg_preflight_explain(&queries->preflights, flight->node, &failure);
    bg_costs_add(&queries->costs, flight->question, error, result->rpc_us, data);
    const struct bg_incarnation at = flight->at;
    json_t *recount_args = error == BG_OK ? bg_flight_complete(flight, &queries->known, data) : NULL;
    if (error == BG_DEADLINE && flight_retry(queries, flight))
        return;
    struct bg_outcome *outcome =
        error == BG_OK ? answer_take(queries, flight, data, bytes, result->rpc_us) : bg_outcome_new_failure(&failure);
    flight_end(queries, flight, outcome);
    bg_outcome_unref(outcome);
    bg_recount(queries, at.name, recount_args);
    arm(queries);
}

static void ticket_expire(struct bg_queries *queries, struct bg_ticket *ticket)
{
    struct bg_flight *flight = ticket->flight;
    struct bg_failure failure;
    bg_fail(&failure, BG_DEADLINE, "%s did not answer the question \"%s\" within %lld ms", flight->node, flight->question->name,
            (long long)ticket->timeout_ms);
    struct bg_outcome *outcome = bg_outcome_new_failure(&failure);
    ticket_end(queries, ticket, outcome);
    bg_outcome_unref(outcome);
    flight_left(queries, flight);
}

/* The only place that calls `done`. It may ask again, or cancel any ticket except its own. */
static void ticket_deliver(struct bg_queries *queries, struct bg_ticket *ticket)
{
    struct bg_outcome *outcome = bg_outcome_ref(ticket->outcome);
    bg_query_done *done = ticket->done;
    void *context = ticket->context;
    struct bg_answer answer = {
        .data = outcome->data,
        .collected_wall_ms = outcome->collected_wall_ms,
        .collected_us = outcome->collected_us,
        .age_ms = (bg_clock_monotonic_us(queries->clock) - outcome->collected_us) / 1000,
        .duration_ms = outcome->duration_us / 1000,
        .rpc_us = outcome->rpc_us,
        .shared = ticket->shared,
    };
    bg_ticket_free(&queries->flights, ticket);
    bool failed = outcome->failure.error != BG_OK;
    done(context, failed ? &outcome->failure : NULL, failed ? NULL : &answer);
    bg_outcome_unref(outcome);
}

static void wake(evutil_socket_t ignored_fd, short ignored_what, void *context)
{
    (void)ignored_fd, (void)ignored_what;
    struct bg_queries *queries = context;
    struct bg_ticket *ticket;
    int64_t now_us = bg_clock_monotonic_us(queries->clock);
    queries->is_waking = true;
    while ((ticket = TAILQ_FIRST(&queries->flights.by_deadline)) != NULL && ticket->deadline_us <= now_us)
        ticket_expire(queries, ticket);
    /* Counted first, so that a `done` that asks again cannot keep the loop here; but a cached answer still reaches the next step at once.
     */
    for (size_t round = 0; round < ROUNDS_AT_ONCE; round++)
        for (size_t left = queries->flights.ended_count; left > 0 && (ticket = TAILQ_FIRST(&queries->flights.ended)) != NULL; left--)
            ticket_deliver(queries, ticket);
    arm(queries);
    queries->is_waking = false;
}

static void expire(evutil_socket_t ignored_fd, short ignored_what, void *context)
{
    (void)ignored_fd, (void)ignored_what;
    struct bg_queries *queries = context;
    const int64_t oldest_us = bg_clock_monotonic_us(queries->clock) - ANSWER_AGE_MAX_US;
    bg_answers_expire(&queries->answers, bg_reserve_is_short() ? INT64_MAX : oldest_us); /* short of memory: all of them */
}

static void collect(void *context, struct bg_exposition *exposition)
{
    const struct bg_queries *queries = context;
    bg_stats_write(&queries->stats, &queries->flights, &queries->answers, exposition);
    bg_costs_write(&queries->costs, exposition);
}

enum bg_error bg_queries_new(struct event_base *base, const struct bg_clock *clock, struct bg_nodes *nodes,
                             const struct bg_queries_options *options, struct bg_queries **ret_queries, struct bg_failure *ret_failure)
{
    struct bg_queries *queries = calloc(1, sizeof *queries);
    if (queries == NULL || !bg_costs_init(&queries->costs) || (queries->wake = evtimer_new(base, wake, queries)) == NULL ||
        (queries->expire = event_new(base, -1, EV_PERSIST, expire, queries)) == NULL ||
        event_add(queries->expire, &(struct timeval){.tv_sec = EXPIRE_EVERY_S}) != 0 || !bg_metrics_add(options->metrics, collect, queries))
        goto fail;
    queries->clock = clock;
    queries->nodes = nodes;
    queries->options = *options;
    bg_flights_init(&queries->flights, options->waiting_max);
    bg_answers_init(&queries->answers, options->answers_max, options->answers_max_bytes);
    bg_known_init(&queries->known, clock);
    queries->preflights = (struct bg_preflights){
        .clock = clock,
        .nodes = nodes,
        .costs = &queries->costs,
        .max_heap_words = options->probe_heap_bytes / WORD_BYTES,
        .resume = flight_resume,
        .question = bg_question_find("look"),
    };
    bg_preflight_init(&queries->preflights);
    bg_nodes_watch(nodes, on_link_changed, queries);
    *ret_queries = queries;
    return BG_OK;
fail:
    if (queries != NULL && queries->wake != NULL)
        event_free(queries->wake);
    if (queries != NULL && queries->expire != NULL)
        event_free(queries->expire);
    if (queries != NULL)
        bg_costs_done(&queries->costs);
    free(queries);
    return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
}

void bg_queries_free(struct bg_queries *queries)
{
    if (queries == NULL)
        return;
    queries->stopping = true;
    struct bg_outcome *outcome = bg_outcome_new_failure(&(struct bg_failure){.error = BG_CANCELLED, .text = "beamgauge is stopping"});
    struct bg_ticket *ticket;
    while ((ticket = TAILQ_FIRST(&queries->flights.by_deadline)) != NULL) {
        struct bg_flight *flight = ticket->flight;
        bg_ticket_end(&queries->flights, ticket, outcome);
        flight_left(queries, flight);
    }
    while ((ticket = TAILQ_FIRST(&queries->flights.ended)) != NULL)
        ticket_deliver(queries, ticket);
    bg_outcome_unref(outcome);
    bg_preflight_done(&queries->preflights);
    bg_answers_done(&queries->answers);
    bg_known_done(&queries->known);
    bg_costs_done(&queries->costs);
    event_free(queries->expire);
    event_free(queries->wake);
    free(queries);
}

/* Steals the key. On failure nothing is left in flight. */
static enum bg_error flight_start(struct bg_queries *queries, const struct bg_question *question, const struct bg_query_request *request,
                                  char *key, struct bg_flight **ret_flight, struct bg_failure *ret_failure)
{
    enum bg_error error =
        bg_flights_check_reader(&queries->flights, request->node, request->reader, queries->options.node_in_flight_max, ret_failure);
    struct bg_flight *flight = error == BG_OK ? bg_flight_new(&queries->flights, key) : NULL;
    if (flight == NULL) {
        free(key);
        return error != BG_OK ? error : bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    }
    flight->queries = queries;
    flight->question = question;
    flight->reader = request->reader;
    flight->args = request->args != NULL ? json_copy(request->args) : json_object();
    flight->node = strdup(request->node);
    if (flight->args == NULL || flight->node == NULL || json_object_size(flight->args) != json_object_size(request->args))
        error = bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    else
        error = flight_go(queries, flight, request->timeout_ms, ret_failure);
    if (error != BG_OK)
        goto fail;
    *ret_flight = flight;
    return BG_OK;
fail:
    bg_flight_free(&queries->flights, flight);
    return error;
}

/* Borrowed. While the link is down nothing is served: the state of the node is not known then. */
static struct bg_outcome *fresh_answer(struct bg_queries *queries, const struct bg_node_info *info, const char *key, int64_t max_age_ms)
{
    if (info->state != BG_LINK_UP || max_age_ms <= 0)
        return NULL;
    struct bg_outcome *outcome = bg_answers_find(&queries->answers, key);
    if (outcome == NULL || (bg_clock_monotonic_us(queries->clock) - outcome->collected_us) / 1000 > max_age_ms)
        return NULL;
    return outcome;
}

/* Serves the ticket with a fresh enough answer, an identical question in flight, or a new one. */
static enum bg_error ticket_place(struct bg_queries *queries, struct bg_ticket *ticket, const struct bg_question *question,
                                  const struct bg_query_request *request, struct bg_failure *ret_failure)
{
    struct bg_node_info info;
    char *key;
    enum bg_error error = bg_nodes_info(queries->nodes, request->node, &info, ret_failure);
    if (error == BG_OK)
        error = bg_query_key(&info, question->name, request->args, &key, ret_failure);
    if (error != BG_OK)
        return error;
    struct bg_outcome *outcome = fresh_answer(queries, &info, key, request->max_age_ms);
    if (outcome == NULL && request->kept_only) {
        free(key);
        return bg_fail(ret_failure, BG_DEADLINE, "no earlier answer of %s to \"%s\" is kept", request->node, question->name);
    }
    struct bg_flight *flight = outcome == NULL ? bg_flights_find(&queries->flights, key) : NULL;
    ticket->shared = outcome != NULL || flight != NULL;
    queries->stats.cached_count += outcome != NULL;
    queries->stats.joined_count += flight != NULL;
    if (ticket->shared)
        free(key);
    else
        error = flight_start(queries, question, request, key, &flight, ret_failure);
    if (error != BG_OK)
        return error;
    if (outcome != NULL)
        ticket_end(queries, ticket, outcome);
    else
        bg_ticket_wait(&queries->flights, ticket, flight);
    return BG_OK;
}

enum bg_error bg_query_ask(struct bg_queries *queries, const struct bg_query_request *request, bg_query_done *done, void *context,
                           struct bg_ticket **ret_ticket, struct bg_failure *ret_failure)
{
    if (queries->stopping)
        return bg_fail(ret_failure, BG_CANCELLED, "beamgauge is stopping");
    const struct bg_question *question = bg_question_find(request->question);
    if (question == NULL)
        return bg_fail(ret_failure, BG_INTERNAL, "there is no question \"%s\"", request->question);
    if (request->timeout_ms < 1 || request->timeout_ms > TIMEOUT_MS_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, "timeout_ms", "must be 1 to %d", TIMEOUT_MS_MAX);
    struct bg_ticket *ticket;
    enum bg_error error = bg_ticket_new(&queries->flights, request->reader, done, context, &ticket, ret_failure);
    if (error != BG_OK)
        return error;
    ticket->queries = queries;
    ticket->timeout_ms = request->timeout_ms;
    ticket->deadline_us = bg_clock_monotonic_us(queries->clock) + request->timeout_ms * 1000;
    error = ticket_place(queries, ticket, question, request, ret_failure);
    if (error != BG_OK)
        goto fail;
    queries->stats.asked_count++;
    arm(queries);
    *ret_ticket = ticket;
    return BG_OK;
fail:
    bg_ticket_free(&queries->flights, ticket);
    return error;
}

void bg_query_reject(struct bg_queries *queries, const json_t *data)
{
    bg_answers_drop(&queries->answers, data);
}

struct bg_known *bg_queries_known(struct bg_queries *queries)
{
    return &queries->known;
}

void bg_ticket_cancel(struct bg_ticket *ticket)
{
    if (ticket == NULL)
        return;
    struct bg_queries *queries = ticket->queries;
    struct bg_flight *flight = ticket->flight;
    bg_ticket_free(&queries->flights, ticket);
    if (flight != NULL)
        flight_left(queries, flight);
    if (!queries->stopping)
        arm(queries);
}

void bg_queries_stats(const struct bg_queries *queries, struct bg_queries_stats *ret_stats)
{
    *ret_stats = queries->stats;
}
