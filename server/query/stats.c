/* stats.c: what the service reports about its questions and the answers it keeps. */
#include "stats.h"

enum { ASKED, FAILED, WAITING, KEPT, KEPT_BYTES };

const struct bg_metric bg_stats_metrics[] = {
    [ASKED] = {"beamgauge_questions",
               "Questions about nodes, by how they were served: cached (an answer was fresh enough), joined (the same one was "
               "in flight), sent",
               BG_METRIC_COUNTER,
               NULL,
               {"served"}},
    [FAILED] = {"beamgauge_questions_failed", "Questions about nodes that failed", BG_METRIC_COUNTER, NULL, {NULL}},
    [WAITING] = {"beamgauge_questions_waiting", "Questions that wait for a node", BG_METRIC_GAUGE, NULL, {NULL}},
    [KEPT] = {"beamgauge_answers_kept", "Answers of nodes that are kept", BG_METRIC_GAUGE, NULL, {NULL}},
    [KEPT_BYTES] = {"beamgauge_answers_kept_bytes", "Memory that the answers kept take, estimated", BG_METRIC_GAUGE, "bytes", {NULL}},
    {.name = NULL},
};

void bg_stats_write(const struct bg_queries_stats *stats, const struct bg_flights *flights, const struct bg_answers *answers,
                    struct bg_exposition *exposition)
{
    const struct bg_metric *metrics = bg_stats_metrics;
    bg_exposition_add(exposition, &metrics[ASKED], (const char *[]){"cached"}, (double)stats->cached_count);
    bg_exposition_add(exposition, &metrics[ASKED], (const char *[]){"joined"}, (double)stats->joined_count);
    bg_exposition_add(exposition, &metrics[ASKED], (const char *[]){"sent"}, (double)stats->sent_count);
    bg_exposition_add(exposition, &metrics[FAILED], NULL, (double)stats->failed_count);
    bg_exposition_add(exposition, &metrics[WAITING], NULL, (double)flights->tickets_count);
    bg_exposition_add(exposition, &metrics[KEPT], NULL, (double)answers->count);
    bg_exposition_add(exposition, &metrics[KEPT_BYTES], NULL, (double)answers->bytes);
}
