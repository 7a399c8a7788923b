/* seen.h: the last report of processes with many entries, for when they do not answer: their leak must not disappear then. It has no clock.
 */
#ifndef BEAMGAUGE_QUERY_SEEN_H
#define BEAMGAUGE_QUERY_SEEN_H

#include "incarnation.h"

#include <jansson.h>
#include <stdint.h>

#define BG_SEEN_NODES_MAX 256    /* the least recently scanned is evicted first */
#define BG_SEEN_ROWS_MAX 20      /* of a node, of each ranking by entries */
#define BG_SEEN_PEERS_MAX 20     /* of each list, those with most entries */
#define BG_SEEN_ENTRIES_MIN 1000 /* a process with fewer of every kind is not kept */
#define BG_SEEN_UNNAMED_MS 60000 /* for this time a process counts as alive if an answer does not name all silent processes */

struct bg_seen {
    json_t *by_node; /* node -> {generation, since_ms, monitor_bytes, rows: pid -> {row, lists, uncounted_bytes, at_ms}} */
};

void bg_seen_init(struct bg_seen *seen);
void bg_seen_done(struct bg_seen *seen);
/* Call it after the ledger has completed the answer to `scan`. A process that did not answer now, but did earlier, gets its last report, in
 * "rows", "rankings" and "long", as `silent` and with age_ms; the reports of others are kept. In the answer to `peers`, processes that do
 * not report get theirs, and the peers in the lists of others are kept. */
void bg_seen_complete(struct bg_seen *seen, const struct bg_incarnation *node, const json_t *args, json_t *answer, int64_t now_wall_ms);

#endif
