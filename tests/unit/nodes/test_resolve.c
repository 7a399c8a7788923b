/* test_resolve.c: names of hosts that have more addresses than are tried. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "resolve.h"

#include <event2/dns.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static size_t found_count;
static bool is_found;

static void on_resolved(void *context, const char *error, const struct sockaddr_storage *addresses, size_t count)
{
    (void)context;
    assert_null(error);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(addresses[i].ss_family, AF_INET);
    found_count = count;
    is_found = true;
}

/* A file like /etc/hosts, in which `many` has so many addresses. */
static void load_hosts(struct evdns_base *dns, int count)
{
    char path[] = "/tmp/bg_hosts_XXXXXX";
    FILE *hosts = fdopen(mkstemp(path), "w");
    assert_non_null(hosts);
    for (int i = 0; i < count; i++)
        fprintf(hosts, "10.0.0.%d many\n", i + 1);
    fclose(hosts);
    assert_int_equal(evdns_base_load_hosts(dns, path), 0);
    unlink(path);
}

static size_t addresses_of_many(int count)
{
    struct event_base *base = event_base_new();
    struct evdns_base *dns = evdns_base_new(base, 0);
    load_hosts(dns, count);
    is_found = false;
    assert_null(bg_resolve_start(dns, "many", on_resolved, NULL)); /* at once */
    assert_true(is_found);
    evdns_base_free(dns, 1);
    event_base_free(base);
    return found_count;
}

static void no_more_than_eight_addresses_are_tried(void **state)
{
    (void)state;
    assert_int_equal(addresses_of_many(8), 8);
    assert_int_equal(addresses_of_many(11), 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_than_eight_addresses_are_tried),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
