/* levels.h: the kinds of rows, how long they are kept, and their keys.
 *
 * All rows are in one table, by an integer key, so that those of a node and a level lie side by side in the order of time:
 *
 *      node (16 bits) | level (2 bits) | time in milliseconds (45 bits, until the year 3084)
 *
 * A key of several columns would cost either a second B-tree or rows within the inner pages of the only one (SQLite, "Clustered Indexes and
 * the WITHOUT ROWID Optimization": rows of more than a twentieth of a page). */
#ifndef BEAMGAUGE_STORE_LEVELS_H
#define BEAMGAUGE_STORE_LEVELS_H

#include <stdint.h>

#define BG_NODE_IDS_MAX 65535
#define BG_TIME_END (INT64_C(1) << 45)

enum bg_level {
    BG_LEVEL_FINE,    /* one sample; its time is when it was reported */
    BG_LEVEL_MINUTE,  /* the samples of a minute; its time is the beginning of the minute */
    BG_LEVEL_HOUR,    /* of an hour */
    BG_LEVEL_RESTART, /* no figures; its time is when the node started */
    BG_LEVELS
};

struct bg_level_rules {
    int64_t unit_ms;  /* what a row stands for */
    int64_t keep_ms;  /* rows that are older are removed */
    int64_t whole_ms; /* rows are removed by whole minutes or hours, for which there is then a row of the next level */
    int64_t least_ms; /* where the store is full: the time of which rows stay as long as those of other levels can be removed */
};
extern const struct bg_level_rules bg_levels[BG_LEVELS];

/* The greatest multiple of `unit_ms` that is not later. For times from 0 on. */
int64_t bg_time_floor(int64_t time_ms, int64_t unit_ms);
int64_t bg_key(int64_t node_id, enum bg_level level, int64_t time_ms);
int64_t bg_key_node(int64_t key);
int64_t bg_key_time(int64_t key);

#endif
