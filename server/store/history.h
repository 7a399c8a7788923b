/* history.h: reads a history: the finest rows that are kept of each time, put together into steps. */
#ifndef BEAMGAUGE_STORE_HISTORY_H
#define BEAMGAUGE_STORE_HISTORY_H

#include "queue.h"
#include "rows.h"

/* The number of steps; a last one that is not whole counts. */
size_t bg_history_buckets(const struct bg_history_request *request);
/* Fills ticket->history. False: out of memory; or a failure of the database, then what is filled is not to be used. */
bool bg_history_read(struct bg_db *db, struct bg_history_ticket *ticket);

#endif
