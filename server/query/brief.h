/* brief.h: adds what is known of long lists to a question when it is sent, and completes its answer. */
#ifndef BEAMGAUGE_QUERY_BRIEF_H
#define BEAMGAUGE_QUERY_BRIEF_H

#include "flights.h"
#include "known.h"

/* A question that may find long lists (its arguments have list_entries_max) gets what is known of them, and whether it may count them. If
 * it must count them, for exactness, the result is BG_TOO_MANY while another question does so. */
enum bg_error bg_flight_brief(struct bg_flight *flight, struct bg_flights *flights, struct bg_known *known, int64_t now_us,
                              struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Keeps counted long lists and numbers of monitors, and completes the answer with them. Returns the question that counts the lists for
 * which there was too little time, or NULL. */
json_t *bg_flight_complete(const struct bg_flight *flight, struct bg_known *known, json_t *answer);

#endif
