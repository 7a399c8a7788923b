/* recount.h: asks a separate question, for which nobody waits, to count long lists: those that a question had too little time to count, and
 * those that have grown since by entries of unknown peers. */
#ifndef BEAMGAUGE_QUERY_RECOUNT_H
#define BEAMGAUGE_QUERY_RECOUNT_H

#include "flights.h"

/* True for such a question itself: if it was too slow, the lists are not requested once more. */
bool bg_recount_is_one(const struct bg_flight *flight);
/* The arguments of the question for these pids, which are stolen; NULL if there is nothing to ask. */
json_t *bg_recount_args_new(const struct bg_flight *flight, json_t *pids);
/* Asks it, if that is possible now; the arguments are stolen. The previous flight must have ended, since only one question counts at a time
 * on each node. */
void bg_recount(struct bg_queries *queries, const char *node, json_t *args);

#endif
