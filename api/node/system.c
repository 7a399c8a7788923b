/* system.c: GET .../system, a node's limits and how much of each is used, its schedulers and releases. */
#include "ask.h"
#include "endpoints.h"
#include "flatten.h"
#include "params.h"
#include "resources.h"

#include <string.h>

#define TOTALS_TIMEOUT_MS 1000
#define TOTALS_AGE_MS 1000 /* every scheduler is woken to report them */

/* <what>_count, <what>_limit and their <what>_ratio. */
static void put_use(struct bg_shaper *shaper, json_t *data, const json_t *answer, const char *const names[3])
{
    const int64_t count = bg_answer_count(shaper, answer, names[0]), limit = bg_answer_count(shaper, answer, names[1]);
    bg_put(shaper, data, names[0], json_integer(count));
    bg_put(shaper, data, names[1], json_integer(limit));
    bg_put(shaper, data, names[2], bg_ratio_new(count, limit));
}

/* From [{Name, Description, Version}]; the version is a list of characters. */
static json_t *applications_new(struct bg_shaper *shaper, const json_t *answer)
{
    const json_t *raw = bg_answer_array(shaper, answer, "applications");
    json_t *applications = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raw) && !shaper->failed; i++) {
        const json_t *parts = json_array_get(raw, i);
        if (json_array_size(parts) != 3)
            bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"applications\" are not triples",
                           shaper->source);
        json_t *application = bg_object_new(shaper);
        bg_put(shaper, application, "name", bg_text_or_null(json_string_value(json_array_get(parts, 0))));
        bg_put(shaper, application, "version", bg_characters_new(json_array_get(parts, 2)));
        bg_append(shaper, applications, application);
    }
    return applications;
}

/* The version of one application, or null. */
static json_t *version_of(const json_t *applications, const char *name)
{
    for (size_t i = 0; i < json_array_size(applications); i++) {
        const json_t *application = json_array_get(applications, i);
        const char *found = json_string_value(json_object_get(application, "name"));
        if (found != NULL && strcmp(found, name) == 0)
            return json_incref(json_object_get(application, "version"));
    }
    return json_null();
}

/* A number of a tuple that erlang:statistics/1 returned; null if it is missing. */
static void put_statistic(struct bg_shaper *shaper, json_t *data, const char *name, const json_t *answer, const char *key, size_t place)
{
    const json_t *number = json_array_get(json_object_get(answer, key), place);
    if (json_object_get(answer, key) == NULL) {
        bg_put(shaper, data, name, json_null());
        return;
    }
    if (!json_is_integer(number))
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"%s\" is not a statistic", shaper->source,
                       key);
    bg_put(shaper, data, name, json_integer(json_integer_value(number)));
}

/* {{input, Bytes}, {output, Bytes}} */
static void put_traffic(struct bg_shaper *shaper, json_t *data, const json_t *answer)
{
    const json_t *io = bg_answer_array_or_null(shaper, answer, "io");
    const json_t *input = bg_pair_get(io, "input"), *output = bg_pair_get(io, "output");
    if (io != NULL && (!json_is_integer(input) || !json_is_integer(output)))
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"io\" is not a statistic",
                       shaper->source);
    bg_put(shaper, data, "io_input_bytes", io != NULL ? json_integer(json_integer_value(input)) : json_null());
    bg_put(shaper, data, "io_output_bytes", io != NULL ? json_integer(json_integer_value(output)) : json_null());
}

static void put_statistics(struct bg_shaper *shaper, json_t *data, const json_t *answer)
{
    put_statistic(shaper, data, "reductions_count", answer, "reductions", 0);
    put_statistic(shaper, data, "context_switches_count", answer, "context_switches", 0);
    put_traffic(shaper, data, answer);
    put_statistic(shaper, data, "gc_count", answer, "garbage_collection", 0);
    const json_t *words = json_array_get(json_object_get(answer, "garbage_collection"), 1);
    const int64_t word_bytes = bg_answer_count(shaper, answer, "wordsize_bytes");
    bg_put(shaper, data, "gc_reclaimed_bytes",
           words != NULL ? json_integer(bg_bytes_of_words(json_integer_value(words), word_bytes)) : json_null());
    bg_put(shaper, data, "totals_age_ms", bg_member_or_null(answer, "totals_age_ms"));
}

static void put_nodes(struct bg_shaper *shaper, json_t *data, const json_t *answer)
{
    bg_put(shaper, data, "connected_nodes_count", json_integer((json_int_t)json_array_size(bg_answer_array(shaper, answer, "nodes"))));
    bg_put(shaper, data, "hidden_nodes_count", json_integer((json_int_t)json_array_size(bg_answer_array(shaper, answer, "hidden_nodes"))));
}

json_t *bg_system_new(struct bg_shaper *shaper, const json_t *answer)
{
    static const struct bg_field fields[] = {
        {"wordsize_bytes", "wordsize_bytes", BG_FIELD_COUNT},
        {"schedulers_count", "schedulers_count", BG_FIELD_COUNT},
        {"schedulers_online_count", "schedulers_online_count", BG_FIELD_COUNT},
        {"dirty_cpu_schedulers_count", "dirty_cpu_schedulers_count", BG_FIELD_COUNT},
        {"dirty_io_schedulers_count", "dirty_io_schedulers_count", BG_FIELD_COUNT},
        {"run_queue_count", "run_queue_count", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    static const char *const uses[][3] = {{"process_count", "process_limit", "process_ratio"},
                                          {"port_count", "port_limit", "port_ratio"},
                                          {"atom_count", "atom_limit", "atom_ratio"},
                                          {"ets_count", "ets_limit", "ets_ratio"}};
    json_t *data = bg_object_new(shaper), *applications = applications_new(shaper, answer);
    bg_put(shaper, data, "otp_release", bg_characters_new(json_object_get(answer, "otp_release")));
    bg_put(shaper, data, "erts_version", bg_characters_new(json_object_get(answer, "erts_version")));
    bg_put(shaper, data, "elixir_version", version_of(applications, "elixir"));
    put_statistic(shaper, data, "uptime_ms", answer, "wall_clock", 0);
    bg_put_fields(shaper, data, answer, fields);
    for (size_t i = 0; i < sizeof uses / sizeof uses[0]; i++)
        put_use(shaper, data, answer, uses[i]);
    put_statistics(shaper, data, answer);
    put_nodes(shaper, data, answer);
    bg_put(shaper, data, "applications", applications);
    return data;
}

static void shape_system(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    ask->data = bg_system_new(&ask->shaper, ask->kept);
}

static void take_now(struct bg_ask *ask, json_t *answer)
{
    bg_ask_keep(ask, answer);
}

static void take_totals(struct bg_ask *ask, json_t *answer)
{
    bg_ask_keep(ask, answer);
    bg_put(&ask->shaper, ask->kept, "totals_age_ms", json_integer(bg_ask_age_ms(ask)));
}

static void ask_totals(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_excuse(ask,
                  "a scheduler did not answer in time, most likely held up by native code: what all schedulers count together, garbage "
                  "collections and I/O, is missing");
    bg_ask_send_aside(ask, bg_arguments_none("system_totals"), TOTALS_AGE_MS, take_totals);
}

/* The part that needs every scheduler is asked in parallel, with a shorter timeout. */
static void ask_system(struct bg_ask *ask, json_t *answer)
{
    const int64_t half_ms = bg_ask_left_ms(ask) / 2;
    (void)answer;
    bg_ask_then(ask, shape_system);
    bg_ask_send(ask, bg_arguments_none("system_now"), take_now);
    bg_ask_branch(ask, ask->node, half_ms < TOTALS_TIMEOUT_MS ? half_ms : TOTALS_TIMEOUT_MS, ask_totals);
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
