/* known.c: what is kept of nodes' reports, for later callers. */
#include "known.h"

#include "likely.h"

#include "beamgauge/clock.h"
#include "beamgauge/query.h"

void bg_known_init(struct bg_known *known, const struct bg_clock *clock)
{
    known->clock = clock;
    bg_ledger_init(&known->ledger);
    bg_census_init(&known->census);
    bg_names_init(&known->names);
    bg_last_init(&known->last);
    bg_seen_init(&known->seen);
}

void bg_known_done(struct bg_known *known)
{
    bg_ledger_done(&known->ledger);
    bg_census_done(&known->census);
    bg_names_done(&known->names);
    bg_last_done(&known->last);
    bg_seen_done(&known->seen);
}

void bg_known_forget(struct bg_known *known, const char *node)
{
    bg_ledger_forget(&known->ledger, node);
    bg_census_forget(&known->census, node);
    bg_names_forget(&known->names, node);
    (void)json_object_del(known->last.by_node, node);
    (void)json_object_del(known->seen.by_node, node);
}

const json_t *bg_query_name(struct bg_queries *queries, const struct bg_node_info *node, const char *pid, int64_t *ret_wall_ms)
{
    return bg_names_find(&bg_queries_known(queries)->names, node, pid, ret_wall_ms);
}

void bg_query_names_late(struct bg_queries *queries, const char *node)
{
    bg_names_note_late(&bg_queries_known(queries)->names, node, bg_clock_monotonic_us(bg_queries_known(queries)->clock));
}

void bg_query_keep_pairs(struct bg_queries *queries, const struct bg_node_info *node, const json_t *rows, int64_t collected_wall_ms)
{
    bg_last_keep(&bg_queries_known(queries)->last, node, rows, collected_wall_ms);
}

const json_t *bg_query_kept_pairs(struct bg_queries *queries, const struct bg_node_info *node, int64_t *ret_wall_ms)
{
    return bg_last_find(&bg_queries_known(queries)->last, node, ret_wall_ms);
}

json_t *bg_query_likely_new(struct bg_queries *queries, const char *node, const char *pid)
{
    return bg_likely_new(&bg_queries_known(queries)->seen, node, pid, bg_clock_wall_ms(bg_queries_known(queries)->clock));
}

bool bg_query_names_are_late(struct bg_queries *queries, const char *node)
{
    return bg_names_is_late(&bg_queries_known(queries)->names, node, bg_clock_monotonic_us(bg_queries_known(queries)->clock));
}
