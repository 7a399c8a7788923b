/* waiting.h: requests on connections over connections_max wait a moment for a place: most places become free within milliseconds.
 *
 * The one of the client with the fewest places is first, then the one that came first. A request that found no place within
 * BG_REFUSED_US after its connection came is answered 429, and so is one of the client with the most waiting requests if too many wait. */
#ifndef BG_HTTP_WAITING_H
#define BG_HTTP_WAITING_H

#include <event2/http.h>
#include <event2/util.h>
#include <stdbool.h>

#define BG_WAITING_MAX 32 /* and at most half of the connections that may be over connections_max */

struct bg_connection;
struct bg_http;

/* The whole request of a connection without a place. True if it waits now; it is dispatched again later, with a place or without. False
 * if the connection has a place now, or if the request cannot wait. */
bool bg_waiting_begin(struct bg_connection *connection, struct evhttp_request *raw);
/* It waits no longer, if it did. */
void bg_waiting_leave(struct bg_connection *connection);
/* A place may be free, or may be made free, for those that wait: they are looked at in this turn of the loop. */
void bg_waiting_look(struct bg_http *http);
/* The callback of http->place. */
void bg_waiting_on_place(evutil_socket_t fd, short what, void *http);
/* Its time is over. */
void bg_waiting_expire(struct bg_connection *connection);

#endif
