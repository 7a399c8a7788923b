/* json.c: writes JSON. */
#include "beamgauge/json.h"

#include "beamgauge/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REAL_DIGITS 15

static bool add(struct bg_sink *sink, const char *text)
{
    return bg_sink_add(sink, text, strlen(text));
}

/* As UTF-16, since JSON has escapes for that only. */
static bool add_escaped(struct bg_sink *sink, uint32_t code_point)
{
    static const char letters[] = "btn?fr"; /* of 8 to 13; 11 has none */
    char text[16];

    if (code_point == '"' || code_point == '\\')
        snprintf(text, sizeof text, "\\%c", (int)code_point);
    else if (code_point >= '\b' && code_point <= '\r' && code_point != '\v')
        snprintf(text, sizeof text, "\\%c", letters[code_point - '\b']);
    else if (code_point < 0x10000)
        snprintf(text, sizeof text, "\\u%04" PRIX32, code_point);
    else
        snprintf(text, sizeof text, "\\u%04" PRIX32 "\\u%04" PRIX32, 0xD800 + ((code_point - 0x10000) >> 10),
                 0xDC00 + ((code_point - 0x10000) & 0x3FF));
    return add(sink, text);
}

/* What stands as it is goes out in one piece, up to the next character that does not. */
static bool add_string(struct bg_sink *sink, const char *text, size_t length, size_t flags)
{
    const unsigned char *bytes = (const unsigned char *)text;
    const unsigned char highest = flags & JSON_ENSURE_ASCII ? 0x7F : 0xFF;
    size_t from = 0, at = 0;
    bool done = bg_sink_add(sink, "\"", 1);

    while (done && at < length) {
        uint32_t code_point = bytes[at];
        size_t step = 1;
        if (code_point >= 0x20 && code_point != '"' && code_point != '\\' && code_point <= highest) {
            at++;
            continue;
        }
        if (code_point > 0x7F && (step = bg_text_utf8_first(text + at, length - at, &code_point)) == 0)
            step = 1, code_point = 0xFFFD; /* jansson has no such strings */
        done = bg_sink_add(sink, text + from, at - from) && add_escaped(sink, code_point);
        from = at += step;
    }
    return done && bg_sink_add(sink, text + from, length - from) && bg_sink_add(sink, "\"", 1);
}

static bool add_integer(struct bg_sink *sink, json_int_t value)
{
    char text[24], *at = text + sizeof text;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0)
        *--at = '-';
    return bg_sink_add(sink, at, (size_t)(text + sizeof text - at));
}

/* With a point or an exponent, so that it is read as a real again. */
static bool add_real(struct bg_sink *sink, double value)
{
    char text[40];

    snprintf(text, sizeof text, "%.*g", REAL_DIGITS, value);
    return add(sink, text) && (strpbrk(text, ".e") != NULL || add(sink, ".0"));
}

static bool add_array(struct bg_sink *sink, const json_t *array, size_t flags)
{
    const size_t count = json_array_size(array);
    bool done = bg_sink_add(sink, "[", 1);

    for (size_t i = 0; i < count && done; i++)
        done = (i == 0 || bg_sink_add(sink, ",", 1)) && bg_json_write(sink, json_array_get(array, i), flags);
    return done && bg_sink_add(sink, "]", 1);
}

static bool add_member(struct bg_sink *sink, void *member, bool is_first, size_t flags)
{
    return (is_first || bg_sink_add(sink, ",", 1)) &&
           add_string(sink, json_object_iter_key(member), json_object_iter_key_len(member), flags) && bg_sink_add(sink, ":", 1) &&
           bg_json_write(sink, json_object_iter_value(member), flags);
}

static int compare_members(const void *one, const void *other)
{
    return strcmp(json_object_iter_key(*(void *const *)one), json_object_iter_key(*(void *const *)other));
}

static bool add_sorted(struct bg_sink *sink, json_t *object, size_t flags)
{
    const size_t size = json_object_size(object);
    void **members = malloc((size + 1) * sizeof *members), *member;
    size_t count = 0;
    bool done = members != NULL;

    for (member = json_object_iter(object); done && member != NULL; member = json_object_iter_next(object, member))
        members[count++] = member;
    if (done)
        qsort(members, count, sizeof *members, compare_members);
    for (size_t i = 0; i < count && done; i++)
        done = add_member(sink, members[i], i == 0, flags);
    free(members);
    return done;
}

static bool add_object(struct bg_sink *sink, json_t *object, size_t flags)
{
    bool done = bg_sink_add(sink, "{", 1);

    if (flags & JSON_SORT_KEYS)
        done = done && add_sorted(sink, object, flags);
    else
        for (void *first = json_object_iter(object), *at = first; done && at != NULL; at = json_object_iter_next(object, at))
            done = add_member(sink, at, at == first, flags);
    return done && bg_sink_add(sink, "}", 1);
}

bool bg_json_write(struct bg_sink *sink, const json_t *json, size_t flags)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return add_object(sink, (json_t *)json, flags);
    case JSON_ARRAY:
        return add_array(sink, json, flags);
    case JSON_STRING:
        return add_string(sink, json_string_value(json), json_string_length(json), flags);
    case JSON_INTEGER:
        return add_integer(sink, json_integer_value(json));
    case JSON_REAL:
        return add_real(sink, json_real_value(json));
    case JSON_TRUE:
        return bg_sink_add(sink, "true", 4);
    case JSON_FALSE:
        return bg_sink_add(sink, "false", 5);
    case JSON_NULL:
        break;
    }
    return bg_sink_add(sink, "null", 4);
}

char *bg_json_text(const json_t *json, size_t flags)
{
    struct bg_sink sink;
    char *text = NULL;
    size_t length;

    bg_sink_init(&sink);
    sink.failed = json == NULL || !bg_json_write(&sink, json, flags);
    return bg_sink_end(&sink, &text, &length) ? text : NULL;
}
