/* check.h: checks the named sets of assertions in the configuration, for the code that loads it. */
#ifndef BEAMGAUGE_CHECK_H
#define BEAMGAUGE_CHECK_H

#include "beamgauge/config.h"

/* Whether every assertion of every set is valid; else BG_INVALID, which names the set, the expression and the column. */
enum bg_error bg_check_sets_check(const struct bg_config *config, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
