/* shares.h: whose the entries of a list are that is too long to be copied each time.
 *
 * What was counted stays as it was counted, or as the other side was counted since: each entry of a monitor is in two lists. What came
 * since is not given to the peers of then in proportion, as that would accuse somebody of the leak of somebody else. A peer is given only
 * as much of it as its own list has grown by as well, and none of the other peers may have instead: so two sides that grow alike are taken
 * to be one leak, and one that did not grow gets nothing. Whose the rest is is not known, until the list is counted again, which is soon.
 */
#ifndef BEAMGAUGE_QUERY_SHARES_H
#define BEAMGAUGE_QUERY_SHARES_H

#include "ledger_entry.h"

#define BG_SHARES_SINCE_PART 20  /* less than one in so many that came since is within what an estimate may be wrong by, */
#define BG_SHARES_SINCE_MIN 1000 /* and so are fewer */
#define BG_SHARES_LEADERS 8      /* peers that may be given what came since, those with most entries */
#define BG_SHARES_DUE_US                                                                                                                   \
    (60 * 1000000LL) /* a list is counted again, since it has grown by others, no sooner after it was, or was tried                        \
                      */

extern const char *const bg_directions[BG_DIRECTIONS];

bool bg_shares_is_counted(const struct bg_ledger_entry *entry, size_t direction);
/* To be called once the entry has lists. */
void bg_shares_begin(struct bg_ledger_entry *entry);
/* What a list of that process tells of processes that are kept, as the latest word: {count, distinct_count, top} of one direction. `row` is
 * who it is. */
void bg_shares_learn(struct bg_ledger *ledger, const char *node, const char *pid, const json_t *row, size_t direction, const json_t *list);
/* The peers of a list of so many entries, a new array; and how many of these came since and are of nobody that is known, 0 if few are. */
json_t *bg_shares_new(const struct bg_ledger *ledger, const struct bg_ledger_entry *entry, size_t direction, json_int_t count,
                      json_int_t *ret_since);
/* How many entries of a watcher the kept list of a process watched has, as far as is known, or -1. */
json_int_t bg_shares_watches(const struct bg_ledger_entry *watched, const char *node, const char *pid);

#endif
