/* link.h: the one connection to a node: its states, and what it carries while it is up. */
#ifndef BG_NODES_LINK_H
#define BG_NODES_LINK_H

#include "beamgauge/node.h"
#include "handshake.h"
#include "inquiry.h"
#include "link_failure.h"
#include "resolve.h"
#include "settings.h"

struct event;
struct event_base;
struct evbuffer;
struct evdns_base;

/* What all links share; owned by the registry. */
struct bg_link_shared {
    struct event_base *base;
    struct evdns_base *dns;
    const struct bg_clock *clock;
    struct bg_nodes_options options;
    uint32_t creation; /* of this run of ours, not zero */
    struct {
        bg_nodes_watcher *watcher;
        void *context;
    } watchers[BG_NODES_WATCHERS_MAX];
    size_t watchers_count;
};

/* What is owned in which state:
 *
 *                 resolve   fd    in, out                  inquiries
 *   RESOLVING       yes      -    empty                    -
 *   ASKING_EPMD      -      yes   request, answer          -
 *   CONNECTING       -      yes   empty                    -
 *   HANDSHAKING      -      yes   messages with 2-byte     -
 *   UP               -      yes   and with 4-byte lengths  any
 *   WAITING          -       -    out is empty (1)         -
 *   CLOSED           -       -    out is empty (1)         -
 *
 * (1) `in` is left alone until the next start or the end, since a question's answer, which someone may just be looking at, lies in it.
 */
struct bg_link {
    const struct bg_link_shared *shared;
    struct bg_node_settings settings;
    enum bg_link_state state;
    int64_t since_us;                  /* in this state */
    int64_t turned_us, turned_wall_ms; /* when it came up, or when it was last up (or registered) */
    int64_t tried_us;                  /* when the last try began */
    int64_t due_us;                    /* when the step is too late; WAITING: when it is tried again; UP: the next look at the ticks */
    struct bg_link_failure failure;

    struct bg_resolve *resolve;
    struct sockaddr_storage addresses[BG_ADDRESSES_MAX];
    size_t addresses_count, address_next;
    enum bg_link_state furthest; /* the step that `failure` of the addresses tried so far comes from */
    uint16_t port;               /* the node's, given or from epmd */

    int fd;
    bool connected; /* false: `fd` is still on its way */
    struct evbuffer *in, *out;
    struct event *readable, *writable, *timer;
    struct bg_handshake handshake;
    struct bg_atom_cache *atom_cache; /* of this connection, if handshake.has_atom_cache */

    struct bg_inquiries inquiries;
    int64_t heard_us, sent_us; /* when the peer last said anything, and we */
    unsigned failures;         /* in a row */
    int64_t held_us;           /* the last connection that was lost, so long */
    bool was_good;             /* the last connection held for a while */
    unsigned logged_reasons;   /* a bit for each reason that was logged as a warning since it was up */
    uint64_t connects, losses;
};

/* Takes over `settings` on success. Connects by itself, from the next turn of the loop on. */
struct bg_link *bg_link_new(const struct bg_link_shared *shared, struct bg_node_settings *settings);
/* Ends everything; questions in flight end with `error`. The link itself must stay until no callback can be running: see bg_link_free. */
void bg_link_close(struct bg_link *link, enum bg_error error, const char *why);
void bg_link_free(struct bg_link *link); /* closed before */
/* Drops the connection and makes it anew; after new settings. */
void bg_link_restart(struct bg_link *link);
void bg_link_info(const struct bg_link *link, struct bg_node_info *ret_info);
enum bg_error bg_link_ask(struct bg_link *link, const struct bg_inquiry_request *request, bg_inquiry_done *done, void *context,
                          struct bg_inquiry **ret_inquiry, struct bg_failure *ret_failure) BG_MUST_CHECK;

/* Between link.c, retry.c, traffic.c and trust.c. */

int64_t bg_link_now(const struct bg_link *link);
/* Down, whatever the state; it is tried again later. */
void bg_link_down(struct bg_link *link, const struct bg_link_failure *failure);
/* Before the loop next waits, what is in `out` by then goes out in one piece, and the timer is looked at. */
void bg_link_send_soon(struct bg_link *link);
/* A bg_handshake_trust: whether the user who holds the other end, where that is on this host, may see our cookie's digest. */
bool bg_link_trusts(void *context, struct bg_link_failure *ret_failure);
/* Somebody wants the node: a link that waits is tried as soon as may be. */
void bg_link_retry(struct bg_link *link);
/* In retry.c, for a link that goes down: counts that; then tells how long it waits, and logs it. */
void bg_retry_count(struct bg_link *link, bool was_up);
int64_t bg_retry_wait_ms(struct bg_link *link, uint32_t random);
/* When it may be tried because somebody asks for it. */
int64_t bg_retry_soonest_us(const struct bg_link *link);
/* Frames of a link that is up: takes all that are whole. May take the link down. */
void bg_traffic_take(struct bg_link *link);
/* Ticks and deadlines. May take the link down; else sets due_us. */
void bg_traffic_timer(struct bg_link *link);
void bg_traffic_fail_all(struct bg_link *link, enum bg_error error, const char *why);

#endif
