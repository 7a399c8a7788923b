/* check_assertion.h: what an assertion is about, and reading that out of a node's answers. */
#ifndef BG_API_CHECK_ASSERTION_H
#define BG_API_CHECK_ASSERTION_H

#include "check_grammar.h"
#include "figures.h"
#include "rows.h"
#include "sources.h"

#define BG_OVER_MAX 999 /* processes_over() can tell fewer than the longest ranking has */

/* An expression whose words all mean something. */
struct bg_assertion {
    struct bg_expression expression; /* borrows the text */
    const struct bg_figure *figure;
    const struct bg_sort *sort; /* of a maximum or of processes_over(); else NULL */
    double over;                /* processes_over(): more than this */
};
/* BG_INVALID: "column 3: ...", with the nearest name where one is near. */
enum bg_error bg_assertion_read(const char *text, struct bg_assertion *ret_assertion, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Adds to what a node must be asked so that the assertion can be evaluated. */
void bg_assertion_plan(const struct bg_assertion *assertion, struct bg_sources *sources);

/* What was seen. */
struct bg_measure {
    double value;
    double most;             /* where it is open whether there is more: it may be so much; else no more than `value` */
    int64_t uncounted_count; /* as it may be that of so many entries of a process, which nobody has counted, or came since counted_ms */
    int64_t counted_ms;      /* by the wall clock; 0: nobody has counted any of them */
    bool is_being_counted;   /* so it will be known in some seconds */
    bool exact;              /* else it is an estimate, or at least so much */
    json_t *offender;        /* a new reference: the process it was seen on; NULL: none */
};
/* `answer` is the source's data, NULL for peers where nobody monitors anything. Fails through the shaper. */
void bg_assertion_measure(const struct bg_assertion *assertion, struct bg_shaper *shaper, const char *node, const json_t *answer,
                          struct bg_measure *ret_measure);

#endif
