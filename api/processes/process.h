/* process.h: what the endpoints of one process share: its pid parameter, and telling that it is dead. */
#ifndef BG_API_PROCESS_H
#define BG_API_PROCESS_H

#include "ask.h"

#define BG_PID_PARAM                                                                                                                       \
    {                                                                                                                                      \
        .name = "pid", .type = BG_PARAM_PID, .summary = "The process, as the node's own shell prints it, without brackets: 0.123.0"        \
    }

/* Within a first step: whether the call's pid is of the node itself, beginning with "<0."; if not, the node is asked whose it is, and
 * the call will fail naming that node. False also if the call has failed. */
bool bg_process_is_own(struct bg_ask *ask);
/* True, with the failure, if the answer's process is dead (or the answer has already failed). */
bool bg_process_is_dead(struct bg_shaper *shaper, const json_t *process, const char *pid);

/* The answer of "process_info" as an object of items; fails where the process is dead. */
json_t *bg_process_raw_new(struct bg_ask *ask, const json_t *answer, const char *pid);
/* What the process noted in its dictionary: what it was started as, and its label. */
enum bg_process_notes {
    BG_NOTES_TOLD,
    BG_NOTES_OTHER,  /* something else than what is told natively */
    BG_NOTES_UNKNOWN /* the release tells no single key of a dictionary */
};
enum bg_process_notes bg_process_put_notes(struct bg_shaper *shaper, json_t *raw, const json_t *answer);
/* Puts the three counts and what marks them into it, as a scan tells them: of its "counts", or where these are too long of what `peers`
 * told of the process ("peers"), or else only that there are no more than entries_max. */
void bg_process_put_counts(struct bg_shaper *shaper, json_t *raw, int64_t entries_max);
/* All directions; ends with NULL. */
extern const char *const bg_process_directions[];

/* A frame of a stack: an MFA with `file` and `line`, each null where unknown, of [Module, Function, Arity, File, Line] or, as the emulator
 * tells it, [Module, Function, Arity, [[file, Characters], [line, Line]]]. */
json_t *bg_frame_new(struct bg_shaper *shaper, const json_t *raw, const char *key);

#endif
