/* names.h: who processes said that they are, by node and pid: for who asks again, and for when a node does not report. Knows no clock. */
#ifndef BEAMGAUGE_QUERY_NAMES_H
#define BEAMGAUGE_QUERY_NAMES_H

#include "beamgauge/node.h"

#include <jansson.h>
#include <stdint.h>

#define BG_NAMES_MAX 4096 /* processes, all nodes together; who was reported first goes first */

struct bg_names {
    json_t *by_process; /* "node pid" -> {row, generation, at_ms}, in the order in which they were told; NULL without memory */
    json_t *late;       /* node -> when it did not answer in time */
};

void bg_names_init(struct bg_names *names);
void bg_names_done(struct bg_names *names);
/* Keeps what the answer to a question says of who processes are: "names" for the pids in `args`, "pairs" for those that have their pid. */
void bg_names_take(struct bg_names *names, const char *node, uint64_t generation, const json_t *args, const json_t *answer,
                   int64_t now_wall_ms);
/* As the node reported it in this incarnation of its link: NULL where it did not. While the link is down that is the last one. Borrowed. */
const json_t *bg_names_find(const struct bg_names *names, const struct bg_node_info *node, const char *pid, int64_t *ret_wall_ms);
/* The node did not report in time; whether it did not lately. */
void bg_names_note_late(struct bg_names *names, const char *node, int64_t now_us);
bool bg_names_is_late(const struct bg_names *names, const char *node, int64_t now_us);

#endif
