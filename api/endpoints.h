/* endpoints.h: the tables of endpoints, one per resource, each ended by a NULL path. */
#ifndef BG_API_ENDPOINTS_H
#define BG_API_ENDPOINTS_H

#include "beamgauge/endpoint.h"

extern const struct bg_endpoint bg_health_endpoints[];
extern const struct bg_endpoint bg_nodes_endpoints[];
extern const struct bg_endpoint bg_system_endpoints[];
extern const struct bg_endpoint bg_memory_endpoints[];
extern const struct bg_endpoint bg_allocators_endpoints[];
extern const struct bg_endpoint bg_processes_endpoints[];
extern const struct bg_endpoint bg_process_endpoints[];
extern const struct bg_endpoint bg_relations_endpoints[];
extern const struct bg_endpoint bg_monitors_endpoints[];
extern const struct bg_endpoint bg_pairs_endpoints[];

#endif
