/* groups.h: all processes of a node in groups: asks `groups` and shapes its answer. */
#ifndef BG_API_GROUPS_H
#define BG_API_GROUPS_H

#include "ask.h"
#include "rows.h"

/* The keys for groups, "none" first; NULL ends it. */
extern const char *const bg_group_keys[];
/* The same and "node": the node of the peers of monitors. */
extern const char *const bg_monitor_group_keys[];
#define BG_GROUP_PARAM(keys)                                                                                                               \
    {                                                                                                                                      \
        .name = "group", .type = BG_PARAM_ENUM, .choices = (keys), .fallback = "none",                                                     \
        .summary = "Group all processes of the node by this, and rank the groups by their sums"                                            \
    }

bool bg_groups_wanted(const struct bg_ask *ask); /* the call has group=, and not "none" */
/* Within a step: asks for the groups by the call's parameter `group` with the highest sums of the sort key, and answers the call with them:
 * at most `limit` groups with `min` or more, and then one of all processes without a group. */
void bg_groups_send(struct bg_ask *ask, const struct bg_sort *sort);

extern const struct bg_column bg_group_columns[];

#endif
