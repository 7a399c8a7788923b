/* link.c: the state machine of a connection: from a name to a link that is up, down, and up again. */
#include "link.h"

#include "atom_cache.h"
#include "beamgauge/log.h"
#include "epmd.h"
#include "socket.h"

#include <assert.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EPMD_ANSWER_MAX 2048 /* looked at; eight bytes say all that is asked for, and are taken as soon as they are there */
#define BIT(state) (1u << (state))

/* The states that may follow each state. To try the next address, a step goes back to an earlier one. */
static const unsigned state_next[] = {
    [BG_LINK_RESOLVING] = BIT(BG_LINK_ASKING_EPMD) | BIT(BG_LINK_CONNECTING) | BIT(BG_LINK_WAITING) | BIT(BG_LINK_CLOSED),
    [BG_LINK_ASKING_EPMD] = BIT(BG_LINK_ASKING_EPMD) | BIT(BG_LINK_CONNECTING) | BIT(BG_LINK_WAITING) | BIT(BG_LINK_CLOSED),
    [BG_LINK_CONNECTING] =
        BIT(BG_LINK_ASKING_EPMD) | BIT(BG_LINK_CONNECTING) | BIT(BG_LINK_HANDSHAKING) | BIT(BG_LINK_WAITING) | BIT(BG_LINK_CLOSED),
    [BG_LINK_HANDSHAKING] = BIT(BG_LINK_UP) | BIT(BG_LINK_WAITING) | BIT(BG_LINK_CLOSED),
    [BG_LINK_UP] = BIT(BG_LINK_WAITING) | BIT(BG_LINK_CLOSED),
    [BG_LINK_WAITING] = BIT(BG_LINK_RESOLVING) | BIT(BG_LINK_CLOSED),
    [BG_LINK_CLOSED] = 0,
};

int64_t bg_link_now(const struct bg_link *link)
{
    return bg_clock_monotonic_us(link->shared->clock);
}

/* The only place where the state changes. Every step has its own time limit. */
static void link_change(struct bg_link *link, enum bg_link_state state)
{
    assert(state_next[link->state] & BIT(state));
    bg_log(state == BG_LINK_UP ? BG_LOG_INFO : BG_LOG_DEBUG, "link_state", BG_TEXT("node", link->settings.name),
           BG_TEXT("from", bg_link_state_text(link->state)), BG_TEXT("to", bg_link_state_text(state)));
    bool is_other = (state == BG_LINK_UP) != (link->state == BG_LINK_UP); /* one outage counts once, however many times it is retried */
    link->state = state;
    link->since_us = bg_link_now(link);
    if (is_other) {
        link->turned_us = link->since_us;
        link->turned_wall_ms = bg_clock_wall_ms(link->shared->clock);
    }
    link->due_us = link->since_us + link->shared->options.connect_timeout_ms * 1000;
}

static void set_wanted(struct event *event, bool wanted)
{
    if (wanted)
        event_add(event, NULL);
    else
        event_del(event);
}

/* The only place where events are armed. The timer may fire early: then it is checked and armed again. */
static void link_arm(struct bg_link *link)
{
    if (link->state == BG_LINK_CLOSED)
        return;
    if (link->fd >= 0) {
        set_wanted(link->readable, link->connected);
        set_wanted(link->writable, !link->connected || evbuffer_get_length(link->out) > 0);
    }
    int64_t due_us = link->due_us;
    if (link->state == BG_LINK_UP && link->inquiries.wake_us < due_us)
        due_us = link->inquiries.wake_us;
    int64_t delay_us = due_us - bg_link_now(link);
    if (delay_us < 0)
        delay_us = 0;
    const struct timeval delay = {.tv_sec = delay_us / 1000000, .tv_usec = delay_us % 1000000};
    event_add(link->timer, &delay);
}

void bg_link_send_soon(struct bg_link *link)
{
    event_active(link->timer, EV_TIMEOUT, 0);
}

static void link_disconnect(struct bg_link *link)
{
    bg_resolve_cancel(link->resolve);
    link->resolve = NULL;
    if (link->fd >= 0) {
        event_del(link->readable);
        event_del(link->writable);
        close(link->fd);
    }
    link->fd = -1;
    link->connected = false;
    evbuffer_drain(link->out, evbuffer_get_length(link->out));
}

static uint32_t random_number(void)
{
    uint32_t number;
    evutil_secure_rng_get_bytes(&number, sizeof number);
    return number;
}

/* One of them may end the link; the others are not called then. */
static void notify_watchers(const struct bg_link *link)
{
    const enum bg_link_state state = link->state;
    for (size_t i = 0; i < link->shared->watchers_count && link->state == state; i++)
        link->shared->watchers[i].watcher(link->shared->watchers[i].context, link->settings.name, state);
}

/* Questions and watchers come last: both may call the registry, and even end this link. */
void bg_link_down(struct bg_link *link, const struct bg_link_failure *failure)
{
    link_disconnect(link);
    link->failure = *failure;
    bg_retry_count(link, link->state == BG_LINK_UP);
    int64_t wait_ms = bg_retry_wait_ms(link, random_number());
    link_change(link, BG_LINK_WAITING);
    link->due_us = link->since_us + wait_ms * 1000;
    link_arm(link);
    bg_traffic_fail_all(link, failure->reason == BG_REASON_BAD_ANSWER ? BG_BAD_ANSWER : BG_NODE_UNREACHABLE, failure->text);
    if (link->state == BG_LINK_WAITING)
        notify_watchers(link);
}

/* One address failed. The failure of the address that came furthest is reported. */
static void link_address_failed(struct bg_link *link, const struct bg_link_failure *failure)
{
    if (link->state >= link->furthest) {
        link->furthest = link->state;
        link->failure = *failure;
    }
    link_disconnect(link);
}

static uint16_t epmd_port(const struct bg_link *link)
{
    return link->settings.epmd_port != 0 ? link->settings.epmd_port : link->shared->options.epmd_port;
}

static void set_step_failed(const struct bg_link *link, const char *why, struct bg_link_failure *ret_failure)
{
    const struct bg_node_settings *settings = &link->settings;
    if (link->state == BG_LINK_ASKING_EPMD)
        bg_link_failure_set(ret_failure, BG_REASON_EPMD_UNREACHABLE, "epmd at %s port %u: %s", settings->address, (unsigned)epmd_port(link),
                            why);
    else
        bg_link_failure_set(ret_failure, BG_REASON_PORT_REFUSED, "the node's port %u at %s: %s", (unsigned)link->port, settings->address,
                            why);
}

static void link_open(struct bg_link *link, uint16_t port)
{
    struct bg_link_failure failure;
    link->fd = bg_socket_connect(&link->addresses[link->address_next - 1], port);
    if (link->fd < 0) {
        set_step_failed(link, strerror(errno), &failure);
        link_address_failed(link, &failure);
        return;
    }
    event_assign(link->readable, link->shared->base, link->fd, EV_READ | EV_PERSIST, event_get_callback(link->readable), link);
    event_assign(link->writable, link->shared->base, link->fd, EV_WRITE | EV_PERSIST, event_get_callback(link->writable), link);
}

static void link_ask_epmd(struct bg_link *link)
{
    struct bg_writer request;
    link_change(link, BG_LINK_ASKING_EPMD);
    bg_epmd_ask(link->settings.name, &request);
    evbuffer_drain(link->in, evbuffer_get_length(link->in));
    evbuffer_add(link->out, request.bytes, request.length);
    link_open(link, epmd_port(link));
}

/* When this returns, the connection is in progress, or the link is down. */
static void link_next_address(struct bg_link *link)
{
    while (link->fd < 0 && link->address_next < link->addresses_count) {
        link->address_next++;
        if (link->settings.port == 0) {
            link_ask_epmd(link);
        } else {
            link->port = link->settings.port;
            link_change(link, BG_LINK_CONNECTING);
            link_open(link, link->port);
        }
    }
    if (link->fd < 0) {
        struct bg_link_failure furthest = link->failure;
        bg_link_down(link, &furthest);
    }
}

static void on_resolved(void *context, const char *error, const struct sockaddr_storage *addresses, size_t count)
{
    struct bg_link *link = context;
    struct bg_link_failure failure;
    link->resolve = NULL;
    if (error != NULL) {
        bg_link_failure_set(&failure, BG_REASON_HOST_UNKNOWN, "the host \"%s\" has no address that could be found: %s",
                            link->settings.address, error);
        bg_link_down(link, &failure);
        return;
    }
    memcpy(link->addresses, addresses, count * sizeof *addresses);
    link->addresses_count = count;
    link_next_address(link);
    link_arm(link);
}

static void link_start(struct bg_link *link)
{
    link_change(link, BG_LINK_RESOLVING);
    link->tried_us = link->since_us;
    evbuffer_drain(link->in, evbuffer_get_length(link->in));
    link->addresses_count = link->address_next = 0;
    link->furthest = BG_LINK_RESOLVING;
    link->resolve = bg_resolve_start(link->shared->dns, link->settings.address, on_resolved, link);
}

/* Before the handshake another address may work; after that the node itself has answered. */
static void link_fail_step(struct bg_link *link, const struct bg_link_failure *failure)
{
    if (link->state == BG_LINK_HANDSHAKING)
        bg_socket_write(link->fd, link->out); /* a last message, if there is one */
    if (link->state >= BG_LINK_HANDSHAKING) {
        bg_link_down(link, failure);
        return;
    }
    link_address_failed(link, failure);
    link_next_address(link);
}

static void link_shake_hands(struct bg_link *link)
{
    link_change(link, BG_LINK_HANDSHAKING);
    bg_atom_cache_reset(link->atom_cache);
    link->handshake = (struct bg_handshake){
        .own_name = link->shared->options.own_name,
        .peer_name = link->settings.name,
        .cookie = link->settings.cookie,
        .trust = bg_link_trusts,
        .trust_context = link,
        .creation = link->shared->creation,
        .is_23 = link->settings.port == 0 || link->connects > 0,
        .challenge = random_number(),
    };
    bg_handshake_start(&link->handshake, link->out);
}

static void link_up(struct bg_link *link)
{
    link_change(link, BG_LINK_UP);
    link->failure = (struct bg_link_failure){.reason = BG_REASON_NONE};
    link->logged_reasons = 0;
    link->connects++;
    link->heard_us = link->sent_us = link->since_us;
    link->due_us = link->since_us + link->shared->options.tick_ms * 1000;
    notify_watchers(link);
    if (link->state == BG_LINK_UP)
        bg_traffic_take(link); /* input that came together with the end of the handshake */
}

static void take_epmd_answer(struct bg_link *link)
{
    struct bg_link_failure failure;
    size_t length = evbuffer_get_length(link->in);
    if (length > EPMD_ANSWER_MAX)
        length = EPMD_ANSWER_MAX;
    const struct bg_slice bytes = {.bytes = evbuffer_pullup(link->in, (ev_ssize_t)length), .length = length};
    switch (bg_epmd_read(bytes, link->settings.name, &link->port, &failure)) {
    case BG_EPMD_MORE:
        return;
    case BG_EPMD_REFUSED:
        link_fail_step(link, &failure);
        return;
    case BG_EPMD_PORT:
        link_disconnect(link);
        evbuffer_drain(link->in, evbuffer_get_length(link->in));
        link_change(link, BG_LINK_CONNECTING);
        link_open(link, link->port);
        if (link->fd < 0)
            link_next_address(link);
    }
}

static void take_handshake(struct bg_link *link)
{
    struct bg_link_failure failure;
    switch (bg_handshake_take(&link->handshake, link->in, link->out, &failure)) {
    case BG_HANDSHAKE_MORE:
        return;
    case BG_HANDSHAKE_DONE:
        link_up(link);
        return;
    case BG_HANDSHAKE_FAILED:
        link_fail_step(link, &failure);
    }
}

static void link_take(struct bg_link *link)
{
    if (link->state == BG_LINK_ASKING_EPMD)
        take_epmd_answer(link);
    else if (link->state == BG_LINK_HANDSHAKING)
        take_handshake(link);
    else if (link->state == BG_LINK_UP)
        bg_traffic_take(link);
}

/* The peer has closed, or the connection is broken. The failure depends on the state. */
static void link_broken(struct bg_link *link, const char *why)
{
    struct bg_link_failure failure;
    if (link->state == BG_LINK_HANDSHAKING)
        bg_handshake_closed(&link->handshake, &failure);
    else if (link->state == BG_LINK_UP)
        bg_link_failure_set(&failure, BG_REASON_CONNECTION_LOST, "the connection was lost: %s", why);
    else
        set_step_failed(link, why, &failure);
    link_fail_step(link, &failure);
}

static void link_read(struct bg_link *link)
{
    ssize_t got = bg_socket_read(link->fd, link->in);
    if (got > 0) {
        link->heard_us = bg_link_now(link);
        link_take(link);
    } else if (got == 0) {
        link_broken(link, "closed by the other side");
    } else if (errno != EAGAIN && errno != EINTR) {
        link_broken(link, strerror(errno));
    }
}

static void link_write(struct bg_link *link)
{
    if (evbuffer_get_length(link->out) == 0)
        return;
    size_t before = evbuffer_get_length(link->out);
    if (bg_socket_write(link->fd, link->out) != 0)
        link_broken(link, strerror(errno));
    else if (evbuffer_get_length(link->out) < before)
        link->sent_us = bg_link_now(link);
}

static void link_too_late(struct bg_link *link)
{
    struct bg_link_failure failure;
    if (link->state == BG_LINK_RESOLVING)
        bg_link_failure_set(&failure, BG_REASON_HOST_UNKNOWN, "looking up the host \"%s\" took too long", link->settings.address);
    else if (link->state == BG_LINK_HANDSHAKING)
        bg_link_failure_set(&failure, BG_REASON_HANDSHAKE_TIMEOUT,
                            "the node took the connection, but did not finish the handshake in time");
    else
        set_step_failed(link, "no answer in time", &failure);
    link_fail_step(link, &failure);
}

static void link_timer(struct bg_link *link)
{
    if (link->state == BG_LINK_UP)
        bg_traffic_timer(link);
    else if (bg_link_now(link) < link->due_us)
        return; /* it is armed again */
    else if (link->state == BG_LINK_WAITING)
        link_start(link);
    else
        link_too_late(link);
}

static void link_connected(struct bg_link *link)
{
    int error = bg_socket_error(link->fd);
    link->connected = error == 0;
    if (error != 0)
        link_broken(link, strerror(error));
    else if (link->state == BG_LINK_CONNECTING)
        link_shake_hands(link);
}

/* Every event of a link comes through here. */
static void on_event(evutil_socket_t fd, short what, void *context)
{
    struct bg_link *link = context;
    (void)fd;
    if (what & EV_TIMEOUT)
        link_timer(link);
    else if (what & EV_READ)
        link_read(link);
    else if (!link->connected)
        link_connected(link);
    if (link->connected)
        link_write(link);
    link_arm(link);
}

struct bg_link *bg_link_new(const struct bg_link_shared *shared, struct bg_node_settings *settings)
{
    struct bg_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return NULL;
    link->shared = shared;
    link->fd = -1;
    link->state = BG_LINK_WAITING;
    link->turned_wall_ms = bg_clock_wall_ms(shared->clock);
    link->turned_us = link->since_us = link->due_us = bg_link_now(link);
    link->in = evbuffer_new();
    link->out = evbuffer_new();
    link->readable = event_new(shared->base, -1, EV_READ | EV_PERSIST, on_event, link);
    link->writable = event_new(shared->base, -1, EV_WRITE | EV_PERSIST, on_event, link);
    link->timer = evtimer_new(shared->base, on_event, link);
    link->atom_cache = bg_atom_cache_new();
    if (link->atom_cache == NULL || link->in == NULL || link->out == NULL || link->readable == NULL || link->writable == NULL ||
        link->timer == NULL || !bg_inquiries_init(&link->inquiries, shared->options.in_flight_max)) {
        bg_link_free(link);
        return NULL;
    }
    link->settings = *settings;
    *settings = (struct bg_node_settings){.name = NULL};
    link_arm(link);
    return link;
}

void bg_link_close(struct bg_link *link, enum bg_error error, const char *why)
{
    link_disconnect(link);
    link_change(link, BG_LINK_CLOSED);
    event_del(link->timer);
    bg_traffic_fail_all(link, error, why);
    notify_watchers(link);
}

void bg_link_free(struct bg_link *link)
{
    if (link == NULL)
        return;
    struct event *const events[] = {link->readable, link->writable, link->timer};
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        if (events[i] != NULL)
            event_free(events[i]);
    if (link->in != NULL)
        evbuffer_free(link->in);
    if (link->out != NULL)
        evbuffer_free(link->out);
    bg_atom_cache_free(link->atom_cache);
    bg_inquiries_done(&link->inquiries);
    bg_settings_done(&link->settings);
    free(link);
}

void bg_link_restart(struct bg_link *link)
{
    struct bg_link_failure none = {.reason = BG_REASON_NONE};
    if (link->state != BG_LINK_WAITING) {
        snprintf(none.text, sizeof none.text, "the node's settings have changed");
        bg_link_down(link, &none);
    }
    if (link->state != BG_LINK_WAITING)
        return; /* someone whose question failed has removed the node */
    link->failure = (struct bg_link_failure){.reason = BG_REASON_NONE};
    link->failures = 0;
    link->logged_reasons = 0;
    link->turned_us = link->due_us = bg_link_now(link);
    link->turned_wall_ms = bg_clock_wall_ms(link->shared->clock);
    link_arm(link);
}

void bg_link_retry(struct bg_link *link)
{
    int64_t soonest_us = bg_retry_soonest_us(link);
    if (link->state != BG_LINK_WAITING || soonest_us >= link->due_us)
        return;
    link->due_us = soonest_us;
    link_arm(link);
}
