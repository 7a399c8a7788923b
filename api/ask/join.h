/* join.h: the other side of pairs: the watched process and the watcher's entries, as reported by the watched process's own node. */
#ifndef BG_API_JOIN_H
#define BG_API_JOIN_H

#include "ask.h"

/* Within a step: starts a branch to each node that is up and that has watched processes of the rows, if their watchers are on other nodes.
 * Its report is put into the rows: the watched process's name, initial_call and alive, and watched_count (which must exist as null). A node
 * that does not answer in time leaves nulls and a warning. */
void bg_join_watched(struct bg_ask *ask, json_t *rows);
/* Once those branches are over: warns where the two sides' counts differ. */
void bg_join_compare(struct bg_ask *ask, const json_t *rows);

/* The timeout for a node's other side: less than the call has left, so that it cannot fail the call. */
int64_t bg_join_timeout_ms(const struct bg_ask *ask);

/* True if this node accepts questions. Warns if it is registered but not up. */
bool bg_join_is_up(struct bg_ask *ask, const char *node);
/* A ref in the form for questions: {"pid"} or {"name"}; NULL for a port, a reference, or if memory ran out. */
json_t *bg_join_who(const json_t *ref);

#endif
