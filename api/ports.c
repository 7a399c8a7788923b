/* ports.c: GET .../ports, the ports with the longest queues, most traffic or most memory, or most of either over a window. */
#include "endpoints.h"
#include "listing.h"
#include "params.h"

static void put_row(struct bg_shaper *shaper, json_t *row, const json_t *raw)
{
    static const struct bg_field fields[] = {
        {"name", "name", BG_FIELD_TEXT},
        {"os_pid", "os_pid", BG_FIELD_COUNT_OR_NULL},
        {"queue_bytes", "queue_bytes", BG_FIELD_COUNT},
        {"input_bytes", "input_bytes", BG_FIELD_COUNT},
        {"output_bytes", "output_bytes", BG_FIELD_COUNT},
        {"memory_bytes", "memory_bytes", BG_FIELD_COUNT},
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
    {"queue", "queue_bytes", false},
    {"input", "input_bytes", false},
    {"output", "output_bytes", false},
    {"memory", "memory_bytes", false},
    {NULL, NULL, false},
};
static const struct bg_listing listing = {.question = "ports", .counted = "port_count", .sorts = sorts, .put_row = put_row};

static void shape_ports(struct bg_ask *ask, json_t *answer)
{
    bg_listing_shape(ask, answer, &listing);
}

static void ask_ports(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_listing_send(ask, &listing, shape_ports);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_ports);
}

static const char *const sort_keys[] = {"queue", "input", "output", "memory", NULL};

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "sort",
     .type = BG_PARAM_ENUM,
     .choices = sort_keys,
     .fallback = "queue",
     .summary = "What to rank by; since OTP 27 the emulator adds some bytes to the output for each command"},
    BG_LISTING_LIMIT_PARAM("ports"),
    BG_LISTING_WINDOW_PARAM("0", BG_LISTING_WINDOW_SUMMARY),
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

#define CHANGE(field, title)                                                                                                               \
    {field "_delta", "+" title, BG_COLUMN_BYTES, false},                                                                                   \
    {                                                                                                                                      \
        field "_per_second", title "/s", BG_COLUMN_RATE, false                                                                             \
    }

static const struct bg_column columns[] = {
    {"port", "Port", BG_COLUMN_TEXT, true},
    {"name", "Name", BG_COLUMN_TEXT, true},
    {"os_pid", "OS pid", BG_COLUMN_TEXT, false},
    {"queue_bytes", "Queue", BG_COLUMN_BYTES, true},
    {"input_bytes", "In", BG_COLUMN_BYTES, true},
    {"output_bytes", "Out", BG_COLUMN_BYTES, true},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, false},
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
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_ports_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/ports",
     .scope = BG_SCOPE_READ,
     .operation = "listPorts",
     .summary = "The ports with the longest queues, most traffic or most memory, now or over a window, with the addresses of sockets",
     .params = params,
     .columns = columns,
     .handler = handle},
    {.path = NULL},
};
