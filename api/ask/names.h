/* names.h: names of processes on other nodes than the one that reported them: asked of their own nodes where those are registered, and
 * kept.
 */
#ifndef BG_API_NAMES_H
#define BG_API_NAMES_H

#include "ask.h"

/* Within a step: names the peers in ask->data, a list of rows with `watched` or `top_peers`, that have no name yet. What was reported
 * within the last minute is used as it is; else a branch to the peers' node asks, for a second at most. A node that is not up, or did not
 * report in time lately, is not asked: its processes have the name that was reported last, with `named_at`, or none. */
void bg_names_join(struct bg_ask *ask);
/* The same of one node, by what is kept alone. */
void bg_names_keep(struct bg_ask *ask, const char *node);
/* Rows whose peers may lack a name. */
struct bg_unnamed {
    struct bg_shaper *shaper;
    const struct bg_services *services;
    const json_t *rows; /* objects with `watched` or `top_peers`; borrowed */
    const char *own;    /* the node that reported them, which knows no more; NULL: no such */
};
/* Names who was reported of lately, and who is on a node that is not to be asked. The nodes to be asked, as members of a new object;
 * whether one is not since it was late. */
json_t *bg_unnamed_nodes(const struct bg_unnamed *unnamed, bool *ret_is_late);
/* The question `names` for a node. */
struct bg_arguments bg_unnamed_arguments(const struct bg_unnamed *unnamed, const char *node);
/* Names who is on this node (NULL: on any) by what is kept. */
void bg_unnamed_keep(const struct bg_unnamed *unnamed, const char *node);
/* So long names are waited for where so much time is left. */
int64_t bg_unnamed_wait_ms(int64_t left_ms);

#endif
