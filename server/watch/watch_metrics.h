/* watch_metrics.h: the metrics of samples. */
#ifndef BEAMGAUGE_WATCH_METRICS_H
#define BEAMGAUGE_WATCH_METRICS_H

#include "beamgauge/metrics.h"

extern const struct bg_metric bg_watch_metrics[]; /* name NULL ends */

#endif
