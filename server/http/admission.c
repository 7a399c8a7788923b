/* admission.c: who gets a place where places are few: connections, descriptors and requests in flight. */
#include "admission.h"

#include "beamgauge/log.h"
#include "call.h"
#include "connection.h"
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define PAUSE_US 100000        /* between two tries to accept while the system refuses */
#define TOLD_EVERY_US 10000000 /* the log says so at most this often */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Never 0. Of an IPv6 address the first 64 bits count: a client may choose the others. */
static uint64_t number_of(const union address *address)
{
    uint64_t number = 0;

    if (address->any.sa_family == AF_INET)
        return UINT64_C(1) << 32 | address->v4.sin_addr.s_addr;
    if (address->any.sa_family != AF_INET6)
        return 1;
    if (IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
        memcpy(&number, address->v6.sin6_addr.s6_addr + 12, 4);
    else
        memcpy(&number, address->v6.sin6_addr.s6_addr, sizeof number);
    return number + 1 > 0 ? number + 1 : 1;
}

static void note_peer(struct bg_connection *connection)
{
    union address address = {.v6.sin6_port = 0};
    socklen_t length = sizeof address;

    if (getpeername(bufferevent_getfd(connection->bev), &address.any, &length) != 0)
        return; /* gone already */
    connection->reader = number_of(&address);
    if (address.any.sa_family == AF_INET)
        inet_ntop(AF_INET, &address.v4.sin_addr, connection->peer, sizeof connection->peer);
    else
        inet_ntop(AF_INET6, &address.v6.sin6_addr, connection->peer, sizeof connection->peer);
}

/* The one whose time is up first. False where no connection is idle; those that have no place of their own do not count. */
static bool evict_idle(struct bg_http *http)
{
    struct bg_connection *longest = NULL;

    for (struct bg_connection *connection = http->connections; connection != NULL; connection = connection->next)
        if (!connection->refused && bg_connection_is_idle(connection) &&
            (longest == NULL || connection->deadline_us <= longest->deadline_us))
            longest = connection;
    if (longest == NULL)
        return false;
    http->counts.evicted++;
    evhttp_connection_free(longest->evcon);
    return true;
}

void bg_admission_admit(struct bg_connection *connection)
{
    note_peer(connection);
    if (connection->refused && evict_idle(connection->http))
        connection->refused = false;
}

void bg_admission_pause(struct bg_http *http, int error)
{
    int64_t now_us = bg_http_now(http);

    http->accept_paused = true;
    http->counts.accept_pauses++;
    bg_http_update_listening(http);
    event_add(http->resume, &(struct timeval){.tv_usec = PAUSE_US});
    (void)evict_idle(http);
    if (!http->accept_failing && (http->accept_told_us == 0 || now_us - http->accept_told_us >= TOLD_EVERY_US)) {
        http->accept_failing = true;
        http->accept_told_us = now_us;
        bg_log(BG_LOG_WARN, "accept_paused", BG_TEXT("reason", evutil_socket_error_to_string(error)),
               BG_NUMBER("connections", http->connections_count),
               BG_TEXT("hint", error == ENOMEM
                                   ? "new clients wait; lower connections_max, or give this service more memory"
                                   : "new clients wait; raise the limit of open files (ulimit -n, LimitNOFILE=) or lower connections_max"));
    }
}

void bg_admission_accepted(struct bg_http *http)
{
    if (!http->accept_failing)
        return;
    http->accept_failing = false;
    bg_log(BG_LOG_INFO, "accept_resumed", BG_NUMBER("connections", http->connections_count),
           BG_NUMBER("pauses", http->counts.accept_pauses));
}

static size_t calls_of(const struct bg_http *http, uint64_t reader)
{
    size_t count = 0;

    for (const struct bg_connection *connection = http->connections; connection != NULL; connection = connection->next)
        count += connection->call != NULL && connection->call->request.reader == reader;
    return count;
}

enum bg_error bg_admission_check(const struct bg_http *http, const struct bg_endpoint *endpoint, uint64_t reader,
                                 struct bg_failure *ret_failure)
{
    size_t most = http->options.requests_max, half = (most + 1) / 2;

    if (endpoint->is_health)
        return BG_OK;
    if (http->calls_count >= most)
        return bg_fail(ret_failure, BG_TOO_MANY, "%zu requests are in flight already; try again in a second.", http->calls_count);
    if (http->calls_count >= half && calls_of(http, reader) >= half)
        return bg_fail(ret_failure, BG_TOO_MANY,
                       "%zu requests of yours are in flight, half of what this service takes at once; try again in a second.", half);
    return BG_OK;
}
