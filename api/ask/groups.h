/* groups.h: all processes of a node by what they have in common: asking `groups` and shaping its answer. */
#ifndef BG_API_GROUPS_H
#define BG_API_GROUPS_H

#include "ask.h"
#include "rows.h"

/* What processes can be grouped by, "none" first; NULL ends it. */
extern const char *const bg_group_keys[];
/* The same and "node": of the peers of monitors. */
extern const char *const bg_monitor_group_keys[];
#define BG_GROUP_PARAM(keys)                                                                                                               \
    {                                                                                                                                      \
        .name = "group", .type = BG_PARAM_ENUM, .choices = (keys), .fallback = "none",                                                     \
        .summary = "Group all processes of the node by this, and rank the groups by their sums"                                            \
    }

bool bg_groups_wanted(const struct bg_ask *ask); /* the call has group=, of other than none */
/* Within a step: asks for the groups of the call's parameter `group` with the highest sums of what is sorted by, and answers the call
 * with them: at most `limit` of those with `min` or more, and then one of all processes that found no place in any. */
void bg_groups_send(struct bg_ask *ask, const struct bg_sort *sort);

extern const struct bg_column bg_group_columns[];

#endif
