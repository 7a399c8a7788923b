/* json.h: JSON written to memory. */
#ifndef BG_HTTP_JSON_H
#define BG_HTTP_JSON_H

#include "beamgauge/sink.h"

#include <jansson.h>
#include <stdbool.h>

/* Compact, in ASCII, with reals of 15 digits. `json` is of any type and has no circles. False where memory ran out. */
bool bg_json_write(struct bg_sink *sink, const json_t *json);

#endif
