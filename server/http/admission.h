/* admission.h: decides who gets a place when places are few: connections, descriptors and requests in flight. */
#ifndef BG_HTTP_ADMISSION_H
#define BG_HTTP_ADMISSION_H

#include "beamgauge/endpoint.h"
#include "beamgauge/error.h"

#include <event2/listener.h>
#include <stdbool.h>
#include <stdint.h>

#define BG_ADMISSION_GROUPS 1024

struct bg_connection;
struct bg_http;

/* The client's group, at random: clients are counted in groups, so that no count per client is kept. */
size_t bg_admission_group(const struct bg_connection *connection);

/* Stores the client of a new connection. A connection over connections_max takes the place of another; if none can be closed, it stays
 * `refused`.
 *
 * The closed connection belongs to the client with the most connections that can be closed. It is the one whose loss is least, see
 * bg_connection_loss(), and among equals the one that has waited longest; never one of a client with fewer connections than the new one's.
 * So thousands of connections of one client only replace each other. */
void bg_admission_admit(struct bg_connection *connection);
/* Tries again to find a place for a connection that is `refused`; true if it has a place now, or had one before. */
bool bg_admission_readmit(struct bg_connection *connection);
/* The same for all that are `refused`, called periodically: connections of one burst had not been read before. */
void bg_admission_retry(struct bg_http *http);

/* Accepting failed: it pauses for a moment, since the listening socket stays readable. */
void bg_admission_pause(struct bg_http *http, int error);
/* Accepting succeeded. */
void bg_admission_accepted(struct bg_http *http);

/* Whether one more request of this reader may be answered now. At requests_max no request may, and one reader never has more than half of
 * the places, so that others still get one. A reader is a token or, if there is none, a client's address. Health endpoints are always
 * admitted. */
enum bg_error bg_admission_check(const struct bg_http *http, const struct bg_endpoint *endpoint, uint64_t reader,
                                 struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
