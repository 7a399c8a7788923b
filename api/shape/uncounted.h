/* uncounted.h: entries that nobody has counted. Where a process has too many, or did not answer, only its memory tells how many they are at
 * most, and it is open whether they are monitors, monitored_by or links. So they are told once, as uncounted_count, and the counts of a
 * row are null, but for the one that it is ranked by. So it is with what came to a list since it was counted, where it is not known whose
 * that is: it is told by itself, as uncounted_since_count of the list, and in pairs as a row without one who is watched. */
#ifndef BG_API_UNCOUNTED_H
#define BG_API_UNCOUNTED_H

#include "shape.h"

#include <inttypes.h>

/* The words for it, everywhere; takes an int64_t. */
#define BG_UNCOUNTED "up to %" PRId64 " entries, of monitors, monitored_by or links; not counted"
/* And for those that came since; takes an int64_t, and the time of the count. */
#define BG_UNCOUNTED_SINCE                                                                                                                 \
    "up to %" PRId64 " entries more than when they were counted, at %s, of monitors, monitored_by or links; not counted"

/* Whether nobody has counted the entries of a raw row, or of a list that `peers` tells. */
bool bg_is_uncounted(struct bg_shaper *shaper, const json_t *raw);
/* At most so many it has then; -1 where they were counted, or nothing is known. `raw` is a row. */
int64_t bg_uncounted_count(struct bg_shaper *shaper, const json_t *raw);
/* The row of a scan's answer that has the most, and how many that are at most; NULL and 0 where all were counted. Borrowed. */
const json_t *bg_uncounted_first(struct bg_shaper *shaper, const json_t *answer, int64_t *ret_max);

#endif
