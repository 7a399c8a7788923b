/* system.c: GET .../system, a node's limits and how much of each is used, its schedulers and releases. */
#include "ask.h"
#include "endpoints.h"
#include "figures.h"
#include "flatten.h"
#include "params.h"

/* <what>_count, <what>_limit and their <what>_ratio. */
static void put_use(struct bg_shaper *shaper, json_t *data, const json_t *answer, const char *const names[3])
{
    const int64_t count = bg_answer_count(shaper, answer, names[0]), limit = bg_answer_count(shaper, answer, names[1]);
    bg_put(shaper, data, names[0], json_integer(count));
    bg_put(shaper, data, names[1], json_integer(limit));
    bg_put(shaper, data, names[2], bg_ratio_new(count, limit));
}

static json_t *applications_new(struct bg_shaper *shaper, const json_t *answer)
{
    const json_t *raw = bg_answer_array(shaper, answer, "applications");
    json_t *applications = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raw) && !shaper->failed; i++) {
        const json_t *pair = json_array_get(raw, i);
        if (json_array_size(pair) != 2)
            bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"applications\" are not pairs",
                           shaper->source);
        json_t *application = bg_object_new(shaper);
        bg_put(shaper, application, "name", bg_text_or_null(json_string_value(json_array_get(pair, 0))));
        bg_put(shaper, application, "version", bg_characters_new(json_array_get(pair, 1)));
        bg_append(shaper, applications, application);
    }
    return applications;
}

json_t *bg_system_new(struct bg_shaper *shaper, const json_t *answer)
{
    static const struct bg_field first[] = {
        {"otp_release", "otp_release", BG_FIELD_TEXT},
        {"erts_version", "erts_version", BG_FIELD_TEXT},
        {"elixir_version", "elixir_version", BG_FIELD_TEXT},
        {"uptime_ms", "uptime_ms", BG_FIELD_COUNT},
        {"wordsize_bytes", "wordsize_bytes", BG_FIELD_COUNT},
        {"schedulers_count", "schedulers_count", BG_FIELD_COUNT},
        {"schedulers_online_count", "schedulers_online_count", BG_FIELD_COUNT},
        {"dirty_cpu_schedulers_count", "dirty_cpu_schedulers_count", BG_FIELD_COUNT},
        {"dirty_io_schedulers_count", "dirty_io_schedulers_count", BG_FIELD_COUNT},
        {"run_queue_count", "run_queue_count", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    static const struct bg_field last[] = {
        {"reductions_count", "reductions_count", BG_FIELD_COUNT},
        {"context_switches_count", "context_switches_count", BG_FIELD_COUNT},
        {"io_input_bytes", "io_input_bytes", BG_FIELD_COUNT},
        {"io_output_bytes", "io_output_bytes", BG_FIELD_COUNT},
        {"gc_count", "gc_count", BG_FIELD_COUNT},
        {"gc_reclaimed_bytes", "gc_reclaimed_bytes", BG_FIELD_COUNT},
        {"connected_nodes_count", "connected_nodes_count", BG_FIELD_COUNT},
        {"hidden_nodes_count", "hidden_nodes_count", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    static const char *const uses[][3] = {{"process_count", "process_limit", "process_ratio"},
                                          {"port_count", "port_limit", "port_ratio"},
                                          {"atom_count", "atom_limit", "atom_ratio"},
                                          {"ets_count", "ets_limit", "ets_ratio"}};
    json_t *data = bg_object_new(shaper);
    bg_put_fields(shaper, data, answer, first);
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        put_use(shaper, data, answer, uses[i]);
    bg_put_fields(shaper, data, answer, last);
    bg_put(shaper, data, "applications", applications_new(shaper, answer));
    return data;
}

static void shape_system(struct bg_ask *ask, json_t *answer)
{
    ask->data = bg_system_new(&ask->shaper, answer);
}

static void ask_system(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send(ask, "system", NULL, shape_system);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_system);
}

static const struct bg_param params[] = {BG_NODE_PARAM, BG_MAX_AGE_PARAM, BG_TIMEOUT_PARAM, BG_PARAMS_END};

const struct bg_endpoint bg_system_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/system",
     .scope = BG_SCOPE_READ,
     .operation = "getSystem",
     .summary = "Limits and use of processes, ports, atoms and ETS tables; schedulers, run queues, uptime, releases",
     .params = params,
     .columns = bg_flatten_columns,
     .rows = bg_flatten_rows,
     .handler = handle},
    {.path = NULL},
};
