/* check_assertion.c: reads assertions: the figure, the value it is compared with, and the questions it needs. */
#include "check_assertion.h"

#include "kept.h"
#include "series.h"
#include "when.h"

#include "beamgauge/nearest.h"

#include <string.h>

#define DEFAULT_WINDOW "10m"
#define WINDOW_SIZE 24

static enum bg_error refuse(size_t column, const char *reason, struct bg_span span, const char *hint, struct bg_failure *ret_failure)
{
    return bg_fail(ret_failure, BG_INVALID, "column %zu: %.*s %s%s%s", column, span.length > 80 ? 80 : (int)span.length, span.text, reason,
                   hint != NULL ? "; did you mean " : "", hint != NULL ? hint : "");
}

static enum bg_error find_figure(struct bg_span name, const struct bg_figure **ret_figure, struct bg_failure *ret_failure)
{
    struct bg_nearest nearest;
    bg_nearest_init(&nearest, name.text, name.length);
    for (const struct bg_figure *figure = bg_figures; figure < bg_figures + bg_figures_count; figure++) {
        if (figure->name == NULL)
            continue;
        if (bg_span_is(name, figure->name)) {
            *ret_figure = figure;
            return BG_OK;
        }
        bg_nearest_try(&nearest, figure->name);
    }
    return refuse(name.column, "is not a metric, see GET /api/v1/check/metrics", name, nearest.best, ret_failure);
}

/* Finds a sort by the key of rankings, or by the name of its field. */
static enum bg_error find_sort(struct bg_span name, const struct bg_sort **ret_sort, struct bg_failure *ret_failure)
{
    struct bg_nearest nearest;
    bg_nearest_init(&nearest, name.text, name.length);
    for (const struct bg_sort *sort = bg_sorts; sort->key != NULL; sort++) {
        if (bg_span_is(name, sort->key) || bg_span_is(name, sort->field)) {
            *ret_sort = sort;
            return BG_OK;
        }
        bg_nearest_try(&nearest, sort->key);
    }
    return refuse(name.column, "is not an attribute of a process, such as memory, monitors or message_queue_len", name, nearest.best,
                  ret_failure);
}

static enum bg_error check_args_count(const struct bg_expression *expression, const struct bg_figure *figure,
                                      struct bg_failure *ret_failure)
{
    if (expression->args_count <= figure->args_count && expression->args_count + figure->args_optional >= figure->args_count)
        return BG_OK;
    return bg_fail(ret_failure, BG_INVALID, "column %zu: %s takes %zu arguments in parentheses, not %zu",
                   expression->name.column + expression->name.length, figure->name, figure->args_count, expression->args_count);
}

static enum bg_error read_over(struct bg_assertion *assertion, struct bg_failure *ret_failure)
{
    const struct bg_expression *expression = &assertion->expression;
    struct bg_value_text value;
    enum bg_error error = find_sort(expression->args[0], &assertion->sort, ret_failure);
    if (error == BG_OK)
        error = bg_value_parse(expression->args[1], &value, ret_failure);
    if (error != BG_OK)
        return error;
    if (value.percent || value.number < 0)
        return refuse(value.span.column, "is not an amount to be over: expected 0 or more", value.span, NULL, ret_failure);
    if (expression->value.number > BG_OVER_MAX)
        return bg_fail(ret_failure, BG_INVALID, "column %zu: processes are counted up to %d only", expression->value.span.column,
                       BG_OVER_MAX);
    assertion->over = value.number;
    return BG_OK;
}

static enum bg_error find_series(struct bg_span name, size_t *ret_series, struct bg_failure *ret_failure)
{
    struct bg_nearest nearest;
    bg_nearest_init(&nearest, name.text, name.length);
    *ret_series = bg_series_find(name.text, name.length);
    if (*ret_series < bg_series_count())
        return BG_OK;
    for (size_t i = 0; i < bg_series_count(); i++)
        bg_nearest_try(&nearest, bg_series_at(i)->name);
    return refuse(name.column, "is not in the history, see GET .../history", name, nearest.best, ret_failure);
}

static enum bg_error read_change(struct bg_assertion *assertion, struct bg_failure *ret_failure)
{
    const struct bg_expression *expression = &assertion->expression;
    const struct bg_span window =
        expression->args_count > 1 ? expression->args[1] : (struct bg_span){DEFAULT_WINDOW, strlen(DEFAULT_WINDOW), 0};
    char text[WINDOW_SIZE] = "";
    const enum bg_error error = find_series(expression->args[0], &assertion->series, ret_failure);
    if (error != BG_OK)
        return error;
    if (window.length < sizeof text)
        memcpy(text, window.text, window.length);
    if (!bg_duration_parse(text, &assertion->window_ms) || assertion->window_ms < BG_KEPT_WINDOW_MS_MIN)
        return refuse(window.column, "is not a time of at least 1m to look back over, like 10m, 1h or 7d", window, NULL, ret_failure);
    return BG_OK;
}

const char *bg_assertion_unit(const struct bg_assertion *assertion)
{
    static const char *const rates[][2] = {{"bytes", "bytes_per_second"}, {"count", "per_second"}, {"ratio", "ratio_per_second"}};
    if (assertion->figure->source != BG_SOURCE_HISTORY)
        return assertion->figure->unit;
    const char *unit = bg_series_unit(bg_series_at(assertion->series));
    for (size_t i = 0; i < sizeof rates / sizeof rates[0] && assertion->figure->kind == BG_FIGURE_RATE; i++)
        if (strcmp(unit, rates[i][0]) == 0)
            return rates[i][1];
    return unit;
}

enum bg_error bg_assertion_read(const char *text, struct bg_assertion *ret_assertion, struct bg_failure *ret_failure)
{
    struct bg_assertion assertion = {.figure = NULL};
    const struct bg_expression *expression = &assertion.expression;
    enum bg_error error = bg_expression_parse(text, &assertion.expression, ret_failure);
    if (error == BG_OK)
        error = find_figure(expression->name, &assertion.figure, ret_failure);
    if (error == BG_OK)
        error = check_args_count(expression, assertion.figure, ret_failure);
    if (error != BG_OK)
        return error;
    if (assertion.figure->source == BG_SOURCE_HISTORY)
        error = read_change(&assertion, ret_failure);
    if (error == BG_OK && expression->value.percent && strcmp(bg_assertion_unit(&assertion), "ratio") != 0)
        error = refuse(expression->value.span.column, "is not a value of this metric: only ratios are compared with %",
                       expression->value.span, NULL, ret_failure);
    else if (error == BG_OK && assertion.figure->kind == BG_FIGURE_OVER)
        error = read_over(&assertion, ret_failure);
    else if (assertion.figure->kind == BG_FIGURE_MAX)
        assertion.sort = bg_sort_find(assertion.figure->path);
    if (error == BG_OK)
        *ret_assertion = assertion;
    return error;
}

void bg_assertion_plan(const struct bg_assertion *assertion, struct bg_sources *sources)
{
    if (assertion->figure->source != BG_SOURCE_HISTORY)
        sources->wanted |= 1U << assertion->figure->source;
    if (assertion->sort != NULL && strcmp(assertion->sort->key, "binary") == 0)
        sources->binary = true;
    /* With one more row than the value, "more than" can be distinguished from "as many". */
    if (assertion->figure->kind == BG_FIGURE_OVER && (int64_t)assertion->expression.value.number + 1 > sources->scan_limit)
        sources->scan_limit = (int64_t)assertion->expression.value.number + 1;
}
