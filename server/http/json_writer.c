/* json_writer.c: JSON documents as bytes. */
#include "json_writer.h"

#include "beamgauge/text.h"

#include <inttypes.h>
#include <stdint.h>
#include <string.h>

#define DEPTH_MAX 512 /* far beyond any answer, and far from the end of any stack */
#define NUMBER_SIZE 32

static bool write_text(struct bg_sink *sink, const char *text)
{
    return bg_sink_add(sink, text, strlen(text));
}

static bool write_unit(struct bg_sink *sink, unsigned unit)
{
    static const char digits[] = "0123456789ABCDEF";
    const char escape[] = {'\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]};

    return bg_sink_add(sink, escape, sizeof escape);
}

/* The letter after the backslash, or 0 where there is none. */
static char short_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

static bool write_escaped(struct bg_sink *sink, uint32_t code_point)
{
    char letter = code_point < 0x80 ? short_escape((char)code_point) : 0;

    if (letter != 0)
        return bg_sink_add(sink, (const char[]){'\\', letter}, 2);
    if (code_point < 0x10000)
        return write_unit(sink, code_point);
    code_point -= 0x10000;
    return write_unit(sink, 0xD800 | code_point >> 10) && write_unit(sink, 0xDC00 | (code_point & 0x3FF));
}

static bool is_plain(char c)
{
    return c >= 0x20 && c != '"' && c != '\\';
}

static bool write_string(struct bg_sink *sink, const char *text, size_t length)
{
    bool done = bg_sink_add(sink, "\"", 1);

    for (size_t i = 0, from; done && i < length;) {
        uint32_t code_point = 0;
        size_t taken;

        for (from = i; i < length && is_plain(text[i]);)
            i++;
        if (i > from)
            done = bg_sink_add(sink, text + from, i - from);
        if (i == length)
            break;
        taken = bg_text_utf8_first(text + i, length - i, &code_point);
        done = done && taken > 0 && write_escaped(sink, code_point);
        i += taken;
    }
    return done && bg_sink_add(sink, "\"", 1);
}

static bool write_integer(struct bg_sink *sink, json_int_t integer)
{
    char text[NUMBER_SIZE], *at = text + sizeof text;
    uint64_t left = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;

    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (integer < 0)
        *--at = '-';
    return bg_sink_add(sink, at, (size_t)(text + sizeof text - at));
}

/* Reals are few: jansson knows how to write them. */
static bool write_real(struct bg_sink *sink, const json_t *real)
{
    char text[NUMBER_SIZE];
    size_t length = json_dumpb(real, text, sizeof text, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

    return length > 0 && length <= sizeof text && bg_sink_add(sink, text, length);
}

static bool write_value(struct bg_sink *sink, const json_t *json, int depth);

static bool write_array(struct bg_sink *sink, const json_t *array, int depth)
{
    const size_t count = json_array_size(array);
    bool done = bg_sink_add(sink, "[", 1);

    for (size_t i = 0; done && i < count; i++)
        done = (i == 0 || bg_sink_add(sink, ",", 1)) && write_value(sink, json_array_get(array, i), depth + 1);
    return done && bg_sink_add(sink, "]", 1);
}

static bool write_object(struct bg_sink *sink, json_t *object, int depth)
{
    void *first = json_object_iter(object);
    bool done = bg_sink_add(sink, "{", 1);

    for (void *at = first; done && at != NULL; at = json_object_iter_next(object, at))
        done = (at == first || bg_sink_add(sink, ",", 1)) && write_string(sink, json_object_iter_key(at), json_object_iter_key_len(at)) &&
               bg_sink_add(sink, ":", 1) && write_value(sink, json_object_iter_value(at), depth + 1);
    return done && bg_sink_add(sink, "}", 1);
}

static bool write_value(struct bg_sink *sink, const json_t *json, int depth)
{
    if (json == NULL || depth > DEPTH_MAX)
        return false;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return write_object(sink, (json_t *)json, depth); /* jansson's iterators take no const */
    case JSON_ARRAY:
        return write_array(sink, json, depth);
    case JSON_STRING:
        return write_string(sink, json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        return write_integer(sink, json_integer_value(json));
    case JSON_REAL:
        return write_real(sink, json);
    case JSON_TRUE:
        return write_text(sink, "true");
    case JSON_FALSE:
        return write_text(sink, "false");
    case JSON_NULL:
        return write_text(sink, "null");
    }
    return false;
}

bool bg_json_write(struct bg_sink *sink, const json_t *json)
{
    return write_value(sink, json, 0);
}
