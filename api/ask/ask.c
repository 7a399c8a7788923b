/* ask.c: runs a call's questions, on one node or several, to its one ending. */
#include "ask.h"

#include "branch.h"

#include "beamgauge/clock.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The same bytes are not repeated for longer than this without a look at the kept answers, which know when a node went down. */
#define REPEAT_MAX_US 1000000

static void ask_free(struct bg_ask *ask)
{
    if (ask == NULL)
        return;
    bg_branches_free(ask);
    free(ask->state);
    json_decref(ask->kept);
    json_decref(ask->data);
    json_decref(ask->warnings);
    json_decref(ask->figures);
    json_decref(ask->missing);
    json_decref(ask->collected);
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
        bg_put(&ask->shaper, meta, "sorted_by", json_sprintf("%s%s", ask->sorted_by, ask->by_change ? "_per_second" : ""));
    json_object_foreach(ask->figures, key, value) bg_put(&ask->shaper, meta, key, json_incref(value));
}

static void end(struct bg_ask *ask)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct bg_reply reply = {.status = 200, .rpc_us = ask->rpc_us};
    if (!shaper->failed) {
        const struct bg_clock *clock = bg_call_services(ask->call)->clock;
        if (!ask->answered) { /* no node was asked: the data is current */
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

/* After every step: what waits for all branches runs when the last is over, and the call ends when nothing is left to run. */
void bg_ask_advance(struct bg_ask *ask)
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

int64_t bg_ask_left_ms(const struct bg_ask *ask)
{
    return (ask->deadline_us - bg_clock_monotonic_us(bg_call_services(ask->call)->clock)) / 1000;
}

void bg_ask_miss(struct bg_ask *ask, const char *node, const char *code, const char *reason)
{
    json_t *missing = json_pack("{s:s, s:s, s:s}", "node", node, "code", code, "reason", reason);
    if (ask->missing == NULL)
        ask->missing = bg_array_new(&ask->shaper);
    bg_append(&ask->shaper, ask->missing, missing);
}

void bg_ask_keep(struct bg_ask *ask, const json_t *answer)
{
    if (ask->kept == NULL)
        ask->kept = bg_object_new(&ask->shaper);
    if (ask->kept != NULL && json_object_update(ask->kept, (json_t *)answer) != 0)
        bg_shaper_fail(&ask->shaper, BG_NO_MEMORY, "no memory left to build the answer");
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

/* Adds the node's name in front if the text lacks it. The same warning of two branches is added once. Takes over the text. */
void bg_ask_warn_of(struct bg_ask *ask, const char *node, json_t *text)
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

/* A call about all nodes names the node in each warning. */
void bg_ask_warn(struct bg_ask *ask, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    json_t *text = json_vsprintf(format, arguments);
    va_end(arguments);
    bg_ask_warn_of(ask, ask->node == NULL && ask->branch != NULL ? ask->branch->node : NULL, text);
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
    struct bg_branch *branch = ask->shaper.failed ? NULL : bg_branch_new(ask, ask->node);
    if (branch != NULL) {
        branch->required = true;
        bg_branch_run(ask, branch, first, NULL);
    }
    bg_ask_advance(ask);
}

void bg_ask_run_all(struct bg_call *call, bg_ask_step *first)
{
    struct bg_ask *ask = ask_new(call);
    if (ask == NULL)
        return;
    bg_ask_then(ask, first);
    bg_ask_advance(ask);
}
