/* memory.h: the database in memory, and what can be saved into it from a file that fails. */
#ifndef BEAMGAUGE_STORE_MEMORY_H
#define BEAMGAUGE_STORE_MEMORY_H

#include "file.h"

/* An empty one. False: out of memory; then *ret_db is zeroed. */
bool bg_memory_open(const struct bg_opening *opening, struct bg_db *ret_db);
/* Copies all rows that can be read, node by node, and of these as much as fits. SQLite's backup would copy pages, damaged ones too. */
void bg_memory_copy(struct bg_db *from, struct bg_db *to, int64_t now_ms);

#endif
