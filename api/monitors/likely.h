/* likely.h: names who is likely watched by one whose monitors nobody could count. */
#ifndef BG_API_LIKELY_H
#define BG_API_LIKELY_H

#include "ask.h"

/* Once all nodes have answered: each of the pairs in ask->data says whether its watched is only likely, and who that is not known at all of
 * is told where there is one who is likely. One that itself is likely watched by all that it may have is no watcher, and is left out. */
void bg_likely_join(struct bg_ask *ask);

#endif
