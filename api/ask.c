/* ask.c: sees a call through its questions to its one ending. */
#include "ask.h"

#include "beamgauge/clock.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* The same bytes are not repeated for longer than this without a look into the answers kept, which know when a node went. */
#define REPEAT_MAX_US 1000000

static void ask_free(struct bg_ask *ask)
{
    if (ask == NULL)
        return;
    json_decref(ask->kept);
    json_decref(ask->data);
    json_decref(ask->warnings);
    free(ask);
}

static void on_cancel(void *context)
{
    struct bg_ask *ask = context;
    if (ask->ticket != NULL)
        bg_ticket_cancel(ask->ticket);
    ask_free(ask);
}

void bg_call_end(struct bg_call *call, const struct bg_shaper *shaper, const struct bg_reply *reply)
{
    if (!shaper->failed) {
        bg_call_reply(call, reply);
        return;
    }
    json_decref(reply->data);
    json_decref(reply->meta);
    bg_call_fail(call, &shaper->failure);
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

static void end(struct bg_ask *ask)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct bg_reply reply = {.status = 200, .collected_us = ask->collected_us, .rpc_us = ask->rpc_us};
    if (!shaper->failed) {
        reply.meta = bg_meta_new(shaper, ask->node, ask->collected_wall_ms, ask->duration_ms, ask->warnings);
        ask->warnings = NULL;
        if (ask->is_ranking)
            bg_meta_put_ranking(shaper, reply.meta, &ask->ranking);
        reply.data = ask->data;
        ask->data = NULL;
        reply.fresh_until_us = fresh_until_us(ask);
    }
    bg_call_end(ask->call, shaper, &reply);
    ask_free(ask);
}

static void run_step(struct bg_ask *ask, bg_ask_step *step, json_t *answer)
{
    step(ask, answer);
    if (ask->ticket == NULL)
        end(ask);
}

static void note_answer(struct bg_ask *ask, const struct bg_answer *answer)
{
    if (!ask->answered || answer->collected_us < ask->collected_us) {
        ask->collected_us = answer->collected_us;
        ask->collected_wall_ms = answer->collected_wall_ms;
    }
    ask->answered = true;
    ask->duration_ms += answer->duration_ms;
    ask->rpc_us += answer->rpc_us;
}

static void on_done(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_ask *ask = context;
    ask->ticket = NULL;
    if (failure != NULL) {
        ask->shaper.failed = true;
        ask->shaper.failure = *failure;
        end(ask);
        return;
    }
    note_answer(ask, answer);
    run_step(ask, ask->step, answer->data);
}

void bg_ask_send(struct bg_ask *ask, const char *question, json_t *args, bg_ask_step *next)
{
    struct bg_shaper *shaper = &ask->shaper;
    const struct bg_services *services = bg_call_services(ask->call);
    const struct bg_query_request request = {
        .node = ask->node,
        .question = question,
        .args = args,
        .max_age_ms = bg_call_integer(ask->call, "max_age_ms"),
        .timeout_ms = (ask->deadline_us - bg_clock_monotonic_us(services->clock)) / 1000,
    };
    shaper->source = question;
    ask->step = next;
    if (request.timeout_ms <= 0)
        bg_shaper_fail(shaper, BG_DEADLINE, "no time was left to ask the node for \"%s\"; allow more with timeout_ms", question);
    if (!shaper->failed)
        shaper->failed = bg_query_ask(services->queries, &request, on_done, ask, &ask->ticket, &shaper->failure) != BG_OK;
    json_decref(args);
}

void bg_ask_refuse(struct bg_ask *ask, const char *param, const char *reason)
{
    if (ask->shaper.failed)
        return;
    ask->shaper.failed = true;
    (void)bg_fail_param(&ask->shaper.failure, BG_INVALID, param, "%s", reason);
}

void bg_ask_warn(struct bg_ask *ask, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bg_append(&ask->shaper, ask->warnings, json_vsprintf(format, arguments));
    va_end(arguments);
}

bool bg_node_find(const struct bg_nodes *nodes, const char *name, struct bg_node_info *ret_info, struct bg_failure *ret_failure)
{
    const enum bg_error error = bg_nodes_info(nodes, name, ret_info, ret_failure);
    if (error == BG_NODE_UNKNOWN)
        (void)bg_fail_param(ret_failure, BG_NODE_UNKNOWN, "node",
                            "no node %.200s is registered; register it with PUT /api/v1/nodes/%.200s and its cookie", name, name);
    return error == BG_OK;
}

void bg_ask_run(struct bg_call *call, bg_ask_step *first)
{
    struct bg_ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL) {
        struct bg_failure failure;
        (void)bg_fail(&failure, BG_NO_MEMORY, "no memory left to ask the node");
        bg_call_fail(call, &failure);
        return;
    }
    ask->call = call;
    ask->node = bg_call_text(call, "node");
    bg_shaper_init(&ask->shaper, "");
    ask->warnings = bg_array_new(&ask->shaper);
    ask->deadline_us = bg_clock_monotonic_us(bg_call_services(call)->clock) + bg_call_integer(call, "timeout_ms") * 1000;
    bg_call_on_cancel(call, on_cancel, ask);
    struct bg_node_info info;
    if (!ask->shaper.failed)
        ask->shaper.failed = !bg_node_find(bg_call_services(call)->nodes, ask->node, &info, &ask->shaper.failure);
    if (!ask->shaper.failed)
        run_step(ask, first, NULL);
    else
        end(ask);
}
