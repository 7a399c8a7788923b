/* flatten.h: an object as rows for the table formats. */
#ifndef BG_API_FLATTEN_H
#define BG_API_FLATTEN_H

#include "beamgauge/endpoint.h"

/* Rows {"field", "value"}, one per number, text or truth in `data`; the field is the dotted way to it, an item of a list goes by its own
 * "name" or its place. An MFA is one row, its text. NULL where there is no memory. */
json_t *bg_flatten_rows(const json_t *data);
extern const struct bg_column bg_flatten_columns[];

/* The row of an object that is one. */
json_t *bg_single_row(const json_t *data);

#endif
