/* check_past.c: the values of assertions about the history. */
#include "check_past.h"

#include "kept.h"

#include "beamgauge/clock.h"

#include <math.h>

#define MISSING_MAX 15 /* steps without a sample: a quarter of BG_KEPT_STEPS */

enum bg_error bg_assertion_ask_past(const struct bg_assertion *assertion, const struct bg_services *services, const char *node,
                                    bg_history_done *done, void *context, struct bg_history_ticket **ret_ticket,
                                    struct bg_failure *ret_failure)
{
    struct bg_history_request request = {.node = node, .series = &assertion->series, .series_count = 1};
    const enum bg_error error = bg_kept_check(services, ret_failure);
    if (error != BG_OK)
        return error;
    bg_kept_window(&request, assertion->window_ms, bg_clock_wall_ms(services->clock));
    return bg_store_history(services->store, &request, done, context, ret_ticket, ret_failure);
}

/* The longest time without a sample, between two or at either end, in steps. */
static double longest_gap(const struct bg_history *kept, const struct bg_point *points, size_t count)
{
    const double step_s = (double)kept->step_ms / 1000, begin_s = (double)kept->since_ms / 1000;
    double gap_s = points[0].at_s - begin_s;
    for (size_t i = 1; i < count; i++)
        gap_s = fmax(gap_s, points[i].at_s - points[i - 1].at_s);
    return fmax(gap_s, begin_s + step_s * (double)kept->buckets_count - points[count - 1].at_s) / step_s;
}

/* Two samples of an hour are not what a node did in that hour. */
static enum bg_error check_points(const struct bg_history *kept, const char *node, const struct bg_point *points, size_t count,
                                  struct bg_failure *ret_failure)
{
    char at[BG_RFC3339_SIZE];
    if (count == 0)
        return bg_fail(ret_failure, BG_DEADLINE, "nothing was sampled of %s in the window%s", node,
                       kept->restarts_count > 0 ? " since its restart" : "");
    bg_clock_rfc3339((int64_t)(points[0].at_s * 1000) > kept->first_ms ? (int64_t)(points[0].at_s * 1000) : kept->first_ms, at);
    if (points[0].at_s > (double)(kept->since_ms + MISSING_MAX * kept->step_ms) / 1000)
        return bg_fail(ret_failure, BG_DEADLINE, "%s there are samples of %s from %s on only: choose a shorter window, or ask later",
                       kept->restarts_count > 0 ? "since its restart" : "in the window", node, at);
    if (longest_gap(kept, points, count) > MISSING_MAX + 1)
        return bg_fail(ret_failure, BG_DEADLINE, "%s was not sampled for more than a quarter of the window: what it did then is not known",
                       node);
    return BG_OK;
}

enum bg_error bg_assertion_measure_past(const struct bg_assertion *assertion, const char *node, const struct bg_history *kept,
                                        struct bg_measure *ret_measure, struct bg_failure *ret_failure)
{
    struct bg_point points[BG_KEPT_POINTS_SIZE] = {{0, 0}};
    struct bg_trend trend;
    const size_t count = bg_kept_points(kept, 0, false, points);
    const enum bg_error error = check_points(kept, node, points, count, ret_failure);
    if (error != BG_OK || count == 0)
        return error;
    bg_trend_of(points, count, &trend);
    const double change = points[count - 1].value - points[0].value;
    *ret_measure = (struct bg_measure){.value = assertion->figure->kind == BG_FIGURE_CHANGE ? change : trend.per_second, .exact = true};
    return BG_OK;
}
