/* names.h: names of processes on other nodes than the one that reported them: their own nodes are asked if they are registered, and the
 * names are kept.
 */
#ifndef BG_API_NAMES_H
#define BG_API_NAMES_H

#include "ask.h"

/* Within a step: names the peers in ask->data, a list of rows with `watched` or `top_peers`, that have no name yet. A name reported within
 * the last minute is used; otherwise a branch to the peers' node asks, for at most a second. A node that is not up, or did not report in
 * time lately, is not asked: its processes have the name that was reported last, with `named_at`, or none. */
void bg_names_join(struct bg_ask *ask);
/* The same for one node, only with kept names. */
void bg_names_keep(struct bg_ask *ask, const char *node);
/* Rows whose peers may lack a name. */
struct bg_unnamed {
    struct bg_shaper *shaper;
    const struct bg_services *services;
    const json_t *rows; /* objects with `watched` or `top_peers`; borrowed */
    const char *own;    /* the node that reported them, which knows nothing more; NULL: none */
};
/* Names the processes that were reported recently, and those on nodes that must not be asked. Returns the nodes to ask, as members of a new
 * object; and whether a node is left out since it was late. */
json_t *bg_unnamed_nodes(const struct bg_unnamed *unnamed, bool *ret_is_late);
/* The question `names` for a node. */
struct bg_arguments bg_unnamed_arguments(const struct bg_unnamed *unnamed, const char *node);
/* Names the processes on this node (NULL: on any) with kept names. */
void bg_unnamed_keep(const struct bg_unnamed *unnamed, const char *node);
/* How long to wait for names if so much time is left. */
int64_t bg_unnamed_wait_ms(int64_t left_ms);

#endif
