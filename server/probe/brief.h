/* brief.h: what a question is told of long lists when it is sent, and what its answer is completed with. */
#ifndef BEAMGAUGE_PROBE_BRIEF_H
#define BEAMGAUGE_PROBE_BRIEF_H

#include "census.h"
#include "flights.h"
#include "names.h"

/* What is kept of what nodes told. */
struct bg_known {
    struct bg_ledger ledger;
    struct bg_census census;
    struct bg_names names;
};

void bg_known_init(struct bg_known *known);
void bg_known_done(struct bg_known *known);

/* A question that may meet long lists (its arguments have list_entries_max) is told what is known of them, and whether it may count them.
 * One that must count them, for exactness, is BG_TOO_MANY while another does. */
enum bg_error bg_flight_brief(struct bg_flight *flight, struct bg_flights *flights, struct bg_known *known, int64_t now_us,
                              struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Long lists that were counted, and how many monitors there were, are kept, and what is kept completes the answer. What is to be asked to
 * count those lists that there was too little time for, or NULL. */
json_t *bg_flight_complete(const struct bg_flight *flight, struct bg_known *known, const struct bg_clock *clock, json_t *answer);

#endif
