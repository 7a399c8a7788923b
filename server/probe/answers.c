/* answers.c: the cache of answers, a tree by key and a list by use. */
#include "answers.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

struct bg_answers_entry {
    const char *key;
    struct bg_outcome *outcome;
    TAILQ_ENTRY(bg_answers_entry) link;
    char key_text[];
};

static int entry_compare(const void *one, const void *other)
{
    return strcmp(((const struct bg_answers_entry *)one)->key, ((const struct bg_answers_entry *)other)->key);
}

void bg_answers_init(struct bg_answers *answers, size_t max)
{
    *answers = (struct bg_answers){.max = max};
    TAILQ_INIT(&answers->by_use);
}

static void entry_drop(struct bg_answers *answers, struct bg_answers_entry *entry)
{
    tdelete(entry, &answers->by_key, entry_compare);
    TAILQ_REMOVE(&answers->by_use, entry, link);
    answers->count--;
    bg_outcome_unref(entry->outcome);
    free(entry);
}

void bg_answers_done(struct bg_answers *answers)
{
    while (!TAILQ_EMPTY(&answers->by_use))
        entry_drop(answers, TAILQ_FIRST(&answers->by_use));
}

static struct bg_answers_entry *entry_find(struct bg_answers *answers, const char *key)
{
    struct bg_answers_entry wanted = {.key = key};
    struct bg_answers_entry **found = tfind(&wanted, &answers->by_key, entry_compare);
    if (found == NULL)
        return NULL;
    TAILQ_REMOVE(&answers->by_use, *found, link);
    TAILQ_INSERT_HEAD(&answers->by_use, *found, link);
    return *found;
}

struct bg_outcome *bg_answers_find(struct bg_answers *answers, const char *key)
{
    struct bg_answers_entry *entry = entry_find(answers, key);
    return entry != NULL ? entry->outcome : NULL;
}

void bg_answers_put(struct bg_answers *answers, const char *key, struct bg_outcome *outcome)
{
    struct bg_answers_entry *entry = entry_find(answers, key);
    if (entry != NULL) {
        bg_outcome_ref(outcome);
        bg_outcome_unref(entry->outcome);
        entry->outcome = outcome;
        return;
    }
    size_t key_size = strlen(key) + 1;
    if (answers->max == 0 || (entry = malloc(sizeof *entry + key_size)) == NULL)
        return;
    memcpy(entry->key_text, key, key_size);
    entry->key = entry->key_text;
    if (tsearch(entry, &answers->by_key, entry_compare) == NULL) {
        free(entry);
        return;
    }
    entry->outcome = bg_outcome_ref(outcome);
    TAILQ_INSERT_HEAD(&answers->by_use, entry, link);
    if (++answers->count > answers->max)
        entry_drop(answers, TAILQ_LAST(&answers->by_use, bg_answers_list));
}
