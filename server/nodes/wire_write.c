/* wire_write.c: the few external terms that we send. */
#include "wire.h"

#include <assert.h>
#include <string.h>

void bg_write_bytes(struct bg_writer *writer, const void *bytes, size_t length)
{
    assert(length <= BG_WRITER_SIZE - writer->length);
    if (length > BG_WRITER_SIZE - writer->length)
        return;
    memcpy(writer->bytes + writer->length, bytes, length);
    writer->length += length;
}

static void write_number(struct bg_writer *writer, size_t width, uint64_t value)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * (width - 1 - i)));
    bg_write_bytes(writer, bytes, width);
}

void bg_write_u8(struct bg_writer *writer, uint8_t value)
{
    write_number(writer, 1, value);
}

void bg_write_u16(struct bg_writer *writer, uint16_t value)
{
    write_number(writer, 2, value);
}

void bg_write_u32(struct bg_writer *writer, uint32_t value)
{
    write_number(writer, 4, value);
}

void bg_write_u64(struct bg_writer *writer, uint64_t value)
{
    write_number(writer, 8, value);
}

static void write_atom_bytes(struct bg_writer *writer, const void *bytes, size_t length)
{
    assert(length <= 255);
    bg_write_u8(writer, 'w');
    bg_write_u8(writer, (uint8_t)length);
    bg_write_bytes(writer, bytes, length);
}

void bg_write_atom(struct bg_writer *writer, const char *text)
{
    write_atom_bytes(writer, text, strlen(text));
}

/* A big one has its magnitude in little-endian bytes. */
static void write_big(struct bg_writer *writer, int64_t value)
{
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    bg_write_u8(writer, 'n');
    bg_write_u8(writer, 8);
    bg_write_u8(writer, value < 0);
    for (size_t i = 0; i < 8; i++)
        bg_write_u8(writer, (uint8_t)(magnitude >> (8 * i)));
}

void bg_write_integer(struct bg_writer *writer, int64_t value)
{
    if (value >= 0 && value <= UINT8_MAX) {
        bg_write_u8(writer, 'a');
        bg_write_u8(writer, (uint8_t)value);
    } else if (value >= INT32_MIN && value <= INT32_MAX) {
        bg_write_u8(writer, 'b');
        bg_write_u32(writer, (uint32_t)(int32_t)value);
    } else {
        write_big(writer, value);
    }
}

void bg_write_tuple(struct bg_writer *writer, uint8_t arity)
{
    bg_write_u8(writer, 'h');
    bg_write_u8(writer, arity);
}

void bg_write_list(struct bg_writer *writer, uint32_t count)
{
    bg_write_u8(writer, 'l');
    bg_write_u32(writer, count);
}

void bg_write_nil(struct bg_writer *writer)
{
    bg_write_u8(writer, 'j');
}

void bg_write_map(struct bg_writer *writer, uint32_t pairs)
{
    bg_write_u8(writer, 't');
    bg_write_u32(writer, pairs);
}

void bg_write_pid(struct bg_writer *writer, const struct bg_pid *pid)
{
    bg_write_u8(writer, 'X');
    write_atom_bytes(writer, pid->node.bytes, pid->node.length);
    bg_write_u32(writer, pid->id);
    bg_write_u32(writer, pid->serial);
    bg_write_u32(writer, pid->creation);
}

/* The first word of a reference has 18 bits before OTP 24, so the pid goes into the others. */
void bg_write_reference(struct bg_writer *writer, const struct bg_pid *maker)
{
    bg_write_u8(writer, 'Z');
    bg_write_u16(writer, 3);
    write_atom_bytes(writer, maker->node.bytes, maker->node.length);
    bg_write_u32(writer, maker->creation);
    bg_write_u32(writer, 0);
    bg_write_u32(writer, maker->id);
    bg_write_u32(writer, maker->serial);
}
