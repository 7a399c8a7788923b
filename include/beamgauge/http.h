/* http.h: the HTTP server in front of the endpoint descriptors. */
#ifndef BEAMGAUGE_HTTP_H
#define BEAMGAUGE_HTTP_H

#include "beamgauge/clock.h"
#include "beamgauge/endpoint.h"
#include "beamgauge/error.h"
#include "beamgauge/tls.h"
#include "beamgauge/token.h"

struct bg_metrics;
struct event_base;
struct bg_http;

/* A file of the page, embedded at build time. */
struct bg_asset {
    const char *path; /* "/", "/app.js"; NULL ends a table */
    const char *content_type;
    const uint8_t *data;
    size_t length;
    const uint8_t *gzip; /* the same, compressed at build time; NULL if that saves nothing */
    size_t gzip_length;
    const char *etag; /* strong, quoted: from the content's SHA-256 */
};

/* So many connections over connections_max are still accepted, for health requests, or to wait for a place. After that accepting stops.
 * Each has a second for its request and for a place; then it is answered 429. */
#define BG_REFUSALS_MAX 64

struct bg_http_options {
    const char *address;              /* numeric */
    uint16_t port;                    /* 0: the system chooses, see bg_http_port() */
    struct bg_tls *tls;               /* for HTTPS, a reference is taken; NULL: plain HTTP */
    const char *const *allowed_hosts; /* besides localhost, loopback addresses and `address` */
    size_t allowed_hosts_count;
    size_t header_max_bytes, body_max_bytes, connections_max, requests_max;
    size_t refusals_max;         /* at most BG_REFUSALS_MAX */
    int64_t connection_idle_ms;  /* idle for this long */
    int64_t connection_total_ms; /* the whole life of a connection */
    int64_t request_ms; /* from the first byte of a request to its last; also the time to answer beyond the handler's own timeout */
    const struct bg_endpoint *const *endpoints; /* NULL-terminated */
    const struct bg_asset *assets;              /* may be NULL */
    const struct bg_services *services;
    const struct bg_clock *clock;
    struct bg_metrics *metrics; /* counts what was served; may be NULL */
};

/* Everything in options is borrowed for the server's life. */
enum bg_error bg_http_start(struct event_base *base, const struct bg_http_options *options, struct bg_http **ret_http,
                            struct bg_failure *ret_failure) BG_MUST_CHECK;
uint16_t bg_http_port(const struct bg_http *http);
/* Tokens are copied; count 0: no token is required. May be called again at any time (SIGHUP). */
enum bg_error bg_http_set_tokens(struct bg_http *http, const struct bg_token *tokens, size_t count,
                                 struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Another certificate, for new connections. The server must have been started with a certificate. */
enum bg_error bg_http_set_tls(struct bg_http *http, struct bg_tls *tls, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Accepts the clients that have connected by now, stops listening, closes connections that have been idle for a moment, and lets the calls
 * in flight end: those that last longer than within_ms are answered 504. `drained` is called once, when none is left. */
void bg_http_drain(struct bg_http *http, int64_t within_ms, void (*drained)(void *context), void *context);
void bg_http_free(struct bg_http *http);

#endif
