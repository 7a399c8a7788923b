/* decode_scalar.c: numbers, atoms, binaries and strings of the external term format -> JSON. */
#include "decode.h"

#include "beamgauge/text.h"

#include <ei.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Decimal digits cost time quadratic in the size, so a hostile number must stay small: 256 bytes are 617 digits. */
#define BIG_BYTES_MAX 256
#define BIG_LIMBS_MAX (BIG_BYTES_MAX / 4)
#define BIG_DIGITS_PER_LIMB_MAX 10
#define OLD_FLOAT_LENGTH 31

json_t *bg_decode_small_integer(struct bg_decoder *decoder)
{
    uint64_t number;
    if (!bg_decoder_unsigned(decoder, 1, &number))
        return NULL;
    json_t *json = json_integer((json_int_t)number);
    return json != NULL ? json : bg_decoder_no_memory(decoder);
}

json_t *bg_decode_integer(struct bg_decoder *decoder)
{
    uint64_t number;
    if (!bg_decoder_unsigned(decoder, 4, &number))
        return NULL;
    json_t *json = json_integer((int32_t)(uint32_t)number);
    return json != NULL ? json : bg_decoder_no_memory(decoder);
}

/* Digits of a number of `count` 32-bit limbs, least significant first; nine digits at a time, written from the end of `text`. */
static char *big_digits(uint32_t *limbs, size_t count, char *text_end)
{
    char *at = text_end;
    while (count > 0) {
        uint64_t rest = 0;
        for (size_t i = count; i-- > 0;) {
            uint64_t part = rest << 32 | limbs[i];
            limbs[i] = (uint32_t)(part / 1000000000);
            rest = part % 1000000000;
        }
        while (count > 0 && limbs[count - 1] == 0)
            count--;
        for (int i = 0; i < 9 && (count > 0 || rest > 0); i++, rest /= 10)
            *--at = (char)('0' + rest % 10);
    }
    return at;
}

static json_t *big_text(bool negative, const uint8_t *bytes, size_t length)
{
    uint32_t limbs[BIG_LIMBS_MAX] = {0};
    for (size_t i = 0; i < length; i++)
        limbs[i / 4] |= (uint32_t)bytes[i] << 8 * (i % 4);
    char text[BIG_LIMBS_MAX * BIG_DIGITS_PER_LIMB_MAX + 1];
    char *end = text + sizeof text;
    char *at = big_digits(limbs, (length + 3) / 4, end);
    if (negative)
        *--at = '-';
    return json_stringn(at, (size_t)(end - at));
}

/* An integer within int64, else its decimal digits as text, which no JSON reader can round. */
static json_t *decode_big(struct bg_decoder *decoder, size_t width)
{
    uint64_t length, sign;
    const uint8_t *bytes;
    if (!bg_decoder_unsigned(decoder, width, &length) || !bg_decoder_unsigned(decoder, 1, &sign) ||
        !bg_decoder_take(decoder, (size_t)length, &bytes))
        return NULL;
    while (length > 0 && bytes[length - 1] == 0)
        length--;
    if (length > BIG_BYTES_MAX)
        return bg_decoder_fail(decoder, "a number of too many digits");
    uint64_t magnitude = 0;
    for (size_t i = (size_t)length; i-- > 0 && length <= sizeof magnitude;)
        magnitude = magnitude << 8 | bytes[i];
    json_t *json;
    if (length <= sizeof magnitude && magnitude <= INT64_MAX)
        json = json_integer(sign != 0 ? -(json_int_t)magnitude : (json_int_t)magnitude);
    else if (length <= sizeof magnitude && magnitude == (uint64_t)INT64_MAX + 1 && sign != 0)
        json = json_integer(INT64_MIN);
    else
        json = big_text(sign != 0, bytes, (size_t)length);
    return json != NULL ? json : bg_decoder_no_memory(decoder);
}

json_t *bg_decode_small_big(struct bg_decoder *decoder)
{
    return decode_big(decoder, 1);
}

json_t *bg_decode_large_big(struct bg_decoder *decoder)
{
    return decode_big(decoder, 4);
}

static json_t *float_json(struct bg_decoder *decoder, double number)
{
    if (!isfinite(number))
        return bg_decoder_fail(decoder, "a float that is not a number");
    json_t *json = json_real(number);
    return json != NULL ? json : bg_decoder_no_memory(decoder);
}

/* "%.20e" in 31 bytes, padded with NULs. */
json_t *bg_decode_old_float(struct bg_decoder *decoder)
{
    const uint8_t *bytes;
    if (!bg_decoder_take(decoder, OLD_FLOAT_LENGTH, &bytes))
        return NULL;
    char text[OLD_FLOAT_LENGTH + 1] = {0};
    memcpy(text, bytes, OLD_FLOAT_LENGTH);
    if (text[strspn(text, "+-.0123456789e")] != '\0') /* strtod would also accept hexadecimal, "nan" and blanks */
        return bg_decoder_fail(decoder, "a malformed float");
    char *end;
    double number = strtod(text, &end);
    if (end == text || *end != '\0')
        return bg_decoder_fail(decoder, "a malformed float");
    return float_json(decoder, number);
}

json_t *bg_decode_new_float(struct bg_decoder *decoder)
{
    uint64_t bits;
    if (!bg_decoder_unsigned(decoder, 8, &bits))
        return NULL;
    double number;
    memcpy(&number, &bits, sizeof number);
    return float_json(decoder, number);
}

static bool atom_from_latin1(const uint8_t *bytes, size_t length, struct bg_atom *ret_atom)
{
    if (length > BG_ATOM_BYTES_MAX / 4)
        return false;
    size_t out = 0;
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] >= 0x80)
            ret_atom->text[out++] = (char)(0xc0 | bytes[i] >> 6);
        ret_atom->text[out++] = (char)(bytes[i] >= 0x80 ? 0x80 | (bytes[i] & 0x3f) : bytes[i]);
    }
    ret_atom->text[out] = '\0';
    ret_atom->length = out;
    return true;
}

/* jansson checks that it is UTF-8; every atom is passed to it in the end. */
static bool atom_from_utf8(const uint8_t *bytes, size_t length, struct bg_atom *ret_atom)
{
    if (length > BG_ATOM_BYTES_MAX)
        return false;
    memcpy(ret_atom->text, bytes, length);
    ret_atom->text[length] = '\0';
    ret_atom->length = length;
    return true;
}

bool bg_decode_atom(struct bg_decoder *decoder, struct bg_atom *ret_atom)
{
    uint64_t tag;
    if (!bg_decoder_unsigned(decoder, 1, &tag))
        return false;
    bool latin1 = tag == ERL_ATOM_EXT || tag == ERL_SMALL_ATOM_EXT;
    bool small = tag == ERL_SMALL_ATOM_EXT || tag == ERL_SMALL_ATOM_UTF8_EXT;
    if (!latin1 && !small && tag != ERL_ATOM_UTF8_EXT) {
        bg_decoder_fail(decoder, "another term instead of an atom");
        return false;
    }
    const uint8_t *bytes;
    size_t length;
    if (!bg_decoder_block(decoder, small ? 1 : 2, &bytes, &length))
        return false;
    if (latin1 ? atom_from_latin1(bytes, length, ret_atom) : atom_from_utf8(bytes, length, ret_atom))
        return true;
    bg_decoder_fail(decoder, "an atom that is too long");
    return false;
}

static bool atom_is(const struct bg_atom *atom, const char *text)
{
    return atom->length == strlen(text) && memcmp(atom->text, text, atom->length) == 0;
}

/* The same few atoms are repeated as names: equal atoms share one string. */
#define REPEATED_MAX 512
#define REPEATED_LENGTH_MAX 64
static json_t *repeated[REPEATED_MAX]; /* kept until the program ends */

static json_t *atom_json(const struct bg_atom *atom)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < atom->length; i++)
        hash = (hash ^ (uint8_t)atom->text[i]) * 16777619u;
    json_t **place = &repeated[(hash ^ hash >> 16) % REPEATED_MAX];
    if (*place != NULL && json_string_length(*place) == atom->length && memcmp(json_string_value(*place), atom->text, atom->length) == 0)
        return json_incref(*place);
    json_t *json = json_stringn(atom->text, atom->length);
    if (json != NULL && atom->length <= REPEATED_LENGTH_MAX) {
        json_decref(*place);
        *place = json_incref(json);
    }
    return json;
}

json_t *bg_decode_atom_value(struct bg_decoder *decoder)
{
    struct bg_atom atom;
    if (!bg_decode_atom(decoder, &atom))
        return NULL;
    if (atom_is(&atom, "true"))
        return json_true();
    if (atom_is(&atom, "false"))
        return json_false();
    if (atom_is(&atom, "undefined") || atom_is(&atom, "null") || atom_is(&atom, "nil"))
        return json_null();
    json_t *json = atom_json(&atom);
    if (json == NULL && !bg_text_is_utf8(atom.text, atom.length))
        return bg_decoder_fail(decoder, "an atom that is not UTF-8");
    return json != NULL ? json : bg_decoder_no_memory(decoder);
}

/* RFC 4648, with padding. */
static json_t *base64_json(const uint8_t *bytes, size_t length)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t text_length = (length + 2) / 3 * 4;
    char *text = malloc(text_length + 1);
    if (text == NULL)
        return NULL;
    char *at = text;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t group = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
        *at++ = alphabet[group >> 18];
        *at++ = alphabet[group >> 12 & 63];
        *at++ = (char)(left > 1 ? alphabet[group >> 6 & 63] : '=');
        *at++ = (char)(left > 2 ? alphabet[group & 63] : '=');
    }
    json_t *json = json_pack("{s:s%}", "base64", text, text_length);
    free(text);
    return json;
}

static json_t *binary_json(struct bg_decoder *decoder, const uint8_t *bytes, size_t length)
{
    json_t *json = json_stringn((const char *)bytes, length);
    if (json == NULL && !bg_text_is_utf8((const char *)bytes, length)) /* else there was no memory for it */
        json = base64_json(bytes, length);
    return json != NULL ? json : bg_decoder_no_memory(decoder);
}

json_t *bg_decode_binary(struct bg_decoder *decoder)
{
    const uint8_t *bytes;
    size_t length;
    return bg_decoder_block(decoder, 4, &bytes, &length) ? binary_json(decoder, bytes, length) : NULL;
}

/* The last byte holds 1 to 8 bits, the high ones. */
json_t *bg_decode_bit_binary(struct bg_decoder *decoder)
{
    uint64_t length, bits;
    const uint8_t *bytes;
    if (!bg_decoder_unsigned(decoder, 4, &length) || !bg_decoder_unsigned(decoder, 1, &bits) ||
        !bg_decoder_take(decoder, (size_t)length, &bytes))
        return NULL;
    if (bits > 8 || (bits == 0) != (length == 0))
        return bg_decoder_fail(decoder, "a malformed bit string");
    if (bits == 8 || bits == 0)
        return binary_json(decoder, bytes, (size_t)length);
    json_t *json = base64_json(bytes, (size_t)length);
    if (json == NULL || json_object_set_new(json, "bits", json_integer(8 * ((json_int_t)length - 1) + (json_int_t)bits)) != 0) {
        json_decref(json);
        return bg_decoder_no_memory(decoder);
    }
    return json;
}

/* A list of small integers; the node knows no more about it. */
json_t *bg_decode_string(struct bg_decoder *decoder)
{
    size_t count;
    const uint8_t *bytes;
    if (!bg_decoder_count(decoder, 2, 1, &count) || !bg_decoder_take(decoder, count, &bytes))
        return NULL;
    decoder->elements_left -= count;
    json_t *array = json_array();
    for (size_t i = 0; i < count && array != NULL; i++) {
        if (json_array_append_new(array, json_integer(bytes[i])) != 0) {
            json_decref(array);
            array = NULL;
        }
    }
    return array != NULL ? array : bg_decoder_no_memory(decoder);
}
