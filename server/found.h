/* found.h: the nodes that discovery finds, and how long the registry keeps them. */
#ifndef BEAMGAUGE_FOUND_H
#define BEAMGAUGE_FOUND_H

#include "beamgauge/config.h"
#include "beamgauge/node.h"

struct event_base;
struct bg_found;

/* Starts discovery; `config`, `own_name` and `nodes` are borrowed. Watches `nodes`. */
enum bg_error bg_found_start(struct event_base *base, struct bg_nodes *nodes, const struct bg_config *config, const char *own_name,
                             struct bg_found **ret_found, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Sets the cookie for found nodes; stolen. If it has changed, nodes that are registered get it, and nodes that refused the old one are
 * retried. */
void bg_found_set_cookie(struct bg_found *found, char *cookie);
/* A sentence on the nodes of this host that are not watched; "" where there is none. */
void bg_found_note(const struct bg_found *found, size_t size, char *ret_text);
void bg_found_free(struct bg_found *found); /* free it before the nodes */

#endif
