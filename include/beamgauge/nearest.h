/* nearest.h: finds the known word that is closest to a mistyped one. */
#ifndef BEAMGAUGE_NEAREST_H
#define BEAMGAUGE_NEAREST_H

#include <stddef.h>

#define BG_NEAREST_LENGTH_MAX 64 /* bytes of a word that are compared */

struct bg_nearest {
    const char *word; /* borrowed */
    size_t length;
    const char *best; /* borrowed; NULL: none was close enough so far */
    size_t distance;  /* of the best one */
};

/* A word is near if it is a typing mistake of the other, if one begins with the other (pair_count_max and pair_count), or, as the farthest,
 * if one contains the other (message_queue_len and queue). */
void bg_nearest_init(struct bg_nearest *ret_nearest, const char *word, size_t length);
void bg_nearest_try(struct bg_nearest *nearest, const char *candidate);
/* The edit distance: letters added, dropped, changed or swapped with their neighbour. Case is ignored. */
size_t bg_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
