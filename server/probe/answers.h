/* answers.h: the cache: answers by key, the least recently used going first. Knows no clock: how old is too old is the asker's choice. */
#ifndef BEAMGAUGE_PROBE_ANSWERS_H
#define BEAMGAUGE_PROBE_ANSWERS_H

#include "outcome.h"

#include <stddef.h>
#include <sys/queue.h>

struct bg_answers_entry;
TAILQ_HEAD(bg_answers_list, bg_answers_entry);

struct bg_answers {
    void *by_key;                  /* a tsearch(3) tree of entries */
    struct bg_answers_list by_use; /* first: the most recently used */
    size_t count, max;             /* max 0: nothing is kept */
};

void bg_answers_init(struct bg_answers *answers, size_t max);
void bg_answers_done(struct bg_answers *answers);
/* Borrowed, and now the most recently used; NULL where there is none. */
struct bg_outcome *bg_answers_find(struct bg_answers *answers, const char *key);
/* Copies the key and takes a reference of its own. Without memory nothing is kept, which a cache may do. */
void bg_answers_put(struct bg_answers *answers, const char *key, struct bg_outcome *outcome);

#endif
