/* json.c: writes JSON as jansson does, compact and in ASCII. Most values are integers and plain texts, and jansson takes ten times as long
 * for those; the others are left to it. */
#include "json.h"

#include <string.h>

#define FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY)

static int add_bytes(const char *bytes, size_t length, void *sink)
{
    return bg_sink_add(sink, bytes, length) ? 0 : -1;
}

static bool leave(struct bg_sink *sink, const json_t *json)
{
    return json_dump_callback(json, add_bytes, sink, FLAGS) == 0;
}

static bool is_plain(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\')
            return false;
    return true;
}

static bool add_text(struct bg_sink *sink, const char *text, size_t length)
{
    return bg_sink_add(sink, "\"", 1) && bg_sink_add(sink, text, length) && bg_sink_add(sink, "\"", 1);
}

static bool add_string(struct bg_sink *sink, const json_t *json)
{
    const char *text = json_string_value(json);
    const size_t length = json_string_length(json);
    return is_plain(text, length) ? add_text(sink, text, length) : leave(sink, json);
}

static bool add_key(struct bg_sink *sink, const char *key)
{
    const size_t length = strlen(key);
    if (is_plain(key, length))
        return add_text(sink, key, length);
    json_t *json = json_string(key);
    const bool done = json != NULL && leave(sink, json);
    json_decref(json);
    return done;
}

static bool add_integer(struct bg_sink *sink, json_int_t number)
{
    char digits[24], *at = digits + sizeof digits;
    unsigned long long left = number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number;
    do
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (number < 0)
        *--at = '-';
    return bg_sink_add(sink, at, (size_t)(digits + sizeof digits - at));
}

static bool add_array(struct bg_sink *sink, const json_t *array)
{
    const size_t count = json_array_size(array);
    bool done = bg_sink_add(sink, "[", 1);
    for (size_t i = 0; done && i < count; i++)
        done = (i == 0 || bg_sink_add(sink, ",", 1)) && bg_json_write(sink, json_array_get(array, i));
    return done && bg_sink_add(sink, "]", 1);
}

static bool add_object(struct bg_sink *sink, json_t *object)
{
    bool done = bg_sink_add(sink, "{", 1), is_first = true;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        done = done && (is_first || bg_sink_add(sink, ",", 1)) && add_key(sink, key) && bg_sink_add(sink, ":", 1) &&
               bg_json_write(sink, value);
        is_first = false;
    }
    return done && bg_sink_add(sink, "}", 1);
}

bool bg_json_write(struct bg_sink *sink, const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return add_object(sink, (json_t *)json); /* jansson's iterators want it so */
    case JSON_ARRAY:
        return add_array(sink, json);
    case JSON_STRING:
        return add_string(sink, json);
    case JSON_INTEGER:
        return add_integer(sink, json_integer_value(json));
    case JSON_TRUE:
        return bg_sink_add(sink, "true", 4);
    case JSON_FALSE:
        return bg_sink_add(sink, "false", 5);
    case JSON_NULL:
        return bg_sink_add(sink, "null", 4);
    case JSON_REAL:
        break;
    }
    return leave(sink, json);
}
