/* test_discovery.c: discovery against a fake epmd with more names than can be remembered, and fake nodes behind all of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "beamgauge/discover.h"
#include "beamgauge/node.h"
#include "fake.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define REMEMBERED 1024 /* FOUND_MAX */
#define BATCH 16        /* NAME_QUERIES_MAX: so many new names stand in each list */
#define NAMES_MAX (REMEMBERED + 2 * BATCH)

struct host {
    struct event_base *base;
    struct evconnlistener *epmd, *nodes;
    uint16_t epmd_port, nodes_port;
    unsigned listed_from, listed; /* names n<from> .. in epmd's list */
    unsigned next;                /* the node whose connection comes next, in the order of the list */
    bool reported[NAMES_MAX];
    unsigned reports[NAMES_MAX];
    unsigned reported_count;
    size_t padding;            /* bytes in the list behind the first name */
    bool keeps;                /* what is reported; else it is released at once */
    unsigned connection_count; /* that are open */
    struct bg_discovery *discovery;
};

static void on_written(struct bufferevent *connection, void *context)
{
    struct host *host = context;
    host->connection_count--;
    bufferevent_free(connection);
}

static void on_end(struct bufferevent *connection, short what, void *context)
{
    (void)what;
    on_written(connection, context);
}

static void on_names_asked(struct bufferevent *connection, void *context)
{
    struct host *host = context;
    struct evbuffer *out = bufferevent_get_output(connection);
    evbuffer_drain(bufferevent_get_input(connection), evbuffer_get_length(bufferevent_get_input(connection)));
    evbuffer_add(out, "\0\0\x11\x11", 4);
    for (host->next = host->listed_from; host->next < host->listed && host->reported[host->next];)
        host->next++;
    for (unsigned i = host->listed_from; i < host->listed; i++) {
        evbuffer_add_printf(out, "name n%u at port %u\n", i, (unsigned)host->nodes_port);
        for (size_t length = 0; i == host->listed_from && length < host->padding; length += 16)
            evbuffer_add_printf(out, "%015u\n", 0);
    }
    bufferevent_setcb(connection, NULL, on_written, on_end, host);
}

static void on_name_sent(struct bufferevent *connection, void *context)
{
    struct host *host = context;
    char name[32];
    evbuffer_drain(bufferevent_get_input(connection), evbuffer_get_length(bufferevent_get_input(connection)));
    snprintf(name, sizeof name, "n%u@127.0.0.1", host->next++);
    fake_status(bufferevent_get_output(connection), "ok");
    fake_challenge(bufferevent_get_output(connection), name, FAKE_FLAGS, 1);
    bufferevent_setcb(connection, NULL, NULL, on_end, host);
}

static void on_connection(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int length, void *context)
{
    struct host *host = context;
    struct bufferevent *connection = bufferevent_socket_new(host->base, fd, BEV_OPT_CLOSE_ON_FREE);
    (void)address;
    (void)length;
    bufferevent_setcb(connection, listener == host->epmd ? on_names_asked : on_name_sent, NULL, on_end, host);
    bufferevent_enable(connection, EV_READ | EV_WRITE);
    host->connection_count++;
}

static struct evconnlistener *listen_on(struct host *host, uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    struct evconnlistener *listener =
        evconnlistener_new_bind(host->base, on_connection, host, LEV_OPT_CLOSE_ON_FREE, 64, (struct sockaddr *)&address, sizeof address);
    assert_non_null(listener);
    assert_int_equal(getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &length), 0);
    *ret_port = ntohs(address.sin_port);
    return listener;
}

static void on_found(void *context, const char *name, uint16_t port)
{
    struct host *host = context;
    unsigned number;
    assert_int_equal(port, host->nodes_port);
    assert_int_equal(sscanf(name, "n%u@", &number), 1);
    assert_true(number < NAMES_MAX);
    host->reported_count += !host->reported[number];
    host->reported[number] = true;
    host->reports[number]++;
    if (!host->keeps)
        bg_discovery_release(host->discovery, name, false);
}

static void host_open(struct host *host, bool keeps)
{
    struct bg_failure failure;
    *host = (struct host){.base = event_base_new(), .keeps = keeps};
    host->epmd = listen_on(host, &host->epmd_port);
    host->nodes = listen_on(host, &host->nodes_port);
    const struct bg_discovery_options options = {
        .own_name = "beamgauge@127.0.0.1", .epmd_port = host->epmd_port, .interval_ms = 5, .step_timeout_ms = 5000};
    assert_int_equal(bg_discovery_start(host->base, &options, on_found, host, &host->discovery, &failure), BG_OK);
}

static void run(struct host *host, long ms)
{
    const struct timeval limit = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_base_loopexit(host->base, &limit);
    event_base_dispatch(host->base);
}

/* What the discovery had open ends with it, and our ends of it then. */
static void host_close(struct host *host)
{
    bg_discovery_free(host->discovery);
    for (int i = 0; i < 2000 && host->connection_count > 0; i++)
        run(host, 5);
    assert_int_equal(host->connection_count, 0);
    evconnlistener_free(host->epmd);
    evconnlistener_free(host->nodes);
    event_base_free(host->base);
}

/* Adds some names at a time to the list until `count` stand there, and waits until each has been reported. */
static void report_all(struct host *host, unsigned count)
{
    while (host->reported_count < count) {
        if (host->reported_count == host->listed)
            host->listed = host->listed + BATCH < count ? host->listed + BATCH : count;
        for (int i = 0; i < 2000 && host->reported_count < host->listed; i++)
            run(host, 5);
        assert_int_equal(host->reported_count, host->listed);
    }
}

static void names_that_were_released_make_room_for_others(void **state)
{
    (void)state;
    static struct host host;
    host_open(&host, false);
    report_all(&host, REMEMBERED);
    run(&host, 50);
    for (unsigned i = 0; i < REMEMBERED; i++)
        assert_int_equal(host.reports[i], 1); /* the same incarnation, released within the last minute */
    report_all(&host, REMEMBERED + 1);
    host_close(&host);
}

static void of_a_list_that_is_too_long_the_beginning_is_read(void **state)
{
    (void)state;
    static struct host host;
    host_open(&host, true);
    host.listed = 2;
    host.padding = 65536 - 1024;
    for (int i = 0; i < 2000 && host.reported_count < 2; i++)
        run(&host, 5);
    assert_int_equal(host.reported_count, 2);
    host_close(&host);
    host_open(&host, true);
    host.listed = 2;
    host.padding = 65536;
    for (int i = 0; i < 2000 && host.reported_count < 1; i++)
        run(&host, 5);
    run(&host, 50);
    assert_int_equal(host.reports[0], 1);
    assert_int_equal(host.reports[1], 0);
    host_close(&host);
}

static void where_all_are_kept_another_is_reported_once_one_has_gone(void **state)
{
    (void)state;
    static struct host host;
    host_open(&host, true);
    report_all(&host, REMEMBERED);
    host.listed = REMEMBERED + 1;
    run(&host, 50);
    assert_int_equal(host.reported_count, REMEMBERED);
    host.listed_from = 1;
    for (int i = 0; i < 2000 && host.reported_count == REMEMBERED; i++)
        run(&host, 5);
    assert_int_equal(host.reports[REMEMBERED], 1);
    host_close(&host);
}

static void a_name_that_left_and_came_back_is_reported_again(void **state)
{
    (void)state;
    static struct host host;
    host_open(&host, false);
    report_all(&host, 3);
    host.listed = 2;
    run(&host, 100);
    host.listed = 3;
    host.reported[2] = false;
    for (int i = 0; i < 2000 && !host.reported[2]; i++)
        run(&host, 5);
    assert_int_equal(host.reports[2], 2);
    assert_int_equal(host.reports[1], 1);
    host_close(&host);
}

static void all_that_were_released_are_reported_once_more(void **state)
{
    (void)state;
    static struct host host;
    host_open(&host, false);
    report_all(&host, 10);
    memset(host.reported, 0, sizeof host.reported);
    host.reported_count = 0;
    bg_discovery_renew(host.discovery);
    for (int i = 0; i < 2000 && host.reported_count < 10; i++)
        run(&host, 5);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(host.reports[i], 2);
    host_close(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_were_released_make_room_for_others),
        cmocka_unit_test(of_a_list_that_is_too_long_the_beginning_is_read),
        cmocka_unit_test(where_all_are_kept_another_is_reported_once_one_has_gone),
        cmocka_unit_test(a_name_that_left_and_came_back_is_reported_again),
        cmocka_unit_test(all_that_were_released_are_reported_once_more),
    };
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
