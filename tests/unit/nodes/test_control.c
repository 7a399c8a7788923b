/* test_control.c: control messages are understood as a node means them, and hostile ones do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "control.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

static const struct bg_pid own = {.node = {(const uint8_t *)"me@h", 4}, .id = 5, .serial = 1, .creation = 77};
static const struct bg_pid peer = {.node = {(const uint8_t *)"it@h", 4}, .id = 6, .serial = 2, .creation = 88};

static void start(struct bg_writer *message, uint8_t arity, int64_t operation)
{
    message->length = 0;
    bg_write_u8(message, 'p');
    bg_write_u8(message, BG_TERM_VERSION);
    bg_write_tuple(message, arity);
    bg_write_integer(message, operation);
}

static bool read_message(const struct bg_writer *message, struct bg_control *ret_control)
{
    return bg_control_read((struct bg_slice){.bytes = message->bytes, .length = message->length}, ret_control);
}

static bool same_pid(const struct bg_pid *a, const struct bg_pid *b)
{
    return a->node.length == b->node.length && memcmp(a->node.bytes, b->node.bytes, a->node.length) == 0 && a->id == b->id &&
           a->serial == b->serial && a->creation == b->creation;
}

static void write_send(struct bg_writer *message)
{
    start(message, 3, 2);
    bg_write_atom(message, "");
    bg_write_pid(message, &own);
    bg_write_bytes(message, "\x83h\2a\1m\0\0\0\1x", 11);
}

static void write_exit(struct bg_writer *message)
{
    start(message, 4, 3);
    bg_write_pid(message, &peer);
    bg_write_pid(message, &own);
    bg_write_atom(message, "killed");
}

static void write_spawned(struct bg_writer *message)
{
    start(message, 5, 31);
    bg_write_reference(message, &own);
    bg_write_pid(message, &own);
    bg_write_integer(message, 1);
    bg_write_pid(message, &peer);
}

static void write_unlink(struct bg_writer *message)
{
    start(message, 4, 35);
    bg_write_integer(message, INT64_C(1) << 40);
    bg_write_pid(message, &peer);
    bg_write_pid(message, &own);
}

static void (*const writers[])(struct bg_writer *) = {write_send, write_exit, write_spawned, write_unlink};

static void an_answer_is_read(void **state)
{
    (void)state;
    struct bg_writer message;
    struct bg_control control;
    write_send(&message);
    assert_true(read_message(&message, &control));
    assert_int_equal(control.kind, BG_CONTROL_SEND);
    assert_true(same_pid(&control.to, &own));
    assert_int_equal(control.value.length, 11);
    assert_int_equal(control.value.bytes[0], BG_TERM_VERSION);
}

static void an_exit_is_read_with_its_reason_here_or_in_the_payload(void **state)
{
    (void)state;
    struct bg_writer message;
    struct bg_control control;
    write_exit(&message);
    assert_true(read_message(&message, &control));
    assert_int_equal(control.kind, BG_CONTROL_EXIT);
    assert_true(same_pid(&control.to, &own) && same_pid(&control.from, &peer));
    assert_memory_equal(control.value.bytes, "w\6killed", 8);
    start(&message, 3, 24);
    bg_write_pid(&message, &peer);
    bg_write_pid(&message, &own);
    bg_write_bytes(&message, "\x83w\6killed", 9);
    assert_true(read_message(&message, &control));
    assert_int_equal(control.kind, BG_CONTROL_EXIT);
    assert_memory_equal(control.value.bytes, "w\6killed", 8);
}

static void a_spawn_reply_and_an_unlink_are_read(void **state)
{
    (void)state;
    struct bg_writer message;
    struct bg_control control;
    struct bg_pid process;
    write_spawned(&message);
    assert_true(read_message(&message, &control));
    assert_int_equal(control.kind, BG_CONTROL_SPAWNED);
    struct bg_reader reader = bg_reader_of(control.value);
    assert_true(bg_read_pid(&reader, &process) && same_pid(&process, &peer));
    write_unlink(&message);
    assert_true(read_message(&message, &control));
    assert_int_equal(control.kind, BG_CONTROL_UNLINK);
    assert_true(same_pid(&control.from, &peer) && same_pid(&control.to, &own));
}

static void other_operations_are_passed_over(void **state)
{
    (void)state;
    const int64_t operations[] = {1, 4, 6, 7, 8, 16, 19, 20, 21, 28, 33, 36, 99, 1000000};
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        struct bg_writer message;
        struct bg_control control;
        start(&message, 2, operations[i]);
        bg_write_nil(&message);
        assert_true(read_message(&message, &control));
        assert_int_equal(control.kind, BG_CONTROL_OTHER);
    }
}

/* A copy of exactly this size, so that a sanitizer sees a byte too many. */
static bool read_copy(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length > 0 ? length : 1);
    struct bg_control control = {.kind = BG_CONTROL_OTHER};
    memcpy(copy, bytes, length);
    bool whole = bg_control_read((struct bg_slice){.bytes = copy, .length = length}, &control);
    if (whole && control.kind != BG_CONTROL_OTHER)
        assert_true(control.value.bytes >= copy && control.value.bytes + control.value.length <= copy + length);
    free(copy);
    return whole;
}

static void cut_messages_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        struct bg_writer message;
        writers[i](&message);
        for (size_t cut = 0; cut < message.length; cut++)
            assert_false(read_copy(message.bytes, cut));
        assert_true(read_copy(message.bytes, message.length));
    }
}

static void changed_messages_do_no_harm(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++) {
        struct bg_writer message;
        writers[i](&message);
        for (size_t at = 0; at < message.length; at++)
            for (unsigned value = 0; value < 256; value++) {
                uint8_t before = message.bytes[at];
                message.bytes[at] = (uint8_t)value;
                (void)read_copy(message.bytes, message.length);
                message.bytes[at] = before;
            }
    }
}

static void random_bytes_do_no_harm(void **state)
{
    (void)state;
    uint32_t seed = 12345;
    for (int round = 0; round < 20000; round++) {
        uint8_t bytes[96] = {'p', BG_TERM_VERSION, 'h'};
        size_t length = 3 + (seed >> 8) % (sizeof bytes - 3);
        for (size_t i = 3; i < length; i++)
            bytes[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
        (void)read_copy(bytes, length);
        seed = seed * 1664525u + 1013904223u;
    }
}

static void refused(const void *bytes, size_t length)
{
    assert_false(read_copy(bytes, length));
}

static void what_is_no_control_message_is_refused(void **state)
{
    (void)state;
    struct bg_writer message;
    write_send(&message);
    bg_write_u8(&message, 0); /* a payload of more than one term */
    refused(message.bytes, message.length);
    refused("D\x83h\1a\1", 6); /* not pass-through */
    refused("p\x82h\1a\1", 6);
    refused("p\x83h\0", 4);
    refused("p\x83l\0\0\0\1a\1j", 10);
    refused("p\x83h\x09"
            "a\1a\1a\1a\1a\1a\1a\1a\1a\1",
            22);                /* too many elements */
    refused("p\x83h\2a\2j", 7); /* SEND of two */
    refused("p\x83h\1w\1x", 7); /* no operation */
    start(&message, 3, 2);
    bg_write_atom(&message, "");
    bg_write_atom(&message, "name"); /* SEND to no pid */
    bg_write_bytes(&message, "\x83j", 2);
    refused(message.bytes, message.length);
}

/* The one frame that was written, without its length. */
static struct bg_reader written(struct evbuffer *out)
{
    size_t length = evbuffer_get_length(out);
    const uint8_t *bytes = evbuffer_pullup(out, -1);
    assert_int_equal(bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3], length - 4);
    return bg_reader_of((struct bg_slice){.bytes = bytes + 4, .length = length - 4});
}

/* Of a list of modules, one of functions, and the start of one of arguments. */
#define PROGRAM(modules, functions, count) "l\0\0\0\4qw\6erlangw\5applya\3l\0\0\0" count modules "jl\0\0\0" count functions "jl\0\0\0" count
#define GUARD                                                                                                                              \
    PROGRAM("w\6erlangw\11prim_evalw\6erlang", "w\11spawn_optw\7receivew\4exit", "\3")                                                     \
    "l\0\0\0\4w\5listsw\10zipwith3" PROGRAM("w\10erl_evalw\6erlang", "w\5exprsw\4exit", "\2") "l\0\0\0\3"

static void a_question_is_a_guard_with_a_worker(void **state)
{
    static const char list[] = GUARD "j"
                                     "l\0\0\0\2h\2w\4Argsa\7h\2w\5Reply";
    static const char map[] = GUARD "j"
                                    "t\0\0\0\2w\4Argsa\7w\5Reply";
    static const char rest[] = "jl\0\0\0\2qw\6erlangw\7is_atoma\1a\x63jl\0\0\0\1w\10deadlinejjj";
    (void)state;
    for (int is_map = 0; is_map < 2; is_map++) {
        struct evbuffer *out = evbuffer_new();
        struct bg_slice skipped, control, payload;
        size_t arity;
        int64_t operation;
        const struct bg_spawn spawn = {.forms = {(const uint8_t *)"j", 1},
                                       .args = {(const uint8_t *)"a\7", 2},
                                       .timeout_ms = 99,
                                       .max_heap_words = INT64_C(1) << 40,
                                       .map_bindings = is_map};
        assert_true(bg_control_spawn(&(struct bg_outgoing){.buffer = out}, &own, &spawn));
        struct bg_reader reader = written(out);
        assert_true(bg_read_bytes(&reader, 2, &skipped) && bg_read_term(&reader, &control));
        assert_true(bg_read_bytes(&reader, 1, &skipped) && skipped.bytes[0] == BG_TERM_VERSION && bg_read_term(&reader, &payload));
        assert_int_equal(bg_reader_left(&reader), 0);
        reader = bg_reader_of(control);
        assert_true(bg_read_tuple(&reader, &arity) && arity == 6 && bg_read_integer(&reader, &operation) && operation == 29);
        if (is_map)
            assert_memory_equal(payload.bytes, map, sizeof map - 1);
        else
            assert_memory_equal(payload.bytes, list, sizeof list - 1);
        assert_memory_equal(payload.bytes + payload.length - (sizeof rest - 1), rest, sizeof rest - 1);
        evbuffer_free(out);
    }
}

static void native_calls_carry_the_pid_in_its_places(void **state)
{
    (void)state;
    static const uint8_t bytes[] = "l\0\0\0\4w\1aw\1bj"; /* the pids go in before b and before the end */
    static const size_t pid_at[] = {8, 11};
    const struct bg_calls calls = {.bytes = bytes, .length = sizeof bytes - 1, .pid_at = pid_at, .pids_count = 2};
    const struct bg_native_spawn spawn = {.calls = &calls, .pid = peer, .max_heap_words = 1000};
    struct bg_writer expected = {.length = 0};
    bg_write_bytes(&expected, bytes, 8);
    bg_write_pid(&expected, &peer);
    bg_write_bytes(&expected, bytes + 8, 3);
    bg_write_pid(&expected, &peer);
    bg_write_nil(&expected);
    for (int at_server = 0; at_server < 2; at_server++) {
        struct evbuffer *out = evbuffer_new();
        struct bg_slice skipped, control, payload;
        size_t arity;
        int64_t operation;
        assert_true(at_server ? bg_control_call_server(&(struct bg_outgoing){.buffer = out}, &own, &spawn)
                              : bg_control_spawn_native(&(struct bg_outgoing){.buffer = out}, &own, &spawn));
        struct bg_reader reader = written(out);
        assert_true(bg_read_bytes(&reader, 2, &skipped) && bg_read_term(&reader, &control));
        assert_true(bg_read_bytes(&reader, 1, &skipped) && skipped.bytes[0] == BG_TERM_VERSION && bg_read_term(&reader, &payload));
        assert_int_equal(bg_reader_left(&reader), 0);
        reader = bg_reader_of(control);
        assert_true(bg_read_tuple(&reader, &arity) && bg_read_integer(&reader, &operation));
        assert_int_equal(operation, at_server ? 6 : 29);
        assert_non_null(memmem(payload.bytes, payload.length, expected.bytes, expected.length));
        evbuffer_free(out);
    }
}

static void an_unlink_is_acknowledged_with_its_number(void **state)
{
    (void)state;
    struct evbuffer *out = evbuffer_new();
    struct bg_writer message, expected;
    struct bg_control control;
    write_unlink(&message);
    assert_true(read_message(&message, &control));
    assert_true(bg_control_unlink_ack(&(struct bg_outgoing){.buffer = out}, &control));
    start(&expected, 4, 36);
    bg_write_integer(&expected, INT64_C(1) << 40);
    bg_write_pid(&expected, &own);
    bg_write_pid(&expected, &peer);
    struct bg_reader reader = written(out);
    assert_int_equal(bg_reader_left(&reader), expected.length);
    assert_memory_equal(reader.at, expected.bytes, expected.length);
    evbuffer_free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_read),
        cmocka_unit_test(an_exit_is_read_with_its_reason_here_or_in_the_payload),
        cmocka_unit_test(a_spawn_reply_and_an_unlink_are_read),
        cmocka_unit_test(other_operations_are_passed_over),
        cmocka_unit_test(cut_messages_are_refused),
        cmocka_unit_test(changed_messages_do_no_harm),
        cmocka_unit_test(random_bytes_do_no_harm),
        cmocka_unit_test(what_is_no_control_message_is_refused),
        cmocka_unit_test(a_question_is_a_guard_with_a_worker),
        cmocka_unit_test(native_calls_carry_the_pid_in_its_places),
        cmocka_unit_test(an_unlink_is_acknowledged_with_its_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
