/* fake.h: a node that does what no real one can be made to do, in the test's own event loop. */
#ifndef BG_TEST_FAKE_H
#define BG_TEST_FAKE_H

#include "wire.h"

struct event_base;
struct evbuffer;
struct evconnlistener;
struct bufferevent;

#define FAKE_NAME "fake@127.0.0.1"
#define FAKE_COOKIE "fake_cookie"
#define FAKE_FLAGS UINT64_C(0x1500000000) /* SPAWN, V4_NC, MANDATORY_25_DIGEST */

/* The peer's messages of a handshake, each behind its length. */
void fake_status(struct evbuffer *out, const char *status);
void fake_challenge(struct evbuffer *out, const char *name, uint64_t flags, uint32_t challenge);
void fake_ack(struct evbuffer *out, const char *cookie, uint32_t challenge);

enum fake_kind {
    FAKE_GOOD,      /* shakes hands, then does what the rest of the struct says */
    FAKE_HANGS,     /* takes the connection and says nothing */
    FAKE_GARBAGE,   /* speaks HTTP */
    FAKE_STATUS,    /* answers our name with `status` and waits */
    FAKE_CLOSES,    /* closes at our name */
    FAKE_REJECTS,   /* closes at our answer to its challenge, as a node with another cookie does */
    FAKE_BAD_DIGEST /* does not know the cookie itself */
};

struct fake {
    enum fake_kind kind;
    const char *status;     /* FAKE_STATUS */
    const char *spawn_word; /* answers a question so, with an atom */
    bool spawn_pid;         /* answers it with a pid */
    const uint8_t *say;     /* sent raw once the handshake is done */
    size_t say_length;
    bool slow;     /* everything byte by byte */
    bool deaf;     /* reads nothing once the handshake is done */
    bool answers;  /* says something, if provoked to */
    uint16_t port; /* where it listens */

    unsigned ticks, provocations, spawns, kills, unlink_acks, connections, words;
    char word[16]; /* the last message of the handshake that was not understood */
    struct bg_pid own;
    char own_name[256];
    unsigned step;
    struct event_base *base;
    struct evconnlistener *listener;
    struct bufferevent *connection;
};

/* Fields before `port` are the caller's. */
void fake_open(struct fake *fake, struct event_base *base);
void fake_close(struct fake *fake);
/* To the pid of ours with this id: SEND, EXIT. */
void fake_send(struct fake *fake, uint32_t id, const uint8_t *term, size_t length);
void fake_exit(struct fake *fake, uint32_t id, const char *reason);
void fake_exit_with(struct fake *fake, uint32_t id, const struct bg_writer *reason);
void fake_spawned(struct fake *fake, uint32_t id, const char *word); /* NULL: a pid */
void fake_unlink(struct fake *fake, uint32_t id);
void fake_say(struct fake *fake, const void *bytes, size_t length);

#endif
