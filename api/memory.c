/* memory.c: GET .../memory, where a node's memory is, and how much of it monitors may hold. */
#include "ask.h"
#include "endpoints.h"
#include "figures.h"
#include "flatten.h"
#include "params.h"

static int64_t other_bytes(struct bg_shaper *shaper, const json_t *memory)
{
    int64_t other = bg_answer_count(shaper, memory, "system");
    static const char *const known[] = {"atom", "binary", "code", "ets"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        other -= bg_answer_count(shaper, memory, known[i]);
    return other > 0 ? other : 0; /* the figures are not taken at one instant */
}

static json_t *allocators_new(struct bg_shaper *shaper, const json_t *answer)
{
    static const struct bg_field fields[] = {
        {"name", "name", BG_FIELD_TEXT},
        {"used_bytes", "used_bytes", BG_FIELD_COUNT},
        {"allocated_bytes", "allocated_bytes", BG_FIELD_COUNT},
        {"blocks_count", "blocks_count", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    const json_t *raw = bg_answer_array(shaper, answer, "allocators");
    json_t *allocators = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raw) && !shaper->failed; i++) {
        json_t *allocator = bg_object_new(shaper);
        bg_put_fields(shaper, allocator, bg_answer_object_at(shaper, raw, i), fields);
        bg_append(shaper, allocators, allocator);
    }
    return allocators;
}

static json_t *estimate_new(struct bg_shaper *shaper, const json_t *answer)
{
    static const struct bg_field fields[] = {
        {"local_count", "local_count", BG_FIELD_COUNT_OR_NULL},
        {"remote_count", "remote_count", BG_FIELD_COUNT_OR_NULL},
        {"bytes", "bytes", BG_FIELD_COUNT_OR_NULL},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    json_t *estimate = bg_object_new(shaper);
    bg_put_fields(shaper, estimate, bg_answer_object(shaper, answer, "monitors_estimate"), fields);
    return estimate;
}

json_t *bg_memory_new(struct bg_shaper *shaper, const json_t *answer)
{
    static const struct bg_field fields[] = {
        {"total", "total_bytes", BG_FIELD_COUNT},
        {"processes", "processes_bytes", BG_FIELD_COUNT},
        {"processes_used", "processes_used_bytes", BG_FIELD_COUNT},
        {"system", "system_bytes", BG_FIELD_COUNT},
        {"atom", "atom_bytes", BG_FIELD_COUNT},
        {"atom_used", "atom_used_bytes", BG_FIELD_COUNT},
        {"binary", "binary_bytes", BG_FIELD_COUNT},
        {"code", "code_bytes", BG_FIELD_COUNT},
        {"ets", "ets_bytes", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    const json_t *memory = bg_answer_object(shaper, answer, "memory");
    json_t *data = bg_object_new(shaper);
    bg_put_fields(shaper, data, memory, fields);
    bg_put(shaper, data, "other_bytes", json_integer(other_bytes(shaper, memory)));
    bg_put(shaper, data, "process_count", json_integer(bg_answer_count(shaper, answer, "process_count")));
    bg_put(shaper, data, "monitors_estimate", estimate_new(shaper, answer));
    bg_put(shaper, data, "allocators", allocators_new(shaper, answer));
    return data;
}

static void shape_memory(struct bg_ask *ask, json_t *answer)
{
    ask->data = bg_memory_new(&ask->shaper, answer);
}

static void ask_memory(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send(ask, "memory", NULL, shape_memory);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_memory);
}

static const struct bg_param params[] = {BG_NODE_PARAM, BG_MAX_AGE_PARAM, BG_TIMEOUT_PARAM, BG_PARAMS_END};

const struct bg_endpoint bg_memory_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/memory",
     .scope = BG_SCOPE_READ,
     .operation = "getMemory",
     .summary = "Memory by kind and by allocator, and an estimate of the monitors held that touches no process",
     .params = params,
     .columns = bg_flatten_columns,
     .rows = bg_flatten_rows,
     .handler = handle},
    {.path = NULL},
};
