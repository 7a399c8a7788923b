/* when.h: times and durations in parameters. */
#ifndef BG_API_WHEN_H
#define BG_API_WHEN_H

#include <stdbool.h>
#include <stdint.h>

#define BG_WHEN_MAX_MS (366 * 24 * INT64_C(3600000)) /* of a duration */

/* "90s", "10m", "6h", "30d", "500ms", or several, the largest first, without blanks: "1h30m". At most BG_WHEN_MAX_MS. */
bool bg_duration_parse(const char *text, int64_t *ret_ms);
/* A duration before now, or a time as in answers: 2026-11-27T02:30:00Z, with a fraction of a second and another zone (+01:00) if wanted. */
bool bg_when_parse(const char *text, int64_t now_ms, int64_t *ret_wall_ms);

#endif
