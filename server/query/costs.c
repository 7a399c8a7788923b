/* costs.c: counts how questions ended and how long they took. */
#include "costs.h"

#include <stdlib.h>

enum { RESULTS, RPC, DURATION };

const struct bg_metric bg_costs_metrics[] = {
    [RESULTS] = {"beamgauge_rpcs",
                 "Questions sent to nodes, by how they ended: ok, or the code of the error",
                 BG_METRIC_COUNTER,
                 NULL,
                 {"question", "result"}},
    [RPC] = {"beamgauge_rpc_duration_seconds",
             "Time from sending a question to a node to its answer",
             BG_METRIC_HISTOGRAM,
             "seconds",
             {"question"}},
    [DURATION] = {"beamgauge_scan_duration_seconds",
                  "Time that the nodes themselves say they spent on a question that looks at processes",
                  BG_METRIC_HISTOGRAM,
                  "seconds",
                  {"question"}},
    {.name = NULL},
};

bool bg_costs_init(struct bg_costs *ret_costs)
{
    ret_costs->questions = calloc(bg_questions_count, sizeof *ret_costs->questions);
    return ret_costs->questions != NULL;
}

void bg_costs_done(struct bg_costs *costs)
{
    free(costs->questions);
}

void bg_costs_add(struct bg_costs *costs, const struct bg_question *question, enum bg_error error, int64_t rpc_us, const json_t *answer)
{
    struct bg_question_costs *cost = &costs->questions[question - bg_questions];
    const json_t *spent = json_object_get(answer, "duration_us");

    cost->results[error]++;
    if (error == BG_OK)
        bg_histogram_add(&cost->rpc, rpc_us);
    if (json_is_integer(spent))
        bg_histogram_add(&cost->spent, json_integer_value(spent));
}

static void write_histograms(const struct bg_costs *costs, struct bg_exposition *exposition)
{
    for (size_t i = 0; i < bg_questions_count; i++)
        if (bg_histogram_count(&costs->questions[i].rpc) > 0)
            bg_exposition_add_histogram(exposition, &bg_costs_metrics[RPC], (const char *[]){bg_questions[i].name},
                                        &costs->questions[i].rpc);
    for (size_t i = 0; i < bg_questions_count; i++)
        if (bg_histogram_count(&costs->questions[i].spent) > 0)
            bg_exposition_add_histogram(exposition, &bg_costs_metrics[DURATION], (const char *[]){bg_questions[i].name},
                                        &costs->questions[i].spent);
}

void bg_costs_write(const struct bg_costs *costs, struct bg_exposition *exposition)
{
    for (size_t i = 0; i < bg_questions_count; i++)
        for (enum bg_error error = BG_OK; error < BG_ERROR_COUNT; error++)
            if (error == BG_OK || costs->questions[i].results[error] > 0)
                bg_exposition_add(exposition, &bg_costs_metrics[RESULTS],
                                  (const char *[]){bg_questions[i].name, error == BG_OK ? "ok" : bg_error_info(error)->code},
                                  (double)costs->questions[i].results[error]);
    write_histograms(costs, exposition);
}
