/* wire_text.c: a term as short and harmless text, for reasons that people read. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 6
#define ELEMENTS_MAX 8

struct text {
    char *bytes;
    size_t size, length;
};

static void text_add(struct text *text, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length && text->length + 1 < text->size; i++)
        text->bytes[text->length++] = (char)(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?');
}

static void text_say(struct text *text, const char *words)
{
    text_add(text, words, strlen(words));
}

static bool describe(struct text *text, struct bg_reader *reader, unsigned depth);

/* Writes the `count` terms of a container, the first ones as text. */
static bool describe_inside(struct text *text, struct bg_reader *reader, uint64_t count, unsigned depth)
{
    for (uint64_t i = 0; i < count; i++) {
        if (i > 0)
            text_say(text, ",");
        if (i == ELEMENTS_MAX || depth == DEPTH_MAX || text->length + 1 >= text->size) {
            text_say(text, "...");
            return false; /* enough text: the caller stops too */
        }
        if (!describe(text, reader, depth + 1))
            return false;
    }
    return true;
}

static bool describe_list(struct text *text, struct bg_reader *reader, unsigned depth)
{
    size_t count;
    struct bg_slice tail;
    bool whole = bg_read_list(reader, &count);
    text_say(text, "[");
    whole = whole && describe_inside(text, reader, count, depth) && (count == 0 || bg_read_term(reader, &tail));
    text_say(text, "]");
    return whole;
}

static bool describe_tuple(struct text *text, struct bg_reader *reader, unsigned depth)
{
    size_t arity;
    bool whole = bg_read_tuple(reader, &arity);
    text_say(text, "{");
    whole = whole && describe_inside(text, reader, arity, depth);
    text_say(text, "}");
    return whole;
}

static bool describe_bytes(struct text *text, struct bg_reader *reader, size_t width)
{
    uint64_t length;
    struct bg_slice bytes;
    reader->at++;
    if (!bg_read_number(reader, width, &length) || !bg_read_bytes(reader, (size_t)length, &bytes))
        return false;
    text_say(text, "\"");
    text_add(text, (const char *)bytes.bytes, bytes.length);
    text_say(text, "\"");
    return true;
}

static bool describe_integer(struct text *text, struct bg_reader *reader)
{
    int64_t value;
    char digits[24];
    if (!bg_read_integer(reader, &value))
        return false;
    snprintf(digits, sizeof digits, "%lld", (long long)value);
    text_say(text, digits);
    return true;
}

static bool describe_other(struct text *text, struct bg_reader *reader)
{
    struct bg_slice any;
    text_say(text, "...");
    return bg_read_term(reader, &any);
}

static bool describe_atom(struct text *text, struct bg_reader *reader)
{
    struct bg_slice atom;
    if (!bg_read_atom(reader, &atom))
        return false;
    text_add(text, (const char *)atom.bytes, atom.length);
    return true;
}

static bool describe(struct text *text, struct bg_reader *reader, unsigned depth)
{
    if (bg_reader_left(reader) == 0)
        return false;
    switch (*reader->at) {
    case 'd':
    case 'v':
    case 's':
    case 'w':
        return describe_atom(text, reader);
    case 'a':
    case 'b':
        return describe_integer(text, reader);
    case 'h':
    case 'i':
        return describe_tuple(text, reader, depth);
    case 'j':
    case 'l':
        return describe_list(text, reader, depth);
    case 'k':
        return describe_bytes(text, reader, 2);
    case 'm':
        return describe_bytes(text, reader, 4);
    default:
        return describe_other(text, reader);
    }
}

void bg_term_describe(struct bg_slice term, size_t size, char *ret_text)
{
    struct text text = {.bytes = ret_text, .size = size};
    struct bg_reader reader = bg_reader_of(term);
    describe(&text, &reader, 0);
    ret_text[text.length] = '\0';
}
