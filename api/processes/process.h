/* process.h: shared by the endpoints of one process: the pid parameter, and the failure for a dead process. */
#ifndef BG_API_PROCESS_H
#define BG_API_PROCESS_H

#include "ask.h"

#define BG_PID_PARAM                                                                                                                       \
    {                                                                                                                                      \
        .name = "pid", .type = BG_PARAM_PID, .summary = "The process, as the node's own shell prints it, without brackets: 0.123.0"        \
    }

/* Within a first step: whether the call's pid belongs to the node itself and begins with "<0."; if not, the node is asked for the pid's
 * node, and the call will fail with the name of that. False also if the call has failed. */
bool bg_process_is_own(struct bg_ask *ask);
/* True, with the failure, if the answer's process is dead (or the answer has already failed). */
bool bg_process_is_dead(struct bg_shaper *shaper, const json_t *process, const char *pid);

/* The answer of "process_info" as an object of items; fails if the process is dead. */
json_t *bg_process_raw_new(struct bg_ask *ask, const json_t *answer, const char *pid);
/* The process's notes in its dictionary: the function it was started with, and its label. */
enum bg_process_notes {
    BG_NOTES_KNOWN,
    BG_NOTES_OTHER,  /* notes that are not available natively */
    BG_NOTES_UNKNOWN /* the release cannot read a single key of a dictionary */
};
enum bg_process_notes bg_process_put_notes(struct bg_shaper *shaper, json_t *raw, const json_t *answer);
/* Puts the three counts and their marks into it, as in a scan: from its "counts"; if its lists are too long, from the answer to `peers`
 * ("peers"); or else only the maximum, entries_max. */
void bg_process_put_counts(struct bg_shaper *shaper, json_t *raw, int64_t entries_max);
/* All directions; ends with NULL. */
extern const char *const bg_process_directions[];

/* A frame of a stack: an MFA with `file` and `line`, each null where unknown, of [Module, Function, Arity, File, Line] or, as the emulator
 * reports it, [Module, Function, Arity, [[file, Characters], [line, Line]]]. */
json_t *bg_frame_new(struct bg_shaper *shaper, const json_t *raw, const char *key);

#endif
