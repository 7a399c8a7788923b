/* test_hmac.c: signatures, and messages that come twice. */
#include "beamgauge/hmac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char secret[] = "8f742231b10e8888abcd99yyyzzz85a5";
static const char body[] =
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&"
    "user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%"
    "2F397700885554%"
    "2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";

static void slacks_published_vector_is_met(void **state)
{
    const struct bg_bytes parts[] = {{"v0:1531420618:", 14}, {body, strlen(body)}};
    uint8_t mac[BG_HMAC_SIZE], expected[BG_HMAC_SIZE];
    (void)state;
    assert_true(bg_hmac_parse("v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503", expected));
    assert_true(bg_hmac_sha256(secret, strlen(secret), parts, 2, mac));
    assert_true(bg_hmac_same(mac, expected));
    const struct bg_bytes cut[] = {{"v0:1531420618:", 14}, {body, strlen(body) - 1}};
    assert_true(bg_hmac_sha256(secret, strlen(secret), cut, 2, mac));
    assert_false(bg_hmac_same(mac, expected));
    assert_true(bg_hmac_sha256(secret, strlen(secret) - 1, parts, 2, mac));
    assert_false(bg_hmac_same(mac, expected));
}

static void only_whole_signatures_are_read(void **state)
{
    static const char *const bad[] = {"",
                                      "v0=",
                                      "v1=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
                                      "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
                                      "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b50",
                                      "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b5033",
                                      "v0=g2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"};
    uint8_t mac[BG_HMAC_SIZE];
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(bg_hmac_parse(bad[i], mac));
}

static void a_message_is_taken_once_until_its_time_is_over(void **state)
{
    struct bg_replays *replays = bg_replays_new();
    uint8_t mac[BG_HMAC_SIZE] = {7}, other[BG_HMAC_SIZE] = {8};
    (void)state;
    assert_int_equal(bg_replays_note(replays, mac, 1000, 2000), BG_REPLAY_NEW);
    assert_int_equal(bg_replays_note(replays, mac, 1999, 2999), BG_REPLAY_SEEN);
    assert_int_equal(bg_replays_note(replays, other, 1999, 2999), BG_REPLAY_NEW);
    assert_int_equal(bg_replays_note(replays, mac, 2000, 3000), BG_REPLAY_NEW);
    bg_replays_free(replays);
    bg_replays_free(NULL);
}

static void no_message_is_forgotten_before_its_time(void **state)
{
    struct bg_replays *replays = bg_replays_new();
    uint8_t mac[BG_HMAC_SIZE] = {0};
    (void)state;
    for (uint32_t i = 0; i < BG_REPLAYS_MAX; i++) {
        memcpy(mac, &i, sizeof i);
        assert_int_equal(bg_replays_note(replays, mac, 1000, 2000), BG_REPLAY_NEW);
    }
    mac[31] = 1;
    assert_int_equal(bg_replays_note(replays, mac, 1000, 2000), BG_REPLAY_FULL);
    memset(mac, 0, sizeof mac);
    assert_int_equal(bg_replays_note(replays, mac, 1000, 2000), BG_REPLAY_SEEN);
    assert_int_equal(bg_replays_note(replays, mac, 2000, 3000), BG_REPLAY_NEW);
    bg_replays_free(replays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slacks_published_vector_is_met),
        cmocka_unit_test(only_whole_signatures_are_read),
        cmocka_unit_test(a_message_is_taken_once_until_its_time_is_over),
        cmocka_unit_test(no_message_is_forgotten_before_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
