/* verify.h: whether the peers of relations are alive, asked on their own nodes. */
#ifndef BG_API_VERIFY_H
#define BG_API_VERIFY_H

#include "ask.h"

/* Within a step: of ask->data's rows, each with top_peers, starts a branch to every node that is up and on which processes among the
 * peers live that nothing is known of yet. What it reports is put into the peers' `alive`; of all others it stays null. */
void bg_verify_peers(struct bg_ask *ask);
/* Once those branches are over: puts sampled_count, alive_count, dead_count and unknown_count of the processes among the peers into each
 * row, and leaves it `limit` top_peers. */
void bg_verify_count(struct bg_ask *ask, size_t limit);

#endif
