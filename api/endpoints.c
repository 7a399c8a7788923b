/* endpoints.c: every endpoint there is, one by one, out of the tables of the resources. */
#include "endpoints.h"

const struct bg_endpoint *const bg_api_endpoints[] = {
    &bg_health_endpoints[0],    &bg_health_endpoints[1],     &bg_health_endpoints[2],    &bg_nodes_endpoints[0],
    &bg_nodes_endpoints[1],     &bg_nodes_endpoints[2],      &bg_nodes_endpoints[3],     &bg_system_endpoints[0],
    &bg_memory_endpoints[0],    &bg_allocators_endpoints[0], &bg_processes_endpoints[0], &bg_process_endpoints[0],
    &bg_relations_endpoints[0], &bg_monitors_endpoints[0],   &bg_pairs_endpoints[0],     NULL,
};
