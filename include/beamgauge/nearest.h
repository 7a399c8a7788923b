/* nearest.h: the known word that a mistyped one is closest to. */
#ifndef BEAMGAUGE_NEAREST_H
#define BEAMGAUGE_NEAREST_H

#include <stddef.h>

#define BG_NEAREST_LENGTH_MAX 64 /* bytes of a word that are looked at */

struct bg_nearest {
    const char *word; /* borrowed */
    size_t length;
    const char *best; /* borrowed; NULL: none was close enough so far */
    size_t distance;  /* of the best one */
};

/* Near is a word that is mistyped, one that begins with it or the other way round (pair_count_max and pair_count), and, furthest off, one
 * that has it within (message_queue_len and queue). */
void bg_nearest_init(struct bg_nearest *ret_nearest, const char *word, size_t length);
void bg_nearest_try(struct bg_nearest *nearest, const char *candidate);
/* How many letters must be added, dropped, changed or swapped with their neighbour; their case does not count. */
size_t bg_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
