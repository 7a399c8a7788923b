/* peers.h: the processes at the other end of monitors and links: asks `peers` and reads its answer. */
#ifndef BG_API_PEERS_H
#define BG_API_PEERS_H

#include "scan.h"

/* One process's entries of one direction. */
struct bg_peer_list {
    int64_t count, distinct_count; /* -1 if the list was not read: always for the distinct count, for the count only if nothing is known */
    bool exact;
    bool uncounted;          /* it is not known whether the entries are in this direction (uncounted.h) */
    int64_t uncounted_count; /* then: their maximum; else -1 */
    int64_t since_count;     /* the maximum of entries that came since the count, whose peers are not known; else 0 */
    const json_t *top;       /* [{peer, count, ...}], most entries first; borrowed */
};

/* Within a step: asks for the top peers of processes. `pids` (an array of texts) is stolen; `directions` ends with NULL. */
void bg_peers_send(struct bg_ask *ask, json_t *pids, const char *const directions[], int64_t limit, bg_ask_step *next);
/* The processes of a scan's answer whose lists are too long to be copied each time, with what is known of them, in the form of `peers`: no
 * question about them is needed, unless the caller wants exact counts. An array, borrowed; NULL if there is none. */
const json_t *bg_peers_long(struct bg_shaper *shaper, const json_t *scan);
/* Asks about the first bg_peers_round(limit) processes of a ranking, in its direction, if they have entries and are not in `known`. False
 * if there are none: then nothing was asked. */
bool bg_peers_send_top(struct bg_ask *ask, const struct bg_scan *scan, const json_t *known, int64_t limit, bg_ask_step *next);
/* The endpoints that ask have this parameter. */
#define BG_EXACT_PARAM                                                                                                                     \
    {                                                                                                                                      \
        .name = "exact", .type = BG_PARAM_BOOLEAN, .fallback = "false",                                                                    \
        .summary = "Count even what was counted before, and lists that are too long to be counted cheaply, which takes the scope admin "   \
                   "and up to 2 GiB of the node for the moment; one request a node at a time"                                              \
    }

/* Whether questions must count all that is possible: the caller wants exact counts, and has the scope for it. */
bool bg_peers_exact(const struct bg_ask *ask);
/* Refuses a caller who wanted exact counts and got an estimate, if the scope or room on the node is missing; otherwise warns. */
void bg_peers_check_exact(struct bg_ask *ask, const struct bg_peer_list *list, const json_t *process, const char *pid);

/* The answer's process of that pid, or NULL. Borrowed. When its lists were counted, if that was earlier: text of RFC 3339, else null. */
const json_t *bg_peers_find(struct bg_shaper *shaper, const json_t *processes, const char *pid);
json_t *bg_peers_counted_at(struct bg_shaper *shaper, const json_t *process);

void bg_peer_list_read(struct bg_shaper *shaper, const json_t *process, const char *direction, struct bg_peer_list *ret_list);
/* distinct_count, duplication_ratio, uncounted_since_count, and top_peers[]: refs with a count, at most `limit`. */
void bg_peer_list_put(struct bg_shaper *shaper, json_t *object, const struct bg_peer_list *list, size_t limit);

/* Local monitors on a scan's node beyond those of processes that it counted or estimated; -1: not known. Warns if the processes that were
 * not read cannot have so many. */
int64_t bg_peers_unexplained(struct bg_ask *ask, const json_t *answer);

#endif
