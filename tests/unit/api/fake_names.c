/* fake_names.c: what is kept: known or likely names of processes elsewhere, and pairs. */
#include "fake.h"

static json_t *kept_pairs;
static json_t *known_name; /* the last that was handed out */

const json_t *bg_query_name(struct bg_queries *queries, const struct bg_node_info *node, const char *pid, int64_t *ret_wall_ms)
{
    (void)queries, (void)node, (void)pid;
    json_decref(known_name);
    known_name = fake.name != NULL ? json_loads(fake.name, 0, NULL) : NULL;
    *ret_wall_ms = fake.name_wall_ms;
    return known_name;
}

void bg_query_names_late(struct bg_queries *queries, const char *node)
{
    (void)queries, (void)node;
    fake.names_late_count++;
}

bool bg_query_names_are_late(struct bg_queries *queries, const char *node)
{
    (void)queries, (void)node;
    return fake.names_late_count > 0;
}

json_t *bg_query_likely_new(struct bg_queries *queries, const char *node, const char *pid)
{
    (void)queries, (void)node;
    const json_t *likely = fake.likely != NULL ? json_object_get(fake.likely, pid) : NULL;
    return likely != NULL ? json_deep_copy(likely) : NULL;
}

void bg_query_keep_pairs(struct bg_queries *queries, const struct bg_node_info *node, const json_t *rows, int64_t collected_wall_ms)
{
    (void)queries, (void)node, (void)collected_wall_ms;
    json_decref(kept_pairs);
    kept_pairs = json_incref((json_t *)rows);
    fake.pairs = kept_pairs;
}

const json_t *bg_query_kept_pairs(struct bg_queries *queries, const struct bg_node_info *node, int64_t *ret_wall_ms)
{
    (void)queries, (void)node;
    *ret_wall_ms = fake.name_wall_ms;
    return fake.pairs;
}
