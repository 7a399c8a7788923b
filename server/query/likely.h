/* likely.h: who is likely at the other end of a list that nobody could count: another node has a process with as many entries. Knows no
 * clock. */
#ifndef BEAMGAUGE_QUERY_LIKELY_H
#define BEAMGAUGE_QUERY_LIKELY_H

#include "seen.h"

#define BG_LIKELY_AGE_MS (10 * 60 * 1000) /* who was seen longer ago is not compared */

/* {peer, is_watched, count of the entries that these two have of each other, and who the peer is, as a row tells it}, or NULL where there
 * is none, or more than one may be: a new object. An entry of one that monitors a process of another node takes fewer bytes of its memory
 * than that one's entry of it, so which of two that have as many is the watcher is known by their memory alone. is_watched: it is the
 * process asked for that is watched. */
json_t *bg_likely_new(const struct bg_seen *seen, const char *node, const char *pid, int64_t now_wall_ms);

#endif
