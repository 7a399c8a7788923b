/* discovery.c: asks the local epmd for its names, and each node, by the start of a handshake, for its full name. */
#include "beamgauge/discover.h"

#include "beamgauge/clock.h"
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
#define NAMES_MAX_BYTES 65536          /* of epmd's list; names after that are ignored */
#define FOUND_MAX 1024                 /* names kept; released ones are evicted for others */
#define NAME_QUERIES_MAX 16            /* nodes asked at once; the others are asked the next time */
#define LINES_MAX 4096                 /* names of one list; NAMES_MAX_BYTES cannot hold so many */
#define ASK_AGAIN_US INT64_C(60000000) /* a released node is asked for its name again */
#define LINE_SIZE 512

/* A node that is being asked for its name. */
struct name_query {
    struct bg_discovery *discovery;
    struct bufferevent *connection; /* NULL: free */
    struct bg_handshake handshake;
    char alive[BG_NODE_NAME_MAX + 1]; /* what epmd calls it */
    uint16_t port;
};

/*  reported -> released -> reported (another incarnation)
 *           -> forgotten (not in epmd any more)
 */
struct found {
    char name[BG_NODE_NAME_MAX + 1]; /* the part that epmd knows */
    uint16_t port;
    uint32_t creation;
    bool released;
    bool listed;      /* in epmd's last list */
    int64_t again_us; /* if released: when it is asked again */
};

struct bg_discovery {
    struct bg_discovery_options options;
    struct event_base *base;
    struct event *timer;
    struct bufferevent *epmd; /* NULL: not being asked */
    struct name_query queries[NAME_QUERIES_MAX];
    struct found found[FOUND_MAX];
    size_t found_count;
    size_t turn; /* how many have been queried: the next list continues there, so that nodes that do not answer never block the others */
    bg_discovery_found *report;
    void *context;
};

static int64_t now_us(void)
{
    return bg_clock_monotonic_us(bg_clock_system());
}

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

static void query_end(struct name_query *query)
{
    bufferevent_free(query->connection);
    query->connection = NULL;
}

static struct found *found_find(struct bg_discovery *discovery, const char *alive, size_t length, uint16_t port)
{
    for (size_t i = 0; i < discovery->found_count; i++) {
        struct found *found = &discovery->found[i];
        if (found->port == port && strlen(found->name) == length && memcmp(found->name, alive, length) == 0)
            return found;
    }
    return NULL;
}

/* A free entry, or the released one whose next turn is the latest; NULL if all are reported. */
static struct found *found_place(struct bg_discovery *discovery)
{
    struct found *place = NULL;
    if (discovery->found_count < FOUND_MAX)
        return &discovery->found[discovery->found_count++];
    for (size_t i = 0; i < FOUND_MAX; i++)
        if (discovery->found[i].released && (place == NULL || discovery->found[i].again_us > place->again_us))
            place = &discovery->found[i];
    return place;
}

static void found_report(struct bg_discovery *discovery, const struct name_query *query)
{
    const char *name = query->handshake.learned;
    struct bg_failure failure;
    size_t alive = strcspn(name, "@");

    if (bg_node_name_check(name, &failure) != BG_OK || strlen(query->alive) != alive || memcmp(query->alive, name, alive) != 0)
        return;
    struct found *found = found_find(discovery, name, alive, query->port);
    if (found != NULL && (!found->released || found->creation == query->handshake.peer_creation)) {
        found->again_us = now_us() + ASK_AGAIN_US;
        return;
    }
    if (found == NULL && (found = found_place(discovery)) == NULL)
        return;
    *found = (struct found){.port = query->port, .creation = query->handshake.peer_creation, .listed = true};
    snprintf(found->name, sizeof(found->name), "%.*s", (int)alive, name);
    discovery->report(discovery->context, name, query->port);
}

static void on_query_read(struct bufferevent *connection, void *context)
{
    struct name_query *query = context;
    struct bg_link_failure failure;
    enum bg_handshake_result result =
        bg_handshake_take(&query->handshake, bufferevent_get_input(connection), bufferevent_get_output(connection), &failure);

    if (result == BG_HANDSHAKE_MORE)
        return;
    if (result == BG_HANDSHAKE_DONE)
        found_report(query->discovery, query);
    query_end(query);
}

static void on_query_event(struct bufferevent *connection, short what, void *context)
{
    struct name_query *query = context;

    if (what & BEV_EVENT_CONNECTED)
        bg_handshake_start(&query->handshake, bufferevent_get_output(connection));
    else
        query_end(query); /* closed, refused or silent: asked again next time */
}

/* "name NAME at port PORT" */
static bool line_read(const char *line, char ret_alive[BG_NODE_NAME_MAX + 1], uint16_t *ret_port)
{
    unsigned port;

    if (strlen(line) >= LINE_SIZE || sscanf(line, "name %255s at port %u", ret_alive, &port) != 2 || port == 0 || port > UINT16_MAX)
        return false;
    *ret_port = (uint16_t)port;
    return true;
}

/* False if the maximum number is being asked. */
static bool query_start(struct bg_discovery *discovery, const char *line)
{
    for (size_t i = 0; i < NAME_QUERIES_MAX; i++) {
        struct name_query *query = &discovery->queries[i];
        if (query->connection != NULL)
            continue;
        *query = (struct name_query){.discovery = discovery, .handshake = {.own_name = discovery->options.own_name, .creation = 1}};
        if (line_read(line, query->alive, &query->port))
            query->connection = local_connect(discovery, query->port, on_query_read, on_query_event, query);
        return true;
    }
    return false;
}

static bool is_to_be_queried(struct bg_discovery *discovery, const char *line)
{
    char alive[BG_NODE_NAME_MAX + 1];
    uint16_t port;

    if (!line_read(line, alive, &port))
        return false;
    struct found *found = found_find(discovery, alive, strlen(alive), port);
    if (found == NULL)
        return true;
    found->listed = true;
    return found->released && found->again_us <= now_us();
}

static void forget_unlisted(struct bg_discovery *discovery)
{
    size_t kept = 0;
    for (size_t i = 0; i < discovery->found_count; i++)
        if (discovery->found[i].listed)
            discovery->found[kept++] = discovery->found[i];
    discovery->found_count = kept;
}

/* The list: epmd's own port in four bytes, then a name per line. */
static void names_read(struct bg_discovery *discovery, struct evbuffer *in)
{
    char *lines[LINES_MAX], *line;
    size_t count = 0, taken = 0;

    if (evbuffer_drain(in, 4) != 0)
        return;
    for (size_t i = 0; i < discovery->found_count; i++)
        discovery->found[i].listed = false;
    while (count < LINES_MAX && (line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF)) != NULL)
        if (is_to_be_queried(discovery, line))
            lines[count++] = line;
        else
            free(line);
    forget_unlisted(discovery);
    while (taken < count && query_start(discovery, lines[(discovery->turn + taken) % count]))
        taken++;
    discovery->turn += taken;
    while (count > 0)
        free(lines[--count]);
}

static void on_epmd_read(struct bufferevent *connection, void *context)
{
    struct bg_discovery *discovery = context;

    if (evbuffer_get_length(bufferevent_get_input(connection)) < NAMES_MAX_BYTES)
        return;                                               /* the list is whole when epmd closes */
    names_read(discovery, bufferevent_get_input(connection)); /* some nodes are better than none */
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
    *discovery = (struct bg_discovery){.options = *options, .base = base, .report = found, .context = context};
    discovery->timer = event_new(base, -1, EV_PERSIST, on_timer, discovery);
    if (discovery->timer == NULL || event_add(discovery->timer, &interval) != 0)
        goto fail;
    event_active(discovery->timer, EV_TIMEOUT, 0);
    *ret_discovery = discovery;
    return BG_OK;
fail:
    bg_discovery_free(discovery);
    return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
}

void bg_discovery_release(struct bg_discovery *discovery, const char *name, bool in_any_case)
{
    size_t alive = strcspn(name, "@");

    for (size_t i = 0; i < discovery->found_count; i++) {
        struct found *found = &discovery->found[i];
        if (strlen(found->name) != alive || memcmp(found->name, name, alive) != 0)
            continue;
        found->released = true;
        if (in_any_case)
            found->creation = 0; /* is not a node's */
        found->again_us = now_us() + ASK_AGAIN_US;
    }
}

size_t bg_discovery_released(const struct bg_discovery *discovery, size_t max, const char *ret_names[])
{
    size_t count = 0;

    for (size_t i = 0; i < discovery->found_count; i++) {
        if (!discovery->found[i].released)
            continue;
        if (count < max)
            ret_names[count] = discovery->found[i].name;
        count++;
    }
    return count;
}

void bg_discovery_renew(struct bg_discovery *discovery)
{
    for (size_t i = 0; i < discovery->found_count;)
        if (discovery->found[i].released)
            discovery->found[i] = discovery->found[--discovery->found_count];
        else
            i++;
    event_active(discovery->timer, EV_TIMEOUT, 0);
}

void bg_discovery_free(struct bg_discovery *discovery)
{
    if (discovery == NULL)
        return;
    for (size_t i = 0; i < NAME_QUERIES_MAX; i++)
        if (discovery->queries[i].connection != NULL)
            query_end(&discovery->queries[i]);
    if (discovery->epmd != NULL)
        bufferevent_free(discovery->epmd);
    if (discovery->timer != NULL)
        event_free(discovery->timer);
    free(discovery);
}
