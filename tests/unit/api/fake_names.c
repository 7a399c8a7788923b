/* fake_names.c: who processes elsewhere were known to be. */
#include "fake.h"

static json_t *known_name; /* the last that was handed out */

const json_t *bg_query_name(const struct bg_queries *queries, const struct bg_node_info *node, const char *pid, int64_t *ret_wall_ms)
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

bool bg_query_names_are_late(const struct bg_queries *queries, const char *node)
{
    (void)queries, (void)node;
    return fake.names_late_count > 0;
}
