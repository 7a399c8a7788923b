/* metrics.c: GET /metrics, the service's own metrics, for Prometheus. */
#include "endpoints.h"
#include "probe.h"

#include "beamgauge/node.h"

enum { BUILD, STARTED, LINKS };

const struct bg_metric bg_service_metrics[] = {
    [BUILD] = {"beamgauge_build", "Which beamgauge this is", BG_METRIC_INFO, NULL, {"version"}},
    [STARTED] = {"process_start_time_seconds", "When it started, in seconds since 1970", BG_METRIC_GAUGE, "seconds", {NULL}},
    [LINKS] = {"beamgauge_links", "Links to registered nodes, by state", BG_METRIC_GAUGE, NULL, {"state"}},
    {.name = NULL},
};

static void write_build(struct bg_exposition *exposition, const struct bg_services *services)
{
    bg_exposition_add(exposition, &bg_service_metrics[BUILD], (const char *[]){services->version}, 1);
    bg_exposition_add(exposition, &bg_service_metrics[STARTED], NULL, (double)services->started_wall_ms / 1000);
}

/* No metric here names a node: /probe has the metrics of a node. */
static void write_links(struct bg_exposition *exposition, const struct bg_nodes *nodes)
{
    size_t counts[BG_LINK_CLOSED] = {0}; /* a closed link is not registered any more */

    for (size_t i = 0; i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;
        bg_nodes_info_at(nodes, i, &info);
        if (info.state < BG_LINK_CLOSED)
            counts[info.state]++;
    }
    for (enum bg_link_state state = 0; state < BG_LINK_CLOSED; state++)
        bg_exposition_add(exposition, &bg_service_metrics[LINKS], (const char *[]){bg_link_state_text(state)}, (double)counts[state]);
}

static void handle(struct bg_call *call)
{
    const struct bg_services *services = bg_call_services(call);
    struct bg_exposition *exposition = bg_exposition_new(bg_call_type(call));
    if (exposition != NULL) {
        write_build(exposition, services);
        write_links(exposition, services->nodes);
        bg_metrics_write(services->metrics, exposition);
    }
    bg_call_expose(call, exposition);
}

const struct bg_endpoint bg_metrics_endpoints[] = {
    {.method = BG_GET,
     .path = "/metrics",
     .scope = BG_SCOPE_READ,
     .operation = "getMetrics",
     .summary = "The service's own metrics, for Prometheus: text 0.0.4, or OpenMetrics 1.0 where Accept asks for it",
     .types = bg_exposition_types,
     .handler = handle},
    {.path = NULL},
};
