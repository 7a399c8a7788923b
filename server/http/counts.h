/* counts.h: counts replies by operation and status, and how long they took. Plain numbers: one thread counts and reads. */
#ifndef BG_HTTP_COUNTS_H
#define BG_HTTP_COUNTS_H

#include "beamgauge/endpoint.h"
#include "beamgauge/metrics.h"

struct bg_http;

/* Operations that are not endpoints; the endpoints follow, in the order of their table. */
enum bg_place { BG_PLACE_NONE, BG_PLACE_PAGE, BG_PLACE_ENDPOINTS };

struct bg_operation_counts {
    uint64_t replies[5]; /* by the first digit of the status, less one */
    struct bg_histogram took;
};

struct bg_counts {
    const struct bg_endpoint *const *endpoints;
    size_t places;
    struct bg_operation_counts *operations;
    uint64_t repeated;  /* replies from the reply cache */
    uint64_t abandoned; /* calls whose client disconnected before the reply */
    uint64_t evicted;   /* connections that were closed to make room for others */
    uint64_t accept_pauses;
    uint64_t handshakes_failed; /* TLS handshakes that failed */
};

bool bg_counts_init(struct bg_counts *ret_counts, const struct bg_endpoint *const *endpoints);
void bg_counts_done(struct bg_counts *counts);
size_t bg_counts_place(const struct bg_counts *counts, const struct bg_endpoint *endpoint);
void bg_counts_add(struct bg_counts *counts, size_t place, int status, int64_t took_us);
/* A collector; the context is the bg_http. */
void bg_counts_collect(void *context, struct bg_exposition *exposition);

extern const struct bg_metric bg_counts_metrics[]; /* what it writes; name NULL ends */

#endif
