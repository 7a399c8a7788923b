/* recount.h: long lists that a question had too little time to count, or to which others have come since, are counted by one of their own,
 * for which nobody waits. */
#ifndef BEAMGAUGE_QUERY_RECOUNT_H
#define BEAMGAUGE_QUERY_RECOUNT_H

#include "flights.h"

/* True for such a question itself: what it was too slow for is not asked for once more. */
bool bg_recount_is_one(const struct bg_flight *flight);
/* What is to be asked for so many pids, which are stolen; NULL where there is nothing to ask. */
json_t *bg_recount_args_new(const struct bg_flight *flight, json_t *pids);
/* Asks it, where that is possible now; the arguments are stolen. The flight that it follows must have ended, as on each node one question
 * counts at a time. */
void bg_recount(struct bg_queries *queries, const char *node, json_t *args);

#endif
