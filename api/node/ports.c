/* ports.c: GET .../ports, the ports with the longest queues, most traffic, memory or buffers, or with the most change of these over a
 * window; or groups of ports. */
#include "endpoints.h"
#include "listing.h"
#include "params.h"

#include "beamgauge/text.h"

#include <inttypes.h>
#include <string.h>

static void put_row(struct bg_shaper *shaper, json_t *row, const json_t *raw)
{
    static const struct bg_field fields[] = {
        {"name", "name", BG_FIELD_TEXT},
        {"os_pid", "os_pid", BG_FIELD_COUNT_OR_NULL},
        {"queue_bytes", "queue_bytes", BG_FIELD_COUNT},
        {"input_bytes", "input_bytes", BG_FIELD_COUNT},
        {"output_bytes", "output_bytes", BG_FIELD_COUNT},
        {"memory_bytes", "memory_bytes", BG_FIELD_COUNT},
        {"buffer_bytes", "buffer_bytes", BG_FIELD_COUNT_OR_NULL},
        {"links_count", "links_count", BG_FIELD_COUNT},
        {"local_address", "local_address", BG_FIELD_TEXT},
        {"peer_address", "peer_address", BG_FIELD_TEXT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    bg_put_named(shaper, row, "port", json_object_get(raw, "port"));
    bg_put_fields(shaper, row, raw, fields);
    bg_put_owner(shaper, row, raw);
}

static const struct bg_listing_sort sorts[] = {
    {"queue", "queue_bytes", false},   {"input", "input_bytes", false},   {"output", "output_bytes", false},
    {"memory", "memory_bytes", false}, {"buffer", "buffer_bytes", false}, {NULL, NULL, false},
};
static const struct bg_listing listing = {.question = "ports", .counted = "port_count", .sorts = sorts, .put_row = put_row};

static json_t *group_new(struct bg_shaper *shaper, const json_t *raw)
{
    static const struct bg_field fields[] = {
        {"port_count", "port_count", BG_FIELD_COUNT},
        {"queue_bytes", "queue_bytes", BG_FIELD_COUNT},
        {"input_bytes", "input_bytes", BG_FIELD_COUNT},
        {"output_bytes", "output_bytes", BG_FIELD_COUNT},
        {"memory_bytes", "memory_bytes", BG_FIELD_COUNT},
        {"buffer_bytes", "buffer_bytes", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "group", bg_name_new(shaper, raw, "kind"));
    bg_put_owner(shaper, row, raw);
    bg_put_fields(shaper, row, raw, fields);
    return row;
}

static void shape_groups(struct bg_ask *ask, const json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *raws = bg_answer_array(shaper, answer, "rows");
    const int64_t groups = bg_answer_count(shaper, answer, "group_count");
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit");
    ask->data = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raws) && i < limit && !shaper->failed; i++)
        bg_append(shaper, ask->data, group_new(shaper, bg_answer_object_at(shaper, raws, i)));
    bg_listing_put_figures(ask, "port_count", bg_answer_count(shaper, answer, "seen_count"), 0,
                           groups > (int64_t)json_array_size(ask->data));
    ask->sorted_by = "port_count";
    for (const struct bg_listing_sort *sort = sorts; sort->key != NULL; sort++)
        if (bg_call_has(ask->call, "sort") && strcmp(sort->key, bg_call_text(ask->call, "sort")) == 0)
            ask->sorted_by = sort->field;
}

/* All states and drivers with their counts: always in the answer, even if few rows are requested. */
static void put_kinds(struct bg_ask *ask, const json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *raws = bg_answer_array(shaper, answer, "kinds");
    json_t *kinds = bg_array_new(shaper);
    char line[400];
    struct bg_text text;
    bg_text_init(&text, line, sizeof line);
    for (size_t i = 0; i < json_array_size(raws) && !shaper->failed; i++) {
        const char *kind = json_string_value(json_array_get(json_array_get(raws, i), 0));
        const json_t *count = json_array_get(json_array_get(raws, i), 1);
        if (kind == NULL || !json_is_integer(count)) {
            bg_shaper_fail(shaper, BG_BAD_ANSWER,
                           "the node's answer to \"%s\" cannot be understood: \"kinds\" has no kind and count at %zu", shaper->source, i);
            break;
        }
        json_t *row = bg_object_new(shaper);
        bg_put(shaper, row, "kind", json_string(kind));
        bg_put(shaper, row, "port_count", json_integer(json_integer_value(count)));
        bg_append(shaper, kinds, row);
        bg_text_add_format(&text, "%s%" JSON_INTEGER_FORMAT " x ", i == 0 ? "" : ", ", json_integer_value(count));
        bg_text_add_escaped(&text, kind, strlen(kind), "");
    }
    bg_put(shaper, ask->figures, "kinds", kinds);
    bg_put(shaper, ask->figures, "summary", json_string(line));
}

static bool is_grouped(const struct bg_ask *ask)
{
    return strcmp(bg_call_text(ask->call, "group"), "none") != 0;
}

static void shape_ports(struct bg_ask *ask, json_t *answer)
{
    if (is_grouped(ask))
        shape_groups(ask, answer);
    else
        bg_listing_shape(ask, answer, &listing);
    put_kinds(ask, answer);
}

/* Groups are ranked by their number of ports, unless another order is requested. */
static void ask_groups(struct bg_ask *ask)
{
    const char *sort = bg_call_has(ask->call, "sort") ? bg_call_text(ask->call, "sort") : "count";
    if (bg_call_integer(ask->call, "window_ms") != 0) {
        bg_ask_refuse(ask, "window_ms", "groups are ranked by present values only, without a window");
        return;
    }
    bg_ask_send(ask, bg_arguments_port_groups(&ask->shaper, sort, bg_call_integer(ask->call, "limit"), bg_call_text(ask->call, "group")),
                shape_ports);
}

static void ask_ports(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    if (is_grouped(ask))
        ask_groups(ask);
    else
        bg_listing_send(ask, &listing, shape_ports);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_ports);
}

static const char *const sort_keys[] = {"queue", "input", "output", "memory", "buffer", NULL};
static const char *const group_keys[] = {"none", "kind", "owner", NULL};

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "sort",
     .type = BG_PARAM_ENUM,
     .choices = sort_keys,
     .fallback = "queue",
     .summary = "What to rank by; groups are ranked by how many ports they are, unless this is given"},
    {.name = "group",
     .type = BG_PARAM_ENUM,
     .choices = group_keys,
     .fallback = "none",
     .summary = "Add up all ports of a kind (a driver, or programs of the system), or of a kind and an owner"},
    BG_LISTING_LIMIT_PARAM("ports"),
    BG_LISTING_WINDOW_PARAM("0", BG_LISTING_WINDOW_SUMMARY),
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

#define CHANGE(field, title)                                                                                                               \
    {field "_delta", "+" title, BG_COLUMN_BYTES, false},                                                                                   \
    {                                                                                                                                      \
        field "_per_second", title "/s", BG_COLUMN_BYTE_RATE, true                                                                         \
    }

static const struct bg_column columns[] = {
    {"port", "Port", BG_COLUMN_TEXT, true},
    {"name", "Name", BG_COLUMN_TEXT, true},
    {"os_pid", "OS pid", BG_COLUMN_TEXT, false},
    {"queue_bytes", "Queue", BG_COLUMN_BYTES, true},
    {"input_bytes", "In", BG_COLUMN_BYTES, true},
    {"output_bytes", "Out", BG_COLUMN_BYTES, true},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, false},
    {"buffer_bytes", "Buffer", BG_COLUMN_BYTES, false},
    {"links_count", "Links", BG_COLUMN_COUNT, false},
    {"local_address", "Local", BG_COLUMN_TEXT, false},
    {"peer_address", "Peer", BG_COLUMN_TEXT, true},
    {"owner.pid", "Owner's pid", BG_COLUMN_TEXT, false},
    {"owner.name|owner.pid", "Owner", BG_COLUMN_TEXT, true},
    {"owner.initial_call.text", "Owner's initial call", BG_COLUMN_TEXT, false},
    {"application", "Application", BG_COLUMN_TEXT, false},
    CHANGE("queue_bytes", "Queue"),
    CHANGE("input_bytes", "In"),
    CHANGE("output_bytes", "Out"),
    CHANGE("memory_bytes", "Memory"),
    CHANGE("buffer_bytes", "Buffer"),
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

static const struct bg_column group_columns[] = {
    {"group", "Kind", BG_COLUMN_TEXT, true},
    {"port_count", "Ports", BG_COLUMN_COUNT, true},
    {"owner.pid", "Owner's pid", BG_COLUMN_TEXT, false},
    {"owner.name|owner.pid", "Owner", BG_COLUMN_TEXT, true},
    {"application", "Application", BG_COLUMN_TEXT, false},
    {"queue_bytes", "Queue", BG_COLUMN_BYTES, true},
    {"input_bytes", "In", BG_COLUMN_BYTES, true},
    {"output_bytes", "Out", BG_COLUMN_BYTES, true},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, false},
    {"buffer_bytes", "Buffer", BG_COLUMN_BYTES, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_ports_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/ports",
     .scope = BG_SCOPE_READ,
     .operation = "listPorts",
     .summary = "The ports with the longest queues, most traffic, memory or buffers, now or over a window, with the addresses of sockets",
     .params = params,
     .columns = columns,
     .group_columns = group_columns,
     .handler = handle},
    {.path = NULL},
};
