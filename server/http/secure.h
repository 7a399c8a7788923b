/* secure.h: what is different about a connection with TLS. For a plain connection these functions do nothing, or the plain equivalent. */
#ifndef BG_HTTP_SECURE_H
#define BG_HTTP_SECURE_H

#include <event2/bufferevent.h>
#include <stdbool.h>
#include <stddef.h>

struct bg_tls;

/* A bufferevent for the next client: TLS with this certificate, plain if tls is NULL. NULL: out of memory; it is never plain instead of
 * TLS. */
struct bufferevent *bg_secure_bufferevent(struct event_base *base, const struct bg_tls *tls);
/* Whether requests may come: the handshake is over. */
bool bg_secure_is_ready(struct bufferevent *bev);
/* Sends a few bytes at once, not through the output buffer, which must be empty. False: not all could be sent. */
bool bg_secure_send(struct bufferevent *bev, const char *bytes, size_t length);
/* Sends close_notify before the socket is shut down, but only if all was written: a truncated answer must not look complete. */
void bg_secure_say_end(struct bufferevent *bev);
/* Why the handshake failed; NULL: it did not, or the client has just disconnected. */
const char *bg_secure_failure(struct bufferevent *bev);
/* Closes the socket if OpenSSL had no memory to take it over; call it before the last reference is released. */
void bg_secure_close_stray(struct bufferevent *bev);

#endif
