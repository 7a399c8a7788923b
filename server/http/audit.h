/* audit.h: one log line for each request that changes something, and for each one that was refused. */
#ifndef BG_HTTP_AUDIT_H
#define BG_HTTP_AUDIT_H

#include "connection.h"
#include "request.h"

#include <stdint.h>

struct bg_audit_budget {
    int64_t spent_us; /* the time up to which the allowed lines are used */
    uint64_t left_out;
};

/* Logs the end of a request; status 0: its client disconnected before the answer. It logs requests of scope admin (registering, tracing,
 * collecting) and those refused by 401 or 403, or by 429 after wrong tokens: who (the token's name, never the token), from where, what and
 * on which node. Lines are limited: each of the two kinds may have a burst, then a few a second; the next line says how many were left out.
 */
void bg_audit(struct bg_connection *connection, const struct bg_request *request, int status);

#endif
