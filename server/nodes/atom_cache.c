/* atom_cache.c: converts messages between atoms as text and atoms as cache numbers. */
#include "atom_cache.h"

#include "beamgauge/sink.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#define DISTRIBUTION_HEADER 'D'
#define ATOM_CACHE_REF 'R'
#define PASS_THROUGH 'p'
#define FUN 'p'
#define NEW_ENTRY 8u      /* in an atom's half byte of flags; the other bits are its slot's highest */
#define LONG_ATOMS 1u     /* in the half byte after those of all atoms: lengths have two bytes */
#define FUNS_MAX 16       /* nested */
#define FUN_HEAD_BYTES 25 /* size, arity, unique and index; how many free variables follows */
#define FUN_TERMS 4       /* terms: module, old index, old unique, pid */
#define HEADER_MAX (3 + BG_ATOM_CACHE_REFS_MAX / 2 + 1 + BG_ATOM_CACHE_REFS_MAX * (2 + UINT8_MAX))

struct entry {
    size_t length;
    uint8_t text[];
};

struct bg_atom_cache {
    struct entry *sent[BG_ATOM_CACHE_SLOTS], *received[BG_ATOM_CACHE_SLOTS];
    /* Of the message that is being packed; `refs` also of one that is being unpacked. */
    uint32_t message;                      /* its number */
    uint32_t used_by[BG_ATOM_CACHE_SLOTS]; /* the last message that used this slot */
    uint8_t place[BG_ATOM_CACHE_SLOTS];    /* in that message's refs */
    uint16_t refs[BG_ATOM_CACHE_REFS_MAX]; /* slots */
    bool is_new[BG_ATOM_CACHE_REFS_MAX];
    size_t refs_count;
    struct bg_sink packed, unpacked; /* their memory is kept for the next message, unless it became large */
    size_t unpacked_max;
};

#define KEPT_MAX ((size_t)1 << 16)

struct bg_atom_cache *bg_atom_cache_new(void)
{
    return calloc(1, sizeof(struct bg_atom_cache));
}

static void forget(struct entry *entries[])
{
    for (size_t i = 0; i < BG_ATOM_CACHE_SLOTS; i++) {
        free(entries[i]);
        entries[i] = NULL;
    }
}

void bg_atom_cache_reset(struct bg_atom_cache *cache)
{
    forget(cache->sent);
    forget(cache->received);
}

void bg_atom_cache_free(struct bg_atom_cache *cache)
{
    if (cache == NULL)
        return;
    bg_atom_cache_reset(cache);
    free(cache->packed.bytes);
    free(cache->unpacked.bytes);
    free(cache);
}

static void sink_empty(struct bg_sink *sink)
{
    if (sink->size > KEPT_MAX) {
        free(sink->bytes);
        bg_sink_init(sink);
    }
    sink->length = 0;
    sink->failed = false;
}

static bool add(struct bg_sink *sink, const uint8_t *bytes, size_t length)
{
    return bg_sink_add(sink, (const char *)bytes, length);
}

static bool entry_set(struct entry **place, struct bg_slice text)
{
    struct entry *entry = malloc(sizeof *entry + text.length);
    if (entry == NULL)
        return false;
    entry->length = text.length;
    memcpy(entry->text, text.bytes, text.length);
    free(*place);
    *place = entry;
    return true;
}

/* A slot after those of the questions' atoms. FNV-1a. */
static size_t slot_of(struct bg_slice text)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < text.length; i++)
        hash = (hash ^ text.bytes[i]) * 16777619u;
    return BG_ATOM_SLOTS + (hash ^ hash >> 16) % (BG_ATOM_CACHE_SLOTS - BG_ATOM_SLOTS);
}

static bool entry_is(const struct entry *entry, struct bg_slice text)
{
    return entry != NULL && entry->length == text.length && memcmp(entry->text, text.bytes, text.length) == 0;
}

/* Adds an atom of the message; no other atom of the message has its slot. */
static bool ref_add(struct bg_atom_cache *cache, size_t slot, struct bg_slice text)
{
    const bool is_known = entry_is(cache->sent[slot], text);
    if (cache->refs_count == BG_ATOM_CACHE_REFS_MAX || (!is_known && !entry_set(&cache->sent[slot], text)))
        return false;
    cache->used_by[slot] = cache->message;
    cache->place[slot] = (uint8_t)cache->refs_count;
    cache->is_new[cache->refs_count] = !is_known;
    cache->refs[cache->refs_count++] = (uint16_t)slot;
    return true;
}

/* False: the atom stays text, since another atom of the message has its slot, or there are too many. */
static bool ref_find(struct bg_atom_cache *cache, struct bg_slice text, uint8_t *ret_place)
{
    const size_t slot = slot_of(text);
    if (cache->used_by[slot] == cache->message ? !entry_is(cache->sent[slot], text) : !ref_add(cache, slot, text))
        return false;
    *ret_place = cache->place[slot];
    return true;
}

/* Adds the bytes from *from up to the atom, and then the atom. */
static bool pack_atom(struct bg_atom_cache *cache, struct bg_reader *reader, const uint8_t **from)
{
    const uint8_t *start = reader->at;
    struct bg_slice text;
    uint8_t ref[2] = {ATOM_CACHE_REF};
    if (!bg_read_atom(reader, &text))
        return false;
    if (text.length > UINT8_MAX || !ref_find(cache, text, &ref[1]))
        return true;
    const bool done = add(&cache->packed, *from, (size_t)(start - *from)) && add(&cache->packed, ref, sizeof ref);
    *from = reader->at;
    return done;
}

/* Nested terms simply follow each other, so it is enough to go from one tag to the next. */
static bool pack_piece(struct bg_atom_cache *cache, struct bg_slice piece)
{
    struct bg_reader reader = bg_reader_of(piece);
    const uint8_t *from = piece.bytes;
    struct bg_slice passed;
    while (bg_reader_left(&reader) > 0) {
        const uint8_t tag = *reader.at;
        const struct bg_shape *shape = &bg_shapes[tag];
        uint64_t count = 0;
        if (shape->is_atom) {
            if (!pack_atom(cache, &reader, &from))
                return false;
            continue;
        }
        reader.at++;
        if (tag == BG_TERM_VERSION) { /* the payload's version byte: the header replaces it too */
            if (!add(&cache->packed, from, (size_t)(reader.at - 1 - from)))
                return false;
            from = reader.at;
            continue;
        }
        if (!shape->known || (shape->width > 0 && !bg_read_number(&reader, shape->width, &count)) ||
            (shape->atom && !pack_atom(cache, &reader, &from)) ||
            !bg_read_bytes(&reader, (size_t)(count * shape->unit + shape->extra), &passed))
            return false;
    }
    return add(&cache->packed, from, (size_t)(reader.at - from));
}

static void put_half(uint8_t flags[], size_t at, unsigned half)
{
    flags[at / 2] |= (uint8_t)(half << 4 * (at & 1));
}

/* Returns how many bytes of `header` it uses. */
static size_t write_header(const struct bg_atom_cache *cache, uint8_t header[HEADER_MAX])
{
    const size_t count = cache->refs_count;
    uint8_t *flags = header + 3;
    size_t length = 3;
    header[0] = BG_TERM_VERSION;
    header[1] = DISTRIBUTION_HEADER;
    header[2] = (uint8_t)count;
    if (count > 0) {
        memset(flags, 0, count / 2 + 1);
        length += count / 2 + 1;
    }
    for (size_t i = 0; i < count; i++) {
        const struct entry *entry = cache->sent[cache->refs[i]];
        put_half(flags, i, (cache->is_new[i] ? NEW_ENTRY : 0) | (unsigned)cache->refs[i] >> 8);
        header[length++] = (uint8_t)cache->refs[i];
        if (!cache->is_new[i])
            continue;
        header[length++] = (uint8_t)entry->length;
        memcpy(header + length, entry->text, entry->length);
        length += entry->length;
    }
    return length;
}

/* The room is reserved first: a frame is appended whole or not at all. */
static bool send_packed(const struct bg_atom_cache *cache, struct evbuffer *out)
{
    uint8_t header[HEADER_MAX];
    const size_t header_length = write_header(cache, header), length = header_length + cache->packed.length;
    const uint8_t head[4] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length};
    return evbuffer_expand(out, sizeof head + length) == 0 && evbuffer_add(out, head, sizeof head) == 0 &&
           evbuffer_add(out, header, header_length) == 0 && evbuffer_add(out, cache->packed.bytes, cache->packed.length) == 0;
}

/* They come first, so that their indexes are those used in the pieces. */
static bool add_named(struct bg_atom_cache *cache, const struct bg_message *message)
{
    bool done = message->atoms_count <= BG_ATOMS_NAMED_MAX;
    for (size_t i = 0; i < message->atoms_count && done; i++) {
        const struct bg_atom_named *atom = &message->atoms[i];
        done = ref_add(cache, atom->slot, (struct bg_slice){.bytes = (const uint8_t *)atom->text, .length = atom->length});
    }
    return done;
}

/* The first piece begins with 'p' 131, which the header replaces. */
static bool pack_pieces(struct bg_atom_cache *cache, const struct bg_message *message)
{
    bool done = true;
    for (size_t i = 0; i < message->count && done; i++) {
        const struct bg_slice bytes = message->pieces[i].bytes;
        const size_t marks = i == 0 ? 2 : 0;
        done = message->pieces[i].is_named
                   ? add(&cache->packed, bytes.bytes, bytes.length)
                   : pack_piece(cache, (struct bg_slice){.bytes = bytes.bytes + marks, .length = bytes.length - marks});
    }
    return done;
}

bool bg_atom_cache_pack(struct bg_atom_cache *cache, const struct bg_message *message, struct evbuffer *out)
{
    sink_empty(&cache->packed);
    cache->refs_count = 0;
    if (++cache->message == 0) { /* after 2^32 messages */
        memset(cache->used_by, 0, sizeof cache->used_by);
        cache->message = 1;
    }
    const bool done = add_named(cache, message) && pack_pieces(cache, message) && send_packed(cache, out);
    sink_empty(&cache->packed);
    if (!done) /* the peer does not know the message's new atoms */
        forget(cache->sent);
    return done;
}

/* Goes from one tag to the next, like pack_piece(). */
static bool spell_piece(struct bg_slice piece, const struct bg_message *message, struct bg_sink *sink)
{
    struct bg_reader reader = bg_reader_of(piece);
    const uint8_t *from = piece.bytes;
    struct bg_slice passed;
    while (bg_reader_left(&reader) > 0) {
        const uint8_t tag = *reader.at++;
        const struct bg_shape *shape = &bg_shapes[tag];
        uint64_t count = 0;
        if (tag == ATOM_CACHE_REF) {
            if (bg_reader_left(&reader) == 0 || *reader.at >= message->atoms_count)
                return false;
            const struct bg_atom_named *atom = &message->atoms[*reader.at];
            const uint8_t head[2] = {'w', atom->length};
            if (!add(sink, from, (size_t)(reader.at - 1 - from)) || !add(sink, head, sizeof head) ||
                !bg_sink_add(sink, atom->text, atom->length))
                return false;
            from = ++reader.at;
        } else if ((shape->width > 0 && !bg_read_number(&reader, shape->width, &count)) || shape->atom ||
                   !bg_read_bytes(&reader, (size_t)(count * shape->unit + shape->extra), &passed)) {
            return false;
        }
    }
    return add(sink, from, (size_t)(reader.at - from));
}

bool bg_message_spell(const struct bg_message *message, struct bg_sink *sink)
{
    bool done = true;
    for (size_t i = 0; i < message->count && done; i++) {
        const struct bg_piece *piece = &message->pieces[i];
        done = piece->is_named && message->atoms_count > 0 ? spell_piece(piece->bytes, message, sink)
                                                           : add(sink, piece->bytes.bytes, piece->bytes.length);
    }
    return done;
}

/* Fills refs. */
static bool take_header(struct bg_atom_cache *cache, struct bg_reader *reader)
{
    uint64_t mark, count, byte, length;
    struct bg_slice flags, text;
    if (!bg_read_number(reader, 2, &mark) || mark != (BG_TERM_VERSION << 8 | DISTRIBUTION_HEADER) || !bg_read_number(reader, 1, &count) ||
        count > BG_ATOM_CACHE_REFS_MAX)
        return false;
    cache->refs_count = (size_t)count;
    if (count == 0)
        return true;
    if (!bg_read_bytes(reader, (size_t)count / 2 + 1, &flags))
        return false;
    const unsigned last = (unsigned)flags.bytes[count / 2] >> 4 * (count & 1);
    const size_t width = last & LONG_ATOMS ? 2 : 1;
    for (size_t i = 0; i < count; i++) {
        const unsigned half = flags.bytes[i / 2] >> 4 * (i & 1) & 15;
        if (!bg_read_number(reader, 1, &byte))
            return false;
        const size_t slot = (half & 7) << 8 | (size_t)byte;
        if (half & NEW_ENTRY &&
            (!bg_read_number(reader, width, &length) || length > BG_ATOM_CACHE_TEXT_MAX || !bg_read_bytes(reader, (size_t)length, &text)))
            return false;
        cache->unpacked.failed = half & NEW_ENTRY && !entry_set(&cache->received[slot], text);
        if (cache->unpacked.failed || cache->received[slot] == NULL)
            return false;
        cache->refs[i] = (uint16_t)slot;
    }
    return true;
}

/* An atom of either kind becomes text. */
static bool unpack_atom(struct bg_atom_cache *cache, struct bg_reader *reader, const uint8_t **from)
{
    struct bg_slice text;
    if (bg_reader_left(reader) < 2 || *reader->at != ATOM_CACHE_REF)
        return bg_read_atom(reader, &text);
    const uint8_t place = reader->at[1];
    if (place >= cache->refs_count)
        return false;
    const struct entry *entry = cache->received[cache->refs[place]];
    const bool is_short = entry->length <= UINT8_MAX;
    const uint8_t head[3] = {is_short ? 'w' : 'v', (uint8_t)(is_short ? entry->length : entry->length >> 8), (uint8_t)entry->length};
    struct bg_sink *sink = &cache->unpacked;
    const bool done = add(sink, *from, (size_t)(reader->at - *from)) && add(sink, head, is_short ? 2 : 3) &&
                      add(sink, entry->text, entry->length) && sink->length <= cache->unpacked_max;
    *from = reader->at += 2;
    return done;
}

/* A fun begins with its size, which grows with its atoms. */
struct fun {
    uint64_t pending; /* the number of terms still to come when the fun ends */
    size_t at;        /* offset of its size */
};

/* Unpacking of one term. Nested terms follow their outer term, so it is enough to count them. */
struct unpacking {
    struct bg_reader reader;
    const uint8_t *from; /* the bytes before this are in the sink */
    uint64_t pending;    /* terms to come */
    struct fun funs[FUNS_MAX];
    size_t funs_count;
};

static bool flush(struct bg_atom_cache *cache, struct unpacking *at)
{
    const bool done = add(&cache->unpacked, at->from, (size_t)(at->reader.at - at->from));
    at->from = at->reader.at;
    return done;
}

static bool start_fun(struct bg_atom_cache *cache, struct unpacking *at)
{
    struct bg_slice head;
    uint64_t count;
    at->reader.at++;
    if (at->funs_count == FUNS_MAX || !flush(cache, at) || !bg_read_bytes(&at->reader, FUN_HEAD_BYTES, &head) ||
        !bg_read_number(&at->reader, 4, &count))
        return false;
    at->funs[at->funs_count++] = (struct fun){.pending = at->pending, .at = cache->unpacked.length};
    at->pending += count + FUN_TERMS;
    return true;
}

/* Writes the new sizes of funs that have ended. */
static bool end_funs(struct bg_atom_cache *cache, struct unpacking *at)
{
    struct bg_sink *sink = &cache->unpacked;
    while (at->funs_count > 0 && at->funs[at->funs_count - 1].pending == at->pending) {
        const size_t start = at->funs[--at->funs_count].at;
        if (!flush(cache, at))
            return false;
        for (size_t i = 0; i < 4; i++)
            sink->bytes[start + i] = (char)((sink->length - start) >> 8 * (3 - i));
    }
    return true;
}

/* Passes a term without the terms inside of it. */
static bool pass_head(struct bg_atom_cache *cache, struct unpacking *at)
{
    struct bg_reader *reader = &at->reader;
    const struct bg_shape *shape = &bg_shapes[*reader->at++];
    uint64_t count = 0;
    if (!shape->known || (shape->width > 0 && !bg_read_number(reader, shape->width, &count)) ||
        (shape->atom && !unpack_atom(cache, reader, &at->from)) || count * shape->unit + shape->extra > bg_reader_left(reader))
        return false;
    reader->at += count * shape->unit + shape->extra;
    at->pending += count * shape->terms + shape->more;
    return true;
}

static bool unpack_term(struct bg_atom_cache *cache, struct bg_reader *reader)
{
    struct unpacking at = {.reader = *reader, .from = reader->at, .pending = 1};
    while (at.pending > 0) {
        if (bg_reader_left(&at.reader) < at.pending) /* every term has at least a byte */
            return false;
        const uint8_t tag = *at.reader.at;
        at.pending--;
        const bool done = tag == FUN                                        ? start_fun(cache, &at)
                          : tag == ATOM_CACHE_REF || bg_shapes[tag].is_atom ? unpack_atom(cache, &at.reader, &at.from)
                                                                            : pass_head(cache, &at);
        if (!done || !end_funs(cache, &at))
            return false;
    }
    *reader = at.reader;
    return flush(cache, &at);
}

void bg_atom_cache_drop(struct bg_atom_cache *cache)
{
    sink_empty(&cache->unpacked);
}

enum bg_atom_cache_result bg_atom_cache_unpack(struct bg_atom_cache *cache, struct bg_slice message, size_t max, struct bg_slice *ret_plain)
{
    static const uint8_t start[] = {PASS_THROUGH, BG_TERM_VERSION};
    struct bg_reader reader = bg_reader_of(message);
    struct bg_sink *sink = &cache->unpacked;
    sink_empty(sink);
    cache->unpacked_max = max;
    bool done = take_header(cache, &reader) && add(sink, start, sizeof start) && unpack_term(cache, &reader);
    if (done && bg_reader_left(&reader) > 0)
        done = add(sink, start + 1, 1) && unpack_term(cache, &reader) && bg_reader_left(&reader) == 0;
    if (sink->failed || sink->length > max)
        return BG_ATOM_CACHE_TOO_LARGE;
    *ret_plain = (struct bg_slice){.bytes = (const uint8_t *)sink->bytes, .length = sink->length};
    return done ? BG_ATOM_CACHE_DONE : BG_ATOM_CACHE_NONSENSE;
}
