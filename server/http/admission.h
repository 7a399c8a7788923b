/* admission.h: who gets a place where places are few: connections, descriptors and requests in flight. */
#ifndef BG_HTTP_ADMISSION_H
#define BG_HTTP_ADMISSION_H

#include "beamgauge/endpoint.h"
#include "beamgauge/error.h"

#include <event2/listener.h>
#include <stdbool.h>
#include <stdint.h>

struct bg_connection;
struct bg_http;

/* Notes who the client of a new connection is. One that is over connections_max takes the place of another; where none gives way it stays
 * `refused`.
 *
 * Of the client that has the most that can be closed the one gives way that loses the least, see bg_connection_loss(), and of these the
 * one that has waited for longest. So thousands of connections of one client only drive out each other. */
void bg_admission_admit(struct bg_connection *connection);
/* Another try for a connection that is `refused`; true where it has a place now, or had one before. */
bool bg_admission_readmit(struct bg_connection *connection);
/* The same for all that are `refused`, from time to time: those that came in one burst had not been read yet. */
void bg_admission_retry(struct bg_http *http);

/* Accepting failed: it is paused for a moment, since the listening socket stays readable. */
void bg_admission_pause(struct bg_http *http, int error);
/* It went well. */
void bg_admission_accepted(struct bg_http *http);

/* Whether one more request of this reader may be answered now. At requests_max none may, and one reader never has more than half of
 * the places, so that others still get one. A reader is a token or, where there is none, a client's address. An endpoint of the
 * service's health is outside of all this. */
enum bg_error bg_admission_check(const struct bg_http *http, const struct bg_endpoint *endpoint, uint64_t reader,
                                 struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
