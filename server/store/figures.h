/* figures.h: the figures of one row as bytes.
 *
 *      kinds: half a byte for each series, the first in the low half | what each kind has, in the order of the series
 *
 *      0  not known   nothing
 *      1  constant    an integer
 *      2  constant    a double, 8 bytes
 *      3  range       an integer (least), a varint (greatest - least), 3 bytes (where between them the mean is)
 *      4  range       two doubles, 3 bytes
 *      9 to 12        as 1 to 4, and before it a varint: the number of samples, where it is not that of the row
 *
 * Varints are LEB128, seven bits a byte, the low ones first; integers are zigzag (0, -1, 1, -2 ...) and within 2^53, where each is a double
 * of its own. A mean is off by at most (greatest - least) / 2^25. Numbers are little-endian. */
#ifndef BEAMGAUGE_STORE_FIGURES_H
#define BEAMGAUGE_STORE_FIGURES_H

#include "beamgauge/store.h"

struct bg_figure {
    double mean, min, max; /* finite */
    uint32_t count;        /* samples in which it was known; 0: the other fields have no meaning */
};

/* The most bytes of all series together: half a byte each, 5 bytes of count, two doubles and a mean. */
#define BG_FIGURES_SIZE (BG_STORE_SERIES_MAX / 2 + BG_STORE_SERIES_MAX * (5 + 8 + 8 + 3))

/* At most BG_STORE_SERIES_MAX figures of a row of `samples` samples; returns the number of bytes. */
size_t bg_figures_encode(const struct bg_figure *figures, size_t series_count, uint32_t samples, uint8_t ret_bytes[BG_FIGURES_SIZE]);
/* False: these are not the bytes of so many series. Safe with any bytes. */
bool bg_figures_decode(const uint8_t *bytes, size_t length, size_t series_count, uint32_t samples, struct bg_figure *ret_figures);
/* Adds `more` to `sum`: their mean by their counts, the least and the greatest of both. */
void bg_figure_add(struct bg_figure *sum, const struct bg_figure *more);

#endif
