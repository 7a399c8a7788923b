/* groups.c: all processes of a node in groups: asks `groups` and shapes its answer. */
#include "groups.h"

#include "scan.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const bg_group_keys[] = {"none", "registered_name", "initial_call", "label", "application", NULL};
const char *const bg_monitor_group_keys[] = {"none", "registered_name", "initial_call", "label", "application", "node", NULL};

/* In the order of an answer's sums and maxima. */
static const char *const sort_keys[] = {"memory",   "total_heap", "message_queue_len", "reductions", "stack",
                                        "off_heap", "monitors",   "monitored_by",      "links"};
#define SORTS_COUNT (sizeof sort_keys / sizeof sort_keys[0])

const struct bg_column bg_group_columns[] = {
    {"group", "Group", BG_COLUMN_TEXT, true},
    {"process_count", "Processes", BG_COLUMN_COUNT, true},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, true},
    {"max_memory_bytes", "Highest", BG_COLUMN_BYTES, true},
    {"message_queue_len", "Queues", BG_COLUMN_COUNT, true},
    {"max_message_queue_len", "Longest", BG_COLUMN_COUNT, false},
    {"reductions_count", "Reductions", BG_COLUMN_COUNT, true},
    {"total_heap_bytes", "Heap", BG_COLUMN_BYTES, false},
    {"stack_bytes", "Stack", BG_COLUMN_BYTES, false},
    {"off_heap_bytes", "Off-heap", BG_COLUMN_BYTES, false},
    {"monitors_count", "Monitors", BG_COLUMN_ENTRIES, true},
    {"max_monitors_count", "Most", BG_COLUMN_ENTRIES, true},
    {"monitored_by_count", "Monitored by", BG_COLUMN_ENTRIES, false},
    {"max_monitored_by_count", "Most monitored by", BG_COLUMN_ENTRIES, false},
    {"links_count", "Links", BG_COLUMN_ENTRIES, false},
    {"rest", "Rest", BG_COLUMN_TEXT, false},
    {"exact", "Exact", BG_COLUMN_TEXT, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

bool bg_groups_wanted(const struct bg_ask *ask)
{
    return strcmp(bg_call_text(ask->call, "group"), "none") != 0;
}

/* The group's common value, as text; null for processes without one. */
static json_t *key_new(struct bg_shaper *shaper, const json_t *raw)
{
    const json_t *key = json_object_get(raw, "key");
    if (!json_is_array(key))
        return bg_name_new(shaper, raw, "key");
    json_t *mfa = bg_mfa_new(shaper, key, "key");
    json_t *text = json_incref(json_object_get(mfa, "text"));
    json_decref(mfa);
    return text;
}

/* Null where the node does not report it. */
static json_t *number_at(struct bg_shaper *shaper, const json_t *raw, const char *key, size_t index, int64_t word_bytes)
{
    const json_t *number = json_array_get(bg_answer_array(shaper, raw, key), index);
    if (json_is_null(number))
        return json_null();
    if (!json_is_integer(number) || json_integer_value(number) < 0)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"%s\" has no count at %zu",
                       shaper->source, key, index);
    const bool in_words = bg_sort_find(sort_keys[index])->in_words;
    return json_integer(in_words ? bg_bytes_of_words(json_integer_value(number), word_bytes) : json_integer_value(number));
}

/* Entries that were not read are unknown. */
static void put_numbers(struct bg_shaper *shaper, json_t *row, const json_t *raw, int64_t word_bytes, bool entries)
{
    for (size_t i = 0; i < SORTS_COUNT; i++) {
        const struct bg_sort *sort = bg_sort_find(sort_keys[i]);
        const bool is_known = entries || !sort->relation;
        char name[64];
        (void)snprintf(name, sizeof name, "max_%s", sort->field);
        bg_put(shaper, row, sort->field, is_known ? number_at(shaper, raw, "sums", i, word_bytes) : json_null());
        bg_put(shaper, row, name, is_known ? number_at(shaper, raw, "maxima", i, word_bytes) : json_null());
    }
}

static json_t *group_new(struct bg_shaper *shaper, const json_t *raw, int64_t word_bytes, bool entries)
{
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "group", key_new(shaper, raw));
    bg_put(shaper, row, "rest", json_boolean(bg_answer_boolean(shaper, raw, "rest")));
    bg_put(shaper, row, "process_count", bg_count_or_null(bg_answer_count_or(shaper, raw, "process_count", -1)));
    put_numbers(shaper, row, raw, word_bytes, entries);
    bg_put(shaper, row, "exact", json_boolean(bg_answer_boolean(shaper, raw, "exact")));
    return row;
}

static const struct bg_sort *sort_of(const struct bg_ask *ask)
{
    return bg_sort_find(json_string_value(json_object_get(ask->kept, "sort")));
}

/* Whether the ranking is exact: if a listed group is estimated, its place is too. */
static void note_ranking(struct bg_ask *ask, const json_t *answer, size_t groups)
{
    struct bg_shaper *shaper = &ask->shaper;
    bool exact = true;
    for (size_t i = 0; i < json_array_size(ask->data); i++)
        exact = exact && json_is_true(json_object_get(json_array_get(ask->data, i), "exact"));
    ask->is_ranking = true;
    ask->ranking = (struct bg_ranking){
        .process_count = bg_answer_count(shaper, answer, "process_count"),
        .scanned_count = bg_answer_count(shaper, answer, "scanned_count"),
        .skipped_count = bg_scan_skipped(ask, answer),
        .returned_count = json_array_size(ask->data),
        .truncated = groups > json_array_size(ask->data),
    };
    ask->ranking.exact = exact && ask->ranking.skipped_count == 0;
    if (!exact)
        bg_ask_warn(ask, "some processes may have too many entries to be counted cheaply: sums and maxima that they are in are estimates");
}

static void shape_groups(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const struct bg_sort *sort = sort_of(ask);
    const int64_t limit = bg_call_integer(ask->call, "limit"), min = bg_call_integer(ask->call, "min");
    int64_t listed = 0;
    size_t passed = 0;
    if (bg_answer_boolean_or(shaper, answer, "unsupported", false)) {
        bg_shaper_fail(shaper, BG_UNSUPPORTED, "processes of this node cannot be grouped by label: labels are known from OTP 27 on");
        return;
    }
    const json_t *groups = bg_answer_array(shaper, answer, "groups");
    const int64_t word_bytes = bg_answer_count(shaper, answer, "word_bytes");
    ask->data = bg_array_new(shaper);
    ask->sorted_by = sort->field;
    for (size_t i = 0; i < json_array_size(groups) && !shaper->failed; i++) {
        json_t *row = group_new(shaper, bg_answer_object_at(shaper, groups, i), word_bytes, sort->relation);
        const bool is_rest = json_is_true(json_object_get(row, "rest"));
        const bool passes = is_rest || json_integer_value(json_object_get(row, sort->field)) >= min;
        passed += passes;
        if (passes && (is_rest || listed++ < limit))
            bg_append(shaper, ask->data, row);
        else
            json_decref(row);
        if (is_rest)
            bg_ask_warn(ask, "there is more than was put into groups: all of that is in one row, the rest");
    }
    note_ranking(ask, answer, passed);
}

void bg_groups_send(struct bg_ask *ask, const struct bg_sort *sort)
{
    struct bg_shaper *shaper = &ask->shaper;
    ask->kept = json_pack("{s:s}", "sort", sort->key);
    if (ask->kept == NULL)
        bg_shaper_fail(shaper, BG_NO_MEMORY, "out of memory");
    bg_ask_send(ask,
                bg_arguments_groups(shaper, bg_call_services(ask->call), bg_call_text(ask->call, "group"), sort->key,
                                    bg_call_integer(ask->call, "limit"), sort->relation),
                shape_groups);
}
