/* ledger.h: the counted content of lists that are too long to be copied each time, by process. Later questions get it as an argument, and
 * their answers are completed with it. It has no clock. */
#ifndef BEAMGAUGE_QUERY_LEDGER_H
#define BEAMGAUGE_QUERY_LEDGER_H

#include "incarnation.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define BG_LEDGER_MAX 256                     /* processes of all nodes together; the least recently used is evicted first */
#define BG_LEDGER_PEERS_MAX 50                /* peers kept of each list, those with most entries */
#define BG_LEDGER_SIDE_US (60 * 1000000LL)    /* for this time a count is shown beside the other side's, which may be newer */
#define BG_LEDGER_VAIN_US (60 * 1000000LL)    /* after this a list that was not counted for lack of room or time is tried again */
#define BG_LEDGER_WEIGHT_US (600 * 1000000LL) /* for this time a process's report of its memory is kept */

struct bg_ledger_entry;
TAILQ_HEAD(bg_ledger_list, bg_ledger_entry);

struct bg_ledger {
    struct bg_ledger_list by_use; /* first: the most recently used */
    size_t count;
};

void bg_ledger_init(struct bg_ledger *ledger);
void bg_ledger_done(struct bg_ledger *ledger);
/* The node was removed: its entries are dropped. */
void bg_ledger_forget(struct bg_ledger *ledger, const char *node);
/* [[pid, unexplained, monitors, monitored_by, links, weight, age_ms]] of that node: the numbers at the count; counts are -1 if counting was
 * too much, and all are 0 if it must be tried, for a patient question also if it is due; then the unexplained bytes of its last report, and
 * its age. NULL without memory. Entries of an earlier incarnation are dropped. */
json_t *bg_ledger_known(struct bg_ledger *ledger, const struct bg_incarnation *node, bool is_patient, int64_t now_us);
/* The processes that are due to be counted again, since many entries of unknown peers have come to them; a new array of pids. A patient
 * question about them must follow; for it they are listed as not counted. */
json_t *bg_ledger_due(struct bg_ledger *ledger, const struct bg_incarnation *node, int64_t now_us);
/* Takes "counted" and "weighed" out of the answer to a question, and keeps them. Without memory nothing is kept, which is fine for a cache.
 * Returns the pids that there was too little time to count, a new array: unless the question was patient, the node should try again. */
json_t *bg_ledger_take(struct bg_ledger *ledger, const struct bg_incarnation *node, json_t *answer, bool is_patient, int64_t now_us,
                       int64_t now_wall_ms);
/* Completes the answer to a question with what is known of long lists: `scan` gets "long", processes in the form of `peers`, with
 * counted_wall_ms if their lists were counted earlier; `peers` is completed in its processes, `watched` in its counts. A process has "late"
 * if there was too little time to count its lists. A list has uncounted_since_count (shares.h), the maximum of entries that came since its
 * count and whose peers are not known. */
void bg_ledger_complete(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, json_t *answer, int64_t now_us);

#endif
