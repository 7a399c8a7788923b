/* listing.c: a node's top tables, ports or sockets by a number, or by its change over a window. */
#include "listing.h"

#include "rows.h"
#include "scan.h"

#include <stdio.h>
#include <string.h>

#define WINDOW_MIN_MS 100

bool bg_window_allow(struct bg_ask *ask, int64_t window_ms)
{
    if (window_ms > 0 && window_ms < WINDOW_MIN_MS) {
        bg_ask_refuse(ask, "window_ms", "window_ms must be 0 (no window) or from 100 to 30000");
        return false;
    }
    ask->deadline_us += window_ms * 1000;
    return true;
}

void bg_listing_send(struct bg_ask *ask, const struct bg_listing *listing, bg_ask_step *next)
{
    const int64_t window_ms = bg_call_integer(ask->call, "window_ms");
    if (!bg_window_allow(ask, window_ms))
        return;
    bg_ask_send(ask,
                bg_arguments_listing(&ask->shaper, listing->question, bg_call_text(ask->call, "sort"), bg_call_integer(ask->call, "limit"),
                                     window_ms),
                next);
}

void bg_put_change(struct bg_shaper *shaper, json_t *row, const char *field, int64_t delta, int64_t window_us)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%s_delta", field);
    bg_put(shaper, row, name, json_integer(delta));
    (void)snprintf(name, sizeof name, "%s_per_second", field);
    bg_put(shaper, row, name, window_us > 0 ? json_real((double)delta * 1e6 / (double)window_us) : json_null());
}

void bg_put_owner(struct bg_shaper *shaper, json_t *row, const json_t *raw)
{
    const json_t *owner = json_object_get(raw, "owner");
    const bool known = json_is_object(owner);
    bg_put(shaper, row, "owner", known ? bg_ref_new(shaper, owner) : json_null());
    bg_put(shaper, row, "application", known ? bg_name_new(shaper, owner, "application") : json_null());
}

void bg_put_named(struct bg_shaper *shaper, json_t *row, const char *form, const json_t *raw)
{
    const char *text = json_string_value(json_object_get(raw, form));
    if (text == NULL)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: an item is not a %s", shaper->source,
                       form);
    bg_put(shaper, row, form, bg_text_or_null(text));
}

void bg_listing_put_figures(struct bg_ask *ask, const char *counted, int64_t seen, int64_t gone, bool truncated)
{
    struct bg_shaper *shaper = &ask->shaper;
    ask->figures = bg_object_new(shaper);
    bg_put(shaper, ask->figures, counted, json_integer(seen));
    bg_put(shaper, ask->figures, "skipped_count", json_integer(gone));
    bg_put(shaper, ask->figures, "returned_count", json_integer((json_int_t)json_array_size(ask->data)));
    bg_put(shaper, ask->figures, "truncated", json_boolean(truncated));
}

static const struct bg_listing_sort *sort_find(const struct bg_listing *listing, const char *key)
{
    const struct bg_listing_sort *sort = listing->sorts;
    while (strcmp(sort->key, key) != 0)
        sort++;
    return sort;
}

static void put_row_change(struct bg_shaper *shaper, json_t *row, const json_t *raw, const struct bg_listing_sort *sort, int64_t word_bytes)
{
    int64_t delta = bg_answer_integer(shaper, raw, "delta");
    if (sort->in_words && __builtin_mul_overflow(delta, word_bytes, &delta))
        delta = 0;
    bg_put_change(shaper, row, sort->field, delta, bg_answer_count(shaper, raw, "window_us"));
}

void bg_listing_shape(struct bg_ask *ask, const json_t *answer, const struct bg_listing *listing)
{
    struct bg_shaper *shaper = &ask->shaper;
    const struct bg_listing_sort *sort = sort_find(listing, bg_call_text(ask->call, "sort"));
    const json_t *raws = bg_answer_array(shaper, answer, "rows");
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit"), count = json_array_size(raws);
    const int64_t seen = bg_answer_count(shaper, answer, "seen_count"), gone = bg_answer_count(shaper, answer, "gone_count");
    const int64_t word_bytes = sort->in_words ? bg_answer_count(shaper, answer, "word_bytes") : 1;
    ask->data = bg_array_new(shaper);
    ask->sorted_by = sort->field;
    ask->by_change = bg_call_integer(ask->call, "window_ms") > 0;
    for (size_t i = 0; i < count && i < limit && !shaper->failed; i++) {
        const json_t *raw = bg_answer_object_at(shaper, raws, i);
        json_t *row = bg_object_new(shaper);
        listing->put_row(shaper, row, raw);
        if (ask->by_change)
            put_row_change(shaper, row, raw, sort, word_bytes);
        bg_append(shaper, ask->data, row);
    }
    bg_listing_put_figures(ask, listing->counted, seen, gone, count > limit || seen - gone > (int64_t)count);
}
