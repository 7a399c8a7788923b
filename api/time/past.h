/* past.h: calls for what is kept of a node: from the request to the store and back; cancel, failure and meta in one place. */
#ifndef BG_API_PAST_H
#define BG_API_PAST_H

#include "shape.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/store.h"

struct bg_past;

/* Reads the call's parameters into past->request, whose node and series (past->series) are set already. */
typedef enum bg_error bg_past_read(struct bg_past *past, int64_t now_ms, struct bg_failure *ret_failure);
/* Makes the call's data; may add to the warnings. A new reference. */
typedef json_t *bg_past_shape(struct bg_shaper *shaper, const struct bg_past *past, const struct bg_history *kept, json_t *warnings);

/* Owns itself, until the call has ended or is cancelled. */
struct bg_past {
    struct bg_call *call;
    struct bg_history_ticket *ticket;
    struct bg_history_request request;
    size_t series[BG_STORE_SERIES_MAX]; /* of the request */
    int64_t started_us;
    bg_past_shape *shape;
};

/* Takes over the call. The endpoint must have the parameter node. Also a node that is not registered any more has a past. */
void bg_past_run(struct bg_call *call, bg_past_read *read, bg_past_shape *shape);

json_t *bg_past_at_new(int64_t wall_ms); /* a time as text, for bg_put() */

#endif
