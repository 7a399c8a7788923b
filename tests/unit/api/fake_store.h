/* fake_store.h: a store that keeps one sample, and gives the history that a test has prepared. */
#ifndef BG_TEST_FAKE_STORE_H
#define BG_TEST_FAKE_STORE_H

#include "beamgauge/store.h"

struct fake_store {
    struct bg_sample sample; /* the last one; its texts and values stay */
    size_t samples_count;
    bool is_full;
    struct bg_history_request request;
    size_t requests_count, cancelled_count;
    struct bg_store_state state;
};
extern struct fake_store fake_store;

/* Ends the history that was asked for last. */
void fake_store_give(const struct bg_failure *failure, const struct bg_history *history);

#endif
