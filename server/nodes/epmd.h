/* epmd.h: one question to the Erlang port mapper, and its answer. */
#ifndef BG_NODES_EPMD_H
#define BG_NODES_EPMD_H

#include "link_failure.h"
#include "wire.h"

/* PORT_PLEASE2_REQ for a node name of the form "name@host". */
void bg_epmd_ask(const char *node_name, struct bg_writer *ret_request);

enum bg_epmd_answer { BG_EPMD_MORE, BG_EPMD_PORT, BG_EPMD_REFUSED };

/* Reads PORT2_RESP, or the part of it that has come. If it is invalid, *ret_failure says why. */
enum bg_epmd_answer bg_epmd_read(struct bg_slice bytes, const char *node_name, uint16_t *ret_port, struct bg_link_failure *ret_failure);

#endif
