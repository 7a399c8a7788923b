/* history.c: GET .../history, the figures of a node as they were. */
#include "endpoints.h"
#include "params.h"
#include "past.h"
#include "series.h"
#include "when.h"

#include "beamgauge/clock.h"
#include "beamgauge/nearest.h"
#include "beamgauge/store.h"

#include <string.h>

#define SERIES_MAX 16
#define SERIES_TEXT_MAX 1024
#define STEP_MS_MIN 1000
#define STEPS_WANTED 360 /* where the step is not given */
#define VALUES_MAX 4000  /* steps of all series together: so many are written in a turn of the event loop */
#define DEFAULT_SERIES "memory.total_bytes,process_count,run_queue_count"

static enum bg_error unknown_series(const char *name, size_t length, struct bg_failure *ret_failure)
{
    struct bg_nearest nearest;
    bg_nearest_init(&nearest, name, length);
    for (size_t i = 0; i < bg_series_count(); i++)
        bg_nearest_try(&nearest, bg_series_at(i)->name);
    if (nearest.best != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, "series", "there is no series \"%.*s\"; did you mean %s?", (int)length, name,
                             nearest.best);
    return bg_fail_param(
        ret_failure, BG_INVALID, "series",
        "there is no series \"%.*s\"; the series are the figures that GET .../growth?all=true lists, and rates: reductions_per_second, "
        "context_switches_per_second, gc_per_second, gc_reclaimed_bytes_per_second, io_input_bytes_per_second, io_output_bytes_per_second",
        (int)length, name);
}

/* Names with commas between them; each once. */
static enum bg_error read_series(struct bg_past *past, const char *text, struct bg_failure *ret_failure)
{
    for (size_t length; *text != '\0'; text += length + (text[length] == ',')) {
        length = strcspn(text, ",");
        const size_t index = bg_series_find(text, length);
        size_t i = 0;
        if (index == bg_series_count())
            return unknown_series(text, length < BG_SERIES_NAME_SIZE ? length : BG_SERIES_NAME_SIZE, ret_failure);
        while (i < past->request.series_count && past->series[i] != index)
            i++;
        if (i == SERIES_MAX)
            return bg_fail_param(ret_failure, BG_INVALID, "series", "more than %d series: ask for the others in another request",
                                 SERIES_MAX);
        past->series[i] = index;
        past->request.series_count += i == past->request.series_count;
    }
    return BG_OK;
}

/* The least handy step that makes no more steps than a chart shows, and is not finer than what is kept of a time so long ago. */
static int64_t step_for(int64_t span_ms, int64_t ago_ms, size_t series_count)
{
    static const int64_t seconds[] = {10, 30, 60, 300, 900, 3600, 6 * 3600, 86400, 4 * 86400};
    const int64_t least_s = ago_ms > BG_STORE_MINUTES_MS ? 3600 : ago_ms > BG_STORE_FINE_MS ? 60 : 0;
    const int64_t fitting = VALUES_MAX / (int64_t)series_count - 1, wanted = fitting < STEPS_WANTED ? fitting : STEPS_WANTED;
    size_t i = 0;
    while (i + 1 < sizeof seconds / sizeof seconds[0] && (span_ms / (seconds[i] * 1000) > wanted || seconds[i] < least_s))
        i++;
    return seconds[i] * 1000;
}

static enum bg_error read_time(const struct bg_call *call, const char *param, int64_t now_ms, int64_t *ret_ms,
                               struct bg_failure *ret_failure)
{
    const char *text = bg_call_text(call, param);
    if (bg_when_parse(text, now_ms, ret_ms))
        return BG_OK;
    return bg_fail_param(ret_failure, BG_INVALID, param,
                         "%s=%.40s is neither a time like 2026-11-27T02:30:00Z nor a duration before now like 90s, 6h or 7d", param, text);
}

static enum bg_error read_step(struct bg_past *past, const char *text, int64_t now_ms, struct bg_failure *ret_failure)
{
    struct bg_history_request *request = &past->request;
    const int64_t span_ms = request->until_ms - request->since_ms;
    request->step_ms = step_for(span_ms, now_ms - request->since_ms, request->series_count);
    if (text != NULL && (!bg_duration_parse(text, &request->step_ms) || request->step_ms < STEP_MS_MIN))
        return bg_fail_param(ret_failure, BG_INVALID, "step", "step=%.40s is not a duration of at least 1s, like 10s, 5m or 1h", text);
    if ((span_ms / request->step_ms + 2) * (int64_t)request->series_count > VALUES_MAX)
        return bg_fail_param(
            ret_failure, BG_INVALID, "step",
            "from since to until there are too many steps of this length: at most %d of all series together; choose a longer "
            "step, a later since, or fewer series",
            VALUES_MAX);
    if (request->step_ms > span_ms && text != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, "step", "step=%.40s is longer than the time from since to until", text);
    request->since_ms -= request->since_ms % request->step_ms;
    return BG_OK;
}

static enum bg_error read_request(struct bg_past *past, int64_t now_ms, struct bg_failure *ret_failure)
{
    const struct bg_call *call = past->call;
    struct bg_history_request *request = &past->request;
    enum bg_error error = read_series(past, bg_call_text(call, "series"), ret_failure);
    if (error == BG_OK)
        error = read_time(call, "since", now_ms, &request->since_ms, ret_failure);
    if (error == BG_OK)
        error = read_time(call, "until", now_ms, &request->until_ms, ret_failure);
    if (error == BG_OK && request->since_ms >= request->until_ms)
        error = bg_fail_param(ret_failure, BG_INVALID, "since", "since must be before until, which is now where it is not given");
    if (error == BG_OK)
        error = read_step(past, bg_call_text(call, "step"), now_ms, ret_failure);
    return error;
}

typedef double bucket_value(const struct bg_bucket *bucket);

static double mean_of(const struct bg_bucket *bucket)
{
    return bucket->mean;
}

static double min_of(const struct bg_bucket *bucket)
{
    return bucket->min;
}

static double max_of(const struct bg_bucket *bucket)
{
    return bucket->max;
}

static json_t *column_new(struct bg_shaper *shaper, const struct bg_bucket *buckets, size_t count, bucket_value *value_of)
{
    json_t *column = bg_array_new(shaper);
    for (size_t i = 0; i < count; i++)
        bg_append(shaper, column, bg_number_new(value_of(&buckets[i])));
    return column;
}

static json_t *series_new(struct bg_shaper *shaper, const struct bg_series *series, const struct bg_bucket *buckets, size_t count)
{
    json_t *object = bg_object_new(shaper);
    bg_put(shaper, object, "name", json_string(series->name));
    bg_put(shaper, object, "unit", json_string(bg_series_unit(series)));
    bg_put(shaper, object, "mean", column_new(shaper, buckets, count, mean_of));
    bg_put(shaper, object, "min", column_new(shaper, buckets, count, min_of));
    bg_put(shaper, object, "max", column_new(shaper, buckets, count, max_of));
    return object;
}

static json_t *data_new(struct bg_shaper *shaper, const struct bg_past *past, const struct bg_history *kept)
{
    json_t *data = bg_object_new(shaper), *times = bg_array_new(shaper), *series = bg_array_new(shaper), *restarts = bg_array_new(shaper);
    for (size_t i = 0; i < kept->buckets_count; i++)
        bg_append(shaper, times, bg_number_new((double)(kept->since_ms + (int64_t)i * kept->step_ms) / 1000));
    for (size_t i = 0; i < past->request.series_count; i++)
        bg_append(shaper, series,
                  series_new(shaper, bg_series_at(past->series[i]), kept->buckets + i * kept->buckets_count, kept->buckets_count));
    for (size_t i = 0; i < kept->restarts_count; i++)
        bg_append(shaper, restarts, bg_past_at_new(kept->restarts_ms[i]));
    bg_put(shaper, data, "step_seconds", bg_number_new((double)kept->step_ms / 1000));
    bg_put(shaper, data, "unix_seconds", times);
    bg_put(shaper, data, "series", series);
    bg_put(shaper, data, "restarts_at", restarts);
    bg_put(shaper, data, "first_at", kept->first_ms != 0 ? bg_past_at_new(kept->first_ms) : json_null());
    bg_put(shaper, data, "last_at", kept->last_ms != 0 ? bg_past_at_new(kept->last_ms) : json_null());
    return data;
}

static json_t *shape(struct bg_shaper *shaper, const struct bg_past *past, const struct bg_history *kept, json_t *warnings)
{
    char first[BG_RFC3339_SIZE];
    if (kept->first_ms > kept->since_ms + kept->step_ms) {
        bg_clock_rfc3339(kept->first_ms, first);
        bg_append(shaper, warnings, json_sprintf("nothing is kept of this node from before %s", first));
    }
    return data_new(shaper, past, kept);
}

static void handle(struct bg_call *call)
{
    bg_past_run(call, read_request, shape);
}

/* For tables: one row for each series at each time at which something was seen. */
static json_t *rows_of(const json_t *data)
{
    static const char *const columns[] = {"mean", "min", "max"};
    const json_t *times = json_object_get(data, "unix_seconds"), *series;
    json_t *rows = json_array();
    size_t at, i;
    for (at = 0; at < json_array_size(times); at++)
        json_array_foreach(json_object_get(data, "series"), i, series)
        {
            if (json_is_null(json_array_get(json_object_get(series, "mean"), at)))
                continue;
            json_t *row = json_object();
            (void)json_object_set_new(row, "at", bg_past_at_new((int64_t)(json_number_value(json_array_get(times, at)) * 1000)));
            (void)json_object_set(row, "series", json_object_get(series, "name"));
            (void)json_object_set(row, "unit", json_object_get(series, "unit"));
            for (size_t column = 0; column < 3; column++)
                (void)json_object_set(row, columns[column], json_array_get(json_object_get(series, columns[column]), at));
            (void)json_array_append_new(rows, row);
        }
    return rows;
}

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "series",
     .type = BG_PARAM_TEXT,
     .min = 1,
     .max = SERIES_TEXT_MAX,
     .fallback = DEFAULT_SERIES,
     .summary = "Up to 16 figures with commas between them: those of /check/metrics that need no look at all processes; of a counter its "
                "change in each second, like reductions_per_second"},
    {.name = "since",
     .type = BG_PARAM_TEXT,
     .min = 1,
     .max = 40,
     .fallback = "1h",
     .summary = "A time (2026-11-27T02:30:00Z), or how long before now (90s, 6h, 7d)"},
    {.name = "until",
     .type = BG_PARAM_TEXT,
     .min = 1,
     .max = 40,
     .fallback = "0s",
     .summary = "The same; nothing from that time on is given"},
    {.name = "step",
     .type = BG_PARAM_TEXT,
     .min = 1,
     .max = 40,
     .summary = "The length of each step (10s, 5m, 1h); chosen by the time between since and until if it is not given"},
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"at", "At", BG_COLUMN_WHOLE, true},       {"series", "Series", BG_COLUMN_WHOLE, true}, {"mean", "Mean", BG_COLUMN_OF_UNIT, true},
    {"min", "Least", BG_COLUMN_OF_UNIT, true}, {"max", "Most", BG_COLUMN_OF_UNIT, true},    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_history_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/history",
     .scope = BG_SCOPE_READ,
     .operation = "getHistory",
     .summary =
         "The figures of a node as they were, also of a node that is gone: fine for an hour, by minute for a day, by hour for 30 days",
     .params = params,
     .columns = columns,
     .rows = rows_of,
     .handler = handle},
    {.path = NULL},
};
