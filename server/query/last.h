/* last.h: the last pairs of each node, for when it cannot be asked: its leak does not disappear with its link. It has no clock.
 */
#ifndef BEAMGAUGE_QUERY_LAST_H
#define BEAMGAUGE_QUERY_LAST_H

#include "beamgauge/node.h"

#include <jansson.h>
#include <stdint.h>

#define BG_LAST_NODES_MAX 256  /* the oldest is evicted first */
#define BG_LAST_ROWS_MAX 50    /* of a node */
#define BG_LAST_FEWER_MS 30000 /* for this time more rows are not replaced by fewer */

struct bg_last {
    json_t *by_node; /* node -> {rows, generation, at_ms}; NULL without memory */
};

void bg_last_init(struct bg_last *last);
void bg_last_done(struct bg_last *last);
/* The first of `rows` are copied. Rows that were collected earlier than the kept ones are dropped. */
void bg_last_keep(struct bg_last *last, const struct bg_node_info *node, const json_t *rows, int64_t collected_wall_ms);
/* From the node's present link-up, or, while it is down, from the last one; NULL if there are none. Borrowed. */
const json_t *bg_last_find(const struct bg_last *last, const struct bg_node_info *node, int64_t *ret_wall_ms);

#endif
