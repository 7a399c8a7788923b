/* uncounted.h: entries that nobody has counted. If a process has too many entries, or did not answer, its memory gives only their maximum,
 * and it is not known whether they are monitors, monitored_by or links. So they are reported once, as uncounted_count; the counts of a row
 * are null, except the one that ranks it. Entries that came after a list was counted, and whose peer is not known, are also reported
 * separately: as uncounted_since_count of the list, and in pairs as a row without a watched process. */
#ifndef BG_API_UNCOUNTED_H
#define BG_API_UNCOUNTED_H

#include "shape.h"

#include "beamgauge/text.h"

/* The words for these entries, used everywhere; takes BG_COUNT() of their number. */
#define BG_UNCOUNTED "up to %s entries that were not counted (monitors, monitored_by and links together)"
/* The words for entries that came since; takes BG_COUNT() of their number, and the time of the count. */
#define BG_UNCOUNTED_SINCE "up to %s entries more than when they were counted, at %s (monitors, monitored_by and links together)"

/* Whether nobody has counted the entries of a raw row, or of a list in the answer to `peers`. */
bool bg_is_uncounted(struct bg_shaper *shaper, const json_t *raw);
/* The maximum number of its entries then; -1 if they were counted, or nothing is known. `raw` is a row. */
int64_t bg_uncounted_count(struct bg_shaper *shaper, const json_t *raw);
/* The row of a scan's answer that has the most, and their maximum number; NULL and 0 if all were counted. Borrowed. */
const json_t *bg_uncounted_first(struct bg_shaper *shaper, const json_t *answer, int64_t *ret_max);

#endif
