/* answers.c: the cache of answers, a tree by key and a list by use. */
#include "answers.h"

#include "key.h"

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

void bg_answers_init(struct bg_answers *answers, size_t max, size_t bytes_max)
{
    *answers = (struct bg_answers){.max = max, .bytes_max = bytes_max};
    TAILQ_INIT(&answers->by_use);
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

/* The bytes that an entry adds to `bytes`. */
static size_t entry_bytes(const struct bg_answers_entry *entry)
{
    return entry->outcome->bytes + sizeof *entry->outcome + sizeof *entry + strlen(entry->key) + 1;
}

static void entry_drop(struct bg_answers *answers, struct bg_answers_entry *entry)
{
    tdelete(entry, &answers->by_key, entry_compare);
    TAILQ_REMOVE(&answers->by_use, entry, link);
    answers->count--;
    answers->bytes -= entry_bytes(entry);
    bg_outcome_unref(entry->outcome);
    free(entry);
}

void bg_answers_done(struct bg_answers *answers)
{
    while (!TAILQ_EMPTY(&answers->by_use))
        entry_drop(answers, TAILQ_FIRST(&answers->by_use));
}

static struct bg_answers_entry *entry_new(struct bg_answers *answers, const char *key, struct bg_outcome *outcome)
{
    size_t key_size = strlen(key) + 1;
    struct bg_answers_entry *entry = malloc(sizeof *entry + key_size);
    if (entry == NULL)
        return NULL;
    memcpy(entry->key_text, key, key_size);
    entry->key = entry->key_text;
    if (tsearch(entry, &answers->by_key, entry_compare) == NULL) {
        free(entry);
        return NULL;
    }
    entry->outcome = bg_outcome_ref(outcome);
    TAILQ_INSERT_HEAD(&answers->by_use, entry, link);
    answers->count++;
    answers->bytes += entry_bytes(entry);
    return entry;
}

void bg_answers_put(struct bg_answers *answers, const char *key, struct bg_outcome *outcome)
{
    struct bg_answers_entry *entry = entry_find(answers, key);
    if (entry != NULL)
        entry_drop(answers, entry);
    if (answers->max == 0 || outcome->bytes > answers->bytes_max / 4 || entry_new(answers, key, outcome) == NULL)
        return;
    while (answers->count > answers->max || answers->bytes > answers->bytes_max)
        entry_drop(answers, TAILQ_LAST(&answers->by_use, bg_answers_list));
}

size_t bg_answers_expire(struct bg_answers *answers, int64_t before_us)
{
    size_t count = 0;
    for (struct bg_answers_entry *entry = TAILQ_FIRST(&answers->by_use), *next; entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (entry->outcome->collected_us >= before_us)
            continue;
        entry_drop(answers, entry);
        count++;
    }
    return count;
}

void bg_answers_drop(struct bg_answers *answers, const json_t *data)
{
    for (struct bg_answers_entry *entry = TAILQ_FIRST(&answers->by_use), *next; entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (entry->outcome->data == data)
            entry_drop(answers, entry);
    }
}

void bg_answers_forget(struct bg_answers *answers, const char *node)
{
    for (struct bg_answers_entry *entry = TAILQ_FIRST(&answers->by_use), *next; entry != NULL; entry = next) {
        next = TAILQ_NEXT(entry, link);
        if (bg_query_key_is_of(entry->key, node))
            entry_drop(answers, entry);
    }
}
