/* reply.c: the reply to a question: an answer, or why there is none. */
#include "reply.h"

#include "beamgauge/json.h"
#include "beamgauge/term.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define ELEMENTS_MAX 1000000
#define BYTES_MAX ((size_t)64 << 20) /* of memory: some 200,000 values in maps */
#define REASON_BYTES_MAX 300

static const struct bg_term_limits limits = {.depth_max = DEPTH_MAX, .elements_max = ELEMENTS_MAX, .bytes_max = BYTES_MAX};

/* The reason is the node's own text: as ASCII JSON it cannot affect a terminal or a log. */
static enum bg_error fail_as_reported(const char *node, const char *question, const json_t *reason, struct bg_failure *ret_failure)
{
    char *text = bg_json_text(reason, JSON_ENCODE_ANY | JSON_ENSURE_ASCII | JSON_COMPACT);
    if (text == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    bg_fail(ret_failure, BG_BAD_ANSWER, "the question \"%s\" failed on %s: %.*s", question, node, REASON_BYTES_MAX, text);
    free(text);
    return BG_BAD_ANSWER;
}

/* {error, system_limit} was raised: of things with a limit, questions create only processes. */
static bool is_without_room(const json_t *reason)
{
    const char *class = json_string_value(json_array_get(reason, 0)), *why = json_string_value(json_array_get(reason, 1));
    return class != NULL && why != NULL && strcmp(class, "error") == 0 && strcmp(why, "system_limit") == 0;
}

enum bg_error bg_reply_read(const char *node, const char *question, const uint8_t *reply, size_t length, json_t **ret_data,
                            size_t *ret_bytes, struct bg_failure *ret_failure)
{
    json_t *json;
    enum bg_error error = bg_term_to_json(reply, length, &limits, &json, ret_bytes, ret_failure);
    if (error != BG_OK)
        return error;
    const char *word = json_string_value(json_array_get(json, 0));
    json_t *value = json_array_size(json) == 2 ? json_array_get(json, 1) : NULL;
    if (word != NULL && value != NULL && strcmp(word, "ok") == 0)
        *ret_data = json_incref(value);
    else if (word != NULL && value != NULL && strcmp(word, "error") == 0 && is_without_room(value))
        error = bg_fail(ret_failure, BG_PROCESS_TABLE_FULL,
                        "the process table of %s is full, or so nearly that a question finds no room in it", node);
    else if (word != NULL && value != NULL && strcmp(word, "error") == 0)
        error = fail_as_reported(node, question, value, ret_failure);
    else
        error = fail_as_reported(node, question, json, ret_failure);
    json_decref(json);
    return error;
}

enum bg_error bg_reply_read_native(const char *node, const char *const *keys, size_t keys_count, const uint8_t *reply, size_t length,
                                   json_t **ret_data, size_t *ret_bytes, struct bg_failure *ret_failure)
{
    json_t *results, *data;
    enum bg_error error = bg_term_bare_to_json(reply, length, &limits, &results, ret_bytes, ret_failure);
    if (error != BG_OK)
        return error;
    if (json_array_size(results) != keys_count) {
        error = bg_fail(ret_failure, BG_BAD_ANSWER, "%s made %zu of %zu calls", node, json_array_size(results), keys_count);
        goto out;
    }
    if ((data = json_object()) == NULL) {
        error = bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < keys_count && error == BG_OK; i++)
        if (json_object_set(data, keys[i], json_array_get(results, i)) != 0)
            error = bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    if (error == BG_OK)
        *ret_data = json_incref(data);
    json_decref(data);
out:
    json_decref(results);
    return error;
}
