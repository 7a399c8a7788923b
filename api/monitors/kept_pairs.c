/* kept_pairs.c: keeps the nodes' reports of pairs, and reports them if a node cannot be asked. */
#include "kept_pairs.h"

#include "pair_rows.h"

#include "beamgauge/clock.h"
#include "beamgauge/node.h"

#include <string.h>

#define SMALL 2 /* monitors of a pair: every healthy pair has one */

static bool is_missing(const struct bg_ask *ask, const char *node)
{
    bool found = false;
    for (size_t i = 0; i < json_array_size(ask->missing); i++)
        found = found || strcmp(json_string_value(json_object_get(json_array_get(ask->missing, i), "node")), node) == 0;
    return found;
}

/* The watcher's node, unless the row is a kept one of that node. */
static const char *reported_by(const struct bg_ask *ask, const json_t *row)
{
    const char *home = json_string_value(json_object_get(json_object_get(row, "watcher"), "node"));
    const bool is_kept = home != NULL && json_is_integer(json_object_get(row, "age_ms")) && is_missing(ask, home);
    return is_kept ? NULL : home;
}

/* If there was room for more rows, and small ones were requested too, a node without rows has no pairs. */
static void add_empty(struct bg_ask *ask, json_t *by_node)
{
    const struct bg_nodes *nodes = bg_call_services(ask->call)->nodes;
    const bool is_all =
        json_array_size(ask->data) < (size_t)bg_call_integer(ask->call, "limit") && bg_call_integer(ask->call, "min") <= SMALL;
    for (size_t i = 0; is_all && i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;
        bg_nodes_info_at(nodes, i, &info);
        const bool is_asked = ask->node == NULL ? !is_missing(ask, info.name) : strcmp(info.name, ask->node) == 0;
        if (is_asked && json_object_get(by_node, info.name) == NULL)
            bg_put(&ask->shaper, by_node, info.name, bg_array_new(&ask->shaper));
    }
}

void bg_kept_pairs_put_of(const struct bg_services *services, const char *node, const json_t *rows, int64_t collected_wall_ms)
{
    struct bg_node_info info;
    if (bg_nodes_info(services->nodes, node, &info, NULL) == BG_OK)
        bg_query_keep_pairs(services->queries, &info, rows, collected_wall_ms);
}

/* Keeps the pairs of each node for when it cannot be asked. */
void bg_kept_pairs_put(struct bg_ask *ask)
{
    const struct bg_services *services = bg_call_services(ask->call);
    json_t *by_node = bg_object_new(&ask->shaper), *rows;
    const char *node;
    for (size_t i = 0; i < json_array_size(ask->data) && !ask->shaper.failed; i++) {
        json_t *row = json_array_get(ask->data, i);
        const char *home = reported_by(ask, row);
        if (home != NULL && json_object_get(by_node, home) == NULL)
            bg_put(&ask->shaper, by_node, home, bg_array_new(&ask->shaper));
        if (home != NULL && !ask->shaper.failed)
            bg_append(&ask->shaper, json_object_get(by_node, home), json_incref(row));
    }
    add_empty(ask, by_node);
    json_object_foreach(by_node, node, rows) bg_kept_pairs_put_of(services, node, rows, bg_ask_collected_wall_ms(ask, node));
    json_decref(by_node);
}

json_t *bg_kept_pairs_new(struct bg_shaper *shaper, const struct bg_services *services, const char *node, int64_t min)
{
    struct bg_node_info info;
    int64_t wall_ms = 0;
    const bool is_known = bg_nodes_info(services->nodes, node, &info, NULL) == BG_OK;
    const json_t *kept = is_known ? bg_query_kept_pairs(services->queries, &info, &wall_ms) : NULL;
    const int64_t age_ms = bg_clock_wall_ms(services->clock) - wall_ms;
    json_t *rows = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(kept) && !shaper->failed; i++) {
        const json_t *one = json_array_get(kept, i);
        if (bg_pair_row_most(one) < min)
            break;
        json_t *row = json_deep_copy(one);
        bg_put(shaper, row, "age_ms", json_integer((age_ms > 0 ? age_ms : 0) + json_integer_value(json_object_get(one, "age_ms"))));
        bg_put(shaper, row, "watched_count", json_null());
        bg_put(shaper, json_object_get(row, "watcher"), "alive", json_null());
        if (json_is_object(json_object_get(row, "watched")))
            bg_put(shaper, json_object_get(row, "watched"), "alive", json_null());
        bg_append(shaper, rows, row);
    }
    return rows;
}
