/* likely.h: names the likely watched process of a watcher whose monitors could not be counted. */
#ifndef BG_API_LIKELY_H
#define BG_API_LIKELY_H

#include "ask.h"

/* Call it when all nodes have answered. Each pair in ask->data then says whether its watched process is only likely; if the watched process
 * is not known, the likely one is filled in. A row is removed if its process is likely watched by all its entries: it is not a watcher. */
void bg_likely_join(struct bg_ask *ask);

#endif
