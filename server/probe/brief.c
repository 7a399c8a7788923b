/* brief.c: tells a question what is known of long lists. */
#include "brief.h"

#include <stdio.h>
#include <string.h>

enum bg_error bg_flight_brief(struct bg_flight *flight, struct bg_flights *flights, struct bg_ledger *ledger, const struct bg_nodes *nodes,
                              int64_t now_us, struct bg_failure *ret_failure)
{
    struct bg_node_info info;
    if (json_object_get(flight->args, "list_entries_max") == NULL)
        return BG_OK;
    const enum bg_error error = bg_nodes_info(nodes, flight->node, &info, ret_failure);
    if (error != BG_OK)
        return error;
    flight->at = (struct bg_ledger_node){.generation = info.generation, .since_wall_ms = info.since_wall_ms};
    (void)snprintf(flight->at.name, sizeof flight->at.name, "%s", flight->node);
    const bool is_exact = json_is_true(json_object_get(flight->args, "exact"));
    const bool may_count = bg_flight_count(flights, flight, is_exact ? BG_COUNTS_ANY : BG_COUNTS_SOME);
    if (is_exact && !may_count)
        return bg_fail(ret_failure, BG_TOO_MANY, "another request is counting long lists on %s; try again when it is done", flight->node);
    json_t *known = bg_ledger_known(ledger, &flight->at, now_us);
    if (json_object_set_new(flight->args, "known", known) != 0 ||
        json_object_set_new(flight->args, "may_count", json_boolean(may_count)) != 0)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    return BG_OK;
}
