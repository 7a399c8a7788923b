/* names.c: names of processes on other nodes than the one that told of them. */
#include "names.h"

#include "rows.h"

#include "beamgauge/clock.h"

#include <string.h>

#define NODES_MAX 8          /* asked for one answer, those of the first peers */
#define PIDS_MAX 200         /* asked of one node */
#define FRESH_MS (60 * 1000) /* so long a name is not asked for again */
#define NOW_MS 1000          /* what was told so lately was told to us */
#define WAIT_MS_MAX 1000     /* of what the call has, for names alone */
#define BEHIND_MS 5000       /* where nobody waits for them */
#define LATE "a node did not tell in time who processes on it are: they have the names that it told last (named_at), or none"

/* All rows' peers, one after the other. */
struct place {
    const json_t *rows;
    size_t row, peer;
};

/* The next ref, or NULL: the row's `watched` first, then its top peers. */
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

static const char *nameless_on(const struct bg_ask *ask, const json_t *ref, const char *node, struct bg_node_info *ret_info)
{
    const char *home = nameless(bg_call_services(ask->call), ref, ret_info);
    if (home == NULL || (node != NULL && strcmp(home, node) != 0) || (ask->node != NULL && strcmp(home, ask->node) == 0))
        return NULL;
    return home;
}

/* What a node told earlier was checked by nobody: what cannot be understood names nobody. */
static void put_name(struct bg_shaper *outer, json_t *ref, const json_t *told, int64_t old_wall_ms)
{
    struct bg_shaper shaper;
    char at[BG_RFC3339_SIZE];
    bg_shaper_init(&shaper, "names");
    bg_put_identity(&shaper, ref, told);
    if (old_wall_ms >= 0 && json_is_string(json_object_get(ref, "name"))) {
        bg_clock_rfc3339(old_wall_ms, at);
        bg_put(&shaper, ref, "named_at", json_string(at));
    }
    if (shaper.failed && shaper.failure.error == BG_NO_MEMORY)
        bg_shaper_fail(outer, BG_NO_MEMORY, "out of memory");
}

/* True if it was told so lately that its node need not be asked, or, with `is_old`, ever. */
static bool name_known(struct bg_shaper *shaper, const struct bg_services *services, json_t *ref, const struct bg_node_info *home,
                       bool is_old)
{
    int64_t wall_ms = 0;
    const json_t *told = bg_query_name(services->queries, home, json_string_value(json_object_get(ref, "pid")), &wall_ms);
    const int64_t now_ms = bg_clock_wall_ms(services->clock);
    const bool is_fresh = told != NULL && now_ms - wall_ms <= FRESH_MS;
    if (told != NULL && (is_fresh || is_old))
        put_name(shaper, ref, told, is_old && now_ms - wall_ms > NOW_MS ? wall_ms : -1);
    return is_fresh;
}

void bg_names_keep(struct bg_ask *ask, const char *node)
{
    struct place place = {.rows = ask->data};
    struct bg_node_info info;
    for (json_t *ref; (ref = ref_next(&place)) != NULL && !ask->shaper.failed;)
        if (nameless_on(ask, ref, node, &info) != NULL)
            (void)name_known(&ask->shaper, bg_call_services(ask->call), ref, &info, true);
}

/* The store has what was told. */
static void take_names(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_names_keep(ask, bg_ask_node(ask));
}

static json_t *pids_on(struct bg_ask *ask, const char *node)
{
    struct place place = {.rows = ask->data};
    struct bg_node_info info;
    json_t *seen = bg_object_new(&ask->shaper), *pids = bg_array_new(&ask->shaper);
    for (const json_t *ref; json_array_size(pids) < PIDS_MAX && (ref = ref_next(&place)) != NULL && !ask->shaper.failed;) {
        const char *pid = json_string_value(json_object_get(ref, "pid"));
        if (nameless_on(ask, ref, node, &info) == NULL || json_object_get(seen, pid) != NULL)
            continue;
        bg_put(&ask->shaper, seen, pid, json_true());
        bg_append(&ask->shaper, pids, json_string(pid));
    }
    json_decref(seen);
    return pids;
}

static void lose_names(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_query_names_late(bg_call_services(ask->call)->queries, bg_ask_node(ask));
    bg_names_keep(ask, bg_ask_node(ask));
}

static void ask_names(struct bg_ask *ask, json_t *answer)
{
    const char *node = bg_ask_node(ask);
    (void)answer;
    json_t *args = bg_object_new(&ask->shaper);
    bg_put(&ask->shaper, args, "pids", pids_on(ask, node));
    bg_ask_excuse(ask, LATE);
    bg_ask_send_aside(ask, "names", args, 0, take_names);
}

/* The nodes to be asked, as members; who is on others is named by what is kept. */
static json_t *nodes_to_ask(struct bg_ask *ask)
{
    struct bg_queries *queries = bg_call_services(ask->call)->queries;
    struct place place = {.rows = ask->data};
    struct bg_node_info info;
    json_t *nodes = bg_object_new(&ask->shaper);
    for (json_t *ref; (ref = ref_next(&place)) != NULL && !ask->shaper.failed;) {
        const char *home = nameless_on(ask, ref, NULL, &info);
        const bool is_up = home != NULL && info.state == BG_LINK_UP;
        if (home == NULL || name_known(&ask->shaper, bg_call_services(ask->call), ref, &info, !is_up) || !is_up ||
            json_object_get(nodes, home) != NULL)
            continue;
        const bool is_late = bg_query_names_are_late(queries, home);
        if (!is_late && json_object_size(nodes) < NODES_MAX)
            bg_put(&ask->shaper, nodes, home, json_true());
        else
            (void)name_known(&ask->shaper, bg_call_services(ask->call), ref, &info, true);
        if (is_late)
            bg_ask_warn(ask, "%s", LATE);
    }
    return nodes;
}

void bg_names_join(struct bg_ask *ask)
{
    json_t *nodes = nodes_to_ask(ask), *value;
    const int64_t half_ms = bg_ask_left_ms(ask) / 2;
    const char *node;
    json_object_foreach(nodes, node, value)
        bg_ask_branch_or(ask, node, half_ms < WAIT_MS_MAX ? half_ms : WAIT_MS_MAX, ask_names, lose_names);
    json_decref(nodes);
}

static void on_told(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    (void)context, (void)failure, (void)answer; /* the store has it */
}

/* In the background, for whoever asks next. */
static void ask_behind(const struct bg_services *services, const char *node, json_t *pids)
{
    struct bg_ticket *ticket;
    struct bg_failure failure;
    struct bg_query_request request = {
        .question = "names", .node = node, .timeout_ms = BEHIND_MS, .args = json_pack("{s:O}", "pids", pids)};
    if (request.args != NULL && !bg_query_names_are_late(services->queries, node) &&
        bg_query_ask(services->queries, &request, on_told, NULL, &ticket, &failure) != BG_OK)
        ticket = NULL; /* the next one who asks for it tries again */
    json_decref(request.args);
}

void bg_names_fill(struct bg_shaper *shaper, const struct bg_services *services, json_t *refs)
{
    json_t *unknown = bg_object_new(shaper), *pids, *ref;
    const char *node;
    size_t i;
    json_array_foreach(refs, i, ref)
    {
        struct bg_node_info info;
        const char *home = json_is_object(ref) && !shaper->failed ? nameless(services, ref, &info) : NULL;
        if (home == NULL || name_known(shaper, services, ref, &info, true) || info.state != BG_LINK_UP)
            continue;
        if ((pids = json_object_get(unknown, home)) == NULL && json_object_size(unknown) < NODES_MAX)
            bg_put(shaper, unknown, home, pids = bg_array_new(shaper));
        if (pids != NULL && json_array_size(pids) < PIDS_MAX)
            bg_append(shaper, pids, json_incref(json_object_get(ref, "pid")));
    }
    json_object_foreach(unknown, node, pids) ask_behind(services, node, pids);
    json_decref(unknown);
}
