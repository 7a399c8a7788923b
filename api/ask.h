/* ask.h: from a call to a question (or two, one after the other) and back: deadline, cancel, failure and meta in one place. */
#ifndef BG_API_ASK_H
#define BG_API_ASK_H

#include "meta.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/query.h"

struct bg_ask;

/* One step of a call. It either asks on with bg_ask_send(), or sets ask->data (and ask->ranking), or fails through ask->shaper.
 * `answer` is NULL in the first step, later what the question of the step before was answered; it is borrowed. */
typedef void bg_ask_step(struct bg_ask *ask, json_t *answer);

/* Owned by itself: from bg_ask_run() until the call's ending or cancelling. */
struct bg_ask {
    struct bg_call *call;
    const char *node; /* as long as the call */
    struct bg_shaper shaper;
    json_t *kept; /* what a later step needs of an earlier answer, or NULL */
    json_t *data; /* what the call is answered with */
    json_t *warnings;
    bool is_ranking;
    struct bg_ranking ranking;
    int64_t deadline_us; /* of the whole call, on the monotonic clock; a first step may put it off */

    struct bg_ticket *ticket; /* the question in flight, or NULL */
    bg_ask_step *step;        /* what takes its answer */
    bool answered;
    int64_t collected_wall_ms, collected_us; /* of the oldest answer */
    int64_t duration_ms, rpc_us;             /* of all answers */
};

/* Takes the call and sees it through. The endpoint must have the parameters node, max_age_ms and timeout_ms. */
void bg_ask_run(struct bg_call *call, bg_ask_step *first);
/* Within a step: asks the call's node; `next` gets the answer. `args` is stolen; NULL: none. */
void bg_ask_send(struct bg_ask *ask, const char *question, json_t *args, bg_ask_step *next);
/* Within a step: refuses the call because of one of its parameters. */
void bg_ask_refuse(struct bg_ask *ask, const char *param, const char *reason);
void bg_ask_warn(struct bg_ask *ask, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Looks a registered node up; false with a failure that says how to register it. */
bool bg_node_find(const struct bg_nodes *nodes, const char *name, struct bg_node_info *ret_info, struct bg_failure *ret_failure);

/* For handlers that ask no node: ends the call with the shaper's failure, or replies. data and meta are stolen. */
void bg_call_end(struct bg_call *call, const struct bg_shaper *shaper, const struct bg_reply *reply);

#endif
