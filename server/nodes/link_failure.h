/* link_failure.h: why a link did not come up, or went down. */
#ifndef BG_NODES_LINK_FAILURE_H
#define BG_NODES_LINK_FAILURE_H

#include "beamgauge/node.h"

#define BG_LINK_FAILURE_TEXT_SIZE 384

struct bg_link_failure {
    enum bg_link_reason reason;
    char text[BG_LINK_FAILURE_TEXT_SIZE]; /* a sentence: what happened and what to do */
};

/* Arguments may contain text of a peer: hostile characters and invalid UTF-8 are escaped. */
void bg_link_failure_set(struct bg_link_failure *ret_failure, enum bg_link_reason reason, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* How long to wait after the `failures`-th failure in a row (from 1): exponential between min and max; the last quarter is random, so that
 * many links do not retry at the same time. A try that the target writes into its log comes every ten seconds at most. */
int64_t bg_link_failure_wait_ms(enum bg_link_reason reason, unsigned failures, int64_t min_ms, int64_t max_ms, uint32_t random);

#endif
