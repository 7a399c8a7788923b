/* fetch.h: one question to one node, and the kept answer that is used after a timeout. Nothing else in api/ asks nodes. */
#ifndef BG_API_FETCH_H
#define BG_API_FETCH_H

#include "arguments.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/query.h"

struct bg_fetch;
/* Exactly one of failure and answer is not NULL. The fetch has ended: from here it may be started again, or its owner freed. */
typedef void bg_fetch_done(struct bg_fetch *fetch, const struct bg_failure *failure, const struct bg_answer *answer);
/* Makes a question when it is needed. */
typedef struct bg_arguments bg_fetch_other(struct bg_fetch *fetch);

struct bg_fetch_request {
    const char *node;              /* stays until the fetch has ended */
    struct bg_arguments arguments; /* the args are borrowed */
    uint64_t reader;               /* see bg_call_reader() */
    int64_t max_age_ms;
    int64_t timeout_ms;    /* 0 or less: already timed out */
    int64_t warm_ms;       /* for so long after the timeout the node may continue, and its answer is kept for the next caller; 0: no */
    int64_t kept_ms;       /* after the timeout a kept answer up to this age is used; 0: none */
    bg_fetch_other *other; /* the kept answer is to this question; NULL: to the same one */
};

/* Filled by the owner down to `done`, zero after it. The owner keeps it while it runs. */
struct bg_fetch {
    const struct bg_services *services;
    void *owner;
    bg_fetch_done *done;

    struct bg_ticket *ticket;        /* in flight, or NULL */
    struct bg_fetch_request request; /* with a reference of its own to the args */
    bool is_late;                    /* timed out, and kept answers were looked up: an answer that comes is a kept one */
    struct bg_failure late;          /* the reason of the timeout; also the failure if nothing is kept */
};

/* Either fails at once, and `done` is not called, or calls `done` once, later. */
enum bg_error bg_fetch_start(struct bg_fetch *fetch, const struct bg_fetch_request *request, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* No caller waits: the node is asked with timeout_ms and warm_ms together, and its answer is kept for the next caller. */
void bg_fetch_warm(const struct bg_services *services, const struct bg_fetch_request *request);
bool bg_fetch_is_running(const struct bg_fetch *fetch);
/* The owner has gone; `done` is not called. It may be called if the fetch does not run. */
void bg_fetch_cancel(struct bg_fetch *fetch);

#endif
