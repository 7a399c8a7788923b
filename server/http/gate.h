/* gate.h: the strict check of a request's head, on its raw bytes, before anything else has parsed it. */
#ifndef BG_HTTP_GATE_H
#define BG_HTTP_GATE_H

#include "beamgauge/error.h"

#include <stdbool.h>
#include <stddef.h>

#define BG_TARGET_MAX 4096 /* bytes of a request target */
#define BG_HEADERS_MAX 64  /* header lines of a request */

struct bg_gate {
    size_t header_max_bytes, body_max_bytes;
    const char *address; /* the address we listen on; always allowed in Host */
    const char *const *allowed_hosts;
    size_t allowed_hosts_count;
    bool is_secure; /* the server itself uses TLS: its page comes over https:// */
};

struct bg_gate_span {
    const char *text; /* NULL: absent */
    size_t length;
};
bool bg_gate_span_is(struct bg_gate_span span, const char *text); /* whatever the case of its letters */

enum bg_head_progress { BG_HEAD_PARTIAL, BG_HEAD_WHOLE, BG_HEAD_BAD };

/* Looks for the end of a head. Bytes that can never become a valid head (control characters, bare CR or LF, too many bytes) are reported at
 * once.
 */
enum bg_head_progress bg_gate_scan(const struct bg_gate *gate, const char *bytes, size_t length, size_t *ret_head_length,
                                   struct bg_failure *ret_failure);

/* Checks a whole head (with its empty line) and returns how many bytes of body follow it. */
enum bg_error bg_gate_check(const struct bg_gate *gate, const char *head, size_t length, size_t *ret_body_length,
                            struct bg_failure *ret_failure) BG_MUST_CHECK;

/* For a head that passed: the "http://host:port" before the path of its target; its length is 0 if there is only a path. */
struct bg_gate_span bg_gate_origin(const struct bg_gate *gate, const char *head, size_t length);

/* Whether two authorities have the same host and port; our scheme's default port may be left out. */
bool bg_gate_is_same_host(const struct bg_gate *gate, struct bg_gate_span one, struct bg_gate_span other);

/* Prevents pages of other sites from changing or tracing something here through a visitor's browser. `origin` and `site` are the values of
 * the headers Origin and Sec-Fetch-Site, NULL if absent; only browsers send them. The origin must be the Host of the request, or, if a
 * proxy changes that, one of the allowed hosts. */
enum bg_error bg_gate_check_origin(const struct bg_gate *gate, struct bg_gate_span host, struct bg_gate_span origin,
                                   struct bg_gate_span site, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The allowlist: names of this machine's loopback, the address we listen on, and the configured ones. Any port is allowed. */
enum bg_error bg_gate_check_host(const struct bg_gate *gate, const char *host, size_t length, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
