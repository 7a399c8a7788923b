/* census.h: the number of monitors in a node's last scan that are not plain local ones, with what the node's allocators held then. It shows
 * which part of their later content is monitors. It has no clock. */
#ifndef BEAMGAUGE_QUERY_CENSUS_H
#define BEAMGAUGE_QUERY_CENSUS_H

#include "incarnation.h"

#include <jansson.h>
#include <stddef.h>
#include <sys/queue.h>

#define BG_CENSUS_MAX 256 /* nodes; the least recently scanned is evicted first */
/* The maximum of counted entries that may be local monitors or others, about 2 MiB of them: with more nothing is reported. */
#define BG_CENSUS_DOUBT_MAX 10000

struct bg_census_entry;
TAILQ_HEAD(bg_census_list, bg_census_entry);

struct bg_census {
    struct bg_census_list by_time; /* first: the latest */
    size_t count;
};

void bg_census_init(struct bg_census *census);
void bg_census_done(struct bg_census *census);
/* The node was removed: its totals are dropped. */
void bg_census_forget(struct bg_census *census, const char *node);
/* Takes "census" out of the answer to a scan, [local monitors, blocks of std_alloc, counted entries of monitors, and of monitored_by], and
 * keeps it; without memory nothing is kept. */
void bg_census_take(struct bg_census *census, const struct bg_incarnation *node, json_t *answer, int64_t now_us);
/* Counts entries with peers on other nodes, in processes in the form of `peers` that were read after that scan. The scan replaces the
 * reported one only when few entries are left in doubt. */
void bg_census_note(struct bg_census *census, const struct bg_incarnation *node, const json_t *processes);
/* Puts "census" into the answer to a question about memory, if there is one of this incarnation without much doubt: {others_count,
 * standard_count, process_count, age_ms}. */
void bg_census_complete(const struct bg_census *census, const struct bg_incarnation *node, json_t *answer, int64_t now_us);

#endif
