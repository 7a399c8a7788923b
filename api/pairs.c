/* pairs.c: GET .../monitors/pairs, watcher -> watched with counts: the leak itself. */
#include "endpoints.h"
#include "params.h"
#include "peers.h"

#include <stdlib.h>
#include <string.h>

struct pair {
    int64_t count;
    const char *watcher; /* pid text; borrowed from the answer, as is everything here */
    const json_t *process, *entry;
    size_t place; /* in the watcher's own list */
    bool exact;
};

struct pairs {
    struct pair *items;
    size_t count;
    bool whole; /* all entries of every listed watcher were counted */
    bool more;  /* a watcher has more peers than it was listed with */
};

/* Most entries first; among equals by watcher, then in the order of its list, so that two looks at the same thing agree. */
static int compare_pairs(const void *a, const void *b)
{
    const struct pair *left = a, *right = b;
    if (left->count != right->count)
        return left->count < right->count ? 1 : -1;
    const int order = strcmp(left->watcher, right->watcher);
    if (order != 0)
        return order;
    return left->place < right->place ? -1 : left->place > right->place;
}

static void add_watcher(struct bg_ask *ask, struct pairs *pairs, const json_t *process, size_t list_max)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct bg_peer_list list;
    const char *pid = bg_answer_pid(shaper, process, "pid");
    if (bg_answer_boolean_or(shaper, process, "dead", false))
        return;
    bg_peer_list_read(shaper, process, "monitors", &list);
    pairs->whole = pairs->whole && list.exact;
    pairs->more = pairs->more || list.distinct_count < 0 || list.distinct_count > (int64_t)json_array_size(list.top);
    if (!list.exact)
        bg_ask_warn(ask, "%s has too many monitors to be listed lightly, pairs of it are missing; exact=true counts them", pid);
    if (json_array_size(list.top) > list_max)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"peers\" cannot be understood: \"top\" is longer than was asked for");
    for (size_t i = 0; i < json_array_size(list.top) && !shaper->failed; i++) {
        const json_t *entry = bg_answer_object_at(shaper, list.top, i);
        const int64_t count = bg_answer_count(shaper, entry, "count");
        if (count >= bg_call_integer(ask->call, "min"))
            pairs->items[pairs->count++] = (struct pair){count, pid, process, entry, i, list.exact};
    }
}

/* At most bg_peers_round(limit) watchers with as many peers each: BG_PEERS_LIMIT_MAX squared, 40,000 pairs. */
static void collect_pairs(struct bg_ask *ask, const json_t *processes, struct pairs *ret_pairs)
{
    const size_t most = (size_t)bg_peers_round(bg_call_integer(ask->call, "limit"));
    struct bg_shaper *shaper = &ask->shaper;
    if (json_array_size(processes) > most)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"peers\" cannot be understood: more processes than were asked for");
    if (shaper->failed || json_array_size(processes) == 0)
        return;
    ret_pairs->items = calloc(json_array_size(processes) * most, sizeof *ret_pairs->items);
    if (ret_pairs->items == NULL)
        bg_shaper_fail(shaper, BG_NO_MEMORY, "no memory left to sort the pairs");
    for (size_t i = 0; i < json_array_size(processes) && !shaper->failed; i++)
        add_watcher(ask, ret_pairs, bg_answer_object_at(shaper, processes, i), most);
    if (!shaper->failed && ret_pairs->count > 1)
        qsort(ret_pairs->items, ret_pairs->count, sizeof *ret_pairs->items, compare_pairs);
}

static json_t *pair_new(struct bg_ask *ask, const struct pair *pair)
{
    struct bg_shaper *shaper = &ask->shaper;
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "watcher", bg_ref_of_row(shaper, bg_answer_object(shaper, pair->process, "row"), pair->watcher, ask->node));
    bg_put(shaper, row, "watched", bg_ref_new(shaper, pair->entry));
    bg_put(shaper, row, "count", json_integer(pair->count));
    bg_put(shaper, row, "exact", json_boolean(pair->exact));
    return row;
}

/* What one process may have at most of what it is ranked by. */
static int64_t most_of(struct bg_shaper *shaper, const json_t *raw, const struct bg_scan *scan)
{
    const int64_t count = bg_row_value(shaper, raw, scan->sort, scan->word_bytes);
    return bg_answer_boolean_or(shaper, raw, "exact", true) ? count : bg_answer_count_or(shaper, raw, "entries_max", INT64_MAX);
}

/* What a pair of a watcher that was not listed may have at most: as much as any of those has monitors in all. */
static int64_t unlisted_bound(struct bg_ask *ask, const struct bg_scan *scan, int64_t limit)
{
    int64_t bound = scan->next_bound;
    for (size_t place = (size_t)bg_peers_round(limit); place < json_array_size(scan->ranking) && !ask->shaper.failed; place++) {
        const int64_t most = most_of(&ask->shaper, bg_scan_raw_at(ask, scan, place), scan);
        bound = most > bound ? most : bound;
    }
    return bound;
}

static void finish_ranking(struct bg_ask *ask, const struct pairs *pairs, size_t limit)
{
    struct bg_ranking *ranking = &ask->ranking;
    const int64_t bound = json_integer_value(ask->kept);
    const bool is_full = pairs->count >= limit;
    const int64_t below_min = bg_call_integer(ask->call, "min") - 1;
    const int64_t least = is_full ? pairs->items[limit - 1].count : below_min; /* unlisted pairs of more than this matter */
    ranking->returned_count = is_full ? limit : pairs->count;
    ranking->exact = pairs->whole && least >= bound;
    ranking->truncated = pairs->count > limit || pairs->more || below_min < bound;
}

static void shape_pairs(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct pairs pairs = {.whole = true};
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit");
    ask->data = bg_array_new(shaper);
    if (answer != NULL)
        collect_pairs(ask, bg_answer_array(shaper, answer, "processes"), &pairs);
    for (size_t i = 0; i < pairs.count && i < limit && !shaper->failed; i++)
        bg_append(shaper, ask->data, pair_new(ask, &pairs.items[i]));
    if (!shaper->failed)
        finish_ranking(ask, &pairs, limit);
    free(pairs.items);
}

static void ask_peers(struct bg_ask *ask, json_t *answer)
{
    struct bg_scan scan;
    const int64_t limit = bg_call_integer(ask->call, "limit");
    bg_scan_read(ask, answer, bg_sort_find("monitors"), limit, &scan);
    ask->kept = json_integer(unlisted_bound(ask, &scan, limit));
    if (ask->kept == NULL)
        bg_shaper_fail(&ask->shaper, BG_NO_MEMORY, "no memory left to bound the pairs");
    if (!bg_peers_send_top(ask, &scan, limit, shape_pairs) && !ask->shaper.failed)
        shape_pairs(ask, NULL); /* nobody monitors anything */
}

static void ask_scan(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send(ask, "scan", bg_scan_args(ask, bg_call_integer(ask->call, "limit"), "desc", false), ask_peers);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_scan);
}

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "limit", .type = BG_PARAM_INTEGER, .min = 1, .max = BG_PEERS_LIMIT_MAX, .fallback = "20", .summary = "How many pairs at most"},
    {.name = "min",
     .type = BG_PARAM_INTEGER,
     .min = 1,
     .max = INT64_MAX,
     .fallback = "1",
     .summary = "Leave out pairs with fewer monitors"},
    BG_EXACT_PARAM,
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"count", "Monitors", BG_COLUMN_COUNT, true},
    {"watcher.pid", "Watcher", BG_COLUMN_TEXT, true},
    {"watcher.name", "Name", BG_COLUMN_TEXT, true},
    {"watcher.node", "Node", BG_COLUMN_TEXT, false},
    {"watcher.initial_call.text", "Initial call", BG_COLUMN_TEXT, true},
    {"watched.text", "Watched", BG_COLUMN_TEXT, true},
    {"watched.name", "Its name", BG_COLUMN_TEXT, true},
    {"watched.node", "Its node", BG_COLUMN_TEXT, true},
    {"watched.initial_call.text", "Its initial call", BG_COLUMN_TEXT, false},
    {"watched.alive", "Alive", BG_COLUMN_TEXT, false},
    {"exact", "Exact", BG_COLUMN_TEXT, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_pairs_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/monitors/pairs",
     .scope = BG_SCOPE_READ,
     .operation = "listMonitorPairs",
     .summary = "Which process monitors which, and how many times",
     .params = params,
     .columns = columns,
     .handler = handle},
    {.path = NULL},
};
