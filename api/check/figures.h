/* figures.h: the figures of a node, each declared once: checks, chat, GET /check/metrics, GET /probe, the
 * dashboard and the page's tiles are made from this table. */
#ifndef BG_API_FIGURES_H
#define BG_API_FIGURES_H

#include "sources.h"

#include "beamgauge/metrics.h"

/* How a figure is read. */
enum bg_figure_kind {
    BG_FIGURE_MEMBER,          /* a member of the source's data, by its path */
    BG_FIGURE_MAX,             /* the first row of a ranking of processes, by its sort key */
    BG_FIGURE_UNCOUNTED,       /* the most entries of a process that nobody has counted */
    BG_FIGURE_OVER,            /* how many processes have more than n of an attribute */
    BG_FIGURE_PAIR_MAX,        /* the most monitors of one process on one other */
    BG_FIGURE_DUPLICATION_MAX, /* the most monitors per distinct process watched */
    BG_FIGURE_CHANGE,          /* of another figure, over a window of its history */
    BG_FIGURE_RATE             /* the same in each second */
};

struct bg_figure {
    const char
        *name; /* in checks and chat; NULL: none, for example a counter, which has no useful limit, or a figure that not every node has */
    const char *unit; /* unit of the data: bytes, count, ratio, milliseconds, microseconds */
    const char *summary;
    enum bg_source source;
    enum bg_figure_kind kind;
    const char *path;               /* dotted; of a maximum the sort key */
    size_t args_count;              /* arguments of the name, in parentheses */
    const struct bg_metric *metric; /* in GET /probe; NULL: none, for example a ratio, which a query computes from two others */
    const char *label;              /* the value of the metric's label, if it has one; rows of one metric follow each other */
    const char *title;              /* title of its tile or row on the page, which also shows the summary; NULL: not shown */
    size_t args_optional;           /* how many arguments, at the end, may be left out */
};
extern const struct bg_figure bg_figures[];
extern const size_t bg_figures_count;

/* The value at a dotted path; NULL if there is none. Borrowed. */
const json_t *bg_figure_find(const json_t *data, const char *path);
/* Converts a number from the data's unit to the metric's: Prometheus uses seconds only. */
double bg_figure_scaled(const struct bg_figure *figure, double number);

#endif
