/* check_metrics.c: the figures that an assertion can be about, in one table. */
#include "check_metrics.h"

#include "nearest.h"

#include <string.h>

#define MEMORY(NAME, PATH, UNIT, SUMMARY)                                                                                                  \
    {                                                                                                                                      \
        "memory." NAME, UNIT, BG_SOURCE_MEMORY, BG_METRIC_FIGURE, PATH, 0, SUMMARY                                                         \
    }
#define ESTIMATE(NAME, UNIT, SUMMARY)                                                                                                      \
    {                                                                                                                                      \
        "monitors_estimate." NAME, UNIT, BG_SOURCE_MEMORY, BG_METRIC_FIGURE, "monitors_estimate." NAME, 0, SUMMARY                         \
    }
#define FIGURE(NAME, UNIT, SUMMARY)                                                                                                        \
    {                                                                                                                                      \
        NAME, UNIT, BG_SOURCE_MEMORY, BG_METRIC_FIGURE, NAME, 0, SUMMARY                                                                   \
    }
#define SYSTEM(NAME, UNIT, SUMMARY)                                                                                                        \
    {                                                                                                                                      \
        NAME, UNIT, BG_SOURCE_SYSTEM, BG_METRIC_FIGURE, NAME, 0, SUMMARY                                                                   \
    }
#define MOST(NAME, KEY, UNIT, SUMMARY)                                                                                                     \
    {                                                                                                                                      \
        NAME "_max", UNIT, BG_SOURCE_SCAN, BG_METRIC_MAX, KEY, 0, SUMMARY                                                                  \
    }

/* clang-format off */
const struct bg_metric bg_metrics_table[] = {
    MEMORY("total_bytes", "total_bytes", "bytes", "All memory the emulator has allocated"),
    MEMORY("processes_bytes", "processes_bytes", "bytes", "Memory of processes"),
    MEMORY("processes_used_bytes", "processes_used_bytes", "bytes", "Of that, what processes use"),
    MEMORY("system_bytes", "system_bytes", "bytes", "Memory outside of processes: here leaked monitors show"),
    MEMORY("atom_bytes", "atom_bytes", "bytes", "Memory of atoms"),
    MEMORY("atom_used_bytes", "atom_used_bytes", "bytes", "Of that, what atoms use"),
    MEMORY("binary_bytes", "binary_bytes", "bytes", "Binaries outside of heaps"),
    MEMORY("code_bytes", "code_bytes", "bytes", "Loaded code"),
    MEMORY("ets_bytes", "ets_bytes", "bytes", "ETS tables"),
    MEMORY("other_bytes", "other_bytes", "bytes", "System memory that is none of the above"),
    ESTIMATE("local_count", "count", "Monitors of local processes, but for those by name or with a tag: counted"),
    ESTIMATE("remote_count", "count", "About how many monitors of remote processes, by name or with a tag there are; known for sure only where no other node is connected"),
    ESTIMATE("bytes", "bytes", "About how much memory those take"),
    FIGURE("links_count", "count", "Links among local processes and ports"),
    FIGURE("timers_count", "count", "Timers, and receives with a deadline"),
    FIGURE("messages_count", "count", "Messages in all mailboxes, but for those kept off the heap with their content"),
    FIGURE("persistent_terms_count", "count", "Persistent terms"),
    FIGURE("persistent_term_bytes", "bytes", "Memory of persistent terms"),
    FIGURE("rss_bytes", "bytes", "Memory that the system has given the node (RSS)"),
    FIGURE("rss_ratio", "ratio", "That, of what the machine has"),
    FIGURE("swap_bytes", "bytes", "Memory of the node that is swapped out"),
    FIGURE("cgroup_used_bytes", "bytes", "What counts against the tightest limit of its cgroups, the page cache included"),
    FIGURE("cgroup_ratio", "ratio", "That, of limit_bytes"),
    FIGURE("limit_bytes", "bytes", "Memory that the node may have: the tightest limit of its cgroups, or what the machine has"),
    FIGURE("carriers_bytes", "bytes", "All that the emulator's allocators have taken from the system"),
    FIGURE("unexplained_bytes", "bytes", "Resident and swapped memory beyond that: native code, thread stacks"),
    SYSTEM("process_count", "count", "Processes"),
    SYSTEM("process_limit", "count", "How many there can be"),
    SYSTEM("process_ratio", "ratio", "Processes, of how many there can be"),
    SYSTEM("port_count", "count", "Ports"),
    SYSTEM("port_limit", "count", "How many there can be"),
    SYSTEM("port_ratio", "ratio", "Ports, of how many there can be"),
    SYSTEM("atom_count", "count", "Atoms"),
    SYSTEM("atom_limit", "count", "How many there can be"),
    SYSTEM("atom_ratio", "ratio", "Atoms, of how many there can be"),
    SYSTEM("ets_count", "count", "ETS tables"),
    SYSTEM("ets_limit", "count", "How many there can be"),
    SYSTEM("ets_ratio", "ratio", "ETS tables, of how many there can be"),
    SYSTEM("run_queue_count", "count", "Processes and ports that are ready to run and wait for a scheduler"),
    SYSTEM("connected_nodes_count", "count", "Nodes it is connected to"),
    SYSTEM("uptime_ms", "milliseconds", "How long it has been up"),
    MOST("memory_bytes", "memory", "bytes", "The most memory of one process"),
    MOST("message_queue_len", "message_queue_len", "count", "The longest message queue"),
    MOST("reductions_count", "reductions", "count", "The most reductions of one process since it started"),
    MOST("total_heap_bytes", "total_heap", "bytes", "The largest heap"),
    MOST("stack_bytes", "stack", "bytes", "The largest stack"),
    MOST("off_heap_bytes", "off_heap", "bytes", "The most memory of one process that is not its heap"),
    MOST("binary_bytes", "binary", "bytes", "The most off-heap binaries that one process refers to (costly to ask)"),
    MOST("monitors_count", "monitors", "count", "The most monitors that one process holds"),
    MOST("monitored_by_count", "monitored_by", "count", "The most monitors that are held on one process"),
    MOST("links_count", "links", "count", "The most links of one process"),
    {"processes_over", "count", BG_SOURCE_SCAN, BG_METRIC_OVER, "", 2,
     "processes_over(attribute, n): how many processes have more than n of an attribute, like monitors or message_queue_len"},
    {"pair_count_max", "count", BG_SOURCE_PEERS, BG_METRIC_PAIR_MAX, "", 0, "The most monitors that one process holds on one other"},
    {"duplication_ratio_max", "ratio", BG_SOURCE_PEERS, BG_METRIC_DUPLICATION_MAX, "", 0,
     "The most monitors per distinct process watched, among the watchers with the most monitors"},
    {"change", NULL, BG_SOURCE_MEMORY, BG_METRIC_LATER, "", 2, "change(metric, snapshot)"},
    {"per_second", NULL, BG_SOURCE_MEMORY, BG_METRIC_LATER, "", 1, "per_second(metric)"},
    {NULL, NULL, BG_SOURCE_MEMORY, BG_METRIC_FIGURE, NULL, 0, NULL},
};
/* clang-format on */

static enum bg_error refuse(size_t column, const char *reason, struct bg_span span, const char *hint, struct bg_failure *ret_failure)
{
    return bg_fail(ret_failure, BG_INVALID, "column %zu: %.*s %s%s%s", column, span.length > 80 ? 80 : (int)span.length, span.text, reason,
                   hint != NULL ? "; did you mean " : "", hint != NULL ? hint : "");
}

static enum bg_error find_metric(struct bg_span name, const struct bg_metric **ret_metric, struct bg_failure *ret_failure)
{
    struct bg_nearest nearest;
    bg_nearest_init(&nearest, name.text, name.length);
    for (const struct bg_metric *metric = bg_metrics_table; metric->name != NULL; metric++) {
        if (bg_span_is(name, metric->name)) {
            *ret_metric = metric;
            return BG_OK;
        }
        bg_nearest_try(&nearest, metric->name);
    }
    return refuse(name.column, "is no metric, see GET /api/v1/check/metrics", name, nearest.best, ret_failure);
}

/* By the key that rankings have, or by the field's own name. */
static enum bg_error find_sort(struct bg_span name, const struct bg_sort **ret_sort, struct bg_failure *ret_failure)
{
    struct bg_nearest nearest;
    bg_nearest_init(&nearest, name.text, name.length);
    for (const struct bg_sort *sort = bg_sorts; sort->key != NULL; sort++) {
        if (bg_span_is(name, sort->key) || bg_span_is(name, sort->field)) {
            *ret_sort = sort;
            return BG_OK;
        }
        bg_nearest_try(&nearest, sort->key);
    }
    return refuse(name.column, "is no attribute of a process, like memory, monitors or message_queue_len", name, nearest.best, ret_failure);
}

static enum bg_error check_args_count(const struct bg_expression *expression, const struct bg_metric *metric,
                                      struct bg_failure *ret_failure)
{
    if (expression->args_count == metric->args_count)
        return BG_OK;
    return bg_fail(ret_failure, BG_INVALID, "column %zu: %s takes %zu arguments in parentheses, not %zu",
                   expression->name.column + expression->name.length, metric->name, metric->args_count, expression->args_count);
}

static enum bg_error read_over(struct bg_assertion *assertion, struct bg_failure *ret_failure)
{
    const struct bg_expression *expression = &assertion->expression;
    struct bg_value_text value;
    enum bg_error error = find_sort(expression->args[0], &assertion->sort, ret_failure);
    if (error == BG_OK)
        error = bg_value_parse(expression->args[1], &value, ret_failure);
    if (error != BG_OK)
        return error;
    if (value.percent || value.number < 0)
        return refuse(value.span.column, "is no amount to be over: expected 0 or more", value.span, NULL, ret_failure);
    if (expression->value.number > BG_OVER_MAX)
        return bg_fail(ret_failure, BG_INVALID, "column %zu: processes are counted up to %d only", expression->value.span.column,
                       BG_OVER_MAX);
    assertion->over = value.number;
    return BG_OK;
}

enum bg_error bg_assertion_read(const char *text, struct bg_assertion *ret_assertion, struct bg_failure *ret_failure)
{
    struct bg_assertion assertion = {.metric = NULL};
    const struct bg_expression *expression = &assertion.expression;
    enum bg_error error = bg_expression_parse(text, &assertion.expression, ret_failure);
    if (error == BG_OK)
        error = find_metric(expression->name, &assertion.metric, ret_failure);
    if (error == BG_OK)
        error = check_args_count(expression, assertion.metric, ret_failure);
    if (error != BG_OK)
        return error;
    if (assertion.metric->kind == BG_METRIC_LATER)
        error = refuse(expression->name.column, "is not available in this version", expression->name, NULL, ret_failure);
    else if (expression->value.percent && strcmp(assertion.metric->unit, "ratio") != 0)
        error = refuse(expression->value.span.column, "is no value of this metric: only ratios are compared with %", expression->value.span,
                       NULL, ret_failure);
    else if (assertion.metric->kind == BG_METRIC_OVER)
        error = read_over(&assertion, ret_failure);
    else if (assertion.metric->kind == BG_METRIC_MAX)
        assertion.sort = bg_sort_find(assertion.metric->path);
    if (error == BG_OK)
        *ret_assertion = assertion;
    return error;
}

void bg_assertion_plan(const struct bg_assertion *assertion, struct bg_look *look)
{
    look->sources |= 1U << assertion->metric->source;
    if (assertion->sort != NULL && strcmp(assertion->sort->key, "binary") == 0)
        look->binary = true;
    /* One more than it is compared with tells more from as many. */
    if (assertion->metric->kind == BG_METRIC_OVER && (int64_t)assertion->expression.value.number + 1 > look->scan_limit)
        look->scan_limit = (int64_t)assertion->expression.value.number + 1;
}
