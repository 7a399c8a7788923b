/* framing.c: messages after a big-endian length, taken from a stream that arrives in any pieces. */
#include "framing.h"

#include <event2/buffer.h>

enum bg_frame bg_frame_next(struct evbuffer *in, size_t width, size_t max, struct bg_slice *ret_frame)
{
    uint8_t head[4];
    uint64_t length;
    if (evbuffer_copyout(in, head, width) < (ev_ssize_t)width)
        return BG_FRAME_MORE;
    struct bg_reader reader = bg_reader_of((struct bg_slice){.bytes = head, .length = width});
    if (!bg_read_number(&reader, width, &length) || length > max)
        return BG_FRAME_TOO_LARGE;
    if (evbuffer_get_length(in) < width + length)
        return BG_FRAME_MORE;
    const uint8_t *bytes = evbuffer_pullup(in, (ev_ssize_t)(width + length));
    if (bytes == NULL) /* no memory for it: handled the same */
        return BG_FRAME_TOO_LARGE;
    *ret_frame = (struct bg_slice){.bytes = bytes + width, .length = (size_t)length};
    return BG_FRAME_READY;
}

void bg_frame_drop(struct evbuffer *in, size_t width, struct bg_slice frame)
{
    evbuffer_drain(in, width + frame.length);
}
