/* join.h: the other side of pairs: what the watched process's own node says of it and of the watcher's entries. */
#ifndef BG_API_JOIN_H
#define BG_API_JOIN_H

#include "ask.h"

/* Within a step: starts a branch to each node that is up and on which rows' watched processes live while the watchers do not. What it
 * reports is put into the rows: the watched's name, initial_call and alive, and watched_count (which must be there, as null). A node that
 * does not answer in time leaves nulls and a warning. */
void bg_join_watched(struct bg_ask *ask, json_t *rows);
/* Once those branches are over: warns where the two sides' counts differ. */
void bg_join_compare(struct bg_ask *ask, const json_t *rows);

/* How long a node may take that is asked for the other side: less than the call has left, so that it cannot fail the call. */
int64_t bg_join_timeout_ms(const struct bg_ask *ask);

/* True if questions to this node are taken. Warns where it is registered and yet not up. */
bool bg_join_is_up(struct bg_ask *ask, const char *node);
/* Who a ref is, as questions take it: {"pid"} or {"name"}; NULL for a port, a reference, or want of memory. */
json_t *bg_join_who(const json_t *ref);

#endif
