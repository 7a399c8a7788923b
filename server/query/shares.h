/* shares.h: attributes the entries of a list to peers, if the list is too long to be copied each time.
 *
 * Counted entries stay as they were counted, or as the other side was counted later: each monitor is an entry in two lists. New entries are
 * not given to the known peers in proportion, since that could blame a process for another one's leak. A peer gets only as much as its own
 * list has grown by too, and as no other peer can have instead. So two sides that grow alike count as one leak, and a peer that did not
 * grow gets nothing. The peers of the rest are not known until the list is counted again, which is soon.
 *
 * What a node reports describes its own processes. So what it says about its entries in another node's list is only a claim: it never takes
 * anything from the peers that the list's own node named, and is limited to the entries of which that node named no peer.
 */
#ifndef BEAMGAUGE_QUERY_SHARES_H
#define BEAMGAUGE_QUERY_SHARES_H

#include "ledger_entry.h"

#define BG_SHARES_SINCE_PART 20   /* new entries that are fewer than one in so many may be an error of the estimate, */
#define BG_SHARES_SINCE_MIN 1000  /* and so may fewer than this */
#define BG_SHARES_CHANGED_PART 50 /* a list that grew by one in so many is counted again, and at once if it shrank */
#define BG_SHARES_LEADERS 8       /* peers that may get new entries, those with most entries */
#define BG_SHARES_DUE_US                                                                                                                   \
    (60 * 1000000LL) /* a list is counted again, since it has grown by others, no sooner after it was, or was tried                        \
                      */

extern const char *const bg_directions[BG_DIRECTIONS];

bool bg_shares_is_counted(const struct bg_ledger_entry *entry, size_t direction);
/* Call it when the entry has lists. */
void bg_shares_begin(struct bg_ledger_entry *entry);
/* Learns from a list of that process about kept processes: {count, distinct_count, top} of one direction; it replaces earlier knowledge.
 * `row` has the process's identity. */
void bg_shares_learn(struct bg_ledger *ledger, const char *node, const char *pid, const json_t *row, size_t direction, const json_t *list);
/* The same from the process watched, `watched`, which has so many entries of that watcher: {pid, count}, with who it is. */
void bg_shares_learn_watched(struct bg_ledger *ledger, const char *node, const json_t *watched, const char *watcher, const char *home);
/* The peers of a list of so many entries, a new array; and how many entries came since the count with unknown peers, 0 if they are few. */
json_t *bg_shares_new(const struct bg_ledger *ledger, const struct bg_ledger_entry *entry, size_t direction, json_int_t count,
                      json_int_t *ret_since);
/* What is granted of a claim, if the claims of all are about the same entries, `room` of them: what none of the others can have. */
json_int_t bg_shares_granted(json_int_t claim, json_int_t claims, json_int_t room);
/* How many entries of a watcher the kept list of a watched process has, if known, or -1. */
json_int_t bg_shares_watches(const struct bg_ledger_entry *watched, const char *node, const char *pid);

#endif
