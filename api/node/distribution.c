/* distribution.c: GET .../distribution, the connections to other nodes: their queues and their traffic. */
#include "endpoints.h"
#include "listing.h"
#include "params.h"
#include "scan.h"

static void put_traffic(struct bg_shaper *shaper, json_t *row, const json_t *raw)
{
    static const struct bg_field fields[] = {
        {"queue_bytes", "queue_bytes", BG_FIELD_COUNT_OR_NULL},   {"input_bytes", "input_bytes", BG_FIELD_COUNT_OR_NULL},
        {"output_bytes", "output_bytes", BG_FIELD_COUNT_OR_NULL}, {"message_queue_len", "message_queue_len", BG_FIELD_COUNT_OR_NULL},
        {"memory_bytes", "memory_bytes", BG_FIELD_COUNT_OR_NULL}, {"local_address", "local_address", BG_FIELD_TEXT},
        {"peer_address", "peer_address", BG_FIELD_TEXT},          {NULL, NULL, BG_FIELD_COUNT},
    };
    bg_put_fields(shaper, row, raw, fields);
    const int64_t window_us = bg_answer_count(shaper, raw, "window_us");
    if (window_us == 0 || bg_answer_count_or(shaper, raw, "input_bytes", -1) < 0)
        return;
    bg_put_change(shaper, row, "input_bytes", bg_answer_integer(shaper, raw, "input_delta"), window_us);
    bg_put_change(shaper, row, "output_bytes", bg_answer_integer(shaper, raw, "output_delta"), window_us);
}

static json_t *row_new(struct bg_shaper *shaper, const json_t *raw)
{
    const json_t *controller = json_object_get(raw, "controller");
    const char *form = json_object_get(controller, "port") != NULL ? "port" : "pid";
    const char *controller_text = json_string_value(json_object_get(controller, form));
    if (controller_text == NULL)
        bg_shaper_fail(shaper, BG_BAD_ANSWER,
                       "the node's answer to \"distribution\" cannot be understood: \"controller\" is neither a port nor a pid");
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "peer_node", bg_name_new(shaper, raw, "peer_node"));
    bg_put(shaper, row, "hidden", json_boolean(bg_answer_boolean(shaper, raw, "hidden")));
    bg_put(shaper, row, "controller", bg_text_or_null(controller_text));
    put_traffic(shaper, row, raw);
    bg_put_owner(shaper, row, raw);
    bg_put(shaper, row, "owner_status", bg_name_new(shaper, raw, "status"));
    return row;
}

static void shape_connections(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *raws = bg_answer_array(shaper, answer, "rows");
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit"), count = json_array_size(raws);
    const int64_t seen = bg_answer_count(shaper, answer, "seen_count"), gone = bg_answer_count(shaper, answer, "gone_count");
    ask->data = bg_array_new(shaper);
    for (size_t i = 0; i < count && i < limit && !shaper->failed; i++)
        bg_append(shaper, ask->data, row_new(shaper, bg_answer_object_at(shaper, raws, i)));
    bg_listing_put_figures(ask, "connection_count", seen, gone, count > limit || seen - gone > (int64_t)count);
    bg_put(shaper, ask->figures, "busy_limit_bytes", json_integer(bg_answer_count(shaper, answer, "busy_limit_bytes")));
    bg_put(shaper, ask->figures, "suspended_process_count", json_integer(bg_answer_count(shaper, answer, "suspended_process_count")));
}

static void ask_connections(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    const int64_t window_ms = bg_call_integer(ask->call, "window_ms");
    if (!bg_window_allow(ask, window_ms))
        return;
    bg_ask_send(ask, bg_arguments_distribution(&ask->shaper, bg_call_integer(ask->call, "limit"), window_ms), shape_connections);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_connections);
}

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    BG_LISTING_LIMIT_PARAM("connections"),
    BG_LISTING_WINDOW_PARAM("0", "Report the traffic over about this long too, 100 to 30000; 0: only sums since the connection was made"),
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"peer_node", "Peer", BG_COLUMN_TEXT, true},
    {"hidden", "Hidden", BG_COLUMN_TEXT, true},
    {"controller", "Controller", BG_COLUMN_TEXT, false},
    {"queue_bytes", "Queue", BG_COLUMN_BYTES, true},
    {"input_bytes", "In", BG_COLUMN_BYTES, true},
    {"output_bytes", "Out", BG_COLUMN_BYTES, true},
    {"input_bytes_delta", "+In", BG_COLUMN_BYTES, false},
    {"input_bytes_per_second", "In/s", BG_COLUMN_BYTE_RATE, true},
    {"output_bytes_delta", "+Out", BG_COLUMN_BYTES, false},
    {"output_bytes_per_second", "Out/s", BG_COLUMN_BYTE_RATE, true},
    {"message_queue_len", "Owner's queue", BG_COLUMN_COUNT, false},
    {"memory_bytes", "Owner's memory", BG_COLUMN_BYTES, false},
    {"owner_status", "Owner's status", BG_COLUMN_TEXT, false},
    {"owner.pid", "Owner", BG_COLUMN_TEXT, false},
    {"local_address", "Local", BG_COLUMN_TEXT, false},
    {"peer_address", "Address", BG_COLUMN_TEXT, true},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_distribution_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/distribution",
     .scope = BG_SCOPE_READ,
     .operation = "listConnections",
     .summary = "The connections to other nodes: bytes that wait in their ports, traffic, who carries them",
     .params = params,
     .columns = columns,
     .handler = handle},
    {.path = NULL},
};
