/* listing.h: a node's top tables, ports or sockets by a number, or by its change over a window. */
#ifndef BG_API_LISTING_H
#define BG_API_LISTING_H

#include "ask.h"

struct bg_listing_sort {
    const char *key;   /* in requests and in the question's arguments; NULL ends a table */
    const char *field; /* the number in a row */
    bool in_words;     /* what the question reports of its change counts words */
};

struct bg_listing {
    const char *question;
    const char *counted; /* the name in meta for the number of all that were read: "table_count" */
    const struct bg_listing_sort *sorts;
    void (*put_row)(struct bg_shaper *shaper, json_t *row, const json_t *raw);
};

/* For endpoints with the parameters sort, limit and window_ms. The answer is {rows, seen_count, gone_count}, and word_bytes if a sort is in
 * words; a row has delta and window_us. */
void bg_listing_send(struct bg_ask *ask, const struct bg_listing *listing, bg_ask_step *next);
void bg_listing_shape(struct bg_ask *ask, const json_t *answer, const struct bg_listing *listing);

/* False, and the call is refused, if window_ms is too short. Otherwise the call's time is extended by it. */
bool bg_window_allow(struct bg_ask *ask, int64_t window_ms);
/* meta about what was read: `counted` of all, skipped_count, returned_count, truncated. */
void bg_listing_put_figures(struct bg_ask *ask, const char *counted, int64_t seen, int64_t gone, bool truncated);
/* The owner's ref, null if there is none, and its application. */
void bg_put_owner(struct bg_shaper *shaper, json_t *row, const json_t *raw);
/* <field>_delta and <field>_per_second. */
void bg_put_change(struct bg_shaper *shaper, json_t *row, const char *field, int64_t delta, int64_t window_us);
/* The text of {<form>: text, "node"}, as references and ports are reported. */
void bg_put_named(struct bg_shaper *shaper, json_t *row, const char *form, const json_t *raw);

#define BG_LISTING_LIMIT_PARAM(what)                                                                                                       \
    {                                                                                                                                      \
        .name = "limit", .type = BG_PARAM_INTEGER, .min = 1, .max = 1000, .fallback = "20", .summary = "How many " what " at most"         \
    }
#define BG_LISTING_WINDOW_PARAM(fallback_ms, text)                                                                                         \
    {                                                                                                                                      \
        .name = "window_ms", .type = BG_PARAM_INTEGER, .min = 0, .max = 30000, .fallback = fallback_ms, .summary = text                    \
    }
#define BG_LISTING_WINDOW_SUMMARY "Rank by the change over this long, 100 to 30000; 0: by the present value"

#endif
