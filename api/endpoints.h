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
extern const struct bg_endpoint bg_call_sites_endpoints[];
extern const struct bg_endpoint bg_monitors_endpoints[];
extern const struct bg_endpoint bg_pairs_endpoints[];
extern const struct bg_endpoint bg_metrics_endpoints[];
extern const struct bg_endpoint bg_probe_endpoints[];
extern const struct bg_endpoint bg_prometheus_targets_endpoints[];
extern const struct bg_endpoint bg_check_endpoints[];
extern const struct bg_endpoint bg_ets_endpoints[];
extern const struct bg_endpoint bg_ports_endpoints[];
extern const struct bg_endpoint bg_sockets_endpoints[];
extern const struct bg_endpoint bg_applications_endpoints[];
extern const struct bg_endpoint bg_tree_endpoints[];
extern const struct bg_endpoint bg_schedulers_endpoints[];
extern const struct bg_endpoint bg_distribution_endpoints[];
extern const struct bg_endpoint bg_binaries_endpoints[];
extern const struct bg_endpoint bg_chat_endpoints[];
extern const struct bg_endpoint bg_slack_endpoints[];
extern const struct bg_endpoint bg_mattermost_endpoints[];

#endif
