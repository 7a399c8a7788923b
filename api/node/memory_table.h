/* memory_table.h: a node's memory as a table: areas, the operating system's view, blocks by type, allocators. */
#ifndef BG_API_MEMORY_TABLE_H
#define BG_API_MEMORY_TABLE_H

#include "beamgauge/endpoint.h"

extern const struct bg_column bg_memory_columns[];
json_t *bg_memory_rows(const json_t *data); /* NULL where there is no memory */

#endif
