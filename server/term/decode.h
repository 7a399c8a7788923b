/* decode.h: shared by the files of the decoder: a bounds-checked cursor over one term, and the decoders of single tags. */
#ifndef BEAMGAUGE_TERM_DECODE_H
#define BEAMGAUGE_TERM_DECODE_H

#include "beamgauge/error.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BG_ATOM_BYTES_MAX (255 * 4) /* an atom has at most 255 characters */

/*
 *  term             next                   end
 *   |  already read  |  never past here     |
 *   +----------------+----------------------+
 */
struct bg_decoder {
    const uint8_t *term, *next, *end;
    size_t depth_left, elements_left;
    size_t bytes_left; /* of memory, counted by bg_decoder_charge() */
    struct bg_failure *failure;
    enum bg_error error; /* of the first failure; BG_OK: none so far */
};

struct bg_atom {
    size_t length;
    char text[BG_ATOM_BYTES_MAX + 1]; /* UTF-8, terminated */
};

/* Both record the failure if it is the first, and return NULL so that a decoder can end with them. */
json_t *bg_decoder_fail(struct bg_decoder *decoder, const char *reason);
json_t *bg_decoder_no_memory(struct bg_decoder *decoder);

/* False, with the failure recorded, if the input is too short. */
bool bg_decoder_take(struct bg_decoder *decoder, size_t length, const uint8_t **ret_bytes);
bool bg_decoder_unsigned(struct bg_decoder *decoder, size_t width, uint64_t *ret_number); /* big-endian, up to 8 bytes */
/* What jansson allocates for one value with malloc(3) of 64-bit glibc, including its place in the container: a scalar, an empty array, an
 * empty object, a further member of an object. The texts are charged once, by the length of the input. */
#define BG_SCALAR_BYTES 64
#define BG_ARRAY_BYTES 128
#define BG_OBJECT_BYTES 224
#define BG_MEMBER_BYTES 96
/* False, with the failure recorded, if the document would exceed its limit. */
bool bg_decoder_charge(struct bg_decoder *decoder, size_t bytes);
/* A length of `width` bytes, and that many bytes. */
bool bg_decoder_block(struct bg_decoder *decoder, size_t width, const uint8_t **ret_bytes, size_t *ret_length);
/* A number of elements that follow: refused at once if the input is too short for them, or the limit too low. */
bool bg_decoder_count(struct bg_decoder *decoder, size_t width, size_t element_bytes_min, size_t *ret_count);

/* Any term with its tag. */
json_t *bg_decode_value(struct bg_decoder *decoder);

/* An atom with its tag; any other term is a failure. */
bool bg_decode_atom(struct bg_decoder *decoder, struct bg_atom *ret_atom);

/* What follows one tag. A new reference, or NULL with the failure recorded. */
typedef json_t *bg_tag_decoder(struct bg_decoder *decoder);
bg_tag_decoder bg_decode_small_integer, bg_decode_integer, bg_decode_small_big, bg_decode_large_big;
bg_tag_decoder bg_decode_old_float, bg_decode_new_float;
bg_tag_decoder bg_decode_binary, bg_decode_bit_binary, bg_decode_string, bg_decode_atom_value;
bg_tag_decoder bg_decode_old_pid, bg_decode_new_pid, bg_decode_old_port, bg_decode_new_port, bg_decode_v4_port;
bg_tag_decoder bg_decode_old_reference, bg_decode_new_reference, bg_decode_newer_reference;
bg_tag_decoder bg_decode_fun, bg_decode_export;

#endif
