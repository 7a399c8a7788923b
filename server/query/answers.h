/* answers.h: the cache: answers by key, bounded in number and in bytes, the least recently used going first. Knows no clock: how
 * old is too old is the asker's choice. */
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
    size_t bytes, bytes_max;       /* of memory, about: each answer's own, its key's and ours */
};

void bg_answers_init(struct bg_answers *answers, size_t max, size_t bytes_max);
void bg_answers_done(struct bg_answers *answers);
/* Borrowed, and now the most recently used; NULL where there is none. */
struct bg_outcome *bg_answers_find(struct bg_answers *answers, const char *key);
/* Copies the key and takes a reference of its own. Without memory nothing is kept, which a cache may do; nor is an answer that takes more
 * than a quarter of all bytes. */
void bg_answers_put(struct bg_answers *answers, const char *key, struct bg_outcome *outcome);
/* Drops those collected before; returns how many. */
size_t bg_answers_expire(struct bg_answers *answers, int64_t before_us);
/* Drops the one with this data, which nobody could make sense of. */
void bg_answers_drop(struct bg_answers *answers, const json_t *data);

#endif
