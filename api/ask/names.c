/* names.c: names of processes on other nodes than the one that reported them. */
#include "names.h"

#include "rows.h"

#include "beamgauge/clock.h"

#include <string.h>

#define NODES_MAX 8          /* names requested for one answer, those of the first peers */
#define PIDS_MAX 200         /* asked of one node */
#define FRESH_MS (60 * 1000) /* for this time a name is not requested again */
#define NOW_MS 1000          /* a name this recent was reported to us now */
#define WAIT_MS_MAX 1000     /* share of the call's time for names */
#define LATE "a node did not report in time which processes run on it: they have the names that it reported last (named_at), or none"

/* All rows' peers, one after the other. */
struct place {
    const json_t *rows;
    size_t row, peer;
};

/* The next ref, or NULL: first the row's `watched`, then its top peers. */
static json_t *ref_next(struct place *place)
{
    while (place->row < json_array_size(place->rows)) {
        const json_t *row = json_array_get(place->rows, place->row);
        const size_t at = place->peer++;
        json_t *ref = at == 0 ? json_object_get(row, "watched") : json_array_get(json_object_get(row, "top_peers"), at - 1);
        if (ref == NULL && at > 0) {
            place->row++;
            place->peer = 0;
        } else if (json_is_object(ref))
            return ref;
    }
    return NULL;
}

/* The node of a process without a name, if it is `node` (NULL: any that is registered); else NULL. */
static const char *nameless(const struct bg_services *services, const json_t *ref, struct bg_node_info *ret_info)
{
    const char *home = json_string_value(json_object_get(ref, "node"));
    const bool is_nameless = json_object_get(ref, "pid") != NULL && json_is_null(json_object_get(ref, "name"));
    return home != NULL && is_nameless && bg_nodes_info(services->nodes, home, ret_info, NULL) == BG_OK ? home : NULL;
}

static const char *nameless_on(const struct bg_unnamed *unnamed, const json_t *ref, const char *node, struct bg_node_info *ret_info)
{
    const char *home = nameless(unnamed->services, ref, ret_info);
    if (home == NULL || (node != NULL && strcmp(home, node) != 0) || (unnamed->own != NULL && strcmp(home, unnamed->own) == 0))
        return NULL;
    return home;
}

/* An earlier report was not checked: an invalid one gives no name. */
static void put_name(struct bg_shaper *outer, json_t *ref, const json_t *reported, int64_t old_wall_ms)
{
    struct bg_shaper shaper;
    char at[BG_RFC3339_SIZE];
    bg_shaper_init(&shaper, "names");
    bg_put_identity(&shaper, ref, reported);
    if (old_wall_ms >= 0 && json_is_string(json_object_get(ref, "name"))) {
        bg_clock_rfc3339(old_wall_ms, at);
        bg_put(&shaper, ref, "named_at", json_string(at));
    }
    if (shaper.failed && shaper.failure.error == BG_NO_MEMORY)
        bg_shaper_fail(outer, BG_NO_MEMORY, "out of memory");
}

/* True if the name was reported so recently that its node need not be asked, or, with `is_old`, at any time. */
static bool name_known(const struct bg_unnamed *unnamed, json_t *ref, const struct bg_node_info *home, bool is_old)
{
    int64_t wall_ms = 0;
    const json_t *reported = bg_query_name(unnamed->services->queries, home, json_string_value(json_object_get(ref, "pid")), &wall_ms);
    const int64_t now_ms = bg_clock_wall_ms(unnamed->services->clock);
    const bool is_fresh = reported != NULL && now_ms - wall_ms <= FRESH_MS;
    if (reported != NULL && (is_fresh || is_old))
        put_name(unnamed->shaper, ref, reported, is_old && now_ms - wall_ms > NOW_MS ? wall_ms : -1);
    return is_fresh;
}

void bg_unnamed_keep(const struct bg_unnamed *unnamed, const char *node)
{
    struct place place = {.rows = unnamed->rows};
    struct bg_node_info info;
    for (json_t *ref; (ref = ref_next(&place)) != NULL && !unnamed->shaper->failed;)
        if (nameless_on(unnamed, ref, node, &info) != NULL)
            (void)name_known(unnamed, ref, &info, true);
}

static json_t *pids_on(const struct bg_unnamed *unnamed, const char *node)
{
    struct bg_shaper *shaper = unnamed->shaper;
    struct place place = {.rows = unnamed->rows};
    struct bg_node_info info;
    json_t *seen = bg_object_new(shaper), *pids = bg_array_new(shaper);
    for (const json_t *ref; json_array_size(pids) < PIDS_MAX && (ref = ref_next(&place)) != NULL && !shaper->failed;) {
        const char *pid = json_string_value(json_object_get(ref, "pid"));
        if (nameless_on(unnamed, ref, node, &info) == NULL || json_object_get(seen, pid) != NULL)
            continue;
        bg_put(shaper, seen, pid, json_true());
        bg_append(shaper, pids, json_string(pid));
    }
    json_decref(seen);
    return pids;
}

struct bg_arguments bg_unnamed_arguments(const struct bg_unnamed *unnamed, const char *node)
{
    return bg_arguments_names(unnamed->shaper, pids_on(unnamed, node));
}

json_t *bg_unnamed_nodes(const struct bg_unnamed *unnamed, bool *ret_is_late)
{
    struct place place = {.rows = unnamed->rows};
    struct bg_node_info info;
    json_t *nodes = bg_object_new(unnamed->shaper);
    *ret_is_late = false;
    for (json_t *ref; (ref = ref_next(&place)) != NULL && !unnamed->shaper->failed;) {
        const char *home = nameless_on(unnamed, ref, NULL, &info);
        const bool is_up = home != NULL && info.state == BG_LINK_UP;
        if (home == NULL || name_known(unnamed, ref, &info, !is_up) || !is_up || json_object_get(nodes, home) != NULL)
            continue;
        const bool is_late = bg_query_names_are_late(unnamed->services->queries, home);
        if (!is_late && json_object_size(nodes) < NODES_MAX)
            bg_put(unnamed->shaper, nodes, home, json_true());
        else
            (void)name_known(unnamed, ref, &info, true);
        *ret_is_late = *ret_is_late || is_late;
    }
    return nodes;
}

int64_t bg_unnamed_wait_ms(int64_t left_ms)
{
    return left_ms / 2 < WAIT_MS_MAX ? left_ms / 2 : WAIT_MS_MAX;
}

static struct bg_unnamed of_ask(struct bg_ask *ask)
{
    return (struct bg_unnamed){.shaper = &ask->shaper, .services = bg_call_services(ask->call), .rows = ask->data, .own = ask->node};
}

void bg_names_keep(struct bg_ask *ask, const char *node)
{
    const struct bg_unnamed unnamed = of_ask(ask);
    bg_unnamed_keep(&unnamed, node);
}

/* The store has the report. */
static void take_names(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_names_keep(ask, bg_ask_node(ask));
}

static void lose_names(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_query_names_late(bg_call_services(ask->call)->queries, bg_ask_node(ask));
    bg_names_keep(ask, bg_ask_node(ask));
}

static void ask_names(struct bg_ask *ask, json_t *answer)
{
    const struct bg_unnamed unnamed = of_ask(ask);
    (void)answer;
    bg_ask_excuse(ask, LATE);
    bg_ask_send_aside(ask, bg_unnamed_arguments(&unnamed, bg_ask_node(ask)), 0, take_names);
}

void bg_names_join(struct bg_ask *ask)
{
    const struct bg_unnamed unnamed = of_ask(ask);
    bool is_late;
    json_t *nodes = bg_unnamed_nodes(&unnamed, &is_late), *value;
    const int64_t wait_ms = bg_unnamed_wait_ms(bg_ask_left_ms(ask));
    const char *node;
    if (is_late)
        bg_ask_warn(ask, "%s", LATE);
    json_object_foreach(nodes, node, value) bg_ask_branch_or(ask, node, wait_ms, ask_names, lose_names);
    json_decref(nodes);
}
