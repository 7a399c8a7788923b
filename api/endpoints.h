/* endpoints.h: the resources, each a table of endpoints that a NULL path ends. */
#ifndef BG_API_ENDPOINTS_H
#define BG_API_ENDPOINTS_H

#include "beamgauge/endpoint.h"

/* Every resource, and how many endpoints it has: bg_NAME_endpoints[]. A new one is a line here, and its file in CMakeLists.txt. */
/* clang-format off */
#define BG_RESOURCES(X) \
    X(health, 3) \
    X(nodes, 4) \
    X(system, 1) \
    X(memory, 1) \
    X(allocators, 1) \
    X(processes, 1) \
    X(process, 1) \
    X(relations, 1) \
    X(call_sites, 1) \
    X(monitors, 1) \
    X(pairs, 2) \
    X(metrics, 1) \
    X(probe, 1) \
    X(prometheus_targets, 1) \
    X(check, 3) \
    X(ets, 1) \
    X(ports, 1) \
    X(sockets, 1) \
    X(applications, 1) \
    X(tree, 1) \
    X(schedulers, 1) \
    X(distribution, 1) \
    X(binaries, 2) \
    X(history, 1) \
    X(growth, 1) \
    X(chat, 1) \
    X(slack, 1) \
    X(mattermost, 1)
/* clang-format on */

#define BG_RESOURCE_DECLARE(name, count) extern const struct bg_endpoint bg_##name##_endpoints[];
BG_RESOURCES(BG_RESOURCE_DECLARE)

#endif
