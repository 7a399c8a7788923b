/* test_names.c: what is a host, a port, and the name and the address of a node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "beamgauge/names.h"

/* A text of so many bytes: HEAD, then parts of a host name of one letter each. */
static const char *of_length(const char *head, size_t length)
{
    static char text[2 * BG_NODE_NAME_MAX];
    for (size_t i = 0; i < length; i++)
        text[i] = (length - i) % 2 == 1 ? 'a' : '.';
    memcpy(text, head, strlen(head));
    text[length] = '\0';
    return text;
}

static void a_host_is_a_name_or_an_address(void **state)
{
    static const struct {
        const char *text;
        enum bg_host host;
    } hosts[] = {
        {"a", BG_HOST_NAME},
        {"vm-1", BG_HOST_NAME},
        {"my_service", BG_HOST_NAME},
        {"123456789012", BG_HOST_NAME}, /* of a container */
        {"gauge.example", BG_HOST_NAME},
        {"gauge.example.", BG_HOST_NAME},
        {"1.example", BG_HOST_NAME},
        {"1.2.3.4x", BG_HOST_NAME},
        {"xn--bcher-kva.example", BG_HOST_NAME},
        {"10.0.0.5", BG_HOST_V4},
        {"255.255.255.255", BG_HOST_V4},
        {"::", BG_HOST_V6},
        {"fe80::1", BG_HOST_V6},
        {"::ffff:10.0.0.5", BG_HOST_V6},
    };
    struct bg_failure failure;
    enum bg_host host;

    (void)state;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
        if (bg_host_check(hosts[i].text, strlen(hosts[i].text), &host, &failure) != BG_OK)
            fail_msg("%s", failure.text);
        assert_int_equal(host, hosts[i].host);
    }
}

static void what_is_not_a_host_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *text, *reason;
    } others[] = {
        {"", "it is empty"},
        {".", "a part of no length"},
        {"..", "a part of no length"},
        {".a", "a part of no length"},
        {"a..b", "a part of no length"},
        {"a..", "a part of no length"},
        {"-a", "begins or ends with '-'"},
        {"a-.b", "begins or ends with '-'"},
        {"a.-", "begins or ends with '-'"},
        {"1.2.3", "not an IPv4 address"},
        {"1.2.3.4.5", "not an IPv4 address"},
        {"1.2.3.256", "not an IPv4 address"},
        {"1.2.3.04", "not an IPv4 address"},
        {"1.2.3.4.", "not an IPv4 address"},
        {"a.5", "not an IPv4 address"},
        {"h:80", "it has a port"},
        {"10.0.0.5:80", "it has a port"},
        {":", "it has a port"},
        {"a:b:c", "not an IPv6 address"},
        {":::", "not an IPv6 address"},
        {"1:2:3:4:5:6:7:8:9", "not an IPv6 address"},
        {"[::1]", "a character other than"},
        {"::1%eth0", "a character other than"},
        {"a b", "a character other than"},
        {"http://a", "a character other than"},
        {"b\xc3\xbc"
         "cher",
         "a character other than"},
    };
    struct bg_failure failure;
    enum bg_host host;

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(bg_host_check(others[i].text, strlen(others[i].text), &host, &failure), BG_INVALID);
        if (strstr(failure.text, others[i].reason) == NULL)
            fail_msg("%s", failure.text);
    }
    assert_int_equal(bg_host_check("a\0b", 3, &host, &failure), BG_INVALID);
    assert_int_equal(bg_host_check(of_length("", BG_HOST_MAX), BG_HOST_MAX, &host, &failure), BG_OK);
    assert_int_equal(bg_host_check(of_length("", BG_HOST_MAX + 1), BG_HOST_MAX + 1, &host, &failure), BG_INVALID);
}

static void a_part_of_a_name_has_63_bytes_at_most(void **state)
{
    char text[] = "a.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.c"; /* 64 */
    struct bg_failure failure;
    enum bg_host host;

    (void)state;
    assert_int_equal(bg_host_check(text, strlen(text), &host, &failure), BG_INVALID);
    assert_non_null(strstr(failure.text, "a part of over 63 bytes"));
    assert_int_equal(bg_host_check(text + 3, strlen(text + 3), &host, &failure), BG_OK);
}

static void a_host_has_255_bytes_at_most(void **state)
{
    struct bg_failure failure;
    enum bg_host host;

    (void)state;
    assert_int_equal(bg_host_check(of_length("", BG_HOST_MAX), BG_HOST_MAX, &host, &failure), BG_OK);
    assert_int_equal(bg_host_check(of_length("", BG_HOST_MAX + 1), BG_HOST_MAX + 1, &host, &failure), BG_INVALID);
    assert_non_null(strstr(failure.text, "255"));
}

static void an_authority_is_a_host_and_perhaps_a_port(void **state)
{
    static const struct {
        const char *text, *host;
        int port;
    } cases[] = {
        {"a", "a", -1},
        {"a:", "a", -1},
        {"a:0", "a", 0},
        {"a.b:65535", "a.b", 65535},
        {"10.0.0.5:7788", "10.0.0.5", 7788},
        {"[::1]", "::1", -1},
        {"[::1]:", "::1", -1},
        {"[::1]:7", "::1", 7},
        {"a:00080", "a", 80},
    };
    static const char *const others[] = {"",       ":80",        "a:65536", "a:99999999999999999999",
                                         "a:x",    "a:8 0",      "a:-1",    "a:1:2",
                                         "[a]",    "[10.0.0.5]", "[::1",    "::1",
                                         "[::1]x", "[::1]80",    "[]:1",    "[",
                                         "]",      "[]",         "a/b",     "[::1]]:1"};
    struct bg_authority authority;
    struct bg_failure failure;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (bg_authority_read(cases[i].text, strlen(cases[i].text), &authority, &failure) != BG_OK)
            fail_msg("%s", failure.text);
        assert_string_equal(authority.text, cases[i].host);
        assert_int_equal(authority.port, cases[i].port);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (bg_authority_read(others[i], strlen(others[i]), &authority, &failure) != BG_INVALID)
            fail_msg("%s", others[i]);
}

static void a_name_is_a_part_before_the_at_and_a_host_behind_it(void **state)
{
    static const char *const names[] = {"a@b", "shop_1-x@10.0.0.5", "shop@host.example", "shop@::1", "A@B"};
    static const char *const others[] = {"",        "shop",       "@host",   "shop@",   "a@b@c",      "a b@c",      "a\tb@c",
                                         "a\n@c",   "a@c d",      "a@c/d",   "a.b@c",   "\xc3\xa9@c", "a@\xc3\xa9", "a\x1b@b",
                                         "a\xff@b", "<script>@b", "a@b\"",   "a@[::1]", "a@b%eth0",   "{a}@b",      "a@b ",
                                         "a@h:80",  "a@..",       "a@1.2.3", "a@-"};
    struct bg_failure failure;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_int_equal(bg_node_name_check(names[i], &failure), BG_OK);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        failure.text[0] = '\0';
        assert_int_equal(bg_node_name_check(others[i], &failure), BG_INVALID);
        assert_non_null(strstr(failure.text, "expected NAME@HOST"));
    }
    assert_int_equal(bg_node_name_check(of_length("a@", BG_NODE_NAME_MAX), &failure), BG_OK);
    assert_int_equal(bg_node_name_check(of_length("a@", BG_NODE_NAME_MAX + 1), &failure), BG_INVALID);
}

static void an_address_is_a_host_with_a_zone_and_no_port(void **state)
{
    static const char *const addresses[] = {"10.0.0.5", "host.example", "::1", "fe80::1%eth0", "fe80::1%br-0.1"};
    static const char *const others[] = {"",
                                         "a b",
                                         "http://a",
                                         "[::1]",
                                         "a@b",
                                         "a\n",
                                         "h:80",
                                         "a..b",
                                         "10.0.0.5%eth0",
                                         "a%eth0",
                                         "fe80::1%",
                                         "fe80::1%a b",
                                         "fe80::1%0123456789abcdef"};
    struct bg_failure failure;
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++)
        assert_int_equal(bg_node_address_check(addresses[i], &failure), BG_OK);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_int_equal(bg_node_address_check(others[i], &failure), BG_INVALID);
    assert_int_equal(bg_node_address_check(of_length("", BG_NODE_NAME_MAX), &failure), BG_OK);
    assert_int_equal(bg_node_address_check(of_length("", BG_NODE_NAME_MAX + 1), &failure), BG_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_a_name_or_an_address),
        cmocka_unit_test(what_is_not_a_host_is_refused_with_the_reason),
        cmocka_unit_test(a_part_of_a_name_has_63_bytes_at_most),
        cmocka_unit_test(a_host_has_255_bytes_at_most),
        cmocka_unit_test(an_authority_is_a_host_and_perhaps_a_port),
        cmocka_unit_test(a_name_is_a_part_before_the_at_and_a_host_behind_it),
        cmocka_unit_test(an_address_is_a_host_with_a_zone_and_no_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
