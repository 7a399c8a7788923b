/* resources.h: a node's figures as the API names them, for whoever needs them besides their own endpoints. */
#ifndef BG_API_RESOURCES_H
#define BG_API_RESOURCES_H

#include "shape.h"

/* `data` of GET .../memory and GET .../system, out of the answer to the question of that name. New references. */
json_t *bg_memory_new(struct bg_shaper *shaper, const json_t *answer);
json_t *bg_system_new(struct bg_shaper *shaper, const json_t *answer);

/* The most monitors that one process holds on one other, out of the answer to `peers` of a source (sources.h); -1: nobody has counted those
 * that may be the most, which may as well be held on the process. */
int64_t bg_pair_max(struct bg_shaper *shaper, const json_t *answer, bool *ret_exact);

/* A sentence on what large binaries take and how much of it no process refers to, out of the answer to `binaries`. */
void bg_binaries_describe(struct bg_shaper *shaper, const json_t *answer, size_t size, char *ret_line);

#endif
