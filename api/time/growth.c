/* growth.c: GET .../growth, which figures of a node grow, since when, how fast, and until when they can. */
#include "endpoints.h"
#include "kept.h"
#include "params.h"
#include "past.h"
#include "series.h"
#include "when.h"

#include "beamgauge/clock.h"
#include "beamgauge/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define URGENT_S 86400
#define OLD_MS 60000 /* of the last sample, or three steps */

/* What a figure may reach. */
static const struct {
    const char *name, *limit;
} limits[] = {{"process_count", "process_limit"}, {"port_count", "port_limit"}, {"atom_count", "atom_limit"},
              {"ets_count", "ets_limit"},         {"rss_bytes", "limit_bytes"}, {"memory.total_bytes", "limit_bytes"},
              {"carriers_bytes", "limit_bytes"}};

static const char *limit_of(const struct bg_series *series)
{
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (strcmp(limits[i].name, series->name) == 0)
            return limits[i].limit;
    return NULL;
}

/* Rates, ratios and times of a node that leaks nothing grow too; and the same is there as a count. Two figures have a life of their own:
 * carriers come and go in pieces of some MiB, of which the unexplained rest is a saw-tooth, and a cgroup's use has the page cache in it. */
static bool can_leak(const struct bg_series *series)
{
    static const char *const others[] = {"unexplained_bytes", "cgroup_used_bytes"};
    const char *unit = series->figure->unit;
    bool is_other = series->is_rate || strstr(series->name, "limit") != NULL;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        is_other = is_other || strcmp(series->name, others[i]) == 0;
    return !is_other && (strcmp(unit, "bytes") == 0 || strcmp(unit, "count") == 0);
}

/* The last value that was seen; NaN: none. All series were asked for, in their order. */
static double last_of(const struct bg_history *kept, const char *name)
{
    struct bg_point points[BG_KEPT_POINTS_SIZE];
    const size_t count = bg_kept_points(kept, bg_series_find(name, strlen(name)), false, points);
    return count > 0 ? points[count - 1].value : NAN;
}

/* Of each step the least value: what garbage collections free again is not growth. */
static struct bg_trend trend_of(const struct bg_history *kept, size_t series)
{
    struct bg_point points[BG_KEPT_POINTS_SIZE];
    struct bg_trend trend;
    bg_trend_of(points, bg_kept_points(kept, series, true, points), &trend);
    return trend;
}

static void put_limit(struct bg_shaper *shaper, json_t *row, const struct bg_history *kept, const struct bg_series *series,
                      const struct bg_trend *trend)
{
    const char *name = limit_of(series);
    const double limit = name != NULL ? last_of(kept, name) : NAN;
    const bool is_reached = trend->grows && !isnan(limit);
    bg_put(shaper, row, "limit", bg_number_new(limit));
    bg_put(shaper, row, "limit_in_seconds",
           is_reached ? json_integer((json_int_t)fmax(0, (limit - trend->last) / trend->per_second)) : json_null());
}

static json_t *row_new(struct bg_shaper *shaper, const struct bg_history *kept, size_t index)
{
    const struct bg_series *series = bg_series_at(index);
    const struct bg_trend trend = trend_of(kept, index);
    if (trend.points_count == 0)
        return NULL;
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "figure", json_string(series->name));
    bg_put(shaper, row, "unit", json_string(series->figure->unit));
    bg_put(shaper, row, "grows", json_boolean(trend.grows));
    bg_put(shaper, row, "since_at", bg_past_at_new((int64_t)(trend.since_s * 1000)));
    bg_put(shaper, row, "start", bg_number_new(trend.first));
    bg_put(shaper, row, "now", bg_number_new(trend.last));
    bg_put(shaper, row, "change", bg_number_new(trend.last - trend.first));
    bg_put(shaper, row, "change_ratio", trend.first > 0 ? json_real((trend.last - trend.first) / trend.first) : json_null());
    bg_put(shaper, row, "change_per_second", json_real(trend.per_second));
    bg_put(shaper, row, "steadiness", json_real(trend.steadiness));
    bg_put(shaper, row, "points_count", json_integer((json_int_t)trend.points_count));
    put_limit(shaper, row, kept, series, &trend);
    return row;
}

/* What grows comes first: what soon reaches its limit, then what has changed most for its size. */
static double rank(const json_t *row)
{
    const double ratio = fabs(json_number_value(json_object_get(row, "change_ratio")));
    const json_t *left = json_object_get(row, "limit_in_seconds");
    if (json_is_integer(left) && json_number_value(left) < URGENT_S)
        return 2e9 - json_number_value(left);
    return json_is_true(json_object_get(row, "grows")) ? 1e9 + fmin(ratio, 1e6) : fmin(ratio, 1e6);
}

static int compare(const void *a, const void *b)
{
    const double one = rank(*(json_t *const *)a), other = rank(*(json_t *const *)b);
    return (one < other) - (one > other);
}

/* *ret_most: in how many parts of the window there were samples, of the figure with most. */
static json_t *data_new(struct bg_shaper *shaper, const struct bg_history *kept, bool all, size_t *ret_most)
{
    json_t *rows[BG_STORE_SERIES_MAX] = {NULL}, *data = bg_array_new(shaper);
    size_t count = 0;
    *ret_most = 0;
    for (size_t i = 0; i < bg_series_count(); i++)
        if (can_leak(bg_series_at(i)) && (rows[count] = row_new(shaper, kept, i)) != NULL) {
            const size_t points = (size_t)json_integer_value(json_object_get(rows[count++], "points_count"));
            *ret_most = points > *ret_most ? points : *ret_most;
        }
    qsort(rows, count, sizeof rows[0], compare);
    for (size_t i = 0; i < count; i++)
        if (all || json_is_true(json_object_get(rows[i], "grows")))
            bg_append(shaper, data, rows[i]);
        else
            json_decref(rows[i]);
    return data;
}

/* A first look, or one soon after a restart, has too little to say anything. */
static void warn(struct bg_shaper *shaper, const struct bg_history *kept, int64_t until_ms, size_t most, json_t *warnings)
{
    const int64_t old_ms = 3 * kept->step_ms > OLD_MS ? 3 * kept->step_ms : OLD_MS;
    char last[BG_RFC3339_SIZE];
    bg_clock_rfc3339(kept->last_ms, last);
    if (kept->last_ms != 0 && kept->last_ms < until_ms - old_ms)
        bg_append(shaper, warnings, json_sprintf("the node was last sampled at %s: this is what grew until then", last));
    if (kept->restarts_count > 0)
        bg_append(shaper, warnings, json_string("the node was restarted within the window: only what came after that is looked at"));
    if (most < BG_TREND_POINTS_MIN)
        bg_append(shaper, warnings,
                  json_sprintf(
                      "there are samples in %d of the window's %d parts, and at least %d are needed to know what grows: choose a window of "
                      "some minutes that lie within the time since the node is sampled, like window=3m, or ask later",
                      (int)most, BG_KEPT_STEPS, BG_TREND_POINTS_MIN));
}

static json_t *shape(struct bg_shaper *shaper, const struct bg_past *past, const struct bg_history *kept, json_t *warnings)
{
    size_t most;
    json_t *data = data_new(shaper, kept, bg_call_boolean(past->call, "all"), &most);
    warn(shaper, kept, past->request.until_ms, most, warnings);
    return data;
}

static enum bg_error read_request(struct bg_past *past, int64_t now_ms, struct bg_failure *ret_failure)
{
    struct bg_history_request *request = &past->request;
    const char *window = bg_call_text(past->call, "window");
    int64_t window_ms;
    if (!bg_duration_parse(window, &window_ms) || window_ms < BG_KEPT_WINDOW_MS_MIN)
        return bg_fail_param(ret_failure, BG_INVALID, "window", "window=%.40s is not a duration from 1m to 366d, like 10m, 1h or 1d",
                             window);
    for (size_t i = 0; i < bg_series_count(); i++)
        past->series[i] = i;
    request->series_count = bg_series_count();
    bg_kept_window(request, window_ms, now_ms);
    return BG_OK;
}

static void handle(struct bg_call *call)
{
    bg_past_run(call, read_request, shape);
}

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "window",
     .type = BG_PARAM_TEXT,
     .min = 1,
     .max = 40,
     .fallback = "1h",
     .summary = "How long before now to look at (10m, 6h, 7d); a node that was restarted since is looked at since then"},
    {.name = "all", .type = BG_PARAM_BOOLEAN, .fallback = "false", .summary = "Also the figures that do not grow"},
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"figure", "Figure", BG_COLUMN_WHOLE, true},
    {"unit", "Unit", BG_COLUMN_TEXT, false},
    {"grows", "Grows", BG_COLUMN_TEXT, false},
    {"start", "Before", BG_COLUMN_OF_UNIT, true},
    {"now", "Now", BG_COLUMN_OF_UNIT, true},
    {"change", "Change", BG_COLUMN_OF_UNIT, false},
    {"change_ratio", "Change", BG_COLUMN_RATIO, false},
    {"change_per_second", "Growth", BG_COLUMN_UNIT_RATE, true},
    {"since_at", "Since", BG_COLUMN_WHOLE, false},
    {"steadiness", "Steadiness", BG_COLUMN_TEXT, false},
    {"points_count", "Points", BG_COLUMN_COUNT, false},
    {"limit", "Limit", BG_COLUMN_OF_UNIT, false},
    {"limit_in_seconds", "To limit", BG_COLUMN_DURATION, true},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_growth_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/growth",
     .scope = BG_SCOPE_READ,
     .operation = "getGrowth",
     .summary = "Which figures of a node grow steadily, since when, how fast, and when they reach their limit",
     .params = params,
     .columns = columns,
     .handler = handle},
    {.path = NULL},
};
