/* kept.h: a time before now, as the store keeps it of a node: what growth and checks of the history look at. */
#ifndef BG_API_KEPT_H
#define BG_API_KEPT_H

#include "beamgauge/endpoint.h"
#include "beamgauge/store.h"
#include "beamgauge/trend.h"

#define BG_KEPT_STEPS 60
#define BG_KEPT_POINTS_SIZE (BG_KEPT_STEPS + 2) /* the first step begins before the window */
#define BG_KEPT_WINDOW_MS_MIN 60000

/* Fails if nothing is kept of any node. */
enum bg_error bg_kept_check(const struct bg_services *services, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Fills the times of the request: so long before now, in steps. */
void bg_kept_window(struct bg_history_request *request, int64_t window_ms, int64_t now_ms);
/* What was seen of the request's series of this index since the node's last restart: of each step the mean, or the least value. Returns the
 * number of points. */
size_t bg_kept_points(const struct bg_history *kept, size_t series, bool is_least, struct bg_point ret_points[BG_KEPT_POINTS_SIZE]);

#endif
