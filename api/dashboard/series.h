/* series.h: a line of a panel, {"metric", "of", "as", "by", "legend"}, -> what Grafana asks Prometheus. */
#ifndef BG_API_SERIES_H
#define BG_API_SERIES_H

#include "beamgauge/metrics.h"

#include <jansson.h>

/*   metric  one that is exposed. A counter is shown as its rate
 *   of      another one: the share that the metric has of it
 *   as      "growth" of a gauge; "p99", "mean" or "sum" of a histogram, which needs one of them
 *   by      the label that the service's own metrics are told apart by, of all its instances; without it they are summed up
 *   legend  words that follow the node's name and the metric's labels
 * panel: its title, for the sentence with which a mistake ends the tool. */
json_t *bg_series_target(const json_t *series, size_t index, const char *panel);
/* The unit that Grafana has for it: "bytes", "Bps", "s", "percentunit", "short". */
const char *bg_series_unit(const json_t *series, const char *panel);
const char *bg_series_help(const json_t *series, const char *panel);

/* In make.c. Says what is wrong and ends the tool. */
_Noreturn void bg_dashboard_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The value itself; ends the tool where it is NULL. */
json_t *bg_dashboard_need(json_t *value);

#endif
