/* census.h: how many monitors the last scan of a node saw that are not plain local ones, beside what the node's allocators held then. What
 * they hold later is told apart by it. Knows no clock. */
#ifndef BEAMGAUGE_QUERY_CENSUS_H
#define BEAMGAUGE_QUERY_CENSUS_H

#include "incarnation.h"

#include <jansson.h>
#include <stddef.h>
#include <sys/queue.h>

#define BG_CENSUS_MAX 256 /* nodes; the one that was scanned least recently goes first */
/* Counted entries of which nobody has said if they are of local monitors or of others, 2 MiB of them: with more nothing is reported. */
#define BG_CENSUS_DOUBT_MAX 10000

struct bg_census_entry;
TAILQ_HEAD(bg_census_list, bg_census_entry);

struct bg_census {
    struct bg_census_list by_time; /* first: the latest */
    size_t count;
};

void bg_census_init(struct bg_census *census);
void bg_census_done(struct bg_census *census);
/* Takes "census" out of the answer to a scan, [local monitors, blocks of std_alloc, counted entries of monitors, and of monitored_by], and
 * keeps it; without memory nothing is kept. */
void bg_census_take(struct bg_census *census, const struct bg_incarnation *node, json_t *answer, int64_t now_us);
/* Notes how many entries are of peers on other nodes, of processes in the form of `peers`, which were looked at after that scan. Only once
 * few are left in doubt does that scan take the place of what is reported. */
void bg_census_note(struct bg_census *census, const struct bg_incarnation *node, const json_t *processes);
/* Puts "census" into the answer to a question about memory, where there is one of this incarnation without much doubt: {others_count,
 * standard_count, process_count, age_ms}. */
void bg_census_complete(const struct bg_census *census, const struct bg_incarnation *node, json_t *answer, int64_t now_us);

#endif
