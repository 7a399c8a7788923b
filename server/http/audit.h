/* audit.h: one line of the log for what changes something, and for who was not let in. */
#ifndef BG_HTTP_AUDIT_H
#define BG_HTTP_AUDIT_H

#include "connection.h"
#include "request.h"

#include <stdint.h>

struct bg_audit_budget {
    int64_t spent_us; /* up to when what may be logged has been used up */
    uint64_t left_out;
};

/* What became of a request; status 0: its client left before the answer. Logs who (by the token's name, never the token), from where,
 * what and on which node, if the request was one of scope admin (registering, tracing, collecting) or refused by 401 or 403, or by 429
 * after wrong tokens. Lines are limited: of each of these two kinds a burst goes through and then a few a second; the next line says how
 * many were left out. */
void bg_audit(struct bg_connection *connection, const struct bg_request *request, int status);

#endif
