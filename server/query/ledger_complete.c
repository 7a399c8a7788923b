/* ledger_complete.c: completes answers with the counted content of long lists. */
#include "shares.h"

#include <string.h>

static const char *const counts[] = {"monitors_count", "monitored_by_count", "links_count"};

/* What a list that was not counted is known to have: its number of entries if that was reported, else -1; and the most that there may be by
 * its own node's report. */
struct extent {
    json_int_t count, most;
};

static json_int_t most_of(const json_t *reported, json_int_t count)
{
    const json_t *most = json_object_get(reported, "entries_max");
    return json_is_integer(most) && json_integer_value(most) > count ? json_integer_value(most) : count;
}

static bool is_at(const json_t *peer, const char *node)
{
    const char *home = json_string_value(json_object_get(json_object_get(peer, "peer"), "node"));
    return home != NULL && strcmp(home, node) == 0;
}

/* What other nodes claim is limited to the most entries that the list may have. */
static void claims_bound(json_t *top, const char *node, json_int_t most)
{
    json_int_t claims = 0;
    for (size_t i = 0; i < json_array_size(top); i++) {
        const json_t *peer = json_array_get(top, i);
        const json_int_t count = json_integer_value(json_object_get(peer, "count"));
        claims += is_at(peer, node) ? 0 : count;
        most -= is_at(peer, node) ? count : 0;
    }
    for (size_t i = json_array_size(top); i-- > 0;) {
        json_t *peer = json_array_get(top, i), *count = json_object_get(peer, "count");
        if (!is_at(peer, node))
            (void)json_integer_set(count, bg_shares_granted(json_integer_value(count), claims, most));
        if (json_integer_value(count) == 0)
            (void)json_array_remove(top, i);
    }
}

/* A watcher's list that was too long to be copied, from the counted lists of the processes that it watches. */
static json_t *top_of_watched(const struct bg_ledger *ledger, const char *node, const char *pid, json_int_t most)
{
    json_t *top = json_array();
    const struct bg_ledger_entry *entry;
    TAILQ_FOREACH(entry, &ledger->by_use, link)
    {
        const json_int_t count = bg_shares_watches(entry, node, pid);
        if (count <= 0)
            continue;
        json_t *peer = json_is_object(entry->row) ? json_copy(entry->row) : json_object();
        (void)json_object_set_new(peer, "peer", json_pack("{s:s, s:s}", "pid", entry->pid, "node", entry->node.name));
        (void)json_object_set_new(peer, "count", json_integer(count));
        (void)json_array_append_new(top, peer);
    }
    claims_bound(top, node, most);
    return top;
}

static json_int_t top_sum(const json_t *top)
{
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(top); i++)
        sum += json_integer_value(json_object_get(json_array_get(top, i), "count"));
    return sum;
}

/* True if neither this list nor the other one of monitors and monitored_by was counted: then it is not known which of them the entries are
 * in. */
static bool is_uncounted(const struct bg_ledger_entry *entry, size_t direction, const json_t *top)
{
    const bool is_other_counted = direction < 2 && bg_shares_is_counted(entry, 1 - direction);
    return !bg_shares_is_counted(entry, direction) && !is_other_counted && json_array_size(top) == 0;
}

static bool is_any_counted(const struct bg_ledger_entry *entry)
{
    return bg_shares_is_counted(entry, 0) || bg_shares_is_counted(entry, 1);
}

static json_int_t list_count(const struct bg_ledger_entry *entry, size_t direction)
{
    const json_t *lists = entry != NULL ? entry->lists : NULL;
    return json_integer_value(json_object_get(json_object_get(lists, bg_directions[direction]), "count"));
}

/* A list that is not copied. */
static json_t *list_new(const struct bg_ledger *ledger, const struct bg_ledger_entry *entry, const char *node, const char *pid,
                        size_t direction, struct extent extent, bool is_exact)
{
    json_int_t count = extent.count;
    const json_t *list = entry != NULL ? json_object_get(entry->lists, bg_directions[direction]) : NULL;
    const bool is_counted = bg_shares_is_counted(entry, direction);
    json_int_t since = 0, distinct = json_integer_value(json_object_get(list, "distinct_count"));
    json_t *top = is_counted       ? bg_shares_new(ledger, entry, direction, count, &since)
                  : direction == 0 ? top_of_watched(ledger, node, pid, extent.most)
                                   : json_array();
    if (!is_counted && top_sum(top) > count)
        count = top_sum(top);
    if (distinct < (json_int_t)json_array_size(top))
        distinct = (json_int_t)json_array_size(top);
    return json_pack("{s:o, s:o, s:b, s:b, s:I, s:o}", "count", count < 0 ? json_null() : json_integer(count), "distinct_count",
                     is_counted ? json_integer(distinct) : json_null(), "exact", is_exact && is_counted, "uncounted",
                     !is_exact && is_uncounted(entry, direction, top), "uncounted_since_count", since, "top", top);
}

static json_int_t count_or_none(const json_t *count)
{
    return json_is_integer(count) ? json_integer_value(count) : -1;
}

/* True if the question got this number when it was sent, and computed its count from it. */
static bool was_counted(const json_t *args, const char *pid)
{
    const json_t *known = json_object_get(args, "known"), *one;
    size_t i;
    json_array_foreach(known, i, one)
    {
        if (strcmp(json_string_value(json_array_get(one, 0)), pid) == 0)
            return json_integer_value(json_array_get(one, 1)) > 0 && json_integer_value(json_array_get(one, 2)) >= 0;
    }
    return false;
}

/* The counts in an answer for lists that it did not copy, -1 if it has none; a count made meanwhile is better than its estimate. `any`,
 * unless it is -1, is the number of all entries: they are assumed to be of the kinds that were counted, so that a process without monitors
 * does not become a watcher because others monitor it more than before. */
static void counts_best(const struct bg_ledger_entry *entry, const json_t *args, const char *pid, const json_int_t reported[BG_DIRECTIONS],
                        json_int_t any, json_int_t ret_counts[BG_DIRECTIONS])
{
    const bool was_known = was_counted(args, pid),
               is_split = any >= 0 && entry != NULL && json_is_object(entry->lists) && bg_ledger_is_whole(entry);
    json_int_t total = 0;
    for (size_t i = 0; i < BG_DIRECTIONS && is_split; i++)
        total += list_count(entry, i);
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        ret_counts[i] = reported[i];
        if (!was_known && bg_shares_is_counted(entry, i))
            ret_counts[i] = list_count(entry, i);
        else if (total > 0)
            ret_counts[i] = (json_int_t)((double)list_count(entry, i) * (double)any / (double)total + 0.5);
    }
}

/* For a row: an estimate of entries of any kind is equal in both counts. */
static json_int_t any_of_row(const json_int_t reported[BG_DIRECTIONS])
{
    return reported[0] > 0 && reported[0] == reported[1] ? reported[0] : -1;
}

/* A process that did not report its name now keeps its earlier one. */
static void name_keep(const struct bg_ledger_entry *entry, json_t *row)
{
    static const char *const names[] = {"registered_name", "label", "initial_call", "started_as"};
    const json_t *kept = entry != NULL ? entry->row : NULL, *call = json_object_get(row, "initial_call");
    for (size_t i = 0; i < sizeof names / sizeof names[0] && (call == NULL || json_is_null(call)); i++)
        if (json_object_get(kept, names[i]) != NULL)
            (void)json_object_set(row, names[i], json_object_get(kept, names[i]));
}

/* Marks a row whose estimate may be of either kind. */
static void mark(json_t *row, const json_t *lists)
{
    const bool is_open = json_is_true(json_object_get(json_object_get(lists, bg_directions[0]), "uncounted")) &&
                         json_is_true(json_object_get(json_object_get(lists, bg_directions[1]), "uncounted"));
    (void)json_object_set_new(row, "uncounted", json_boolean(is_open && json_is_integer(json_object_get(row, counts[0]))));
}

static void told_of_row(const json_t *row, json_int_t ret_told[BG_DIRECTIONS])
{
    for (size_t i = 0; i < BG_DIRECTIONS; i++)
        ret_told[i] = count_or_none(json_object_get(row, counts[i]));
}

static void row_best(const struct bg_ledger_entry *entry, const json_t *args, const char *pid, const json_t *row,
                     json_int_t ret_counts[BG_DIRECTIONS])
{
    json_int_t reported[BG_DIRECTIONS];
    told_of_row(row, reported);
    if (json_is_true(json_object_get(row, "exact")))
        memcpy(ret_counts, reported, sizeof reported);
    else
        counts_best(entry, args, pid, reported, any_of_row(reported), ret_counts);
}

/* A scan's row in the form of `peers`. */
static json_t *long_new(const struct bg_ledger *ledger, const struct bg_ledger_entry *entry, const char *node, const char *pid, json_t *row,
                        const json_t *args)
{
    json_t *lists = json_object();
    json_int_t best[BG_DIRECTIONS];
    const bool is_exact = json_is_true(json_object_get(row, "exact"));
    row_best(entry, args, pid, row, best);
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        json_t *list = list_new(ledger, entry, node, pid, i, (struct extent){best[i], most_of(row, best[i])}, is_exact);
        if (json_is_integer(json_object_get(list, "count")))
            (void)json_object_set(row, counts[i], json_object_get(list, "count"));
        (void)json_object_set_new(lists, bg_directions[i], list);
    }
    mark(row, lists);
    name_keep(entry, row);
    json_t *known = json_copy(row);
    (void)json_object_set_new(known, "alive", json_true());
    const bool is_silent = json_is_true(json_object_get(row, "silent"));
    json_t *process = json_pack("{s:s, s:b, s:o, s:o, s:b}", "pid", pid, "dead", 0, "row", known, "lists", lists, "silent", is_silent);
    if (process != NULL && entry != NULL && !is_exact && is_any_counted(entry))
        (void)json_object_set_new(process, "counted_wall_ms", json_integer(entry->counted_wall_ms));
    if (process != NULL && entry != NULL && entry->is_late)
        (void)json_object_set_new(process, "late", json_true());
    if (process != NULL && json_object_get(row, "entries_max") != NULL)
        (void)json_object_set(process, "entries_max", json_object_get(row, "entries_max"));
    return process;
}

/* How many more entries its lists have than were counted, or fewer; 0 if that is little. Of which kind new entries are, and whose, is not
 * known from their number; and the owners of those that went may be gone too. */
static json_int_t change_of(const struct bg_ledger_entry *entry)
{
    json_int_t then = 0, now = 0;
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        then += entry->then[i];
        now += entry->now[i];
    }
    const json_int_t change = now - then, size = change < 0 ? -change : change;
    return size >= BG_SHARES_SINCE_MIN && size >= then / BG_SHARES_CHANGED_PART ? change : 0;
}

static void due(struct bg_ledger_entry *entry, bool is_at_once, int64_t now_us)
{
    entry->is_due = !entry->is_too_large && (entry->is_due || is_at_once || now_us - entry->counted_us > BG_SHARES_DUE_US);
}

/* Stores the present numbers of a process before they are used: the shares of other processes depend on them. */
static void note(struct bg_ledger_entry *entry, const json_int_t best[BG_DIRECTIONS], int64_t now_us)
{
    for (size_t i = 0; i < BG_DIRECTIONS; i++)
        if (best[i] >= 0)
            entry->now[i] = best[i];
    entry->now_us = now_us;
    const json_int_t change = change_of(entry);
    if (change != 0)
        due(entry, change < 0, now_us);
}

static void note_rows(const struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, const json_t *rows,
                      int64_t now_us)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *pid = bg_ledger_pid(json_object_get(row, "pid"));
        struct bg_ledger_entry *entry = bg_ledger_find(ledger, node, pid);
        json_int_t best[BG_DIRECTIONS];
        if (entry == NULL || !json_is_object(entry->lists))
            continue;
        row_best(entry, args, pid, row, best);
        note(entry, best, now_us);
    }
}

/* A list that was counted with the row, or is too long for that; if it has become short since, a question is better. */
static bool is_of_ledger(const struct bg_ledger_entry *entry, const json_t *row, int64_t entries_max)
{
    json_int_t reported[BG_DIRECTIONS];
    const bool is_exact = json_is_true(json_object_get(row, "exact"));
    bool is_same = entry != NULL && json_is_object(entry->lists);
    told_of_row(row, reported);
    for (size_t i = 0; i < BG_DIRECTIONS && is_exact && is_same; i++)
        is_same = reported[i] == list_count(entry, i);
    return is_same ||
           (json_is_false(json_object_get(row, "exact")) && json_integer_value(json_object_get(row, "entries_max")) > entries_max);
}

/* Entries of other peers have come to its lists: they must be counted again. */
static void note_due(struct bg_ledger_entry *entry, const json_t *process, int64_t now_us)
{
    const json_t *lists = json_object_get(process, "lists");
    for (size_t i = 0; i < BG_DIRECTIONS && entry != NULL; i++)
        if (json_integer_value(json_object_get(json_object_get(lists, bg_directions[i]), "uncounted_since_count")) > 0)
            due(entry, false, now_us);
}

static void complete_scan(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, json_t *answer, int64_t now_us)
{
    const int64_t entries_max = json_integer_value(json_object_get(args, "list_entries_max"));
    json_t *rows = json_object_get(answer, "rows"), *processes = json_array();
    note_rows(ledger, node, args, rows, now_us);
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *pid = bg_ledger_pid(json_object_get(row, "pid"));
        struct bg_ledger_entry *entry = bg_ledger_find(ledger, node, pid);
        if (json_is_false(json_object_get(row, "exact")) && json_is_integer(json_object_get(row, counts[0])))
            (void)json_object_set_new(row, "uncounted", json_true()); /* unless more is known of it, below */
        if (pid == NULL || !is_of_ledger(entry, row, entries_max))
            continue;
        if (entry != NULL)
            bg_ledger_use(ledger, entry);
        (void)json_array_append_new(processes, long_new(ledger, entry, node->name, pid, row, args));
        note_due(entry, json_array_get(processes, json_array_size(processes) - 1), now_us);
    }
    (void)json_object_set_new(answer, "long", processes);
}

/* The counts of a process's lists in the answer to `peers`, -1 if there is none, or a better value. */
static void process_best(const struct bg_ledger_entry *entry, const json_t *args, const json_t *process,
                         json_int_t ret_counts[BG_DIRECTIONS])
{
    const json_t *lists = json_object_get(process, "lists");
    json_int_t reported[BG_DIRECTIONS], any = -1;
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        const json_t *list = json_object_get(lists, bg_directions[i]);
        reported[i] = count_or_none(json_object_get(list, "count"));
        any = json_is_true(json_object_get(list, "any_kind")) && reported[i] > any && i < 2 ? reported[i] : any;
    }
    counts_best(entry, args, bg_ledger_pid(json_object_get(process, "pid")), reported, any, ret_counts);
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        const json_t *exact = json_object_get(json_object_get(lists, bg_directions[i]), "exact");
        ret_counts[i] = exact == NULL ? -1 : json_is_true(exact) ? reported[i] : ret_counts[i];
    }
}

/* Learns about other processes from a list that was read. */
static void note_processes(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, const json_t *processes,
                           int64_t now_us)
{
    for (size_t i = 0; i < json_array_size(processes); i++) {
        const json_t *process = json_array_get(processes, i), *lists = json_object_get(process, "lists");
        const char *pid = bg_ledger_pid(json_object_get(process, "pid"));
        struct bg_ledger_entry *entry = bg_ledger_find(ledger, node, pid);
        json_int_t best[BG_DIRECTIONS];
        for (size_t at = 0; at < BG_DIRECTIONS && pid != NULL; at++) {
            const json_t *list = json_object_get(lists, bg_directions[at]);
            if (json_is_true(json_object_get(list, "exact")))
                bg_shares_learn(ledger, node->name, pid, json_object_get(process, "row"), at, list);
        }
        if (entry == NULL || !json_is_object(entry->lists))
            continue;
        process_best(entry, args, process, best);
        note(entry, best, now_us);
    }
}

/* All its lists are short enough by now to be copied, and are not those that were counted. */
static bool is_past(const struct bg_ledger_entry *entry, const json_t *lists)
{
    bool is_same = true;
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        const json_t *list = json_object_get(lists, bg_directions[i]);
        if (!json_is_true(json_object_get(list, "exact")))
            return false;
        is_same = is_same && json_integer_value(json_object_get(list, "count")) == list_count(entry, i);
    }
    return !is_same;
}

static void complete_process(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, json_t *process,
                             int64_t now_us)
{
    const char *pid = bg_ledger_pid(json_object_get(process, "pid"));
    json_t *lists = json_object_get(process, "lists");
    struct bg_ledger_entry *entry = bg_ledger_find(ledger, node, pid);
    json_int_t best[BG_DIRECTIONS];
    bool is_estimate = false;
    if (pid == NULL)
        return;
    if (entry != NULL && json_is_object(entry->lists) && is_past(entry, lists)) {
        bg_ledger_drop(ledger, entry);
        return;
    }
    process_best(entry, args, process, best);
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        if (!json_is_false(json_object_get(json_object_get(lists, bg_directions[i]), "exact")))
            continue;
        is_estimate = true;
        (void)json_object_set_new(lists, bg_directions[i],
                                  list_new(ledger, entry, node->name, pid, i, (struct extent){best[i], most_of(process, best[i])}, false));
    }
    note_due(entry, process, now_us);
    if (is_estimate && entry != NULL && entry->is_late)
        (void)json_object_set_new(process, "late", json_true());
    if (is_estimate && entry != NULL && json_is_object(entry->lists))
        bg_ledger_use(ledger, entry);
    if (is_estimate && entry != NULL && is_any_counted(entry))
        (void)json_object_set_new(process, "counted_wall_ms", json_integer(entry->counted_wall_ms));
}

/* The watchers' entries in the watched process's list, if it was too long to be read and was counted lately: the other side has grown
 * since. */
static void complete_watched(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *pairs, json_t *answer,
                             int64_t now_us)
{
    json_t *reported = json_object_get(answer, "pairs");
    for (size_t i = 0; i < json_array_size(reported) && i < json_array_size(pairs); i++) {
        json_t *one = json_array_get(reported, i), *pair = json_array_get(pairs, i);
        const char *watcher = json_string_value(json_array_get(pair, 1)), *home = json_string_value(json_array_get(pair, 2));
        struct bg_ledger_entry *entry = bg_ledger_find(ledger, node, bg_ledger_pid(json_object_get(one, "pid")));
        if (json_is_integer(json_object_get(one, "count")) && watcher != NULL && home != NULL)
            bg_shares_learn_watched(ledger, node->name, one, watcher, home);
        if (entry != NULL && json_is_object(entry->lists) && json_is_integer(json_object_get(one, "monitored_by_count"))) {
            entry->now[1] = json_integer_value(json_object_get(one, "monitored_by_count"));
            entry->now_us = now_us;
        }
        const bool is_late = entry != NULL && now_us - entry->counted_us > BG_LEDGER_SIDE_US;
        const bool is_wanted = entry != NULL && !is_late && json_is_null(json_object_get(one, "count"));
        const json_int_t count = is_wanted && watcher != NULL && home != NULL ? bg_shares_watches(entry, home, watcher) : -1;
        if (count >= 0)
            (void)json_object_set_new(one, "count", json_integer(count));
    }
}

void bg_ledger_complete(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, json_t *answer, int64_t now_us)
{
    json_t *processes = json_object_get(answer, "processes");
    if (json_is_array(json_object_get(answer, "rows")))
        complete_scan(ledger, node, args, answer, now_us);
    note_processes(ledger, node, args, processes, now_us);
    for (size_t i = 0; i < json_array_size(processes); i++)
        complete_process(ledger, node, args, json_array_get(processes, i), now_us);
    complete_watched(ledger, node, json_object_get(args, "pairs"), answer, now_us);
}
