/* check_grammar.h: the grammar of an assertion: METRIC OPERATOR VALUE.
 *
 *   expression = term operator value
 *   term       = name [ "(" argument { "," argument } ")" ]        memory.total_bytes, processes_over(monitors, 1000)
 *   operator   = "<" | "<=" | ">" | ">=" | "==" | "!=" | ":lt:" | ":le:" | ":gt:" | ":ge:" | ":eq:" | ":ne:"
 *   value      = [ "-" ] digits [ "." digits ] [ "k" | "M" | "KiB" | "MiB" | "GiB" | "%" ]
 *
 * Blanks are allowed between any two of these. check_assertion.h gives names their meaning. */
#ifndef BG_API_CHECK_GRAMMAR_H
#define BG_API_CHECK_GRAMMAR_H

#include "beamgauge/error.h"

#include <stdbool.h>
#include <stddef.h>

#define BG_EXPRESSION_MAX 256 /* bytes */
#define BG_EXPRESSION_ARGS_MAX 3

enum bg_comparison { BG_LESS, BG_LESS_OR_EQUAL, BG_GREATER, BG_GREATER_OR_EQUAL, BG_EQUAL, BG_NOT_EQUAL };
const char *bg_operator_text(enum bg_comparison comparison); /* "<=" */
bool bg_operator_holds(enum bg_comparison comparison, double observed, double threshold);

/* A part of the expression's text. */
struct bg_span {
    const char *text;
    size_t length;
    size_t column; /* of its first byte, from 1 */
};
bool bg_span_is(struct bg_span span, const char *word);

struct bg_value_text {
    struct bg_span span;
    double number; /* with its unit applied: 2KiB is 2048, 80% is 0.8 */
    bool percent;
};

struct bg_expression {
    const char *text; /* borrowed */
    struct bg_span name;
    struct bg_span args[BG_EXPRESSION_ARGS_MAX];
    size_t args_count;
    enum bg_comparison comparison;
    struct bg_value_text value;
};

/* BG_INVALID with the column of the error in the text: "column 7: ...". */
enum bg_error bg_expression_parse(const char *text, struct bg_expression *ret_expression, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* A whole span as a value. */
enum bg_error bg_value_parse(struct bg_span span, struct bg_value_text *ret_value, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
