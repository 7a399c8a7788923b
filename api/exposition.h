/* exposition.h: metrics out of nodes' answers, by const tables. */
#ifndef BG_API_EXPOSITION_H
#define BG_API_EXPOSITION_H

#include "look.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/metrics.h"

/* What a node told of what it was asked; NULL: not asked, or not answered. */
struct bg_sight {
    const json_t *answers[BG_SOURCE_COUNT];
};

/* A family whose numbers stand in an answer. A number that is not there is left out. */
struct bg_figure {
    struct bg_metric metric; /* name NULL ends a table */
    enum bg_source source;
    double factor; /* from the answer's unit to the metric's */
    struct {
        const char *path;    /* dotted; NULL ends the list */
        const char *label;   /* the value of the metric's label, where it has one */
        const char *less[4]; /* what has to be taken off, dotted; never below 0 */
    } samples[7];
};
void bg_figures_write(struct bg_exposition *exposition, const struct bg_sight *sight, const struct bg_figure *figures);

/* The modules of /probe: the families each writes. */
extern const struct bg_figure bg_beam_figures[], bg_prometheus_erl_figures[];
/* What module beam tells besides: allocators, and the highest figure that any process has. No process is named. */
void bg_beam_write(struct bg_exposition *exposition, const struct bg_sight *sight);

/* Ends the call with what was written; NULL: there was no memory. The exposition is stolen. */
void bg_call_expose(struct bg_call *call, struct bg_exposition *exposition);

#endif
