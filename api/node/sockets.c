/* sockets.c: GET .../sockets, the sockets of the module socket that read or wrote most, in total or over a window. */
#include "endpoints.h"
#include "listing.h"
#include "params.h"

static void put_row(struct bg_shaper *shaper, json_t *row, const json_t *raw)
{
    static const struct bg_field fields[] = {
        {"input_bytes", "input_bytes", BG_FIELD_COUNT},
        {"output_bytes", "output_bytes", BG_FIELD_COUNT},
        {"input_packets_count", "input_packets_count", BG_FIELD_COUNT},
        {"output_packets_count", "output_packets_count", BG_FIELD_COUNT},
        {"readers_count", "readers_count", BG_FIELD_COUNT},
        {"writers_count", "writers_count", BG_FIELD_COUNT},
        {"local_address", "local_address", BG_FIELD_TEXT},
        {"peer_address", "peer_address", BG_FIELD_TEXT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    const json_t *socket = json_object_get(raw, "socket");
    const char *reference = json_string_value(json_object_get(socket, "reference"));
    if (reference == NULL)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"sockets\" cannot be understood: \"socket\" is not a reference");
    bg_put(shaper, row, "socket", bg_text_or_null(reference));
    bg_put(shaper, row, "domain", bg_name_new(shaper, raw, "domain"));
    bg_put(shaper, row, "type", bg_name_new(shaper, raw, "type"));
    /* If the release has no name for a protocol, it reports the number. */
    const json_t *protocol = json_object_get(raw, "protocol");
    bg_put(shaper, row, "protocol", json_is_string(protocol) ? json_string(json_string_value(protocol)) : json_null());
    bg_put_fields(shaper, row, raw, fields);
    bg_put_owner(shaper, row, raw);
}

static const struct bg_listing_sort sorts[] = {{"input", "input_bytes", false}, {"output", "output_bytes", false}, {NULL, NULL, false}};
static const struct bg_listing listing = {.question = "sockets", .counted = "socket_count", .sorts = sorts, .put_row = put_row};

static void shape_sockets(struct bg_ask *ask, json_t *answer)
{
    bg_listing_shape(ask, answer, &listing);
}

static void ask_sockets(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_listing_send(ask, &listing, shape_sockets);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_sockets);
}

static const char *const sort_keys[] = {"input", "output", NULL};

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "sort", .type = BG_PARAM_ENUM, .choices = sort_keys, .fallback = "input", .summary = "What to rank by"},
    BG_LISTING_LIMIT_PARAM("sockets"),
    BG_LISTING_WINDOW_PARAM("0", BG_LISTING_WINDOW_SUMMARY),
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"socket", "Socket", BG_COLUMN_TEXT, false},
    {"domain", "Domain", BG_COLUMN_TEXT, true},
    {"type", "Type", BG_COLUMN_TEXT, false},
    {"protocol", "Protocol", BG_COLUMN_TEXT, true},
    {"input_bytes", "In", BG_COLUMN_BYTES, true},
    {"output_bytes", "Out", BG_COLUMN_BYTES, true},
    {"input_packets_count", "Packets in", BG_COLUMN_COUNT, false},
    {"output_packets_count", "Packets out", BG_COLUMN_COUNT, false},
    {"readers_count", "Readers", BG_COLUMN_COUNT, false},
    {"writers_count", "Writers", BG_COLUMN_COUNT, false},
    {"local_address", "Local", BG_COLUMN_TEXT, true},
    {"peer_address", "Peer", BG_COLUMN_TEXT, true},
    {"owner.pid", "Owner's pid", BG_COLUMN_TEXT, false},
    {"owner.name|owner.pid", "Owner", BG_COLUMN_TEXT, true},
    {"owner.initial_call.text", "Owner's initial call", BG_COLUMN_TEXT, false},
    {"application", "Application", BG_COLUMN_TEXT, false},
    {"input_bytes_delta", "+In", BG_COLUMN_BYTES, false},
    {"input_bytes_per_second", "In/s", BG_COLUMN_BYTE_RATE, true},
    {"output_bytes_delta", "+Out", BG_COLUMN_BYTES, false},
    {"output_bytes_per_second", "Out/s", BG_COLUMN_BYTE_RATE, true},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_sockets_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/sockets",
     .scope = BG_SCOPE_READ,
     .operation = "listSockets",
     .summary = "The sockets of the module socket that read or wrote most, now or over a window",
     .params = params,
     .columns = columns,
     .handler = handle},
    {.path = NULL},
};
