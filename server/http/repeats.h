/* repeats.h: which failures were logged already: a page that is refreshed must not fill the log with one fault. */
#ifndef BG_HTTP_REPEATS_H
#define BG_HTTP_REPEATS_H

#include "beamgauge/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BG_REPEATS_SLOTS 1024

/* The last failure of each target, by its hash. A target that takes the slot of another is only logged once more. */
struct bg_repeats {
    uint64_t seed;
    size_t used;
    struct {
        uint64_t target; /* hashed; 0: none */
        enum bg_error error;
    } slots[BG_REPEATS_SLOTS];
};

void bg_repeats_init(struct bg_repeats *ret_repeats, uint64_t seed);
/* Keeps how a request of that target ended. True if it failed otherwise than the last time: then it is to be logged. */
bool bg_repeats_keep(struct bg_repeats *repeats, const char *target, enum bg_error error);

#endif
