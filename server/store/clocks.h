/* clocks.h: a wall clock that may be set at any time, by much, and by mistake: what it says is believed once it has lasted. */
#ifndef BEAMGAUGE_STORE_CLOCKS_H
#define BEAMGAUGE_STORE_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#define BG_SETTLED_US                                                                                                                      \
    600000000 /* how long a clock must say so: a machine that starts with a wrong one gets the right one within minutes                    \
               */
#define BG_SET_BACK_GAP_US 3600000000 /* without a sample that is too old for so long, it begins anew */
#define BG_SET_AHEAD_MS 3600000       /* a clock that goes ahead by more than passed, and this, was set */

/* Whether the clock was set back: a sample is older than what its node has, and what it has is of a time to come. */
struct bg_set_back {
    int64_t since_us, latest_us; /* monotonic, the first and the last such sample; 0: none */
};
/* Notes such a sample; true once the clock is to be believed. */
bool bg_set_back_note(struct bg_set_back *set_back, int64_t monotonic_us);

/* By which time rows are too old: that of the clock, unless it was just set ahead; what is removed by mistake does not come back. */
struct bg_age_clock {
    int64_t wall_ms, monotonic_us; /* what was believed last; 0: nothing yet */
    int64_t since_us;              /* since when the clock is too far ahead; 0: it is not */
};
int64_t bg_age_clock_read(struct bg_age_clock *clock, int64_t wall_ms, int64_t monotonic_us);

#endif
