/* census.c: totals of monitors in the last scans, a list of nodes by time. */
#include "census.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX (INT64_C(1) << 40) /* of one peer: more is invalid, and would overflow a sum */
#define DIRECTIONS 2
static const char *const directions[DIRECTIONS] = {"monitors", "monitored_by"};

/* The totals of one scan. Entries of processes whose peers are not known may be plain local monitors or not. */
struct state {
    json_int_t entries[DIRECTIONS]; /* counted entries */
    json_int_t settled[DIRECTIONS]; /* of these, those of processes with known peers */
    json_int_t others[DIRECTIONS];  /* the minimum of entries that are not plain local monitors */
    json_int_t local;               /* plain local monitors */
    json_int_t standard, processes; /* blocks of std_alloc, and processes */
    int64_t at_us;
};

struct bg_census_entry {
    struct bg_incarnation node;
    struct state latest, reported; /* the reported one is the latest without much doubt */
    bool is_known;
    TAILQ_ENTRY(bg_census_entry) link;
};

void bg_census_init(struct bg_census *census)
{
    *census = (struct bg_census){.count = 0};
    TAILQ_INIT(&census->by_time);
}

static void entry_drop(struct bg_census *census, struct bg_census_entry *entry)
{
    TAILQ_REMOVE(&census->by_time, entry, link);
    census->count--;
    free(entry);
}

void bg_census_done(struct bg_census *census)
{
    for (struct bg_census_entry *entry = TAILQ_FIRST(&census->by_time), *next; entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        entry_drop(census, entry);
    }
}

static struct bg_census_entry *entry_find(const struct bg_census *census, const char *name)
{
    struct bg_census_entry *entry;
    TAILQ_FOREACH(entry, &census->by_time, link)
    if (strcmp(entry->node.name, name) == 0)
        return entry;
    return NULL;
}

void bg_census_forget(struct bg_census *census, const char *node)
{
    struct bg_census_entry *entry = entry_find(census, node);
    if (entry != NULL)
        entry_drop(census, entry);
}

static struct bg_census_entry *entry_of(const struct bg_census *census, const struct bg_incarnation *node)
{
    struct bg_census_entry *entry = entry_find(census, node->name);
    return entry != NULL && bg_incarnation_is(&entry->node, node) ? entry : NULL;
}

/* Finds or adds the entry of this incarnation, with the reported totals if there are any; the latest are not in it yet. */
static struct bg_census_entry *entry_at(struct bg_census *census, const struct bg_incarnation *node)
{
    struct bg_census_entry *entry = entry_find(census, node->name);
    if (entry != NULL && !bg_incarnation_is(&entry->node, node)) {
        entry_drop(census, entry);
        entry = NULL;
    }
    if (entry != NULL) {
        TAILQ_REMOVE(&census->by_time, entry, link);
        TAILQ_INSERT_HEAD(&census->by_time, entry, link);
        return entry;
    }
    if (census->count == BG_CENSUS_MAX)
        entry_drop(census, TAILQ_LAST(&census->by_time, bg_census_list));
    if ((entry = calloc(1, sizeof *entry)) == NULL)
        return NULL;
    entry->node = *node;
    TAILQ_INSERT_HEAD(&census->by_time, entry, link);
    census->count++;
    return entry;
}

static json_int_t least(json_int_t a, json_int_t b)
{
    return a < b ? a : b;
}

static json_int_t most(json_int_t a, json_int_t b)
{
    return a > b ? a : b;
}

/* Reports the latest scan, unless many of its entries are in doubt. */
static void report_latest(struct bg_census_entry *entry)
{
    const struct state *latest = &entry->latest;
    for (size_t i = 0; i < DIRECTIONS; i++)
        if (least(latest->local, latest->entries[i] - latest->settled[i]) > BG_CENSUS_DOUBT_MAX)
            return;
    entry->is_known = true;
    entry->reported = entry->latest;
}

/* A plain local monitor is one entry in each direction, and the node counts those exactly: entries beyond them are other monitors. */
void bg_census_take(struct bg_census *census, const struct bg_incarnation *node, json_t *answer, int64_t now_us)
{
    json_int_t local, standard, entries[DIRECTIONS];
    const bool is_known =
        json_unpack(json_object_get(answer, "census"), "[I, I, I, I]", &local, &standard, &entries[0], &entries[1]) == 0 && local >= 0 &&
        standard >= 0 && entries[0] >= 0 && entries[1] >= 0;
    (void)json_object_del(answer, "census");
    struct bg_census_entry *entry = is_known ? entry_at(census, node) : NULL;
    if (entry == NULL)
        return;
    entry->latest = (struct state){
        .local = local,
        .standard = standard,
        .processes = json_integer_value(json_object_get(answer, "process_count")),
        .at_us = now_us,
    };
    for (size_t i = 0; i < DIRECTIONS; i++) {
        entry->latest.entries[i] = entries[i];
        entry->latest.others[i] = most(entries[i] - local, 0);
    }
    report_latest(entry);
}

static json_int_t remote_sum(const json_t *top, const char *home)
{
    json_int_t sum = 0;
    for (size_t i = 0; i < json_array_size(top); i++) {
        const json_t *peer = json_array_get(top, i);
        const char *node = json_string_value(json_object_get(json_object_get(peer, "peer"), "node"));
        const json_int_t count = json_integer_value(json_object_get(peer, "count"));
        if (node != NULL && strcmp(node, home) != 0 && count > 0 && count <= ENTRIES_MAX)
            sum += count;
    }
    return sum;
}

void bg_census_note(struct bg_census *census, const struct bg_incarnation *node, const json_t *processes)
{
    struct bg_census_entry *entry = entry_of(census, node);
    if (entry == NULL)
        return;
    for (size_t i = 0; i < DIRECTIONS; i++) {
        json_int_t remote = 0, all = 0;
        for (size_t k = 0; k < json_array_size(processes); k++) {
            const json_t *list = json_object_get(json_object_get(json_array_get(processes, k), "lists"), directions[i]);
            const json_int_t count = json_integer_value(json_object_get(list, "count"));
            remote += remote_sum(json_object_get(list, "top"), node->name);
            all += count > 0 && count <= ENTRIES_MAX ? count : 0;
        }
        entry->latest.others[i] = most(entry->latest.others[i], remote);
        entry->latest.settled[i] = most(entry->latest.settled[i], all);
    }
    report_latest(entry);
}

void bg_census_complete(const struct bg_census *census, const struct bg_incarnation *node, json_t *answer, int64_t now_us)
{
    const struct bg_census_entry *entry = entry_of(census, node);
    if (entry == NULL || !entry->is_known)
        return;
    const struct state *reported = &entry->reported;
    (void)json_object_set_new(answer, "census",
                              json_pack("{s:I, s:I, s:I, s:I}", "others_count", reported->others[0] + reported->others[1], "standard_count",
                                        reported->standard, "process_count", reported->processes, "age_ms",
                                        (json_int_t)((now_us - reported->at_us) / 1000)));
}
