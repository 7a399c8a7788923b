/* seen.h: what processes with many entries told of themselves last, for when they do not answer: their leak is not gone with their voice.
 * Knows no clock. */
#ifndef BEAMGAUGE_QUERY_SEEN_H
#define BEAMGAUGE_QUERY_SEEN_H

#include "incarnation.h"

#include <jansson.h>
#include <stdint.h>

#define BG_SEEN_NODES_MAX 256    /* the one that was scanned least recently goes first */
#define BG_SEEN_ROWS_MAX 20      /* of a node, of each ranking by entries */
#define BG_SEEN_PEERS_MAX 20     /* of each list, those with most entries */
#define BG_SEEN_ENTRIES_MIN 1000 /* who has fewer of any kind is not kept */
#define BG_SEEN_UNNAMED_MS 60000 /* so long one is taken to live where an answer does not name all who were silent */

struct bg_seen {
    json_t *by_node; /* node -> {generation, since_ms, monitor_bytes, rows: pid -> {row, lists, uncounted_bytes, at_ms}} */
};

void bg_seen_init(struct bg_seen *seen);
void bg_seen_done(struct bg_seen *seen);
/* Once the ledger has completed the answer to `scan`: who did not answer it, and did earlier, gets what it told then, in "rows",
 * "rankings" and "long", as `silent` and with age_ms; and what others tell is kept. Of the answer to `peers`, those processes get it that
 * tell nothing, and of others whom their lists name is kept. */
void bg_seen_complete(struct bg_seen *seen, const struct bg_incarnation *node, const json_t *args, json_t *answer, int64_t now_wall_ms);

#endif
