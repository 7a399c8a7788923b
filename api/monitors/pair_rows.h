/* pair_rows.h: rows of pairs, watcher -> watched with a count, in the form of the API, in which they are also kept. */
#ifndef BG_API_PAIR_ROWS_H
#define BG_API_PAIR_ROWS_H

#include "shape.h"

struct bg_pair_row {
    json_t *watcher, *watched; /* refs; watched is null if it is not known. Stolen. */
    int64_t count;             /* unless it is uncounted */
    bool exact;
    json_t *counted_at;      /* text of RFC 3339, or null. Stolen. */
    int64_t age_ms;          /* of the last report of a silent watcher; -1: it is current */
    int64_t uncounted_count; /* the maximum of uncounted entries of the watcher, or of those that came since its count, see uncounted.h;
                                else -1 */
};
json_t *bg_pair_row_new(struct bg_shaper *shaper, const struct bg_pair_row *row);
/* The number that ranks a row: its count, or the maximum of that. */
json_int_t bg_pair_row_most(const json_t *row);

/* The best of both, at most `limit`; each is sorted. Among equal counts the one of the node with the lower name comes first, whatever the
 * order of answers. A new array. */
json_t *bg_pair_rows_merge(struct bg_shaper *shaper, const json_t *rows, const json_t *others, size_t limit);

/* The best pairs of one node, from its answer to `peers` (NULL: there are no monitors). Pairs with a single monitor are left out: a program
 * needs those. */
json_t *bg_pair_rows_of_peers(struct bg_shaper *shaper, const char *node, const json_t *answer, size_t limit);

#endif
