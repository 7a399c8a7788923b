/* link.h: the connection to a node: its states, and its traffic while it is up. */
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
    uint32_t creation; /* creation of this run of beamgauge, not zero */
    struct {
        bg_nodes_watcher *watcher;
        void *context;
    } watchers[BG_NODES_WATCHERS_MAX];
    size_t watchers_count;
};

/* What is owned in each state:
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
 * (1) `in` is kept until the next start or the end, since a caller may still use an answer that is in it.
 */
struct bg_link {
    const struct bg_link_shared *shared;
    struct bg_node_settings settings;
    enum bg_link_state state;
    int64_t since_us;                  /* in this state */
    int64_t turned_us, turned_wall_ms; /* when it came up; while it is down, when it was last up (or registered) */
    int64_t tried_us;                  /* when the last try began */
    int64_t due_us;                    /* the timeout of the step; WAITING: the next try; UP: the next check of the ticks */
    struct bg_link_failure failure;

    struct bg_resolve *resolve;
    struct sockaddr_storage addresses[BG_ADDRESSES_MAX];
    size_t addresses_count, address_next;
    enum bg_link_state furthest; /* the step in which `failure`, of the addresses tried so far, happened */
    uint16_t port;               /* the node's port, given or from epmd */

    int fd;
    bool connected; /* false: `fd` is still on its way */
    struct evbuffer *in, *out;
    struct event *readable, *writable, *timer;
    struct bg_handshake handshake;
    struct bg_atom_cache *atom_cache; /* used if handshake.has_atom_cache */

    struct bg_inquiries inquiries;
    int64_t heard_us, sent_us; /* when the peer last sent anything, and when we did */
    unsigned failures;         /* in a row */
    int64_t held_us;           /* how long the last lost connection had lasted */
    bool was_good;             /* the last connection lasted for a while */
    unsigned logged_reasons;   /* a bit for each reason that was logged as a warning since the link was up */
    uint64_t connects, losses;
};

/* Takes over `settings` on success. Connects by itself, from the next turn of the loop on. */
struct bg_link *bg_link_new(const struct bg_link_shared *shared, struct bg_node_settings *settings);
/* Ends everything; questions in flight end with `error`. The link itself must exist until no callback can be running: see bg_link_free. */
void bg_link_close(struct bg_link *link, enum bg_error error, const char *why);
void bg_link_free(struct bg_link *link); /* it must be closed */
/* Drops the connection and connects again, for new settings. */
void bg_link_restart(struct bg_link *link);
void bg_link_info(const struct bg_link *link, struct bg_node_info *ret_info);
enum bg_error bg_link_ask(struct bg_link *link, const struct bg_inquiry_request *request, bg_inquiry_done *done, void *context,
                          struct bg_inquiry **ret_inquiry, struct bg_failure *ret_failure) BG_MUST_CHECK;

/* Shared by link.c, retry.c, traffic.c and trust.c. */

int64_t bg_link_now(const struct bg_link *link);
/* Takes the link down from any state; it is retried later. */
void bg_link_down(struct bg_link *link, const struct bg_link_failure *failure);
/* Before the loop next waits, all of `out` is sent in one piece, and the timer is checked. */
void bg_link_send_soon(struct bg_link *link);
/* A bg_handshake_trust: if the peer is on this host: whether the user of its process may see our cookie's digest. */
bool bg_link_trusts(void *context, struct bg_link_failure *ret_failure);
/* A caller wants the node: a waiting link is retried as soon as is allowed. */
void bg_link_retry(struct bg_link *link);
/* In retry.c, for a link that goes down: counts the failure; then logs it and returns how long to wait. */
void bg_retry_count(struct bg_link *link, bool was_up);
int64_t bg_retry_wait_ms(struct bg_link *link, uint32_t random);
/* The earliest retry that a caller may cause. */
int64_t bg_retry_soonest_us(const struct bg_link *link);
/* Handles all whole frames of a link that is up. May take the link down. */
void bg_traffic_take(struct bg_link *link);
/* Handles ticks and deadlines. May take the link down; else sets due_us. */
void bg_traffic_timer(struct bg_link *link);
void bg_traffic_fail_all(struct bg_link *link, enum bg_error error, const char *why);

#endif
