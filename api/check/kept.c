/* kept.c: a time before now, as the store keeps it of a node. */
#include "kept.h"

#include <math.h>

enum bg_error bg_kept_check(const struct bg_services *services, struct bg_failure *ret_failure)
{
    if (services->store != NULL)
        return BG_OK;
    return bg_fail(ret_failure, BG_UNSUPPORTED, "nothing is kept of nodes: sample_ms is 0 in [watch] of the configuration");
}

void bg_kept_window(struct bg_history_request *request, int64_t window_ms, int64_t now_ms)
{
    request->step_ms = window_ms / BG_KEPT_STEPS;
    request->until_ms = now_ms;
    request->since_ms = now_ms - window_ms;
    request->since_ms -= request->since_ms % request->step_ms;
}

size_t bg_kept_points(const struct bg_history *kept, size_t series, bool is_least, struct bg_point ret_points[BG_KEPT_POINTS_SIZE])
{
    const int64_t restart_ms = kept->restarts_count > 0 ? kept->restarts_ms[kept->restarts_count - 1] : 0;
    const struct bg_bucket *buckets = kept->buckets + series * kept->buckets_count;
    size_t count = 0;
    for (size_t i = 0; i < kept->buckets_count && count < BG_KEPT_POINTS_SIZE; i++) {
        const int64_t at_ms = kept->since_ms + (int64_t)i * kept->step_ms;
        if (at_ms >= restart_ms && !isnan(buckets[i].mean))
            ret_points[count++] = (struct bg_point){.at_s = (double)at_ms / 1000, .value = is_least ? buckets[i].min : buckets[i].mean};
    }
    return count;
}
