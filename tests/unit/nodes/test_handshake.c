/* test_handshake.c: our side of the handshake, against every peer one may meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake.h"
#include "handshake.h"

#include <event2/buffer.h>
#include <string.h>

struct talk {
    struct bg_handshake handshake;
    struct evbuffer *in, *out;
    struct bg_link_failure failure;
};

static void talk_start(struct talk *talk)
{
    *talk = (struct talk){.in = evbuffer_new(), .out = evbuffer_new()};
    talk->handshake = (struct bg_handshake){
        .own_name = "me@host", .peer_name = FAKE_NAME, .cookie = FAKE_COOKIE, .creation = 0x11223344, .challenge = 4000000000u};
    bg_handshake_start(&talk->handshake, talk->out);
}

static void talk_end(struct talk *talk)
{
    evbuffer_free(talk->in);
    evbuffer_free(talk->out);
}

static enum bg_handshake_result talk_take(struct talk *talk)
{
    return bg_handshake_take(&talk->handshake, talk->in, talk->out, &talk->failure);
}

static void forget_sent(struct talk *talk)
{
    evbuffer_drain(talk->out, evbuffer_get_length(talk->out));
}

static void our_name_goes_first_as_a_hidden_node(void **state)
{
    (void)state;
    struct talk talk;
    talk_start(&talk);
    const uint8_t *sent = evbuffer_pullup(talk.out, -1);
    assert_int_equal(evbuffer_get_length(talk.out), 2 + 15 + 7);
    assert_memory_equal(sent, "\0\26N", 3);
    assert_int_equal(sent[10] & 1, 0); /* PUBLISHED */
    assert_int_equal(sent[7] & 1, 1);  /* HANDSHAKE_23 */
    assert_int_equal(sent[6] & 1, 1);  /* SPAWN */
    assert_memory_equal(sent + 11, "\x11\x22\x33\x44\0\7me@host", 13);
    talk_end(&talk);
}

static void good_peer(struct evbuffer *messages)
{
    fake_status(messages, "ok");
    fake_challenge(messages, FAKE_NAME, FAKE_FLAGS, 0x01020304);
    fake_ack(messages, FAKE_COOKIE, 4000000000u);
}

static void a_handshake_ends_well_at_every_split(void **state)
{
    (void)state;
    struct evbuffer *messages = evbuffer_new();
    good_peer(messages);
    size_t length = evbuffer_get_length(messages);
    const uint8_t *bytes = evbuffer_pullup(messages, -1);
    for (size_t first = 0; first < length; first++)
        for (size_t second = first; second < length; second++) {
            struct talk talk;
            talk_start(&talk);
            evbuffer_add(talk.in, bytes, first);
            assert_int_equal(talk_take(&talk), BG_HANDSHAKE_MORE);
            evbuffer_add(talk.in, bytes + first, second - first);
            assert_int_equal(talk_take(&talk), BG_HANDSHAKE_MORE);
            evbuffer_add(talk.in, bytes + second, length - second);
            assert_int_equal(talk_take(&talk), BG_HANDSHAKE_DONE);
            talk_end(&talk);
        }
    evbuffer_free(messages);
}

static void what_follows_the_handshake_is_left(void **state)
{
    (void)state;
    struct talk talk;
    talk_start(&talk);
    good_peer(talk.in);
    evbuffer_add(talk.in, "\0\0\0\0", 4);
    assert_int_equal(talk_take(&talk), BG_HANDSHAKE_DONE);
    assert_int_equal(evbuffer_get_length(talk.in), 4);
    talk_end(&talk);
}

static void the_answer_to_the_challenge_is_right(void **state)
{
    (void)state;
    struct talk talk;
    struct evbuffer *expected = evbuffer_new();
    talk_start(&talk);
    forget_sent(&talk);
    fake_status(talk.in, "ok_simultaneous");
    fake_challenge(talk.in, FAKE_NAME, FAKE_FLAGS, 0x01020304);
    assert_int_equal(talk_take(&talk), BG_HANDSHAKE_MORE);
    fake_ack(expected, FAKE_COOKIE, 16909060);
    const uint8_t *sent = evbuffer_pullup(talk.out, -1);
    assert_int_equal(evbuffer_get_length(talk.out), 23);
    assert_memory_equal(sent, "\0\25r\xee\x6b\x28\0", 7);
    assert_memory_equal(sent + 7, evbuffer_pullup(expected, -1) + 3, 16);
    evbuffer_free(expected);
    talk_end(&talk);
}

static void fails_with(struct talk *talk, enum bg_link_reason reason)
{
    assert_int_equal(talk_take(talk), BG_HANDSHAKE_FAILED);
    assert_int_equal(talk->failure.reason, reason);
    assert_true(strlen(talk->failure.text) > 10);
    talk_end(talk);
}

static void each_status_has_its_reason(void **state)
{
    (void)state;
    const struct {
        const char *status;
        enum bg_link_reason reason;
    } cases[] = {{"nok", BG_REASON_NAME_IN_USE},   {"not_allowed", BG_REASON_NOT_ALLOWED},
                 {"alive", BG_REASON_NAME_IN_USE}, {"named:x@y", BG_REASON_HANDSHAKE_FAILED},
                 {"", BG_REASON_HANDSHAKE_FAILED}, {"okay", BG_REASON_HANDSHAKE_FAILED}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct talk talk;
        talk_start(&talk);
        fake_status(talk.in, cases[i].status);
        fails_with(&talk, cases[i].reason);
    }
}

static void another_connection_of_our_name_is_left_alone(void **state)
{
    (void)state;
    struct talk talk;
    talk_start(&talk);
    forget_sent(&talk);
    fake_status(talk.in, "alive");
    assert_int_equal(talk_take(&talk), BG_HANDSHAKE_FAILED);
    assert_memory_equal(evbuffer_pullup(talk.out, -1), "\0\6sfalse", 8);
    talk_end(&talk);
}

static void challenge_fails(const char *name, uint64_t flags, enum bg_link_reason reason)
{
    struct talk talk;
    talk_start(&talk);
    fake_status(talk.in, "ok");
    fake_challenge(talk.in, name, flags, 1);
    fails_with(&talk, reason);
}

static void another_node_or_an_old_one_is_refused(void **state)
{
    (void)state;
    challenge_fails("other@127.0.0.1", FAKE_FLAGS, BG_REASON_WRONG_NAME);
    challenge_fails(FAKE_NAME "x", FAKE_FLAGS, BG_REASON_WRONG_NAME);
    challenge_fails("", FAKE_FLAGS, BG_REASON_WRONG_NAME);
    challenge_fails(FAKE_NAME, FAKE_FLAGS & ~(UINT64_C(1) << 32), BG_REASON_HANDSHAKE_FAILED);
    struct talk talk;
    talk_start(&talk);
    fake_status(talk.in, "ok");
    evbuffer_add(talk.in, "\0\22n\0\5\0\0\0\0\0\0\0\1s@host", 20);
    assert_int_equal(talk_take(&talk), BG_HANDSHAKE_FAILED);
    assert_non_null(strstr(talk.failure.text, "older than OTP 23"));
    talk_end(&talk);
}

static void a_peer_without_the_cookie_is_refused(void **state)
{
    (void)state;
    struct talk talk;
    talk_start(&talk);
    fake_status(talk.in, "ok");
    fake_challenge(talk.in, FAKE_NAME, FAKE_FLAGS, 1);
    fake_ack(talk.in, "another", 4000000000u);
    fails_with(&talk, BG_REASON_COOKIE_REJECTED);
}

static void nonsense_and_long_messages_are_refused(void **state)
{
    (void)state;
    const struct {
        const char *bytes;
        size_t length;
    } cases[] = {{"HTTP/1.1 400 Bad", 16}, {"\0\0", 2}, {"\0\1x", 3}, {"\4\1", 2}, {"\xff\xff", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct talk talk;
        talk_start(&talk);
        evbuffer_add(talk.in, cases[i].bytes, cases[i].length);
        fails_with(&talk, BG_REASON_HANDSHAKE_FAILED);
    }
}

/* Every message cut short behind a length that is right for the cut. */
static void cut_messages_are_refused(void **state)
{
    (void)state;
    struct evbuffer *whole = evbuffer_new();
    fake_challenge(whole, FAKE_NAME, FAKE_FLAGS, 1);
    size_t length = evbuffer_get_length(whole);
    uint8_t *bytes = evbuffer_pullup(whole, -1);
    for (size_t cut = 2; cut < length; cut++) {
        struct talk talk;
        talk_start(&talk);
        fake_status(talk.in, "ok");
        bytes[1] = (uint8_t)(cut - 2);
        evbuffer_add(talk.in, bytes, cut);
        fails_with(&talk, BG_REASON_HANDSHAKE_FAILED);
    }
    evbuffer_free(whole);
}

static void closing_means_the_cookie_only_after_our_answer(void **state)
{
    (void)state;
    struct talk talk;
    talk_start(&talk);
    bg_handshake_closed(&talk.handshake, &talk.failure);
    assert_int_equal(talk.failure.reason, BG_REASON_HANDSHAKE_FAILED);
    assert_non_null(strstr(talk.failure.text, "process table may be full"));
    assert_non_null(strstr(talk.failure.text, "older than OTP 23"));
    talk.handshake.is_23 = true;
    bg_handshake_closed(&talk.handshake, &talk.failure);
    assert_null(strstr(talk.failure.text, "OTP 23"));
    fake_status(talk.in, "ok");
    fake_challenge(talk.in, FAKE_NAME, FAKE_FLAGS, 1);
    assert_int_equal(talk_take(&talk), BG_HANDSHAKE_MORE);
    bg_handshake_closed(&talk.handshake, &talk.failure);
    assert_int_equal(talk.failure.reason, BG_REASON_COOKIE_REJECTED);
    talk_end(&talk);
}

static void an_answer_in_tls_is_told_as_such(void **state)
{
    (void)state;
    static const char *const alerts[] = {"\x15\x03\x03\x00\x02\x02\x0a", "\x16\x03\x01\x00\x02\x02\x0a"};
    for (size_t i = 0; i < 2; i++) {
        struct talk talk;
        talk_start(&talk);
        evbuffer_add(talk.in, alerts[i], 7);
        assert_int_equal(talk_take(&talk), BG_HANDSHAKE_FAILED);
        assert_int_equal(talk.failure.reason, BG_REASON_HANDSHAKE_FAILED);
        assert_non_null(strstr(talk.failure.text, "TLS"));
        talk_end(&talk);
    }
}

/* The reason is shown in JSON and in the log. */
static void a_name_that_is_no_text_is_escaped_in_the_reason(void **state)
{
    (void)state;
    struct talk talk;
    talk_start(&talk);
    fake_status(talk.in, "ok");
    fake_challenge(talk.in, "evil\xff\x1b[2J@host", FAKE_FLAGS, 1);
    assert_int_equal(talk_take(&talk), BG_HANDSHAKE_FAILED);
    assert_int_equal(talk.failure.reason, BG_REASON_WRONG_NAME);
    assert_string_equal(talk.failure.text, "the node there calls itself \"evil\\xff\\x1b[2J@host\"");
    talk_end(&talk);
}

/* The last word before the proof is somebody else's. */
static bool distrust(void *context, struct bg_link_failure *ret_failure)
{
    ++*(unsigned *)context;
    bg_link_failure_set(ret_failure, BG_REASON_PEER_NOT_TRUSTED, "no");
    return false;
}

static void a_peer_that_is_not_trusted_gets_no_proof(void **state)
{
    (void)state;
    struct talk talk;
    unsigned asked = 0;
    talk_start(&talk);
    talk.handshake.trust = distrust;
    talk.handshake.trust_context = &asked;
    forget_sent(&talk);
    fake_status(talk.in, "ok");
    assert_int_equal(talk_take(&talk), BG_HANDSHAKE_MORE);
    assert_int_equal(asked, 0);
    fake_challenge(talk.in, FAKE_NAME, FAKE_FLAGS, 1);
    assert_int_equal(talk_take(&talk), BG_HANDSHAKE_FAILED);
    assert_int_equal(talk.failure.reason, BG_REASON_PEER_NOT_TRUSTED);
    assert_int_equal(asked, 1);
    assert_int_equal(evbuffer_get_length(talk.out), 0);
    talk_end(&talk);
}

static void a_name_can_be_learned_without_any_cookie(void **state)
{
    (void)state;
    struct talk talk;
    char longest[400];
    talk_start(&talk);
    talk.handshake.peer_name = talk.handshake.cookie = NULL;
    forget_sent(&talk);
    fake_status(talk.in, "ok");
    fake_challenge(talk.in, "any@where", FAKE_FLAGS, 1);
    assert_int_equal(talk_take(&talk), BG_HANDSHAKE_DONE);
    assert_string_equal(talk.handshake.learned, "any@where");
    assert_int_equal(evbuffer_get_length(talk.out), 0);
    talk_end(&talk);
    talk_start(&talk);
    talk.handshake.peer_name = talk.handshake.cookie = NULL;
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    fake_status(talk.in, "ok");
    fake_challenge(talk.in, longest, FAKE_FLAGS, 1);
    fails_with(&talk, BG_REASON_HANDSHAKE_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_name_goes_first_as_a_hidden_node),
        cmocka_unit_test(a_handshake_ends_well_at_every_split),
        cmocka_unit_test(what_follows_the_handshake_is_left),
        cmocka_unit_test(the_answer_to_the_challenge_is_right),
        cmocka_unit_test(each_status_has_its_reason),
        cmocka_unit_test(another_connection_of_our_name_is_left_alone),
        cmocka_unit_test(another_node_or_an_old_one_is_refused),
        cmocka_unit_test(a_peer_without_the_cookie_is_refused),
        cmocka_unit_test(nonsense_and_long_messages_are_refused),
        cmocka_unit_test(cut_messages_are_refused),
        cmocka_unit_test(closing_means_the_cookie_only_after_our_answer),
        cmocka_unit_test(an_answer_in_tls_is_told_as_such),
        cmocka_unit_test(a_name_that_is_no_text_is_escaped_in_the_reason),
        cmocka_unit_test(a_peer_that_is_not_trusted_gets_no_proof),
        cmocka_unit_test(a_name_can_be_learned_without_any_cookie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
