/* process.h: what the endpoints of one process share: its pid parameter, and telling that it is dead. */
#ifndef BG_API_PROCESS_H
#define BG_API_PROCESS_H

#include "shape.h"

#define BG_PID_PARAM                                                                                                                       \
    {                                                                                                                                      \
        .name = "pid", .type = BG_PARAM_PID, .summary = "The process, as the node's own shell prints it, without brackets: 0.123.0"        \
    }

/* A pid of the node itself begins with "<0."; any other is one of another node, which this one cannot look into. */
bool bg_process_check_pid(struct bg_shaper *shaper, const char *pid);
/* True, with the failure, if the answer's process is dead (or the answer has already failed). */
bool bg_process_is_dead(struct bg_shaper *shaper, const json_t *process, const char *pid);

#endif
