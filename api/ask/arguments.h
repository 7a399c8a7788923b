/* arguments.h: the arguments of the questions that several endpoints ask, made in one place: whoever asks the same shares one answer only
 * where the arguments are the same too. All are new references. */
#ifndef BG_API_ARGUMENTS_H
#define BG_API_ARGUMENTS_H

#include "shape.h"

#include "beamgauge/endpoint.h"

/* The next of 50, 200 and 1000: few different limits are asked for, so that one scan serves whoever ranks by whatever. */
int64_t bg_limit_round(int64_t limit);
/* How many processes are listed for a ranking of `limit` rows, and how many top peers of each: 20, 50 or 200. Of one process, 1000 or
 * 10000 peers can be had besides. */
int64_t bg_peers_round(int64_t limit);
#define BG_PEERS_LIMIT_MAX 200
#define BG_PEERS_SAMPLE_MAX 10000

/* `scan`, for a ranking of `limit` rows; with `binary` also of off-heap binaries, which is costly. */
json_t *bg_arguments_scan(struct bg_shaper *shaper, const struct bg_services *services, int64_t limit, const char *order, bool binary);
/* `window`, by the change of `sort`. */
json_t *bg_arguments_window(struct bg_shaper *shaper, const struct bg_services *services, const char *sort, int64_t limit,
                            const char *order, int64_t window_ms);
/* `peers`, of these processes (an array of texts, stolen) in these directions (NULL ends them). */
json_t *bg_arguments_peers(struct bg_shaper *shaper, const struct bg_services *services, json_t *pids, const char *const directions[],
                           int64_t limit, bool exact);
/* `binaries`, of the first `limit` processes. */
json_t *bg_arguments_binaries(struct bg_shaper *shaper, int64_t limit);

#endif
