/* keep.h: what is kept: nodes that send no samples any more are aged too, and the whole is bounded. Within a transaction of the caller.
 *
 * Where there is more than `max_bytes`, the level goes first whose oldest row is the oldest, measured by how long the level is kept: so all
 * of them become shorter by the same part, and of 60 minutes, 24 hours and 30 days there are 6 minutes, 2.4 hours and 3 days in a tenth of
 * the room. Rows of all nodes are removed alike, by time. The samples of the last minutes stay, since minutes are made of them; in less
 * than a twentieth of the room that is needed, hours are made of what minutes there are. */
#ifndef BEAMGAUGE_STORE_KEEP_H
#define BEAMGAUGE_STORE_KEEP_H

#include "rows.h"

struct bg_keeper {
    int64_t next_id;   /* where the pass over all nodes goes on; 0: none is under way */
    int64_t begun_ms;  /* when the last one began; 0: never */
    bool is_over;      /* there is more than there may be, and some of it can be removed: more is to be done at once */
    int64_t oldest_ms; /* of all rows, as of the end of the last pass; 0: there are none */
};

/* True while a pass is under way, or there is too much. */
bool bg_keep_is_busy(const struct bg_keeper *keeper);
/* True once a minute, and while it is busy. */
bool bg_keep_is_due(const struct bg_keeper *keeper, int64_t now_ms);
/* Searches it; it is done at the end of a pass too. */
void bg_keep_note_oldest(struct bg_db *db, struct bg_keeper *keeper);
/* Makes minutes and hours of some more nodes, and removes what is too old of them. */
void bg_keep_some(struct bg_db *db, struct bg_keeper *keeper, int64_t now_ms);
/* Removes some of the oldest, if there is more than db->max_bytes: more than a batch adds, and little enough for one transaction. */
void bg_keep_size(struct bg_db *db, struct bg_keeper *keeper, int64_t now_ms);

#endif
