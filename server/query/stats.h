/* stats.h: what the service reports about its questions and the answers it keeps. */
#ifndef BEAMGAUGE_QUERY_STATS_H
#define BEAMGAUGE_QUERY_STATS_H

#include "answers.h"
#include "flights.h"

#include "beamgauge/metrics.h"

void bg_stats_write(const struct bg_queries_stats *stats, const struct bg_flights *flights, const struct bg_answers *answers,
                    struct bg_exposition *exposition);

extern const struct bg_metric bg_stats_metrics[]; /* what it writes; name NULL ends */

#endif
