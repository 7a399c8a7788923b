/* write.h: writes a sample, and what follows from it: a restart that is found, the minute and the hour that it ends, and what is too old
 * then. Within a transaction of the caller. */
#ifndef BEAMGAUGE_STORE_WRITE_H
#define BEAMGAUGE_STORE_WRITE_H

#include "queue.h"
#include "rows.h"

#define BG_RESTART_MS 5000            /* a start time that is later by more is a restart: those that are computed from uptimes drift */
#define BG_AHEAD_MS 60000             /* a sample is not of a time that is later than the clock's by more */
#define BG_SET_BACK_US 600000000      /* for so long samples must come whose node has later ones, until the clock is believed */
#define BG_SET_BACK_GAP_US 3600000000 /* without such samples for so long, it begins anew */

/* Whether the wall clock was set back: a sample is older than what the node has, and what it has is of a time to come. A machine that
 * starts with a wrong clock gets the right one within minutes, and then nothing must have been removed. */
struct bg_set_back {
    int64_t since_us, latest_us; /* monotonic, the first and the last such sample; 0: none */
};

/* False: dropped, or a failure of the database. */
bool bg_write_sample(struct bg_db *db, struct bg_set_back *set_back, const struct bg_queued *sample);

#endif
