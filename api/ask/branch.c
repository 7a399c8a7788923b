/* branch.c: a call's questions to one node, and what is done if they are not answered in time. */
#include "branch.h"

#include "beamgauge/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LAST_AGE_MAX_MS (10 * 60 * 1000) /* maximum age of an answer that replaces a late one */

void bg_branches_free(struct bg_ask *ask)
{
    for (struct bg_branch *branch = ask->branches, *next; branch != NULL; branch = next) {
        next = branch->next;
        bg_fetch_cancel(&branch->fetch);
        free(branch);
    }
}

static void branch_free(struct bg_ask *ask, struct bg_branch *branch)
{
    struct bg_branch **place = &ask->branches;
    while (*place != branch)
        place = &(*place)->next;
    *place = branch->next;
    free(branch);
}

/* An optional branch is lost with a warning. Running out of memory is our failure, not its node's. */
static void settle_failure(struct bg_ask *ask, struct bg_branch *branch)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct bg_branch *outer = ask->branch;
    bg_ask_step *lost = branch->lost;
    if (!shaper->failed || branch->required || shaper->failure.error == BG_NO_MEMORY)
        return;
    shaper->failed = false;
    bg_fetch_cancel(&branch->fetch);
    branch->lost = NULL;
    if (branch->excuse != NULL && shaper->failure.error == BG_DEADLINE)
        bg_ask_warn_of(ask, NULL, json_string(branch->excuse));
    else
        bg_ask_warn_of(ask, branch->node, json_string(shaper->failure.text));
    bg_ask_miss(ask, branch->node, bg_error_info(shaper->failure.error)->code, shaper->failure.text);
    if (lost == NULL)
        return;
    ask->branch = branch;
    lost(ask, NULL);
    ask->branch = outer;
    shaper->failed = shaper->failed && shaper->failure.error == BG_NO_MEMORY;
}

void bg_branch_run(struct bg_ask *ask, struct bg_branch *branch, bg_ask_step *step, json_t *answer)
{
    struct bg_branch *outer = ask->branch;
    ask->branch = branch;
    ask->shaper.source = branch->question;
    if (step != NULL)
        step(ask, answer);
    ask->branch = outer;
    if (answer != NULL && ask->shaper.failed && ask->shaper.failure.error == BG_BAD_ANSWER)
        bg_query_reject(bg_call_services(ask->call)->queries, answer);
    settle_failure(ask, branch);
    if (!bg_fetch_is_running(&branch->fetch))
        branch_free(ask, branch);
}

static int64_t higher(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void note_collected(struct bg_ask *ask, const char *node, int64_t wall_ms)
{
    if (ask->collected == NULL)
        ask->collected = bg_object_new(&ask->shaper);
    const json_t *known = json_object_get(ask->collected, node);
    if (known == NULL || wall_ms < json_integer_value(known))
        bg_put(&ask->shaper, ask->collected, node, json_integer(wall_ms));
}

int64_t bg_ask_collected_wall_ms(const struct bg_ask *ask, const char *node)
{
    const json_t *known = json_object_get(ask->collected, node);
    return known != NULL ? json_integer_value(known) : ask->collected_wall_ms;
}

static void note_answer(struct bg_ask *ask, struct bg_branch *branch, const struct bg_answer *answer)
{
    branch->age_ms = higher(branch->age_ms, answer->age_ms);
    if (!branch->is_aside && (!ask->answered || answer->collected_us < ask->collected_us)) {
        ask->collected_us = answer->collected_us;
        ask->collected_wall_ms = answer->collected_wall_ms;
    }
    if (!branch->is_aside && ask->node == NULL)
        note_collected(ask, branch->node, answer->collected_wall_ms);
    ask->answered = ask->answered || !branch->is_aside;
    branch->duration_ms += answer->duration_ms;
    branch->rpc_us += answer->rpc_us;
    ask->duration_ms = higher(ask->duration_ms, ask->before_ms + branch->duration_ms);
    ask->rpc_us = higher(ask->rpc_us, ask->before_rpc_us + branch->rpc_us);
}

/* The text uses the caller's whole timeout: the time that was left for the last of several questions would be misleading. */
static void note_failure(struct bg_ask *ask, const struct bg_branch *branch, const struct bg_failure *failure)
{
    ask->shaper.failed = true;
    ask->shaper.failure = *failure;
    if (failure->error == BG_DEADLINE && branch->required)
        (void)bg_fail(&ask->shaper.failure, BG_DEADLINE,
                      "%s did not answer the question \"%s\" in the %" PRId64
                      " ms that this request had in all; allow more with timeout_ms",
                      branch->node, branch->question, bg_call_integer(ask->call, "timeout_ms"));
}

/* An earlier answer replaces a late one: warns about it, once. */
static void note_last(struct bg_ask *ask, struct bg_branch *branch)
{
    if (!branch->is_last)
        bg_ask_warn(ask,
                    "%s did not answer the question \"%s\" in the %" PRId64
                    " ms that this request had in all: this is what %s last, see collected_at; allow more with timeout_ms",
                    branch->node, branch->question, bg_call_integer(ask->call, "timeout_ms"),
                    branch->fetch.request.other == NULL ? "it answered" : "a ranking of all its processes had");
    branch->is_last = true;
}

static void on_done(struct bg_fetch *fetch, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_branch *branch = fetch->owner;
    struct bg_ask *ask = branch->ask;
    const bool is_last = fetch->is_late && failure == NULL;
    const bool is_lacking = failure != NULL && failure->error == BG_DEADLINE && branch->lack != NULL;
    bg_ask_step *step = is_last && branch->last_step != NULL ? branch->last_step : branch->step;
    if (is_last)
        note_last(ask, branch);
    if (is_lacking) {
        bg_ask_warn(ask, "%s", branch->lack);
    } else if (failure != NULL) {
        note_failure(ask, branch, failure);
        step = NULL;
    } else {
        note_answer(ask, branch, answer);
    }
    bg_branch_run(ask, branch, step, failure != NULL ? NULL : answer->data);
    bg_ask_advance(ask);
}

struct bg_branch *bg_branch_new(struct bg_ask *ask, const char *node)
{
    struct bg_branch *branch = calloc(1, sizeof *branch);
    if (branch == NULL) {
        bg_shaper_fail(&ask->shaper, BG_NO_MEMORY, "out of memory");
        return NULL;
    }
    (void)snprintf(branch->node, sizeof branch->node, "%s", node);
    branch->question = "";
    branch->ask = ask;
    branch->fetch = (struct bg_fetch){.services = bg_call_services(ask->call), .owner = branch, .done = on_done};
    branch->next = ask->branches;
    ask->branches = branch;
    return branch;
}

static int64_t branch_left_ms(const struct bg_ask *ask, const struct bg_branch *branch)
{
    const int64_t own_ms = (branch->deadline_us - bg_clock_monotonic_us(bg_call_services(ask->call)->clock)) / 1000;
    const int64_t left_ms = bg_ask_left_ms(ask);
    return branch->required || left_ms < own_ms ? left_ms : own_ms;
}

static struct bg_arguments last_of(struct bg_fetch *fetch)
{
    struct bg_branch *branch = fetch->owner;
    return branch->last(branch->ask);
}

/* `request` has the details; a kept answer is used only for the call's own node. False if there was no time and no kept answer. */
static bool send(struct bg_ask *ask, struct bg_fetch_request *request, bg_ask_step *next)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct bg_branch *branch = ask->branch;
    struct bg_failure failure;
    enum bg_error error = BG_OK;
    shaper->source = branch->question = request->arguments.question;
    branch->step = next;
    request->node = branch->node;
    request->reader = bg_call_reader(ask->call);
    request->timeout_ms = branch_left_ms(ask, branch);
    request->kept_ms = branch->required ? request->kept_ms : 0;
    if (!shaper->failed)
        error = bg_fetch_start(&branch->fetch, request, &failure);
    if (error != BG_OK && error != BG_DEADLINE) {
        shaper->failed = true;
        shaper->failure = failure;
    }
    json_decref(request->arguments.args);
    return error != BG_DEADLINE;
}

static void send_or_fail(struct bg_ask *ask, struct bg_fetch_request *request, bg_ask_step *next)
{
    if (!send(ask, request, next))
        bg_shaper_fail(&ask->shaper, BG_DEADLINE, "no time was left to ask the node for \"%s\"; allow more with timeout_ms",
                       request->arguments.question);
}

static struct bg_fetch_request request_of(struct bg_ask *ask, struct bg_arguments arguments)
{
    ask->branch->is_aside = false;
    ask->branch->lack = NULL;
    ask->branch->last_step = NULL;
    return (struct bg_fetch_request){.arguments = arguments, .max_age_ms = bg_call_integer(ask->call, "max_age_ms")};
}

void bg_ask_send(struct bg_ask *ask, struct bg_arguments arguments, bg_ask_step *next)
{
    struct bg_fetch_request request = request_of(ask, arguments);
    send_or_fail(ask, &request, next);
}

void bg_ask_send_or_last(struct bg_ask *ask, struct bg_arguments arguments, bg_ask_step *next)
{
    struct bg_fetch_request request = request_of(ask, arguments);
    request.kept_ms = LAST_AGE_MAX_MS;
    send_or_fail(ask, &request, next);
}

void bg_ask_send_or_other(struct bg_ask *ask, struct bg_arguments arguments, bg_ask_step *next, bg_ask_other *other,
                          bg_ask_step *other_next)
{
    struct bg_fetch_request request = request_of(ask, arguments);
    ask->branch->last = other;
    ask->branch->last_step = other_next;
    request.kept_ms = LAST_AGE_MAX_MS;
    request.other = last_of;
    send_or_fail(ask, &request, next);
}

/* It is compared with data that may be old, so it may be old too. */
void bg_ask_send_or_lack(struct bg_ask *ask, struct bg_arguments arguments, const char *lack, bg_ask_step *next)
{
    struct bg_branch *branch = ask->branch;
    struct bg_fetch_request request = request_of(ask, arguments);
    if (!branch->required) {
        send_or_fail(ask, &request, next);
        return;
    }
    branch->lack = lack;
    request.kept_ms = branch->is_last && branch_left_ms(ask, branch) <= 0 ? LAST_AGE_MAX_MS : 0;
    if (send(ask, &request, next))
        return;
    bg_ask_warn(ask, "%s", lack);
    next(ask, NULL);
}

void bg_ask_send_aside(struct bg_ask *ask, struct bg_arguments arguments, int64_t max_age_ms, bg_ask_step *next)
{
    struct bg_fetch_request request = request_of(ask, arguments);
    ask->branch->is_aside = true;
    request.max_age_ms = higher(request.max_age_ms, max_age_ms);
    send_or_fail(ask, &request, next);
}

static void branch_start(struct bg_ask *ask, const char *node, int64_t timeout_ms, bg_ask_step *first, bg_ask_step *lost)
{
    struct bg_branch *branch = ask->shaper.failed ? NULL : bg_branch_new(ask, node);
    if (branch == NULL)
        return;
    branch->deadline_us = bg_clock_monotonic_us(bg_call_services(ask->call)->clock) + timeout_ms * 1000;
    branch->lost = lost;
    bg_branch_run(ask, branch, first, NULL);
}

void bg_ask_branch(struct bg_ask *ask, const char *node, int64_t timeout_ms, bg_ask_step *first)
{
    branch_start(ask, node, timeout_ms, first, NULL);
}

void bg_ask_branch_or(struct bg_ask *ask, const char *node, int64_t timeout_ms, bg_ask_step *first, bg_ask_step *lost)
{
    branch_start(ask, node, timeout_ms, first, lost);
}

void bg_ask_excuse(struct bg_ask *ask, const char *sentence)
{
    ask->branch->excuse = sentence;
}

const char *bg_ask_node(const struct bg_ask *ask)
{
    return ask->branch->node;
}

int64_t bg_ask_age_ms(const struct bg_ask *ask)
{
    return ask->branch->age_ms;
}
