/* branch.h: a call's questions to one node, one after the other; seen by ask.c alone. */
#ifndef BG_API_BRANCH_H
#define BG_API_BRANCH_H

#include "ask.h"
#include "fetch.h"

struct bg_branch {
    struct bg_ask *ask;
    struct bg_branch *next;
    char node[BG_NODE_NAME_MAX + 1]; /* copied: the registry may lose it meanwhile */
    bool required;                   /* its failure is the call's */
    int64_t deadline_us;             /* of its own; the call's if that is earlier */
    struct bg_fetch fetch;           /* the question in flight */
    bg_ask_step *step;               /* what takes its answer */
    const char *question;
    int64_t duration_ms, rpc_us;
    const char *excuse; /* the warning where it is not answered in time, or NULL */
    const char *lack;   /* the warning where the question in flight is not, whose step then runs without an answer; or NULL */
    bg_ask_other *last; /* the question whose last answer will do where the next one is not answered in time; NULL: none but that one's */
    bg_ask_step *last_step;
    bool is_last;      /* an earlier answer stands for one that did not come in time */
    bool is_aside;     /* the answer's age is not the call's */
    bg_ask_step *lost; /* its last step, if it is lost; or NULL */
    int64_t age_ms;    /* of its oldest answer */
};

/* NULL where there is no memory, and the call has failed. */
struct bg_branch *bg_branch_new(struct bg_ask *ask, const char *node);
/* Runs a step of it (NULL: none); where that has asked nothing more, the branch is over and gone. */
void bg_branch_run(struct bg_ask *ask, struct bg_branch *branch, bg_ask_step *step, json_t *answer);
void bg_branches_free(struct bg_ask *ask);

/* In ask.c, for branches. */
void bg_ask_advance(struct bg_ask *ask);
void bg_ask_warn_of(struct bg_ask *ask, const char *node, json_t *text);

#endif
