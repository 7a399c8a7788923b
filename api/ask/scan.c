/* scan.c: rankings out of the answers to the questions `scan` and `window`. */
#include "scan.h"

#include "listing.h"
#include "uncounted.h"

#include "beamgauge/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SKIPPED_NAMED_MAX 5
#define ENDED_PART_MAX 10 /* fewer than one in so many that ended meanwhile are not worth a word */

#define NAMES_BYTES (SKIPPED_NAMED_MAX * 32)

/* Only over a window is there anybody who is not ranked for not having answered at both of its ends. */
static bool is_window(const json_t *answer)
{
    return json_object_get(answer, "unranked_count") != NULL;
}

/* A node whose schedulers are taken has not let all of them answer in the time. */
static void warn_busy(struct bg_ask *ask, const json_t *answer, int64_t schedulers, int64_t run_queue)
{
    bg_ask_warn(ask, "%s schedulers are busy and %s processes wait to run: %s of %s processes reported %s; allow more with timeout_ms",
                BG_COUNT(schedulers), BG_COUNT(run_queue), BG_COUNT(bg_answer_count(&ask->shaper, answer, "scanned_count")),
                BG_COUNT(bg_answer_count(&ask->shaper, answer, "process_count")),
                is_window(answer) ? "at both ends of the window in time, and the others are not ranked"
                                  : "all their figures in time, and the figures of the others are null");
}

/* ": <0.1.0>, <0.2.0>", of a list of pids, or nothing. */
static void write_names(char text[NAMES_BYTES], const json_t *pids)
{
    text[0] = '\0';
    for (size_t i = 0, at = 0; i < json_array_size(pids) && i < SKIPPED_NAMED_MAX && at < NAMES_BYTES; i++) {
        const char *pid = json_string_value(json_object_get(json_array_get(pids, i), "pid"));
        at += (size_t)snprintf(text + at, NAMES_BYTES - at, "%s%.28s", i == 0 ? ": " : ", ", pid != NULL ? pid : "?");
    }
}

/* One that reported more earlier stands with that. */
static bool is_any_old(const json_t *answer)
{
    const json_t *rows = json_object_get(answer, "rows");
    bool found = false;
    for (size_t i = 0; i < json_array_size(rows); i++)
        found = found || json_is_integer(json_object_get(json_array_get(rows, i), "age_ms"));
    return found;
}

static void warn_long_mailboxes(struct bg_ask *ask, const json_t *answer)
{
    const int64_t count = bg_answer_count_or(&ask->shaper, answer, "long_mailbox_count", 0);
    if (count > 0)
        bg_ask_warn(
            ask,
            "%s %s more than 100,000 messages and %s not asked for memory, because a process walks its whole mailbox to report it: "
            "only a lower bound of it is known (memory_bytes_min, \xe2\x89\xa5 in tables); ask for the process itself to learn more",
            BG_COUNT(count), count == 1 ? "process has" : "processes have", count == 1 ? "was" : "were");
}

/* Where many come and go, those who live for a moment are seen by no look: that is worth a word, a few are not. */
static void warn_ended(struct bg_ask *ask, const json_t *answer, int64_t skipped)
{
    const int64_t processes = bg_answer_count(&ask->shaper, answer, "process_count");
    const int64_t ended = processes - bg_answer_count(&ask->shaper, answer, "scanned_count") - skipped;
    if (ended > 0 && ended >= processes / ENDED_PART_MAX && !ask->shaper.failed)
        bg_ask_warn(ask,
                    "%s of %s processes ended before they could be asked: many processes of this node live only for a moment, and what "
                    "they do is not reported",
                    BG_COUNT(ended), BG_COUNT(processes));
}

/* A process that works without a pause comes to answer late, and would be the first of a ranking by what it did. */
static void warn_unranked(struct bg_ask *ask, const json_t *answer)
{
    const int64_t count = bg_answer_count_or(&ask->shaper, answer, "unranked_count", 0);
    char names[NAMES_BYTES];
    write_names(names, bg_answer_array_or_null(&ask->shaper, answer, "unranked"));
    if (count > 0 && !ask->shaper.failed)
        bg_ask_warn(ask,
                    "%s of the processes that are not ranked %s busy, and may belong at the top: %s not answered at both ends of "
                    "the window in time%s%s; allow more with timeout_ms",
                    BG_COUNT(count), count == 1 ? "is" : "are", count == 1 ? "it has" : "they have", names,
                    names[0] != '\0' && count > SKIPPED_NAMED_MAX ? " and others" : "");
}

int64_t bg_scan_skipped(struct bg_ask *ask, const json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const int64_t schedulers = bg_answer_count_or(shaper, answer, "schedulers_online_count", 0);
    const int64_t run_queue = bg_answer_count_or(shaper, answer, "run_queue_count", 0);
    warn_long_mailboxes(ask, answer);
    const json_t *skipped = bg_answer_array_or_null(shaper, answer, "skipped");
    const int64_t count = bg_answer_count(shaper, answer, "skipped_count");
    warn_ended(ask, answer, count);
    char names[NAMES_BYTES];
    write_names(names, skipped);
    warn_unranked(ask, answer);
    if (count > 0 && schedulers > 0 && run_queue >= schedulers)
        warn_busy(ask, answer, schedulers, run_queue);
    else if (count > 0 && !shaper->failed)
        bg_ask_warn(ask, "%s %s not answer in time, perhaps because of long native calls, and %s skipped%s%s%s", BG_COUNT(count),
                    count == 1 ? "process did" : "processes did", count == 1 ? "is" : "are",
                    is_any_old(answer) ? ", except those that are shown with what they reported last (age_ms)" : "", names,
                    names[0] != '\0' && count > SKIPPED_NAMED_MAX ? " and others" : "");
    return count;
}

void bg_scan_send(struct bg_ask *ask, const char *order, bool binary, bg_ask_step *next)
{
    const int64_t limit = bg_call_integer(ask->call, "limit");
    bg_ask_send_or_last(ask, bg_arguments_scan(&ask->shaper, bg_call_services(ask->call), limit, order, binary), next);
}

void bg_scan_read(struct bg_shaper *shaper, const json_t *answer, const struct bg_sort *sort, int64_t limit, struct bg_scan *ret_scan)
{
    *ret_scan = (struct bg_scan){.sort = sort};
    ret_scan->process_count = bg_answer_count(shaper, answer, "process_count");
    ret_scan->scanned_count = bg_answer_count(shaper, answer, "scanned_count");
    ret_scan->skipped_count = bg_answer_count(shaper, answer, "skipped_count");
    ret_scan->exact = bg_answer_boolean(shaper, bg_answer_object(shaper, answer, "exact"), sort->key);
    ret_scan->rows = bg_answer_array(shaper, answer, "rows");
    ret_scan->ranking = bg_answer_array(shaper, bg_answer_object(shaper, answer, "rankings"), sort->key);
    ret_scan->word_bytes = bg_answer_count(shaper, answer, "word_bytes");
    ret_scan->next_bound = bg_answer_count_or(shaper, json_object_get(answer, "next_bound"), sort->key, 0);
    const size_t ranked = json_array_size(ret_scan->ranking);
    ret_scan->full = ranked >= (size_t)bg_limit_round(limit);
    if (ranked > (size_t)bg_limit_round(limit))
        bg_shaper_fail(shaper, BG_BAD_ANSWER,
                       "the node's answer to \"%s\" cannot be understood: it ranks %zu processes, asked for %" PRId64, shaper->source,
                       ranked, bg_limit_round(limit));
}

void bg_scan_take(struct bg_ask *ask, const json_t *answer, const struct bg_sort *sort, int64_t limit, struct bg_scan *ret_scan)
{
    bg_scan_read(&ask->shaper, answer, sort, limit, ret_scan);
    ask->sorted_by = sort->field;
    ask->is_ranking = true;
    ask->ranking = (struct bg_ranking){
        .process_count = ret_scan->process_count,
        .scanned_count = ret_scan->scanned_count,
        .skipped_count = bg_scan_skipped(ask, answer),
        .exact = ret_scan->exact,
    };
}

const json_t *bg_scan_raw_at(struct bg_shaper *shaper, const struct bg_scan *scan, size_t place)
{
    const json_t *index = json_array_get(scan->ranking, place);
    if (json_is_integer(index) && json_integer_value(index) >= 0)
        return bg_answer_object_at(shaper, scan->rows, (size_t)json_integer_value(index));
    bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"rankings\" has a place that is not an index",
                   shaper->source);
    return NULL;
}

int64_t bg_scan_most(struct bg_shaper *shaper, const struct bg_scan *scan, const json_t *raw)
{
    if (!scan->sort->relation || bg_answer_boolean_or(shaper, raw, "exact", true))
        return bg_row_value(shaper, raw, scan->sort, scan->word_bytes);
    return bg_answer_count_or(shaper, raw, "entries_max", INT64_MAX);
}

int64_t bg_scan_value(struct bg_shaper *shaper, const struct bg_scan *scan, const json_t *raw)
{
    const int64_t own = bg_row_value(shaper, raw, scan->sort, scan->word_bytes);
    return own >= 0 && !bg_is_uncounted(shaper, raw) ? own : bg_scan_most(shaper, scan, raw);
}

/* The whole ranking may be uncertain further down than was asked for. */
bool bg_scan_is_exact(struct bg_shaper *shaper, const struct bg_scan *scan, int64_t least)
{
    bool counted = true;
    if (scan->exact || scan->skipped_count > 0)
        return scan->exact;
    for (size_t place = 0; place < json_array_size(scan->ranking) && counted; place++)
        counted = bg_answer_boolean_or(shaper, bg_scan_raw_at(shaper, scan, place), "exact", true);
    return counted && least >= scan->next_bound;
}

static int64_t change(struct bg_shaper *shaper, const json_t *raw, const struct bg_scan *scan)
{
    const int64_t delta = bg_answer_integer(shaper, raw, "delta");
    int64_t bytes;
    if (!scan->sort->in_words)
        return delta;
    return __builtin_mul_overflow(delta, scan->word_bytes, &bytes) ? 0 : bytes;
}

/* Where somebody left out can have more than the last of the rows the caller learns how much that could be. */
static void settle_exact(struct bg_ask *ask, const struct bg_scan *scan, const struct bg_scan_filter *filter, int64_t last_listed)
{
    if (scan->exact || scan->skipped_count > 0 || filter->window || ask->shaper.failed)
        return;
    ask->ranking.exact = bg_scan_is_exact(&ask->shaper, scan, last_listed);
    if (!ask->ranking.exact && scan->next_bound > 1) /* one each is nothing to speak of */
        bg_ask_warn(ask, "processes that are not listed may have up to %s each", BG_COUNT(scan->next_bound));
}

json_t *bg_scan_rows(struct bg_ask *ask, const struct bg_scan *scan, const struct bg_scan_filter *filter)
{
    struct bg_shaper *shaper = &ask->shaper;
    json_t *rows = bg_array_new(shaper);
    size_t passed = 0;
    bool last_passed = false;
    int64_t last_listed = 0;
    for (size_t place = 0; place < json_array_size(scan->ranking) && !shaper->failed; place++) {
        const json_t *raw = bg_scan_raw_at(shaper, scan, place);
        const int64_t delta = filter->window ? change(shaper, raw, scan) : 0;
        const int64_t value = filter->window ? delta : bg_scan_value(shaper, scan, raw);
        last_passed = filter->min == 0 || value >= filter->min || (!filter->window && value < 0); /* < 0: not known */
        if (!last_passed || ++passed > filter->limit)
            continue;
        last_listed = value;
        json_t *row = bg_row_new(shaper, raw, scan->sort, scan->word_bytes);
        if (filter->window)
            bg_put_change(shaper, row, scan->sort->field, delta, bg_answer_count(shaper, raw, "window_us"));
        bg_append(shaper, rows, row);
    }
    /* If fewer rows pass than were requested, every row that passes matters. */
    settle_exact(ask, scan, filter, passed >= filter->limit ? last_listed : filter->min - 1);
    /* Past the end of a full ranking there are more processes, which pass if the last one did, or may if values rise. */
    const bool beyond = scan->full && ask->ranking.scanned_count > (int64_t)json_array_size(scan->ranking);
    ask->ranking.returned_count = passed < filter->limit ? passed : filter->limit;
    ask->ranking.truncated = passed > filter->limit || (beyond && (last_passed || filter->ascending));
    return rows;
}

void bg_scan_warn_uncounted(struct bg_ask *ask)
{
    const json_t *first = NULL;
    size_t others = 0;
    for (size_t i = 0; i < json_array_size(ask->data); i++) {
        const json_t *row = json_array_get(ask->data, i);
        if (!json_is_integer(json_object_get(row, "uncounted_count")))
            continue;
        others += first != NULL;
        first = first != NULL ? first : row;
    }
    if (first == NULL || ask->shaper.failed)
        return;
    const char *pid = json_string_value(json_object_get(first, "pid"));
    const int64_t most = json_integer_value(json_object_get(first, "uncounted_count"));
    if (others == 0)
        bg_ask_warn(ask, "%s has " BG_UNCOUNTED, pid, BG_COUNT(most));
    else
        bg_ask_warn(ask, "%s has " BG_UNCOUNTED "; %s %s such entries too (uncounted_count)", pid, BG_COUNT(most), BG_COUNT(others),
                    others == 1 ? "other process has" : "other processes have");
}
