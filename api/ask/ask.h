/* ask.h: from a call to its questions and back: one after the other or beside each other, on one node or on several; deadline, cancel,
 * failure and meta in one place. */
#ifndef BG_API_ASK_H
#define BG_API_ASK_H

#include "arguments.h"
#include "direct.h"
#include "meta.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/query.h"

struct bg_ask;
struct bg_branch; /* a chain of questions to one node, one at a time; owned by the ask until its last step is over */

/* One step of a call. It either asks on with bg_ask_send(), or sets ask->data (and ask->ranking), or fails through ask->shaper.
 * `answer` is NULL in the first step of a branch, later what its question before was answered; it is borrowed. */
typedef void bg_ask_step(struct bg_ask *ask, json_t *answer);

/* Owned by itself: from bg_ask_run() until the call's ending or cancelling. */
struct bg_ask {
    struct bg_call *call;
    const char *node; /* the call's own, as long as the call; NULL if the call is about all nodes */
    struct bg_shaper shaper;
    json_t *kept; /* data of an earlier answer for a later step, or NULL */
    json_t *data; /* the data of the call's answer */
    json_t *warnings;
    json_t *figures;       /* further members for meta, or NULL */
    json_t *missing;       /* [{node, reason, code}]: nodes of branches that were lost, or not up; NULL if there are none */
    const char *sorted_by; /* the sort field of the rows, a string that stays; or NULL */
    bool by_change;        /* they are sorted by the change of that field in each second */
    bool is_ranking;
    struct bg_ranking ranking;
    int64_t deadline_us; /* of the whole call, on the monotonic clock; a first step may extend it */
    void *state;         /* shared by the steps, freed with free(); or NULL */

    struct bg_branch *branches; /* branches that are not over; one per node */
    struct bg_branch *branch;   /* the branch whose step runs; NULL in a step given to bg_ask_then() */
    bg_ask_step *then;          /* runs when no branch is left */
    bool answered;
    int64_t collected_wall_ms, collected_us; /* of the oldest answer */
    json_t *collected;                       /* {node: the same wall_ms of its answers}; NULL if the call is about one node */
    int64_t duration_ms, rpc_us;             /* of the answers: their sum; of parallel branches the longest */
    int64_t before_ms, before_rpc_us;        /* the same when the current branches were started */
};

/* Takes over the call and runs it: `first` begins a branch to the call's node, and a failure in it fails the call. The endpoint must
 * have the parameters node, max_age_ms and timeout_ms. */
void bg_ask_run(struct bg_call *call, bg_ask_step *first);
/* The same for a call about all nodes: `first` runs outside any branch, and may start branches. There is no parameter node. */
void bg_ask_run_all(struct bg_call *call, bg_ask_step *first);

/* Within a step: asks the branch's node; `next` gets the answer. The arguments are stolen. */
void bg_ask_send(struct bg_ask *ask, struct bg_arguments arguments, bg_ask_step *next);
/* The same for data that changes so rarely that an answer may be as old as `max_age_ms`, and does not count in the call's own age. */
void bg_ask_send_aside(struct bg_ask *ask, struct bg_arguments arguments, int64_t max_age_ms, bg_ask_step *next);
/* The same for optional data: if the call's node does not answer in time, `lack`, a constant, is the warning, and `next` gets NULL. */
void bg_ask_send_or_lack(struct bg_ask *ask, struct bg_arguments arguments, const char *lack, bg_ask_step *next);
/* The same for a ranking: if the call's node does not answer in time, but did earlier, `next` gets the earlier answer, and the call says
 * so. */
void bg_ask_send_or_last(struct bg_ask *ask, struct bg_arguments arguments, bg_ask_step *next);
/* The same, but the earlier answer is to another question, a ranking, which `other` makes when it is needed; `other_next` gets it. */
typedef struct bg_arguments bg_ask_other(struct bg_ask *ask);
void bg_ask_send_or_other(struct bg_ask *ask, struct bg_arguments arguments, bg_ask_step *next, bg_ask_other *other,
                          bg_ask_step *other_next);
/* Within a step: begins a branch to another node, with `timeout_ms` for all its questions (and never more than the call has left). A
 * failure in it is a warning and ends the branch, not the call. */
void bg_ask_branch(struct bg_ask *ask, const char *node, int64_t timeout_ms, bg_ask_step *first);
/* Within a first step of such a branch: sets the warning for a timeout. A constant. */
void bg_ask_excuse(struct bg_ask *ask, const char *sentence);
/* The same, but if the branch is lost, `lost` is its last step, which must not ask. */
void bg_ask_branch_or(struct bg_ask *ask, const char *node, int64_t timeout_ms, bg_ask_step *first, bg_ask_step *lost);
/* Within a step of a branch: how old the oldest of its answers is. */
/* When the node reported what the call has of it, the oldest of its answers. */
int64_t bg_ask_collected_wall_ms(const struct bg_ask *ask, const char *node);
int64_t bg_ask_age_ms(const struct bg_ask *ask);
/* Within a step: adds the members of an answer to ask->kept, for a later step. */
void bg_ask_keep(struct bg_ask *ask, const json_t *answer);
/* Notes a node that could not be asked. */
void bg_ask_miss(struct bg_ask *ask, const char *node, const char *code, const char *reason);
/* Within a step: sets the step that runs when all branches are over. */
void bg_ask_then(struct bg_ask *ask, bg_ask_step *step);
/* The node of the branch whose step runs. */
const char *bg_ask_node(const struct bg_ask *ask);
/* The time that the call has left. */
int64_t bg_ask_left_ms(const struct bg_ask *ask);

/* Within a step: refuses the call because of one of its parameters. */
void bg_ask_refuse(struct bg_ask *ask, const char *param, const char *reason);
void bg_ask_warn(struct bg_ask *ask, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
