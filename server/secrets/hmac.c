/* hmac.c: checks that the sender of a message knows a secret, and that the message is not a replay. */
#include "beamgauge/hmac.h"

#include "beamgauge/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>

struct seen {
    uint8_t mac[BG_HMAC_SIZE];
    int64_t until_ms; /* 0: an empty place */
};

struct bg_replays {
    struct seen seen[BG_REPLAYS_MAX];
};

bool bg_hmac_sha256(const char *key, size_t key_length, const struct bg_bytes *parts, size_t parts_count, uint8_t ret_mac[BG_HMAC_SIZE])
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    EVP_MAC *kind = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = kind != NULL ? EVP_MAC_CTX_new(kind) : NULL;
    uint8_t mac[BG_HMAC_SIZE];
    size_t length = 0;
    bool done = context != NULL && EVP_MAC_init(context, (const unsigned char *)key, key_length, params) == 1;

    for (size_t i = 0; done && i < parts_count; i++)
        done = EVP_MAC_update(context, parts[i].data, parts[i].length) == 1;
    done = done && EVP_MAC_final(context, mac, &length, sizeof(mac)) == 1 && length == sizeof(mac);
    if (done)
        memcpy(ret_mac, mac, sizeof(mac));
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(kind);
    return done;
}

bool bg_hmac_same(const uint8_t a[BG_HMAC_SIZE], const uint8_t b[BG_HMAC_SIZE])
{
    return CRYPTO_memcmp(a, b, BG_HMAC_SIZE) == 0;
}

bool bg_hmac_parse(const char *hex, uint8_t ret_mac[BG_HMAC_SIZE])
{
    struct bg_failure failure;

    _Static_assert(BG_HMAC_SIZE == BG_TOKEN_HASH_SIZE, "both are SHA-256's");
    return strncmp(hex, "v0=", 3) == 0 && bg_token_parse_hash(hex + 3, ret_mac, &failure) == BG_OK;
}

struct bg_replays *bg_replays_new(void)
{
    return calloc(1, sizeof(struct bg_replays));
}

void bg_replays_free(struct bg_replays *replays)
{
    free(replays);
}

enum bg_replay bg_replays_note(struct bg_replays *replays, const uint8_t mac[BG_HMAC_SIZE], int64_t now_ms, int64_t until_ms)
{
    struct seen *place = NULL;

    for (size_t i = 0; i < BG_REPLAYS_MAX; i++) {
        struct seen *seen = &replays->seen[i];
        if (seen->until_ms > now_ms && bg_hmac_same(seen->mac, mac))
            return BG_REPLAY_SEEN;
        if (seen->until_ms <= now_ms && place == NULL)
            place = seen;
    }
    if (place == NULL)
        return BG_REPLAY_FULL;
    memcpy(place->mac, mac, BG_HMAC_SIZE);
    place->until_ms = until_ms;
    return BG_REPLAY_NEW;
}
