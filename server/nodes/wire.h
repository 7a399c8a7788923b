/* wire.h: writing and reading the external term format, always within bounds. */
#ifndef BG_NODES_WIRE_H
#define BG_NODES_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BG_TERM_VERSION 131

/* Bytes that belong to someone else. */
struct bg_slice {
    const uint8_t *bytes;
    size_t length;
};

bool bg_slice_is(struct bg_slice slice, const char *text);

/* A process, ours or the peer's; `node` is a name in plain bytes. */
struct bg_pid {
    struct bg_slice node;
    uint32_t id, serial, creation;
};

/* All that is written into a writer is bounded: a few names of at most 255 bytes, and numbers. */
#define BG_WRITER_SIZE 4096

struct bg_writer {
    size_t length;
    uint8_t bytes[BG_WRITER_SIZE];
};

void bg_write_bytes(struct bg_writer *writer, const void *bytes, size_t length);
void bg_write_u8(struct bg_writer *writer, uint8_t value);
void bg_write_u16(struct bg_writer *writer, uint16_t value);
void bg_write_u32(struct bg_writer *writer, uint32_t value);
void bg_write_u64(struct bg_writer *writer, uint64_t value);
void bg_write_atom(struct bg_writer *writer, const char *text); /* at most 255 bytes */
void bg_write_integer(struct bg_writer *writer, int64_t value);
void bg_write_tuple(struct bg_writer *writer, uint8_t arity);
void bg_write_list(struct bg_writer *writer, uint32_t count); /* `count` terms and bg_write_nil() follow */
void bg_write_nil(struct bg_writer *writer);
void bg_write_map(struct bg_writer *writer, uint32_t pairs);
void bg_write_pid(struct bg_writer *writer, const struct bg_pid *pid);
void bg_write_reference(struct bg_writer *writer, const struct bg_pid *maker); /* a reference for a pid's id */

/* The rest of the input. On malformed or truncated input a reading function returns false, and the reader's position is undefined. */
struct bg_reader {
    const uint8_t *at, *end;
};

static inline struct bg_reader bg_reader_of(struct bg_slice slice)
{
    return (struct bg_reader){.at = slice.bytes, .end = slice.bytes + slice.length};
}

static inline size_t bg_reader_left(const struct bg_reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

static inline bool bg_read_bytes(struct bg_reader *reader, size_t length, struct bg_slice *ret_slice)
{
    if (length > bg_reader_left(reader))
        return false;
    *ret_slice = (struct bg_slice){.bytes = reader->at, .length = length};
    reader->at += length;
    return true;
}

/* Big-endian, 1 to 8 bytes. */
static inline bool bg_read_number(struct bg_reader *reader, size_t width, uint64_t *ret_value)
{
    if (width > bg_reader_left(reader))
        return false;
    uint64_t value = 0;
    for (const uint8_t *end = reader->at + width; reader->at < end; reader->at++)
        value = value << 8 | *reader->at;
    *ret_value = value;
    return true;
}

bool bg_read_term(struct bg_reader *reader, struct bg_slice *ret_term); /* any one term, whole */
bool bg_read_tuple(struct bg_reader *reader, size_t *ret_arity);
bool bg_read_list(struct bg_reader *reader, size_t *ret_count); /* nil is an empty list; a tail follows any other list */
bool bg_read_integer(struct bg_reader *reader, int64_t *ret_value);
bool bg_read_atom(struct bg_reader *reader, struct bg_slice *ret_text);
bool bg_read_pid(struct bg_reader *reader, struct bg_pid *ret_pid);

/* What follows each tag: a length of `width` bytes that counts `unit`s, an atom, `extra` bytes, and terms. */
struct bg_shape {
    bool known;
    bool is_atom;
    uint8_t width; /* of the length that follows the tag; 0: none */
    uint8_t unit;  /* bytes per counted unit, after the atom */
    uint8_t atom;  /* a node's name follows */
    uint8_t extra; /* further bytes */
    uint8_t terms; /* terms per counted unit; a list also has its tail */
    uint8_t more;  /* further terms */
};
extern const struct bg_shape bg_shapes[UINT8_MAX + 1]; /* by tag; not `known`: an invalid tag, or a fun's, which has its own size */

/* Writes a term as Erlang would print it, cut where it is long or deep, printable ASCII only, always terminated. */
void bg_term_describe(struct bg_slice term, size_t size, char *ret_text);

#endif
