/* test_names.c: what is the name, and the address, of a node. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "beamgauge/names.h"

/* A text of so many bytes: HEAD, then as many 'a' as there is room for. */
static const char *of_length(const char *head, size_t length)
{
    static char text[2 * BG_NODE_NAME_MAX];
    memset(text, 'a', length);
    memcpy(text, head, strlen(head));
    text[length] = '\0';
    return text;
}

static void a_name_is_a_part_before_the_at_and_a_host_behind_it(void **state)
{
    static const char *const names[] = {"a@b", "shop_1-x@10.0.0.5", "shop@host.example", "shop@::1", "A@B"};
    static const char *const others[] = {"",        "shop",       "@host", "shop@",   "a@b@c",      "a b@c",      "a\tb@c",
                                         "a\n@c",   "a@c d",      "a@c/d", "a.b@c",   "\xc3\xa9@c", "a@\xc3\xa9", "a\x1b@b",
                                         "a\xff@b", "<script>@b", "a@b\"", "a@[::1]", "a@b%eth0",   "{a}@b",      "a@b "};
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
    static const char *const addresses[] = {"10.0.0.5", "host.example", "::1", "fe80::1%eth0"};
    static const char *const others[] = {"", "a b", "http://a", "[::1]", "a@b", "a\n"};
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
        cmocka_unit_test(a_name_is_a_part_before_the_at_and_a_host_behind_it),
        cmocka_unit_test(an_address_is_a_host_with_a_zone_and_no_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
