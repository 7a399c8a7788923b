/* outcome.h: the result of a question: an answer or a failure, shared by the cache and all callers. */
#ifndef BEAMGAUGE_QUERY_OUTCOME_H
#define BEAMGAUGE_QUERY_OUTCOME_H

#include "beamgauge/clock.h"
#include "beamgauge/error.h"

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct bg_outcome {
    size_t references;
    struct bg_failure failure; /* error is BG_OK for an answer; the rest is only for answers */
    json_t *data;
    size_t bytes;                            /* approximate memory of the data */
    int64_t collected_us, collected_wall_ms; /* when the answer came */
    int64_t duration_us, rpc_us;
};

/* Both return one reference. `data` is stolen, also on failure (NULL). The second never fails: without memory its failure says so. */
struct bg_outcome *bg_outcome_new_answer(json_t *data);
struct bg_outcome *bg_outcome_new_failure(const struct bg_failure *failure);
/* The new answer; a failure if memory ran out. */
struct bg_outcome *bg_outcome_new_collected(json_t *data, size_t bytes, const struct bg_clock *clock, int64_t sent_us, int64_t rpc_us);
struct bg_outcome *bg_outcome_ref(struct bg_outcome *outcome);
void bg_outcome_unref(struct bg_outcome *outcome);

#endif
