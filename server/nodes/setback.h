/* setback.h: why a link did not come up, or went down. */
#ifndef BG_NODES_SETBACK_H
#define BG_NODES_SETBACK_H

#include "beamgauge/node.h"

#define BG_SETBACK_TEXT_SIZE 384

struct bg_setback {
    enum bg_link_reason reason;
    char text[BG_SETBACK_TEXT_SIZE]; /* a sentence: what happened and what to do */
};

/* What a peer says of itself may be among the arguments: what is hostile or not UTF-8 in them is escaped. */
void bg_setback_set(struct bg_setback *ret_setback, enum bg_link_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How long to wait after the `failures`-th setback in a row (from 1): exponential between min and max, the last quarter of it random so
 * that many links do not try in step. What the target writes into its log each time is tried every ten seconds at most. */
int64_t bg_setback_wait_ms(enum bg_link_reason reason, unsigned failures, int64_t min_ms, int64_t max_ms, uint32_t random);

#endif
