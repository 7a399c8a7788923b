/* ask.c: sees a call through its questions, on one node or several, to its one ending. */
#include "ask.h"

#include "fetch.h"

#include "beamgauge/clock.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The same bytes are not repeated for longer than this without a look into the answers kept, which know when a node went. */
#define REPEAT_MAX_US 1000000
#define LAST_AGE_MAX_MS (10 * 60 * 1000) /* of an answer that stands for one that did not come in time */

struct bg_branch {
    struct bg_ask *ask;
    struct bg_branch *next;
    char node[BG_NODE_NAME_MAX + 1]; /* copied: the registry may lose it meanwhile */
    bool required;                   /* its failure is the call's */
    int64_t deadline_us;             /* of its own; the call's if that is earlier */
    struct bg_fetch fetch;           /* the question in flight */
    bg_ask_step *step;               /* what takes its answer */
    const char *question;
    int64_t duration_ms, rpc_us;
    const char *excuse; /* the warning where it is not answered in time, or NULL */
    const char *lack;   /* the warning where the question in flight is not, whose step then runs without an answer; or NULL */
    bg_ask_other *last; /* the question whose last answer will do where the next one is not answered in time; NULL: none but that one's */
    bg_ask_step *last_step;
    bool is_last;      /* an earlier answer stands for one that did not come in time */
    bool is_aside;     /* the answer's age is not the call's */
    bg_ask_step *lost; /* its last step, if it is lost; or NULL */
    int64_t age_ms;    /* of its oldest answer */
};

static void ask_free(struct bg_ask *ask)
{
    if (ask == NULL)
        return;
    for (struct bg_branch *branch = ask->branches, *next; branch != NULL; branch = next) {
        next = branch->next;
        bg_fetch_cancel(&branch->fetch);
        free(branch);
    }
    free(ask->state);
    json_decref(ask->kept);
    json_decref(ask->data);
    json_decref(ask->warnings);
    json_decref(ask->figures);
    json_decref(ask->missing);
    free(ask);
}

static void on_cancel(void *context)
{
    ask_free(context);
}

static int64_t fresh_until_us(const struct bg_ask *ask)
{
    const int64_t max_age_us = bg_call_integer(ask->call, "max_age_ms") * 1000;
    const int64_t repeat_us = bg_clock_monotonic_us(bg_call_services(ask->call)->clock) + REPEAT_MAX_US;
    const int64_t stale_us = ask->collected_us + max_age_us;
    if (max_age_us == 0)
        return 0;
    return stale_us < repeat_us ? stale_us : repeat_us;
}

static void put_figures(struct bg_ask *ask, json_t *meta)
{
    const char *key;
    json_t *value;
    if (ask->is_ranking)
        bg_meta_put_ranking(&ask->shaper, meta, &ask->ranking);
    if (ask->sorted_by != NULL)
        bg_put(&ask->shaper, meta, "sorted_by", json_string(ask->sorted_by));
    json_object_foreach(ask->figures, key, value) bg_put(&ask->shaper, meta, key, json_incref(value));
}

static void end(struct bg_ask *ask)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct bg_reply reply = {.status = 200, .rpc_us = ask->rpc_us};
    if (!shaper->failed) {
        const struct bg_clock *clock = bg_call_services(ask->call)->clock;
        if (!ask->answered) { /* nobody had to be asked: it is of now */
            ask->collected_us = bg_clock_monotonic_us(clock);
            ask->collected_wall_ms = bg_clock_wall_ms(clock);
        }
        reply.collected_us = ask->collected_us;
        reply.meta = bg_meta_new(shaper, ask->node, ask->collected_wall_ms, ask->duration_ms, ask->warnings);
        ask->warnings = NULL;
        put_figures(ask, reply.meta);
        reply.data = ask->data;
        ask->data = NULL;
        reply.fresh_until_us = fresh_until_us(ask);
    }
    bg_call_end(ask->call, shaper, &reply);
    ask_free(ask);
}

void bg_ask_miss(struct bg_ask *ask, const char *node, const char *code, const char *reason)
{
    json_t *missing = json_pack("{s:s, s:s, s:s}", "node", node, "code", code, "reason", reason);
    if (ask->missing == NULL)
        ask->missing = bg_array_new(&ask->shaper);
    bg_append(&ask->shaper, ask->missing, missing);
}

static void warn_of(struct bg_ask *ask, const char *node, json_t *text);

/* A branch that nobody requires is lost with a warning. Want of memory is ours, not its node's. */
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
        warn_of(ask, NULL, json_string(branch->excuse));
    else
        warn_of(ask, branch->node, json_string(shaper->failure.text));
    bg_ask_miss(ask, branch->node, bg_error_info(shaper->failure.error)->code, shaper->failure.text);
    if (lost == NULL)
        return;
    ask->branch = branch;
    lost(ask, NULL);
    ask->branch = outer;
    shaper->failed = shaper->failed && shaper->failure.error == BG_NO_MEMORY;
}

static void branch_free(struct bg_ask *ask, struct bg_branch *branch)
{
    struct bg_branch **place = &ask->branches;
    while (*place != branch)
        place = &(*place)->next;
    *place = branch->next;
    free(branch);
}

static void run_step(struct bg_ask *ask, struct bg_branch *branch, bg_ask_step *step, json_t *answer)
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

/* After every step: what waits for all branches runs when the last is over, and the call ends when nothing is left to run. */
static void advance(struct bg_ask *ask)
{
    while (ask->branches == NULL && ask->then != NULL && !ask->shaper.failed) {
        bg_ask_step *step = ask->then;
        ask->then = NULL;
        ask->before_ms = ask->duration_ms;
        ask->before_rpc_us = ask->rpc_us;
        step(ask, NULL);
    }
    if (ask->branches == NULL || ask->shaper.failed)
        end(ask);
}

static int64_t higher(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void note_answer(struct bg_ask *ask, struct bg_branch *branch, const struct bg_answer *answer)
{
    branch->age_ms = higher(branch->age_ms, answer->age_ms);
    if (!branch->is_aside && (!ask->answered || answer->collected_us < ask->collected_us)) {
        ask->collected_us = answer->collected_us;
        ask->collected_wall_ms = answer->collected_wall_ms;
    }
    ask->answered = ask->answered || !branch->is_aside;
    branch->duration_ms += answer->duration_ms;
    branch->rpc_us += answer->rpc_us;
    ask->duration_ms = higher(ask->duration_ms, ask->before_ms + branch->duration_ms);
    ask->rpc_us = higher(ask->rpc_us, ask->before_rpc_us + branch->rpc_us);
}

/* What was left for the last of several questions is not what the caller has allowed, and would read as if that had been less. */
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

/* An earlier answer came in place of one in time: that is said, once. */
static void note_last(struct bg_ask *ask, struct bg_branch *branch)
{
    if (!branch->is_last)
        bg_ask_warn(ask,
                    "%s did not answer the question \"%s\" in the %" PRId64
                    " ms that this request had in all: this is what %s last, as collected_at tells; allow more with timeout_ms",
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
    run_step(ask, branch, step, failure != NULL ? NULL : answer->data);
    advance(ask);
}

const char *bg_ask_node(const struct bg_ask *ask)
{
    return ask->branch->node;
}

int64_t bg_ask_left_ms(const struct bg_ask *ask)
{
    return (ask->deadline_us - bg_clock_monotonic_us(bg_call_services(ask->call)->clock)) / 1000;
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

/* `request` says how; an answer that is kept serves the call's own node alone. False where there was no time, and nothing serves. */
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

/* What it is compared with may be of then, and so may it be. */
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

static struct bg_branch *branch_new(struct bg_ask *ask, const char *node)
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

static void branch_start(struct bg_ask *ask, const char *node, int64_t timeout_ms, bg_ask_step *first, bg_ask_step *lost)
{
    struct bg_branch *branch = ask->shaper.failed ? NULL : branch_new(ask, node);
    if (branch == NULL)
        return;
    branch->deadline_us = bg_clock_monotonic_us(bg_call_services(ask->call)->clock) + timeout_ms * 1000;
    branch->lost = lost;
    run_step(ask, branch, first, NULL);
}

void bg_ask_keep(struct bg_ask *ask, const json_t *answer)
{
    if (ask->kept == NULL)
        ask->kept = bg_object_new(&ask->shaper);
    if (ask->kept != NULL && json_object_update(ask->kept, (json_t *)answer) != 0)
        bg_shaper_fail(&ask->shaper, BG_NO_MEMORY, "no memory left to build the answer");
}

void bg_ask_excuse(struct bg_ask *ask, const char *sentence)
{
    ask->branch->excuse = sentence;
}

void bg_ask_branch(struct bg_ask *ask, const char *node, int64_t timeout_ms, bg_ask_step *first)
{
    branch_start(ask, node, timeout_ms, first, NULL);
}

void bg_ask_branch_or(struct bg_ask *ask, const char *node, int64_t timeout_ms, bg_ask_step *first, bg_ask_step *lost)
{
    branch_start(ask, node, timeout_ms, first, lost);
}

int64_t bg_ask_age_ms(const struct bg_ask *ask)
{
    return ask->branch->age_ms;
}

void bg_ask_then(struct bg_ask *ask, bg_ask_step *step)
{
    ask->then = step;
}

void bg_ask_refuse(struct bg_ask *ask, const char *param, const char *reason)
{
    if (ask->shaper.failed)
        return;
    ask->shaper.failed = true;
    (void)bg_fail_param(&ask->shaper.failure, BG_INVALID, param, "%s", reason);
}

/* With the node's name in front where the text lacks it. What befalls two branches is said once. Takes the text. */
static void warn_of(struct bg_ask *ask, const char *node, json_t *text)
{
    const char *said = json_string_value(text);
    json_t *warning = said != NULL && node != NULL && strstr(said, node) == NULL ? json_sprintf("%s: %s", node, said) : json_incref(text);
    json_t *other;
    size_t i;
    bool is_new = true;
    json_array_foreach(ask->warnings, i, other) is_new = is_new && !json_equal(other, warning);
    if (is_new)
        bg_append(&ask->shaper, ask->warnings, warning);
    else
        json_decref(warning);
    json_decref(text);
}

/* A call that is about all nodes says of which one it speaks. */
void bg_ask_warn(struct bg_ask *ask, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_t *text = json_vsprintf(format, arguments);
    va_end(arguments);
    warn_of(ask, ask->node == NULL && ask->branch != NULL ? ask->branch->node : NULL, text);
}

static struct bg_ask *ask_new(struct bg_call *call)
{
    struct bg_ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL) {
        struct bg_failure failure;
        (void)bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        bg_call_fail(call, &failure);
        return NULL;
    }
    ask->call = call;
    bg_shaper_init(&ask->shaper, "");
    ask->warnings = bg_array_new(&ask->shaper);
    ask->deadline_us = bg_clock_monotonic_us(bg_call_services(call)->clock) + bg_call_integer(call, "timeout_ms") * 1000;
    bg_call_on_cancel(call, on_cancel, ask);
    return ask;
}

void bg_ask_run(struct bg_call *call, bg_ask_step *first)
{
    struct bg_ask *ask = ask_new(call);
    if (ask == NULL)
        return;
    struct bg_node_info info;
    ask->node = bg_call_text(call, "node");
    if (!ask->shaper.failed)
        ask->shaper.failed = !bg_node_find(bg_call_services(call)->nodes, ask->node, &info, &ask->shaper.failure);
    struct bg_branch *branch = ask->shaper.failed ? NULL : branch_new(ask, ask->node);
    if (branch != NULL) {
        branch->required = true;
        run_step(ask, branch, first, NULL);
    }
    advance(ask);
}

void bg_ask_run_all(struct bg_call *call, bg_ask_step *first)
{
    struct bg_ask *ask = ask_new(call);
    if (ask == NULL)
        return;
    bg_ask_then(ask, first);
    advance(ask);
}
