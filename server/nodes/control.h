/* control.h: the control messages of the distribution that we send and understand. Pure. */
#ifndef BG_NODES_CONTROL_H
#define BG_NODES_CONTROL_H

#include "beamgauge/node.h"
#include "wire.h"

struct bg_atom_cache;
struct evbuffer;

/* Where frames are written. */
struct bg_outgoing {
    struct evbuffer *buffer;
    struct bg_atom_cache *cache; /* NULL: the peer has no cache, and atoms are sent as text */
};

/* Largest question that is sent: forms and arguments together. */
#define BG_REQUEST_MAX_BYTES ((size_t)1 << 20)

/* A question to be started; see struct bg_inquiry_request. */
struct bg_spawn {
    struct bg_slice forms, args;       /* one term each */
    const struct bg_atom_named *atoms; /* of the forms */
    size_t atoms_count;
    int64_t timeout_ms, max_heap_words;
    bool map_bindings; /* the bindings are what erl_eval handles fastest: a map since OTP 25; before, only a list of pairs */
};

/* Native calls to be made by one process; see struct bg_inquiry_request. */
struct bg_native_spawn {
    const struct bg_calls *calls;
    struct bg_pid pid; /* the pid on the peer that is inserted into `calls` */
    int64_t max_heap_words;
};

enum bg_control_kind {
    BG_CONTROL_OTHER,   /* not for us: ignored */
    BG_CONTROL_SEND,    /* `to` gets `value`, an external term with its version byte */
    BG_CONTROL_EXIT,    /* linked `from` has ended; `value` is the reason, a term without version byte */
    BG_CONTROL_SPAWNED, /* answers `to`; `value` is the new pid, or an atom with the reason */
    BG_CONTROL_UNLINK   /* `from` unlinks `to` and wants it acknowledged with `value`, its number for that */
};

struct bg_control {
    enum bg_control_kind kind;
    struct bg_pid from, to;
    struct bg_slice value;
};

/* Decodes one frame that is not a tick. False: it cannot be decoded. */
bool bg_control_read(struct bg_slice message, struct bg_control *ret_control);

/* Append one frame each. False: no memory. */
bool bg_control_spawn(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_spawn *spawn);
bool bg_control_spawn_native(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_native_spawn *spawn);
/* The same calls; the node's server `rex` makes them, and sends {Reference, Results}. */
bool bg_control_call_server(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_native_spawn *spawn);
bool bg_control_kill(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_pid *peer);
bool bg_control_unlink_ack(const struct bg_outgoing *out, const struct bg_control *unlink);
/* Makes the peer's emulator send something: we monitor a name that no process can have. */
bool bg_control_provoke(const struct bg_outgoing *out, const struct bg_pid *own);
bool bg_control_tick(const struct bg_outgoing *out);

#endif
