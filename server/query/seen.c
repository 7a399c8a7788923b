/* seen.c: keeps the last report of processes with many entries, and uses it when they do not report. */
#include "seen.h"

#include <stdbool.h>
#include <string.h>

/* The rankings by entries first. */
static const struct {
    const char *key, *field;
    bool is_relation;
} rankings[] = {{"monitors", "monitors_count", true},  {"monitored_by", "monitored_by_count", true},
                {"links", "links_count", true},        {"memory", "memory", false},
                {"off_heap", "off_heap_bytes", false}, {"total_heap", "total_heap_size", false}};
#define RANKINGS (sizeof rankings / sizeof rankings[0])
#define RELATIONS 3

void bg_seen_init(struct bg_seen *seen)
{
    seen->by_node = json_object();
}

void bg_seen_done(struct bg_seen *seen)
{
    json_decref(seen->by_node);
    seen->by_node = NULL;
}

/* {pid: {row, lists, at_ms}} since the node's link came up; NULL if there is none. Borrowed. */
static json_t *kept_of(const struct bg_seen *seen, const struct bg_incarnation *node)
{
    const json_t *kept = json_object_get(seen->by_node, node->name);
    const bool is_same = kept != NULL && (uint64_t)json_integer_value(json_object_get(kept, "generation")) == node->generation &&
                         json_integer_value(json_object_get(kept, "since_ms")) == node->since_wall_ms;
    return is_same ? json_object_get(kept, "rows") : NULL;
}

static const char *pid_of(const json_t *object)
{
    const json_t *pid = json_object_get(object, "pid");
    return json_string_value(json_is_object(pid) ? json_object_get(pid, "pid") : pid);
}

static json_int_t count_of(const json_t *object, const char *field)
{
    const json_t *count = json_object_get(object, field);
    return json_is_integer(count) ? json_integer_value(count) : -1;
}

static json_int_t entries_of(const json_t *row)
{
    json_int_t most = 0;
    for (size_t i = 0; i < RELATIONS; i++)
        most = count_of(row, rankings[i].field) > most ? count_of(row, rankings[i].field) : most;
    return most;
}

/* The index of the row, or process, of that pid; the size of the array if there is none. */
static size_t place_of(const json_t *objects, const char *pid)
{
    size_t place = 0;
    while (place < json_array_size(objects)) {
        const char *other = pid_of(json_array_get(objects, place));
        if (other != NULL && strcmp(other, pid) == 0)
            break;
        place++;
    }
    return place;
}

static bool is_named(const json_t *skipped, const char *pid)
{
    size_t i = 0;
    for (; i < json_array_size(skipped); i++) {
        const json_t *one = json_array_get(skipped, i);
        const char *text = json_string_value(json_is_object(one) ? json_object_get(one, "pid") : one);
        if (text != NULL && strcmp(text, pid) == 0)
            break;
    }
    return i < json_array_size(skipped);
}

/* True if the kept report is better than what the scan has about the process. Without a report the scan uses the allocators' total, which
 * is better if the kept report is only such a total too, or if the total is now half as much again. */
static bool is_silent(const json_t *answer, const char *pid, const json_t *one, const json_t *row, int64_t now_wall_ms)
{
    const json_t *skipped = json_object_get(answer, "skipped");
    const json_t *then = json_object_get(one, "row");
    const bool is_lost = json_is_true(json_object_get(row, "silent")), was_lost = json_is_true(json_object_get(then, "silent"));
    if (row != NULL && count_of(row, "monitors_count") >= 0)
        return is_lost && !was_lost && entries_of(row) <= entries_of(then) / 2 * 3;
    if (is_named(skipped, pid))
        return true;
    const bool are_all_named = count_of(answer, "skipped_count") <= (json_int_t)json_array_size(skipped);
    return !are_all_named && (row != NULL || now_wall_ms - count_of(one, "at_ms") <= BG_SEEN_UNNAMED_MS);
}

/* Moves the row of that index to its place in the ranking; a row that drops out at the end is the bound of processes that are not listed.
 */
static void rank(json_t *answer, size_t at, size_t index, json_int_t limit)
{
    const json_t *rows = json_object_get(answer, "rows");
    json_t *ranking = json_object_get(json_object_get(answer, "rankings"), rankings[at].key);
    const json_int_t value = count_of(json_array_get(rows, index), rankings[at].field);
    size_t place = 0;
    for (size_t i = json_array_size(ranking); i-- > 0;)
        if (json_integer_value(json_array_get(ranking, i)) == (json_int_t)index)
            (void)json_array_remove(ranking, i);
    while (place < json_array_size(ranking) &&
           count_of(json_array_get(rows, (size_t)json_integer_value(json_array_get(ranking, place))), rankings[at].field) >= value)
        place++;
    if (!json_is_array(ranking) || value <= 0)
        return;
    (void)json_object_set_new(json_object_get(answer, "exact"), rankings[at].key, json_false());
    (void)json_array_insert_new(ranking, place, json_integer((json_int_t)index));
    if (limit <= 0 || json_array_size(ranking) <= (size_t)limit)
        return;
    const json_int_t last = json_integer_value(json_array_get(ranking, json_array_size(ranking) - 1));
    const json_int_t most = count_of(json_array_get(rows, (size_t)last), rankings[at].field);
    json_t *bounds = json_object_get(answer, "next_bound");
    if (rankings[at].is_relation && most > count_of(bounds, rankings[at].key))
        (void)json_object_set_new(bounds, rankings[at].key, json_integer(most));
    (void)json_array_remove(ranking, json_array_size(ranking) - 1);
}

/* True if the peers of its entries were not known, and are still not known. */
static bool is_open(const json_t *one)
{
    const json_t *lists = json_object_get(one, "lists");
    return json_is_true(json_object_get(json_object_get(one, "row"), "uncounted")) &&
           json_array_size(json_object_get(json_object_get(lists, rankings[0].key), "top")) == 0 &&
           json_array_size(json_object_get(json_object_get(lists, rankings[1].key), "top")) == 0;
}

/* Its last report, without what cannot be known now; the emulator's figures are current. */
static json_t *row_new(const json_t *one, const json_t *fresh, int64_t now_wall_ms)
{
    static const char *const free_items[] = {"message_queue_len", "reductions", "stack_size"};
    json_t *row = json_copy(json_object_get(one, "row"));
    const json_int_t age_ms = now_wall_ms - count_of(one, "at_ms");
    for (size_t i = 0; i < sizeof free_items / sizeof free_items[0]; i++)
        if (count_of(fresh, free_items[i]) > 0)
            (void)json_object_set(row, free_items[i], json_object_get(fresh, free_items[i]));
    (void)json_object_set_new(row, "status", json_null());
    (void)json_object_set_new(row, "exact", json_false());
    if (count_of(row, "entries_max") < 0)
        (void)json_object_set_new(row, "entries_max", json_integer(entries_of(row)));
    (void)json_object_set_new(row, "uncounted", json_boolean(is_open(one)));
    (void)json_object_set_new(row, "silent", json_true());
    (void)json_object_set_new(row, "age_ms", json_integer(age_ms > 0 ? age_ms : 0));
    return row;
}

static json_t *list_new(const json_t *one, size_t at)
{
    const json_t *list = json_object_get(json_object_get(one, "lists"), rankings[at].key);
    json_t *known = json_is_array(json_object_get(list, "top")) ? json_copy((json_t *)(uintptr_t)list)
                                                                : json_pack("{s:n, s:[]}", "distinct_count", "top");
    const json_int_t count = count_of(json_object_get(one, "row"), rankings[at].field);
    (void)json_object_set_new(known, "count", count < 0 ? json_null() : json_integer(count));
    (void)json_object_set_new(known, "exact", json_false());
    (void)json_object_set_new(known, "uncounted", json_boolean(is_open(one)));
    return known;
}

/* The row's process in the form of `peers`. */
static json_t *process_new(const json_t *one, const json_t *row, const char *pid)
{
    json_t *known = json_copy((json_t *)(uintptr_t)row), *lists = json_object();
    (void)json_object_set_new(known, "alive", json_null());
    for (size_t i = 0; i < RELATIONS; i++)
        (void)json_object_set_new(lists, rankings[i].key, list_new(one, i));
    return json_pack("{s:s, s:b, s:o, s:o, s:b, s:O, s:O}", "pid", pid, "dead", 0, "row", known, "lists", lists, "silent", 1, "age_ms",
                     json_object_get(row, "age_ms"), "entries_max", json_object_get(row, "entries_max"));
}

static void restore(const json_t *kept, const json_t *args, json_t *answer, int64_t now_wall_ms)
{
    json_t *rows = json_object_get(answer, "rows"), *processes = json_object_get(answer, "long"), *one;
    const bool is_asc =
        strcmp("asc", json_is_string(json_object_get(args, "order")) ? json_string_value(json_object_get(args, "order")) : "") == 0;
    const char *pid;
    json_object_foreach((json_t *)(uintptr_t)kept, pid, one)
    {
        const size_t index = place_of(rows, pid), place = place_of(processes, pid);
        const json_t *fresh = json_array_get(rows, index);
        if (!is_silent(answer, pid, one, fresh, now_wall_ms))
            continue;
        json_t *row = row_new(one, fresh, now_wall_ms);
        (void)json_array_append_new(processes, process_new(one, row, pid));
        if (place < json_array_size(processes) - 1)
            (void)json_array_remove(processes, place);
        (void)(fresh != NULL ? json_array_set_new(rows, index, row) : json_array_append_new(rows, row));
        for (size_t at = 0; at < RANKINGS; at++)
            if (rankings[at].is_relation || !is_asc)
                rank(answer, at, index, json_integer_value(json_object_get(args, "limit")));
    }
}

/* The first peers; they are shared with the answer. */
static json_t *list_cut(const json_t *list)
{
    const json_t *all = json_object_get(list, "top");
    json_t *top = json_array();
    for (size_t i = 0; i < json_array_size(all) && i < BG_SEEN_PEERS_MAX; i++)
        (void)json_array_append(top, json_array_get(all, i));
    json_t *cut = json_object();
    (void)json_object_set(cut, "distinct_count", json_object_get(list, "distinct_count"));
    (void)json_object_set_new(cut, "top", top);
    return cut;
}

/* A list without peers, although there are some, is not better than one with peers. */
static void lists_keep(json_t *one, const json_t *process)
{
    json_t *kept = json_object_get(one, "lists");
    for (size_t i = 0; i < RELATIONS; i++) {
        const json_t *list = json_object_get(json_object_get(process, "lists"), rankings[i].key);
        if (json_array_size(json_object_get(list, "top")) > 0)
            (void)json_object_set_new(kept, rankings[i].key, list_cut(list));
    }
}

static bool is_uncounted(const json_t *list)
{
    return list != NULL && !json_is_integer(json_object_get(list, "distinct_count")) && json_array_size(json_object_get(list, "top")) == 0;
}

/* The memory outside the heap of a process whose monitors, or whose watchers, could not be counted: all of it may be these entries; else 0.
 */
static json_int_t uncounted_bytes(const json_t *row, const json_t *process)
{
    const json_t *lists = json_object_get(process, "lists");
    const json_t *monitors = json_object_get(lists, rankings[0].key), *monitored_by = json_object_get(lists, rankings[1].key);
    const bool is_either = is_uncounted(monitors) || is_uncounted(monitored_by);
    const bool are_all = (is_uncounted(monitors) || count_of(monitors, "count") == 0) &&
                         (is_uncounted(monitored_by) || count_of(monitored_by, "count") == 0);
    return is_either && are_all && count_of(row, "off_heap_bytes") > 0 ? count_of(row, "off_heap_bytes") : 0;
}

static void row_keep(json_t *rows, const json_t *before, json_t *row, const json_t *processes, int64_t now_wall_ms)
{
    const char *pid = pid_of(row);
    json_t *old = json_object_get(before, pid);
    if (pid == NULL || json_object_get(rows, pid) != NULL || entries_of(row) < BG_SEEN_ENTRIES_MIN)
        return;
    if (json_object_get(row, "age_ms") != NULL && old != NULL) {
        (void)json_object_set(rows, pid, old);
        return;
    }
    json_t *lists = json_is_object(json_object_get(old, "lists")) ? json_copy(json_object_get(old, "lists")) : json_object();
    const json_t *process = json_array_get(processes, place_of(processes, pid));
    json_t *one = json_pack("{s:O, s:o, s:I, s:I}", "row", row, "lists", lists, "uncounted_bytes", uncounted_bytes(row, process), "at_ms",
                            (json_int_t)now_wall_ms);
    lists_keep(one, process);
    (void)json_object_set_new(rows, pid, one);
}

static void keep(struct bg_seen *seen, const struct bg_incarnation *node, const json_t *answer, int64_t now_wall_ms)
{
    const json_t *rows = json_object_get(answer, "rows"), *processes = json_object_get(answer, "long");
    const json_t *before = kept_of(seen, node);
    json_t *kept = json_object();
    for (size_t at = 0; at < RELATIONS; at++) {
        const json_t *ranking = json_object_get(json_object_get(answer, "rankings"), rankings[at].key);
        for (size_t i = 0; i < json_array_size(ranking) && i < BG_SEEN_ROWS_MAX; i++)
            row_keep(kept, before, json_array_get(rows, (size_t)json_integer_value(json_array_get(ranking, i))), processes, now_wall_ms);
    }
    json_t *entry = json_pack("{s:I, s:I, s:I, s:o}", "generation", (json_int_t)node->generation, "since_ms",
                              (json_int_t)node->since_wall_ms, "monitor_bytes", count_of(answer, "monitor_bytes"), "rows", kept);
    (void)json_object_del(seen->by_node, node->name);
    if (json_object_size(seen->by_node) >= BG_SEEN_NODES_MAX)
        (void)json_object_del(seen->by_node, json_object_iter_key(json_object_iter(seen->by_node)));
    (void)json_object_set_new(seen->by_node, node->name, entry);
}

/* If a process does not report its peers, the count of a list is null. */
static void complete_process(json_t *one, json_t *process, int64_t now_wall_ms)
{
    json_t *lists = json_object_get(process, "lists");
    const json_int_t age_ms = now_wall_ms - count_of(one, "at_ms");
    lists_keep(one, process);
    for (size_t i = 0; i < RELATIONS; i++) {
        if (!json_is_null(json_object_get(json_object_get(lists, rankings[i].key), "count")))
            continue;
        (void)json_object_set_new(lists, rankings[i].key, list_new(one, i));
        (void)json_object_set_new(process, "silent", json_true());
        (void)json_object_set(process, "entries_max", json_object_get(json_object_get(one, "row"), "entries_max"));
        (void)json_object_set_new(process, "age_ms", json_integer(age_ms > 0 ? age_ms : 0));
    }
}

void bg_seen_complete(struct bg_seen *seen, const struct bg_incarnation *node, const json_t *args, json_t *answer, int64_t now_wall_ms)
{
    const json_t *processes = json_object_get(answer, "processes");
    if (json_is_array(json_object_get(answer, "long")) && json_object_get(args, "window_ms") == NULL) {
        restore(kept_of(seen, node), args, answer, now_wall_ms);
        keep(seen, node, answer, now_wall_ms);
    }
    for (size_t i = 0; i < json_array_size(processes); i++) {
        json_t *process = json_array_get(processes, i);
        const char *pid = pid_of(process);
        json_t *one = pid != NULL ? json_object_get(kept_of(seen, node), pid) : NULL;
        if (one != NULL)
            complete_process(one, process, now_wall_ms);
    }
}
