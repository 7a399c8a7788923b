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
    const char *address; /* the one listened on; its name is always allowed in Host */
    const char *const *allowed_hosts;
    size_t allowed_hosts_count;
    bool is_secure; /* we speak TLS ourselves: our own page comes over https:// */
};

struct bg_gate_span {
    const char *text; /* NULL: absent */
    size_t length;
};
bool bg_gate_span_is(struct bg_gate_span span, const char *text); /* whatever the case of its letters */

enum bg_head_progress { BG_HEAD_PARTIAL, BG_HEAD_WHOLE, BG_HEAD_BAD };

/* Looks for the end of a head. Bytes that can never become a good one (control characters, bare CR or LF, too much) are reported at once.
 */
enum bg_head_progress bg_gate_scan(const struct bg_gate *gate, const char *bytes, size_t length, size_t *ret_head_length,
                                   struct bg_failure *ret_failure);

/* Checks a whole head (with its empty line) and tells how many bytes of body follow it. */
enum bg_error bg_gate_check(const struct bg_gate *gate, const char *head, size_t length, size_t *ret_body_length,
                            struct bg_failure *ret_failure) BG_MUST_CHECK;

/* Of a head that was found good: the "http://host:port" before the path of its target, of no length where there is only a path. */
struct bg_gate_span bg_gate_origin(const struct bg_gate *gate, const char *head, size_t length);

/* Whether two say the same host and port; our scheme's own port may be left out. */
bool bg_gate_is_same_host(const struct bg_gate *gate, struct bg_gate_span one, struct bg_gate_span other);

/* Keeps pages of other sites from making a visitor's browser change or trace something here. `origin` and `site` are the values of the
 * headers Origin and Sec-Fetch-Site, NULL where absent, as they are from anything but a browser. The same origin is the Host that the
 * request came to (a request through a proxy that changes it: one of the allowed hosts). */
enum bg_error bg_gate_check_origin(const struct bg_gate *gate, struct bg_gate_span host, struct bg_gate_span origin,
                                   struct bg_gate_span site, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The allowlist: names of this machine's loopback, the address listened on, and those configured. Any port will do. */
enum bg_error bg_gate_check_host(const struct bg_gate *gate, const char *host, size_t length, struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
