/* ledger.c: the counted content of long lists, a list of processes by use. */
#include "ledger.h"

#include "bounded.h"
#include "shares.h"

#include <stdlib.h>
#include <string.h>

#define NEVER_US (-2 * BG_LEDGER_VAIN_US)

void bg_ledger_init(struct bg_ledger *ledger)
{
    *ledger = (struct bg_ledger){.count = 0};
    TAILQ_INIT(&ledger->by_use);
}

void bg_ledger_drop(struct bg_ledger *ledger, struct bg_ledger_entry *entry)
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
        bg_ledger_drop(ledger, entry);
    }
}

void bg_ledger_forget(struct bg_ledger *ledger, const char *node)
{
    for (struct bg_ledger_entry *entry = TAILQ_FIRST(&ledger->by_use), *next; entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (strcmp(entry->node.name, node) == 0)
            bg_ledger_drop(ledger, entry);
    }
}

struct bg_ledger_entry *bg_ledger_find(const struct bg_ledger *ledger, const struct bg_incarnation *node, const char *pid)
{
    struct bg_ledger_entry *entry;
    TAILQ_FOREACH(entry, &ledger->by_use, link)
    if (pid != NULL && strcmp(entry->pid, pid) == 0 && bg_incarnation_is(&entry->node, node))
        return entry;
    return NULL;
}

void bg_ledger_use(struct bg_ledger *ledger, struct bg_ledger_entry *entry)
{
    TAILQ_REMOVE(&ledger->by_use, entry, link);
    TAILQ_INSERT_HEAD(&ledger->by_use, entry, link);
}

static json_int_t list_count(const json_t *lists, size_t direction)
{
    return json_integer_value(json_object_get(json_object_get(lists, bg_directions[direction]), "count"));
}

bool bg_ledger_is_whole(const struct bg_ledger_entry *entry)
{
    for (size_t i = 0; i < BG_DIRECTIONS; i++)
        if (!bg_shares_is_counted(entry, i))
            return false;
    return true;
}

static json_t *known_new(const struct bg_ledger_entry *entry, bool is_to_be_tried, int64_t now_us)
{
    json_int_t then[BG_DIRECTIONS] = {0};
    for (size_t i = 0; i < BG_DIRECTIONS && !is_to_be_tried; i++)
        then[i] = json_is_object(entry->lists) ? entry->then[i] : -1;
    const json_int_t age_ms = entry->weight > 0 ? (now_us - entry->weighed_us) / 1000 : 0;
    return json_pack("[s, I, I, I, I, I, I]", entry->pid, is_to_be_tried ? 0 : entry->unexplained, then[0], then[1], then[2], entry->weight,
                     age_ms);
}

static bool has_weight(const struct bg_ledger_entry *entry, int64_t now_us)
{
    return entry->weight > 0 && now_us - entry->weighed_us <= BG_LEDGER_WEIGHT_US;
}

json_t *bg_ledger_known(struct bg_ledger *ledger, const struct bg_incarnation *node, bool is_patient, int64_t now_us)
{
    json_t *known = json_array();
    for (struct bg_ledger_entry *entry = TAILQ_FIRST(&ledger->by_use), *next; entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        const bool is_vain = !bg_ledger_is_whole(entry) && now_us - entry->counted_us > BG_LEDGER_VAIN_US;
        if (strcmp(entry->node.name, node->name) != 0)
            continue;
        const bool is_to_be_tried = is_vain || (entry->is_late && !entry->is_patient) || (entry->is_due && is_patient);
        if (!bg_incarnation_is(&entry->node, node) || (is_vain && !has_weight(entry, now_us)))
            bg_ledger_drop(ledger, entry);
        else if (is_to_be_tried && !has_weight(entry, now_us))
            continue;
        else if (json_array_append_new(known, known_new(entry, is_to_be_tried, now_us)) != 0) {
            json_decref(known);
            return NULL;
        }
    }
    return known;
}

const char *bg_ledger_pid(const json_t *pid)
{
    return json_string_value(json_is_object(pid) ? json_object_get(pid, "pid") : pid);
}

/* True if lists have the form of a node's report. */
static bool lists_are_whole(const json_t *lists)
{
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        const json_t *list = json_object_get(lists, bg_directions[i]);
        if (!json_is_integer(json_object_get(list, "count")) || list_count(lists, i) < 0 || !json_is_array(json_object_get(list, "top")))
            return false;
    }
    return true;
}

/* Counted once, and now too long to be counted: each list is assumed to have grown in proportion. */
static void entry_grow(struct bg_ledger_entry *entry, json_int_t unexplained)
{
    const double ratio = entry->unexplained > 0 && unexplained > 0 ? (double)unexplained / (double)entry->unexplained : 1;
    entry->unexplained = unexplained;
    entry->is_due = false;
    entry->is_too_large = true;
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        const double then = (double)entry->then[i] * ratio + 0.5;
        entry->then[i] = then < (double)BG_BOUNDED_COUNT_MAX ? (json_int_t)then : BG_BOUNDED_COUNT_MAX;
    }
}

/* True if a known list was too long this time. */
static bool is_less(const json_t *lists, const struct bg_ledger_entry *entry)
{
    bool is_one = false;
    for (size_t i = 0; i < BG_DIRECTIONS; i++)
        is_one = is_one || (bg_shares_is_counted(entry, i) &&
                            !json_is_integer(json_object_get(json_object_get(lists, bg_directions[i]), "distinct_count")));
    return is_one;
}

/* The one that was used longest ago; of this node, if it has more than half of all, so that no node can drive out the others'. */
static struct bg_ledger_entry *entry_to_evict(const struct bg_ledger *ledger, const char *node)
{
    struct bg_ledger_entry *entry, *own = NULL;
    size_t count = 0;
    TAILQ_FOREACH(entry, &ledger->by_use, link)
    if (strcmp(entry->node.name, node) == 0) {
        count++;
        own = entry;
    }
    return count > BG_LEDGER_MAX / 2 ? own : TAILQ_LAST(&ledger->by_use, bg_ledger_list);
}

/* A process of which nothing is known: counting must be tried. */
static struct bg_ledger_entry *entry_new(struct bg_ledger *ledger, const struct bg_incarnation *node, const char *pid)
{
    struct bg_ledger_entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL || (entry->pid = strdup(pid)) == NULL) {
        free(entry);
        return NULL;
    }
    entry->node = *node;
    entry->counted_us = entry->asked_us = NEVER_US;
    if (ledger->count == BG_LEDGER_MAX)
        bg_ledger_drop(ledger, entry_to_evict(ledger, node->name));
    TAILQ_INSERT_HEAD(&ledger->by_use, entry, link);
    ledger->count++;
    return entry;
}

static void entry_put(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *reported, bool is_patient, int64_t now_us,
                      int64_t now_wall_ms)
{
    const bool is_late = json_is_true(json_object_get(reported, "late"));
    const char *pid = bg_ledger_pid(json_object_get(reported, "pid"));
    json_t *lists = json_object_get(reported, "lists");
    if (pid == NULL || (!json_is_null(lists) && !lists_are_whole(lists)))
        return;
    struct bg_ledger_entry *entry = bg_ledger_find(ledger, node, pid);
    if (entry != NULL && json_is_object(entry->lists) && (json_is_null(lists) || is_less(lists, entry))) {
        if (!is_late || is_patient)
            entry_grow(entry, json_integer_value(json_object_get(reported, "unexplained")));
        return;
    }
    const json_int_t weight = entry != NULL ? entry->weight : 0;
    const int64_t weighed_us = entry != NULL ? entry->weighed_us : now_us, asked_us = entry != NULL ? entry->asked_us : NEVER_US;
    if (entry != NULL)
        bg_ledger_drop(ledger, entry);
    if ((entry = entry_new(ledger, node, pid)) == NULL)
        return;
    entry->weight = weight;
    entry->weighed_us = weighed_us;
    entry->asked_us = asked_us;
    entry->unexplained = json_integer_value(json_object_get(reported, "unexplained"));
    entry->lists = json_incref(lists);
    entry->row = json_incref(json_object_get(reported, "row"));
    entry->is_late = is_late;
    entry->is_patient = is_patient;
    entry->counted_us = now_us;
    entry->counted_wall_ms = now_wall_ms;
    for (size_t i = 0; i < BG_DIRECTIONS; i++) {
        json_t *top = json_object_get(json_object_get(lists, bg_directions[i]), "top");
        while (json_array_size(top) > BG_LEDGER_PEERS_MAX)
            (void)json_array_remove(top, json_array_size(top) - 1);
    }
    bg_shares_begin(entry);
    for (size_t i = 0; i < BG_DIRECTIONS; i++)
        bg_shares_learn(ledger, node->name, pid, entry->row, i, json_object_get(lists, bg_directions[i]));
}

static void entry_weigh(struct bg_ledger *ledger, const struct bg_incarnation *node, const json_t *reported, int64_t now_us)
{
    const char *pid = bg_ledger_pid(json_array_get(reported, 0));
    const json_t *weight = json_array_get(reported, 1);
    struct bg_ledger_entry *entry = pid != NULL ? bg_ledger_find(ledger, node, pid) : NULL;
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
        const json_t *reported = json_array_get(counted, i);
        const char *pid = bg_ledger_pid(json_object_get(reported, "pid"));
        entry_put(ledger, node, reported, is_patient, now_us, now_wall_ms);
        if (pid != NULL && json_is_true(json_object_get(reported, "late")))
            (void)json_array_append_new(late, json_string(pid));
    }
    const json_t *weighed = json_object_get(answer, "weighed");
    for (size_t i = 0; i < json_array_size(weighed); i++)
        entry_weigh(ledger, node, json_array_get(weighed, i), now_us);
    (void)json_object_del(answer, "counted");
    (void)json_object_del(answer, "weighed");
    return late;
}

json_t *bg_ledger_due(struct bg_ledger *ledger, const struct bg_incarnation *node, int64_t now_us)
{
    json_t *due = json_array();
    struct bg_ledger_entry *entry;
    TAILQ_FOREACH(entry, &ledger->by_use, link)
    {
        if (!entry->is_due || !bg_incarnation_is(&entry->node, node) || now_us - entry->asked_us <= BG_SHARES_DUE_US)
            continue;
        entry->asked_us = now_us;
        (void)json_array_append_new(due, json_string(entry->pid));
    }
    return due;
}
