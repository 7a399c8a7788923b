/* probe.h: the metrics that GET /probe writes from a node's answers. */
#ifndef BG_API_PROBE_H
#define BG_API_PROBE_H

#include "sources.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/metrics.h"

/* A node's data, by question; NULL: not asked, or not answered. */
struct bg_probe_answers {
    const json_t *of[BG_SOURCE_COUNT];
};

/* A family of prometheus.erl, whose numbers are members of an answer. A missing number is left out. */
struct bg_family {
    struct bg_metric metric; /* name NULL ends a table */
    enum bg_source source;
    struct {
        const char *path;  /* dotted; NULL ends the list */
        const char *label; /* the value of the metric's label, if it has one */
        const char *less;  /* the member to subtract, dotted, or NULL; the result is at least 0 */
    } samples[6];
};
extern const struct bg_family bg_prometheus_erl_families[];

/* Metrics that are neither figures (see figures.h) nor counted by the rooms of the service: of any node, of a node that answers, and of the
 * service. Name NULL ends each. */
extern const struct bg_metric bg_probe_metrics[], bg_beam_metrics[], bg_service_metrics[];

/* The modules of /probe. No process is named. */
void bg_beam_write(struct bg_exposition *exposition, const struct bg_probe_answers *answers);
void bg_prometheus_erl_write(struct bg_exposition *exposition, const struct bg_probe_answers *answers);

/* Ends the call with the exposition, which is stolen; NULL: there was no memory. */
void bg_call_expose(struct bg_call *call, struct bg_exposition *exposition);

#endif
