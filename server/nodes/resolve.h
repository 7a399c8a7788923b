/* resolve.h: host name to addresses, without blocking. */
#ifndef BG_NODES_RESOLVE_H
#define BG_NODES_RESOLVE_H

#include <stddef.h>
#include <sys/socket.h>

#define BG_ADDRESSES_MAX 8 /* of one host; any more are not tried */

struct evdns_base;
struct bg_resolve;

/* `error` is NULL on success; then there is at least one address. */
typedef void bg_resolve_done(void *context, const char *error, const struct sockaddr_storage *addresses, size_t count);

/* Calls `done` once. If it does so before it returns, it returns NULL; else an object that can be cancelled until `done` is called. */
struct bg_resolve *bg_resolve_start(struct evdns_base *dns, const char *host, bg_resolve_done *done, void *context);
void bg_resolve_cancel(struct bg_resolve *resolve); /* `done` is not called */

#endif
