/* framing.h: messages after a big-endian length, taken from a stream that arrives in any pieces. */
#ifndef BG_NODES_FRAMING_H
#define BG_NODES_FRAMING_H

#include "wire.h"

struct evbuffer;

enum bg_frame { BG_FRAME_MORE, BG_FRAME_READY, BG_FRAME_TOO_LARGE };

/* The first frame of `in`; it stays in `in` until bg_frame_drop(). `width` is that of the length: 2 in a handshake, 4 after it, where
 * a frame of no bytes is a tick. Never waits for more than `max` bytes: a longer frame is refused as soon as its length is known. */
enum bg_frame bg_frame_next(struct evbuffer *in, size_t width, size_t max, struct bg_slice *ret_frame);
void bg_frame_drop(struct evbuffer *in, size_t width, struct bg_slice frame);

#endif
