/* naming.h: names of processes on other nodes, waited for outside of an ask. */
#ifndef BG_API_NAMING_H
#define BG_API_NAMING_H

#include "names.h"

struct bg_naming; /* owned by whoever started it, until it is done or stopped */
typedef void bg_naming_done(void *context);

/* Names the peers in rows as bg_names_join() does. NULL: nobody is waited for, and they are named by what is kept; else `done` is called
 * once they are, before the deadline. What comes too late is kept for the next time. The rows live until then. */
struct bg_naming *bg_naming_start(const struct bg_unnamed *unnamed, uint64_t reader, int64_t deadline_us, bg_naming_done *done,
                                  void *context);
void bg_naming_stop(struct bg_naming *naming);

#endif
