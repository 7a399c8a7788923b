/* memory_host.h: a node's memory as its operating system sees it. */
#ifndef BG_API_MEMORY_HOST_H
#define BG_API_MEMORY_HOST_H

#include "shape.h"

/* Puts rss_bytes, swap_bytes, machine_bytes, rss_ratio, cgroup_limit_bytes, cgroup_used_bytes, cgroup_ratio, limit_bytes, carriers_bytes
 * and unexplained_bytes into `data`, each null if the node does not run on Linux or has no /proc. `carriers_bytes` is -1 if unknown. */
void bg_host_put(struct bg_shaper *shaper, json_t *data, const json_t *answer, int64_t carriers_bytes);

#endif
