/* last.h: the pairs that each node had when it was last asked, for when it cannot be: its leak is not gone with its link. Knows no clock.
 */
#ifndef BEAMGAUGE_QUERY_LAST_H
#define BEAMGAUGE_QUERY_LAST_H

#include "beamgauge/node.h"

#include <jansson.h>
#include <stdint.h>

#define BG_LAST_NODES_MAX 256  /* the one that was kept first goes first */
#define BG_LAST_ROWS_MAX 50    /* of a node */
#define BG_LAST_FEWER_MS 30000 /* so long more rows are not replaced by fewer */

struct bg_last {
    json_t *by_node; /* node -> {rows, generation, at_ms}; NULL without memory */
};

void bg_last_init(struct bg_last *last);
void bg_last_done(struct bg_last *last);
/* `rows` are copied, the first of them. */
void bg_last_keep(struct bg_last *last, const struct bg_node_info *node, const json_t *rows, int64_t now_wall_ms);
/* Of this coming up of the node's link, or the last one while it is down; NULL where there are none. Borrowed. */
const json_t *bg_last_find(const struct bg_last *last, const struct bg_node_info *node, int64_t *ret_wall_ms);

#endif
