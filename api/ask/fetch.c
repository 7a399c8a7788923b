/* fetch.c: one question to one node, and the kept answer that is used after a timeout. */
#include "fetch.h"

#define KEPT_TIMEOUT_MS 1000 /* it is already there */

static void on_warm(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    (void)context, (void)failure, (void)answer; /* an answer is kept by now */
}

static void on_done(void *context, const struct bg_failure *failure, const struct bg_answer *answer);

static void end(struct bg_fetch *fetch)
{
    fetch->ticket = NULL;
    json_decref(fetch->request.arguments.args);
    fetch->request.arguments.args = NULL;
}

static struct bg_query_request query_of(const struct bg_fetch_request *request)
{
    return (struct bg_query_request){
        .node = request->node,
        .question = request->arguments.question,
        .args = request->arguments.args,
        .reader = request->reader,
        .max_age_ms = request->max_age_ms,
        .timeout_ms = request->timeout_ms,
    };
}

static enum bg_error ask(struct bg_fetch *fetch, const struct bg_query_request *query, struct bg_failure *ret_failure)
{
    const enum bg_error error = bg_query_ask(fetch->services->queries, query, on_done, fetch, &fetch->ticket, ret_failure);
    if (error != BG_OK)
        fetch->ticket = NULL;
    return error;
}

/* The timeout. False if there is no kept answer that may be used. */
static bool ask_kept(struct bg_fetch *fetch, const struct bg_failure *late)
{
    const struct bg_fetch_request *request = &fetch->request;
    struct bg_query_request query = query_of(request);
    struct bg_arguments other = {.args = NULL};
    struct bg_failure none;
    if (request->kept_ms <= 0 || fetch->is_late)
        return false;
    fetch->is_late = true;
    fetch->late = *late;
    if (request->other != NULL) {
        other = request->other(fetch);
        query.question = other.question;
        query.args = other.args;
    }
    query.kept_only = true;
    query.max_age_ms = request->kept_ms;
    query.timeout_ms = KEPT_TIMEOUT_MS;
    const bool is_kept = ask(fetch, &query, &none) == BG_OK;
    json_decref(other.args);
    return is_kept;
}

static void on_done(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_fetch *fetch = context;
    if (failure != NULL && failure->error == BG_DEADLINE && ask_kept(fetch, failure))
        return;
    end(fetch);
    fetch->done(fetch, failure, answer);
}

/* A second request with more time keeps the question running after ours has ended. It comes first, so its deadline is the node's. */
void bg_fetch_warm(const struct bg_services *services, const struct bg_fetch_request *request)
{
    struct bg_query_request query = query_of(request);
    struct bg_ticket *ticket;
    struct bg_failure failure;
    query.timeout_ms += request->warm_ms;
    if (request->warm_ms > 0 && bg_query_ask(services->queries, &query, on_warm, NULL, &ticket, &failure) != BG_OK)
        return; /* the waiting request will fail with the same error */
}

enum bg_error bg_fetch_start(struct bg_fetch *fetch, const struct bg_fetch_request *request, struct bg_failure *ret_failure)
{
    const struct bg_query_request query = query_of(request);
    struct bg_failure late;
    enum bg_error error = BG_OK;
    fetch->request = *request;
    fetch->request.arguments.args = json_incref(request->arguments.args);
    fetch->is_late = false;
    if (request->timeout_ms > 0) {
        bg_fetch_warm(fetch->services, request);
        error = ask(fetch, &query, ret_failure);
    } else {
        (void)bg_fail(&late, BG_DEADLINE, "no time was left to ask %s for \"%s\"", request->node, request->arguments.question);
        if (!ask_kept(fetch, &late)) {
            *ret_failure = late;
            error = BG_DEADLINE;
        }
    }
    if (error != BG_OK)
        end(fetch);
    return error;
}

bool bg_fetch_is_running(const struct bg_fetch *fetch)
{
    return fetch->ticket != NULL;
}

void bg_fetch_cancel(struct bg_fetch *fetch)
{
    if (fetch->ticket != NULL)
        bg_ticket_cancel(fetch->ticket);
    end(fetch);
}
