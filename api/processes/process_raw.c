/* process_raw.c: converts a node's native report on one process to the form of questions. */
#include "process.h"

#include "peers.h"

/* {ok, Result, _, _} of match_spec_test, if it matched. */
static json_t *matched(const json_t *result)
{
    json_t *match = json_array_get(result, 1);
    return json_array_size(result) == 4 && json_is_array(match) ? match : NULL;
}

static void put_application(struct bg_shaper *shaper, json_t *raw, const json_t *answer)
{
    const json_t *pair = json_object_get(answer, "application"); /* {ok, Name}, or undefined */
    const char *name = json_string_value(json_array_get(pair, 1));
    bg_put(shaper, raw, "application", bg_text_or_null(name));
}

/* Adds the result of process_info, [{Item, Value}]. */
static void put_info(struct bg_shaper *shaper, json_t *raw, const json_t *info)
{
    for (size_t i = 0; i < json_array_size(info); i++) {
        const json_t *pair = json_array_get(info, i);
        const char *item = json_string_value(json_array_get(pair, 0));
        if (json_array_size(pair) == 2 && item != NULL)
            bg_put(shaper, raw, item, json_incref(json_array_get(pair, 1)));
    }
}

/* The results of all calls of process_info; it returns null for a dead process. */
static json_t *raw_new(struct bg_shaper *shaper, const json_t *info, const json_t *sizes, const char *pid)
{
    json_t *raw = bg_object_new(shaper);
    bool is_dead = json_is_null(info);
    put_info(shaper, raw, info);
    for (size_t i = 0; i < json_array_size(sizes); i++) {
        is_dead = is_dead || json_is_null(json_array_get(sizes, i));
        put_info(shaper, raw, json_array_get(sizes, i));
    }
    if (!shaper->failed && is_dead)
        bg_shaper_fail(shaper, BG_PROCESS_DEAD, "the process %s is not alive", pid);
    return raw;
}

json_t *bg_process_raw_new(struct bg_ask *ask, const json_t *answer, const char *pid)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *sizes = matched(bg_answer_array(shaper, answer, "sizes")); /* [Sizes, Counts], or [Sizes] */
    json_t *raw = raw_new(shaper, bg_answer_array_or_null(shaper, answer, "info"), json_array_get(sizes, 0), pid);
    json_t *own = bg_object_new(shaper), *counts = json_array_get(sizes, 1);
    bg_put(shaper, own, "pid", json_string(pid));
    bg_put(shaper, own, "node", json_string(ask->node));
    bg_put(shaper, raw, "pid", own);
    bg_put(shaper, raw, "word_bytes", json_integer(bg_answer_count(shaper, answer, "word_bytes")));
    bg_put(shaper, raw, "counts", counts != NULL ? json_incref(counts) : json_null());
    put_application(shaper, raw, answer);
    return raw;
}

enum bg_process_notes bg_process_put_notes(struct bg_shaper *shaper, json_t *raw, const json_t *answer)
{
    static const char *const keys[] = {"started_as", "label"};
    const json_t *noted = json_object_get(answer, "noted"), *notes = matched(noted);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *note = json_array_get(notes, i);
        if (note == NULL || (i == 1 && !json_is_string(note))) /* a label that is not text */
            note = NULL;
        bg_put(shaper, raw, keys[i], note != NULL ? json_incref(note) : json_null());
    }
    if (notes == NULL)
        return json_is_array(noted) ? BG_NOTES_OTHER : BG_NOTES_UNKNOWN;
    const json_t *label = json_array_get(notes, 1);
    return json_is_string(label) || json_is_null(label) ? BG_NOTES_KNOWN : BG_NOTES_OTHER;
}

const char *const bg_process_directions[] = {"monitors", "monitored_by", "links", NULL};
static const char *const counts_of[] = {"monitors_count", "monitored_by_count", "links_count"};
#define DIRECTIONS (sizeof counts_of / sizeof counts_of[0])

static void put_counted(struct bg_shaper *shaper, json_t *raw, const json_t *counts)
{
    for (size_t i = 0; i < DIRECTIONS; i++)
        bg_put(shaper, raw, counts_of[i], json_integer(json_integer_value(json_array_get(counts, i))));
    bg_put(shaper, raw, "exact", json_true());
}

static void put_peers(struct bg_shaper *shaper, json_t *raw, const json_t *process, int64_t entries_max)
{
    struct bg_peer_list lists[DIRECTIONS];
    bool is_exact = true;
    for (size_t i = 0; i < DIRECTIONS; i++) {
        bg_peer_list_read(shaper, process, bg_process_directions[i], &lists[i]);
        bg_put(shaper, raw, counts_of[i], bg_count_or_null(lists[i].count));
        is_exact = is_exact && lists[i].exact;
    }
    bg_put(shaper, raw, "exact", json_boolean(is_exact));
    bg_put(shaper, raw, "uncounted", json_boolean(lists[0].uncounted && lists[1].uncounted));
    bg_put(shaper, raw, "entries_max", json_integer(bg_answer_count_or(shaper, process, "entries_max", entries_max)));
}

void bg_process_put_counts(struct bg_shaper *shaper, json_t *raw, int64_t entries_max)
{
    const json_t *counts = bg_answer_array_or_null(shaper, raw, "counts"), *process = json_object_get(raw, "peers");
    if (counts != NULL)
        put_counted(shaper, raw, counts);
    else if (process != NULL)
        put_peers(shaper, raw, process, entries_max);
    else {
        for (size_t i = 0; i < DIRECTIONS; i++)
            bg_put(shaper, raw, counts_of[i], json_null());
        bg_put(shaper, raw, "exact", json_false());
        bg_put(shaper, raw, "uncounted", json_true());
        bg_put(shaper, raw, "entries_max", json_integer(entries_max));
    }
}
