/* outcome.c: the result of a question, reference-counted. */
#include "outcome.h"

#include <stdlib.h>

/* Its own reference is never released, so it is never freed. */
static struct bg_outcome no_memory = {.references = 1, .failure = {.error = BG_NO_MEMORY, .text = "out of memory"}};

struct bg_outcome *bg_outcome_new_answer(json_t *data)
{
    struct bg_outcome *outcome = calloc(1, sizeof *outcome);
    if (outcome == NULL) {
        json_decref(data);
        return NULL;
    }
    outcome->references = 1;
    outcome->data = data;
    return outcome;
}

struct bg_outcome *bg_outcome_new_failure(const struct bg_failure *failure)
{
    struct bg_outcome *outcome = calloc(1, sizeof *outcome);
    if (outcome == NULL)
        return bg_outcome_ref(&no_memory);
    outcome->references = 1;
    outcome->failure = *failure;
    return outcome;
}

struct bg_outcome *bg_outcome_new_collected(json_t *data, size_t bytes, const struct bg_clock *clock, int64_t sent_us, int64_t rpc_us)
{
    struct bg_outcome *outcome = bg_outcome_new_answer(data);
    if (outcome == NULL)
        return bg_outcome_ref(&no_memory);
    outcome->bytes = bytes;
    outcome->collected_us = bg_clock_monotonic_us(clock);
    outcome->collected_wall_ms = bg_clock_wall_ms(clock);
    outcome->duration_us = outcome->collected_us - sent_us;
    outcome->rpc_us = rpc_us;
    return outcome;
}

struct bg_outcome *bg_outcome_ref(struct bg_outcome *outcome)
{
    outcome->references++;
    return outcome;
}

void bg_outcome_unref(struct bg_outcome *outcome)
{
    if (outcome == NULL || --outcome->references > 0)
        return;
    json_decref(outcome->data);
    free(outcome);
}
