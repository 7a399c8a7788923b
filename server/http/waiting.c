/* waiting.c: the queue of requests that wait for a place. */
#include "waiting.h"

#include "admission.h"
#include "connection.h"
#include "dispatch.h"
#include "server.h"

/* How many connections of each client's group have a place, or wait for one. */
static void count_groups(const struct bg_http *http, bool waiting, uint32_t ret_counts[BG_ADMISSION_GROUPS])
{
    for (const struct bg_connection *connection = http->oldest; connection != NULL; connection = connection->previous)
        if (waiting ? connection->waiting != NULL : !connection->refused)
            ret_counts[bg_admission_group(connection)]++;
}

static struct bg_connection *find_next(const struct bg_http *http)
{
    uint32_t counts[BG_ADMISSION_GROUPS] = {0};
    struct bg_connection *found = NULL;

    count_groups(http, false, counts);
    for (struct bg_connection *connection = http->oldest; connection != NULL; connection = connection->previous)
        if (connection->waiting != NULL && (found == NULL || counts[bg_admission_group(connection)] < counts[bg_admission_group(found)]))
            found = connection;
    return found;
}

/* The last one that came of the client with the most that wait. */
static struct bg_connection *find_last(const struct bg_http *http)
{
    uint32_t counts[BG_ADMISSION_GROUPS] = {0};
    struct bg_connection *found = NULL;

    count_groups(http, true, counts);
    for (struct bg_connection *connection = http->connections; connection != NULL; connection = connection->next)
        if (connection->waiting != NULL && (found == NULL || counts[bg_admission_group(connection)] > counts[bg_admission_group(found)]))
            found = connection;
    return found;
}

static void dispatch_again(struct bg_connection *connection)
{
    struct evhttp_request *raw = connection->waiting;

    bg_waiting_leave(connection);
    connection->http->current = connection;
    bg_dispatch(raw, connection->http);
}

static size_t waiting_max(const struct bg_http *http)
{
    const size_t half = http->options.refusals_max / 2;

    return half < BG_WAITING_MAX ? half : BG_WAITING_MAX;
}

/* Dispatched again, it would be refused: it has waited already. */
bool bg_waiting_begin(struct bg_connection *connection, struct evhttp_request *raw)
{
    struct bg_http *http = connection->http;
    const int64_t until_us = connection->born_us + BG_REFUSED_US;

    if (connection->has_waited || bg_http_now(http) >= until_us || waiting_max(http) == 0 ||
        (http->waiting_count == 0 && bg_admission_readmit(connection)))
        return false;
    connection->waiting = raw;
    connection->has_waited = true;
    http->waiting_count++;
    bg_connection_wait(connection, until_us);
    bg_waiting_look(http);
    if (http->waiting_count <= waiting_max(http))
        return true;
    struct bg_connection *last = find_last(http);
    if (last == connection) {
        bg_waiting_leave(connection);
        return false;
    }
    dispatch_again(last);
    http->current = connection;
    return true;
}

void bg_waiting_leave(struct bg_connection *connection)
{
    if (connection->waiting == NULL)
        return;
    connection->waiting = NULL;
    connection->http->waiting_count--;
}

void bg_waiting_look(struct bg_http *http)
{
    if (http->waiting_count > 0)
        event_active(http->place, EV_TIMEOUT, 0);
}

void bg_waiting_on_place(evutil_socket_t fd, short what, void *argument)
{
    struct bg_http *http = argument;
    struct bg_connection *connection;

    (void)fd;
    (void)what;
    while (http->waiting_count > 0 && bg_admission_readmit(connection = find_next(http)))
        dispatch_again(connection);
}

void bg_waiting_expire(struct bg_connection *connection)
{
    dispatch_again(connection);
}
