/* meta.c: the `meta` of an answer: its node, when and how it was collected, and how much of the node a ranking has read. */
#include "meta.h"

#include "beamgauge/clock.h"

json_t *bg_meta_new(struct bg_shaper *shaper, const char *node, int64_t collected_wall_ms, int64_t duration_ms, json_t *warnings)
{
    char collected_at[BG_RFC3339_SIZE];
    bg_clock_rfc3339(collected_wall_ms, collected_at);
    json_t *meta = bg_object_new(shaper);
    bg_put(shaper, meta, "node", bg_text_or_null(node));
    bg_put(shaper, meta, "collected_at", json_string(collected_at));
    bg_put(shaper, meta, "duration_ms", json_integer(duration_ms));
    bg_put(shaper, meta, "warnings", warnings);
    return meta;
}

void bg_meta_put_ranking(struct bg_shaper *shaper, json_t *meta, const struct bg_ranking *ranking)
{
    bg_put(shaper, meta, "process_count", json_integer(ranking->process_count));
    bg_put(shaper, meta, "scanned_count", json_integer(ranking->scanned_count));
    bg_put(shaper, meta, "skipped_count", json_integer(ranking->skipped_count));
    bg_put(shaper, meta, "returned_count", json_integer((json_int_t)ranking->returned_count));
    bg_put(shaper, meta, "truncated", json_boolean(ranking->truncated));
    bg_put(shaper, meta, "exact", json_boolean(ranking->exact));
}

void bg_ranking_add(struct bg_ranking *sum, const struct bg_ranking *ranking)
{
    sum->process_count = bg_sum(sum->process_count, ranking->process_count);
    sum->scanned_count = bg_sum(sum->scanned_count, ranking->scanned_count);
    sum->skipped_count = bg_sum(sum->skipped_count, ranking->skipped_count);
}
