/* discover.h: finds the nodes that run on this host: asks its epmd, then each node for its full name. */
#ifndef BEAMGAUGE_DISCOVER_H
#define BEAMGAUGE_DISCOVER_H

#include "beamgauge/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct bg_discovery;

struct bg_discovery_options {
    const char *own_name;    /* our name in the handshake; borrowed */
    uint16_t epmd_port;      /* asked on 127.0.0.1 */
    int64_t interval_ms;     /* asked again this often: nodes that start later are found too */
    int64_t step_timeout_ms; /* for epmd's answer, and for each node's */
};

/* A node was found: epmd knows only the part of its name before '@', so the whole name is the one the node itself said in its
 * handshake's challenge, which it sends before it asks for any cookie. Reported once for every incarnation of a node, until it is released.
 */
typedef void bg_discovery_found(void *context, const char *name, uint16_t port);

/* Starts asking at once. `options` is copied; own_name is borrowed. */
enum bg_error bg_discovery_start(struct event_base *base, const struct bg_discovery_options *options, bg_discovery_found *found,
                                 void *context, struct bg_discovery **ret_discovery, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The owner of the callback does not keep the node. It is asked again each minute, and reported again when it is another incarnation or has
 * left epmd and come back; with `in_any_case` also if it is the same. */
void bg_discovery_release(struct bg_discovery *discovery, const char *name, bool in_any_case);
/* Counts the released nodes that epmd still lists, and returns the first `max` names, as epmd knows them (without the host). They are valid
 * until the loop goes on. */
size_t bg_discovery_released(const struct bg_discovery *discovery, size_t max, const char *ret_names[]);
/* Reports all released nodes once more. */
void bg_discovery_renew(struct bg_discovery *discovery);
void bg_discovery_free(struct bg_discovery *discovery);

#endif
