/* processes.c: GET .../processes, the top processes by any attribute, or by its change over a window. */
#include "endpoints.h"
#include "groups.h"
#include "params.h"
#include "scan.h"

#include <string.h>

#define WINDOW_MIN_MS 100

static bool is_ascending(const struct bg_ask *ask)
{
    return strcmp(bg_call_text(ask->call, "order"), "asc") == 0;
}

/* From the top, processes with 0 are left out unless they are requested. */
static int64_t least(const struct bg_ask *ask)
{
    const bool every = is_ascending(ask) || bg_call_integer(ask->call, "window_ms") > 0;
    return every && !bg_call_has(ask->call, "min") ? 0 : bg_call_integer(ask->call, "min");
}

static void shape_rows(struct bg_ask *ask, json_t *answer)
{
    struct bg_scan scan;
    const int64_t limit = bg_call_integer(ask->call, "limit");
    const struct bg_scan_filter filter = {
        .min = least(ask),
        .limit = (size_t)limit,
        .ascending = is_ascending(ask),
        .window = bg_call_integer(ask->call, "window_ms") > 0,
    };
    bg_scan_take(ask, answer, bg_sort_find(bg_call_text(ask->call, "sort")), limit, &scan);
    ask->by_change = filter.window;
    ask->data = bg_scan_rows(ask, &scan, &filter);
    bg_scan_warn_uncounted(ask);
}

/* Groups are ranked from the top, by their sums at one time. */
static void ask_groups(struct bg_ask *ask, const struct bg_sort *sort)
{
    if (is_ascending(ask))
        bg_ask_refuse(ask, "order", "groups are ranked from the top only");
    else if (bg_call_integer(ask->call, "window_ms") != 0)
        bg_ask_refuse(ask, "window_ms", "groups are ranked by present values only, without a window");
    else if (strcmp(sort->key, "binary") == 0)
        bg_ask_refuse(ask, "sort", "groups are not ranked by binary: binaries are shared, so their sum means nothing");
    else
        bg_groups_send(ask, sort);
}

static void ask_ranking(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    const struct bg_sort *sort = bg_sort_find(bg_call_text(ask->call, "sort"));
    const char *order = bg_call_text(ask->call, "order");
    const int64_t limit = bg_call_integer(ask->call, "limit"), window_ms = bg_call_integer(ask->call, "window_ms");
    if (bg_groups_wanted(ask)) {
        ask_groups(ask, sort);
    } else if (sort->relation && is_ascending(ask)) {
        bg_ask_refuse(ask, "order", "monitors, monitored_by and links are ranked from the top only: nearly every process has none");
    } else if (window_ms == 0) {
        bg_scan_send(ask, order, strcmp(sort->key, "binary") == 0, shape_rows);
    } else if (window_ms < WINDOW_MIN_MS) {
        bg_ask_refuse(ask, "window_ms", "window_ms must be 0 (no window) or from 100 to 30000");
    } else {
        ask->deadline_us += window_ms * 1000;
        bg_ask_send(ask, bg_arguments_window(&ask->shaper, bg_call_services(ask->call), sort->key, limit, order, window_ms), shape_rows);
    }
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_ranking);
}

static const char *const orders[] = {"desc", "asc", NULL};

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "sort",
     .type = BG_PARAM_ENUM,
     .choices = bg_sort_keys,
     .fallback = "memory",
     .summary = "What to rank by; binary looks at every process's binaries and costs far more than the others"},
    {.name = "order", .type = BG_PARAM_ENUM, .choices = orders, .fallback = "desc", .summary = "Highest or lowest first"},
    {.name = "limit", .type = BG_PARAM_INTEGER, .min = 1, .max = 1000, .fallback = "20", .summary = "How many processes at most"},
    {.name = "min",
     .type = BG_PARAM_INTEGER,
     .min = 0,
     .max = INT64_MAX,
     .fallback = "1",
     .summary =
         "Leave out processes with less than this in the sort attribute (over a window: with less change); 0 shows all, which is the "
         "default if the lowest come first, or over a window"},
    {.name = "window_ms",
     .type = BG_PARAM_INTEGER,
     .min = 0,
     .max = 30000,
     .fallback = "0",
     .summary = "Rank by the change in each second over about this long, 100 to 30000; 0: by the present value"},
    BG_GROUP_PARAM(bg_group_keys),
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

#define CHANGE(field, title, kind, rate)                                                                                                   \
    {field "_delta", "+" title, kind, false},                                                                                              \
    {                                                                                                                                      \
        field "_per_second", title "/s", rate, true                                                                                        \
    }

static const struct bg_column columns[] = {
    BG_IDENTITY_COLUMNS,
    {"status", "Status", BG_COLUMN_TEXT, false},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, true},
    {"total_heap_bytes", "Heap", BG_COLUMN_BYTES, false},
    {"stack_bytes", "Stack", BG_COLUMN_BYTES, false},
    {"off_heap_bytes", "Off-heap", BG_COLUMN_BYTES, false},
    {"binary_bytes", "Binaries", BG_COLUMN_BYTES, false},
    {"message_queue_len", "Queue", BG_COLUMN_COUNT, true},
    {"reductions_count", "Reductions", BG_COLUMN_COUNT, true},
    {"monitors_count", "Monitors", BG_COLUMN_ENTRIES, true},
    {"monitored_by_count", "Monitored by", BG_COLUMN_ENTRIES, false},
    {"links_count", "Links", BG_COLUMN_ENTRIES, false},
    BG_WORTH_COLUMNS,
    CHANGE("memory_bytes", "Memory", BG_COLUMN_BYTES, BG_COLUMN_BYTE_RATE),
    CHANGE("message_queue_len", "Queue", BG_COLUMN_COUNT, BG_COLUMN_RATE),
    CHANGE("reductions_count", "Reductions", BG_COLUMN_COUNT, BG_COLUMN_RATE),
    CHANGE("total_heap_bytes", "Heap", BG_COLUMN_BYTES, BG_COLUMN_BYTE_RATE),
    CHANGE("stack_bytes", "Stack", BG_COLUMN_BYTES, BG_COLUMN_BYTE_RATE),
    CHANGE("off_heap_bytes", "Off-heap", BG_COLUMN_BYTES, BG_COLUMN_BYTE_RATE),
    CHANGE("binary_bytes", "Binaries", BG_COLUMN_BYTES, BG_COLUMN_BYTE_RATE),
    CHANGE("monitors_count", "Monitors", BG_COLUMN_COUNT, BG_COLUMN_RATE),
    CHANGE("monitored_by_count", "Monitored by", BG_COLUMN_COUNT, BG_COLUMN_RATE),
    CHANGE("links_count", "Links", BG_COLUMN_COUNT, BG_COLUMN_RATE),
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_processes_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/processes",
     .scope = BG_SCOPE_READ,
     .operation = "listProcesses",
     .summary = "The top processes of a node by any attribute, or by its change over a window",
     .params = params,
     .columns = columns,
     .group_columns = bg_group_columns,
     .handler = handle},
    {.path = NULL},
};
