/* nodes.c: GET /api/v1/nodes, GET/PUT/DELETE /api/v1/nodes/{node}: the registry. */
#include "ask.h"
#include "endpoints.h"
#include "flatten.h"
#include "params.h"

#include "beamgauge/clock.h"
#include "beamgauge/node.h"

#include <stdio.h>
#include <string.h>

#define BODY_MAX_BYTES 8192
#define TEXT_MAX_BYTES 255 /* of a cookie (an atom on the node) and of a host name */
#define LOCATION_SIZE (sizeof "/api/v1/nodes/" + 3 * BG_NODE_NAME_MAX)

static json_t *reason_new(struct bg_shaper *shaper, const struct bg_node_info *info)
{
    if (info->reason == BG_REASON_NONE)
        return json_null();
    json_t *reason = bg_object_new(shaper);
    bg_put(shaper, reason, "code", json_string(bg_link_reason_code(info->reason)));
    bg_put(shaper, reason, "text", json_string(info->reason_text));
    return reason;
}

static json_t *tags_new(struct bg_shaper *shaper, const struct bg_node_info *info)
{
    json_t *tags = bg_array_new(shaper);
    for (size_t i = 0; i < info->tags_count; i++)
        bg_append(shaper, tags, json_string(info->tags[i]));
    return tags;
}

static json_t *node_new(struct bg_shaper *shaper, const struct bg_node_info *info)
{
    static const char *const origins[] = {[BG_ORIGIN_CONFIG] = "config", [BG_ORIGIN_EPMD] = "epmd", [BG_ORIGIN_API] = "api"};
    char since_at[BG_RFC3339_SIZE];
    bg_clock_rfc3339(info->since_wall_ms, since_at);
    json_t *node = bg_object_new(shaper);
    bg_put(shaper, node, "node", json_string(info->name));
    bg_put(shaper, node, "state", json_string(bg_link_state_text(info->state)));
    bg_put(shaper, node, "reason", reason_new(shaper, info));
    bg_put(shaper, node, "since_at", json_string(since_at));
    bg_put(shaper, node, "retry_in_ms", bg_count_or_null(info->retry_in_ms));
    bg_put(shaper, node, "address", bg_text_or_null(info->address));
    bg_put(shaper, node, "port", info->port != 0 ? json_integer(info->port) : json_null());
    bg_put(shaper, node, "epmd_port", info->epmd_port != 0 ? json_integer(info->epmd_port) : json_null());
    bg_put(shaper, node, "origin", json_string(origins[info->origin]));
    bg_put(shaper, node, "tags", tags_new(shaper, info));
    bg_put(shaper, node, "in_flight_count", json_integer((json_int_t)info->in_flight_count));
    bg_put(shaper, node, "connects_count", json_integer((json_int_t)info->connects_count));
    bg_put(shaper, node, "losses_count", json_integer((json_int_t)info->losses_count));
    return node;
}

/* data and warnings, which may be NULL, are stolen. */
static void reply_with(struct bg_call *call, struct bg_shaper *shaper, const char *node, json_t *warnings, struct bg_reply reply)
{
    const struct bg_clock *clock = bg_call_services(call)->clock;
    reply.collected_us = bg_clock_monotonic_us(clock);
    reply.rpc_us = -1;
    reply.meta = bg_meta_new(shaper, node, bg_clock_wall_ms(clock), 0, warnings != NULL ? warnings : json_array());
    bg_call_end(call, shaper, &reply);
}

/* Says why nodes of this host may be missing from the list. */
static json_t *warnings_new(struct bg_shaper *shaper, const struct bg_services *services)
{
    char note[BG_FAILURE_TEXT_SIZE] = "";
    json_t *warnings = bg_array_new(shaper);
    if (services->discovery_note != NULL)
        services->discovery_note(services->discovery_context, sizeof note, note);
    if (note[0] != '\0')
        bg_append(shaper, warnings, json_string(note));
    return warnings;
}

static void handle_list(struct bg_call *call)
{
    const struct bg_nodes *nodes = bg_call_services(call)->nodes;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "nodes");
    json_t *rows = bg_array_new(&shaper);
    for (size_t i = 0; i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;
        bg_nodes_info_at(nodes, i, &info);
        bg_append(&shaper, rows, node_new(&shaper, &info));
    }
    reply_with(call, &shaper, NULL, warnings_new(&shaper, bg_call_services(call)), (struct bg_reply){.status = 200, .data = rows});
}

static void reply_node(struct bg_call *call, int status, const char *location)
{
    const char *name = bg_call_text(call, "node");
    struct bg_node_info info;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "nodes");
    if (!bg_node_find(bg_call_services(call)->nodes, name, &info, &shaper.failure)) {
        bg_call_fail(call, &shaper.failure);
        return;
    }
    reply_with(call, &shaper, name, NULL, (struct bg_reply){.status = status, .data = node_new(&shaper, &info), .location = location});
}

static void handle_get(struct bg_call *call)
{
    reply_node(call, 200, NULL);
}

static void handle_delete(struct bg_call *call)
{
    const char *name = bg_call_text(call, "node");
    struct bg_node_info info;
    struct bg_failure failure;
    struct bg_nodes *nodes = bg_call_services(call)->nodes;
    if (bg_node_find(nodes, name, &info, &failure) && bg_nodes_delete(nodes, name, &failure) == BG_OK)
        bg_call_empty(call);
    else
        bg_call_fail(call, &failure);
}

/* A text of the body, or NULL where it is absent: 1 to `most` bytes without spaces or control characters. */
static enum bg_error read_word(const json_t *value, const char *param, size_t most, const char **ret_text, struct bg_failure *ret_failure)
{
    const char *text = json_string_value(value);
    const size_t length = json_string_length(value);
    if (value == NULL)
        return BG_OK;
    if (text == NULL || length == 0 || length > most || strlen(text) != length)
        return bg_fail_param(ret_failure, BG_INVALID, param, "%s must be a text of 1 to %zu bytes", param, most);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
            return bg_fail_param(ret_failure, BG_INVALID, param, "%s must not contain spaces or control characters", param);
    *ret_text = text;
    return BG_OK;
}

static enum bg_error read_tags(const json_t *value, const char *ret_tags[BG_TAGS_MAX], size_t *ret_count, struct bg_failure *ret_failure)
{
    if (value == NULL)
        return BG_OK;
    if (!json_is_array(value) || json_array_size(value) > BG_TAGS_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, "tags", "tags must be a list of at most %d texts", BG_TAGS_MAX);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const enum bg_error error = read_word(json_array_get(value, i), "tags", BG_TAG_MAX_BYTES, &ret_tags[i], ret_failure);
        if (error != BG_OK)
            return error;
    }
    *ret_count = json_array_size(value);
    return BG_OK;
}

/* A port of the body, or 0 if it is absent. */
static enum bg_error read_port(const json_t *body, const char *param, uint16_t *ret_port, struct bg_failure *ret_failure)
{
    const json_t *value = json_object_get(body, param);
    if (value == NULL)
        return BG_OK;
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > UINT16_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, param, "%s must be an integer from 0 (as if it were left out) to 65535", param);
    *ret_port = (uint16_t)json_integer_value(value);
    return BG_OK;
}

static enum bg_error check_members(const json_t *body, struct bg_failure *ret_failure)
{
    static const char *const known[] = {"cookie", "address", "port", "epmd_port", "tags"};
    const char *key;
    json_t *value;
    if (!json_is_object(body))
        return bg_fail_param(ret_failure, BG_INVALID, "body",
                             "the body must be a JSON object with a cookie, and perhaps address, port, epmd_port and tags");
    json_object_foreach((json_t *)(uintptr_t)body, key, value)
    {
        bool found = false;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            found = found || strcmp(known[i], key) == 0;
        if (!found)
            return bg_fail_param(ret_failure, BG_INVALID, key,
                                 "%.60s is not a member of a node; those are cookie, address, port, epmd_port and tags", key);
    }
    return BG_OK;
}

/* The spec borrows from the body and from `tags`. */
static enum bg_error read_spec(const json_t *body, const char *tags[BG_TAGS_MAX], struct bg_node_spec *ret_spec,
                               struct bg_failure *ret_failure)
{
    enum bg_error error = check_members(body, ret_failure);
    if (error == BG_OK)
        error = read_word(json_object_get(body, "cookie"), "cookie", TEXT_MAX_BYTES, &ret_spec->cookie, ret_failure);
    if (error == BG_OK)
        error = read_word(json_object_get(body, "address"), "address", TEXT_MAX_BYTES, &ret_spec->address, ret_failure);
    if (error == BG_OK)
        error = read_port(body, "port", &ret_spec->port, ret_failure);
    if (error == BG_OK)
        error = read_port(body, "epmd_port", &ret_spec->epmd_port, ret_failure);
    if (error == BG_OK)
        error = read_tags(json_object_get(body, "tags"), tags, &ret_spec->tags_count, ret_failure);
    return error;
}

/* The path of the node, with any characters in its name. */
static void write_location(const char *name, char ret_location[LOCATION_SIZE])
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~@";
    size_t used = (size_t)snprintf(ret_location, LOCATION_SIZE, "/api/v1/nodes/");
    for (; *name != '\0' && used + 3 < LOCATION_SIZE; name++) {
        const bool is_plain = strchr(plain, *name) != NULL;
        used += (size_t)snprintf(ret_location + used, LOCATION_SIZE - used, is_plain ? "%c" : "%%%02X", (unsigned char)*name);
    }
}

static void handle_put(struct bg_call *call)
{
    struct bg_nodes *nodes = bg_call_services(call)->nodes;
    const char *name = bg_call_text(call, "node"), *tags[BG_TAGS_MAX];
    char location[LOCATION_SIZE];
    struct bg_node_spec spec = {.name = name, .tags = tags, .origin = BG_ORIGIN_API};
    struct bg_node_info info;
    struct bg_failure failure, unknown;
    bool created;
    enum bg_error error = read_spec(bg_call_body(call), tags, &spec, &failure);
    if (error == BG_OK && spec.cookie == NULL && bg_nodes_info(nodes, name, &info, &unknown) != BG_OK)
        error = bg_fail_param(&failure, BG_INVALID, "cookie", "a cookie must be given: the node is not registered yet");
    if (error == BG_OK)
        error = bg_nodes_put(nodes, &spec, &created, &failure);
    if (error != BG_OK) {
        bg_call_fail(call, &failure);
        return;
    }
    write_location(name, location);
    reply_node(call, created ? 201 : 200, created ? location : NULL);
}

static const struct bg_param one_params[] = {BG_NODE_PARAM, BG_PARAMS_END};

/* A state and the code of a reason must not be cut: parts of them mean little. */
static const struct bg_column columns[] = {
    {"node", "Node", BG_COLUMN_TEXT, true},
    {"state", "State", BG_COLUMN_WHOLE, true},
    {"reason.code", "Reason", BG_COLUMN_WHOLE, true},
    {"reason.text", "Reason in words", BG_COLUMN_WHOLE, false},
    {"since_at", "Since", BG_COLUMN_WHOLE, true},
    {"retry_in_ms", "Retry in ms", BG_COLUMN_COUNT, false},
    {"address", "Address", BG_COLUMN_TEXT, false},
    {"port", "Port", BG_COLUMN_TEXT, false},
    {"origin", "Origin", BG_COLUMN_TEXT, false},
    {"in_flight_count", "In flight", BG_COLUMN_COUNT, false},
    {"connects_count", "Connects", BG_COLUMN_COUNT, false},
    {"losses_count", "Disconnects", BG_COLUMN_COUNT, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_nodes_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes",
     .scope = BG_SCOPE_READ,
     .operation = "listNodes",
     .summary = "The registered nodes and the state of the link to each",
     .columns = columns,
     .handler = handle_list},
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}",
     .scope = BG_SCOPE_READ,
     .operation = "getNode",
     .summary = "One registered node",
     .params = one_params,
     .columns = columns,
     .rows = bg_single_row,
     .handler = handle_get},
    {.method = BG_PUT,
     .path = "/api/v1/nodes/{node}",
     .scope = BG_SCOPE_ADMIN,
     .operation = "putNode",
     .summary = "Register a node, or change how it is reached; the cookie is write-only and may be left out if it, address, port and "
                "epmd_port do not change",
     .params = one_params,
     .body_max_bytes = BODY_MAX_BYTES,
     .handler = handle_put},
    {.method = BG_DELETE,
     .path = "/api/v1/nodes/{node}",
     .scope = BG_SCOPE_ADMIN,
     .operation = "deleteNode",
     .summary = "Forget a node and close the link to it",
     .params = one_params,
     .handler = handle_delete},
    {.path = NULL},
};
