/* node.h: the registry of nodes, the state of the link to each, and questions to a node. */
#ifndef BEAMGAUGE_NODE_H
#define BEAMGAUGE_NODE_H

#include "beamgauge/clock.h"
#include "beamgauge/error.h"
#include "beamgauge/names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct bg_nodes;   /* the registry; owns every link */
struct bg_inquiry; /* one question in flight on a link; owned by the link until its `done` is called */

#define BG_TAGS_MAX 32
#define BG_TAG_MAX_BYTES 64

enum bg_node_origin { BG_ORIGIN_CONFIG, BG_ORIGIN_EPMD, BG_ORIGIN_API };

/* What is needed to reach a node. A function that takes a spec copies all its text. */
struct bg_node_spec {
    const char *name; /* "shop@10.0.0.5", as the node calls itself */
    const char
        *cookie; /* never shown or logged. bg_nodes_put(): NULL keeps the cookie of a registered node whose address does not change */
    const char *address;     /* host or IP to connect to; NULL: the part of the name after '@' */
    uint16_t port;           /* the node's distribution port; 0: ask epmd */
    uint16_t epmd_port;      /* epmd's port; 0: the one in the options */
    const char *const *tags; /* free words for people and filters; NULL if there are none */
    size_t tags_count;
    enum bg_node_origin origin;
};

enum bg_link_state {
    BG_LINK_RESOLVING, /* host name -> address */
    BG_LINK_ASKING_EPMD,
    BG_LINK_CONNECTING,
    BG_LINK_HANDSHAKING,
    BG_LINK_UP,      /* questions are accepted */
    BG_LINK_WAITING, /* failed or lost; `reason_*` says why, `retry_in_ms` when the next try is */
    BG_LINK_CLOSED   /* being removed */
};

/* Why a link is not up: `code` is stable, for programs. */
enum bg_link_reason {
    BG_REASON_NONE,
    BG_REASON_HOST_UNKNOWN,
    BG_REASON_EPMD_UNREACHABLE,
    BG_REASON_NODE_NOT_IN_EPMD,
    BG_REASON_PORT_REFUSED,
    BG_REASON_COOKIE_REJECTED,
    BG_REASON_NAME_IN_USE, /* "alive": the node already has a connection from our name */
    BG_REASON_NOT_ALLOWED, /* net_kernel:allow/1 there excludes us */
    BG_REASON_HANDSHAKE_TIMEOUT,
    BG_REASON_HANDSHAKE_FAILED, /* it speaks something else, or is older than OTP 23 */
    BG_REASON_WRONG_NAME,       /* another node answers at that address */
    BG_REASON_CONNECTION_LOST,  /* closed by the node or the network */
    BG_REASON_TICK_TIMEOUT,     /* silent past the tick time */
    BG_REASON_PEER_NOT_TRUSTED, /* on this host, run by a user who may not see the digest of our cookie */
    BG_REASON_BAD_ANSWER,       /* it sent what cannot be decoded, or a message over the limit */
    BG_REASON_COUNT
};

const char *bg_link_state_text(enum bg_link_state state);    /* "up", "connecting", "waiting" ... */
const char *bg_link_reason_code(enum bg_link_reason reason); /* "cookie_rejected" ... */

/* The state of one registered node. The pointers are valid until the next call into the registry. */
struct bg_node_info {
    const char *name;
    const char *address;
    uint16_t port;      /* 0: from epmd */
    uint16_t epmd_port; /* 0: that of the options */
    enum bg_node_origin origin;
    const char *const *tags;
    size_t tags_count;
    enum bg_link_state state;
    enum bg_link_reason reason; /* of the last failure; BG_REASON_NONE while up */
    const char *reason_text;    /* a sentence: what happened and what to do; "" while up */
    int64_t since_wall_ms;      /* when it came up; while it is down, when it was last up, or was registered */
    int64_t turned_ms;          /* how long ago that was */
    int64_t held_ms;            /* how long the last lost connection had lasted; 0: none was lost */
    bool is_gone;               /* found through epmd, and not up now: nobody has configured it, so it may never come back */
    int64_t retry_in_ms;        /* until the next try, 0 during a try; -1: no try is planned */
    uint64_t generation;        /* counts how many times the link came up: an answer from before belongs to an older incarnation */
    size_t in_flight_count;
    uint64_t connects_count;
    uint64_t losses_count;
};

struct bg_nodes_options {
    const char *own_name;               /* "beamgauge@host"; fixed, since each name stays an atom on the target for ever */
    uint16_t epmd_port;                 /* 4369 */
    int64_t connect_timeout_ms;         /* for each step: resolve, epmd, connect, handshake */
    int64_t tick_ms;                    /* our tick period; a peer silent for 4 of them is lost. Erlang's default net_ticktime is 60 s */
    int64_t retry_min_ms, retry_max_ms; /* bounds of the exponential back-off; jitter is added */
    size_t answer_max_bytes;            /* a message over this closes the link */
    size_t in_flight_max;               /* per node; one more question is BG_TOO_MANY */
    size_t nodes_max;                   /* registered nodes; one more is BG_CONFLICT */
    /* Users whose nodes on this host may receive a cookie's digest, besides our own user and root. Copied. */
    const uint32_t *peer_uids;
    size_t peer_uids_count;
    bool any_peer; /* any user: no user is looked up */
};

enum bg_error bg_nodes_new(struct event_base *base, const struct bg_clock *clock, const struct bg_nodes_options *options,
                           struct bg_nodes **ret_nodes, struct bg_failure *ret_failure) BG_MUST_CHECK;
void bg_nodes_free(struct bg_nodes *nodes); /* every question in flight ends with BG_CANCELLED first; must not be called inside a `done` */

/* Registers a node, or changes it (a changed cookie, address or port reconnects; the same spec changes nothing). */
enum bg_error bg_nodes_put(struct bg_nodes *nodes, const struct bg_node_spec *spec, bool *ret_created,
                           struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Whether bg_nodes_put() would accept it, if memory and room allow. */
enum bg_error bg_node_spec_check(const struct bg_node_spec *spec, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Somebody has seen the node, or wants it: if it is not connected, the next try comes as soon as is allowed. */
void bg_nodes_retry(struct bg_nodes *nodes, const char *name);
enum bg_error bg_nodes_delete(struct bg_nodes *nodes, const char *name, struct bg_failure *ret_failure) BG_MUST_CHECK;
size_t bg_nodes_count(const struct bg_nodes *nodes);
/* In the order of their names. */
void bg_nodes_info_at(const struct bg_nodes *nodes, size_t index, struct bg_node_info *ret_info);
enum bg_error bg_nodes_info(const struct bg_nodes *nodes, const char *name, struct bg_node_info *ret_info,
                            struct bg_failure *ret_failure) BG_MUST_CHECK;

/* Called each time a link comes up (BG_LINK_UP), goes down or fails to come up (BG_LINK_WAITING), or is removed, whether it was up or not
 * (BG_LINK_CLOSED): then whatever is kept of the node must be dropped. It may call the registry, and even remove the node. */
typedef void bg_nodes_watcher(void *context, const char *name, enum bg_link_state state);
#define BG_NODES_WATCHERS_MAX 4
void bg_nodes_watch(struct bg_nodes *nodes, bg_nodes_watcher *watcher, void *context);

/* How a question ended. On success `answer` is one external term, valid during the call only. It has its version byte, except the answer of
 * `calls`. */
struct bg_inquiry_result {
    enum bg_error error;
    const struct bg_failure *failure; /* NULL on success */
    const uint8_t *answer;
    size_t answer_length;
    int64_t rpc_us; /* from sending to the answer */
};
typedef void bg_inquiry_done(void *context, const struct bg_inquiry_result *result);

/* An atom of questions, and its own slot in the atom cache of a link (erl_ext_dist, "Distribution Header"). A node without this cache gets
 * the text. */
#define BG_ATOM_SLOTS 1024
#define BG_ATOMS_NAMED_MAX 200 /* of one question */
struct bg_atom_named {
    uint16_t slot;
    uint8_t length;
    const char *text;
};

/* Calls as one external term without the version byte: [fun erlang:apply/3, Modules, Functions, Arguments], the arguments of
 * lists:zipwith3/4. The node's own pids are not in it: they are inserted at these offsets. */
struct bg_calls {
    const uint8_t *bytes;
    size_t length;
    const size_t *pid_at; /* ascending */
    size_t pids_count;
    const struct bg_atom_named *atoms; /* in `bytes` each is 'R' (ATOM_CACHE_REF) and its index here */
    size_t atoms_count;
};

/* What is sent: the distribution's own SPAWN_REQUEST (OTP 23+) spawns a guard on the node, linked to us so that it dies with the link. The
 * guard spawns the worker, linked to it, and ends it when its time is up (BG_DEADLINE). Both are under the heap limit. The
 * worker evaluates erl_eval:exprs(Forms, Bindings, none), 'Args' and 'Reply' being bound, and ends the guard. It answers by sending one
 * term to the pid 'Reply'. Both parts are external terms without the version byte; they are copied.
 *
 * Or, with `calls`: one process only, linked to us and under the heap limit, that makes one native call after the other and exits with the
 * list of their results, which is the answer. It runs at normal priority, since it takes microseconds, and needs nothing loaded but
 * `lists`. */
struct bg_inquiry_request {
    const struct bg_calls *calls; /* must last as long as the inquiry; NULL: `forms` and `args` */
    uint32_t pid_id, pid_serial;  /* the pid that is inserted into `calls` */
    const uint8_t *forms;         /* a list of abstract expressions */
    size_t forms_length;
    const struct bg_atom_named *atoms; /* of the forms, as with calls */
    size_t atoms_count;
    const uint8_t *args; /* any one term */
    size_t args_length;
    int64_t timeout_ms;     /* counted here, from this call, and by the guard from its start */
    int64_t max_heap_words; /* of each of the two: over it, the node kills both (BG_PROBE_LIMIT) */
};

/* `done` is called exactly once, never inside this call; it is not called if this fails or after bg_inquiry_cancel(). */
enum bg_error bg_nodes_ask(struct bg_nodes *nodes, const char *name, const struct bg_inquiry_request *request, bg_inquiry_done *done,
                           void *context, struct bg_inquiry **ret_inquiry, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Forgets the question and kills its process on the node. */
void bg_inquiry_cancel(struct bg_inquiry *inquiry);

#endif
