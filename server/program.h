/* program.h: starts and stops the parts of the running service in order. */
#ifndef BEAMGAUGE_PROGRAM_H
#define BEAMGAUGE_PROGRAM_H

#include "options.h"

/* Serves until a signal stops it. Returns the exit status. */
int bg_program_run(const struct bg_options *options, const char *version);

#endif
