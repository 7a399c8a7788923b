/* check.h: checks the named sets of assertions in the configuration, for the code that loads it. */
#ifndef BEAMGAUGE_CHECK_H
#define BEAMGAUGE_CHECK_H

#include "beamgauge/config.h"

/* Adds a failure for each assertion that is not valid, with its line, the set, the expression and the column. */
void bg_check_sets_check(const struct bg_config *config, struct bg_failures *failures);

#endif
