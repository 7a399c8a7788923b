/* monitors.c: GET .../monitors, the processes with the most entries in monitors or monitored_by, and their peers. */
#include "endpoints.h"
#include "groups.h"
#include "names.h"
#include "params.h"
#include "peers.h"

#include "beamgauge/text.h"

#include <stdio.h>

/* A counted number is its own bound. */
static void put_counted(struct bg_shaper *shaper, json_t *row, const char *field, int64_t count)
{
    static const char *const bounds[] = {"min", "max"};
    char name[64];
    bg_put(shaper, row, field, json_integer(count));
    if (json_object_get(row, "uncounted_count") != NULL)
        bg_put(shaper, row, "uncounted_count", json_null());
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        (void)snprintf(name, sizeof name, "%s_%s", field, bounds[i]);
        if (json_object_get(row, name) != NULL)
            bg_put(shaper, row, name, json_integer(count));
    }
}

/* Puts a process's list into its row; a process without entries was not asked for it. The list was counted after the ranking, so an exact
 * count replaces the row's: the ratio is then of the same time. */
static void join_list(struct bg_ask *ask, json_t *row, const json_t *process)
{
    struct bg_shaper *shaper = &ask->shaper;
    const char *by = bg_call_text(ask->call, "by");
    const json_t *count = json_object_get(row, bg_sort_find(by)->field);
    struct bg_peer_list list = {.distinct_count = json_is_integer(count) && json_integer_value(count) == 0 ? 0 : -1};
    if (process != NULL)
        bg_peer_list_read(shaper, process, by, &list);
    if (process != NULL)
        bg_peers_check_exact(ask, &list, process, json_string_value(json_object_get(row, "pid")));
    if (process != NULL && list.exact)
        put_counted(shaper, row, bg_sort_find(by)->field, list.count);
    bg_peer_list_put(shaper, row, &list, (size_t)bg_call_integer(ask->call, "peers"));
    bg_put(shaper, row, "counted_at", bg_peers_counted_at(shaper, process));
}

/* Rows that were ranked by their bounds and then counted may have to move, or drop out. Unknown counts stay last. For this, more rows were
 * kept than requested. */
static void rank_again(struct bg_ask *ask)
{
    const char *field = bg_sort_find(bg_call_text(ask->call, "by"))->field;
    json_t *rows = bg_array_new(&ask->shaper);
    for (size_t i = 0; i < json_array_size(ask->data) && !ask->shaper.failed; i++) {
        json_t *row = json_array_get(ask->data, i);
        const json_t *value = json_object_get(row, field);
        const json_int_t count = json_integer_value(value);
        size_t place = json_array_size(rows);
        while (place > 0 && json_integer_value(json_object_get(json_array_get(rows, place - 1), field)) < count)
            place--;
        if ((json_is_null(value) || count >= bg_call_integer(ask->call, "min")) && json_array_insert(rows, place, row) != 0)
            bg_shaper_fail(&ask->shaper, BG_NO_MEMORY, "out of memory");
    }
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit");
    ask->ranking.truncated = ask->ranking.truncated || json_array_size(rows) > limit;
    while (json_array_size(rows) > limit)
        (void)json_array_remove(rows, json_array_size(rows) - 1);
    json_decref(ask->data);
    ask->data = rows;
}

/* Joins the rows with their lists. A process that died between the two questions is left out: it has no monitors any more. */
static void shape_lists(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *processes = answer != NULL ? bg_answer_array(shaper, answer, "processes") : NULL, *known = ask->kept;
    size_t died = 0;
    for (size_t i = 0; i < json_array_size(ask->data) && !shaper->failed;) {
        json_t *row = json_array_get(ask->data, i);
        const char *pid = json_string_value(json_object_get(row, "pid"));
        const json_t *asked = bg_peers_find(shaper, processes, pid), *process = asked != NULL ? asked : bg_peers_find(shaper, known, pid);
        if (process != NULL && bg_answer_boolean_or(shaper, process, "dead", false)) {
            (void)json_array_remove(ask->data, i);
            died++;
        } else {
            join_list(ask, row, process);
            i++;
        }
    }
    if (bg_call_boolean(ask->call, "exact"))
        rank_again(ask);
    ask->ranking.returned_count = json_array_size(ask->data);
    bg_names_join(ask);
    bg_scan_warn_uncounted(ask);
    if (died > 0)
        bg_ask_warn(ask, "%s processes died while they were looked at and are left out", BG_COUNT(died));
}

static void shape_ranking(struct bg_ask *ask, json_t *answer)
{
    struct bg_scan scan;
    const int64_t limit = bg_call_integer(ask->call, "limit");
    const int64_t kept = bg_call_boolean(ask->call, "exact") ? bg_peers_round(limit) : limit;
    const struct bg_scan_filter filter = {.min = bg_call_integer(ask->call, "min"), .limit = (size_t)kept};
    bg_scan_take(ask, answer, bg_sort_find(bg_call_text(ask->call, "by")), limit, &scan);
    ask->data = bg_scan_rows(ask, &scan, &filter);
    ask->figures = bg_object_new(&ask->shaper);
    bg_put(&ask->shaper, ask->figures, "unexplained_monitors_count", bg_count_or_null(bg_peers_unexplained(ask, answer)));
    ask->kept = bg_peers_exact(ask) ? NULL : json_incref((json_t *)bg_peers_long(&ask->shaper, answer));
    if (json_array_size(ask->data) == 0 || ask->shaper.failed)
        return;
    if (!bg_peers_send_top(ask, &scan, ask->kept, limit, shape_lists) && !ask->shaper.failed)
        shape_lists(ask, NULL);
}

static void ask_scan(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    if (bg_groups_wanted(ask))
        bg_groups_send(ask, bg_sort_find(bg_call_text(ask->call, "by")));
    else
        bg_scan_send(ask, "desc", false, shape_ranking);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_scan);
}

static const char *const sides[] = {"monitors", "monitored_by", NULL};

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "by",
     .type = BG_PARAM_ENUM,
     .choices = sides,
     .fallback = "monitors",
     .summary = "Rank the watchers (monitors) or the watched (monitored_by)"},
    {.name = "limit",
     .type = BG_PARAM_INTEGER,
     .min = 1,
     .max = BG_PEERS_LIMIT_MAX,
     .fallback = "20",
     .summary = "How many processes at most"},
    {.name = "min",
     .type = BG_PARAM_INTEGER,
     .min = 0,
     .max = INT64_MAX,
     .fallback = "1",
     .summary = "Leave out processes with fewer entries; 0 shows those with none too"},
    {.name = "peers", .type = BG_PARAM_INTEGER, .min = 0, .max = 20, .fallback = "5", .summary = "How many top peers of each process"},
    BG_GROUP_PARAM(bg_monitor_group_keys),
    BG_EXACT_PARAM,
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    BG_IDENTITY_COLUMNS,
    {"monitors_count", "Monitors", BG_COLUMN_ENTRIES, true},
    {"monitored_by_count", "Monitored by", BG_COLUMN_ENTRIES, false},
    {"distinct_count", "Distinct", BG_COLUMN_COUNT, true},
    {"duplication_ratio", "Per peer", BG_COLUMN_RATIO, true},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, true},
    {"links_count", "Links", BG_COLUMN_ENTRIES, false},
    {"message_queue_len", "Queue", BG_COLUMN_COUNT, false},
    {"reductions_count", "Reductions", BG_COLUMN_COUNT, false},
    BG_WORTH_COLUMNS,
    {"uncounted_since_count", "Uncounted since", BG_COLUMN_COUNT, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_monitors_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/monitors",
     .scope = BG_SCOPE_READ,
     .operation = "listMonitors",
     .summary = "The processes that hold the most monitors, or are held by the most, with their top peers",
     .params = params,
     .columns = columns,
     .group_columns = bg_group_columns,
     .handler = handle},
    {.path = NULL},
};
