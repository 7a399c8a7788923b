/* resources.h: a node's figures with their names in the API, for code outside their own endpoints. */
#ifndef BG_API_RESOURCES_H
#define BG_API_RESOURCES_H

#include "shape.h"

/* `data` of GET .../memory and GET .../system, from the answer to the question of that name. New references. */
json_t *bg_memory_new(struct bg_shaper *shaper, const json_t *answer);
json_t *bg_system_new(struct bg_shaper *shaper, const json_t *answer);

/* The most monitors that one process holds on one other, from the answer to `peers` of a source (sources.h). -1: the entries that may be
 * the most are not counted, and may also be monitors that others hold on the process. */
int64_t bg_pair_max(struct bg_shaper *shaper, const json_t *answer, bool *ret_exact);

/* A sentence on the memory of large binaries, and on the part that no process refers to, from the answer to `binaries`. */
void bg_binaries_describe(struct bg_shaper *shaper, const json_t *answer, size_t size, char *ret_line);

#endif
