/* test_framing.c: messages come out whole, however they came in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "framing.h"

#include <event2/buffer.h>

/* Three frames, the second a tick. */
static const uint8_t stream[] = {0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 0, 0, 0, 0, 1, 'd'};

/* Appends each frame and a dot to a text. */
static void take_all(struct evbuffer *in, struct evbuffer *text)
{
    struct bg_slice frame;
    while (bg_frame_next(in, 4, 16, &frame) == BG_FRAME_READY) {
        evbuffer_add(text, frame.bytes, frame.length);
        evbuffer_add(text, ".", 1);
        bg_frame_drop(in, 4, frame);
    }
}

static void frames_come_whole_at_every_split(void **state)
{
    (void)state;
    for (size_t first = 0; first <= sizeof stream; first++)
        for (size_t second = first; second <= sizeof stream; second++) {
            struct evbuffer *in = evbuffer_new();
            struct evbuffer *text = evbuffer_new();
            evbuffer_add(in, stream, first);
            take_all(in, text);
            evbuffer_add(in, stream + first, second - first);
            take_all(in, text);
            evbuffer_add(in, stream + second, sizeof stream - second);
            take_all(in, text);
            assert_int_equal(evbuffer_get_length(text), 7);
            assert_memory_equal(evbuffer_pullup(text, -1), "abc..d.", 7);
            assert_int_equal(evbuffer_get_length(in), 0);
            evbuffer_free(in);
            evbuffer_free(text);
        }
}

static enum bg_frame next_of(const void *bytes, size_t length, size_t width, size_t max)
{
    struct evbuffer *in = evbuffer_new();
    struct bg_slice frame;
    evbuffer_add(in, bytes, length);
    enum bg_frame result = bg_frame_next(in, width, max, &frame);
    evbuffer_free(in);
    return result;
}

static void the_largest_frame_is_taken_and_one_byte_more_refused(void **state)
{
    (void)state;
    assert_int_equal(next_of("\0\0\0\3abc", 7, 4, 3), BG_FRAME_READY);
    assert_int_equal(next_of("\0\0\0\4", 4, 4, 3), BG_FRAME_TOO_LARGE);
    assert_int_equal(next_of("\xff\xff\xff\xff", 4, 4, 1 << 20), BG_FRAME_TOO_LARGE);
    assert_int_equal(next_of("\0\3abc", 5, 2, 3), BG_FRAME_READY);
    assert_int_equal(next_of("\0\4", 2, 2, 3), BG_FRAME_TOO_LARGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_whole_at_every_split),
        cmocka_unit_test(the_largest_frame_is_taken_and_one_byte_more_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
