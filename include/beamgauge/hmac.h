/* hmac.h: checks that the sender of a message knows a secret (RFC 2104 with SHA-256), and that the message is not a replay. */
#ifndef BEAMGAUGE_HMAC_H
#define BEAMGAUGE_HMAC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BG_HMAC_SIZE 32

struct bg_bytes {
    const void *data;
    size_t length;
};

/* Over the parts, one after the other. False if OpenSSL fails. */
bool bg_hmac_sha256(const char *key, size_t key_length, const struct bg_bytes *parts, size_t parts_count, uint8_t ret_mac[BG_HMAC_SIZE]);
/* Constant time: it does not depend on where the two differ. */
bool bg_hmac_same(const uint8_t a[BG_HMAC_SIZE], const uint8_t b[BG_HMAC_SIZE]);
/* Reads "v0=" and 64 hexadecimal digits; false: the text has another form. */
bool bg_hmac_parse(const char *hex, uint8_t ret_mac[BG_HMAC_SIZE]);

/* Messages seen, so that none is accepted twice. */
struct bg_replays;
#define BG_REPLAYS_MAX 1024

struct bg_replays *bg_replays_new(void); /* NULL where memory ran out */
void bg_replays_free(struct bg_replays *replays);
enum bg_replay { BG_REPLAY_NEW, BG_REPLAY_SEEN, BG_REPLAY_FULL };
/* Remembers a message until `until_ms`. Only messages that have expired at `now_ms` are evicted. */
enum bg_replay bg_replays_note(struct bg_replays *replays, const uint8_t mac[BG_HMAC_SIZE], int64_t now_ms, int64_t until_ms);

#endif
