/* layout.h: which series the figures of a row are of. Each row has the number of its list of names, so that a row of a version with other
 * series is read by the names, and what is not known is left out. */
#ifndef BEAMGAUGE_STORE_LAYOUT_H
#define BEAMGAUGE_STORE_LAYOUT_H

#include "beamgauge/store.h"

struct bg_db;

/* The names of this version. */
struct bg_series {
    size_t count;
    char *text; /* all names, each with a newline after it */
    uint32_t seed;
};
/* Copies the names. False: out of memory. */
bool bg_series_init(struct bg_series *ret_series, const char *const *names, size_t count);
void bg_series_done(struct bg_series *series);

struct bg_layout {
    int64_t id;    /* 0: none */
    uint32_t seed; /* the checksum of its names, of which those of its rows are made: under wrong names no row is right */
    size_t count;
    int16_t places[BG_STORE_SERIES_MAX]; /* the index of this version's series, or -1 */
};
struct bg_layouts {
    const struct bg_series *series;
    struct bg_layout own;   /* this version's */
    struct bg_layout other; /* the one that was read last */
};

/* This version's layout, for a row to be written; NULL after a failure. */
const struct bg_layout *bg_layout_own(struct bg_db *db);
/* NULL: there is none of that number, or it is damaged. Valid until the next call. */
const struct bg_layout *bg_layout_get(struct bg_db *db, int64_t id);
/* What was looked up may not be in the database any more. */
void bg_layouts_forget(struct bg_layouts *layouts);

#endif
