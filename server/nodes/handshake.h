/* handshake.h: the distribution handshake, version 6, on the connecting side. Pure: bytes in, bytes out. */
#ifndef BG_NODES_HANDSHAKE_H
#define BG_NODES_HANDSHAKE_H

#include "link_failure.h"

#include <stdbool.h>
#include <stdint.h>

struct evbuffer;

enum bg_handshake_step { BG_HANDSHAKE_STATUS, BG_HANDSHAKE_CHALLENGE, BG_HANDSHAKE_ACK };

/* Whether the peer may receive the digest of its challenge and our cookie: it could present that digest to another node as its own. Called
 * just before the digest is sent; false: with the reason. */
typedef bool bg_handshake_trust(void *context, struct bg_link_failure *ret_failure);

/* All names are borrowed until the end of the handshake. */
struct bg_handshake {
    const char *own_name;
    const char *peer_name; /* NULL: only learns the name; the handshake then ends at the peer's challenge */
    const char *cookie;
    bg_handshake_trust *trust; /* NULL: every peer is trusted */
    void *trust_context;
    uint32_t creation;                  /* creation of our incarnation, not zero */
    uint32_t challenge;                 /* ours, random */
    enum bg_handshake_step awaited;     /* the peer's next message */
    char learned[BG_NODE_NAME_MAX + 1]; /* the peer's name, if it was to be learned */
    bool is_23;                         /* input: epmd says that the peer is OTP 23 or later, or we have been connected to it */
    uint32_t peer_creation;             /* of the peer's incarnation */
    bool is_25;                         /* the peer is OTP 25 or later */
    bool has_atom_cache;                /* the peer uses an atom cache, so we do too */
};

enum bg_handshake_result { BG_HANDSHAKE_MORE, BG_HANDSHAKE_DONE, BG_HANDSHAKE_FAILED };

/* Sets awaited, and writes the first message. */
void bg_handshake_start(struct bg_handshake *handshake, struct evbuffer *out);
/* Reads input in any pieces; bytes after the handshake's last byte stay in `in`. On failure `out` may have a last message for the peer. */
enum bg_handshake_result bg_handshake_take(struct bg_handshake *handshake, struct evbuffer *in, struct evbuffer *out,
                                           struct bg_link_failure *ret_failure);
/* The peer has closed the connection before the end: sets the failure for that. */
void bg_handshake_closed(const struct bg_handshake *handshake, struct bg_link_failure *ret_failure);

#endif
