/* discovery.c: asks the local epmd for its names, and each of them, by the start of a handshake, for the whole name. */
#include "beamgauge/discover.h"

#include "beamgauge/node.h"
#include "handshake.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_REQ 110
#define NAMES_MAX_BYTES 65536 /* of epmd's list */
#define FOUND_MAX 256         /* names remembered, and so the nodes ever told */
#define PEEKS_MAX 16          /* nodes asked at once; those left over are asked the next time */
#define LINE_SIZE 512

/* A node being asked for its name. */
struct peek {
    struct bg_discovery *discovery;
    struct bufferevent *connection; /* NULL: free */
    struct bg_handshake handshake;
    uint16_t port;
};

struct found {
    char name[BG_NODE_NAME_MAX + 1]; /* the part that epmd knows */
    uint16_t port;
};

struct bg_discovery {
    struct bg_discovery_options options;
    struct event_base *base;
    struct event *timer;
    struct bufferevent *epmd; /* NULL: not being asked */
    struct peek peeks[PEEKS_MAX];
    struct found found[FOUND_MAX];
    size_t found_count;
    bg_discovery_found *tell;
    void *context;
};

static struct bufferevent *local_connect(struct bg_discovery *discovery, uint16_t port, bufferevent_data_cb on_read,
                                         bufferevent_event_cb on_event, void *context)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval within = {.tv_sec = discovery->options.step_timeout_ms / 1000,
                                   .tv_usec = discovery->options.step_timeout_ms % 1000 * 1000};
    struct bufferevent *connection = bufferevent_socket_new(discovery->base, -1, BEV_OPT_CLOSE_ON_FREE);

    if (connection == NULL)
        return NULL;
    bufferevent_setcb(connection, on_read, NULL, on_event, context);
    bufferevent_set_timeouts(connection, &within, &within);
    if (bufferevent_enable(connection, EV_READ | EV_WRITE) != 0 ||
        bufferevent_socket_connect(connection, (struct sockaddr *)&address, sizeof(address)) != 0) {
        bufferevent_free(connection);
        return NULL;
    }
    return connection;
}

static void peek_end(struct peek *peek)
{
    bufferevent_free(peek->connection);
    peek->connection = NULL;
}

static bool found_before(const struct bg_discovery *discovery, const char *alive, size_t length, uint16_t port)
{
    for (size_t i = 0; i < discovery->found_count; i++)
        if (discovery->found[i].port == port && strlen(discovery->found[i].name) == length &&
            memcmp(discovery->found[i].name, alive, length) == 0)
            return true;
    return false;
}

static void found_tell(struct bg_discovery *discovery, const char *name, uint16_t port)
{
    struct bg_failure failure;
    size_t alive = strcspn(name, "@");

    if (discovery->found_count == FOUND_MAX || bg_node_name_check(name, &failure) != BG_OK || found_before(discovery, name, alive, port))
        return;
    struct found *found = &discovery->found[discovery->found_count++];
    snprintf(found->name, sizeof(found->name), "%.*s", (int)alive, name);
    found->port = port;
    discovery->tell(discovery->context, name, port);
}

static void on_peek_read(struct bufferevent *connection, void *context)
{
    struct peek *peek = context;
    struct bg_setback setback;
    enum bg_handshake_result result =
        bg_handshake_take(&peek->handshake, bufferevent_get_input(connection), bufferevent_get_output(connection), &setback);

    if (result == BG_HANDSHAKE_MORE)
        return;
    if (result == BG_HANDSHAKE_DONE)
        found_tell(peek->discovery, peek->handshake.learned, peek->port);
    peek_end(peek);
}

static void on_peek_event(struct bufferevent *connection, short what, void *context)
{
    struct peek *peek = context;

    if (what & BEV_EVENT_CONNECTED)
        bg_handshake_start(&peek->handshake, bufferevent_get_output(connection));
    else
        peek_end(peek); /* closed, refused or silent: asked again next time */
}

static void peek_start(struct bg_discovery *discovery, uint16_t port)
{
    for (size_t i = 0; i < PEEKS_MAX; i++) {
        struct peek *peek = &discovery->peeks[i];
        if (peek->connection != NULL)
            continue;
        *peek = (struct peek){.discovery = discovery, .port = port, .handshake = {.own_name = discovery->options.own_name, .creation = 1}};
        peek->connection = local_connect(discovery, port, on_peek_read, on_peek_event, peek);
        return;
    }
}

/* "name NAME at port PORT", one a line, behind epmd's own port in four bytes. */
static void names_read(struct bg_discovery *discovery, struct evbuffer *in)
{
    char *line, alive[BG_NODE_NAME_MAX + 1];
    unsigned port;

    if (evbuffer_drain(in, 4) != 0)
        return;
    while ((line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF)) != NULL) {
        if (strlen(line) < LINE_SIZE && sscanf(line, "name %255s at port %u", alive, &port) == 2 && port > 0 && port <= UINT16_MAX &&
            !found_before(discovery, alive, strlen(alive), (uint16_t)port))
            peek_start(discovery, (uint16_t)port);
        free(line);
    }
}

static void on_epmd_read(struct bufferevent *connection, void *context)
{
    struct bg_discovery *discovery = context;

    if (evbuffer_get_length(bufferevent_get_input(connection)) <= NAMES_MAX_BYTES)
        return; /* the list is whole when epmd closes */
    bufferevent_free(connection);
    discovery->epmd = NULL;
}

static void on_epmd_event(struct bufferevent *connection, short what, void *context)
{
    struct bg_discovery *discovery = context;
    const uint8_t request[] = {0, 1, NAMES_REQ};

    if (what & BEV_EVENT_CONNECTED) {
        bufferevent_write(connection, request, sizeof(request));
        return;
    }
    if (what & BEV_EVENT_EOF)
        names_read(discovery, bufferevent_get_input(connection));
    bufferevent_free(connection);
    discovery->epmd = NULL;
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct bg_discovery *discovery = context;

    (void)fd;
    (void)what;
    if (discovery->epmd == NULL)
        discovery->epmd = local_connect(discovery, discovery->options.epmd_port, on_epmd_read, on_epmd_event, discovery);
}

enum bg_error bg_discovery_start(struct event_base *base, const struct bg_discovery_options *options, bg_discovery_found *found,
                                 void *context, struct bg_discovery **ret_discovery, struct bg_failure *ret_failure)
{
    const struct timeval interval = {.tv_sec = options->interval_ms / 1000, .tv_usec = options->interval_ms % 1000 * 1000};
    struct bg_discovery *discovery = calloc(1, sizeof(*discovery));

    if (discovery == NULL)
        goto fail;
    *discovery = (struct bg_discovery){.options = *options, .base = base, .tell = found, .context = context};
    discovery->timer = event_new(base, -1, EV_PERSIST, on_timer, discovery);
    if (discovery->timer == NULL || event_add(discovery->timer, &interval) != 0)
        goto fail;
    event_active(discovery->timer, EV_TIMEOUT, 0);
    *ret_discovery = discovery;
    return BG_OK;
fail:
    bg_discovery_free(discovery);
    return bg_fail(ret_failure, BG_NO_MEMORY, "no memory to look for the nodes of this host");
}

void bg_discovery_free(struct bg_discovery *discovery)
{
    if (discovery == NULL)
        return;
    for (size_t i = 0; i < PEEKS_MAX; i++)
        if (discovery->peeks[i].connection != NULL)
            peek_end(&discovery->peeks[i]);
    if (discovery->epmd != NULL)
        bufferevent_free(discovery->epmd);
    if (discovery->timer != NULL)
        event_free(discovery->timer);
    free(discovery);
}
