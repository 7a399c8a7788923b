/* error.h: the one error enum of the program, and the text that goes with an error. */
#ifndef BEAMGAUGE_ERROR_H
#define BEAMGAUGE_ERROR_H

#include <stddef.h>

/* Every failure of every room is one of these. bg_error_info() gives the stable code, title and HTTP status of each. */
enum bg_error {
    BG_OK = 0,
    BG_INVALID,            /* 400: a parameter, header, body or setting is malformed or out of bounds */
    BG_UNAUTHENTICATED,    /* 401: no token, or an unknown one */
    BG_FORBIDDEN,          /* 403: the token lacks the scope */
    BG_CROSS_SITE,         /* 403: a page of another site made the browser send this */
    BG_NOT_FOUND,          /* 404: no such path */
    BG_NODE_UNKNOWN,       /* 404: the node is not registered */
    BG_METHOD_NOT_ALLOWED, /* 405 */
    BG_NOT_ACCEPTABLE,     /* 406: no representation the client accepts */
    BG_REQUEST_TIMEOUT,    /* 408: the request was not complete in time */
    BG_CONFLICT,           /* 409: the registry does not allow this change */
    BG_PROCESS_DEAD,       /* 410: the process named by the pid is not alive */
    BG_TOO_LARGE,          /* 413: the request body is over its limit */
    BG_MEDIA_TYPE,         /* 415: the request body's type is not accepted */
    BG_MISDIRECTED,        /* 421: the Host header is not on the allowlist */
    BG_UNSUPPORTED,        /* 422: this node cannot answer that (the text says why) */
    BG_ATOM_TABLE_FULL,    /* 422: the node has too few atoms left for a question that may create some */
    BG_PROCESS_TABLE_FULL, /* 422: the node cannot start a process for the answer */
    BG_MEMORY_FULL,        /* 422: the node's host or cgroup has too little memory left for what is asked */
    BG_TOO_MANY,           /* 429: a cap is reached, try again after a second */
    BG_HEADERS_TOO_LARGE,  /* 431 */
    BG_NODE_UNREACHABLE,   /* 502: no link to the node (the text says which step failed) */
    BG_COOKIE_REJECTED,    /* 502: the node refused the cookie */
    BG_BAD_ANSWER,         /* 502: the node answered something that cannot be understood or is too large */
    BG_PROBE_LIMIT,        /* 502: the question was killed on the node by its own heap limit */
    BG_DEADLINE,           /* 504: no answer in time */
    BG_UNAVAILABLE,        /* 503: only for a failed check and /readyz */
    BG_CANCELLED,          /* never sent: the caller has disconnected */
    BG_NO_MEMORY,          /* 500 */
    BG_SYSTEM,             /* 500: the operating system refused (the text has strerror) */
    BG_INTERNAL,           /* 500: a defect in beamgauge */
    BG_ERROR_COUNT
};

struct bg_error_info {
    const char *code;  /* stable, snake_case, for programs: "node_unreachable" */
    const char *title; /* short, for people: "Node unreachable" */
    int status;        /* HTTP status */
};

/* Never NULL; the result lives as long as the program. */
const struct bg_error_info *bg_error_info(enum bg_error error);

#define BG_FAILURE_TEXT_SIZE 512
#define BG_FAILURE_PARAM_SIZE 64

/* What failed, in plain words: what happened, to what, what to do. Filled only if a function fails. */
struct bg_failure {
    enum bg_error error;
    char param[BG_FAILURE_PARAM_SIZE]; /* the request parameter or setting at fault, "" where there is none */
    char text[BG_FAILURE_TEXT_SIZE];   /* cut, never overrun, if longer */
};

/* Fills *ret_failure (which may be NULL) and returns `error`, so that a function can end with
 * `return bg_fail(ret_failure, BG_INVALID, "...")`. */
enum bg_error bg_fail(struct bg_failure *ret_failure, enum bg_error error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The same, naming the parameter at fault. */
enum bg_error bg_fail_param(struct bg_failure *ret_failure, enum bg_error error, const char *param, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* All failures found in something that is read to its end, such as a file. */
#define BG_FAILURES_MAX 20
struct bg_failures {
    struct bg_failure list[BG_FAILURES_MAX];
    size_t count;
};
/* One more; those over the maximum are dropped. */
void bg_failures_add(struct bg_failures *failures, const struct bg_failure *failure);

#define BG_MUST_CHECK __attribute__((warn_unused_result))

#endif
