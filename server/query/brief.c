/* brief.c: adds what is known of long lists to a question, and completes its answer with it. */
#include "brief.h"

#include "bounded.h"
#include "recount.h"

#include "beamgauge/clock.h"

#include <string.h>

enum bg_error bg_flight_brief(struct bg_flight *flight, struct bg_flights *flights, struct bg_known *known, int64_t now_us,
                              struct bg_failure *ret_failure)
{
    if (json_object_get(flight->args, "list_entries_max") == NULL)
        return BG_OK;
    const bool is_exact = json_is_true(json_object_get(flight->args, "exact"));
    const bool may_count = bg_flight_count(flights, flight, is_exact ? BG_COUNTS_ANY : BG_COUNTS_SOME);
    if (is_exact && !may_count)
        return bg_fail(ret_failure, BG_TOO_MANY, "another request is counting long lists on %s; try again when it is done", flight->node);
    json_t *lists = bg_ledger_known(&known->ledger, &flight->at, bg_recount_is_one(flight), now_us);
    if (json_object_set_new(flight->args, "known", lists) != 0 ||
        json_object_set_new(flight->args, "may_count", json_boolean(may_count)) != 0)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    return BG_OK;
}

json_t *bg_flight_complete(const struct bg_flight *flight, struct bg_known *known, json_t *answer)
{
    const int64_t now_us = bg_clock_monotonic_us(known->clock);
    bg_bound(flight->node, flight->args, answer);
    bg_names_take(&known->names, flight->node, flight->at.generation, flight->args, answer, bg_clock_wall_ms(known->clock));
    if (strncmp(flight->question->name, "memory", 6) == 0)
        bg_census_complete(&known->census, &flight->at, answer, now_us);
    if (json_object_get(flight->args, "list_entries_max") == NULL)
        return NULL;
    bg_census_take(&known->census, &flight->at, answer, now_us);
    json_t *late = bg_ledger_take(&known->ledger, &flight->at, answer, bg_recount_is_one(flight), now_us, bg_clock_wall_ms(known->clock));
    bg_ledger_complete(&known->ledger, &flight->at, flight->args, answer, now_us);
    bg_seen_complete(&known->seen, &flight->at, flight->args, answer, bg_clock_wall_ms(known->clock));
    bg_census_note(&known->census, &flight->at, json_object_get(answer, "long"));
    bg_census_note(&known->census, &flight->at, json_object_get(answer, "processes"));
    json_t *due = bg_recount_is_one(flight) ? NULL : bg_ledger_due(&known->ledger, &flight->at, now_us);
    (void)json_array_extend(late, due);
    json_decref(due);
    return bg_recount_args_new(flight, late);
}
