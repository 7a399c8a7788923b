/* names.h: the rules for hosts, ports, and the names and addresses of nodes. No function here uses the network. */
#ifndef BEAMGAUGE_NAMES_H
#define BEAMGAUGE_NAMES_H

#include "beamgauge/error.h"

#include <stddef.h>
#include <stdint.h>

#define BG_NODE_NAME_MAX 255 /* bytes: an atom's limit is 255 characters */
#define BG_HOST_MAX 255      /* bytes */

enum bg_host {
    BG_HOST_NAME, /* parts of 1 to 63 letters, digits, '-' and '_', with a dot between them and perhaps a dot at the end; a part does not
                     begin or end with '-'; if there are several parts, the last is not only digits */
    BG_HOST_V4,   /* "10.0.0.5": four numbers from 0 to 255 */
    BG_HOST_V6,   /* "::1", without brackets and zone */
};

/* The kind of host that a text of `length` bytes is. BG_INVALID: it is not a host; the failure says why. */
enum bg_error bg_host_check(const char *text, size_t length, enum bg_host *ret_host, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Digits only, from 0 to 65535. */
enum bg_error bg_port_check(const char *text, size_t length, uint16_t *ret_port, struct bg_failure *ret_failure) BG_MUST_CHECK;

/* "HOST", "HOST:PORT", "[IPv6]" or "[IPv6]:PORT", as in the Host header and in a URL (RFC 3986, 3.2). */
struct bg_authority {
    char text[BG_HOST_MAX + 1]; /* the host, without brackets */
    enum bg_host host;
    int port; /* -1: none is given */
};
enum bg_error bg_authority_read(const char *text, size_t length, struct bg_authority *ret_authority,
                                struct bg_failure *ret_failure) BG_MUST_CHECK;

/* A node's name is NAME@HOST; NAME has only characters that net_kernel accepts. */
enum bg_error bg_node_name_check(const char *name, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The address of a node: a host, or an IPv6 address, with its zone if it needs one ("fe80::1%eth0"). */
enum bg_error bg_node_address_check(const char *address, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
