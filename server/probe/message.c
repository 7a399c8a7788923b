/* message.c: puts the guard's arguments together; external terms can simply be laid side by side. */
#include "message.h"

#include "beamgauge/term.h"

#include <stdlib.h>
#include <string.h>

#define PARTS_COUNT 4

struct part {
    const uint8_t *bytes;
    size_t length;
};

static enum bg_error integer_encode(int64_t number, uint8_t **ret_bytes, struct part *ret_part, struct bg_failure *ret_failure)
{
    json_t *json = json_integer(number);
    if (json == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    enum bg_error error = bg_term_from_json(json, ret_bytes, &ret_part->length, ret_failure);
    json_decref(json);
    if (error == BG_OK)
        ret_part->bytes = *ret_bytes;
    return error;
}

static enum bg_error tuple_new(const struct part parts[PARTS_COUNT], uint8_t **ret_bytes, size_t *ret_length,
                               struct bg_failure *ret_failure)
{
    static const uint8_t header[] = {'h', PARTS_COUNT}; /* SMALL_TUPLE_EXT */
    size_t length = sizeof header;
    for (size_t i = 0; i < PARTS_COUNT; i++)
        length += parts[i].length;
    uint8_t *bytes = malloc(length);
    if (bytes == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    memcpy(bytes, header, sizeof header);
    uint8_t *at = bytes + sizeof header;
    for (size_t i = 0; i < PARTS_COUNT; at += parts[i].length, i++)
        memcpy(at, parts[i].bytes, parts[i].length);
    *ret_bytes = bytes;
    *ret_length = length;
    return BG_OK;
}

enum bg_error bg_message_new(const struct bg_question *question, const uint8_t *args, size_t args_length, int64_t timeout_ms,
                             int64_t max_heap_words, uint8_t **ret_bytes, size_t *ret_length, struct bg_failure *ret_failure)
{
    struct part parts[PARTS_COUNT] = {{question->forms, question->forms_length}, {args, args_length}};
    uint8_t *timeout = NULL, *words = NULL;
    enum bg_error error = integer_encode(timeout_ms, &timeout, &parts[2], ret_failure);
    if (error == BG_OK)
        error = integer_encode(max_heap_words, &words, &parts[3], ret_failure);
    if (error == BG_OK)
        error = tuple_new(parts, ret_bytes, ret_length, ret_failure);
    free(timeout);
    free(words);
    return error;
}
