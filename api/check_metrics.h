/* check_metrics.h: the figures that an assertion can be about, and reading them out of a node's answers. */
#ifndef BG_API_CHECK_METRICS_H
#define BG_API_CHECK_METRICS_H

#include "check_grammar.h"
#include "look.h"
#include "rows.h"

/* How a figure is read. */
enum bg_metric_kind {
    BG_METRIC_FIGURE,          /* a member of the API's own answer, by its path */
    BG_METRIC_MAX,             /* the first place of a ranking of processes, by its sort key */
    BG_METRIC_OVER,            /* how many processes have more than n of an attribute */
    BG_METRIC_PAIR_MAX,        /* the most monitors of one process on one other */
    BG_METRIC_DUPLICATION_MAX, /* the most monitors per distinct process watched */
    BG_METRIC_LATER            /* the grammar has it, this version has not */
};

struct bg_metric {
    const char *name; /* NULL ends the table */
    const char *unit; /* bytes, count, ratio, milliseconds */
    enum bg_source source;
    enum bg_metric_kind kind;
    const char *path;
    size_t args_count;
    const char *summary;
};
extern const struct bg_metric bg_metrics_table[];

#define BG_OVER_MAX 999 /* processes_over() can tell fewer than the longest ranking has */

/* An expression whose words all mean something. */
struct bg_assertion {
    struct bg_expression expression; /* borrows the text */
    const struct bg_metric *metric;
    const struct bg_sort *sort; /* of a maximum or of processes_over(); else NULL */
    double over;                /* processes_over(): more than this */
};
/* BG_INVALID: "column 3: ...", with the nearest name where one is near. */
enum bg_error bg_assertion_read(const char *text, struct bg_assertion *ret_assertion, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Adds to what a look must ask so that the assertion can be told. */
void bg_assertion_plan(const struct bg_assertion *assertion, struct bg_look *look);

/* What was seen. */
struct bg_measure {
    double value;
    bool exact;       /* else it is an estimate, or at least so much */
    json_t *offender; /* a new reference: the process it was seen on; NULL: none */
};
/* `answer` is the source's data, NULL for peers where nobody monitors anything. Fails through the shaper. */
void bg_assertion_measure(const struct bg_assertion *assertion, struct bg_shaper *shaper, const char *node, const json_t *answer,
                          struct bg_measure *ret_measure);

#endif
