/* encode.c: JSON -> external term, for the arguments of a question. */
#include "beamgauge/term.h"

#include <ei.h>
#include <stdbool.h>
#include <string.h>

/* Arguments are small; these bounds only stop a mistake or a hostile body. */
#define DEPTH_MAX 64
#define BYTES_MAX (128 * 1024)

struct encoder {
    ei_x_buff out;
    struct bg_failure *failure;
};

static enum bg_error encode_value(struct encoder *encoder, const json_t *json, size_t depth_left);

/* For the results of ei_x_encode_*, which fail only without memory. */
static enum bg_error encoded(struct encoder *encoder, int ei_result)
{
    return ei_result == 0 ? BG_OK : bg_fail(encoder->failure, BG_NO_MEMORY, "out of memory");
}

static enum bg_error encode_room(struct encoder *encoder, size_t more)
{
    if (more <= BYTES_MAX && (size_t)encoder->out.index <= BYTES_MAX - more)
        return BG_OK;
    return bg_fail(encoder->failure, BG_INVALID, "arguments of more than %d bytes", BYTES_MAX);
}

static enum bg_error encode_bytes(struct encoder *encoder, const char *text, size_t length)
{
    enum bg_error error = encode_room(encoder, length);
    if (error != BG_OK)
        return error;
    return encoded(encoder, ei_x_encode_binary(&encoder->out, text, (int)length));
}

static enum bg_error encode_object(struct encoder *encoder, const json_t *object, size_t depth_left)
{
    enum bg_error error = encoded(encoder, ei_x_encode_map_header(&encoder->out, (long)json_object_size(object)));
    const char *key;
    size_t length;
    json_t *value;
    json_object_keylen_foreach((json_t *)object, key, length, value)
    {
        if (error == BG_OK)
            error = encode_bytes(encoder, key, length);
        if (error == BG_OK)
            error = encode_value(encoder, value, depth_left);
    }
    return error;
}

static enum bg_error encode_array(struct encoder *encoder, const json_t *array, size_t depth_left)
{
    size_t count = json_array_size(array);
    enum bg_error error = BG_OK;
    if (count > 0)
        error = encoded(encoder, ei_x_encode_list_header(&encoder->out, (long)count));
    for (size_t i = 0; i < count && error == BG_OK; i++)
        error = encode_value(encoder, json_array_get(array, i), depth_left);
    return error != BG_OK ? error : encoded(encoder, ei_x_encode_empty_list(&encoder->out));
}

static enum bg_error encode_value(struct encoder *encoder, const json_t *json, size_t depth_left)
{
    if (depth_left == 0)
        return bg_fail(encoder->failure, BG_INVALID, "arguments nested deeper than %d levels", DEPTH_MAX);
    enum bg_error error = encode_room(encoder, 0);
    if (error != BG_OK)
        return error;
    ei_x_buff *out = &encoder->out;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return encode_object(encoder, json, depth_left - 1);
    case JSON_ARRAY:
        return encode_array(encoder, json, depth_left - 1);
    case JSON_STRING:
        return encode_bytes(encoder, json_string_value(json), json_string_length(json));
    case JSON_INTEGER:
        return encoded(encoder, ei_x_encode_longlong(out, json_integer_value(json)));
    case JSON_REAL:
        return encoded(encoder, ei_x_encode_double(out, json_real_value(json)));
    case JSON_TRUE:
        return encoded(encoder, ei_x_encode_atom(out, "true"));
    case JSON_FALSE:
        return encoded(encoder, ei_x_encode_atom(out, "false"));
    case JSON_NULL:
        return encoded(encoder, ei_x_encode_atom(out, "undefined"));
    }
    return bg_fail(encoder->failure, BG_INTERNAL, "no JSON value at all");
}

enum bg_error bg_term_from_json(const json_t *json, uint8_t **ret_bytes, size_t *ret_length, struct bg_failure *ret_failure)
{
    struct encoder encoder = {.failure = ret_failure};
    enum bg_error error = encoded(&encoder, ei_x_new(&encoder.out));
    if (error != BG_OK)
        return error;
    error = encode_value(&encoder, json, DEPTH_MAX);
    if (error != BG_OK)
        goto fail;
    *ret_bytes = (uint8_t *)encoder.out.buff; /* ei allocates with malloc */
    *ret_length = (size_t)encoder.out.index;
    return BG_OK;
fail:
    ei_x_free(&encoder.out);
    return error;
}
