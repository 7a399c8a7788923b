/* roll.h: rows of minutes and hours, made of those of the level below. There is no state in memory: what is missing is found in the rows,
 * so that after a kill -9 nothing is lost and nothing is counted twice. */
#ifndef BEAMGAUGE_STORE_ROLL_H
#define BEAMGAUGE_STORE_ROLL_H

#include "rows.h"

/* Makes the rows of `to` (minutes or hours) that end by `until_ms` and come after the last one. */
void bg_roll(struct bg_db *db, const struct bg_node_ref *node, enum bg_level to, int64_t until_ms);
/* Removes rows that are older than their level is kept. Roll first: what is removed is not seen any more. */
void bg_age(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, int64_t now_ms);

#endif
