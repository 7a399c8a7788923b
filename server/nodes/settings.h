/* settings.h: our own copy of a node's spec. */
#ifndef BG_NODES_SETTINGS_H
#define BG_NODES_SETTINGS_H

#include "beamgauge/node.h"

struct bg_node_settings {
    char *name, *cookie, *address; /* address: as given, or the name's own host */
    uint16_t port, epmd_port;
    char **tags;
    size_t tags_count;
    enum bg_node_origin origin;
};

/* Checks and copies. */
enum bg_error bg_settings_init(const struct bg_node_spec *spec, struct bg_node_settings *ret_settings,
                               struct bg_failure *ret_failure) BG_MUST_CHECK;
void bg_settings_done(struct bg_node_settings *settings);
/* Whether both settings lead to the same connection. */
bool bg_settings_connect_alike(const struct bg_node_settings *a, const struct bg_node_settings *b);

#endif
