/* series.c: the metric of a line of a panel, and its expression. */
#include "series.h"

#include "tool.h"

#include "costs.h"
#include "counts.h"
#include "figures.h"
#include "probe.h"
#include "stats.h"

#include <stdio.h>
#include <string.h>

#define EXPRESSION_SIZE 512
#define NUMBER_SIZE 448
#define INTERVAL "[$__rate_interval]"

/* All exposed metrics except the figures of a node. */
static const struct bg_metric *const tables[] = {
    bg_probe_metrics, bg_beam_metrics, bg_service_metrics, bg_process_metrics, bg_counts_metrics, bg_costs_metrics, bg_stats_metrics,
};

static const struct bg_metric *metric_find(const char *name)
{
    for (size_t i = 0; i < bg_figures_count; i++)
        if (bg_figures[i].metric != NULL && strcmp(bg_figures[i].metric->name, name) == 0)
            return bg_figures[i].metric;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct bg_metric *metric = tables[i]; metric->name != NULL; metric++)
            if (strcmp(metric->name, name) == 0)
                return metric;
    return NULL;
}

/* The metric named by a member; NULL if the member is missing. */
static const struct bg_metric *metric_of(const json_t *series, const char *member, const char *panel)
{
    const char *name = json_string_value(json_object_get(series, member));
    const struct bg_metric *metric = name != NULL ? metric_find(name) : NULL;
    if (name != NULL && metric == NULL)
        bg_tool_die("the panel \"%s\" shows the metric %s, which nobody exposes", panel, name);
    return metric;
}

static const struct bg_metric *needed_metric(const json_t *series, const char *panel)
{
    const struct bg_metric *metric = metric_of(series, "metric", panel);
    if (metric == NULL)
        bg_tool_die("a line of the panel \"%s\" names no metric", panel);
    return metric;
}

/* The service's own metrics have no node. */
static bool is_own(const struct bg_metric *metric)
{
    return strncmp(metric->name, "beamgauge_", strlen("beamgauge_")) == 0;
}

static const char *selector_of(const struct bg_metric *metric)
{
    if (is_own(metric))
        return "";
    return strncmp(metric->name, "beam_", strlen("beam_")) == 0 ? "{instance=~\"$node\"}" : "{job=\"beamgauge\"}";
}

static bool has_label(const struct bg_metric *metric, const char *name)
{
    for (const char *const *label = metric->labels; *label != NULL; label++)
        if (strcmp(*label, name) == 0)
            return true;
    return false;
}

/* False if it cannot be shown `as` that. */
static bool write_histogram(const char *name, const char *as, const char *by, char *ret_text)
{
    if (strcmp(as, "p99") == 0)
        (void)snprintf(ret_text, EXPRESSION_SIZE, "histogram_quantile(0.99, sum by (le, %s) (rate(%s_bucket" INTERVAL ")))", by, name);
    else if (strcmp(as, "sum") == 0)
        (void)snprintf(ret_text, EXPRESSION_SIZE, "sum by (%s) (rate(%s_sum" INTERVAL "))", by, name);
    else if (strcmp(as, "mean") == 0)
        (void)snprintf(ret_text, EXPRESSION_SIZE, "sum by (%s) (rate(%s_sum" INTERVAL ")) / sum by (%s) (rate(%s_count" INTERVAL "))", by,
                       name, by, name);
    else
        return false;
    return true;
}

/* A number, before instances are summed; false if it cannot be shown `as` that. */
static bool write_number(const struct bg_metric *metric, const struct bg_metric *whole, const char *as, char *ret_text)
{
    const char *selector = selector_of(metric);
    const bool plain = as[0] == '\0' && whole == NULL, gauge = metric->type == BG_METRIC_GAUGE;
    if (metric->type == BG_METRIC_COUNTER && plain)
        (void)snprintf(ret_text, NUMBER_SIZE, "rate(%s_total%s" INTERVAL ")", metric->name, selector);
    else if (gauge && plain)
        (void)snprintf(ret_text, NUMBER_SIZE, "%s%s", metric->name, selector);
    else if (gauge && whole == NULL && strcmp(as, "growth") == 0)
        (void)snprintf(ret_text, NUMBER_SIZE, "deriv(%s%s" INTERVAL ")", metric->name, selector);
    else if (gauge && whole != NULL && whole->type == BG_METRIC_GAUGE && as[0] == '\0')
        (void)snprintf(ret_text, NUMBER_SIZE, "%s%s / %s%s", metric->name, selector, whole->name, selector_of(whole));
    else
        return false;
    return true;
}

static void write_expression(const json_t *series, const char *panel, char *ret_text)
{
    const struct bg_metric *metric = needed_metric(series, panel), *whole = metric_of(series, "of", panel);
    const char *by = json_string_value(json_object_get(series, "by")), *as = json_string_value(json_object_get(series, "as"));
    char inner[NUMBER_SIZE];
    bool good;
    if (by != NULL && !has_label(metric, by))
        bg_tool_die("the panel \"%s\" shows %s by %s, which is none of its labels", panel, metric->name, by);
    if (metric->type == BG_METRIC_HISTOGRAM)
        good = as != NULL && by != NULL && whole == NULL && write_histogram(metric->name, as, by, ret_text);
    else
        good = write_number(metric, whole, as != NULL ? as : "", inner);
    if (!good)
        bg_tool_die("the panel \"%s\" cannot show %s so: see \"of\", \"as\" and \"by\" in series.h", panel, metric->name);
    if (metric->type == BG_METRIC_HISTOGRAM)
        return;
    if (!is_own(metric))
        (void)snprintf(ret_text, EXPRESSION_SIZE, "%s", inner);
    else if (by != NULL)
        (void)snprintf(ret_text, EXPRESSION_SIZE, "sum by (%s) (%s)", by, inner);
    else
        (void)snprintf(ret_text, EXPRESSION_SIZE, "sum(%s)", inner);
}

static void write_legend(const json_t *series, const char *panel, char *ret_text)
{
    const struct bg_metric *metric = needed_metric(series, panel);
    const char *by = json_string_value(json_object_get(series, "by")), *words = json_string_value(json_object_get(series, "legend"));
    int used = 0;
    if (by != NULL)
        used = snprintf(ret_text, EXPRESSION_SIZE, "{{%s}}", by);
    else if (!is_own(metric))
        used = snprintf(ret_text, EXPRESSION_SIZE, "{{instance}}");
    for (const char *const *label = metric->labels; !is_own(metric) && *label != NULL; label++)
        used += snprintf(ret_text + used, EXPRESSION_SIZE - (size_t)used, " {{%s}}", *label);
    if (words != NULL)
        used += snprintf(ret_text + used, EXPRESSION_SIZE - (size_t)used, "%s%s", used > 0 ? " " : "", words);
    if (used == 0)
        bg_tool_die("a line of the panel \"%s\" needs a legend: %s is summed up", panel, metric->name);
}

json_t *bg_series_target(const json_t *series, size_t index, const char *panel)
{
    const char letter[] = {(char)('A' + index), '\0'};
    char expression[EXPRESSION_SIZE], legend[EXPRESSION_SIZE];
    write_expression(series, panel, expression);
    write_legend(series, panel, legend);
    return bg_tool_need(json_pack("{s:s, s:{s:s, s:s}, s:s, s:s}", "refId", letter, "datasource", "type", "prometheus", "uid",
                                  "${datasource}", "expr", expression, "legendFormat", legend));
}

const char *bg_series_unit(const json_t *series, const char *panel)
{
    const struct bg_metric *metric = needed_metric(series, panel);
    if (json_object_get(series, "of") != NULL)
        return "percentunit";
    if (metric->unit == NULL)
        return "short";
    if (strcmp(metric->unit, "seconds") == 0)
        return "s";
    return strcmp(metric->unit, "bytes") != 0 ? "short" : metric->type == BG_METRIC_COUNTER ? "Bps" : "bytes";
}

const char *bg_series_help(const json_t *series, const char *panel)
{
    return needed_metric(series, panel)->help;
}
