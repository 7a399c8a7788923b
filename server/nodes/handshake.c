/* handshake.c: the distribution handshake, version 6, on the connecting side (erl_dist_protocol, "Distribution Handshake"). */
#include "handshake.h"

#include "framing.h"

#include <event2/buffer.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#define DIGEST_SIZE 16
#define MESSAGE_MAX 1024 /* the longest is the challenge: 19 bytes and a name */

#define FLAG_ATOM_CACHE UINT64_C(0x2000)
#define FLAG_SPAWN (UINT64_C(1) << 32)
#define FLAG_MANDATORY_25_DIGEST UINT64_C(0x4000000) /* OTP 25 and later set it */

/* What we accept from a peer: everything that is mandatory since OTP 25, UNLINK_ID, and SPAWN. No PUBLISHED, so that we are hidden; no
 * fragments, no payload in exits. */
static const uint64_t own_flags =
    0x4 /* EXTENDED_REFERENCES */ | 0x8 /* DIST_MONITOR */ | 0x10 /* FUN_TAGS */ | 0x20 /* DIST_MONITOR_NAME */ | 0x80 /* NEW_FUN_TAGS */ |
    0x100 /* EXTENDED_PIDS_PORTS */ | 0x200 /* EXPORT_PTR_TAG */ | 0x400 /* BIT_BINARIES */ | 0x800 /* NEW_FLOATS */ | FLAG_ATOM_CACHE |
    0x10000 /* UTF8_ATOMS */ | 0x20000 /* MAP_TAG */ | 0x40000 /* BIG_CREATION */ | 0x1000000 /* HANDSHAKE_23 */ |
    0x2000000 /* UNLINK_ID */ | FLAG_MANDATORY_25_DIGEST | FLAG_SPAWN | UINT64_C(1) << 34 /* V4_NC */;

static void send_message(struct evbuffer *out, const struct bg_writer *message)
{
    const uint8_t head[2] = {(uint8_t)(message->length >> 8), (uint8_t)message->length};
    evbuffer_add(out, head, sizeof head);
    evbuffer_add(out, message->bytes, message->length);
}

static bool make_digest(const char *cookie, uint32_t challenge, uint8_t ret_digest[DIGEST_SIZE])
{
    char decimal[16];
    unsigned size = DIGEST_SIZE;
    int length = snprintf(decimal, sizeof decimal, "%u", (unsigned)challenge);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool made = context != NULL && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1 &&
                EVP_DigestUpdate(context, cookie, strlen(cookie)) == 1 && EVP_DigestUpdate(context, decimal, (size_t)length) == 1 &&
                EVP_DigestFinal_ex(context, ret_digest, &size) == 1;
    EVP_MD_CTX_free(context);
    return made;
}

void bg_handshake_start(struct bg_handshake *handshake, struct evbuffer *out)
{
    struct bg_writer message = {.length = 0};
    size_t length = strlen(handshake->own_name);
    bg_write_u8(&message, 'N');
    bg_write_u64(&message, own_flags);
    bg_write_u32(&message, handshake->creation);
    bg_write_u16(&message, (uint16_t)length);
    bg_write_bytes(&message, handshake->own_name, length);
    send_message(out, &message);
    handshake->awaited = BG_HANDSHAKE_STATUS;
}

static enum bg_handshake_result fail_nonsense(const char *where, struct bg_link_failure *ret_failure)
{
    bg_link_failure_set(ret_failure, BG_REASON_HANDSHAKE_FAILED, "what answers there does not speak the Erlang distribution (%s)", where);
    return BG_HANDSHAKE_FAILED;
}

/* The peer still holds a connection from our name. We never ask it to drop that one. */
static enum bg_handshake_result refuse_alive(struct evbuffer *out, struct bg_link_failure *ret_failure)
{
    struct bg_writer message = {.length = 0};
    bg_write_bytes(&message, "sfalse", 6);
    send_message(out, &message);
    bg_link_failure_set(ret_failure, BG_REASON_NAME_IN_USE,
                        "the node already has a connection from our name: another beamgauge, or one just gone that it still waits for");
    return BG_HANDSHAKE_FAILED;
}

static enum bg_handshake_result take_status(struct bg_handshake *handshake, struct bg_reader reader, struct evbuffer *out,
                                            struct bg_link_failure *ret_failure)
{
    struct bg_slice tag, status;
    if (!bg_read_bytes(&reader, 1, &tag) || !bg_slice_is(tag, "s") || !bg_read_bytes(&reader, bg_reader_left(&reader), &status))
        return fail_nonsense("no status", ret_failure);
    if (bg_slice_is(status, "ok") || bg_slice_is(status, "ok_simultaneous")) {
        handshake->awaited = BG_HANDSHAKE_CHALLENGE;
        return BG_HANDSHAKE_MORE;
    }
    if (bg_slice_is(status, "alive"))
        return refuse_alive(out, ret_failure);
    if (bg_slice_is(status, "nok"))
        bg_link_failure_set(ret_failure, BG_REASON_NAME_IN_USE, "the node is itself connecting to one of our name, and prefers that");
    else if (bg_slice_is(status, "not_allowed"))
        bg_link_failure_set(ret_failure, BG_REASON_NOT_ALLOWED,
                            "the node does not allow connections from us: see net_kernel:allow/1 there");
    else
        return fail_nonsense("unknown status", ret_failure);
    return BG_HANDSHAKE_FAILED;
}

static void send_reply(const struct bg_handshake *handshake, const uint8_t digest[DIGEST_SIZE], struct evbuffer *out)
{
    struct bg_writer message = {.length = 0};
    bg_write_u8(&message, 'r');
    bg_write_u32(&message, handshake->challenge);
    bg_write_bytes(&message, digest, DIGEST_SIZE);
    send_message(out, &message);
}

static enum bg_handshake_result learn_name(struct bg_handshake *handshake, struct bg_slice name, struct bg_link_failure *ret_failure)
{
    if (name.length >= sizeof handshake->learned)
        return fail_nonsense("too long a name", ret_failure);
    memcpy(handshake->learned, name.bytes, name.length);
    handshake->learned[name.length] = '\0';
    return BG_HANDSHAKE_DONE;
}

/* Checks that the peer is supported, has the requested name and is trusted; then answers its challenge. */
static enum bg_handshake_result answer_challenge(struct bg_handshake *handshake, uint64_t flags, uint32_t challenge, struct bg_slice name,
                                                 struct evbuffer *out, struct bg_link_failure *ret_failure)
{
    uint8_t digest[DIGEST_SIZE];
    if (!bg_slice_is(name, handshake->peer_name))
        bg_link_failure_set(ret_failure, BG_REASON_WRONG_NAME, "the node there calls itself \"%.*s\"", (int)name.length,
                            (const char *)name.bytes);
    else if (!(flags & FLAG_SPAWN))
        bg_link_failure_set(ret_failure, BG_REASON_HANDSHAKE_FAILED,
                            "the node cannot spawn a process at our request, as OTP 23 and later can");
    else if (!make_digest(handshake->cookie, challenge, digest))
        bg_link_failure_set(ret_failure, BG_REASON_HANDSHAKE_FAILED, "no MD5, which the distribution needs, in this system's OpenSSL");
    else if (handshake->trust == NULL || handshake->trust(handshake->trust_context, ret_failure)) {
        send_reply(handshake, digest, out);
        handshake->has_atom_cache = (flags & FLAG_ATOM_CACHE) != 0;
        handshake->is_25 = (flags & FLAG_MANDATORY_25_DIGEST) != 0;
        handshake->awaited = BG_HANDSHAKE_ACK;
        return BG_HANDSHAKE_MORE;
    }
    return BG_HANDSHAKE_FAILED;
}

static enum bg_handshake_result take_challenge(struct bg_handshake *handshake, struct bg_reader reader, struct evbuffer *out,
                                               struct bg_link_failure *ret_failure)
{
    uint64_t tag, flags, challenge, creation, length;
    struct bg_slice name;
    if (!bg_read_number(&reader, 1, &tag))
        return fail_nonsense("no challenge", ret_failure);
    if (tag == 'n') {
        bg_link_failure_set(ret_failure, BG_REASON_HANDSHAKE_FAILED,
                            "the node is older than OTP 23, which is the oldest that can be asked");
        return BG_HANDSHAKE_FAILED;
    }
    if (tag != 'N' || !bg_read_number(&reader, 8, &flags) || !bg_read_number(&reader, 4, &challenge) ||
        !bg_read_number(&reader, 4, &creation) || !bg_read_number(&reader, 2, &length) || !bg_read_bytes(&reader, (size_t)length, &name))
        return fail_nonsense("no challenge", ret_failure);
    handshake->peer_creation = (uint32_t)creation;
    if (handshake->peer_name == NULL)
        return learn_name(handshake, name, ret_failure);
    handshake->peer_creation = (uint32_t)creation;
    return answer_challenge(handshake, flags, (uint32_t)challenge, name, out, ret_failure);
}

static void reject_cookie(struct bg_link_failure *ret_failure)
{
    bg_link_failure_set(ret_failure, BG_REASON_COOKIE_REJECTED, "the node has another cookie: give this node's own");
}

static enum bg_handshake_result take_ack(const struct bg_handshake *handshake, struct bg_reader reader, struct bg_link_failure *ret_failure)
{
    uint8_t expected[DIGEST_SIZE];
    struct bg_slice tag, digest;
    if (!bg_read_bytes(&reader, 1, &tag) || !bg_slice_is(tag, "a") || !bg_read_bytes(&reader, DIGEST_SIZE, &digest) ||
        bg_reader_left(&reader) != 0)
        return fail_nonsense("no acknowledgement", ret_failure);
    if (make_digest(handshake->cookie, handshake->challenge, expected) && CRYPTO_memcmp(expected, digest.bytes, DIGEST_SIZE) == 0)
        return BG_HANDSHAKE_DONE;
    reject_cookie(ret_failure);
    return BG_HANDSHAKE_FAILED;
}

static enum bg_handshake_result take_message(struct bg_handshake *handshake, struct bg_slice message, struct evbuffer *out,
                                             struct bg_link_failure *ret_failure)
{
    struct bg_reader reader = bg_reader_of(message);
    switch (handshake->awaited) {
    case BG_HANDSHAKE_STATUS:
        return take_status(handshake, reader, out, ret_failure);
    case BG_HANDSHAKE_CHALLENGE:
        return take_challenge(handshake, reader, out, ret_failure);
    case BG_HANDSHAKE_ACK:
        break;
    }
    return take_ack(handshake, reader, ret_failure);
}

/* A TLS record begins with its type (21: alert, 22: handshake) and the major version 3: read as a length, that is too long. */
static enum bg_handshake_result fail_too_large(struct evbuffer *in, struct bg_link_failure *ret_failure)
{
    uint8_t head[2] = {0};
    if (evbuffer_copyout(in, head, sizeof head) != sizeof head || (head[0] != 21 && head[0] != 22) || head[1] != 3)
        return fail_nonsense("too long a message", ret_failure);
    bg_link_failure_set(
        ret_failure, BG_REASON_HANDSHAKE_FAILED,
        "the node answers in TLS: it wants its distribution encrypted (-proto_dist inet_tls), which beamgauge does not speak");
    return BG_HANDSHAKE_FAILED;
}

enum bg_handshake_result bg_handshake_take(struct bg_handshake *handshake, struct evbuffer *in, struct evbuffer *out,
                                           struct bg_link_failure *ret_failure)
{
    struct bg_slice message;
    enum bg_handshake_result result = BG_HANDSHAKE_MORE;
    while (result == BG_HANDSHAKE_MORE) {
        enum bg_frame frame = bg_frame_next(in, 2, MESSAGE_MAX, &message);
        if (frame == BG_FRAME_MORE)
            return BG_HANDSHAKE_MORE;
        if (frame == BG_FRAME_TOO_LARGE)
            return fail_too_large(in, ret_failure);
        result = take_message(handshake, message, out, ret_failure);
        bg_frame_drop(in, 2, message);
    }
    return result;
}

void bg_handshake_closed(const struct bg_handshake *handshake, struct bg_link_failure *ret_failure)
{
    if (handshake->awaited == BG_HANDSHAKE_ACK)
        reject_cookie(ret_failure);
    else
        bg_link_failure_set(
            ret_failure, BG_REASON_HANDSHAKE_FAILED,
            "the node closed the connection at our name, without a reason: its process table may be full, it may want TLS for its "
            "distribution, or %s",
            handshake->is_23 ? "it is just stopping" : "it is older than OTP 23 or not an Erlang node");
}
