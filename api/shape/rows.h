/* rows.h: converts raw process rows, MFAs and peers of nodes to the form of the API. */
#ifndef BG_API_ROWS_H
#define BG_API_ROWS_H

#include "shape.h"

/* The sort keys of processes. */
struct bg_sort {
    const char *key;   /* "memory": in requests, in the question's arguments and in its answer's rankings */
    const char *field; /* "memory_bytes": the number in a process row */
    const char *raw;   /* the same in a raw row */
    bool in_words;     /* the raw number counts words */
    bool relation;     /* a count of entries: ranked from the top only */
};
extern const struct bg_sort bg_sorts[];              /* key NULL ends it */
extern const char *const bg_sort_keys[];             /* the same keys, for a parameter's choices */
const struct bg_sort *bg_sort_find(const char *key); /* of one of bg_sort_keys */

/* The number that ranks a raw row, in the unit of the public field; -1 if it is unknown. */
int64_t bg_row_value(struct bg_shaper *shaper, const json_t *raw, const struct bg_sort *sort, int64_t word_bytes);

/* The public row of a raw one (see server/query/README.md), of a ranking by `sort` (NULL: of none). `word_bytes` is the node's. */
json_t *bg_row_new(struct bg_shaper *shaper, const json_t *raw, const struct bg_sort *sort, int64_t word_bytes);

/* {"module", "function", "arity", "text"} of [Module, Function, Arity]; null of null. `key` is for the failure's text. */
json_t *bg_mfa_new(struct bg_shaper *shaper, const json_t *mfa, const char *key);
/* The function that a process was started with: the started_as of a row or peer, else its initial_call. */
json_t *bg_initial_call_new(struct bg_shaper *shaper, const json_t *raw);

/* The identity of a process: registered_name, label, initial_call; and name, the best of these. If they show only that proc_lib runs it,
 * name is its current function. */
void bg_put_identity(struct bg_shaper *shaper, json_t *row, const json_t *raw);

/* "<0.123.0>" of a member that is {"pid", "node"} or that text itself; NULL of null or absent. Borrowed. */
const char *bg_answer_pid_or_null(struct bg_shaper *shaper, const json_t *object, const char *key);
const char *bg_answer_pid(struct bg_shaper *shaper, const json_t *object, const char *key);

/* The ref of an entry {peer, registered_name, label, initial_call, started_as, alive}: the process at the other end. `text` is the form for
 * people. */
json_t *bg_ref_new(struct bg_shaper *shaper, const json_t *entry);
/* The ref of a process with a raw row. */
json_t *bg_ref_of_row(struct bg_shaper *shaper, const json_t *row, const char *pid, const char *node);

#endif
