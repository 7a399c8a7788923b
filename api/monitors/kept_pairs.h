/* kept_pairs.h: the last pairs of nodes, for when they cannot be asked. */
#ifndef BG_API_KEPT_PAIRS_H
#define BG_API_KEPT_PAIRS_H

#include "ask.h"

/* Keeps each node's part of ask->data; call it when the ranking is complete. */
void bg_kept_pairs_put(struct bg_ask *ask);
/* The same for one node's rows, best first, and when it reported them. */
void bg_kept_pairs_put_of(const struct bg_services *services, const char *node, const json_t *rows, int64_t collected_wall_ms);
/* The node's rows with at least `min` monitors, with their age, and without data that cannot be known now. A new array. */
json_t *bg_kept_pairs_new(struct bg_shaper *shaper, const struct bg_services *services, const char *node, int64_t min);

#endif
