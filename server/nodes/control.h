/* control.h: the control messages of the distribution that we send and understand. Pure. */
#ifndef BG_NODES_CONTROL_H
#define BG_NODES_CONTROL_H

#include "beamgauge/node.h"
#include "wire.h"

struct bg_atom_cache;
struct evbuffer;

/* Where frames go. */
struct bg_outgoing {
    struct evbuffer *buffer;
    struct bg_atom_cache *cache; /* NULL: the peer has none, and atoms go out as text */
};

/* Largest question that is sent: forms and arguments together. */
#define BG_REQUEST_MAX_BYTES ((size_t)1 << 20)

/* A question to be started; see struct bg_inquiry_request. */
struct bg_spawn {
    struct bg_slice forms, args;       /* a term each */
    const struct bg_atom_named *atoms; /* of the forms */
    size_t atoms_count;
    int64_t timeout_ms, max_heap_words;
    bool map_bindings; /* what erl_eval takes and makes fastest: a map since OTP 25, before that only a list of pairs */
};

/* Native calls to be made by one process; see struct bg_inquiry_request. */
struct bg_native_spawn {
    const struct bg_calls *calls;
    struct bg_pid pid; /* what stands in `calls`; on the peer */
    int64_t max_heap_words;
};

enum bg_control_kind {
    BG_CONTROL_OTHER,   /* none of our business */
    BG_CONTROL_SEND,    /* `to` gets `value`, an external term with its version byte */
    BG_CONTROL_EXIT,    /* linked `from` has ended; `value` is the reason, a term without version byte */
    BG_CONTROL_SPAWNED, /* `to` asked for it; `value` is the new pid or an atom that says why not */
    BG_CONTROL_UNLINK   /* `from` unlinks `to` and wants it acknowledged with `value`, its number for that */
};

struct bg_control {
    enum bg_control_kind kind;
    struct bg_pid from, to;
    struct bg_slice value;
};

/* One frame that is no tick. False: it cannot be decoded. */
bool bg_control_read(struct bg_slice message, struct bg_control *ret_control);

/* Append one frame each. False: no memory. */
bool bg_control_spawn(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_spawn *spawn);
bool bg_control_spawn_native(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_native_spawn *spawn);
/* The same calls, made by the node's server `rex`, which sends {Reference, Results}. */
bool bg_control_call_server(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_native_spawn *spawn);
bool bg_control_kill(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_pid *peer);
bool bg_control_unlink_ack(const struct bg_outgoing *out, const struct bg_control *unlink);
/* Has the peer's emulator say something: we monitor a name that no process can have. */
bool bg_control_provoke(const struct bg_outgoing *out, const struct bg_pid *own);
bool bg_control_tick(const struct bg_outgoing *out);

#endif
