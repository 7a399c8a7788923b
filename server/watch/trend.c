/* trend.c: whether a figure grows. */
#include "beamgauge/trend.h"

#include <math.h>
#include <stdlib.h>

#define SLOPES_MAX (BG_TREND_POINTS_MAX * (BG_TREND_POINTS_MAX - 1) / 2)
#define STEADINESS_MIN 0.5
#define THIRD_PART 0.25   /* of the whole slope that each third must have: a step has all of it in one */
#define CHANGE_PART 0.002 /* of the value, which must have changed by more: less is noise, or not worth a word */
#define THIRDS 3
#define PARTS 3 /* all, the later half, the last quarter */

static int compare(const void *a, const void *b)
{
    const double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* The median of the slopes of all pairs; *ret_steadiness may be NULL. */
static double slope_of(const struct bg_point *points, size_t count, double *ret_steadiness)
{
    double slopes[SLOPES_MAX];
    size_t slopes_count = 0;
    long rising = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            const double elapsed = points[j].at_s - points[i].at_s, change = points[j].value - points[i].value;
            if (elapsed <= 0)
                continue;
            slopes[slopes_count++] = change / elapsed;
            rising += (change > 0) - (change < 0);
        }
    if (ret_steadiness != NULL)
        *ret_steadiness = slopes_count > 0 ? (double)rising / (double)slopes_count : 0;
    if (slopes_count == 0)
        return 0;
    qsort(slopes, slopes_count, sizeof slopes[0], compare);
    return slopes_count % 2 == 1 ? slopes[slopes_count / 2] : (slopes[slopes_count / 2 - 1] + slopes[slopes_count / 2]) / 2;
}

/* Whether the last value is far above all before the last `used`: a saw-tooth rises within the range in which it always is. */
static bool has_left(const struct bg_point *points, size_t count, size_t used)
{
    double least = points[0].value, most = least;
    for (size_t i = 1; i < count - used; i++) {
        least = fmin(least, points[i].value);
        most = fmax(most, points[i].value);
    }
    return points[count - 1].value - most > (most - least) / 2;
}

/* Groups of neighbours, each as its least value: what rises and falls within a group is not growth. */
static size_t thin(const struct bg_point *points, size_t count, struct bg_point ret_points[BG_TREND_POINTS_MAX])
{
    size_t known = 0, groups = 0, seen = 0;
    for (size_t i = 0; i < count; i++)
        known += isfinite(points[i].value) != 0;
    const size_t wanted = known < BG_TREND_POINTS_MAX ? known : BG_TREND_POINTS_MAX;
    if (known == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(points[i].value))
            continue;
        if (seen++ * wanted / known == groups)
            ret_points[groups++] = points[i];
        else if (points[i].value < ret_points[groups - 1].value)
            ret_points[groups - 1] = points[i];
    }
    return groups;
}

static bool grows(const struct bg_point *points, size_t count, const struct bg_trend *trend)
{
    const double change = trend->per_second * (points[count - 1].at_s - points[0].at_s);
    if (count < BG_TREND_POINTS_MIN || trend->per_second <= 0 || trend->steadiness < STEADINESS_MIN ||
        change < CHANGE_PART * fabs(trend->last) || trend->last - trend->first < change / 2)
        return false;
    for (size_t third = 0; third < THIRDS; third++) {
        const size_t from = count * third / THIRDS, until = count * (third + 1) / THIRDS;
        if (slope_of(points + from, until - from, NULL) < THIRD_PART * trend->per_second)
            return false;
    }
    return true;
}

static struct bg_trend trend_of(const struct bg_point *points, size_t count)
{
    struct bg_trend trend = {.points_count = count};
    if (count == 0)
        return trend;
    trend.since_s = points[0].at_s;
    trend.first = points[0].value;
    trend.last = points[count - 1].value;
    trend.per_second = slope_of(points, count, &trend.steadiness);
    trend.grows = grows(points, count, &trend);
    return trend;
}

void bg_trend_of(const struct bg_point *points, size_t count, struct bg_trend *ret_trend)
{
    struct bg_point thinned[BG_TREND_POINTS_MAX];
    const size_t all = thin(points, count, thinned);
    *ret_trend = trend_of(thinned, all);
    for (size_t part = 1; part < PARTS && !ret_trend->grows; part++) {
        const size_t used = all >> part;
        const struct bg_trend later = trend_of(thinned + (all - used), used);
        if (later.grows && has_left(thinned, all, used))
            *ret_trend = later;
    }
}
