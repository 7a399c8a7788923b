/* pairs.c: GET .../monitors/pairs and GET /api/v1/pairs, watcher -> watched with counts, joined across nodes: the leak itself. */
#include "endpoints.h"
#include "join.h"
#include "kept_pairs.h"
#include "likely.h"
#include "pair_rows.h"
#include "pair_warnings.h"
#include "params.h"
#include "peers.h"
#include "uncounted.h"

#include "beamgauge/node.h"
#include "beamgauge/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PID_SIZE 64
#define WATCHED_MIN 1000       /* with fewer, an empty list of pairs needs no warning */
#define OTHER_SIDES_MS_MAX 500 /* time for the watched processes' nodes, if other nodes use all the time */

struct pair {
    int64_t most;            /* its count, or its uncounted_count */
    const char *watcher;     /* pid text; borrowed from the answer, as is everything here */
    const json_t *process;   /* the watcher in the answer to "peers"; NULL if it was not asked */
    const json_t *row;       /* the watcher's row, if it was not asked */
    const json_t *entry;     /* the watched process; NULL if it is not known */
    int64_t uncounted_count; /* entries whose kind, or whose peer, is not known; else -1 */
    size_t place;            /* in the watcher's own list */
    bool exact;
};

/* One node's pairs, sorted. */
struct pairs {
    struct pair *items;
    size_t count;
};

/* The totals over all nodes' pairs. The best of them are ask->data. */
struct totals {
    struct bg_ranking ranking;
    size_t pairs_count;
    int64_t bound;       /* the maximum that an unread pair may have */
    bool partial;        /* not all entries of every listed watcher were counted, or a node did not answer */
    bool more;           /* a watcher has more peers than were listed */
    int64_t unexplained; /* monitors that the rows do not explain, on nodes that report it; -1: no node does */
    size_t nodes_count, answered_count;
    char watched[PID_SIZE]; /* if a single node was asked: the process that is monitored most, */
    int64_t watched_count;  /* and how many times */
};

/* Most entries first; equal ones by watcher, then in the order of its list, so that two requests give the same order. */
static int compare_pairs(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;
    if (left->most != right->most)
        return left->most < right->most ? 1 : -1;
    const int order = strcmp(left->watcher, right->watcher);
    if (order != 0)
        return order;
    return left->place < right->place ? -1 : left->place > right->place;
}

/* The watched process is not known. The row is there anyway, with the estimate of its monitors. */
static void add_unknown(struct bg_ask *ask, struct pairs *pairs, const json_t *process, const char *pid, const struct bg_peer_list *list)
{
    struct totals *totals = ask->state;
    totals->partial = totals->more = true;
    if (list->count >= 0 || list->uncounted_count >= 0)
        bg_pair_warn_unknown(ask, process, pid, list);
    const int64_t most = list->uncounted_count >= 0 ? list->uncounted_count : list->count;
    if (most >= bg_call_integer(ask->call, "min"))
        pairs->items[pairs->count++] =
            (struct pair){.most = most, .watcher = pid, .process = process, .uncounted_count = list->uncounted_count};
}

/* Entries that came to a watcher since its count, and whose peers are not known. */
static void add_since(struct bg_ask *ask, struct pairs *pairs, const json_t *process, const char *pid, int64_t since)
{
    if (since < bg_call_integer(ask->call, "min"))
        return;
    bg_pair_warn_since(ask, process, pid, since);
    pairs->items[pairs->count++] =
        (struct pair){.most = since, .watcher = pid, .process = process, .place = SIZE_MAX, .uncounted_count = since};
}

static void add_watcher(struct bg_ask *ask, struct pairs *pairs, const json_t *process, size_t list_max)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct totals *totals = ask->state;
    struct bg_peer_list list;
    const char *pid = bg_answer_pid(shaper, process, "pid");
    if (bg_answer_boolean_or(shaper, process, "dead", false))
        return;
    bg_peer_list_read(shaper, process, "monitors", &list);
    bg_peers_check_exact(ask, &list, process, pid);
    totals->more = totals->more || list.distinct_count > (int64_t)json_array_size(list.top);
    totals->partial = totals->partial || !list.exact;
    for (size_t i = 0; i < json_array_size(list.top) && i < list_max && !shaper->failed; i++) {
        const json_t *entry = bg_answer_object_at(shaper, list.top, i);
        const int64_t count = bg_answer_count(shaper, entry, "count");
        if (count >= bg_call_integer(ask->call, "min"))
            pairs->items[pairs->count++] = (struct pair){
                .most = count, .watcher = pid, .process = process, .entry = entry, .place = i, .exact = list.exact, .uncounted_count = -1};
    }
    if (list.since_count > 0)
        add_since(ask, pairs, process, pid, list.since_count);
    if (!list.exact && json_array_size(list.top) == 0 && list.count != 0)
        add_unknown(ask, pairs, process, pid, &list);
}

/* Collects the pairs of these watchers. */
static void collect_pairs(struct bg_ask *ask, const json_t *processes, struct pairs *ret_pairs)
{
    const size_t most = (size_t)bg_peers_round(bg_call_integer(ask->call, "limit"));
    struct bg_shaper *shaper = &ask->shaper;
    if (shaper->failed || json_array_size(processes) == 0)
        return;
    ret_pairs->items = calloc(json_array_size(processes) * (most + 1), sizeof *ret_pairs->items);
    if (ret_pairs->items == NULL) {
        bg_shaper_fail(shaper, BG_NO_MEMORY, "out of memory");
        return;
    }
    for (size_t i = 0; i < json_array_size(processes) && !shaper->failed; i++)
        add_watcher(ask, ret_pairs, bg_answer_object_at(shaper, processes, i), most);
}

/* There was no time to ask these watchers for their peers: each becomes a pair with all of its monitors, since they may all be on one
 * process. */
static void collect_unasked(struct bg_ask *ask, const json_t *watchers, struct pairs *ret_pairs)
{
    struct bg_shaper *shaper = &ask->shaper;
    ret_pairs->items = calloc(json_array_size(watchers) + 1, sizeof *ret_pairs->items);
    if (ret_pairs->items == NULL) {
        bg_shaper_fail(shaper, BG_NO_MEMORY, "out of memory");
        return;
    }
    for (size_t i = 0; i < json_array_size(watchers) && !shaper->failed; i++) {
        const json_t *row = bg_answer_object_at(shaper, watchers, i);
        const char *pid = bg_answer_pid(shaper, row, "pid");
        const int64_t count = bg_answer_count_or(shaper, row, "monitors_count", 0), uncounted = bg_uncounted_count(shaper, row);
        const int64_t most = uncounted >= 0 ? uncounted : count;
        if (most >= bg_call_integer(ask->call, "min"))
            ret_pairs->items[ret_pairs->count++] = (struct pair){.most = most, .watcher = pid, .row = row, .uncounted_count = uncounted};
        if (uncounted >= 0)
            bg_ask_warn(ask, "%s on %s has " BG_UNCOUNTED, pid, bg_ask_node(ask), BG_COUNT(uncounted));
    }
}

static json_t *pair_new(struct bg_ask *ask, const struct pair *pair)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *watcher = pair->process != NULL ? bg_answer_object(shaper, pair->process, "row") : pair->row;
    const struct bg_pair_row row = {.watcher = bg_ref_of_row(shaper, watcher, pair->watcher, bg_ask_node(ask)),
                                    .watched = pair->entry != NULL ? bg_ref_new(shaper, pair->entry) : json_null(),
                                    .count = pair->most,
                                    .exact = pair->exact,
                                    .counted_at = pair->process != NULL ? bg_peers_counted_at(shaper, pair->process) : json_null(),
                                    .age_ms = bg_answer_count_or(shaper, pair->process, "age_ms", -1),
                                    .uncounted_count = pair->uncounted_count};
    return bg_pair_row_new(shaper, &row);
}

/* The maximum of a pair whose watcher was not listed: the most monitors that any such watcher has in total. */
static int64_t unlisted_bound(struct bg_ask *ask, const struct bg_scan *scan, int64_t limit)
{
    int64_t bound = scan->next_bound;
    for (size_t place = (size_t)bg_peers_round(limit); place < json_array_size(scan->ranking) && !ask->shaper.failed; place++) {
        const int64_t most = bg_scan_most(&ask->shaper, scan, bg_scan_raw_at(&ask->shaper, scan, place));
        bound = most > bound ? most : bound;
    }
    return bound;
}

typedef void collect(struct bg_ask *ask, const json_t *watchers, struct pairs *ret_pairs);

/* Merges the pairs of these watchers with the others. */
static void add_pairs(struct bg_ask *ask, collect *collect_them, const json_t *watchers)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct totals *totals = ask->state;
    struct pairs pairs = {.count = 0};
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit");
    json_t *rows = bg_array_new(shaper);
    collect_them(ask, watchers, &pairs);
    if (!shaper->failed && pairs.count > 1)
        qsort(pairs.items, pairs.count, sizeof *pairs.items, compare_pairs);
    for (size_t i = 0; i < pairs.count && i < limit && !shaper->failed; i++)
        bg_append(shaper, rows, pair_new(ask, &pairs.items[i]));
    json_t *merged = shaper->failed ? NULL : bg_pair_rows_merge(shaper, ask->data, rows, limit);
    if (!shaper->failed) {
        json_decref(ask->data);
        ask->data = json_incref(merged);
        totals->pairs_count += pairs.count;
    }
    json_decref(merged);
    json_decref(rows);
    free(pairs.items);
}

static void note_answered(struct bg_ask *ask)
{
    struct totals *totals = ask->state;
    totals->answered_count += !ask->shaper.failed;
}

/* At most bg_peers_round(limit) watchers with as many peers each were asked for: BG_PEERS_LIMIT_MAX squared, 40,000 pairs. */
static void take_pairs(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *processes = answer != NULL ? bg_answer_array(shaper, answer, "processes") : NULL;
    struct totals *totals = ask->state;
    if (answer == NULL)
        totals->partial = totals->more = true;
    const size_t most = (size_t)bg_peers_round(bg_call_integer(ask->call, "limit"));
    if (json_array_size(processes) > most)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"peers\" cannot be understood: more processes than were asked for");
    for (size_t i = 0; i < json_array_size(processes) && !shaper->failed; i++) {
        const json_t *process = bg_answer_object_at(shaper, processes, i);
        if (json_array_size(json_object_get(json_object_get(json_object_get(process, "lists"), "monitors"), "top")) > most)
            bg_shaper_fail(shaper, BG_BAD_ANSWER,
                           "the node's answer to \"peers\" cannot be understood: \"top\" is longer than was asked for");
    }
    if (!shaper->failed && answer != NULL)
        add_pairs(ask, collect_pairs, processes);
    else if (!shaper->failed)
        add_pairs(ask, collect_unasked, json_object_get(ask->kept, bg_ask_node(ask)));
    note_answered(ask);
}

/* Keeps the watchers of this node that will be asked for their peers, in case there is no time for that. */
static void keep_watchers(struct bg_ask *ask, const struct bg_scan *scan, const json_t *known, int64_t limit)
{
    struct bg_shaper *shaper = &ask->shaper;
    json_t *watchers = bg_array_new(shaper);
    for (size_t place = 0; place < json_array_size(scan->ranking) && place < (size_t)bg_peers_round(limit) && !shaper->failed; place++) {
        const json_t *raw = bg_scan_raw_at(&ask->shaper, scan, place);
        const char *pid = bg_answer_pid(shaper, raw, "pid");
        if (pid != NULL && bg_peers_find(shaper, known, pid) == NULL)
            bg_append(shaper, watchers, json_incref((json_t *)(uintptr_t)raw));
    }
    if (ask->kept == NULL)
        ask->kept = bg_object_new(shaper);
    bg_put(shaper, ask->kept, bg_ask_node(ask), watchers);
}

/* The watchers may all be on other nodes. */
static void note_watched(struct bg_ask *ask, const json_t *answer)
{
    struct totals *totals = ask->state;
    const json_t *first = json_array_get(json_object_get(json_object_get(answer, "rankings"), "monitored_by"), 0);
    const json_t *row = json_is_integer(first) ? json_array_get(json_object_get(answer, "rows"), (size_t)json_integer_value(first)) : NULL;
    const char *pid = row != NULL ? bg_answer_pid_or_null(&ask->shaper, row, "pid") : NULL;
    (void)snprintf(totals->watched, sizeof totals->watched, "%s", pid != NULL ? pid : "");
    totals->watched_count = ask->node != NULL && pid != NULL ? bg_answer_count_or(&ask->shaper, row, "monitored_by_count", 0) : 0;
}

static void ask_peers(struct bg_ask *ask, json_t *answer)
{
    struct bg_scan scan;
    struct totals *totals = ask->state;
    const int64_t limit = bg_call_integer(ask->call, "limit");
    bg_scan_take(ask, answer, bg_sort_find("monitors"), limit, &scan);
    const int64_t bound = unlisted_bound(ask, &scan, limit), unexplained = bg_peers_unexplained(ask, answer);
    if (unexplained >= 0)
        totals->unexplained = bg_sum(totals->unexplained > 0 ? totals->unexplained : 0, unexplained);
    totals->bound = bound > totals->bound ? bound : totals->bound;
    bg_ranking_add(&totals->ranking, &ask->ranking);
    note_watched(ask, answer);
    const json_t *known = bg_peers_exact(ask) ? NULL : bg_peers_long(&ask->shaper, answer);
    add_pairs(ask, collect_pairs, known);
    keep_watchers(ask, &scan, known, limit);
    if (!bg_peers_send_top(ask, &scan, known, limit, take_pairs))
        note_answered(ask); /* no other process has monitors */
}

static void ask_scan(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_scan_send(ask, "desc", false, ask_peers);
}

static void finish_ranking(struct bg_ask *ask)
{
    const struct totals *totals = ask->state;
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit");
    const bool is_full = json_array_size(ask->data) >= limit;
    const int64_t below_min = bg_call_integer(ask->call, "min") - 1;
    const int64_t last = is_full ? bg_pair_row_most(json_array_get(ask->data, limit - 1)) : 0;
    const int64_t least = is_full ? last : below_min; /* unlisted pairs of more than this matter */
    if (ask->figures == NULL)
        ask->figures = bg_object_new(&ask->shaper);
    bg_put(&ask->shaper, ask->figures, "unexplained_monitors_count", bg_count_or_null(totals->unexplained));
    ask->sorted_by = "count";
    ask->is_ranking = true;
    ask->ranking = totals->ranking;
    ask->ranking.returned_count = json_array_size(ask->data);
    ask->ranking.exact = !totals->partial && totals->ranking.skipped_count == 0 && least >= totals->bound;
    ask->ranking.truncated = totals->pairs_count > limit || totals->more || below_min < totals->bound;
    if (json_array_size(ask->data) == 0 && totals->watched_count >= WATCHED_MIN)
        bg_ask_warn(ask,
                    "no process of this node monitors another one so often, but %s is monitored about %s times, from other nodes: see "
                    ".../monitors?by=monitored_by",
                    totals->watched, BG_COUNT(totals->watched_count));
}

static void finish(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_join_compare(ask, ask->data);
    bg_kept_pairs_put(ask);
}

static void join(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_likely_join(ask);
    finish_ranking(ask);
    bg_join_watched(ask, ask->data);
    bg_ask_then(ask, finish);
}

static bool begin(struct bg_ask *ask)
{
    ask->state = calloc(1, sizeof(struct totals));
    if (ask->state == NULL)
        bg_shaper_fail(&ask->shaper, BG_NO_MEMORY, "out of memory");
    else
        ((struct totals *)ask->state)->unexplained = -1;
    ask->data = bg_array_new(&ask->shaper);
    return !ask->shaper.failed;
}

static void begin_node(struct bg_ask *ask, json_t *answer)
{
    if (!begin(ask))
        return;
    bg_ask_then(ask, join);
    ask_scan(ask, answer);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, begin_node);
}

/* Merges the last pairs of a node that cannot be asked now. False if nothing is kept. */
static bool add_kept(struct bg_ask *ask, const char *node)
{
    struct totals *totals = ask->state;
    const int64_t min = bg_call_integer(ask->call, "min");
    json_t *rows = bg_kept_pairs_new(&ask->shaper, bg_call_services(ask->call), node, min);
    const bool is_any = json_array_size(rows) > 0;
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit");
    json_t *merged = ask->shaper.failed ? NULL : bg_pair_rows_merge(&ask->shaper, ask->data, rows, limit);
    if (is_any)
        bg_ask_warn(ask, "the pairs of %s are those that it reported %" JSON_INTEGER_FORMAT " s ago (age_ms)", node,
                    json_integer_value(json_object_get(json_array_get(rows, 0), "age_ms")) / 1000);
    if (!ask->shaper.failed) {
        totals->pairs_count += json_array_size(rows);
        json_decref(ask->data);
        ask->data = json_incref(merged);
    }
    json_decref(merged);
    json_decref(rows);
    return is_any;
}

/* If a node ranked its processes, but had no time to report their peers, its ranking is used. */
static void lose_pairs(struct bg_ask *ask, json_t *answer)
{
    const char *node = bg_ask_node(ask);
    (void)answer;
    if (!add_kept(ask, node) && ask->shaper.failure.error == BG_DEADLINE)
        add_pairs(ask, collect_unasked, json_object_get(ask->kept, node));
}

/* If no node could be asked, an empty list would not be an answer. */
static void join_fleet(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct totals *totals = ask->state;
    if (totals->nodes_count > 0 && totals->answered_count == 0 && json_array_size(ask->data) == 0) {
        const char *warning = json_string_value(json_array_get(ask->warnings, 0));
        bg_shaper_fail(shaper, BG_NODE_UNREACHABLE, "of %s registered nodes none could be asked; %s", BG_COUNT(totals->nodes_count),
                       warning != NULL ? warning : "");
        return;
    }
    totals->partial = totals->partial || totals->answered_count < totals->nodes_count;
    ask->figures = bg_object_new(shaper);
    bg_put(shaper, ask->figures, "nodes_count", json_integer((json_int_t)totals->nodes_count));
    bg_put(shaper, ask->figures, "answered_count", json_integer((json_int_t)totals->answered_count));
    bg_put(shaper, ask->figures, "missing", ask->missing != NULL ? json_copy(ask->missing) : bg_array_new(shaper));
    join(ask, answer);
}

/* Nodes may use nearly all of the time: the rest is for the watched processes' nodes, if it is enough. */
static void begin_fleet(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    const struct bg_nodes *nodes = bg_call_services(ask->call)->nodes;
    const int64_t left_ms = bg_ask_left_ms(ask), other_sides_ms = left_ms / 8 < OTHER_SIDES_MS_MAX ? left_ms / 8 : OTHER_SIDES_MS_MAX;
    if (!begin(ask))
        return;
    struct totals *totals = ask->state;
    totals->nodes_count = bg_nodes_count(nodes);
    for (size_t i = 0; i < totals->nodes_count && !ask->shaper.failed; i++) {
        struct bg_node_info info;
        char node[BG_NODE_NAME_MAX + 1]; /* a copy: asking calls the registry */
        bg_nodes_info_at(nodes, i, &info);
        (void)snprintf(node, sizeof node, "%s", info.name);
        if (bg_join_is_up(ask, node))
            bg_ask_branch_or(ask, node, left_ms - other_sides_ms, ask_scan, lose_pairs);
        else {
            bg_ask_miss(ask, node, bg_link_reason_code(info.reason), bg_link_state_text(info.state));
            (void)add_kept(ask, node);
        }
    }
    bg_ask_then(ask, join_fleet);
}

static void handle_fleet(struct bg_call *call)
{
    bg_ask_run_all(call, begin_fleet);
}

#define PAIR_PARAMS                                                                                                                        \
    {.name = "limit",                                                                                                                      \
     .type = BG_PARAM_INTEGER,                                                                                                             \
     .min = 1,                                                                                                                             \
     .max = BG_PEERS_LIMIT_MAX,                                                                                                            \
     .fallback = "20",                                                                                                                     \
     .summary = "How many pairs at most"},                                                                                                 \
        {.name = "min",                                                                                                                    \
         .type = BG_PARAM_INTEGER,                                                                                                         \
         .min = 1,                                                                                                                         \
         .max = INT64_MAX,                                                                                                                 \
         .fallback = "2",                                                                                                                  \
         .summary = "Leave out pairs with fewer monitors; one is what every healthy pair has"},                                            \
        BG_EXACT_PARAM, BG_MAX_AGE_PARAM, BG_TIMEOUT_PARAM, BG_PARAMS_END

static const struct bg_param params[] = {BG_NODE_PARAM, PAIR_PARAMS};
static const struct bg_param fleet_params[] = {PAIR_PARAMS};

#define PAIR_COLUMNS(is_fleet)                                                                                                             \
    {"count", "Monitors", BG_COLUMN_BOUND, true}, {"watched_count", "Other side", BG_COLUMN_COUNT, true},                                  \
        {"watcher.pid", "Watcher", BG_COLUMN_TEXT, true}, {"watcher.name", "Name", BG_COLUMN_TEXT, true},                                  \
        {"watcher.node", "Node", BG_COLUMN_TEXT, is_fleet}, {"watcher.registered_name", "Registered name", BG_COLUMN_TEXT, false},         \
        {"watcher.label", "Label", BG_COLUMN_TEXT, false}, {"watcher.initial_call.text", "Initial call", BG_COLUMN_TEXT, false},           \
        {"watched.text", "Its pid", BG_COLUMN_TEXT, false}, {"watched.name|watched.text", "Watched", BG_COLUMN_TEXT, true},                \
        {"watched.node", "Its node", BG_COLUMN_TEXT, true}, {"watched.registered_name", "Its registered name", BG_COLUMN_TEXT, false},     \
        {"watched.label", "Its label", BG_COLUMN_TEXT, false}, {"watched.initial_call.text", "Its initial call", BG_COLUMN_TEXT, false},   \
        {"watched.alive", "Alive", BG_COLUMN_TEXT, false}, {"exact", "Exact", BG_COLUMN_TEXT, false},                                      \
        {"uncounted_count", "Uncounted", BG_COLUMN_COUNT, false}, {"counted_at", "Counted at", BG_COLUMN_WHOLE, false},                    \
        {"age_ms", "Age ms", BG_COLUMN_COUNT, false}, {"likely", "Likely", BG_COLUMN_WHOLE, false},                                        \
    {                                                                                                                                      \
        NULL, NULL, BG_COLUMN_TEXT, false                                                                                                  \
    }

static const struct bg_column columns[] = {PAIR_COLUMNS(false)};
static const struct bg_column fleet_columns[] = {PAIR_COLUMNS(true)};

const struct bg_endpoint bg_pairs_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/monitors/pairs",
     .scope = BG_SCOPE_READ,
     .operation = "listMonitorPairs",
     .summary = "Which process monitors which, and how many times",
     .params = params,
     .columns = columns,
     .handler = handle},
    {.method = BG_GET,
     .path = "/api/v1/pairs",
     .scope = BG_SCOPE_READ,
     .operation = "listFleetPairs",
     .summary = "Which process monitors which, and how many times, on all registered nodes together",
     .params = fleet_params,
     .columns = fleet_columns,
     .handler = handle_fleet},
    {.path = NULL},
};
