/* last.c: keeps the last pairs of each node. */
#include "last.h"

void bg_last_init(struct bg_last *last)
{
    last->by_node = json_object();
}

void bg_last_done(struct bg_last *last)
{
    json_decref(last->by_node);
    last->by_node = NULL;
}

static bool is_of(const json_t *kept, const struct bg_node_info *node)
{
    return kept != NULL && (uint64_t)json_integer_value(json_object_get(kept, "generation")) == node->generation &&
           (node->state != BG_LINK_UP || json_integer_value(json_object_get(kept, "at_ms")) >= node->since_wall_ms);
}

void bg_last_keep(struct bg_last *last, const struct bg_node_info *node, const json_t *rows, int64_t collected_wall_ms)
{
    const json_t *kept = json_object_get(last->by_node, node->name);
    const int64_t later_ms = collected_wall_ms - json_integer_value(json_object_get(kept, "at_ms"));
    const bool is_fewer = json_array_size(json_object_get(kept, "rows")) > json_array_size(rows);
    if (is_of(kept, node) && (later_ms < 0 || (is_fewer && later_ms < BG_LAST_FEWER_MS)))
        return;
    json_t *copy = json_array();
    for (size_t i = 0; i < json_array_size(rows) && i < BG_LAST_ROWS_MAX; i++)
        (void)json_array_append_new(copy, json_deep_copy(json_array_get(rows, i)));
    (void)json_object_del(last->by_node, node->name);
    if (json_object_size(last->by_node) >= BG_LAST_NODES_MAX)
        (void)json_object_del(last->by_node, json_object_iter_key(json_object_iter(last->by_node)));
    (void)json_object_set_new(
        last->by_node, node->name,
        json_pack("{s:o, s:I, s:I}", "rows", copy, "generation", (json_int_t)node->generation, "at_ms", (json_int_t)collected_wall_ms));
}

const json_t *bg_last_find(const struct bg_last *last, const struct bg_node_info *node, int64_t *ret_wall_ms)
{
    const json_t *kept = json_object_get(last->by_node, node->name);
    if (!is_of(kept, node))
        return NULL;
    *ret_wall_ms = json_integer_value(json_object_get(kept, "at_ms"));
    return json_object_get(kept, "rows");
}
