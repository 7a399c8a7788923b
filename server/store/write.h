/* write.h: writes a sample, and what follows from it: a restart that is found, the minute and the hour that it ends, and what is too old
 * then. Within a transaction of the caller. */
#ifndef BEAMGAUGE_STORE_WRITE_H
#define BEAMGAUGE_STORE_WRITE_H

#include "clocks.h"
#include "queue.h"
#include "rows.h"

#define BG_RESTART_MS 5000 /* a start time that is later by more is a restart: those that are computed from uptimes drift */
#define BG_AHEAD_MS 60000  /* a sample is not of a time that is later than the clock's by more */

/* False: dropped, or a failure of the database. */
bool bg_write_sample(struct bg_db *db, struct bg_set_back *set_back, const struct bg_queued *sample);

#endif
