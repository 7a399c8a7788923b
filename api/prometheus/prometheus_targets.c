/* prometheus_targets.c: GET /api/v1/prometheus/targets: the registered nodes, as Prometheus' HTTP service discovery reads them. */
#include "endpoints.h"
#include "shape.h"

#include "beamgauge/json.h"
#include "beamgauge/node.h"
#include "beamgauge/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ",blue,eu," so that a pattern can match one: .*,blue,.* ; other discoveries do the same. */
static json_t *tags_new(const struct bg_node_info *info)
{
    char *text = NULL;
    size_t length = 0;
    struct bg_sink sink;
    FILE *out = bg_sink_open(&sink);
    json_t *tags = NULL;
    if (out == NULL)
        return NULL;
    for (size_t i = 0; i < info->tags_count; i++)
        (void)fprintf(out, ",%s", info->tags[i]);
    if (info->tags_count > 0)
        (void)fputc(',', out);
    if (bg_sink_end(&sink, &text, &length))
        tags = json_stringn(text, length);
    free(text);
    return tags;
}

static json_t *target_new(struct bg_shaper *shaper, const struct bg_node_info *info)
{
    static const char *const origins[] = {[BG_ORIGIN_CONFIG] = "config", [BG_ORIGIN_EPMD] = "epmd", [BG_ORIGIN_API] = "api"};
    const char *host = strchr(info->name, '@');
    json_t *target = bg_object_new(shaper), *targets = bg_array_new(shaper), *labels = bg_object_new(shaper);
    bg_append(shaper, targets, json_string(info->name));
    bg_put(shaper, labels, "__meta_beamgauge_host", json_string(host != NULL ? host + 1 : ""));
    bg_put(shaper, labels, "__meta_beamgauge_origin", json_string(origins[info->origin]));
    bg_put(shaper, labels, "__meta_beamgauge_tags", tags_new(info));
    bg_put(shaper, target, "targets", targets);
    bg_put(shaper, target, "labels", labels);
    return target;
}

static void handle(struct bg_call *call)
{
    const struct bg_nodes *nodes = bg_call_services(call)->nodes;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "targets");
    json_t *list = bg_array_new(&shaper);
    for (size_t i = 0; i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;
        bg_nodes_info_at(nodes, i, &info);
        if (!info.is_gone) /* a short-lived node that has ended needs no alert */
            bg_append(&shaper, list, target_new(&shaper, &info));
    }
    char *text = shaper.failed ? NULL : bg_json_text(list, JSON_COMPACT | JSON_ENSURE_ASCII);
    if (text == NULL && !shaper.failed)
        bg_shaper_fail(&shaper, BG_NO_MEMORY, "out of memory");
    if (text != NULL)
        bg_call_custom(call, &(struct bg_custom){.status = 200, .content_type = bg_call_type(call), .bytes = text, .length = strlen(text)});
    else
        bg_call_fail(call, &shaper.failure);
    free(text);
    json_decref(list);
}

static const char *const types[] = {"application/json", NULL};

const struct bg_endpoint bg_prometheus_targets_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/prometheus/targets",
     .scope = BG_SCOPE_READ,
     .operation = "listPrometheusTargets",
     .summary = "The registered nodes, up or not (but not those that were only found and are gone), for Prometheus' HTTP service "
                "discovery: a bare list, as it wants it",
     .types = types,
     .handler = handle},
    {.path = NULL},
};
