/* pair_rows.c: rows of pairs, made and merged. */
#include "pair_rows.h"

#include "peers.h"
#include "rows.h"

#include <string.h>

json_t *bg_pair_row_new(struct bg_shaper *shaper, const struct bg_pair_row *row)
{
    json_t *pair = bg_object_new(shaper);
    bg_put(shaper, pair, "watcher", row->watcher);
    bg_put(shaper, pair, "watched", row->watched);
    bg_put(shaper, pair, "count", row->uncounted_count >= 0 ? json_null() : json_integer(row->count));
    bg_put(shaper, pair, "watched_count", json_null());
    bg_put(shaper, pair, "exact", json_boolean(row->exact));
    bg_put(shaper, pair, "uncounted_count", bg_count_or_null(row->uncounted_count));
    bg_put(shaper, pair, "counted_at", row->counted_at);
    bg_put(shaper, pair, "age_ms", bg_count_or_null(row->age_ms));
    bg_put(shaper, pair, "likely", json_null());
    return pair;
}

json_int_t bg_pair_row_most(const json_t *row)
{
    const json_t *count = json_object_get(row, "count");
    return json_integer_value(json_is_integer(count) ? count : json_object_get(row, "uncounted_count"));
}

static bool precedes(const json_t *row, const json_t *other)
{
    const json_int_t count = bg_pair_row_most(row), other_count = bg_pair_row_most(other);
    const char *node = json_string_value(json_object_get(json_object_get(row, "watcher"), "node"));
    const char *other_node = json_string_value(json_object_get(json_object_get(other, "watcher"), "node"));
    return count != other_count ? count > other_count : strcmp(node, other_node) <= 0;
}

json_t *bg_pair_rows_merge(struct bg_shaper *shaper, const json_t *rows, const json_t *others, size_t limit)
{
    json_t *merged = bg_array_new(shaper);
    for (size_t i = 0, j = 0; i + j < limit && !shaper->failed;) {
        json_t *row = json_array_get(rows, i), *other = json_array_get(others, j);
        if (row == NULL && other == NULL)
            break;
        const bool is_first = other == NULL || (row != NULL && precedes(row, other));
        bg_append(shaper, merged, json_incref(is_first ? row : other));
        i += is_first;
        j += !is_first;
    }
    return merged;
}

/* Merges the row of entries that came to a watcher since its count, and whose peers are not known. */
static json_t *with_since(struct bg_shaper *shaper, const char *node, const json_t *process, int64_t since, json_t *stolen_rows,
                          size_t limit)
{
    const json_t *who = bg_answer_object(shaper, process, "row");
    const struct bg_pair_row row = {.watcher = bg_ref_of_row(shaper, who, bg_answer_pid(shaper, process, "pid"), node),
                                    .watched = json_null(),
                                    .counted_at = bg_peers_counted_at(shaper, process),
                                    .age_ms = -1,
                                    .uncounted_count = since};
    json_t *one = bg_array_new(shaper);
    bg_append(shaper, one, bg_pair_row_new(shaper, &row));
    json_t *merged = shaper->failed ? bg_array_new(shaper) : bg_pair_rows_merge(shaper, stolen_rows, one, limit);
    json_decref(one);
    json_decref(stolen_rows);
    return merged;
}

/* The rows of one watcher, most first. If its watched processes are not known, all of its monitors may be on one process. */
static json_t *rows_of(struct bg_shaper *shaper, const char *node, const json_t *process, size_t limit)
{
    struct bg_peer_list list;
    json_t *rows = bg_array_new(shaper);
    const json_t *who = bg_answer_object(shaper, process, "row");
    const char *pid = bg_answer_pid(shaper, process, "pid");
    bg_peer_list_read(shaper, process, "monitors", &list);
    const size_t listed = json_array_size(list.top), most = listed > 0 ? listed : 1;
    for (size_t i = 0; i < most && i < limit && !shaper->failed; i++) {
        const json_t *entry = listed > 0 ? bg_answer_object_at(shaper, list.top, i) : NULL;
        const int64_t count = entry != NULL ? bg_answer_count(shaper, entry, "count") : list.count;
        if ((count <= 1 && list.uncounted_count <= 1) || shaper->failed)
            break;
        const struct bg_pair_row row = {.watcher = bg_ref_of_row(shaper, who, pid, node),
                                        .watched = entry != NULL ? bg_ref_new(shaper, entry) : json_null(),
                                        .count = count,
                                        .exact = entry != NULL && list.exact,
                                        .counted_at = bg_peers_counted_at(shaper, process),
                                        .age_ms = bg_answer_count_or(shaper, process, "age_ms", -1),
                                        .uncounted_count = list.uncounted_count};
        bg_append(shaper, rows, bg_pair_row_new(shaper, &row));
    }
    return list.since_count > 0 && !shaper->failed ? with_since(shaper, node, process, list.since_count, rows, limit) : rows;
}

json_t *bg_pair_rows_of_peers(struct bg_shaper *shaper, const char *node, const json_t *answer, size_t limit)
{
    const json_t *processes = answer != NULL ? bg_answer_array(shaper, answer, "processes") : NULL;
    json_t *best = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(processes) && !shaper->failed; i++) {
        const json_t *process = bg_answer_object_at(shaper, processes, i);
        if (bg_answer_boolean_or(shaper, process, "dead", false))
            continue;
        json_t *rows = rows_of(shaper, node, process, limit);
        json_t *merged = shaper->failed ? NULL : bg_pair_rows_merge(shaper, best, rows, limit);
        json_decref(rows);
        if (merged != NULL) {
            json_decref(best);
            best = merged;
        }
    }
    return best;
}
