/* verify.h: asks the peers' own nodes whether they are alive. */
#ifndef BG_API_VERIFY_H
#define BG_API_VERIFY_H

#include "ask.h"

/* Within a step: ask->data's rows have top_peers; starts a branch to every node that is up and has processes among these peers that are not
 * known yet. Its report is put into the peers' `alive`; for all others it stays null. */
void bg_verify_peers(struct bg_ask *ask);
/* Once those branches are over: puts sampled_count, alive_count, dead_count and unknown_count of the processes among the peers into each
 * row, and leaves it `limit` top_peers. */
void bg_verify_count(struct bg_ask *ask, size_t limit);

#endif
