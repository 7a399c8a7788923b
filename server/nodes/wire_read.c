/* wire_read.c: walking external terms from a peer that may be hostile: never past the end, never recursing. */
#include "wire.h"

#include <string.h>

bool bg_slice_is(struct bg_slice slice, const char *text)
{
    return slice.length == strlen(text) && memcmp(slice.bytes, text, slice.length) == 0;
}

static bool pass_bytes(struct bg_reader *reader, uint64_t length)
{
    if (length > bg_reader_left(reader))
        return false;
    reader->at += length;
    return true;
}

bool bg_read_atom(struct bg_reader *reader, struct bg_slice *ret_text)
{
    uint64_t tag, length;
    if (!bg_read_number(reader, 1, &tag))
        return false;
    size_t width = tag == 's' || tag == 'w' ? 1 : tag == 'd' || tag == 'v' ? 2 : 0;
    return width != 0 && bg_read_number(reader, width, &length) && bg_read_bytes(reader, (size_t)length, ret_text);
}

bool bg_read_pid(struct bg_reader *reader, struct bg_pid *ret_pid)
{
    struct bg_pid pid;
    uint64_t tag, id, serial, creation;
    if (!bg_read_number(reader, 1, &tag) || (tag != 'X' && tag != 'g') || !bg_read_atom(reader, &pid.node) ||
        !bg_read_number(reader, 4, &id) || !bg_read_number(reader, 4, &serial) || !bg_read_number(reader, tag == 'X' ? 4 : 1, &creation))
        return false;
    pid.id = (uint32_t)id;
    pid.serial = (uint32_t)serial;
    pid.creation = (uint32_t)creation;
    *ret_pid = pid;
    return true;
}

bool bg_read_integer(struct bg_reader *reader, int64_t *ret_value)
{
    uint64_t tag, value;
    if (!bg_read_number(reader, 1, &tag) || (tag != 'a' && tag != 'b') || !bg_read_number(reader, tag == 'a' ? 1 : 4, &value))
        return false;
    *ret_value = tag == 'a' ? (int64_t)value : (int32_t)(uint32_t)value;
    return true;
}

bool bg_read_tuple(struct bg_reader *reader, size_t *ret_arity)
{
    uint64_t tag, arity;
    if (!bg_read_number(reader, 1, &tag) || (tag != 'h' && tag != 'i') || !bg_read_number(reader, tag == 'h' ? 1 : 4, &arity))
        return false;
    *ret_arity = (size_t)arity;
    return true;
}

bool bg_read_list(struct bg_reader *reader, size_t *ret_count)
{
    uint64_t tag, count = 0;
    if (!bg_read_number(reader, 1, &tag) || (tag != 'j' && tag != 'l') || (tag == 'l' && !bg_read_number(reader, 4, &count)))
        return false;
    *ret_count = (size_t)count;
    return true;
}

const struct bg_shape bg_shapes[UINT8_MAX + 1] = {
    ['a'] = {.known = true, .extra = 1},
    ['b'] = {.known = true, .extra = 4},
    ['F'] = {.known = true, .extra = 8},
    ['c'] = {.known = true, .extra = 31},
    ['d'] = {.known = true, .is_atom = true, .width = 2, .unit = 1},
    ['v'] = {.known = true, .is_atom = true, .width = 2, .unit = 1},
    ['s'] = {.known = true, .is_atom = true, .width = 1, .unit = 1},
    ['w'] = {.known = true, .is_atom = true, .width = 1, .unit = 1},
    ['h'] = {.known = true, .width = 1, .terms = 1},
    ['i'] = {.known = true, .width = 4, .terms = 1},
    ['j'] = {.known = true},
    ['k'] = {.known = true, .width = 2, .unit = 1},
    ['l'] = {.known = true, .width = 4, .terms = 1, .more = 1},
    ['t'] = {.known = true, .width = 4, .terms = 2},
    ['m'] = {.known = true, .width = 4, .unit = 1},
    ['M'] = {.known = true, .width = 4, .unit = 1, .extra = 1},
    ['n'] = {.known = true, .width = 1, .unit = 1, .extra = 1},
    ['o'] = {.known = true, .width = 4, .unit = 1, .extra = 1},
    ['g'] = {.known = true, .atom = 1, .extra = 9},
    ['X'] = {.known = true, .atom = 1, .extra = 12},
    ['f'] = {.known = true, .atom = 1, .extra = 5},
    ['Y'] = {.known = true, .atom = 1, .extra = 8},
    ['x'] = {.known = true, .atom = 1, .extra = 12},
    ['e'] = {.known = true, .atom = 1, .extra = 5},
    ['r'] = {.known = true, .width = 2, .unit = 4, .atom = 1, .extra = 1},
    ['Z'] = {.known = true, .width = 2, .unit = 4, .atom = 1, .extra = 4},
    ['q'] = {.known = true, .more = 3},
};

/* A fun has its own size, including the four bytes of the size. */
static bool pass_fun(struct bg_reader *reader)
{
    uint64_t size;
    return bg_read_number(reader, 4, &size) && size >= 4 && pass_bytes(reader, size - 4);
}

/* Passes one term without the terms inside it, and returns their number. */
static bool pass_head(struct bg_reader *reader, uint64_t *ret_inside)
{
    uint64_t tag, count = 0;
    struct bg_slice node;
    *ret_inside = 0;
    if (!bg_read_number(reader, 1, &tag))
        return false;
    if (tag == 'p')
        return pass_fun(reader);
    const struct bg_shape *shape = &bg_shapes[tag];
    if (!shape->known || (shape->width > 0 && !bg_read_number(reader, shape->width, &count)) ||
        (shape->atom && !bg_read_atom(reader, &node)))
        return false;
    *ret_inside = count * shape->terms + shape->more;
    return pass_bytes(reader, count * shape->unit + shape->extra);
}

bool bg_read_term(struct bg_reader *reader, struct bg_slice *ret_term)
{
    const uint8_t *start = reader->at;
    for (uint64_t pending = 1; pending > 0; pending--) {
        uint64_t inside;
        if (!pass_head(reader, &inside))
            return false;
        pending += inside;
        if (pending - 1 > bg_reader_left(reader)) /* every term has at least a byte */
            return false;
    }
    *ret_term = (struct bg_slice){.bytes = start, .length = (size_t)(reader->at - start)};
    return true;
}
