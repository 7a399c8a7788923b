/* rows.h: nodes by name, and their rows. A row has a checksum of all of it, with the names of its node and of its series: one that is
 * damaged is left out and counted, and never read as something else. */
#ifndef BEAMGAUGE_STORE_ROWS_H
#define BEAMGAUGE_STORE_ROWS_H

#include "db.h"
#include "figures.h"
#include "levels.h"

struct bg_node_ref {
    int64_t id;
    uint32_t seed; /* the checksum of the name */
};
/* False: there is none, or a failure. */
bool bg_rows_node(struct bg_db *db, const char *name, struct bg_node_ref *ret_node);
/* As find, and adds it if there is none. False: a failure, or BG_NODE_IDS_MAX nodes are kept. */
bool bg_node_add(struct bg_db *db, const char *name, struct bg_node_ref *ret_node);
/* The first node whose id is not less. */
bool bg_node_next(struct bg_db *db, int64_t id, struct bg_node_ref *ret_node);

struct bg_row {
    int64_t time_ms, started_ms;
    uint32_t count;                                /* samples */
    struct bg_figure figures[BG_STORE_SERIES_MAX]; /* of this version's series, in their order */
};
bool bg_row_write(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, const struct bg_row *row);

/* The rows of a level with from_ms <= time < until_ms, the oldest first: bg_row_next() until it returns false, or bg_db_stop(). Damaged
 * ones are left out. Only one such list at a time. */
sqlite3_stmt *bg_rows_start(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, int64_t from_ms, int64_t until_ms);
bool bg_row_next(struct bg_db *db, sqlite3_stmt *rows, const struct bg_node_ref *node, struct bg_row *ret_row);
/* The first and the last row of a level. */
bool bg_row_first(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, struct bg_row *ret_row);
bool bg_row_last(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, struct bg_row *ret_row);
/* The time of the first row from `from_ms` on, damaged or not; BG_TIME_END if there is none. */
int64_t bg_row_time(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, int64_t from_ms);
/* Removes those with from_ms <= time < until_ms; returns how many. */
int bg_rows_remove(struct bg_db *db, int64_t node_id, enum bg_level level, int64_t from_ms, int64_t until_ms);

#endif
