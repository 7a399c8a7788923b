/* branch.h: a call's questions to one node, one after the other; used only by ask.c. */
#ifndef BG_API_BRANCH_H
#define BG_API_BRANCH_H

#include "ask.h"
#include "fetch.h"

struct bg_branch {
    struct bg_ask *ask;
    struct bg_branch *next;
    char node[BG_NODE_NAME_MAX + 1]; /* copied: the registry may lose it meanwhile */
    bool required;                   /* its failure fails the call */
    int64_t deadline_us;             /* its own; the call's if that is earlier */
    struct bg_fetch fetch;           /* the question in flight */
    bg_ask_step *step;               /* the step that gets its answer */
    const char *question;
    int64_t duration_ms, rpc_us;
    const char *excuse; /* the warning for a timeout, or NULL */
    const char *lack;   /* the warning if the question in flight times out; its step then runs without an answer; or NULL */
    bg_ask_other *last; /* the question whose last answer is used if the next one times out; NULL: only the next one's own */
    bg_ask_step *last_step;
    bool is_last;      /* an earlier answer replaces a late one */
    bool is_aside;     /* the answer's age is not the call's */
    bg_ask_step *lost; /* its last step, if it is lost; or NULL */
    int64_t age_ms;    /* of its oldest answer */
};

/* NULL if there is no memory; the call has failed then. */
struct bg_branch *bg_branch_new(struct bg_ask *ask, const char *node);
/* Runs a step of it (NULL: none); if that has asked nothing more, the branch is over and freed. */
void bg_branch_run(struct bg_ask *ask, struct bg_branch *branch, bg_ask_step *step, json_t *answer);
void bg_branches_free(struct bg_ask *ask);

/* In ask.c, for branches. */
void bg_ask_advance(struct bg_ask *ask);
void bg_ask_warn_of(struct bg_ask *ask, const char *node, json_t *text);

#endif
