/* meta.h: the `meta` of an answer. */
#ifndef BG_API_META_H
#define BG_API_META_H

#include "shape.h"

/* What a ranking adds: how much of the node was read. */
struct bg_ranking {
    int64_t process_count, scanned_count, skipped_count;
    size_t returned_count;
    bool truncated; /* there are more rows than were returned */
    bool exact;     /* these are the true top rows, not an estimate */
};

/* `node` NULL: an answer of the service itself. `warnings` (an array) is stolen. meta.age_ms is written by http. */
json_t *bg_meta_new(struct bg_shaper *shaper, const char *node, int64_t collected_wall_ms, int64_t duration_ms, json_t *warnings);
void bg_meta_put_ranking(struct bg_shaper *shaper, json_t *meta, const struct bg_ranking *ranking);

/* Adds the numbers of processes, of rankings of several nodes. */
void bg_ranking_add(struct bg_ranking *sum, const struct bg_ranking *ranking);

#endif
