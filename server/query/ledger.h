/* ledger.h: what lists too long to be copied each time were made of when they were counted, by process. It is brought along with later
 * questions, and their answers are completed with it. Knows no clock. */
#ifndef BEAMGAUGE_QUERY_LEDGER_H
#define BEAMGAUGE_QUERY_LEDGER_H

#include "incarnation.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define BG_LEDGER_MAX 256                     /* processes, all nodes together; the least recently used goes first */
#define BG_LEDGER_PEERS_MAX 50                /* kept of each list, those with most entries */
#define BG_LEDGER_SIDE_US (60 * 1000000LL)    /* so long a count stands beside the other side's, which may be of now */
#define BG_LEDGER_VAIN_US (60 * 1000000LL)    /* after so long a list that was not counted, for want of room or time, is tried again */
#define BG_LEDGER_WEIGHT_US (600 * 1000000LL) /* so long what it told of its memory is kept */

struct bg_ledger_entry;
TAILQ_HEAD(bg_ledger_list, bg_ledger_entry);

struct bg_ledger {
    struct bg_ledger_list by_use; /* first: the most recently used */
    size_t count;
};

void bg_ledger_init(struct bg_ledger *ledger);
void bg_ledger_done(struct bg_ledger *ledger);
/* [[pid, unexplained, monitors, monitored_by, links, weight, age_ms]] of that node: what there was when it was counted, the counts -1 where
 * counting was too much, all 0 where it is to be tried, for a patient question also where that is due; and the unexplained bytes that it
 * told last, so long ago. NULL without memory. What is of an earlier incarnation is dropped. */
json_t *bg_ledger_known(struct bg_ledger *ledger, const struct bg_incarnation *node, bool is_patient, int64_t now_us);
/* Those that are due to be counted again, as so much has come to them since that is of nobody known; a new array of pids. A patient
 * question about them is to follow, and is told of them that counting is to be tried. */
json_t *bg_ledger_due(struct bg_ledger *ledger, const struct bg_incarnation *node, int64_t now_us);
/* Takes "counted" and "weighed" out of the answer to a question, and keeps them. Without memory nothing is kept, which a cache may do. The
 * pids that it had too little time to count, a new array: unless the question was a patient one, the node is to try again. */
json_t *bg_ledger_take(struct bg_ledger *ledger, const struct bg_incarnation *node, json_t *answer, bool is_patient, int64_t now_us,
                       int64_t now_wall_ms);
/* Completes the answer to a question with what is known of long lists: that of `scan` with "long", processes in the form of `peers`, with
 * counted_wall_ms where their lists were counted earlier; that of `peers` in its processes, that of `watched` in its counts. A process
 * says "late" where there was too little time to count its lists; a list how many entries came since it was counted and are of nobody
 * known, at most, as uncounted_since_count (shares.h). */
void bg_ledger_complete(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, json_t *answer, int64_t now_us);

#endif
