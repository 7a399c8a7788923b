/* direct.h: for calls without a question to a node. */
#ifndef BG_API_DIRECT_H
#define BG_API_DIRECT_H

#include "shape.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/node.h"

/* Looks a registered node up; false with a failure that says how to register it. */
bool bg_node_find(const struct bg_nodes *nodes, const char *name, struct bg_node_info *ret_info, struct bg_failure *ret_failure);

/* For handlers without a question: ends the call with the shaper's failure, or replies. data and meta are stolen. */
void bg_call_end(struct bg_call *call, const struct bg_shaper *shaper, const struct bg_reply *reply);

#endif
