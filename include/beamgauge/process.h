/* process.h: limits of this process on its machine. */
#ifndef BEAMGAUGE_PROCESS_H
#define BEAMGAUGE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* Raises the limit of open files to `wanted`, or as near as the hard limit allows. Returns the new limit. */
size_t bg_process_raise_files(size_t wanted);
/* Lets malloc(3) merge small blocks when they are freed. Otherwise they stay in its fast bins, tens of thousands after a long answer, until
 * a large block is freed, which then takes 10 ms. */
void bg_process_tune_memory(void);
/* Opens /dev/null for each of the descriptors 0 to 2 that is closed. Otherwise the next sockets would get these numbers, and output for
 * stderr would go to a client. Call it before anything else is opened. */
bool bg_process_open_standard_files(void);

#endif
