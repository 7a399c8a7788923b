/* scan.h: rankings out of the answers to the questions `scan` and `window`. */
#ifndef BG_API_SCAN_H
#define BG_API_SCAN_H

#include "arguments.h"
#include "ask.h"
#include "rows.h"

/* One ranking of an answer; everything is borrowed from it. */
struct bg_scan {
    const struct bg_sort *sort;
    const json_t *rows, *ranking;
    int64_t word_bytes;
    int64_t next_bound; /* what the best process left out of the ranking may have at most; 0 where none was left out */
    bool full;          /* the ranking is as long as was asked for: there may be more */
    bool exact;         /* all of it, as the node has it */
    int64_t process_count, scanned_count, skipped_count;
};
/* Within a step: asks for the `limit` first of the call by everything that is ranked, or for an earlier such answer where time is over. */
void bg_scan_send(struct bg_ask *ask, const char *order, bool binary, bg_ask_step *next);
void bg_scan_read(struct bg_shaper *shaper, const json_t *answer, const struct bg_sort *sort, int64_t limit, struct bg_scan *ret_scan);
/* Within a step: the same, and its figures go into ask->ranking, and what there is to be warned of. */
void bg_scan_take(struct bg_ask *ask, const json_t *answer, const struct bg_sort *sort, int64_t limit, struct bg_scan *ret_scan);
/* Warns of the processes that did not answer, by name; returns how many they are. Of `groups` and `peer_nodes` too. */
int64_t bg_scan_skipped(struct bg_ask *ask, const json_t *answer);
const json_t *bg_scan_raw_at(struct bg_shaper *shaper, const struct bg_scan *scan, size_t place);

/* What the process of a raw row may have at most of what is ranked by: its count, where that is exact. */
int64_t bg_scan_most(struct bg_shaper *shaper, const struct bg_scan *scan, const json_t *raw);
/* What it ranks by: its own number, or, where that is not known or not counted, what it may have. */
int64_t bg_scan_value(struct bg_shaper *shaper, const struct bg_scan *scan, const json_t *raw);
/* Whether the ranking is exact as far as its processes have `least` or more: everybody answered, and nobody left out can have more. */
bool bg_scan_is_exact(struct bg_shaper *shaper, const struct bg_scan *scan, int64_t least);

struct bg_scan_filter {
    int64_t min; /* of the number ranked by (of its change, over a window), or of what that may be at most */
    size_t limit;
    bool ascending;
    bool window;
};
/* The public rows that pass, best first; completes ask->ranking. */
json_t *bg_scan_rows(struct bg_ask *ask, const struct bg_scan *scan, const struct bg_scan_filter *filter);
/* Says of the rows in ask->data whose entries nobody has counted (uncounted.h). */
void bg_scan_warn_uncounted(struct bg_ask *ask);

#endif
