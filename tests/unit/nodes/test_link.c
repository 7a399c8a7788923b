/* test_link.c: a link against a fake node that hangs, lies, floods, falls silent or talks too slowly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "scene.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

static void fails_with(struct fake fake, enum bg_link_reason reason)
{
    struct scene scene;
    struct bg_node_info info;
    scene_open(&scene, &fake, NULL);
    world_wait_reason(&scene.world, FAKE_NAME, reason);
    scene_look(&scene, &info);
    assert_true(strlen(info.reason_text) > 10);
    assert_true(info.retry_in_ms >= 0);
    assert_int_equal(info.connects_count, 0);
    scene_close(&scene);
}

static void a_peer_that_fails_the_handshake_has_its_reason(void **state)
{
    (void)state;
    fails_with((struct fake){.kind = FAKE_HANGS}, BG_REASON_HANDSHAKE_TIMEOUT);
    fails_with((struct fake){.kind = FAKE_GARBAGE}, BG_REASON_HANDSHAKE_FAILED);
    fails_with((struct fake){.kind = FAKE_CLOSES}, BG_REASON_HANDSHAKE_FAILED);
    fails_with((struct fake){.kind = FAKE_STATUS, .status = "not_allowed"}, BG_REASON_NOT_ALLOWED);
    fails_with((struct fake){.kind = FAKE_STATUS, .status = "ok"}, BG_REASON_HANDSHAKE_TIMEOUT);
    fails_with((struct fake){.kind = FAKE_BAD_DIGEST}, BG_REASON_COOKIE_REJECTED);
}

/* A millisecond passes with each look at it, as when the system runs others between two. */
static int64_t slip(void *context)
{
    return 1000 * ++*(int64_t *)context;
}

static int64_t stand(void *context)
{
    (void)context;
    return 0;
}

static void time_may_pass_between_two_looks_at_the_clock(void **state)
{
    (void)state;
    struct world world;
    struct bg_nodes_options options;
    int64_t looks = 0;
    const struct bg_clock clock = {.monotonic_us = slip, .wall_ms = stand, .context = &looks};
    world_options(&options);
    options.retry_min_ms = 1;
    options.retry_max_ms = 12;
    world_open_by(&world, &options, &clock);
    world_put(&world, "a@h", "x", "127.0.0.1", 1);
    for (int i = 0; i < 200 && looks < 2000; i++)
        world_run(&world, 50);
    assert_true(looks >= 2000);
    world_close(&world);
}

static void a_rejected_cookie_is_told_to_who_asks(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    struct bg_writer forms;
    struct bg_node_info info;
    scene_open(&scene, &(struct fake){.kind = FAKE_REJECTS}, NULL);
    world_wait_reason(&scene.world, FAKE_NAME, BG_REASON_COOKIE_REJECTED);
    forms_echo(&forms);
    assert_int_equal(world_ask_now(&scene.world, FAKE_NAME, &forms, &outcome), BG_COOKIE_REJECTED);
    scene_look(&scene, &info);
    assert_true(info.retry_in_ms > 9000);
    scene_close(&scene);
}

static void an_alive_name_is_not_fought_for(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene, &(struct fake){.kind = FAKE_STATUS, .status = "alive"}, NULL);
    world_wait_reason(&scene.world, FAKE_NAME, BG_REASON_NAME_IN_USE);
    world_wait_count(&scene.world, &scene.fake.words, 1);
    assert_string_equal(scene.fake.word, "sfalse");
    scene_close(&scene);
}

static void slow_bytes_are_put_together(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD, .slow = true}, NULL);
    scene_ask(&scene, 5000, &outcome);
    world_wait_count(&scene.world, &scene.fake.spawns, 1);
    fake_send(&scene.fake, 1,
              (const uint8_t *)"\x83"
                               "a\7",
              3);
    world_wait_outcome(&scene.world, &outcome);
    assert_int_equal(outcome.error, BG_OK);
    assert_int_equal(outcome_integer(&outcome), 7);
    scene_close(&scene);
}

static void an_answer_in_one_piece_with_the_handshake_is_taken(void **state)
{
    (void)state;
    struct scene scene;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD, .say = (const uint8_t *)"\0\0\0\0\0\0\0\0", .say_length = 8}, NULL);
    world_wait_count(&scene.world, &scene.fake.ticks, 2);
    assert_int_equal(scene.fake.ticks, 2);
    scene_close(&scene);
}

static void bad_answer(const void *bytes, size_t length)
{
    struct scene scene;
    struct outcome outcomes[3];
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    for (size_t i = 0; i < 3; i++)
        scene_ask(&scene, 5000, &outcomes[i]);
    world_wait_count(&scene.world, &scene.fake.spawns, 3);
    fake_say(&scene.fake, bytes, length);
    for (size_t i = 0; i < 3; i++) {
        world_wait_outcome(&scene.world, &outcomes[i]);
        assert_int_equal(outcomes[i].error, BG_BAD_ANSWER);
    }
    world_wait_state(&scene.world, FAKE_NAME, BG_LINK_UP);
    struct bg_node_info info;
    scene_look(&scene, &info);
    assert_int_equal(info.generation, 2);
    assert_int_equal(info.losses_count, 1);
    assert_int_equal(info.in_flight_count, 0);
    scene_close(&scene);
}

static void what_cannot_be_decoded_ends_all_questions_and_the_link(void **state)
{
    (void)state;
    bad_answer("\0\0\0\3xyz", 7);
    bad_answer("\x7f\xff\xff\xff", 4);
    bad_answer("\0\x10\0\1", 4); /* one byte over the maximum */
    bad_answer("\0\0\0\x6p\x83h\2a\2", 10);
}

static void questions_of_a_lost_link_end_saying_why(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    scene_ask(&scene, 5000, &outcome);
    world_wait_count(&scene.world, &scene.fake.spawns, 1);
    fake_close(&scene.fake);
    world_wait_outcome(&scene.world, &outcome);
    assert_int_equal(outcome.error, BG_NODE_UNREACHABLE);
    assert_non_null(strstr(outcome.text, "closed by the other side"));
    world_wait_reason(&scene.world, FAKE_NAME, BG_REASON_PORT_REFUSED);
    world_close(&scene.world);
}

static void refusals_to_spawn_are_told(void **state)
{
    (void)state;
    const struct {
        const char *word;
        enum bg_error error;
    } cases[] = {{"notsup", BG_UNSUPPORTED}, {"badopt", BG_UNSUPPORTED}, {"what", BG_BAD_ANSWER}, {"system_limit", BG_PROCESS_TABLE_FULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scene scene;
        struct outcome outcome;
        scene_up(&scene, &(struct fake){.kind = FAKE_GOOD, .spawn_word = cases[i].word}, NULL);
        scene_ask(&scene, 5000, &outcome);
        world_wait_outcome(&scene.world, &outcome);
        assert_int_equal(outcome.error, cases[i].error);
        assert_non_null(strstr(outcome.text, cases[i].error == BG_PROCESS_TABLE_FULL ? "process table" : cases[i].word));
        scene_close(&scene);
    }
}

static void an_exit_before_the_answer_is_told_and_one_after_it_is_not(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome first, second, third;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD, .spawn_pid = true}, NULL);
    scene_ask(&scene, 5000, &first);
    scene_ask(&scene, 5000, &second);
    scene_ask(&scene, 5000, &third);
    world_wait_count(&scene.world, &scene.fake.spawns, 3);
    fake_exit(&scene.fake, 1, "killed");
    fake_exit(&scene.fake, 2, "normal");
    fake_send(&scene.fake, 3,
              (const uint8_t *)"\x83"
                               "a\7",
              3);
    fake_exit(&scene.fake, 3, "normal");
    fake_send(&scene.fake, 3,
              (const uint8_t *)"\x83"
                               "a\7",
              3);
    fake_unlink(&scene.fake, 3); /* acknowledged once everything before it has been taken */
    world_wait_count(&scene.world, &scene.fake.unlink_acks, 1);
    assert_true(first.times == 1 && first.error == BG_PROBE_LIMIT);
    assert_true(second.times == 1 && second.error == BG_BAD_ANSWER);
    assert_true(third.times == 1 && third.error == BG_OK);
    scene_close(&scene);
}

/* {What, [{Module, exprs, 3, []} | ...]}, or with no stack where there is no module. */
static void write_reason(struct bg_writer *reason, const char *what, const char *module)
{
    reason->length = 0;
    bg_write_tuple(reason, 2);
    bg_write_atom(reason, what);
    if (module != NULL) {
        bg_write_list(reason, 1);
        bg_write_tuple(reason, 4);
        bg_write_atom(reason, module);
        bg_write_atom(reason, "exprs");
        bg_write_integer(reason, 3);
        bg_write_nil(reason);
    }
    bg_write_nil(reason);
}

static void an_exit_says_why_there_is_no_answer(void **state)
{
    static const struct {
        const char *what, *module;
        enum bg_error error;
    } cases[] = {{"normal", NULL, BG_PROBE_LIMIT},      {"normal", "lists", BG_BAD_ANSWER}, {"boom", NULL, BG_BAD_ANSWER},
                 {"undef", "erl_eval", BG_UNSUPPORTED}, {"undef", "lists", BG_UNSUPPORTED}, {"undef", "nosuch", BG_BAD_ANSWER}};
    (void)state;
    struct scene scene;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD, .spawn_pid = true}, NULL);
    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct outcome outcome;
        struct bg_writer reason;
        scene_ask(&scene, 60000, &outcome);
        world_wait_count(&scene.world, &scene.fake.spawns, i + 1);
        write_reason(&reason, cases[i].what, cases[i].module);
        fake_exit_with(&scene.fake, i + 1, &reason);
        world_wait_outcome(&scene.world, &outcome);
        assert_int_equal(outcome.error, cases[i].error);
    }
    struct outcome late;
    scene_ask(&scene, 60000, &late);
    world_wait_count(&scene.world, &scene.fake.spawns, 7);
    fake_exit(&scene.fake, 7, "deadline");
    world_wait_outcome(&scene.world, &late);
    assert_int_equal(late.error, BG_DEADLINE);
    scene_close(&scene);
}

static void a_late_question_is_killed(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD, .spawn_pid = true}, NULL);
    scene_ask(&scene, 30, &outcome);
    world_wait_outcome(&scene.world, &outcome);
    assert_int_equal(outcome.error, BG_DEADLINE);
    assert_true(outcome.rpc_us >= 30000);
    world_wait_count(&scene.world, &scene.fake.kills, 1);
    scene_close(&scene);
}

static void a_question_cancelled_before_its_process_is_known_is_killed_then(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    struct bg_node_info info;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    bg_inquiry_cancel(scene_ask(&scene, 5000, &outcome));
    world_wait_count(&scene.world, &scene.fake.spawns, 1);
    scene_look(&scene, &info);
    assert_int_equal(info.in_flight_count, 1);
    assert_int_equal(scene.fake.kills, 0);
    fake_spawned(&scene.fake, 1, NULL);
    world_wait_count(&scene.world, &scene.fake.kills, 1);
    scene_look(&scene, &info);
    assert_int_equal(info.in_flight_count, 0);
    assert_int_equal(outcome.times, 0);
    scene_close(&scene);
}

static void a_node_that_starts_nothing_is_not_heaped_with_questions(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome, refused;
    struct bg_writer forms;
    struct bg_nodes_options options;
    world_options(&options);
    options.in_flight_max = 3;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, &options);
    for (size_t i = 0; i < 3; i++)
        bg_inquiry_cancel(scene_ask(&scene, 5000, &outcome));
    forms_echo(&forms);
    assert_int_equal(world_ask_now(&scene.world, FAKE_NAME, &forms, &refused), BG_TOO_MANY);
    world_wait_count(&scene.world, &scene.fake.spawns, 3);
    assert_int_equal(scene.fake.spawns, 3);
    scene_close(&scene);
}

static void ticks_are_answered_and_sent(void **state)
{
    (void)state;
    struct scene scene;
    struct bg_nodes_options options;
    world_options(&options);
    options.tick_ms = 250;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD, .answers = true}, &options);
    world_wait_count(&scene.world, &scene.fake.provocations, 3);
    world_wait_count(&scene.world, &scene.fake.ticks, 3);
    struct bg_node_info info;
    scene_look(&scene, &info);
    assert_int_equal(info.state, BG_LINK_UP);
    assert_int_equal(info.losses_count, 0);
    scene_close(&scene);
}

static void a_silent_peer_is_lost(void **state)
{
    (void)state;
    struct scene scene;
    struct outcome outcome;
    struct bg_nodes_options options;
    world_options(&options);
    options.tick_ms = 30;
    options.retry_min_ms = options.retry_max_ms = 5000;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, &options);
    scene_ask(&scene, 5000, &outcome);
    world_wait_outcome(&scene.world, &outcome);
    assert_int_equal(outcome.error, BG_NODE_UNREACHABLE);
    assert_true(outcome.rpc_us > 90000);
    world_wait_reason(&scene.world, FAKE_NAME, BG_REASON_TICK_TIMEOUT);
    scene_close(&scene);
}

static void an_unlink_is_acknowledged(void **state)
{
    (void)state;
    struct scene scene;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    fake_unlink(&scene.fake, 1);
    world_wait_count(&scene.world, &scene.fake.unlink_acks, 1);
    scene_close(&scene);
}

/* It floods us with ticks, and what we answer them with has nowhere to go. */
static void a_peer_that_does_not_read_is_lost(void **state)
{
    (void)state;
    struct scene scene;
    struct bg_nodes_options options;
    world_options(&options);
    options.in_flight_max = 1;
    options.retry_min_ms = options.retry_max_ms = 5000;
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD, .deaf = true}, &options);
    const size_t ticks = 1 << 16;
    uint8_t *flood = calloc(ticks, 4);
    struct bg_node_info info;
    scene_look(&scene, &info);
    for (int round = 0; round < 4000 && info.state == BG_LINK_UP; round++) {
        fake_say(&scene.fake, flood, ticks * 4);
        world_run(&scene.world, 5);
        scene_look(&scene, &info);
    }
    assert_int_equal(info.state, BG_LINK_WAITING);
    assert_int_equal(info.reason, BG_REASON_CONNECTION_LOST);
    assert_non_null(strstr(info.reason_text, "does not read"));
    free(flood);
    scene_close(&scene);
}

static void a_question_too_large_is_refused(void **state)
{
    (void)state;
    struct scene scene;
    struct bg_inquiry *inquiry;
    struct bg_failure failure;
    size_t size = (1 << 20) + 1;
    uint8_t *forms = calloc(1, size);
    scene_up(&scene, &(struct fake){.kind = FAKE_GOOD}, NULL);
    struct bg_inquiry_request request = {.forms = forms, .forms_length = size, .args = forms, .timeout_ms = 10, .max_heap_words = 1};
    assert_int_equal(bg_nodes_ask(scene.world.nodes, FAKE_NAME, &request, NULL, NULL, &inquiry, &failure), BG_INVALID);
    request.forms_length = 1;
    request.args_length = size - 1;
    assert_int_equal(bg_nodes_ask(scene.world.nodes, FAKE_NAME, &request, NULL, NULL, &inquiry, &failure), BG_INVALID);
    free(forms);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_fails_the_handshake_has_its_reason),
        cmocka_unit_test(time_may_pass_between_two_looks_at_the_clock),
        cmocka_unit_test(a_rejected_cookie_is_told_to_who_asks),
        cmocka_unit_test(an_alive_name_is_not_fought_for),
        cmocka_unit_test(slow_bytes_are_put_together),
        cmocka_unit_test(an_answer_in_one_piece_with_the_handshake_is_taken),
        cmocka_unit_test(what_cannot_be_decoded_ends_all_questions_and_the_link),
        cmocka_unit_test(questions_of_a_lost_link_end_saying_why),
        cmocka_unit_test(refusals_to_spawn_are_told),
        cmocka_unit_test(an_exit_before_the_answer_is_told_and_one_after_it_is_not),
        cmocka_unit_test(an_exit_says_why_there_is_no_answer),
        cmocka_unit_test(a_late_question_is_killed),
        cmocka_unit_test(a_question_cancelled_before_its_process_is_known_is_killed_then),
        cmocka_unit_test(a_node_that_starts_nothing_is_not_heaped_with_questions),
        cmocka_unit_test(ticks_are_answered_and_sent),
        cmocka_unit_test(a_silent_peer_is_lost),
        cmocka_unit_test(an_unlink_is_acknowledged),
        cmocka_unit_test(a_peer_that_does_not_read_is_lost),
        cmocka_unit_test(a_question_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
