/* likely.h: finds the likely process at the other end of a list that could not be counted: a process of another node with as many entries.
 * It has no clock. */
#ifndef BEAMGAUGE_QUERY_LIKELY_H
#define BEAMGAUGE_QUERY_LIKELY_H

#include "seen.h"

#define BG_LIKELY_AGE_MS (10 * 60 * 1000) /* a process seen longer ago is not compared */

/* {peer, is_watched, count of their entries of each other, and the peer's identity as in a row}, a new object; NULL if there is none, or
 * more than one is possible. A remote monitor takes less memory in its watcher than in the watched process, so the memory of two processes
 * with as many entries shows which one is the watcher. is_watched: the given process is the watched one. */
json_t *bg_likely_new(const struct bg_seen *seen, const char *node, const char *pid, int64_t now_wall_ms);

#endif
