/* stats.c: what the service tells of its questions and of the answers it keeps. */
#include "stats.h"

void bg_stats_write(const struct bg_queries_stats *stats, const struct bg_flights *flights, const struct bg_answers *answers,
                    struct bg_exposition *exposition)
{
    static const struct bg_metric asked = {
        "beamgauge_questions",
        "Questions about nodes, by how they were served: cached (an answer was fresh enough), joined (the same one was "
        "in flight), sent",
        BG_METRIC_COUNTER,
        NULL,
        {"served"}};
    static const struct bg_metric failed = {
        "beamgauge_questions_failed", "Questions about nodes that failed", BG_METRIC_COUNTER, NULL, {NULL}};
    static const struct bg_metric waiting = {
        "beamgauge_questions_waiting", "Questions that wait for a node", BG_METRIC_GAUGE, NULL, {NULL}};
    static const struct bg_metric kept = {"beamgauge_answers_kept", "Answers of nodes that are kept", BG_METRIC_GAUGE, NULL, {NULL}};
    static const struct bg_metric kept_bytes = {
        "beamgauge_answers_kept_bytes", "Memory that the answers kept take, estimated", BG_METRIC_GAUGE, "bytes", {NULL}};

    bg_exposition_add(exposition, &asked, (const char *[]){"cached"}, (double)stats->cached_count);
    bg_exposition_add(exposition, &asked, (const char *[]){"joined"}, (double)stats->joined_count);
    bg_exposition_add(exposition, &asked, (const char *[]){"sent"}, (double)stats->sent_count);
    bg_exposition_add(exposition, &failed, NULL, (double)stats->failed_count);
    bg_exposition_add(exposition, &waiting, NULL, (double)flights->tickets_count);
    bg_exposition_add(exposition, &kept, NULL, (double)answers->count);
    bg_exposition_add(exposition, &kept_bytes, NULL, (double)answers->bytes);
}
