/* names.h: the one rule for the names and addresses of nodes. */
#ifndef BEAMGAUGE_NAMES_H
#define BEAMGAUGE_NAMES_H

#include "beamgauge/error.h"

#define BG_NODE_NAME_MAX 255 /* bytes: an atom's limit is 255 characters */

/* A node's name is NAME@HOST: NAME of the characters that net_kernel takes, HOST a host name or an IP address. Does not touch the network.
 */
enum bg_error bg_node_name_check(const char *name, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Where a node is reached: a host name or an IP address, with its zone ("fe80::1%eth0") where it needs one. */
enum bg_error bg_node_address_check(const char *address, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
