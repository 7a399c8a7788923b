/* check_measure.c: reads the value of an assertion from a node's answer. */
#include "check_assertion.h"

#include "memory_blocks.h"
#include "peers.h"
#include "resources.h"
#include "uncounted.h"

#include <stdlib.h>
#include <string.h>

/* A value that is not reported as an estimate is exact. Of estimates, monitors of local processes are exact if they were counted, and the
 * rest is exact if no other node is connected. */
static bool is_exact(const json_t *data, const char *path)
{
    const json_t *estimate = json_object_get(data, "monitors_estimate");
    if (strncmp(path, "monitors_estimate.", 18) != 0)
        return true;
    return json_is_true(json_object_get(estimate, "exact")) &&
           (strcmp(path, "monitors_estimate.local_count") == 0 || json_integer_value(json_object_get(estimate, "remote_max_count")) == 0);
}

/* A node at a limit is the reason. */
static void fail_untold(const struct bg_figure *figure, struct bg_shaper *shaper, const char *node, const json_t *answer)
{
    char why[BG_BLOCKS_WHY_SIZE];
    const enum bg_error error = figure->source == BG_SOURCE_MEMORY ? bg_blocks_why_not(answer, node, why) : BG_OK;
    if (error != BG_OK)
        bg_shaper_fail(shaper, error, "%s is not known: %s", figure->name, why);
    else if (strncmp(figure->path, "monitors_estimate.", 18) == 0)
        bg_shaper_fail(shaper, BG_UNSUPPORTED,
                       "%s is not known: the node's allocators leave open how many of their blocks are monitors, until its processes have "
                       "been ranked (GET /api/v1/nodes/%s/monitors) and no list of them is uncounted (exact=true counts those too)",
                       figure->name, node);
    else
        bg_shaper_fail(shaper, BG_UNSUPPORTED, "the node does not report %s", figure->name);
}

static void measure_figure(const struct bg_figure *figure, struct bg_shaper *shaper, const char *node, const json_t *answer,
                           struct bg_measure *measure)
{
    json_t *data = figure->source == BG_SOURCE_MEMORY ? bg_memory_new(shaper, answer) : bg_system_new(shaper, answer);
    const json_t *value = bg_figure_find(data, figure->path);
    if (!json_is_number(value))
        fail_untold(figure, shaper, node, answer);
    measure->value = json_number_value(value);
    measure->exact = is_exact(data, figure->path);
    json_decref(data);
}

static json_t *offender_new(struct bg_shaper *shaper, const json_t *raw, const char *node)
{
    const char *pid = bg_answer_pid(shaper, raw, "pid");
    return pid != NULL ? bg_ref_of_row(shaper, raw, pid, node) : NULL;
}

/* Notes that the value may be this high, since so many entries of a process are not counted. `list` is how `peers` reports them (NULL:
 * nothing more is known).
 */
static void note_open(struct bg_measure *measure, struct bg_shaper *shaper, double most, int64_t entries_max, const json_t *process)
{
    measure->exact = false;
    if (most <= measure->most)
        return;
    measure->most = most;
    measure->uncounted_count = entries_max;
    measure->counted_ms = process != NULL ? bg_answer_count_or(shaper, process, "counted_wall_ms", 0) : 0;
    measure->is_being_counted =
        process != NULL && (bg_answer_boolean_or(shaper, process, "late", false) || bg_answer_boolean_or(shaper, process, "silent", false));
}

/* The same for a row of a scan. */
static void note_open_row(struct bg_measure *measure, struct bg_shaper *shaper, double most, int64_t entries_max, const json_t *answer,
                          const json_t *raw)
{
    const char *pid = bg_answer_pid(shaper, raw, "pid");
    note_open(measure, shaper, most, entries_max, pid != NULL ? bg_peers_find(shaper, bg_peers_long(shaper, answer), pid) : NULL);
}

/* The number of entries of a row with this ranking that may not be counted; -1: all are. */
static int64_t open_max(struct bg_shaper *shaper, const json_t *raw, const struct bg_sort *sort)
{
    return sort->relation ? bg_uncounted_count(shaper, raw) : -1;
}

static void measure_max(const struct bg_assertion *assertion, struct bg_shaper *shaper, const char *node, const json_t *answer,
                        struct bg_measure *measure)
{
    struct bg_scan scan;
    bg_scan_read(shaper, answer, assertion->sort, (int64_t)json_array_size(json_object_get(answer, "rows")), &scan);
    const bool is_any = json_array_size(scan.ranking) > 0;
    measure->exact = bg_scan_is_exact(shaper, &scan, is_any ? bg_scan_value(shaper, &scan, bg_scan_raw_at(shaper, &scan, 0)) : -1);
    for (size_t place = 0; place < json_array_size(scan.ranking) && measure->offender == NULL && !shaper->failed; place++) {
        const json_t *raw = bg_scan_raw_at(shaper, &scan, place);
        const int64_t value = bg_row_value(shaper, raw, assertion->sort, scan.word_bytes);
        const int64_t most = open_max(shaper, raw, assertion->sort);
        if (most >= 0)
            note_open_row(measure, shaper, (double)most, most, answer, raw);
        else if (value <= 0) /* no later row has more */
            break;
        else {
            measure->value = (double)value;
            measure->offender = offender_new(shaper, raw, node);
        }
    }
}

static void measure_uncounted(struct bg_shaper *shaper, const char *node, const json_t *answer, struct bg_measure *measure)
{
    int64_t most;
    const json_t *raw = bg_uncounted_first(shaper, answer, &most);
    measure->value = (double)most;
    measure->exact = raw == NULL;
    measure->offender = raw != NULL ? offender_new(shaper, raw, node) : NULL;
}

/* If even the last row of the ranking is over the value, the count is only a minimum. */
static void measure_over(const struct bg_assertion *assertion, struct bg_shaper *shaper, const char *node, const json_t *answer,
                         struct bg_measure *measure)
{
    struct bg_scan scan;
    size_t over = 0, open = 0, place = 0;
    bool counted = true, is_over = true;
    bg_scan_read(shaper, answer, assertion->sort, (int64_t)json_array_size(json_object_get(answer, "rows")), &scan);
    for (; place < json_array_size(scan.ranking) && is_over && !shaper->failed; place++) {
        const json_t *raw = bg_scan_raw_at(shaper, &scan, place);
        const int64_t value = bg_row_value(shaper, raw, assertion->sort, scan.word_bytes);
        const int64_t most = open_max(shaper, raw, assertion->sort);
        counted = counted && bg_answer_boolean_or(shaper, raw, "exact", true);
        is_over = most >= 0 || (double)value > assertion->over;
        if (most >= 0 && (double)most > assertion->over)
            note_open_row(measure, shaper, (double)++open, most, answer, raw);
        else if (most < 0 && is_over && over++ == 0)
            measure->offender = offender_new(shaper, raw, node);
    }
    measure->value = (double)over;
    measure->most += (double)over;
    measure->exact = (scan.exact || (counted && (double)scan.next_bound <= assertion->over)) && open == 0 &&
                     (!is_over || place < json_array_size(scan.ranking) || scan.scanned_count <= (int64_t)place);
}

/* The value of one watcher: its busiest pair, or its monitors per watched process; -1: not known. */
static double watcher_value(const struct bg_assertion *assertion, struct bg_shaper *shaper, const struct bg_peer_list *list)
{
    if (assertion->figure->kind == BG_FIGURE_DUPLICATION_MAX)
        return list->distinct_count > 0    ? (double)(list->count - list->since_count) / (double)list->distinct_count
               : list->distinct_count == 0 ? 0
                                           : -1;
    if (json_array_size(list->top) == 0) /* not counted: all of its monitors may be on one process */
        return (double)list->count;
    return (double)bg_answer_count(shaper, bg_answer_object_at(shaper, list->top, 0), "count");
}

static json_t *watcher_new(struct bg_shaper *shaper, const json_t *process, const char *node, const json_t *top)
{
    json_t *offender = bg_ref_of_row(shaper, bg_answer_object(shaper, process, "row"), bg_answer_pid(shaper, process, "pid"), node);
    if (json_array_size(top) > 0)
        bg_put(shaper, offender, "watched", bg_ref_new(shaper, bg_answer_object_at(shaper, top, 0)));
    return offender;
}

/* `is_floor`: entries that came to a process after its count make the value an estimate, but do not make it unknown. */
static void measure_peers(const struct bg_assertion *assertion, struct bg_shaper *shaper, const char *node, const json_t *answer,
                          bool is_floor, struct bg_measure *measure)
{
    const json_t *processes = answer != NULL ? bg_answer_array(shaper, answer, "processes") : NULL;
    int64_t least = INT64_MAX; /* of the listed processes; any other has no more than this in total, and so on any one */
    measure->exact = true;
    for (size_t i = 0; i < json_array_size(processes) && !shaper->failed; i++) {
        const json_t *process = bg_answer_object_at(shaper, processes, i);
        struct bg_peer_list list;
        if (bg_answer_boolean_or(shaper, process, "dead", false))
            continue;
        bg_peer_list_read(shaper, process, "monitors", &list);
        const double value = watcher_value(assertion, shaper, &list);
        measure->exact = measure->exact && list.exact && value >= 0;
        least = list.count < least ? list.count : least;
        if (list.uncounted && list.count >= 0)
            note_open(measure, shaper, (double)list.uncounted_count, list.uncounted_count, process);
        else if (list.since_count > 0 && !is_floor) /* all of it may be on the process that it monitors most */
            note_open(measure, shaper, value + (double)list.since_count, list.since_count, process);
        if (list.uncounted || value <= measure->value)
            continue;
        measure->value = value;
        json_decref(measure->offender);
        measure->offender = watcher_new(shaper, process, node, list.top);
    }
    if (json_array_size(processes) >= BG_SOURCES_PEERS)
        measure->exact = measure->exact && measure->value >= (double)least;
}

int64_t bg_pair_max(struct bg_shaper *shaper, const json_t *answer, bool *ret_exact)
{
    static const struct bg_figure figure = {.kind = BG_FIGURE_PAIR_MAX};
    const struct bg_assertion assertion = {.figure = &figure};
    struct bg_measure measure = {.value = 0};
    measure_peers(&assertion, shaper, "", answer, true, &measure);
    json_decref(measure.offender);
    *ret_exact = measure.exact;
    return measure.most > measure.value ? -1 : (int64_t)measure.value;
}

void bg_assertion_measure(const struct bg_assertion *assertion, struct bg_shaper *shaper, const char *node, const json_t *answer,
                          struct bg_measure *ret_measure)
{
    struct bg_measure measure = {.value = 0};
    shaper->source = bg_source_name(assertion->figure->source);
    if (assertion->figure->source == BG_SOURCE_PEERS) {
        measure_peers(assertion, shaper, node, answer, false, &measure);
    } else if (assertion->figure->kind == BG_FIGURE_UNCOUNTED) {
        measure_uncounted(shaper, node, answer, &measure);
    } else if (assertion->figure->source == BG_SOURCE_SCAN) {
        (assertion->figure->kind == BG_FIGURE_MAX ? measure_max : measure_over)(assertion, shaper, node, answer, &measure);
    } else {
        measure_figure(assertion->figure, shaper, node, answer, &measure);
    }
    if (!shaper->failed)
        *ret_measure = measure;
    else
        json_decref(measure.offender);
}
