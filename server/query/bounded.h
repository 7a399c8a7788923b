/* bounded.h: makes a node's answer decent before anything reads it: a node may send whatever it likes. */
#ifndef BEAMGAUGE_QUERY_BOUNDED_H
#define BEAMGAUGE_QUERY_BOUNDED_H

#include <jansson.h>
#include <stdint.h>

/* Of entries, and of unexplained bytes: sums and products of such numbers do not overflow. */
#define BG_BOUNDED_COUNT_MAX (INT64_C(1) << 40)

/* Cuts what is more than a question with these arguments can have as its answer, limits counts, and removes from what may be kept all
 * that an honest node does not send. An honest answer stays as it is. `home` is the node that was asked. */
void bg_bound(const char *home, const json_t *args, json_t *answer);

#endif
