/* check_run.h: evaluates assertions on one or more nodes. */
#ifndef BG_API_CHECK_RUN_H
#define BG_API_CHECK_RUN_H

#include "check_assertion.h"

#define BG_CHECK_ITEMS_MAX 128 /* assertions and warnings of one check */
#define BG_CHECK_AT_ONCE 64    /* nodes asked at the same time; the others wait */

enum bg_check_status { BG_CHECK_PASS, BG_CHECK_WARN, BG_CHECK_FAIL, BG_CHECK_UNKNOWN };
const char *bg_check_status_text(enum bg_check_status status);

struct bg_check_item {
    struct bg_assertion assertion;
    bool is_warning;
};

struct bg_check_result {
    json_t *nodes; /* [{node, status, assertions: [...]}], a new reference, in the order of the names given; NULL: memory ran out */
    json_t *gone;  /* names, a new reference: nodes that discovery found and that are gone, which is not a failure */
    enum bg_check_status status;
    struct bg_failure failure;               /* if the status is unknown: why */
    bool answered;                           /* whether any node was */
    int64_t collected_wall_ms, collected_us; /* of the oldest answer */
    int64_t duration_ms, rpc_us;             /* of the slowest node */
};

struct bg_check_run; /* the caller owns it until it is done or stopped */
typedef void bg_check_done(void *context,
                           struct bg_check_result *result); /* takes over result->nodes and result->gone; the run has ended */

struct bg_check_request {
    const struct bg_services *services;
    const struct bg_check_item *items; /* copied, with their texts */
    size_t items_count;
    uint64_t reader;           /* see bg_call_reader() */
    const json_t *nodes;       /* an array of names, copied */
    const json_t *may_be_gone; /* an object with some of these names as keys: nodes that may be gone; NULL: none */
    int64_t max_age_ms, timeout_ms;
    int64_t kept_ms, warm_ms; /* as for a fetch */
};

/* `done` may be called before this returns; then *ret_run is NULL. False if memory ran out: nothing was started. */
bool bg_check_start(const struct bg_check_request *request, bg_check_done *done, void *context, struct bg_check_run **ret_run);
void bg_check_stop(struct bg_check_run *run);

#endif
