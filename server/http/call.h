/* call.h: one request, from its handler to its one ending. */
#ifndef BG_HTTP_CALL_H
#define BG_HTTP_CALL_H

#include "beamgauge/endpoint.h"
#include "connection.h"
#include "params.h"
#include "request.h"

struct bg_call {
    struct bg_http *http;
    struct bg_connection *connection; /* which points back to this call */
    struct bg_request request;
    const struct bg_endpoint *endpoint;
    struct bg_values values; /* owned */
    enum bg_format format;
    const char *type; /* of the endpoint's types; NULL: it has none */
    json_t *body;     /* owned; NULL: none */
    void (*cancel)(void *context);
    void *cancel_context;
    int64_t started_us; /* when the handler was */
    bool answered;      /* `reply` waits to be written in the next turn of the loop; both of its documents are owned */
    struct bg_reply reply;
    int64_t more_ms; /* extra time that the handler asked for */
};

/* The format of an answer. */
struct bg_form {
    enum bg_format format;
    const char *type; /* of the endpoint's types; NULL: it has none */
};

/* Makes a call and runs its handler, which may end it at once. Takes over `values` and `body`. */
void bg_call_start(struct bg_connection *connection, const struct bg_request *request, const struct bg_endpoint *endpoint,
                   const struct bg_values *values, const struct bg_form *form, json_t *body);
/* Writes the reply of a call that has been answered. */
void bg_call_write(struct bg_call *call);
/* The client has disconnected: nothing is sent. */
void bg_call_abandon(struct bg_call *call);
/* Its deadline has passed: 504. */
void bg_call_expire(struct bg_call *call);

#endif
