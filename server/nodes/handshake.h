/* handshake.h: the distribution handshake, version 6, as the side that connects. Pure: bytes in, bytes out. */
#ifndef BG_NODES_HANDSHAKE_H
#define BG_NODES_HANDSHAKE_H

#include "link_failure.h"

#include <stdbool.h>
#include <stdint.h>

struct evbuffer;

enum bg_handshake_step { BG_HANDSHAKE_STATUS, BG_HANDSHAKE_CHALLENGE, BG_HANDSHAKE_ACK };

/* Whether the peer may see the digest of its challenge and our cookie, which it could show to another node as its own. Asked at the last
 * moment before it goes out; false: with the reason. */
typedef bool bg_handshake_trust(void *context, struct bg_link_failure *ret_failure);

/* All names are borrowed for the handshake's time. */
struct bg_handshake {
    const char *own_name;
    const char *peer_name; /* NULL: only to learn it; the handshake is then done, and left, at the peer's challenge */
    const char *cookie;
    bg_handshake_trust *trust; /* NULL: every peer is trusted */
    void *trust_context;
    uint32_t creation;                  /* of our incarnation, not zero */
    uint32_t challenge;                 /* ours, random */
    enum bg_handshake_step awaited;     /* the message that comes next from the peer */
    char learned[BG_NODE_NAME_MAX + 1]; /* the peer's name, where it was to be learned */
    bool is_23;                         /* given: epmd says that the peer is OTP 23 or later, or we have been connected to it */
    uint32_t peer_creation;             /* of the peer's incarnation */
    bool is_25;                         /* the peer is OTP 25 or later */
    bool has_atom_cache;                /* the peer uses one, so we do */
};

enum bg_handshake_result { BG_HANDSHAKE_MORE, BG_HANDSHAKE_DONE, BG_HANDSHAKE_FAILED };

/* Sets awaited, and writes the first message. */
void bg_handshake_start(struct bg_handshake *handshake, struct evbuffer *out);
/* Takes what has come in, in any pieces; what stands behind the handshake's last byte is left there. On failure `out` may hold a last
 * word for the peer. */
enum bg_handshake_result bg_handshake_take(struct bg_handshake *handshake, struct evbuffer *in, struct evbuffer *out,
                                           struct bg_link_failure *ret_failure);
/* The peer has closed the connection before the end: what that means. */
void bg_handshake_closed(const struct bg_handshake *handshake, struct bg_link_failure *ret_failure);

#endif
