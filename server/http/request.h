/* request.h: the parts of a request that this room needs, copied from evhttp's in one pass. The gate has passed it before. */
#ifndef BG_HTTP_REQUEST_H
#define BG_HTTP_REQUEST_H

#include "beamgauge/endpoint.h"
#include "beamgauge/token.h"

#include <event2/http.h>
#include <stdbool.h>
#include <stddef.h>

#define BG_REQUEST_ID_SIZE 65

struct bg_http;

/* The pointers are evhttp's and live as long as `raw`; headers that are absent are NULL. */
struct bg_request {
    struct evhttp_request *raw;
    size_t place;    /* how it is counted, see counts.h */
    unsigned method; /* of enum bg_method; 0: any other. HEAD counts as GET */
    bool is_head;    /* answered like GET, without the body */
    bool is_11;      /* HTTP/1.1 */
    bool closes;     /* a Connection header has the word "close" */
    bool checked;    /* all parameters are known to the endpoint: none of them can be a secret */
    const char *target;
    size_t target_length, path_length;
    const char *query; /* after the '?'; NULL where there is none */
    const char *accept, *accept_encoding, *authorization, *content_type, *if_none_match;
    int64_t wait_s;                         /* for how long its token is not checked; 0: it is checked, or there is none; see guesses.h */
    uint64_t reader;                        /* the token as a number, else the client's address; see bg_admission_check() */
    char token_name[BG_TOKEN_NAME_MAX + 1]; /* "": none */
    char id[BG_REQUEST_ID_SIZE];            /* the client's X-Request-Id if it is safe to repeat, else a new one */
};

/* Gives it an id of ours. */
void bg_request_number(struct bg_http *http, struct bg_request *request);
void bg_request_read(struct bg_http *http, struct evhttp_request *raw, struct bg_request *ret_request);

#endif
