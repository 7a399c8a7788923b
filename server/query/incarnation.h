/* incarnation.h: a node from one link-up to the next link-down: what is known of its processes is valid only for that time. */
#ifndef BEAMGAUGE_QUERY_INCARNATION_H
#define BEAMGAUGE_QUERY_INCARNATION_H

#include "beamgauge/node.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct bg_incarnation {
    char name[BG_NODE_NAME_MAX + 1];
    uint64_t generation; /* both as in the keys of answers */
    int64_t since_wall_ms;
};

static inline void bg_incarnation_init(struct bg_incarnation *incarnation, const struct bg_node_info *info)
{
    incarnation->generation = info->generation;
    incarnation->since_wall_ms = info->since_wall_ms;
    (void)snprintf(incarnation->name, sizeof incarnation->name, "%s", info->name);
}

static inline bool bg_incarnation_is(const struct bg_incarnation *one, const struct bg_incarnation *other)
{
    return one->generation == other->generation && one->since_wall_ms == other->since_wall_ms && strcmp(one->name, other->name) == 0;
}

#endif
