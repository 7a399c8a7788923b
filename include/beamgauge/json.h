/* json.h: JSON as text, which is whole or not there. jansson writes the same, but makes a set of all arrays and objects on its way, to
 * find circles, and calls printf for each number: that took a fifth of the time of a small answer. */
#ifndef BEAMGAUGE_JSON_H
#define BEAMGAUGE_JSON_H

#include "beamgauge/sink.h"

#include <jansson.h>

/* Adds any JSON value, without blanks, reals with 15 digits. Of jansson's flags JSON_ENSURE_ASCII and JSON_SORT_KEYS are known. The value
 * must not contain itself. False where memory ran out. */
bool bg_json_write(struct bg_sink *sink, const json_t *json, size_t flags);

/* The same as a malloc'ed text; NULL where memory ran out. */
char *bg_json_text(const json_t *json, size_t flags);

#endif
