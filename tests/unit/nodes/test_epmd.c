/* test_epmd.c: what is asked of epmd, and what its answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "epmd.h"

#include <string.h>

static const uint8_t good[] = {119, 0, 0x5c, 0xef, 77, 0, 0, 6, 0, 5, 0, 4, 's', 'h', 'o', 'p', 0, 0};

static enum bg_epmd_answer answer(const void *bytes, size_t length, uint16_t *ret_port, struct bg_link_failure *ret_failure)
{
    return bg_epmd_read((struct bg_slice){.bytes = bytes, .length = length}, "shop@host", ret_port, ret_failure);
}

static void the_name_before_the_at_is_asked_for(void **state)
{
    (void)state;
    struct bg_writer request;
    bg_epmd_ask("shop@10.0.0.5", &request);
    assert_int_equal(request.length, 7);
    assert_memory_equal(request.bytes, "\0\5zshop", 7);
}

static void an_answer_is_taken_as_soon_as_it_says_enough(void **state)
{
    (void)state;
    uint16_t port = 0;
    struct bg_link_failure failure;
    for (size_t length = 0; length < 8; length++)
        assert_int_equal(answer(good, length, &port, &failure), BG_EPMD_MORE);
    for (size_t length = 8; length <= sizeof good; length++)
        assert_int_equal(answer(good, length, &port, &failure), BG_EPMD_PORT);
    assert_int_equal(port, 23791);
}

static void refused(const char *bytes, size_t length, enum bg_link_reason reason)
{
    uint16_t port = 1;
    struct bg_link_failure failure;
    assert_int_equal(answer(bytes, length, &port, &failure), BG_EPMD_REFUSED);
    assert_int_equal(failure.reason, reason);
    assert_true(strlen(failure.text) > 0);
    assert_int_equal(port, 1);
}

static void what_is_no_port_has_its_reason(void **state)
{
    (void)state;
    refused("w\1", 2, BG_REASON_NODE_NOT_IN_EPMD);
    refused("H", 1, BG_REASON_EPMD_UNREACHABLE);
    refused("w\0\x5c\xefM\0\0\5\0\5", 10, BG_REASON_HANDSHAKE_FAILED); /* OTP 22 */
    refused("w\0\0\0M\0\0\6\0\5", 10, BG_REASON_NODE_NOT_IN_EPMD);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_name_before_the_at_is_asked_for),
        cmocka_unit_test(an_answer_is_taken_as_soon_as_it_says_enough),
        cmocka_unit_test(what_is_no_port_has_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
