/* reply_cache.h: rendered answers, kept while they are fresh, so that a repeated request costs no parsing and no rendering.
 *
 * A table of fixed size: a key has one slot, and a new entry evicts the old one. The clock of `now_us` is the monotonic one. */
#ifndef BG_HTTP_REPLY_CACHE_H
#define BG_HTTP_REPLY_CACHE_H

#include "body.h"
#include "request.h"

#define BG_REPLY_CACHE_SLOTS 256
#define BG_REPLY_CACHE_KEY_MAX 1024               /* bytes of target and Accept together; longer ones are not kept */
#define BG_REPLY_CACHE_BODY_MAX ((size_t)1 << 20) /* bytes of one answer */
#define BG_REPLY_CACHE_BYTES_MAX ((size_t)32 << 20)

struct bg_reply_cache;

struct bg_reply_cache *bg_reply_cache_new(void);
void bg_reply_cache_free(struct bg_reply_cache *cache);
/* The body for a GET of the same target and Accept, and the endpoint whose scope is required; NULL: none, or stale. */
struct bg_body *bg_reply_cache_find(struct bg_reply_cache *cache, const struct bg_request *request, int64_t now_us,
                                    const struct bg_endpoint **ret_endpoint);
/* Takes its own reference, or does nothing if there is no room. */
void bg_reply_cache_put(struct bg_reply_cache *cache, const struct bg_request *request, const struct bg_endpoint *endpoint,
                        struct bg_body *body, int64_t fresh_until_us);
void bg_reply_cache_flush(struct bg_reply_cache *cache);
size_t bg_reply_cache_bytes(const struct bg_reply_cache *cache);

#endif
