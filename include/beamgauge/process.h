/* process.h: what this process may take of the machine. */
#ifndef BEAMGAUGE_PROCESS_H
#define BEAMGAUGE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

/* Raises the limit of open files to `wanted`, or as near as the hard limit allows. Returns the limit as it is then. */
size_t bg_process_raise_files(size_t wanted);
/* Lets malloc(3) merge small blocks as they are freed. Else they wait in its fast bins, tens of thousands after a long answer, until some
 * large block is freed, which then takes 10 ms. */
void bg_process_tune_memory(void);
/* Opens those of the descriptors 0 to 2 that are closed on /dev/null: else the next sockets would get these numbers, and what is meant
 * for stderr would be written to a client. To be called before anything is opened. */
bool bg_process_open_standard_files(void);

#endif
