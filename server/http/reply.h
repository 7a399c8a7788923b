/* reply.h: the head of a reply, and the problem document (RFC 9457) that answers every failure. */
#ifndef BG_HTTP_REPLY_H
#define BG_HTTP_REPLY_H

#include "beamgauge/error.h"
#include "body.h"
#include "connection.h"
#include "request.h"

#include <jansson.h>

#define BG_HEAD_SIZE 4096

/* The reason phrase and, after it, all headers but Date, Content-Length and Connection. evhttp prints the reason as it is given and each
 * header of its own list with allocations and a printf, so this costs a fraction. What is added is checked: no value can begin a line. */
struct bg_head {
    size_t length;
    char text[BG_HEAD_SIZE];
};

/* Begins with the headers that every reply has. */
void bg_head_start(struct bg_head *ret_head, int status, const struct bg_request *request);
/* Headers that answers of the API have in addition: no caching, no page. */
void bg_head_add_live(struct bg_head *head, const char *content_type);
/* Left out completely if it does not fit; control characters become '?'. */
void bg_head_add(struct bg_head *head, const char *name, const char *value);

/* A table that ends with a NULL name; NULL: none. */
void bg_head_add_all(struct bg_head *head, const struct bg_header *headers);

/* What is reported about a failed request. */
struct bg_problem {
    const struct bg_failure *failure;
    json_t *errors;                  /* array of {"param", "reason"}, borrowed; NULL: made from the failure */
    const char *allow;               /* 405 */
    const char *authenticate;        /* 401, 403 */
    int64_t retry_s;                 /* 429; 0: in a second */
    json_t *data, *meta;             /* the incomplete data, borrowed; or NULL */
    const struct bg_header *headers; /* or NULL */
};
json_t *bg_problem_document(const struct bg_problem *problem, const struct bg_request *request);

/* Sends a head and what is in the request's output buffer; HEAD gets its length only. */
void bg_reply_send(struct bg_connection *connection, const struct bg_request *request, int status, const struct bg_head *head);
/* Answers 500 no_memory without an allocation, straight into the socket, and ends the connection. For while memory is short: not 503, which
 * is how a check says that it does not hold. */
void bg_reply_past_evhttp(struct bg_connection *connection, const struct bg_request *request);
void bg_reply_problem(struct bg_connection *connection, const struct bg_request *request, const struct bg_problem *problem);
void bg_reply_failure(struct bg_connection *connection, const struct bg_request *request, const struct bg_failure *failure);
/* A rendered answer; `timing` is Server-Timing's value, `headers` may be NULL. */
void bg_reply_body(struct bg_connection *connection, const struct bg_request *request, int status, struct bg_body *body, const char *timing,
                   const struct bg_header *headers);

#endif
