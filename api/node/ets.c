/* ets.c: GET .../ets, the ETS tables with most memory or entries, or with most growth over a window. */
#include "endpoints.h"
#include "listing.h"
#include "params.h"

static void put_row(struct bg_shaper *shaper, json_t *row, const json_t *raw)
{
    static const struct bg_field fields[] = {
        {"size_count", "size_count", BG_FIELD_COUNT},
        {"memory_bytes", "memory_bytes", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    const json_t *table = json_object_get(raw, "table");
    const char *reference = json_string_value(json_object_get(table, "reference"));
    bg_put(shaper, row, "table", reference != NULL ? json_string(reference) : bg_name_new(shaper, raw, "table"));
    bg_put(shaper, row, "name", bg_name_new(shaper, raw, "name"));
    bg_put(shaper, row, "named", json_boolean(bg_answer_boolean(shaper, raw, "named")));
    bg_put_owner(shaper, row, raw);
    bg_put(shaper, row, "type", bg_name_new(shaper, raw, "type"));
    bg_put(shaper, row, "protection", bg_name_new(shaper, raw, "protection"));
    bg_put(shaper, row, "compressed", json_boolean(bg_answer_boolean(shaper, raw, "compressed")));
    bg_put_fields(shaper, row, raw, fields);
}

static const struct bg_listing_sort sorts[] = {{"memory", "memory_bytes", true}, {"size", "size_count", false}, {NULL, NULL, false}};
static const struct bg_listing listing = {.question = "tables", .counted = "table_count", .sorts = sorts, .put_row = put_row};

static void shape_tables(struct bg_ask *ask, json_t *answer)
{
    const int64_t silent = bg_answer_count_or(&ask->shaper, answer, "silent_count", 0);
    bg_listing_shape(ask, answer, &listing);
    if (silent > 0)
        bg_ask_warn(ask, "%lld of the schedulers did not answer in time, most likely held up by native code: tables made there are missing",
                    (long long)silent);
}

static void ask_tables(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_listing_send(ask, &listing, shape_tables);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_tables);
}

static const char *const sort_keys[] = {"memory", "size", NULL};

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "sort", .type = BG_PARAM_ENUM, .choices = sort_keys, .fallback = "memory", .summary = "What to rank by"},
    BG_LISTING_LIMIT_PARAM("tables"),
    BG_LISTING_WINDOW_PARAM("0", BG_LISTING_WINDOW_SUMMARY),
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"table", "Table", BG_COLUMN_TEXT, false},
    {"name", "Name", BG_COLUMN_TEXT, true},
    {"named", "Named", BG_COLUMN_TEXT, false},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, true},
    {"size_count", "Objects", BG_COLUMN_COUNT, true},
    {"type", "Type", BG_COLUMN_TEXT, true},
    {"protection", "Protection", BG_COLUMN_TEXT, true},
    {"compressed", "Compressed", BG_COLUMN_TEXT, false},
    {"owner.pid", "Owner's pid", BG_COLUMN_TEXT, false},
    {"owner.name|owner.pid", "Owner", BG_COLUMN_TEXT, true},
    {"owner.initial_call.text", "Owner's initial call", BG_COLUMN_TEXT, false},
    {"application", "Application", BG_COLUMN_TEXT, false},
    {"memory_bytes_delta", "+Memory", BG_COLUMN_BYTES, false},
    {"memory_bytes_per_second", "Memory/s", BG_COLUMN_BYTE_RATE, true},
    {"size_count_delta", "+Objects", BG_COLUMN_COUNT, false},
    {"size_count_per_second", "Objects/s", BG_COLUMN_RATE, true},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_ets_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/ets",
     .scope = BG_SCOPE_READ,
     .operation = "listTables",
     .summary = "The ETS tables that hold most memory or objects, or grew most over a window",
     .params = params,
     .columns = columns,
     .handler = handle},
    {.path = NULL},
};
