/* print.h: figures and names in a form for people, in lines. */
#ifndef BG_API_PRINT_H
#define BG_API_PRINT_H

#include "beamgauge/text.h"

#include <jansson.h>

#define BG_PRINT_SIZE 512

/* The mark before an estimate, and before a number that is only a maximum. */
#define BG_ABOUT "\xe2\x89\x88 "
#define BG_AT_MOST "\xe2\x89\xa4 "

/* A number (or null) with a unit of the metrics: 1.5 GiB, 1,234, 0.83. */
void bg_text_add_figure(struct bg_text *text, const json_t *value, const char *unit);
/* "<0.123.0> cart Shop.Cart.init/1 -> <7.1.0> pay@host" of a ref, with what it watches; "-" of null. Hostile characters are escaped. */
void bg_text_add_ref(struct bg_text *text, const json_t *ref);

#endif
