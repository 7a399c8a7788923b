/* reply_cache.c: rendered answers, kept while they are fresh. */
#include "reply_cache.h"

#include <stdlib.h>
#include <string.h>

struct slot {
    uint64_t hash;
    char *key; /* the target, a NUL, the Accept header; NULL: an empty slot */
    size_t key_length;
    const struct bg_endpoint *endpoint;
    struct bg_body *body;
    int64_t fresh_until_us;
};

struct bg_reply_cache {
    struct slot slots[BG_REPLY_CACHE_SLOTS];
    size_t bytes; /* of all bodies and keys */
};

/* FNV-1a: short, and a collision only costs a slot. */
static uint64_t hash_add(uint64_t hash, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3U;
    return hash;
}

static uint64_t hash_of(const struct bg_request *request, const char *accept, size_t accept_length)
{
    uint64_t hash = hash_add(0xcbf29ce484222325U, request->target, request->target_length);

    hash = hash_add((hash ^ 0xff) * 0x100000001b3U, accept, accept_length);
    return hash ^ hash >> 32;
}

static void slot_clear(struct bg_reply_cache *cache, struct slot *slot)
{
    if (slot->key == NULL)
        return;
    cache->bytes -= slot->key_length + slot->body->length;
    bg_body_unref(slot->body);
    free(slot->key);
    *slot = (struct slot){.key = NULL};
}

struct bg_reply_cache *bg_reply_cache_new(void)
{
    return calloc(1, sizeof(struct bg_reply_cache));
}

void bg_reply_cache_free(struct bg_reply_cache *cache)
{
    if (cache != NULL)
        bg_reply_cache_flush(cache);
    free(cache);
}

struct bg_body *bg_reply_cache_find(struct bg_reply_cache *cache, const struct bg_request *request, int64_t now_us,
                                    const struct bg_endpoint **ret_endpoint)
{
    const char *accept = request->accept != NULL ? request->accept : "";
    size_t accept_length = strlen(accept), length = request->target_length;
    uint64_t hash = hash_of(request, accept, accept_length);
    struct slot *slot = &cache->slots[hash % BG_REPLY_CACHE_SLOTS];

    if (slot->key == NULL || slot->hash != hash || slot->key_length != length + 1 + accept_length ||
        memcmp(slot->key, request->target, length + 1) != 0 || memcmp(slot->key + length + 1, accept, accept_length) != 0)
        return NULL;
    if (now_us >= slot->fresh_until_us) {
        slot_clear(cache, slot);
        return NULL;
    }
    *ret_endpoint = slot->endpoint;
    return slot->body;
}

/* Evicts a stale answer to make room; false: there is none. */
static bool make_room(struct bg_reply_cache *cache, size_t bytes, int64_t now_us)
{
    for (size_t i = 0; i < BG_REPLY_CACHE_SLOTS && cache->bytes + bytes > BG_REPLY_CACHE_BYTES_MAX; i++)
        if (now_us >= cache->slots[i].fresh_until_us)
            slot_clear(cache, &cache->slots[i]);
    return cache->bytes + bytes <= BG_REPLY_CACHE_BYTES_MAX;
}

void bg_reply_cache_put(struct bg_reply_cache *cache, const struct bg_request *request, const struct bg_endpoint *endpoint,
                        struct bg_body *body, int64_t fresh_until_us)
{
    const char *accept = request->accept != NULL ? request->accept : "";
    size_t accept_length = strlen(accept), key_length = request->target_length + 1 + accept_length;
    struct slot slot = {.hash = hash_of(request, accept, accept_length), .key_length = key_length};
    struct slot *place = &cache->slots[slot.hash % BG_REPLY_CACHE_SLOTS];

    slot_clear(cache, place);
    if (key_length > BG_REPLY_CACHE_KEY_MAX || body->length > BG_REPLY_CACHE_BODY_MAX ||
        !make_room(cache, key_length + body->length, body->collected_us) || (slot.key = malloc(key_length)) == NULL)
        return;
    memcpy(slot.key, request->target, request->target_length + 1);
    memcpy(slot.key + request->target_length + 1, accept, accept_length);
    slot.endpoint = endpoint;
    slot.body = bg_body_ref(body);
    slot.fresh_until_us = fresh_until_us;
    cache->bytes += key_length + body->length;
    *place = slot;
}

void bg_reply_cache_flush(struct bg_reply_cache *cache)
{
    for (size_t i = 0; i < BG_REPLY_CACHE_SLOTS; i++)
        slot_clear(cache, &cache->slots[i]);
}

size_t bg_reply_cache_bytes(const struct bg_reply_cache *cache)
{
    return cache->bytes;
}
