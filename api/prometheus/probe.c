/* probe.c: GET /probe, a node's metrics: one exporter for many targets. */
#include "probe.h"
#include "ask.h"
#include "endpoints.h"
#include "params.h"
#include "resources.h"

#include "beamgauge/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT_MS 10000  /* if the scraper does not say: Prometheus' own default */
#define MARGIN_MS_MAX 500 /* kept for the reply from the scraper's timeout; or a tenth of it */

/* Owns itself, from the handler until the call ends or is cancelled. */
struct probe {
    struct bg_call *call;
    int64_t started_us;
    struct bg_sources sources;
    json_t *answers[BG_SOURCE_COUNT]; /* the same as in struct bg_probe_answers */
};

static bool is_beam(const struct probe *probe)
{
    return strcmp(bg_call_text(probe->call, "module"), "beam") == 0;
}

static void probe_free(struct probe *probe)
{
    for (size_t i = 0; i < BG_SOURCE_COUNT; i++)
        json_decref(probe->answers[i]);
    free(probe);
}

static void on_cancel(void *context)
{
    struct probe *probe = context;
    bg_sources_stop(&probe->sources);
    probe_free(probe);
}

enum { UP, ANSWERED, TOOK, LINK, CONNECTS, LOSSES };

const struct bg_metric bg_probe_metrics[] = {
    [UP] = {"beam_up", "Whether the node answered", BG_METRIC_GAUGE, NULL, {NULL}},
    [ANSWERED] = {"beam_probe_answered", "Whether a question was answered", BG_METRIC_GAUGE, NULL, {"question"}},
    [TOOK] = {"beam_probe_duration_seconds", "Time that beamgauge took to answer this", BG_METRIC_GAUGE, "seconds", {NULL}},
    [LINK] = {"beam_link", "State of the link to the node, and why it is not up", BG_METRIC_INFO, NULL, {"state", "reason"}},
    [CONNECTS] = {"beam_link_connects", "How often the link came up", BG_METRIC_COUNTER, NULL, {NULL}},
    [LOSSES] = {"beam_link_losses", "How often the link was lost", BG_METRIC_COUNTER, NULL, {NULL}},
    {.name = NULL},
};

static void write_link(struct bg_exposition *exposition, const struct bg_node_info *info)
{
    const struct bg_metric *metrics = bg_probe_metrics;
    const char *reason = info->reason != BG_REASON_NONE ? bg_link_reason_code(info->reason) : "";
    bg_exposition_add(exposition, &metrics[LINK], (const char *[]){bg_link_state_text(info->state), reason}, 1);
    bg_exposition_add(exposition, &metrics[CONNECTS], NULL, (double)info->connects_count);
    bg_exposition_add(exposition, &metrics[LOSSES], NULL, (double)info->losses_count);
}

static void write_probe(const struct probe *probe, struct bg_exposition *exposition)
{
    const struct bg_metric *metrics = bg_probe_metrics;
    const struct bg_services *services = bg_call_services(probe->call);
    struct bg_node_info info;
    bg_exposition_add(exposition, &metrics[UP], NULL, probe->answers[BG_SOURCE_MEMORY] != NULL || probe->answers[BG_SOURCE_SYSTEM] != NULL);
    for (enum bg_source source = 0; source < BG_SOURCE_COUNT; source++) {
        const char *name = bg_source_name(source);
        if ((probe->sources.wanted & 1U << source) != 0)
            bg_exposition_add(exposition, &metrics[ANSWERED], &name, probe->answers[source] != NULL);
    }
    bg_exposition_add(exposition, &metrics[TOOK], NULL, (double)(bg_clock_monotonic_us(services->clock) - probe->started_us) / 1e6);
    if (bg_nodes_info(services->nodes, probe->sources.node, &info, NULL) == BG_OK)
        write_link(exposition, &info);
}

/* Ends the call with the answers that came. */
static void on_done(struct bg_sources *sources)
{
    struct probe *probe = sources->owner;
    struct bg_probe_answers answers;
    struct bg_exposition *exposition = bg_exposition_new(bg_call_type(probe->call));
    for (size_t i = 0; i < BG_SOURCE_COUNT; i++)
        answers.of[i] = probe->answers[i];
    if (exposition != NULL) {
        write_probe(probe, exposition);
        (is_beam(probe) ? bg_beam_write : bg_prometheus_erl_write)(exposition, &answers);
    }
    bg_call_expose(probe->call, exposition);
    probe_free(probe);
}

/* The data for the figures; empty if the answer is invalid. NULL: no memory. */
static json_t *data_of(enum bg_source source, json_t *answer)
{
    struct bg_shaper shaper;
    if (source == BG_SOURCE_SCAN || source == BG_SOURCE_PEERS)
        return answer != NULL ? json_incref(answer) : json_pack("{s:[]}", "processes");
    bg_shaper_init(&shaper, bg_source_name(source));
    json_t *figures = source == BG_SOURCE_MEMORY ? bg_memory_new(&shaper, answer) : bg_system_new(&shaper, answer);
    if (!shaper.failed)
        return figures;
    json_decref(figures);
    return json_object();
}

static void on_report(struct bg_sources *sources, enum bg_source source, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct probe *probe = sources->owner;
    if (failure == NULL)
        probe->answers[source] = data_of(source, answer != NULL ? answer->data : NULL);
}

/* The scraper's timeout in ms; 0 if it does not say. */
static int64_t scraper_waits_ms(const struct bg_call *call)
{
    const char *header = bg_call_header(call, "X-Prometheus-Scrape-Timeout-Seconds");
    char *rest;
    const double seconds = header != NULL ? strtod(header, &rest) : 0;
    return header != NULL && *rest == '\0' && isfinite(seconds) && seconds > 0 && seconds <= 3600 ? (int64_t)(seconds * 1000) : 0;
}

static int64_t timeout_ms(const struct bg_call *call)
{
    const int64_t waits_ms = scraper_waits_ms(call);
    const int64_t most_ms = bg_call_has(call, "timeout_ms") || waits_ms > 0 ? bg_call_integer(call, "timeout_ms") : TIMEOUT_MS;
    const int64_t margin_ms = waits_ms / 10 < MARGIN_MS_MAX ? waits_ms / 10 : MARGIN_MS_MAX;
    return waits_ms > 0 && waits_ms - margin_ms < most_ms ? waits_ms - margin_ms : most_ms;
}

static void handle(struct bg_call *call)
{
    const struct bg_services *services = bg_call_services(call);
    struct bg_node_info info;
    struct bg_failure failure;
    struct probe *probe;
    if (bg_call_text(call, "target") == NULL) {
        (void)bg_fail_param(&failure, BG_INVALID, "target", "target is missing: the name of a registered node");
        bg_call_fail(call, &failure);
        return;
    }
    if (!bg_node_find(services->nodes, bg_call_text(call, "target"), &info, &failure)) {
        bg_call_fail(call, &failure);
        return;
    }
    if ((probe = calloc(1, sizeof *probe)) == NULL) {
        (void)bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        bg_call_fail(call, &failure);
        return;
    }
    probe->call = call;
    probe->started_us = bg_clock_monotonic_us(services->clock);
    probe->sources = (struct bg_sources){
        .services = services,
        .owner = probe,
        .wanted = 1U << BG_SOURCE_MEMORY | 1U << BG_SOURCE_SYSTEM,
        .totals = true,
        .scan_limit = 1, /* the same arguments as in rankings, so that they share one scan */
        .reader = bg_call_reader(call),
        .max_age_ms = bg_call_integer(call, "max_age_ms"),
        .deadline_us = probe->started_us + timeout_ms(call) * 1000,
        .report = on_report,
        .done = on_done,
    };
    if (is_beam(probe) && bg_call_boolean(call, "scan"))
        probe->sources.wanted |= 1U << BG_SOURCE_SCAN | 1U << BG_SOURCE_PEERS;
    (void)snprintf(probe->sources.node, sizeof probe->sources.node, "%s", bg_call_text(call, "target"));
    bg_call_on_cancel(call, on_cancel, probe);
    if (info.state == BG_LINK_UP)
        bg_sources_start(&probe->sources);
    else
        on_done(&probe->sources);
}

static const char *const modules[] = {"beam", "prometheus_erl", NULL};

static const struct bg_param params[] = {
    {.name = "target", .type = BG_PARAM_NODE, .summary = "The node's name, as it calls itself: name@host"},
    {.name = "module",
     .type = BG_PARAM_ENUM,
     .choices = modules,
     .fallback = "beam",
     .summary = "Which names the metrics have: beamgauge's own, or those of prometheus.erl"},
    {.name = "scan",
     .type = BG_PARAM_BOOLEAN,
     .fallback = "true",
     .summary = "Look at every process too, for the highest figures (module beam only)"},
    BG_MAX_AGE_PARAM,
    {.name = "timeout_ms",
     .type = BG_PARAM_INTEGER,
     .min = 100,
     .max = 60000,
     .fallback = "60000",
     .summary = "The maximum wait for the node; never longer than X-Prometheus-Scrape-Timeout-Seconds, and 10 s if neither is given"},
    BG_PARAMS_END,
};

const struct bg_endpoint bg_probe_endpoints[] = {
    {.method = BG_GET,
     .path = "/probe",
     .scope = BG_SCOPE_READ,
     .operation = "probeNode",
     .summary = "A node's metrics, for Prometheus; a node that does not answer has beam_up 0",
     .params = params,
     .types = bg_exposition_types,
     .handler = handle},
    {.path = NULL},
};
