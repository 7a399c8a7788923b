/* json_body.c: reads the JSON that a client sent. If an allocation fails meanwhile, jansson calls a valid text invalid, or aborts in an
 * assertion. So a failed allocation is served from a reserve until the text has been read, and the result is then dropped. */
#include "json_body.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define RESERVE_SIZE (1 << 20) /* many times the largest body; pages of it take memory only when used */

static alignas(max_align_t) unsigned char reserve[RESERVE_SIZE];
static size_t reserve_used;
static bool is_reading;

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    const size_t rounded = (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);

    if (memory != NULL || !is_reading || rounded < size || rounded > sizeof reserve - reserve_used)
        return memory;
    memory = reserve + reserve_used;
    reserve_used += rounded;
    return memory;
}

static void release(void *memory)
{
    const uintptr_t at = (uintptr_t)memory, start = (uintptr_t)reserve;

    if (at < start || at >= start + sizeof reserve)
        free(memory);
}

void bg_json_body_start(void)
{
    json_set_alloc_funcs(allocate, release);
}

/* jansson's own words for a NUL name one of its flags. */
static const char *reason(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a text must not contain \\u0000";
    default:
        return error->text;
    }
}

enum bg_error bg_json_body_read(const char *bytes, size_t length, json_t **ret_body, struct bg_failure *ret_failure)
{
    json_error_t error;

    reserve_used = 0;
    is_reading = true;
    json_t *body = bytes != NULL ? json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error) : NULL;
    is_reading = false;
    if (bytes == NULL || reserve_used > 0) {
        json_decref(body);
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    }
    if (body == NULL)
        return bg_fail(ret_failure, BG_INVALID, "The body cannot be read as JSON: line %d, column %d: %s.", error.line, error.column,
                       reason(&error));
    *ret_body = body;
    return BG_OK;
}
