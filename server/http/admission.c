/* admission.c: decides who gets a place when places are few: connections, descriptors and requests in flight. */
#include "admission.h"

#include "beamgauge/log.h"
#include "call.h"
#include "connection.h"
#include "mix.h"
#include "server.h"
#include "waiting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define PAUSE_US 100000          /* between two tries to accept while the system refuses */
#define LOGGED_EVERY_US 10000000 /* the log says so at most this often */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* Never 0. Of an IPv6 address only the first 64 bits count: a client may choose the others. */
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
        return; /* closed already */
    connection->reader = number_of(&address);
    if (address.any.sa_family == AF_INET)
        inet_ntop(AF_INET, &address.v4.sin_addr, connection->peer, sizeof connection->peer);
    else
        inet_ntop(AF_INET6, &address.v6.sin6_addr, connection->peer, sizeof connection->peer);
}

size_t bg_admission_group(const struct bg_connection *connection)
{
    return bg_mix(connection->reader, connection->http->seed) % BG_ADMISSION_GROUPS;
}

static void count_groups(const struct bg_http *http, uint32_t ret_counts[BG_ADMISSION_GROUPS])
{
    for (const struct bg_connection *connection = http->oldest; connection != NULL; connection = connection->previous)
        ret_counts[bg_admission_group(connection)]++;
}

/* Whether it may be closed for the newcomer (NULL: for nobody), of a client with as many connections or more. */
static bool may_replace(const uint32_t counts[BG_ADMISSION_GROUPS], const struct bg_connection *connection,
                        const struct bg_connection *newcomer)
{
    return newcomer == NULL || counts[bg_admission_group(connection)] >= counts[bg_admission_group(newcomer)];
}

/* The connection to close, of those with a place or of those without one. One that has its whole answer comes first. Otherwise it is taken
 * from the client with the most connections that can be closed: the one whose loss is least. If clients share a group, the longest wait
 * decides. NULL: none can be closed. */
static struct bg_connection *find_least(const struct bg_http *http, bool refused, const struct bg_connection *newcomer)
{
    uint32_t counts[BG_ADMISSION_GROUPS] = {0}, all[BG_ADMISSION_GROUPS] = {0}, most = 0;
    enum bg_connection_loss least = BG_LOSS_ANSWER;
    struct bg_connection *found = NULL;

    count_groups(http, all);
    for (struct bg_connection *connection = http->oldest; connection != NULL; connection = connection->previous)
        if (connection->refused == refused && bg_connection_loss(connection) < BG_LOSS_ANSWER)
            counts[bg_admission_group(connection)]++;
    for (struct bg_connection *connection = http->oldest; connection != NULL; connection = connection->previous) {
        enum bg_connection_loss loss = bg_connection_loss(connection);
        if (connection->refused != refused || loss == BG_LOSS_ANSWER ||
            (loss != BG_LOSS_NOTHING && !may_replace(all, connection, newcomer)))
            continue;
        uint32_t count = loss == BG_LOSS_NOTHING ? UINT32_MAX : counts[bg_admission_group(connection)];
        if ((count > most || (count == most && loss < least)) && !bg_connection_has_unread(connection))
            found = connection, least = loss, most = count;
    }
    return found;
}

static bool evict(struct bg_http *http, bool refused, const struct bg_connection *newcomer)
{
    struct bg_connection *least = find_least(http, refused, newcomer);

    if (least == NULL)
        return false;
    http->counts.evicted++;
    bg_connection_evict(least);
    return true;
}

bool bg_admission_readmit(struct bg_connection *connection)
{
    const struct bg_http *http = connection->http;

    if (connection->refused &&
        (http->connections_count - http->refused_count < http->options.connections_max || evict(connection->http, false, connection)))
        bg_connection_admit(connection);
    return !connection->refused;
}

void bg_admission_admit(struct bg_connection *connection)
{
    struct bg_http *http = connection->http;

    note_peer(connection);
    if (http->waiting_count > 0) /* they are first */
        bg_waiting_look(http);
    /* If no connection can be closed for a place, one over the limit is closed instead: the new one may be a health request. */
    if ((http->waiting_count > 0 ? connection->refused : !bg_admission_readmit(connection)) &&
        http->connections_count >= http->options.connections_max + http->options.refusals_max)
        (void)evict(http, true, connection);
}

void bg_admission_retry(struct bg_http *http)
{
    bool has_room = http->waiting_count == 0 && http->refused_count > 0;

    for (struct bg_connection *connection = http->oldest; connection != NULL && has_room; connection = connection->previous)
        if (connection->refused && bg_connection_loss(connection) == BG_LOSS_PART)
            has_room = bg_admission_readmit(connection);
}

void bg_admission_pause(struct bg_http *http, int error)
{
    int64_t now_us = bg_http_now(http);

    http->accept_paused = true;
    http->counts.accept_pauses++;
    bg_http_update_listening(http);
    event_add(http->resume, &(struct timeval){.tv_usec = PAUSE_US});
    (void)(evict(http, false, NULL) || evict(http, true, NULL));
    if (!http->accept_failing && (http->accept_logged_us == 0 || now_us - http->accept_logged_us >= LOGGED_EVERY_US)) {
        http->accept_failing = true;
        http->accept_logged_us = now_us;
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
