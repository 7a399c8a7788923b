/* series.h: what is kept of a node over time: each figure that costs no look at all processes is a series. Of a counter it is the change in
 * each second. */
#ifndef BG_API_SERIES_H
#define BG_API_SERIES_H

#include "figures.h"

#include <stdbool.h>
#include <stddef.h>

#define BG_SERIES_NAME_SIZE 64

struct bg_series {
    const struct bg_figure *figure;
    char name[BG_SERIES_NAME_SIZE]; /* the figure's, or its path; of a counter with per_second at its end */
    bool is_rate;
};

/* The table is made at the first call. */
size_t bg_series_count(void);
const struct bg_series *bg_series_at(size_t index);
/* The index; bg_series_count() if there is none of that name. */
size_t bg_series_find(const char *name, size_t length);
/* The number in the data of its source, a counter's as it stands; NaN: not known. */
double bg_series_read(const struct bg_series *series, const json_t *data);
/* The name of a series of a counter at that path: reductions_count is reductions_per_second, io_input_bytes is io_input_bytes_per_second.
 */
void bg_series_rate_name(const char *path, char ret_name[BG_SERIES_NAME_SIZE]);
const char *bg_series_unit(const struct bg_series *series); /* of the figure; of a rate that, and "_per_second" */

#endif
