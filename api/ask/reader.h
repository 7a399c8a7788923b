/* reader.h: reading rankings outside of a call that asked for them. */
#ifndef BG_API_READER_H
#define BG_API_READER_H

#include "scan.h"

/* The readers of rankings take an ask for its shaper, warnings and figures; nothing is asked with this one. */
void bg_reader_init(struct bg_ask *ret_reader, struct bg_shaper *shaper);
/* What failed in reading fails the shaper. */
void bg_reader_done(struct bg_ask *reader, struct bg_shaper *shaper);

#endif
