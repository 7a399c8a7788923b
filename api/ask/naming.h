/* naming.h: names of processes on other nodes, waited for outside of an ask. */
#ifndef BG_API_NAMING_H
#define BG_API_NAMING_H

#include "names.h"

struct bg_naming; /* the caller owns it until it is done or stopped */
typedef void bg_naming_done(void *context);

/* Names the peers in rows like bg_names_join(). NULL: there is nothing to wait for, and kept names were used; otherwise `done` is called
 * when they are named, before the deadline. Late names are kept for the next time. The rows must exist until then. */
struct bg_naming *bg_naming_start(const struct bg_unnamed *unnamed, uint64_t reader, int64_t deadline_us, bg_naming_done *done,
                                  void *context);
void bg_naming_stop(struct bg_naming *naming);

#endif
