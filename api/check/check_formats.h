/* check_formats.h: formats of a check's result for people, CI and monitoring. */
#ifndef BG_API_CHECK_FORMATS_H
#define BG_API_CHECK_FORMATS_H

#include "beamgauge/endpoint.h"

/* json, text, md, junit, nagios. `data` is that of a check of one node or of many. */
extern const struct bg_representation bg_check_representations[];

#endif
