/* answers.h: the cache: answers by key, limited in number and in bytes; the least recently used is evicted first. It has no clock: the
 * caller decides how old an answer may be. */
#ifndef BEAMGAUGE_QUERY_ANSWERS_H
#define BEAMGAUGE_QUERY_ANSWERS_H

#include "outcome.h"

#include <stddef.h>
#include <sys/queue.h>

struct bg_answers_entry;
TAILQ_HEAD(bg_answers_list, bg_answers_entry);

struct bg_answers {
    void *by_key;                  /* a tsearch(3) tree of entries */
    struct bg_answers_list by_use; /* first: the most recently used */
    size_t count, max;             /* max 0: nothing is kept */
    size_t bytes, bytes_max;       /* approximate memory: the answers', their keys' and ours */
};

void bg_answers_init(struct bg_answers *answers, size_t max, size_t bytes_max);
void bg_answers_done(struct bg_answers *answers);
/* Borrowed, and now the most recently used; NULL if there is none. */
struct bg_outcome *bg_answers_find(struct bg_answers *answers, const char *key);
/* Copies the key and takes its own reference. Without memory nothing is kept, which is fine for a cache. An answer of more than a quarter
 * of all bytes is not kept either. */
void bg_answers_put(struct bg_answers *answers, const char *key, struct bg_outcome *outcome);
/* Drops answers collected before this time; returns how many. */
size_t bg_answers_expire(struct bg_answers *answers, int64_t before_us);
/* The node was removed: its answers are dropped. */
void bg_answers_forget(struct bg_answers *answers, const char *node);
/* Drops the answer with this data, which was invalid. */
void bg_answers_drop(struct bg_answers *answers, const json_t *data);

#endif
