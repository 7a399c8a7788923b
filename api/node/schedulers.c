/* schedulers.c: GET .../schedulers, how busy each scheduler was over a window. */
#include "endpoints.h"
#include "listing.h"
#include "params.h"

#include <string.h>

/* The online schedulers of one kind. */
struct load {
    const char *type, *field;
    int64_t active_us, total_us;
};

static int64_t active_within(int64_t active_us, int64_t total_us)
{
    return active_us < total_us ? active_us : total_us; /* the two are not read at the same time */
}

static json_t *row_new(struct bg_shaper *shaper, const json_t *raw, struct load loads[3])
{
    const char *type = json_string_value(json_object_get(raw, "type"));
    const int64_t total_us = bg_answer_count(shaper, raw, "total_us");
    const int64_t active_us = active_within(bg_answer_count(shaper, raw, "active_us"), total_us);
    const bool online = bg_answer_boolean(shaper, raw, "online");
    for (size_t i = 0; i < 3 && online && type != NULL; i++) {
        if (strcmp(loads[i].type, type) != 0)
            continue;
        loads[i].active_us = bg_sum(loads[i].active_us, active_us);
        loads[i].total_us = bg_sum(loads[i].total_us, total_us);
    }
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "scheduler", json_integer(bg_answer_count(shaper, raw, "id")));
    bg_put(shaper, row, "type", bg_text_or_null(type));
    bg_put(shaper, row, "online", json_boolean(online));
    bg_put(shaper, row, "usage_ratio", bg_ratio_new(active_us, total_us));
    return row;
}

static json_t *counts_new(struct bg_shaper *shaper, const json_t *answer, const char *key)
{
    const json_t *raw = bg_answer_array(shaper, answer, key);
    json_t *counts = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raw); i++)
        bg_append(shaper, counts, json_integer(json_integer_value(json_array_get(raw, i))));
    return counts;
}

static void shape_schedulers(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct load loads[3] = {{.type = "normal", .field = "usage_ratio"},
                            {.type = "dirty_cpu", .field = "dirty_cpu_usage_ratio"},
                            {.type = "dirty_io", .field = "dirty_io_usage_ratio"}};
    const json_t *raws = bg_answer_array(shaper, answer, "schedulers");
    json_t *schedulers = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raws) && !shaper->failed; i++)
        bg_append(shaper, schedulers, row_new(shaper, bg_answer_object_at(shaper, raws, i), loads));
    if (json_array_size(raws) == 0)
        bg_ask_warn(ask, "a scheduler did not answer in time, most likely held up by native code: how busy they are is not known");
    ask->data = bg_object_new(shaper);
    for (size_t i = 0; i < 3; i++)
        bg_put(shaper, ask->data, loads[i].field, bg_ratio_new(loads[i].active_us, loads[i].total_us));
    bg_put(shaper, ask->data, "run_queue_counts", counts_new(shaper, answer, "run_queue_counts"));
    bg_put(shaper, ask->data, "dirty_run_queue_counts", counts_new(shaper, answer, "dirty_run_queue_counts"));
    bg_put(shaper, ask->data, "schedulers", schedulers);
}

static void ask_schedulers(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    const int64_t window_ms = bg_call_integer(ask->call, "window_ms");
    if (!bg_window_allow(ask, window_ms))
        return;
    bg_ask_send(ask, bg_arguments_schedulers(&ask->shaper, window_ms), shape_schedulers);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_schedulers);
}

static json_t *rows_of(const json_t *data)
{
    return json_incref(json_object_get(data, "schedulers"));
}

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "window_ms",
     .type = BG_PARAM_INTEGER,
     .min = 100,
     .max = 30000,
     .fallback = "1000",
     .summary = "How long to measure; the node measures no longer than that, unless another process needs it too"},
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"scheduler", "Scheduler", BG_COLUMN_TEXT, true}, {"type", "Type", BG_COLUMN_TEXT, true}, {"online", "Online", BG_COLUMN_TEXT, true},
    {"usage_ratio", "Usage", BG_COLUMN_RATIO, true},  {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_schedulers_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/schedulers",
     .scope = BG_SCOPE_READ,
     .operation = "getSchedulers",
     .summary = "How busy each scheduler was over a window, and the run queues",
     .params = params,
     .columns = columns,
     .rows = rows_of,
     .handler = handle},
    {.path = NULL},
};
