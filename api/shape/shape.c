/* shape.c: checked reading of a node's answer and checked building of ours. */
#include "shape.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WHOLE_MAX 9007199254740992.0 /* 2^53: every whole number up to there is exact */

void bg_shaper_init(struct bg_shaper *shaper, const char *source)
{
    memset(shaper, 0, sizeof *shaper);
    shaper->source = source;
}

void bg_shaper_fail(struct bg_shaper *shaper, enum bg_error error, const char *format, ...)
{
    if (shaper->failed)
        return;
    char text[BG_FAILURE_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    shaper->failed = true;
    (void)bg_fail(&shaper->failure, error, "%s", text);
}

static void wrong(struct bg_shaper *shaper, const char *key, const char *expected)
{
    bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"%s\" is not %s", shaper->source, key,
                   expected);
}

static void out_of_memory(struct bg_shaper *shaper)
{
    bg_shaper_fail(shaper, BG_NO_MEMORY, "out of memory");
}

static bool is_count(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0;
}

int64_t bg_answer_count(struct bg_shaper *shaper, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (is_count(value))
        return json_integer_value(value);
    wrong(shaper, key, "an integer of 0 or more");
    return 0;
}

int64_t bg_answer_integer(struct bg_shaper *shaper, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        wrong(shaper, key, "an integer");
    return json_integer_value(value);
}

bool bg_answer_boolean(struct bg_shaper *shaper, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_boolean(value))
        wrong(shaper, key, "true or false");
    return json_is_true(value);
}

static const json_t *typed(struct bg_shaper *shaper, const json_t *value, const char *key, json_type type)
{
    if (value != NULL && json_typeof(value) == type)
        return value;
    wrong(shaper, key, type == JSON_OBJECT ? "an object" : "a list");
    return NULL;
}

const json_t *bg_answer_object(struct bg_shaper *shaper, const json_t *object, const char *key)
{
    return typed(shaper, json_object_get(object, key), key, JSON_OBJECT);
}

const json_t *bg_answer_array(struct bg_shaper *shaper, const json_t *object, const char *key)
{
    return typed(shaper, json_object_get(object, key), key, JSON_ARRAY);
}

const json_t *bg_answer_object_at(struct bg_shaper *shaper, const json_t *array, size_t index)
{
    return typed(shaper, json_array_get(array, index), "an item of a list", JSON_OBJECT);
}

static bool is_absent(const json_t *value)
{
    return value == NULL || json_is_null(value);
}

int64_t bg_answer_count_or(struct bg_shaper *shaper, const json_t *object, const char *key, int64_t fallback)
{
    return is_absent(json_object_get(object, key)) ? fallback : bg_answer_count(shaper, object, key);
}

bool bg_answer_boolean_or(struct bg_shaper *shaper, const json_t *object, const char *key, bool fallback)
{
    return is_absent(json_object_get(object, key)) ? fallback : bg_answer_boolean(shaper, object, key);
}

const json_t *bg_answer_array_or_null(struct bg_shaper *shaper, const json_t *object, const char *key)
{
    return is_absent(json_object_get(object, key)) ? NULL : bg_answer_array(shaper, object, key);
}

json_t *bg_object_new(struct bg_shaper *shaper)
{
    json_t *object = json_object();
    if (object == NULL)
        out_of_memory(shaper);
    return object;
}

json_t *bg_array_new(struct bg_shaper *shaper)
{
    json_t *array = json_array();
    if (array == NULL)
        out_of_memory(shaper);
    return array;
}

void bg_put(struct bg_shaper *shaper, json_t *object, const char *key, json_t *value)
{
    /* Keys are ours, or strings of jansson: UTF-8. */
    if (json_object_set_new_nocheck(object, key, value) != 0)
        out_of_memory(shaper);
}

void bg_append(struct bg_shaper *shaper, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        out_of_memory(shaper);
}

json_t *bg_member_or_null(const json_t *object, const char *key)
{
    json_t *member = json_object_get(object, key);
    return member != NULL ? json_incref(member) : json_null();
}

json_t *bg_text_or_null(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

json_t *bg_number_new(double number)
{
    if (!isfinite(number))
        return json_null();
    return fabs(number) < WHOLE_MAX && number == floor(number) ? json_integer((json_int_t)number) : json_real(number);
}

json_t *bg_ratio_new(int64_t part, int64_t whole)
{
    return whole > 0 ? json_real((double)part / (double)whole) : json_null();
}

json_t *bg_count_or_null(int64_t count)
{
    return count >= 0 ? json_integer(count) : json_null();
}

int64_t bg_bytes_of_words(int64_t words, int64_t word_bytes)
{
    int64_t bytes;
    return __builtin_mul_overflow(words, word_bytes, &bytes) ? INT64_MAX : bytes;
}

int64_t bg_sum(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static void put_field(struct bg_shaper *shaper, json_t *object, const json_t *raw, const struct bg_field *field)
{
    json_t *value = json_object_get(raw, field->raw);
    const bool nullable = field->kind != BG_FIELD_COUNT;
    if (nullable && is_absent(value))
        bg_put(shaper, object, field->name, json_null());
    else if (field->kind == BG_FIELD_TEXT ? json_is_string(value) : is_count(value))
        bg_put(shaper, object, field->name, json_incref(value));
    else
        wrong(shaper, field->raw, field->kind == BG_FIELD_TEXT ? "a text" : "an integer of 0 or more");
}

void bg_put_fields(struct bg_shaper *shaper, json_t *object, const json_t *raw, const struct bg_field *fields)
{
    for (const struct bg_field *field = fields; field->raw != NULL; field++)
        put_field(shaper, object, raw, field);
}

json_t *bg_name_new(struct bg_shaper *shaper, const json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    const bool nameless = is_absent(value) || (json_is_array(value) && json_array_size(value) == 0);
    if (nameless || json_is_object(value)) /* an object: bytes that are not text */
        return json_null();
    if (json_is_boolean(value))
        return json_string(json_is_true(value) ? "true" : "false");
    if (json_is_string(value))
        return json_incref(value);
    wrong(shaper, key, "a name");
    return json_null();
}

static size_t utf8_put(uint32_t code, char *at)
{
    static const uint8_t leads[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    const size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        at[i] = (char)(0x80 | (code & 0x3f));
    at[0] = (char)(leads[length] | code);
    return length;
}

json_t *bg_characters_new(const json_t *characters)
{
    char text[4 * BG_CHARACTERS_MAX];
    size_t length = 0;
    for (size_t i = 0; i < json_array_size(characters) && i < BG_CHARACTERS_MAX; i++) {
        const json_t *character = json_array_get(characters, i);
        const json_int_t code = json_integer_value(character);
        if (!json_is_integer(character) || code < 1 || code > 0x10ffff)
            return json_null();
        length += utf8_put((uint32_t)code, text + length);
    }
    json_t *string = json_is_array(characters) ? json_stringn(text, length) : NULL; /* also NULL if it is not UTF-8 */
    return string != NULL ? string : json_null();
}

const json_t *bg_pair_get(const json_t *pairs, const char *key)
{
    for (size_t i = 0; i < json_array_size(pairs); i++) {
        const json_t *pair = json_array_get(pairs, i);
        const char *name = json_string_value(json_array_get(pair, 0));
        if (name != NULL && strcmp(name, key) == 0)
            return json_array_get(pair, 1);
    }
    return NULL;
}
