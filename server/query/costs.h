/* costs.h: the cost of questions for nodes, by question. */
#ifndef BEAMGAUGE_QUERY_COSTS_H
#define BEAMGAUGE_QUERY_COSTS_H

#include "question.h"

#include "beamgauge/error.h"
#include "beamgauge/metrics.h"

#include <jansson.h>

struct bg_question_costs {
    uint64_t results[BG_ERROR_COUNT]; /* sent questions by result */
    struct bg_histogram rpc;          /* from sending to the answer */
    struct bg_histogram spent;        /* on the node, from its answer */
};

struct bg_costs {
    struct bg_question_costs *questions; /* in the order of bg_questions */
};

bool bg_costs_init(struct bg_costs *ret_costs);
void bg_costs_done(struct bg_costs *costs);
/* A sent question has ended. `answer` is NULL if there is none. */
void bg_costs_add(struct bg_costs *costs, const struct bg_question *question, enum bg_error error, int64_t rpc_us, const json_t *answer);
void bg_costs_write(const struct bg_costs *costs, struct bg_exposition *exposition);

extern const struct bg_metric bg_costs_metrics[]; /* what it writes; name NULL ends */

#endif
