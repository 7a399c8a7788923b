/* names.h: names of processes on other nodes than the one that told of them: asked of their own nodes where those are registered, and kept.
 */
#ifndef BG_API_NAMES_H
#define BG_API_NAMES_H

#include "ask.h"

/* Within a step: names the peers in ask->data, a list of rows with `watched` or `top_peers`, that have no name yet. What was told within
 * the last minute is used as it is; else a branch to the peers' node asks, for a second at most. A node that is not up, or did not tell in
 * time lately, is not asked: its processes have the name that they told last, with `named_at`, or none. */
void bg_names_join(struct bg_ask *ask);
/* The same of one node, by what is kept alone. */
void bg_names_keep(struct bg_ask *ask, const char *node);
/* Outside of an ask, where nobody waits: names refs by what is kept. Of those that are not known, or no more fresh, their nodes are asked
 * for the next time. What is no object is passed over. */
void bg_names_fill(struct bg_shaper *shaper, const struct bg_services *services, json_t *refs);

#endif
