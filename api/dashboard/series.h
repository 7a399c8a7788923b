/* series.h: a line of a panel, {"metric", "of", "as", "by", "legend"}, -> Grafana's query to Prometheus. */
#ifndef BG_API_SERIES_H
#define BG_API_SERIES_H

#include "beamgauge/metrics.h"

#include <jansson.h>

/*   metric  an exposed metric. A counter is shown as its rate
 *   of      another metric: the line shows the share of it
 *   as      "growth" of a gauge; "p99", "mean" or "sum" of a histogram, which needs one of them
 *   by      the label by which the service's own metrics are split, over all its instances; without it they are summed
 *   legend  words that follow the node's name and the metric's labels
 * panel: its title, for the message of an error, which ends the tool. */
json_t *bg_series_target(const json_t *series, size_t index, const char *panel);
/* Grafana's unit for it: "bytes", "Bps", "s", "percentunit", "short". */
const char *bg_series_unit(const json_t *series, const char *panel);
const char *bg_series_help(const json_t *series, const char *panel);

#endif
