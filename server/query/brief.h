/* brief.h: what a question is given of long lists when it is sent, and what its answer is completed with. */
#ifndef BEAMGAUGE_QUERY_BRIEF_H
#define BEAMGAUGE_QUERY_BRIEF_H

#include "flights.h"
#include "known.h"

/* A question that may meet long lists (its arguments have list_entries_max) is given what is known of them, and whether it may count them.
 * One that must count them, for exactness, is BG_TOO_MANY while another does. */
enum bg_error bg_flight_brief(struct bg_flight *flight, struct bg_flights *flights, struct bg_known *known, int64_t now_us,
                              struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Long lists that were counted, and how many monitors there were, are kept, and what is kept completes the answer. What is to be asked to
 * count those lists that there was too little time for, or NULL. */
json_t *bg_flight_complete(const struct bg_flight *flight, struct bg_known *known, json_t *answer);

#endif
