/* fuzz_frame.c: hostile frames of a node, one after the other, each behind its length in two bytes. What the atom cache makes plain terms
 * of must be terms, and survive another two caches. */
#include "atom_cache.h"
#include "control.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#define PLAIN_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 'p' 131, a term, and perhaps 131 and another one. */
static void check_plain(struct bg_slice plain)
{
    struct bg_reader reader = bg_reader_of(plain);
    struct bg_slice term;
    struct bg_control control;
    uint64_t mark;
    if (!bg_read_number(&reader, 2, &mark) || mark != ('p' << 8 | BG_TERM_VERSION) || !bg_read_term(&reader, &term))
        abort();
    if (bg_reader_left(&reader) > 0 &&
        (!bg_read_number(&reader, 1, &mark) || mark != BG_TERM_VERSION || !bg_read_term(&reader, &term) || bg_reader_left(&reader) > 0))
        abort();
    (void)bg_control_read(plain, &control);
}

/* Through a pair of caches and back. False where it has a fun, which we never send. A malloc'ed copy. */
static bool carry(struct bg_atom_cache *one, struct bg_atom_cache *other, struct bg_slice plain, struct bg_slice *ret_copy)
{
    struct evbuffer *wire = evbuffer_new();
    const struct bg_piece piece = {.bytes = plain};
    struct bg_slice again;
    const bool packed = bg_atom_cache_pack(one, &(struct bg_message){.pieces = &piece, .count = 1}, wire);
    if (packed) {
        evbuffer_drain(wire, 4);
        const size_t length = evbuffer_get_length(wire);
        if (bg_atom_cache_unpack(other, (struct bg_slice){evbuffer_pullup(wire, -1), length}, 2 * PLAIN_MAX, &again) != BG_ATOM_CACHE_DONE)
            abort();
        uint8_t *copy = malloc(again.length);
        if (copy == NULL)
            abort();
        memcpy(copy, again.bytes, again.length);
        *ret_copy = (struct bg_slice){copy, again.length};
    }
    evbuffer_free(wire);
    return packed;
}

/* The first time old tags of atoms become the usual one; from then on all stays as it is. */
static void check_carried(struct bg_atom_cache *one, struct bg_atom_cache *other, struct bg_slice plain)
{
    struct bg_slice usual, same;
    if (!carry(one, other, plain, &usual))
        return;
    if (!carry(one, other, usual, &same) || same.length != usual.length || memcmp(same.bytes, usual.bytes, same.length) != 0)
        abort();
    free((void *)usual.bytes);
    free((void *)same.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bg_atom_cache *caches[3] = {bg_atom_cache_new(), bg_atom_cache_new(), bg_atom_cache_new()};
    for (size_t at = 0; at + 2 <= size;) {
        size_t length = (size_t)data[at] << 8 | data[at + 1];
        struct bg_slice plain;
        at += 2;
        length = length < size - at ? length : size - at;
        if (bg_atom_cache_unpack(caches[0], (struct bg_slice){data + at, length}, PLAIN_MAX, &plain) == BG_ATOM_CACHE_DONE) {
            check_plain(plain);
            check_carried(caches[1], caches[2], plain);
        }
        at += length;
    }
    for (size_t i = 0; i < 3; i++)
        bg_atom_cache_free(caches[i]);
    return 0;
}
