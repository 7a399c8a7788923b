/* past.c: calls for what is kept of a node. */
#include "past.h"

#include "direct.h"
#include "kept.h"
#include "meta.h"

#include "beamgauge/clock.h"

#include <stdlib.h>

json_t *bg_past_at_new(int64_t wall_ms)
{
    char at[BG_RFC3339_SIZE];
    bg_clock_rfc3339(wall_ms, at);
    return json_string(at);
}

/* What is wrong with the store is wrong with each of its answers. */
static json_t *warnings_new(struct bg_shaper *shaper, const struct bg_services *services, const struct bg_history *kept)
{
    struct bg_store_state state;
    json_t *warnings = bg_array_new(shaper);
    bg_store_state(services->store, &state);
    if (state.problem[0] != '\0')
        bg_append(shaper, warnings, json_string(state.problem));
    if (kept->first_ms == 0)
        bg_append(shaper, warnings, json_string("nothing is kept of this node yet: it is sampled while its link is up"));
    return warnings;
}

static void reply(const struct bg_past *past, const struct bg_history *kept)
{
    const struct bg_services *services = bg_call_services(past->call);
    const int64_t now_us = bg_clock_monotonic_us(services->clock), now_ms = bg_clock_wall_ms(services->clock);
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "history");
    json_t *warnings = warnings_new(&shaper, services, kept);
    struct bg_reply reply = {.status = 200, .rpc_us = -1, .collected_us = now_us, .data = past->shape(&shaper, past, kept, warnings)};
    reply.meta = bg_meta_new(&shaper, past->request.node, now_ms, (now_us - past->started_us) / 1000, warnings);
    bg_call_end(past->call, &shaper, &reply);
}

static void on_history(void *context, const struct bg_failure *failure, const struct bg_history *kept)
{
    struct bg_past *past = context;
    const struct bg_nodes *nodes = bg_call_services(past->call)->nodes;
    struct bg_node_info info;
    struct bg_failure unknown;
    if (failure != NULL)
        bg_call_fail(past->call, failure);
    else if (!kept->is_node_known && !bg_node_find(nodes, past->request.node, &info, &unknown))
        bg_call_fail(past->call, &unknown);
    else
        reply(past, kept);
    free(past);
}

static void on_cancel(void *context)
{
    struct bg_past *past = context;
    bg_history_cancel(past->ticket);
    free(past);
}

static enum bg_error begin(struct bg_past *past, bg_past_read *read, struct bg_failure *ret_failure)
{
    const struct bg_services *services = bg_call_services(past->call);
    enum bg_error error = bg_kept_check(services, ret_failure);
    if (error != BG_OK)
        return error;
    past->started_us = bg_clock_monotonic_us(services->clock);
    past->request.node = bg_call_text(past->call, "node");
    past->request.series = past->series;
    error = read(past, bg_clock_wall_ms(services->clock), ret_failure);
    return error != BG_OK ? error : bg_store_history(services->store, &past->request, on_history, past, &past->ticket, ret_failure);
}

void bg_past_run(struct bg_call *call, bg_past_read *read, bg_past_shape *shape)
{
    struct bg_past *past = calloc(1, sizeof *past);
    struct bg_failure failure;
    (void)bg_fail(&failure, BG_NO_MEMORY, "out of memory");
    if (past != NULL) {
        past->call = call;
        past->shape = shape;
    }
    if (past == NULL || begin(past, read, &failure) != BG_OK) {
        free(past);
        bg_call_fail(call, &failure);
        return;
    }
    bg_call_on_cancel(call, on_cancel, past);
}
