/* brief.h: what a question is told of long lists when it is sent. */
#ifndef BEAMGAUGE_PROBE_BRIEF_H
#define BEAMGAUGE_PROBE_BRIEF_H

#include "flights.h"

/* A question that may meet long lists (its arguments have list_entries_max) is told what is known of them, and whether it may count them.
 * One that must count them, for exactness, is BG_TOO_MANY while another does. */
enum bg_error bg_flight_brief(struct bg_flight *flight, struct bg_flights *flights, struct bg_ledger *ledger, const struct bg_nodes *nodes,
                              int64_t now_us, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
