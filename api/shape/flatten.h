/* flatten.h: an object as rows for the table formats. */
#ifndef BG_API_FLATTEN_H
#define BG_API_FLATTEN_H

#include "beamgauge/endpoint.h"

/* Rows {"field", "value"}, one per number, text or boolean in `data`. The field is the dotted path to it; an item of a list is named by its
 * own "name" or its index. An MFA is one row, its text. NULL if memory ran out. */
json_t *bg_flatten_rows(const json_t *data);
extern const struct bg_column bg_flatten_columns[];

/* The single row of an object. */
json_t *bg_single_row(const json_t *data);

#endif
