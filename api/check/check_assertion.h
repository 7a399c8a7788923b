/* check_assertion.h: what an assertion is about, and how that is read from a node's answers. */
#ifndef BG_API_CHECK_ASSERTION_H
#define BG_API_CHECK_ASSERTION_H

#include "check_grammar.h"
#include "figures.h"
#include "rows.h"
#include "sources.h"

#define BG_OVER_MAX 999 /* processes_over() can count fewer than the longest ranking has */

/* An expression whose words are all known. */
struct bg_assertion {
    struct bg_expression expression; /* borrows the text */
    const struct bg_figure *figure;
    const struct bg_sort *sort; /* of a maximum or of processes_over(); else NULL */
    double over;                /* processes_over(): more than this */
    size_t series;              /* of a change: of which series of the history, */
    int64_t window_ms;          /* and over how long */
};
/* Of the value. */
const char *bg_assertion_unit(const struct bg_assertion *assertion);
/* BG_INVALID: "column 3: ...", with the nearest name if one is near. */
enum bg_error bg_assertion_read(const char *text, struct bg_assertion *ret_assertion, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Adds the questions that the assertion needs; one about the history needs none, see check_past.h. */
void bg_assertion_plan(const struct bg_assertion *assertion, struct bg_sources *sources);

/* The observed value. */
struct bg_measure {
    double value;
    double most;             /* the maximum, if it is not known whether there is more; else `value` */
    int64_t uncounted_count; /* the reason for `most`: so many entries of a process are not counted, or came since counted_ms */
    int64_t counted_ms;      /* by the wall clock; 0: none of them is counted */
    bool is_being_counted;   /* the value will be known in some seconds */
    bool exact;              /* false: it is an estimate, or a minimum */
    json_t *offender;        /* a new reference: the process with this value; NULL: none */
};
/* `answer` is the source's data; NULL for peers if there are no monitors. Fails through the shaper. */
void bg_assertion_measure(const struct bg_assertion *assertion, struct bg_shaper *shaper, const char *node, const json_t *answer,
                          struct bg_measure *ret_measure);

#endif
