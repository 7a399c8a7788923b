/* kept_pairs.h: the pairs that nodes had last, for when they cannot be asked. */
#ifndef BG_API_KEPT_PAIRS_H
#define BG_API_KEPT_PAIRS_H

#include "ask.h"

/* Once the ranking ask->data is whole: what each node has of it is kept. */
void bg_kept_pairs_put(struct bg_ask *ask);
/* The same of one node's rows, best first. */
void bg_kept_pairs_put_of(const struct bg_services *services, const char *node, const json_t *rows);
/* The node's rows with at least `min` monitors, with their age, and without what nobody can know now. A new array. */
json_t *bg_kept_pairs_new(struct bg_shaper *shaper, const struct bg_services *services, const char *node, int64_t min);

#endif
