/* probe.h: what GET /probe writes of a node's answers. */
#ifndef BG_API_PROBE_H
#define BG_API_PROBE_H

#include "sources.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/metrics.h"

/* A node's data, by what it was asked; NULL: not asked, or not answered. */
struct bg_probe_answers {
    const json_t *of[BG_SOURCE_COUNT];
};

/* A family of prometheus.erl, whose numbers are made of members of an answer. A number that is not there is left out. */
struct bg_family {
    struct bg_metric metric; /* name NULL ends a table */
    enum bg_source source;
    struct {
        const char *path;  /* dotted; NULL ends the list */
        const char *label; /* the value of the metric's label, where it has one */
        const char *less;  /* what has to be subtracted, dotted, or NULL; never below 0 */
    } samples[6];
};
extern const struct bg_family bg_prometheus_erl_families[];

/* What is exposed besides the figures (see figures.h) and what the rooms of the service count: of any node, of one that answers, and of
 * the service. Name NULL ends each. */
extern const struct bg_metric bg_probe_metrics[], bg_beam_metrics[], bg_service_metrics[];

/* The modules of /probe. No process is named. */
void bg_beam_write(struct bg_exposition *exposition, const struct bg_probe_answers *answers);
void bg_prometheus_erl_write(struct bg_exposition *exposition, const struct bg_probe_answers *answers);

/* Ends the call with what was written; NULL: there was no memory. The exposition is stolen. */
void bg_call_expose(struct bg_call *call, struct bg_exposition *exposition);

#endif
