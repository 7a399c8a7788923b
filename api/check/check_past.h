/* check_past.h: the values of assertions about the history: change(), per_second(). */
#ifndef BG_API_CHECK_PAST_H
#define BG_API_CHECK_PAST_H

#include "check_assertion.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/store.h"

/* Asks the store for what the assertion needs; fails at once if nothing is kept. */
enum bg_error bg_assertion_ask_past(const struct bg_assertion *assertion, const struct bg_services *services, const char *node,
                                    bg_history_done *done, void *context, struct bg_history_ticket **ret_ticket,
                                    struct bg_failure *ret_failure) BG_MUST_CHECK;
/* BG_DEADLINE if too little of the window is kept: since a restart of the node, or since it is sampled. */
enum bg_error bg_assertion_measure_past(const struct bg_assertion *assertion, const char *node, const struct bg_history *kept,
                                        struct bg_measure *ret_measure, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
