/* secure.h: what is different about a connection that speaks TLS. All of these do nothing, or the plain thing, for one that does not. */
#ifndef BG_HTTP_SECURE_H
#define BG_HTTP_SECURE_H

#include <event2/bufferevent.h>
#include <stdbool.h>
#include <stddef.h>

struct bg_tls;

/* A bufferevent for a client to come: TLS with this certificate, plain where tls is NULL. NULL: there is no memory; never a plain one in
 * place of one with TLS. */
struct bufferevent *bg_secure_bufferevent(struct event_base *base, const struct bg_tls *tls);
/* Whether requests may come: the handshake is over. */
bool bg_secure_is_ready(struct bufferevent *bev);
/* Sends a few bytes at once, past the output buffer, which must be empty. False: they could not be sent whole. */
bool bg_secure_send(struct bufferevent *bev, const char *bytes, size_t length);
/* Says that nothing more will come, before the socket is shut down; where all has been written, so that an answer that was cut short does
 * not look whole. */
void bg_secure_say_end(struct bufferevent *bev);
/* Why the handshake failed; NULL: it did not, or the client has just left. */
const char *bg_secure_failure(struct bufferevent *bev);
/* Closes the socket where OpenSSL had no memory to take it over; to be called before the last reference is given up. */
void bg_secure_close_stray(struct bufferevent *bev);

#endif
