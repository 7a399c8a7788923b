/* decode_identity.c: pids, ports, references, funs and exports -> JSON, written as the shell of their own node prints them. */
#include "decode.h"

#include <ei.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REFERENCE_WORDS_MAX 5
#define REFERENCE_TEXT_SIZE (sizeof "#Ref<0>" + REFERENCE_WORDS_MAX * sizeof ".4294967295")
#define FUN_UNIQUE_BYTES 16

/* {KIND: TEXT, "node": NODE} */
static json_t *identity_json(struct bg_decoder *decoder, const char *kind, const char *text, const struct bg_atom *node)
{
    if (!bg_decoder_charge(decoder, BG_OBJECT_BYTES + 2 * (BG_MEMBER_BYTES + BG_SCALAR_BYTES)))
        return NULL;
    json_t *json = json_pack("{s:s, s:s%}", kind, text, "node", node->text, node->length);
    return json != NULL ? json : bg_decoder_fail(decoder, "a node name that is not UTF-8");
}

/* The creation distinguishes incarnations of a node; a link sees only one of them. */
static bool skip_creation(struct bg_decoder *decoder, size_t width)
{
    const uint8_t *ignored;
    return bg_decoder_take(decoder, width, &ignored);
}

static json_t *decode_pid(struct bg_decoder *decoder, size_t creation_width)
{
    struct bg_atom node;
    uint64_t id, serial;
    if (!bg_decode_atom(decoder, &node) || !bg_decoder_unsigned(decoder, 4, &id) || !bg_decoder_unsigned(decoder, 4, &serial) ||
        !skip_creation(decoder, creation_width))
        return NULL;
    char text[sizeof "<0.4294967295.4294967295>"];
    snprintf(text, sizeof text, "<0.%" PRIu32 ".%" PRIu32 ">", (uint32_t)id, (uint32_t)serial);
    return identity_json(decoder, "pid", text, &node);
}

json_t *bg_decode_old_pid(struct bg_decoder *decoder)
{
    return decode_pid(decoder, 1);
}

json_t *bg_decode_new_pid(struct bg_decoder *decoder)
{
    return decode_pid(decoder, 4);
}

static json_t *decode_port(struct bg_decoder *decoder, size_t id_width, size_t creation_width)
{
    struct bg_atom node;
    uint64_t id;
    if (!bg_decode_atom(decoder, &node) || !bg_decoder_unsigned(decoder, id_width, &id) || !skip_creation(decoder, creation_width))
        return NULL;
    char text[sizeof "#Port<0.18446744073709551615>"];
    snprintf(text, sizeof text, "#Port<0.%" PRIu64 ">", id);
    return identity_json(decoder, "port", text, &node);
}

json_t *bg_decode_old_port(struct bg_decoder *decoder)
{
    return decode_port(decoder, 4, 1);
}

json_t *bg_decode_new_port(struct bg_decoder *decoder)
{
    return decode_port(decoder, 4, 4);
}

json_t *bg_decode_v4_port(struct bg_decoder *decoder)
{
    return decode_port(decoder, 8, 4);
}

/* The shell prints the words last first. */
static json_t *reference_json(struct bg_decoder *decoder, const uint8_t *words, size_t count, const struct bg_atom *node)
{
    char text[REFERENCE_TEXT_SIZE] = "#Ref<0";
    size_t length = strlen(text);
    for (size_t i = count; i-- > 0;) {
        const uint8_t *w = words + 4 * i;
        uint32_t word = (uint32_t)w[0] << 24 | (uint32_t)w[1] << 16 | (uint32_t)w[2] << 8 | w[3];
        length += (size_t)snprintf(text + length, sizeof text - length, ".%" PRIu32, word);
    }
    snprintf(text + length, sizeof text - length, ">");
    return identity_json(decoder, "reference", text, node);
}

json_t *bg_decode_old_reference(struct bg_decoder *decoder)
{
    struct bg_atom node;
    const uint8_t *word;
    if (!bg_decode_atom(decoder, &node) || !bg_decoder_take(decoder, 4, &word) || !skip_creation(decoder, 1))
        return NULL;
    return reference_json(decoder, word, 1, &node);
}

static json_t *decode_reference(struct bg_decoder *decoder, size_t creation_width)
{
    struct bg_atom node;
    uint64_t count;
    const uint8_t *words;
    if (!bg_decoder_unsigned(decoder, 2, &count) || !bg_decode_atom(decoder, &node) || !skip_creation(decoder, creation_width))
        return NULL;
    if (count < 1 || count > REFERENCE_WORDS_MAX)
        return bg_decoder_fail(decoder, "a malformed reference");
    if (!bg_decoder_take(decoder, 4 * (size_t)count, &words))
        return NULL;
    return reference_json(decoder, words, (size_t)count, &node);
}

json_t *bg_decode_new_reference(struct bg_decoder *decoder)
{
    return decode_reference(decoder, 1);
}

json_t *bg_decode_newer_reference(struct bg_decoder *decoder)
{
    return decode_reference(decoder, 4);
}

static json_t *function_json(struct bg_decoder *decoder, const struct bg_atom *module, const char *name, unsigned arity)
{
    char text[2 * BG_ATOM_BYTES_MAX + sizeof ":/255"];
    snprintf(text, sizeof text, "%s:%s/%u", module->text, name, arity);
    if (!bg_decoder_charge(decoder, BG_OBJECT_BYTES + BG_MEMBER_BYTES + BG_SCALAR_BYTES))
        return NULL;
    json_t *json = json_pack("{s:s}", "function", text);
    return json != NULL ? json : bg_decoder_fail(decoder, "a function name that is not UTF-8");
}

static bool decode_small_integer(struct bg_decoder *decoder, uint64_t *ret_number)
{
    uint64_t tag;
    if (!bg_decoder_unsigned(decoder, 1, &tag))
        return false;
    if (tag == ERL_SMALL_INTEGER_EXT)
        return bg_decoder_unsigned(decoder, 1, ret_number);
    if (tag == ERL_INTEGER_EXT)
        return bg_decoder_unsigned(decoder, 4, ret_number);
    bg_decoder_fail(decoder, "a malformed fun");
    return false;
}

/* A fun has its length, so its free variables are skipped. It has no name: the index in its module is used instead. */
json_t *bg_decode_fun(struct bg_decoder *decoder)
{
    const uint8_t *body, *unique, *numbers;
    uint64_t size, arity, index;
    struct bg_atom module;
    if (!bg_decoder_unsigned(decoder, 4, &size))
        return NULL;
    if (size < 4)
        return bg_decoder_fail(decoder, "a malformed fun");
    if (!bg_decoder_take(decoder, (size_t)size - 4, &body))
        return NULL;
    struct bg_decoder inside = *decoder;
    inside.next = body;
    inside.end = decoder->next;
    if (!bg_decoder_unsigned(&inside, 1, &arity) || !bg_decoder_take(&inside, FUN_UNIQUE_BYTES, &unique) ||
        !bg_decoder_take(&inside, 8, &numbers) || !bg_decode_atom(&inside, &module) || !decode_small_integer(&inside, &index)) {
        decoder->error = inside.error;
        return NULL;
    }
    char name[sizeof "fun-4294967295"];
    snprintf(name, sizeof name, "fun-%" PRIu32, (uint32_t)index);
    return function_json(decoder, &module, name, (unsigned)arity);
}

json_t *bg_decode_export(struct bg_decoder *decoder)
{
    struct bg_atom module, function;
    uint64_t arity;
    if (!bg_decode_atom(decoder, &module) || !bg_decode_atom(decoder, &function) || !decode_small_integer(decoder, &arity))
        return NULL;
    if (arity > UINT8_MAX)
        return bg_decoder_fail(decoder, "a malformed fun");
    return function_json(decoder, &module, function.text, (unsigned)arity);
}
