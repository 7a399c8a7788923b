/* names.h: the names of processes, by node and pid: for later callers, and for times when a node does not report. It has no clock. */
#ifndef BEAMGAUGE_QUERY_NAMES_H
#define BEAMGAUGE_QUERY_NAMES_H

#include "beamgauge/node.h"

#include <jansson.h>
#include <stdint.h>

#define BG_NAMES_MAX 4096 /* processes of all nodes together; the oldest is evicted first */

struct bg_names {
    json_t *by_process; /* "node pid" -> {row, generation, at_ms}, in the order of the reports; NULL without memory */
    json_t *late;       /* node -> when it did not answer in time */
};

void bg_names_init(struct bg_names *names);
void bg_names_done(struct bg_names *names);
/* The node was removed: its names are dropped. */
void bg_names_forget(struct bg_names *names, const char *node);
/* Keeps the names in the answer to a question: "names" for the pids in `args`, "pairs" for those that have a pid. */
void bg_names_take(struct bg_names *names, const char *node, uint64_t generation, const json_t *args, const json_t *answer,
                   int64_t now_wall_ms);
/* The name that the node reported in this incarnation (while the link is down: in the last one); NULL if it did not. Borrowed. */
const json_t *bg_names_find(const struct bg_names *names, const struct bg_node_info *node, const char *pid, int64_t *ret_wall_ms);
/* Notes that the node did not report in time; and whether that happened lately. */
void bg_names_note_late(struct bg_names *names, const char *node, int64_t now_us);
bool bg_names_is_late(const struct bg_names *names, const char *node, int64_t now_us);

#endif
