/* pair_rows.h: rows of pairs, watcher -> watched with a count, as the API shows them and as they are kept. */
#ifndef BG_API_PAIR_ROWS_H
#define BG_API_PAIR_ROWS_H

#include "shape.h"

struct bg_pair_row {
    json_t *watcher, *watched; /* refs; watched is null where that is not known. Stolen. */
    int64_t count;             /* unless it is uncounted */
    bool exact;
    json_t *counted_at;      /* text of RFC 3339, or null. Stolen. */
    int64_t age_ms;          /* of what a silent watcher told before; -1: it is of now */
    int64_t uncounted_count; /* so many entries of the watcher, or that came to it since it was counted, as uncounted.h tells; else -1 */
};
json_t *bg_pair_row_new(struct bg_shaper *shaper, const struct bg_pair_row *row);
/* What a row is ranked by: its count, or what that may be at most. */
json_int_t bg_pair_row_most(const json_t *row);

/* The best of both, at most `limit`; each is sorted. Among those with the same count the one of the node with the lower name comes first,
 * whichever answered first. A new array. */
json_t *bg_pair_rows_merge(struct bg_shaper *shaper, const json_t *rows, const json_t *others, size_t limit);

/* The best pairs of one node, out of its answer to `peers` (NULL: nobody monitors anything). A single monitor is what a program needs. */
json_t *bg_pair_rows_of_peers(struct bg_shaper *shaper, const char *node, const json_t *answer, size_t limit);

#endif
