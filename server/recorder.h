/* recorder.h: samples nodes into the store, and keeps it going: wiring of the rooms watch and store. */
#ifndef BEAMGAUGE_RECORDER_H
#define BEAMGAUGE_RECORDER_H

#include "beamgauge/config.h"
#include "beamgauge/endpoint.h"
#include "beamgauge/error.h"

struct event_base;
struct bg_recorder;

/* Opens the store of the configuration, sets services->store, and samples all nodes. *ret_recorder is NULL where nothing is to be sampled.
 */
enum bg_error bg_recorder_start(struct event_base *base, const struct bg_config *config, struct bg_services *services,
                                struct bg_recorder **ret_recorder, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The samples end, and what waits is written. After the last call of a client, before the nodes and the queries. NULL: nothing. */
void bg_recorder_free(struct bg_recorder *recorder);

#endif
