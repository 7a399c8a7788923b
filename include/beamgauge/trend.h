/* trend.h: whether a figure grows: a leak does, a saw-tooth, a step and noise do not. Pure. */
#ifndef BEAMGAUGE_TREND_H
#define BEAMGAUGE_TREND_H

#include <stdbool.h>
#include <stddef.h>

#define BG_TREND_POINTS_MAX 60 /* used; more are put together, and of each group the least value counts */
#define BG_TREND_POINTS_MIN 9  /* fewer do not say whether something grows */

struct bg_point {
    double at_s; /* ascending */
    double value;
};

struct bg_trend {
    size_t points_count; /* that were used; 0: nothing is known, and the rest is 0 */
    double since_s;      /* the first of them */
    double first, last;  /* values */
    double per_second;   /* the median of the slopes of all pairs of points (Theil-Sen): an outlier does not move it */
    double steadiness;   /* -1 to 1: how many pairs rise less how many fall, of all (Kendall's tau) */
    bool grows;          /* steadily, in each third of the time, and not only by noise */
};

/* The trend over all points; or, if there is growth only in the later half or quarter of them, over that: `since_s` says so. Growth that
 * has ended is none; and a rise within the range of what was before it is a saw-tooth. Values that are not finite are left out. */
void bg_trend_of(const struct bg_point *points, size_t count, struct bg_trend *ret_trend);

#endif
