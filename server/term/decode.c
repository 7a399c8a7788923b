/* decode.c: external term -> JSON: the cursor, the containers and the table of tags. */
#include "decode.h"

#include "beamgauge/term.h"

#include <ei.h>
#include <string.h>

/* The limit of recursion, whatever a caller allows: a few hundred frames are far from the end of any stack. */
#define DEPTH_CEILING 512

/* Not in ei.h. */
#define VERSION_MAGIC 131
#define COMPRESSED_EXT 'P'

json_t *bg_decoder_fail(struct bg_decoder *decoder, const char *reason)
{
    if (decoder->error == BG_OK)
        decoder->error = bg_fail(decoder->failure, BG_BAD_ANSWER, "the node's answer cannot be understood: %s at byte %zu of %zu", reason,
                                 (size_t)(decoder->next - decoder->term), (size_t)(decoder->end - decoder->term));
    return NULL;
}

json_t *bg_decoder_no_memory(struct bg_decoder *decoder)
{
    if (decoder->error == BG_OK)
        decoder->error = bg_fail(decoder->failure, BG_NO_MEMORY, "out of memory");
    return NULL;
}

bool bg_decoder_take(struct bg_decoder *decoder, size_t length, const uint8_t **ret_bytes)
{
    if (length > (size_t)(decoder->end - decoder->next)) {
        bg_decoder_fail(decoder, "it ends too early");
        return false;
    }
    *ret_bytes = decoder->next;
    decoder->next += length;
    return true;
}

bool bg_decoder_unsigned(struct bg_decoder *decoder, size_t width, uint64_t *ret_number)
{
    const uint8_t *bytes;
    if (!bg_decoder_take(decoder, width, &bytes))
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < width; i++)
        number = number << 8 | bytes[i];
    *ret_number = number;
    return true;
}

bool bg_decoder_block(struct bg_decoder *decoder, size_t width, const uint8_t **ret_bytes, size_t *ret_length)
{
    uint64_t length;
    if (!bg_decoder_unsigned(decoder, width, &length) || !bg_decoder_take(decoder, (size_t)length, ret_bytes))
        return false;
    *ret_length = (size_t)length;
    return true;
}

bool bg_decoder_count(struct bg_decoder *decoder, size_t width, size_t element_bytes_min, size_t *ret_count)
{
    uint64_t count;
    if (!bg_decoder_unsigned(decoder, width, &count))
        return false;
    if (count > (size_t)(decoder->end - decoder->next) / element_bytes_min) {
        bg_decoder_fail(decoder, "it ends too early");
        return false;
    }
    if (count > decoder->elements_left) {
        bg_decoder_fail(decoder, "too many elements");
        return false;
    }
    *ret_count = (size_t)count;
    return true;
}

bool bg_decoder_charge(struct bg_decoder *decoder, size_t bytes)
{
    if (bytes > decoder->bytes_left) {
        bg_decoder_fail(decoder, "it would take too much memory");
        return false;
    }
    decoder->bytes_left -= bytes;
    return true;
}

static bool array_append(struct bg_decoder *decoder, json_t *array, json_t *stolen_value)
{
    if (stolen_value == NULL)
        return false;
    if (json_array_append_new(array, stolen_value) != 0) {
        bg_decoder_no_memory(decoder);
        return false;
    }
    return true;
}

/* An array of the next `count` terms. */
static json_t *decode_elements(struct bg_decoder *decoder, size_t count)
{
    if (!bg_decoder_charge(decoder, BG_ARRAY_BYTES))
        return NULL;
    json_t *array = json_array();
    if (array == NULL)
        return bg_decoder_no_memory(decoder);
    for (size_t i = 0; i < count; i++)
        if (!array_append(decoder, array, bg_decode_value(decoder)))
            goto fail;
    return array;
fail:
    json_decref(array);
    return NULL;
}

static json_t *decode_small_tuple(struct bg_decoder *decoder)
{
    size_t count;
    return bg_decoder_count(decoder, 1, 1, &count) ? decode_elements(decoder, count) : NULL;
}

static json_t *decode_large_tuple(struct bg_decoder *decoder)
{
    size_t count;
    return bg_decoder_count(decoder, 4, 1, &count) ? decode_elements(decoder, count) : NULL;
}

static json_t *decode_nil(struct bg_decoder *decoder)
{
    return decode_elements(decoder, 0);
}

static json_t *decode_list(struct bg_decoder *decoder)
{
    size_t count;
    if (!bg_decoder_count(decoder, 4, 1, &count))
        return NULL;
    json_t *array = decode_elements(decoder, count);
    if (array == NULL)
        return NULL;
    if (decoder->next < decoder->end && *decoder->next == ERL_NIL_EXT)
        decoder->next++;
    else if (!array_append(decoder, array, bg_decode_value(decoder)))
        goto fail;
    return array;
fail:
    json_decref(array);
    return NULL;
}

/* Keys are any atoms, or UTF-8 binaries. The bytes are in `scratch` or in the input. */
static bool decode_key(struct bg_decoder *decoder, struct bg_atom *scratch, const char **ret_key, size_t *ret_length)
{
    if (decoder->next < decoder->end && *decoder->next == ERL_BINARY_EXT) {
        decoder->next++;
        const uint8_t *bytes;
        if (!bg_decoder_block(decoder, 4, &bytes, ret_length))
            return false;
        *ret_key = (const char *)bytes;
        return true;
    }
    if (!bg_decode_atom(decoder, scratch))
        return false;
    *ret_key = scratch->text;
    *ret_length = scratch->length;
    return true;
}

static bool decode_pair(struct bg_decoder *decoder, json_t *object)
{
    struct bg_atom scratch;
    const char *key;
    size_t length;
    if (!decode_key(decoder, &scratch, &key, &length))
        return false;
    if (memchr(key, 0, length) != NULL) {
        bg_decoder_fail(decoder, "a key with a NUL in it");
        return false;
    }
    /* The atom `a` and the binary <<"a">> are two keys in Erlang and one key in JSON: to drop one silently would give a wrong answer. */
    if (json_object_getn(object, key, length) != NULL) {
        bg_decoder_fail(decoder, "two keys that spell the same");
        return false;
    }
    json_t *value = bg_decoder_charge(decoder, BG_MEMBER_BYTES) ? bg_decode_value(decoder) : NULL;
    if (value == NULL)
        return false;
    if (json_object_setn_new(object, key, length, value) != 0) {
        bg_decoder_fail(decoder, "a key that is not UTF-8, or no memory for it,");
        return false;
    }
    return true;
}

static json_t *decode_map(struct bg_decoder *decoder)
{
    size_t count;
    if (!bg_decoder_count(decoder, 4, 2, &count) || !bg_decoder_charge(decoder, BG_OBJECT_BYTES))
        return NULL;
    json_t *object = json_object();
    if (object == NULL)
        return bg_decoder_no_memory(decoder);
    for (size_t i = 0; i < count; i++)
        if (!decode_pair(decoder, object))
            goto fail;
    return object;
fail:
    json_decref(object);
    return NULL;
}

/* It could expand to gigabytes, and a node never compresses a message by itself. */
static json_t *refuse_compressed(struct bg_decoder *decoder)
{
    return bg_decoder_fail(decoder, "a compressed term");
}

static bg_tag_decoder *const tag_decoders[UINT8_MAX + 1] = {
    [ERL_SMALL_INTEGER_EXT] = bg_decode_small_integer,
    [ERL_INTEGER_EXT] = bg_decode_integer,
    [ERL_SMALL_BIG_EXT] = bg_decode_small_big,
    [ERL_LARGE_BIG_EXT] = bg_decode_large_big,
    [ERL_FLOAT_EXT] = bg_decode_old_float,
    [NEW_FLOAT_EXT] = bg_decode_new_float,
    [ERL_ATOM_EXT] = bg_decode_atom_value,
    [ERL_SMALL_ATOM_EXT] = bg_decode_atom_value,
    [ERL_ATOM_UTF8_EXT] = bg_decode_atom_value,
    [ERL_SMALL_ATOM_UTF8_EXT] = bg_decode_atom_value,
    [ERL_BINARY_EXT] = bg_decode_binary,
    [ERL_BIT_BINARY_EXT] = bg_decode_bit_binary,
    [ERL_STRING_EXT] = bg_decode_string,
    [ERL_SMALL_TUPLE_EXT] = decode_small_tuple,
    [ERL_LARGE_TUPLE_EXT] = decode_large_tuple,
    [ERL_NIL_EXT] = decode_nil,
    [ERL_LIST_EXT] = decode_list,
    [ERL_MAP_EXT] = decode_map,
    [ERL_PID_EXT] = bg_decode_old_pid,
    [ERL_NEW_PID_EXT] = bg_decode_new_pid,
    [ERL_PORT_EXT] = bg_decode_old_port,
    [ERL_NEW_PORT_EXT] = bg_decode_new_port,
    [ERL_V4_PORT_EXT] = bg_decode_v4_port,
    [ERL_REFERENCE_EXT] = bg_decode_old_reference,
    [ERL_NEW_REFERENCE_EXT] = bg_decode_new_reference,
    [ERL_NEWER_REFERENCE_EXT] = bg_decode_newer_reference,
    [ERL_NEW_FUN_EXT] = bg_decode_fun,
    [ERL_EXPORT_EXT] = bg_decode_export,
    [COMPRESSED_EXT] = refuse_compressed,
};

json_t *bg_decode_value(struct bg_decoder *decoder)
{
    if (decoder->elements_left == 0)
        return bg_decoder_fail(decoder, "too many elements");
    if (decoder->depth_left == 0)
        return bg_decoder_fail(decoder, "nested too deep");
    if (decoder->next == decoder->end)
        return bg_decoder_fail(decoder, "it ends too early");
    if (!bg_decoder_charge(decoder, BG_SCALAR_BYTES))
        return NULL;
    bg_tag_decoder *decode = tag_decoders[*decoder->next];
    if (decode == NULL)
        return bg_decoder_fail(decoder, "an unknown tag");
    if (decode != bg_decode_atom_value) /* this function reads its tag itself */
        decoder->next++;
    decoder->elements_left--;
    decoder->depth_left--;
    json_t *value = decode(decoder);
    decoder->depth_left++;
    return value;
}

static enum bg_error decode(struct bg_decoder *decoder, size_t bytes_max, json_t **ret_json, size_t *ret_bytes)
{
    json_t *json = bg_decode_value(decoder);
    if (json != NULL && decoder->next != decoder->end) {
        json_decref(json);
        json = bg_decoder_fail(decoder, "something follows the term");
    }
    if (json == NULL)
        return decoder->error;
    *ret_json = json;
    if (ret_bytes != NULL)
        *ret_bytes = bytes_max - decoder->bytes_left;
    return BG_OK;
}

static struct bg_decoder decoder_of(const uint8_t *term, size_t length, const struct bg_term_limits *limits, struct bg_failure *failure)
{
    return (struct bg_decoder){
        .term = term,
        .next = term,
        .end = term + length,
        .depth_left = limits->depth_max < DEPTH_CEILING ? limits->depth_max : DEPTH_CEILING,
        .elements_left = limits->elements_max,
        .bytes_left = limits->bytes_max,
        .failure = failure,
    };
}

enum bg_error bg_term_to_json(const uint8_t *term, size_t length, const struct bg_term_limits *limits, json_t **ret_json, size_t *ret_bytes,
                              struct bg_failure *ret_failure)
{
    struct bg_decoder decoder = decoder_of(term, length, limits, ret_failure);
    uint64_t version;
    if (!bg_decoder_charge(&decoder, length) || !bg_decoder_unsigned(&decoder, 1, &version))
        return decoder.error;
    if (version != VERSION_MAGIC) {
        bg_decoder_fail(&decoder, "not an external term");
        return decoder.error;
    }
    return decode(&decoder, limits->bytes_max, ret_json, ret_bytes);
}

enum bg_error bg_term_bare_to_json(const uint8_t *term, size_t length, const struct bg_term_limits *limits, json_t **ret_json,
                                   size_t *ret_bytes, struct bg_failure *ret_failure)
{
    struct bg_decoder decoder = decoder_of(term, length, limits, ret_failure);
    return bg_decoder_charge(&decoder, length) ? decode(&decoder, limits->bytes_max, ret_json, ret_bytes) : decoder.error;
}
