/* test_atom_cache.c: what one side packs the other one unpacks, and nothing that a peer sends is read past its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "atom_cache.h"
#include "beamgauge/sink.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX ((size_t)1 << 20)

static const struct bg_atom_named named[] = {{0, 2, "ok"}, {700, 6, "erlang"}};

/* Every kind of term, and atoms in each place that has one; "R\0" and "R\1" are the named ones. */
#define PLAIN_HEAD "p\203h\2a\35w\2ok"
#define PLAIN_TAIL                                                                                                                         \
    "\203l\0\0\0\23w\5erlanw\2okb\0\0\1\2F\0\0\0\0\0\0\0\0"                                                                                \
    "i\0\0\0\1jk\0\3w\2bt\0\0\0\1w\1km\0\0\0\3w\1aM\0\0\0\1\4\360n\2\0\1\2o\0\0\0\2\1\1\2"                                                 \
    "Xw\1n\0\0\0\1\0\0\0\0\0\0\0\1Yw\1n\0\0\0\1\0\0\0\1xw\1n\0\0\0\0\0\0\0\1\0\0\0\1Z\0\2w\1n\0\0\0\1\0\0\0\1\0\0\0\2"                     \
    "r\0\2w\1n\1\0\0\0\1\0\0\0\2gw\1n\0\0\0\1\0\0\0\0\1fw\1n\0\0\0\1\1ew\1n\0\0\0\1\1qw\1mw\1fa\1j"

struct pair {
    struct bg_atom_cache *one, *other;
    struct evbuffer *wire;
};

static void pair_open(struct pair *pair)
{
    *pair = (struct pair){bg_atom_cache_new(), bg_atom_cache_new(), evbuffer_new()};
}

static void pair_close(struct pair *pair)
{
    bg_atom_cache_free(pair->one);
    bg_atom_cache_free(pair->other);
    evbuffer_free(pair->wire);
}

static struct bg_slice slice_of(const void *bytes, size_t length)
{
    return (struct bg_slice){.bytes = bytes, .length = length};
}

/* The length of the frame that the message goes over the wire as. */
static size_t assert_carried(struct pair *pair, const struct bg_message *message)
{
    struct bg_sink plain;
    struct bg_slice unpacked;
    bg_sink_init(&plain);
    assert_true(bg_message_spell(message, &plain));
    assert_true(bg_atom_cache_pack(pair->one, message, pair->wire));
    const size_t length = evbuffer_get_length(pair->wire);
    uint8_t *frame = malloc(length); /* exactly, so that a sanitizer sees a byte too many */
    assert_int_equal(evbuffer_remove(pair->wire, frame, length), length);
    assert_int_equal(((size_t)frame[0] << 24 | (size_t)frame[1] << 16 | (size_t)frame[2] << 8 | frame[3]), length - 4);
    memmove(frame, frame + 4, length - 4);
    assert_int_equal(bg_atom_cache_unpack(pair->other, slice_of(frame, length - 4), MAX, &unpacked), BG_ATOM_CACHE_DONE);
    assert_int_equal(unpacked.length, plain.length);
    assert_memory_equal(unpacked.bytes, plain.bytes, plain.length);
    free(frame);
    free(plain.bytes);
    return length;
}

static void what_is_packed_comes_out_as_it_was(void **state)
{
    const struct bg_piece all[] = {{.bytes = slice_of(PLAIN_HEAD, sizeof PLAIN_HEAD - 1)},
                                   {.bytes = slice_of(PLAIN_TAIL, sizeof PLAIN_TAIL - 1)}};
    const struct bg_message message = {all, 2, NULL, 0}, with_named = {all, 1, named, 2};
    struct pair pair;
    (void)state;
    pair_open(&pair);
    const size_t first = assert_carried(&pair, &message), again = assert_carried(&pair, &message);
    assert_true(again < first);
    assert_true(assert_carried(&pair, &with_named) > 0);
    assert_int_equal(assert_carried(&pair, &message), again);
    pair_close(&pair);
}

static void numbered_atoms_are_those_of_the_table(void **state)
{
    const struct bg_piece pieces[] = {{.bytes = slice_of("p\203h\3w\5other", 11)}, {.bytes = slice_of("R\1R\0", 4), .is_named = true}};
    const struct bg_message message = {pieces, 2, named, 2};
    struct bg_sink plain;
    struct pair pair;
    (void)state;
    bg_sink_init(&plain);
    assert_true(bg_message_spell(&message, &plain));
    assert_int_equal(plain.length, 23);
    assert_memory_equal(plain.bytes, "p\203h\3w\5otherw\6erlangw\2ok", 23);
    free(plain.bytes);
    pair_open(&pair);
    const size_t first = assert_carried(&pair, &message);
    assert_int_equal(assert_carried(&pair, &message), first - 3 /* lengths */ - strlen("othererlangok"));
    pair_close(&pair);
}

/* More than a message may have, and many that want the same slot. */
static void any_number_of_atoms_is_carried(void **state)
{
    static uint8_t bytes[1 << 16] = "p\203l\0\0\3\350";
    struct pair pair;
    (void)state;
    pair_open(&pair);
    for (size_t round = 0; round < 20; round++) {
        size_t length = 7;
        for (size_t i = 0; i < 1000; i++) {
            char text[16];
            const int width = snprintf(text, sizeof text, "%zu_%zu", round, i * 37);
            bytes[length++] = 'w';
            bytes[length++] = (uint8_t)width;
            memcpy(bytes + length, text, (size_t)width);
            length += (size_t)width;
        }
        bytes[length++] = 'j';
        const struct bg_piece piece = {.bytes = slice_of(bytes, length)};
        (void)assert_carried(&pair, &(struct bg_message){&piece, 1, NULL, 0});
    }
    pair_close(&pair);
}

static void assert_unpacked(const void *frame, size_t length, size_t max, enum bg_atom_cache_result wanted, const char *plain,
                            size_t plain_length)
{
    struct bg_atom_cache *cache = bg_atom_cache_new();
    uint8_t *copy = malloc(length > 0 ? length : 1);
    struct bg_slice unpacked;
    memcpy(copy, frame, length);
    assert_int_equal(bg_atom_cache_unpack(cache, slice_of(copy, length), max, &unpacked), wanted);
    if (wanted == BG_ATOM_CACHE_DONE) {
        assert_int_equal(unpacked.length, plain_length);
        assert_memory_equal(unpacked.bytes, plain, plain_length);
    }
    free(copy);
    bg_atom_cache_free(cache);
}
#define UNPACKED(frame, plain) assert_unpacked(frame, sizeof frame - 1, MAX, BG_ATOM_CACHE_DONE, plain, sizeof plain - 1)
#define REFUSED(frame) assert_unpacked(frame, sizeof frame - 1, MAX, BG_ATOM_CACHE_NONSENSE, NULL, 0)

/* Arity 0, 16 bytes, index 0, one free variable. */
#define FUN_HEAD                                                                                                                           \
    "\0"                                                                                                                                   \
    "0123456789abcdef"                                                                                                                     \
    "\0\0\0\0"                                                                                                                             \
    "\0\0\0\1"

static void what_a_node_sends_is_understood(void **state)
{
    (void)state;
    UNPACKED("\203D\0h\1a\1", "p\203h\1a\1");
    UNPACKED("\203D\1\10\5\2okR\0", "p\203w\2ok");
    UNPACKED("\203D\2\211\0\5\2ok\5\1nh\2R\0R\1h\1R\1", "p\203h\2w\2okw\1n\203h\1w\1n"); /* one slot twice, in order */
    UNPACKED("\203D\1\30\5\0\2okR\0", "p\203w\2ok");                                     /* long atoms */
}

static void the_size_of_a_fun_is_that_of_its_text(void **state)
{
    static const char frame[] = "\203D\1\10\5\3modh\2p\0\0\0\64" FUN_HEAD "R\0a\0a\0XR\0\0\0\0\1\0\0\0\1\0\0\0\1R\0R\0";
    static const char plain[] = "p\203h\2p\0\0\0\75" FUN_HEAD "w\3moda\0a\0Xw\3mod\0\0\0\1\0\0\0\1\0\0\0\1w\3modw\3mod";
    (void)state;
    UNPACKED(frame, plain);
}

static void nonsense_is_refused(void **state)
{
    static const char whole[] = "\203D\2\210\0\5\2ok\6\1nh\2R\0XR\1\0\0\0\1\0\0\0\1\0\0\0\1h\1R\1";
    (void)state;
    for (size_t length = 0; length < sizeof whole - 1; length++)
        if (length != 31) /* all but the payload */
            assert_unpacked(whole, length, MAX, BG_ATOM_CACHE_NONSENSE, NULL, 0);
    REFUSED("p\203a\1");
    REFUSED("\203E\0a\1");
    REFUSED("\203D\1\0\5R\0");      /* never sent */
    REFUSED("\203D\1\10\5\2okR\1"); /* none of the message's */
    REFUSED("\203D\0R\0");
    REFUSED("\203D\0a\1a\1a\1");          /* three terms */
    REFUSED("\203D\1\30\5\377\377okR\0"); /* too long an atom */
    REFUSED("\203D\0l\377\377\377\377a\1");
    REFUSED("\203D\0p\0\0\0\35" FUN_HEAD);
    REFUSED("\203D\0\1");
}

static void an_atom_of_a_node_has_1020_bytes_at_most(void **state)
{
    static uint8_t frame[9 + 1021], plain[5 + 1020] = "p\203v\3\374";
    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        memcpy(frame, "\203D\1\30\5\3\374", 7);
        frame[6] = (uint8_t)(frame[6] + extra);
        memset(frame + 7, 'a', 1020 + extra);
        memcpy(frame + 7 + 1020 + extra, "R\0", 2);
        memset(plain + 5, 'a', 1020);
        assert_unpacked(frame, 9 + 1020 + extra, MAX, extra > 0 ? BG_ATOM_CACHE_NONSENSE : BG_ATOM_CACHE_DONE, (char *)plain, 5 + 1020);
    }
}

/* Each has the next one as what it holds. */
static void funs_are_sixteen_deep_at_most(void **state)
{
    static uint8_t frame[2000];
    static const char head[] = "p\0\0\0\0" FUN_HEAD "w\1ma\0a\0Xw\1n\0\0\0\1\0\0\0\1\0\0\0\1";
    (void)state;
    for (size_t depth = 16; depth <= 17; depth++) {
        size_t length = 3;
        memcpy(frame, "\203D\0", 3);
        for (size_t i = 0; i < depth; i++, length += sizeof head - 1)
            memcpy(frame + length, head, sizeof head - 1);
        frame[length++] = 'j';
        struct bg_atom_cache *cache = bg_atom_cache_new();
        struct bg_slice unpacked;
        assert_int_equal(bg_atom_cache_unpack(cache, slice_of(frame, length), MAX, &unpacked),
                         depth > 16 ? BG_ATOM_CACHE_NONSENSE : BG_ATOM_CACHE_DONE);
        bg_atom_cache_free(cache);
    }
}

static void a_small_message_does_not_become_a_large_one(void **state)
{
    static uint8_t frame[20000] = "\203D\1\30\5\3\374";
    size_t length = 7;
    (void)state;
    memset(frame + length, 'a', 1020);
    length += 1020;
    memcpy(frame + length, "l\0\0\43\50", 5); /* 9,000 */
    length += 5;
    for (size_t i = 0; i < 9000; i++, length += 2)
        memcpy(frame + length, "R\0", 2);
    frame[length++] = 'j';
    assert_unpacked(frame, length, MAX, BG_ATOM_CACHE_TOO_LARGE, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_out_as_it_was),
        cmocka_unit_test(numbered_atoms_are_those_of_the_table),
        cmocka_unit_test(any_number_of_atoms_is_carried),
        cmocka_unit_test(what_a_node_sends_is_understood),
        cmocka_unit_test(the_size_of_a_fun_is_that_of_its_text),
        cmocka_unit_test(nonsense_is_refused),
        cmocka_unit_test(an_atom_of_a_node_has_1020_bytes_at_most),
        cmocka_unit_test(funs_are_sixteen_deep_at_most),
        cmocka_unit_test(a_small_message_does_not_become_a_large_one),
    };
    return cmocka_run_group_tests_name("atom cache", tests, NULL, NULL);
}
