/* ledger.c: what long lists were made of, a list of processes by use; and completing answers with it. */
#include "ledger.h"

#include <stdlib.h>
#include <string.h>

static const char *const directions[] = {"monitors", "monitored_by", "links"};
static const char *const counts[] = {"monitors_count", "monitored_by_count", "links_count"};
#define DIRECTIONS (sizeof directions / sizeof directions[0])
#define NEVER_US (-2 * BG_LEDGER_VAIN_US)

struct bg_ledger_entry {
    struct bg_incarnation node;
    char *pid;
    json_int_t unexplained;
    json_t *row;   /* who it is, as a row tells it */
    json_t *lists; /* as the node told them, with at most BG_LEDGER_PEERS_MAX peers each; null where counting was too much */
    int64_t counted_us, counted_wall_ms;
    json_int_t weight; /* unexplained bytes, as it told them itself */
    int64_t weighed_us;
    bool is_late, is_patient; /* it has no lists as there was too little time to count them; even where nobody waited for it */
    TAILQ_ENTRY(bg_ledger_entry) link;
};

void bg_ledger_init(struct bg_ledger *ledger)
{
    *ledger = (struct bg_ledger){.count = 0};
    TAILQ_INIT(&ledger->by_use);
}

static void entry_drop(struct bg_ledger *ledger, struct bg_ledger_entry *entry)
{
    TAILQ_REMOVE(&ledger->by_use, entry, link);
    ledger->count--;
    json_decref(entry->lists);
    json_decref(entry->row);
    free(entry->pid);
    free(entry);
}

void bg_ledger_done(struct bg_ledger *ledger)
{
    for (struct bg_ledger_entry *entry = TAILQ_FIRST(&ledger->by_use), *next; entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        entry_drop(ledger, entry);
    }
}

static struct bg_ledger_entry *entry_find(const struct bg_ledger *ledger, const struct bg_incarnation *node, const char *pid)
{
    struct bg_ledger_entry *entry;
    TAILQ_FOREACH(entry, &ledger->by_use, link)
    if (pid != NULL && strcmp(entry->pid, pid) == 0 && bg_incarnation_is(&entry->node, node))
        return entry;
    return NULL;
}

static void entry_use(struct bg_ledger *ledger, struct bg_ledger_entry *entry)
{
    TAILQ_REMOVE(&ledger->by_use, entry, link);
    TAILQ_INSERT_HEAD(&ledger->by_use, entry, link);
}

static json_int_t list_count(const json_t *lists, size_t direction)
{
    return json_integer_value(json_object_get(json_object_get(lists, directions[direction]), "count"));
}

/* True if all of its lists were counted. */
static bool is_whole(const struct bg_ledger_entry *entry)
{
    for (size_t i = 0; i < DIRECTIONS; i++)
        if (!json_is_integer(json_object_get(json_object_get(entry->lists, directions[i]), "distinct_count")))
            return false;
    return true;
}

static json_t *known_new(const struct bg_ledger_entry *entry, bool is_to_be_tried, int64_t now_us)
{
    json_int_t then[DIRECTIONS] = {0};
    for (size_t i = 0; i < DIRECTIONS && !is_to_be_tried; i++)
        then[i] = json_is_object(entry->lists) ? list_count(entry->lists, i) : -1;
    const json_int_t age_ms = entry->weight > 0 ? (now_us - entry->weighed_us) / 1000 : 0;
    return json_pack("[s, I, I, I, I, I, I]", entry->pid, is_to_be_tried ? 0 : entry->unexplained, then[0], then[1], then[2], entry->weight,
                     age_ms);
}

static bool has_weight(const struct bg_ledger_entry *entry, int64_t now_us)
{
    return entry->weight > 0 && now_us - entry->weighed_us <= BG_LEDGER_WEIGHT_US;
}

json_t *bg_ledger_known(struct bg_ledger *ledger, const struct bg_incarnation *node, int64_t now_us)
{
    json_t *known = json_array();
    for (struct bg_ledger_entry *entry = TAILQ_FIRST(&ledger->by_use), *next; entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        const bool is_vain = !is_whole(entry) && now_us - entry->counted_us > BG_LEDGER_VAIN_US;
        if (strcmp(entry->node.name, node->name) != 0)
            continue;
        const bool is_to_be_tried = is_vain || (entry->is_late && !entry->is_patient);
        if (!bg_incarnation_is(&entry->node, node) || (is_vain && !has_weight(entry, now_us)))
            entry_drop(ledger, entry);
        else if (is_to_be_tried && !has_weight(entry, now_us))
            continue;
        else if (json_array_append_new(known, known_new(entry, is_to_be_tried, now_us)) != 0) {
            json_decref(known);
            return NULL;
        }
    }
    return known;
}

static const char *pid_text(const json_t *pid)
{
    return json_string_value(json_is_object(pid) ? json_object_get(pid, "pid") : pid);
}

/* True if lists are as a node tells them. */
static bool lists_are_whole(const json_t *lists)
{
    for (size_t i = 0; i < DIRECTIONS; i++) {
        const json_t *list = json_object_get(lists, directions[i]);
        if (!json_is_integer(json_object_get(list, "count")) || list_count(lists, i) < 0 || !json_is_array(json_object_get(list, "top")))
            return false;
    }
    return true;
}

static void count_scale(json_t *object, double ratio)
{
    const json_int_t count = json_integer_value(json_object_get(object, "count"));
    (void)json_object_set_new(object, "count", json_integer((json_int_t)((double)count * ratio + 0.5)));
}

/* Counted once, and since grown beyond what can be counted: of what it was made then, in that proportion. */
static void entry_grow(struct bg_ledger_entry *entry, json_int_t unexplained)
{
    const double ratio = entry->unexplained > 0 && unexplained > 0 ? (double)unexplained / (double)entry->unexplained : 1;
    entry->unexplained = unexplained;
    for (size_t i = 0; i < DIRECTIONS; i++) {
        json_t *list = json_object_get(entry->lists, directions[i]), *top = json_object_get(list, "top");
        count_scale(list, ratio);
        for (size_t at = 0; at < json_array_size(top); at++)
            count_scale(json_array_get(top, at), ratio);
    }
}

/* Of which nothing is known: counting is to be tried. */
static struct bg_ledger_entry *entry_new(struct bg_ledger *ledger, const struct bg_incarnation *node, const char *pid)
{
    struct bg_ledger_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL || (entry->pid = strdup(pid)) == NULL) {
        free(entry);
        return NULL;
    }
    entry->node = *node;
    entry->counted_us = NEVER_US;
    if (ledger->count == BG_LEDGER_MAX)
        entry_drop(ledger, TAILQ_LAST(&ledger->by_use, bg_ledger_list));
    TAILQ_INSERT_HEAD(&ledger->by_use, entry, link);
    ledger->count++;
    return entry;
}

static void entry_put(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *told, bool is_patient, int64_t now_us,
                      int64_t now_wall_ms)
{
    const bool is_late = json_is_true(json_object_get(told, "late"));
    const char *pid = pid_text(json_object_get(told, "pid"));
    json_t *lists = json_object_get(told, "lists");
    if (pid == NULL || (!json_is_null(lists) && !lists_are_whole(lists)))
        return;
    struct bg_ledger_entry *entry = entry_find(ledger, node, pid);
    if (entry != NULL && json_is_object(entry->lists) && json_is_null(lists)) {
        if (!is_late || is_patient)
            entry_grow(entry, json_integer_value(json_object_get(told, "unexplained")));
        return;
    }
    const json_int_t weight = entry != NULL ? entry->weight : 0;
    const int64_t weighed_us = entry != NULL ? entry->weighed_us : now_us;
    if (entry != NULL)
        entry_drop(ledger, entry);
    if ((entry = entry_new(ledger, node, pid)) == NULL)
        return;
    entry->weight = weight;
    entry->weighed_us = weighed_us;
    entry->unexplained = json_integer_value(json_object_get(told, "unexplained"));
    entry->lists = json_incref(lists);
    entry->row = json_incref(json_object_get(told, "row"));
    entry->is_late = is_late;
    entry->is_patient = is_patient;
    entry->counted_us = now_us;
    entry->counted_wall_ms = now_wall_ms;
    for (size_t i = 0; i < DIRECTIONS; i++) {
        json_t *top = json_object_get(json_object_get(lists, directions[i]), "top");
        while (json_array_size(top) > BG_LEDGER_PEERS_MAX)
            (void)json_array_remove(top, json_array_size(top) - 1);
    }
}

static void entry_weigh(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *told, int64_t now_us)
{
    const char *pid = pid_text(json_array_get(told, 0));
    const json_t *weight = json_array_get(told, 1);
    struct bg_ledger_entry *entry = pid != NULL ? entry_find(ledger, node, pid) : NULL;
    if (pid == NULL || !json_is_integer(weight) || (entry == NULL && (entry = entry_new(ledger, node, pid)) == NULL))
        return;
    entry->weight = json_integer_value(weight);
    entry->weighed_us = now_us;
}

json_t *bg_ledger_take(struct bg_ledger *ledger, const struct bg_incarnation *node, json_t *answer, bool is_patient, int64_t now_us,
                       int64_t now_wall_ms)
{
    json_t *counted = json_object_get(answer, "counted"), *late = json_array();
    for (size_t i = 0; i < json_array_size(counted); i++) {
        const json_t *told = json_array_get(counted, i);
        const char *pid = pid_text(json_object_get(told, "pid"));
        entry_put(ledger, node, told, is_patient, now_us, now_wall_ms);
        if (pid != NULL && json_is_true(json_object_get(told, "late")))
            (void)json_array_append_new(late, json_string(pid));
    }
    const json_t *weighed = json_object_get(answer, "weighed");
    for (size_t i = 0; i < json_array_size(weighed); i++)
        entry_weigh(ledger, node, json_array_get(weighed, i), now_us);
    (void)json_object_del(answer, "counted");
    (void)json_object_del(answer, "weighed");
    return late;
}

/* How many entries of a watcher the kept list of a process watched has, or -1. */
static json_int_t watches(const struct bg_ledger_entry *watched, const char *node, const char *pid)
{
    const json_t *top = json_object_get(json_object_get(watched->lists, "monitored_by"), "top");
    for (size_t i = 0; i < json_array_size(top); i++) {
        const json_t *peer = json_object_get(json_array_get(top, i), "peer");
        const char *peer_pid = json_string_value(json_object_get(peer, "pid")),
                   *peer_node = json_string_value(json_object_get(peer, "node"));
        if (peer_pid != NULL && peer_node != NULL && strcmp(peer_pid, pid) == 0 && strcmp(peer_node, node) == 0)
            return json_integer_value(json_object_get(json_array_get(top, i), "count"));
    }
    return -1;
}

/* A watcher's list that was too much to be copied, as those tell it who are watched and were counted. */
static json_t *top_of_watched(const struct bg_ledger *ledger, const char *node, const char *pid)
{
    json_t *top = json_array();
    const struct bg_ledger_entry *entry;
    TAILQ_FOREACH(entry, &ledger->by_use, link)
    {
        const json_int_t count = watches(entry, node, pid);
        if (count <= 0)
            continue;
        json_t *peer = json_is_object(entry->row) ? json_copy(entry->row) : json_object();
        (void)json_object_set_new(peer, "peer", json_pack("{s:s, s:s}", "pid", entry->pid, "node", entry->node.name));
        (void)json_object_set_new(peer, "count", json_integer(count));
        (void)json_array_append_new(top, peer);
    }
    return top;
}

static json_int_t top_sum(const json_t *top)
{
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(top); i++)
        sum += json_integer_value(json_object_get(json_array_get(top, i), "count"));
    return sum;
}

/* The kept peers' shares of what the list has now. */
static json_t *top_scaled(const json_t *list, json_int_t count)
{
    const json_t *kept = json_object_get(list, "top");
    const json_int_t then = json_integer_value(json_object_get(list, "count"));
    json_t *top = json_array();
    for (size_t i = 0; i < json_array_size(kept); i++) {
        json_t *peer = json_copy(json_array_get(kept, i));
        const json_int_t share = json_integer_value(json_object_get(peer, "count"));
        const json_int_t now = then > 0 ? (json_int_t)((double)share * (double)count / (double)then + 0.5) : share;
        (void)json_object_set_new(peer, "count", json_integer(now));
        (void)json_array_append_new(top, peer);
    }
    return top;
}

static bool was_ever_counted(const struct bg_ledger_entry *entry, size_t direction)
{
    const json_t *list = entry != NULL ? json_object_get(entry->lists, directions[direction]) : NULL;
    return json_is_integer(json_object_get(list, "distinct_count"));
}

/* True if nobody has counted the list, nor the other one of monitors and monitored_by: it is open then which of them the entries are in. */
static bool is_uncounted(const struct bg_ledger_entry *entry, size_t direction, const json_t *top)
{
    const bool is_other_counted = direction < 2 && was_ever_counted(entry, 1 - direction);
    return !was_ever_counted(entry, direction) && !is_other_counted && json_array_size(top) == 0;
}

static bool is_any_counted(const struct bg_ledger_entry *entry)
{
    return was_ever_counted(entry, 0) || was_ever_counted(entry, 1);
}

/* One list that is not copied, of so many entries (-1: unknown). */
static json_t *list_new(const struct bg_ledger *ledger, const struct bg_ledger_entry *entry, const char *node, const char *pid,
                        size_t direction, json_int_t count, bool is_exact)
{
    const json_t *list = entry != NULL ? json_object_get(entry->lists, directions[direction]) : NULL;
    const bool is_counted = was_ever_counted(entry, direction);
    json_t *top = is_counted ? top_scaled(list, count) : direction == 0 ? top_of_watched(ledger, node, pid) : json_array();
    if (!is_counted && top_sum(top) > count)
        count = top_sum(top);
    json_t *distinct = is_counted ? json_incref(json_object_get(list, "distinct_count")) : json_null();
    return json_pack("{s:o, s:o, s:b, s:b, s:o}", "count", count < 0 ? json_null() : json_integer(count), "distinct_count", distinct,
                     "exact", is_exact && is_counted, "uncounted", !is_exact && is_uncounted(entry, direction, top), "top", top);
}

static json_int_t count_or_none(const json_t *count)
{
    return json_is_integer(count) ? json_integer_value(count) : -1;
}

/* True if the question was reported so when it was sent, and has made its count of that. */
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

/* What an answer tells of lists that it did not copy, -1 where it tells nothing; but what was counted while it was on its way is better
 * than its estimate. `any`, unless it is -1, is how many entries there are in all: they are taken to be of the kinds that were counted, so
 * that who monitored nobody is not called a watcher because others monitor him more than before. */
static void counts_best(const struct bg_ledger_entry *entry, const json_t *args, const char *pid, const json_int_t told[DIRECTIONS],
                        json_int_t any, json_int_t ret_counts[DIRECTIONS])
{
    const bool was_known = was_counted(args, pid), is_split = any >= 0 && entry != NULL && json_is_object(entry->lists) && is_whole(entry);
    json_int_t total = 0;
    for (size_t i = 0; i < DIRECTIONS && is_split; i++)
        total += list_count(entry->lists, i);
    for (size_t i = 0; i < DIRECTIONS; i++) {
        ret_counts[i] = told[i];
        if (!was_known && was_ever_counted(entry, i))
            ret_counts[i] = list_count(entry->lists, i);
        else if (total > 0)
            ret_counts[i] = (json_int_t)((double)list_count(entry->lists, i) * (double)any / (double)total + 0.5);
    }
}

/* Of a row: an estimate of entries of any kind has the same of either. */
static json_int_t any_of_row(const json_int_t told[DIRECTIONS])
{
    return told[0] > 0 && told[0] == told[1] ? told[0] : -1;
}

/* Who did not tell who he is now is who he was. */
static void name_keep(const struct bg_ledger_entry *entry, json_t *row)
{
    static const char *const names[] = {"registered_name", "label", "initial_call", "started_as"};
    const json_t *kept = entry != NULL ? entry->row : NULL, *call = json_object_get(row, "initial_call");
    for (size_t i = 0; i < sizeof names / sizeof names[0] && (call == NULL || json_is_null(call)); i++)
        if (json_object_get(kept, names[i]) != NULL)
            (void)json_object_set(row, names[i], json_object_get(kept, names[i]));
}

/* Marks a row whose estimate may be of either. */
static void mark(json_t *row, const json_t *lists)
{
    const bool is_open = json_is_true(json_object_get(json_object_get(lists, directions[0]), "uncounted")) &&
                         json_is_true(json_object_get(json_object_get(lists, directions[1]), "uncounted"));
    (void)json_object_set_new(row, "uncounted", json_boolean(is_open && json_is_integer(json_object_get(row, counts[0]))));
}

/* A scan's row as `peers` would tell its process. */
static json_t *long_new(const struct bg_ledger *ledger, const struct bg_ledger_entry *entry, const char *node, const char *pid, json_t *row,
                        const json_t *args)
{
    json_t *lists = json_object();
    json_int_t told[DIRECTIONS], best[DIRECTIONS];
    const bool is_exact = json_is_true(json_object_get(row, "exact"));
    for (size_t i = 0; i < DIRECTIONS; i++)
        told[i] = count_or_none(json_object_get(row, counts[i]));
    counts_best(entry, args, pid, told, any_of_row(told), best);
    for (size_t i = 0; i < DIRECTIONS; i++) {
        json_t *list = list_new(ledger, entry, node, pid, i, is_exact ? told[i] : best[i], is_exact);
        if (json_is_integer(json_object_get(list, "count")))
            (void)json_object_set(row, counts[i], json_object_get(list, "count"));
        (void)json_object_set_new(lists, directions[i], list);
    }
    mark(row, lists);
    name_keep(entry, row);
    json_t *known = json_copy(row);
    (void)json_object_set_new(known, "alive", json_true());
    const bool is_silent = json_is_true(json_object_get(row, "silent"));
    json_t *process = json_pack("{s:s, s:b, s:o, s:o, s:b}", "pid", pid, "dead", 0, "row", known, "lists", lists, "silent", is_silent);
    if (process != NULL && !is_exact && is_any_counted(entry))
        (void)json_object_set_new(process, "counted_wall_ms", json_integer(entry->counted_wall_ms));
    if (process != NULL && entry != NULL && entry->is_late)
        (void)json_object_set_new(process, "late", json_true());
    if (process != NULL && json_object_get(row, "entries_max") != NULL)
        (void)json_object_set(process, "entries_max", json_object_get(row, "entries_max"));
    return process;
}

static void complete_scan(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, json_t *answer)
{
    const int64_t entries_max = json_integer_value(json_object_get(args, "list_entries_max"));
    json_t *rows = json_object_get(answer, "rows"), *processes = json_array();
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        const char *pid = pid_text(json_object_get(row, "pid"));
        struct bg_ledger_entry *entry = entry_find(ledger, node, pid);
        const bool is_long =
            json_is_false(json_object_get(row, "exact")) && json_integer_value(json_object_get(row, "entries_max")) > entries_max;
        const bool is_counted = entry != NULL && json_is_object(entry->lists);
        if (json_is_false(json_object_get(row, "exact")) && json_is_integer(json_object_get(row, counts[0])))
            (void)json_object_set_new(row, "uncounted", json_true()); /* unless more is known of it, below */
        if (pid == NULL || (!is_long && !is_counted))
            continue;
        if (entry != NULL)
            entry_use(ledger, entry);
        (void)json_array_append_new(processes, long_new(ledger, entry, node->name, pid, row, args));
    }
    (void)json_object_set_new(answer, "long", processes);
}

static void complete_process(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, json_t *process)
{
    const char *pid = pid_text(json_object_get(process, "pid"));
    json_t *lists = json_object_get(process, "lists");
    struct bg_ledger_entry *entry = entry_find(ledger, node, pid);
    json_int_t told[DIRECTIONS], best[DIRECTIONS], any = -1;
    bool is_estimate = false;
    for (size_t i = 0; i < DIRECTIONS; i++) {
        const json_t *list = json_object_get(lists, directions[i]);
        told[i] = count_or_none(json_object_get(list, "count"));
        any = json_is_true(json_object_get(list, "any_kind")) && told[i] > any && i < 2 ? told[i] : any;
    }
    counts_best(entry, args, pid, told, any, best);
    for (size_t i = 0; i < DIRECTIONS && pid != NULL; i++) {
        if (!json_is_false(json_object_get(json_object_get(lists, directions[i]), "exact")))
            continue;
        is_estimate = true;
        (void)json_object_set_new(lists, directions[i], list_new(ledger, entry, node->name, pid, i, best[i], false));
    }
    if (is_estimate && entry != NULL && entry->is_late)
        (void)json_object_set_new(process, "late", json_true());
    if (is_estimate && entry != NULL && json_is_object(entry->lists))
        entry_use(ledger, entry);
    if (is_estimate && is_any_counted(entry))
        (void)json_object_set_new(process, "counted_wall_ms", json_integer(entry->counted_wall_ms));
}

/* What the watched has of the watchers' entries, where its list was too long to be looked at, and was counted lately: the other side has
 * grown since. */
static void complete_watched(const struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *pairs, json_t *answer,
                             int64_t now_us)
{
    json_t *told = json_object_get(answer, "pairs");
    for (size_t i = 0; i < json_array_size(told) && i < json_array_size(pairs); i++) {
        json_t *one = json_array_get(told, i), *pair = json_array_get(pairs, i);
        const char *watcher = json_string_value(json_array_get(pair, 1)), *home = json_string_value(json_array_get(pair, 2));
        const struct bg_ledger_entry *entry = entry_find(ledger, node, pid_text(json_object_get(one, "pid")));
        const bool is_late = entry != NULL && now_us - entry->counted_us > BG_LEDGER_SIDE_US;
        const bool is_wanted = entry != NULL && !is_late && json_is_null(json_object_get(one, "count"));
        const json_int_t count = is_wanted && watcher != NULL && home != NULL ? watches(entry, home, watcher) : -1;
        if (count >= 0)
            (void)json_object_set_new(one, "count", json_integer(count));
    }
}

void bg_ledger_complete(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *args, json_t *answer, int64_t now_us)
{
    json_t *processes = json_object_get(answer, "processes");
    if (json_is_array(json_object_get(answer, "rows")))
        complete_scan(ledger, node, args, answer);
    for (size_t i = 0; i < json_array_size(processes); i++)
        complete_process(ledger, node, args, json_array_get(processes, i));
    complete_watched(ledger, node, json_object_get(args, "pairs"), answer, now_us);
}
