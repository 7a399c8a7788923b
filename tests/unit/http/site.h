/* site.h: a real server with a few endpoints of its own, and raw clients of it, all on one event loop. */
#ifndef BG_TEST_SITE_H
#define BG_TEST_SITE_H

#include "beamgauge/http.h"

#include <stdbool.h>
#include <stddef.h>

struct site {
    struct event_base *base;
    struct bg_http *http;
    struct bg_http_options options;
    struct bg_services services;
    int answers_count;    /* how often /api/v1/rows/{name} was really asked */
    int cancels_count;    /* calls of /slow that were cancelled */
    struct bg_call *slow; /* the last call of /slow, still in flight */
    int drained_count;
    int64_t fresh_us; /* for how long answers of /api/v1/rows are fresh */
};

extern struct site site; /* the one of the running test: handlers have no other way to it */

void site_options(struct bg_http_options *ret_options); /* small limits; change, then site_start() */
void site_start(const struct bg_http_options *options);
void site_stop(void);
int site_setup(void **state); /* with those options, and its end, as fixtures */
int site_teardown(void **state);
void site_turn(int ms); /* lets the loop run for so long */

/* Lets the loop run until the condition holds; fails after some 20 s, for what hangs. A busy machine may take long for anything. */
#define SITE_AWAIT(condition)                                                                                                              \
    do {                                                                                                                                   \
        for (int left_ms = 20000; left_ms > 0 && !(condition); left_ms--)                                                                  \
            site_turn(1);                                                                                                                  \
        assert_true(condition);                                                                                                            \
    } while (0)

/* One client connection. What is received is kept, terminated. */
struct client {
    int fd;
    char text[1 << 20];
    size_t length;
    bool closed; /* the server has closed it */
    bool reset;  /* it has, without waiting for what we sent */
};

struct client *client_open(void);
void client_free(struct client *client);
void client_send(struct client *client, const char *bytes);
void client_send_bytes(struct client *client, const char *bytes, size_t length);
/* Runs the loop until the client has `count` whole replies to GET (by Content-Length) or the connection closes; fails after 20 s. */
void client_wait(struct client *client, int count);
bool client_wait_for(struct client *client, int count); /* false: neither so many answers nor the end came in time */
/* Until the server closes. */
void client_wait_closed(struct client *client);
/* Sends one request on a connection of its own and returns the status of the reply, which is left in *ret_client. */
int site_ask(const char *request, struct client **ret_client);
int client_status(const struct client *client);
/* The value of a header of the first reply, copied to a static buffer; NULL: absent. */
const char *client_header(const struct client *client, const char *name);
const char *client_body(const struct client *client);

#define GET(target) "GET " target " HTTP/1.1\r\nHost: localhost\r\n\r\n"

#endif
