/* health.c: GET /livez, /readyz and /api/v1/version: the health of the service itself. */
#include "ask.h"
#include "endpoints.h"

#include "beamgauge/clock.h"

#include <inttypes.h>
#include <stdio.h>

static void handle_livez(struct bg_call *call)
{
    bg_call_plain(call, 200, "ok\n");
}

/* The nodes that should be up: not those that discovery found and that are gone. */
static size_t count_expected(const struct bg_nodes *nodes, bool *ret_any_up)
{
    size_t count = 0;
    *ret_any_up = false;
    for (size_t i = 0; i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;
        bg_nodes_info_at(nodes, i, &info);
        count += !info.is_gone;
        *ret_any_up = *ret_any_up || info.state == BG_LINK_UP;
    }
    return count;
}

static void handle_readyz(struct bg_call *call)
{
    const struct bg_services *services = bg_call_services(call);
    bool any_up;
    const size_t count = count_expected(services->nodes, &any_up);
    char text[80];
    if (services->stopping) {
        bg_call_plain(call, 503, "stopping\n");
    } else if (count > 0 && !any_up) {
        (void)snprintf(text, sizeof text, "none of %zu registered nodes is up\n", count);
        bg_call_plain(call, 503, text);
    } else {
        bg_call_plain(call, 200, "ready\n");
    }
}

static void handle_version(struct bg_call *call)
{
    const struct bg_services *services = bg_call_services(call);
    const int64_t now_ms = bg_clock_wall_ms(services->clock);
    const int64_t uptime_ms = now_ms > services->started_wall_ms ? now_ms - services->started_wall_ms : 0;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "version");
    struct bg_reply reply = {
        .status = 200, .collected_us = bg_clock_monotonic_us(services->clock), .rpc_us = -1, .data = bg_object_new(&shaper)};
    bg_put(&shaper, reply.data, "name", json_string("beamgauge"));
    bg_put(&shaper, reply.data, "version", json_string(services->version));
    bg_put(&shaper, reply.data, "api", json_string("v1"));
    bg_put(&shaper, reply.data, "uptime_seconds", json_integer(uptime_ms / 1000));
    reply.meta = bg_meta_new(&shaper, NULL, now_ms, 0, json_array());
    bg_call_end(call, &shaper, &reply);
}

const struct bg_endpoint bg_health_endpoints[] = {
    {.method = BG_GET,
     .path = "/livez",
     .scope = BG_SCOPE_NONE,
     .is_health = true,
     .operation = "getLiveness",
     .summary = "Whether the service runs",
     .handler = handle_livez},
    {.method = BG_GET,
     .path = "/readyz",
     .scope = BG_SCOPE_NONE,
     .is_health = true,
     .operation = "getReadiness",
     .summary = "Whether the service can answer about any node: 503 while it stops, or when none of the registered nodes is up",
     .handler = handle_readyz},
    {.method = BG_GET,
     .path = "/api/v1/version",
     .scope = BG_SCOPE_READ,
     .operation = "getVersion",
     .summary = "Name, version and uptime of the service",
     .handler = handle_version},
    {.path = NULL},
};
