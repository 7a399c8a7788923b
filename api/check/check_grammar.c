/* check_grammar.c: reads an assertion's text; pure. */
#include "check_grammar.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define DIGITS_MAX 15 /* a double cannot hold more digits exactly */

static const struct {
    const char *text;
    enum bg_comparison comparison;
} operators[] = {
    {"<=", BG_LESS_OR_EQUAL}, {">=", BG_GREATER_OR_EQUAL}, {"==", BG_EQUAL},     {"!=", BG_NOT_EQUAL},       {"<", BG_LESS},
    {">", BG_GREATER},        {":lt:", BG_LESS},           {":gt:", BG_GREATER}, {":le:", BG_LESS_OR_EQUAL}, {":ge:", BG_GREATER_OR_EQUAL},
    {":eq:", BG_EQUAL},       {":ne:", BG_NOT_EQUAL},
};

static const struct {
    const char *text;
    double factor;
} units[] = {{"", 1},
             {"k", 1e3},
             {"M", 1e6},
             {"G", 1e9},
             {"T", 1e12},
             {"KiB", 1024},
             {"MiB", 1048576.0},
             {"GiB", 1073741824.0},
             {"TiB", 1099511627776.0},
             {"%", 0.01}};

const char *bg_operator_text(enum bg_comparison comparison)
{
    size_t i = 0;
    while (operators[i].comparison != comparison)
        i++;
    return operators[i].text;
}

bool bg_operator_holds(enum bg_comparison comparison, double observed, double threshold)
{
    switch (comparison) {
    case BG_LESS:
        return observed < threshold;
    case BG_LESS_OR_EQUAL:
        return observed <= threshold;
    case BG_GREATER:
        return observed > threshold;
    case BG_GREATER_OR_EQUAL:
        return observed >= threshold;
    case BG_EQUAL:
        return !(observed < threshold) && !(observed > threshold);
    case BG_NOT_EQUAL:
        return observed < threshold || observed > threshold;
    }
    return false;
}

bool bg_span_is(struct bg_span span, const char *word)
{
    return strlen(word) == span.length && memcmp(word, span.text, span.length) == 0;
}

/* The current position in the text. */
struct cursor {
    const char *start, *at;
};

static size_t column_of(const struct cursor *cursor)
{
    return (size_t)(cursor->at - cursor->start) + 1;
}

static void skip_blanks(struct cursor *cursor)
{
    cursor->at += strspn(cursor->at, " \t");
}

static struct bg_span take(struct cursor *cursor, size_t length)
{
    const struct bg_span span = {cursor->at, length, column_of(cursor)};
    cursor->at += length;
    skip_blanks(cursor);
    return span;
}

static enum bg_error expected(const struct cursor *cursor, const char *what, struct bg_failure *ret_failure)
{
    return bg_fail(ret_failure, BG_INVALID, "column %zu: expected %s", column_of(cursor), what);
}

static enum bg_error read_args(struct cursor *cursor, struct bg_expression *expression, struct bg_failure *ret_failure)
{
    do {
        (void)take(cursor, 1); /* the parenthesis or the comma */
        const size_t length = strcspn(cursor->at, " \t,()<>=!:");
        if (length == 0)
            return expected(cursor, "an argument", ret_failure);
        if (expression->args_count == BG_EXPRESSION_ARGS_MAX)
            return expected(cursor, "no more arguments", ret_failure);
        expression->args[expression->args_count++] = take(cursor, length);
    } while (*cursor->at == ',');
    if (*cursor->at != ')')
        return expected(cursor, "a comma or a closing parenthesis", ret_failure);
    (void)take(cursor, 1);
    return BG_OK;
}

static enum bg_error read_term(struct cursor *cursor, struct bg_expression *expression, struct bg_failure *ret_failure)
{
    skip_blanks(cursor);
    if (*cursor->at < 'a' || *cursor->at > 'z')
        return expected(cursor, "the name of a metric, like memory.total_bytes", ret_failure);
    expression->name = take(cursor, strspn(cursor->at, "abcdefghijklmnopqrstuvwxyz" DIGITS "_."));
    return *cursor->at == '(' ? read_args(cursor, expression, ret_failure) : BG_OK;
}

static enum bg_error read_operator(struct cursor *cursor, struct bg_expression *expression, struct bg_failure *ret_failure)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++) {
        const size_t length = strlen(operators[i].text);
        if (strncmp(cursor->at, operators[i].text, length) != 0)
            continue;
        expression->comparison = operators[i].comparison;
        (void)take(cursor, length);
        return BG_OK;
    }
    return expected(cursor, "an operator: < <= > >= == != or :lt: :le: :gt: :ge: :eq: :ne:", ret_failure);
}

static size_t number_length(const char *text)
{
    const size_t sign = *text == '-' ? 1 : 0, whole = strspn(text + sign, DIGITS);
    const size_t fraction = text[sign + whole] == '.' ? strspn(text + sign + whole + 1, DIGITS) : 0;
    if (whole == 0 || whole + fraction > DIGITS_MAX)
        return 0;
    return sign + whole + (fraction > 0 ? fraction + 1 : 0);
}

static enum bg_error read_value(struct cursor *cursor, struct bg_value_text *ret_value, struct bg_failure *ret_failure)
{
    const char *begin = cursor->at;
    const size_t column = column_of(cursor), digits = number_length(begin), length = strcspn(begin, " \t,()<>=!:");
    if (digits == 0)
        return expected(cursor, "a number of at most 15 digits, like 1000, 2.5M, 512MiB or 80%", ret_failure);
    cursor->at += digits;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!bg_span_is((struct bg_span){cursor->at, length - digits, 0}, units[i].text))
            continue;
        *ret_value = (struct bg_value_text){
            .span = {begin, length, column}, .number = strtod(begin, NULL) * units[i].factor, .percent = units[i].text[0] == '%'};
        (void)take(cursor, length - digits);
        return BG_OK;
    }
    return expected(cursor, "no unit, or one of k, M, G, T (powers of 1000), KiB, MiB, GiB, TiB (of 1024), %", ret_failure);
}

enum bg_error bg_value_parse(struct bg_span span, struct bg_value_text *ret_value, struct bg_failure *ret_failure)
{
    struct cursor cursor = {.start = span.text - (span.column - 1), .at = span.text};
    return read_value(&cursor, ret_value, ret_failure);
}

enum bg_error bg_expression_parse(const char *text, struct bg_expression *ret_expression, struct bg_failure *ret_failure)
{
    struct bg_expression expression = {.text = text};
    struct cursor cursor = {.start = text, .at = text};
    if (strlen(text) > BG_EXPRESSION_MAX)
        return bg_fail(ret_failure, BG_INVALID, "column %d: an expression has at most %d bytes", BG_EXPRESSION_MAX + 1, BG_EXPRESSION_MAX);
    enum bg_error error = read_term(&cursor, &expression, ret_failure);
    if (error == BG_OK)
        error = read_operator(&cursor, &expression, ret_failure);
    if (error == BG_OK)
        error = read_value(&cursor, &expression.value, ret_failure);
    if (error == BG_OK && *cursor.at != '\0')
        error = expected(&cursor, "the end of the expression", ret_failure);
    if (error == BG_OK)
        *ret_expression = expression;
    return error;
}
