/* form.c: the fields of a form that was sent as application/x-www-form-urlencoded. */
#include "form.h"

#include "percent.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char type[] = "application/x-www-form-urlencoded";

/* `buffer` is large enough for the pair and two terminators. */
static enum bg_error take_pair(const char *pair, size_t length, char *buffer, json_t *fields, struct bg_failure *ret_failure)
{
    const char *equals = memchr(pair, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - pair) : length, decoded;
    const char *value = pair + name_length + (equals != NULL ? 1 : 0);
    char *name = buffer, *text = buffer + name_length + 1;
    const char *wrong = bg_percent_decode(pair, name_length, true, name, &decoded);

    if (wrong == NULL)
        wrong = bg_percent_decode(value, (size_t)(pair + length - value), true, text, &decoded);
    if (wrong != NULL)
        return bg_fail(ret_failure, BG_INVALID, "The form cannot be read: %s.", wrong);
    if (json_object_get(fields, name) != NULL)
        return bg_fail(ret_failure, BG_INVALID, "The form has the field %.60s twice.", name);
    if (json_object_size(fields) == BG_FORM_FIELDS_MAX)
        return bg_fail(ret_failure, BG_INVALID, "The form has more than %d fields.", BG_FORM_FIELDS_MAX);
    if (json_object_set_new(fields, name, json_string(text)) != 0)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    return BG_OK;
}

enum bg_error bg_form_read(const char *content_type, const char *bytes, size_t length, json_t **ret_fields, struct bg_failure *ret_failure)
{
    enum bg_error error = BG_OK;
    json_t *fields;
    char *buffer;

    if (content_type == NULL || strncasecmp(content_type, type, sizeof type - 1) != 0 ||
        strchr("; \t", content_type[sizeof type - 1]) == NULL)
        return bg_fail(ret_failure, BG_MEDIA_TYPE, "The body must be a form: send Content-Type: %s.", type);
    fields = json_object();
    buffer = malloc(length + 2);
    if (fields == NULL || buffer == NULL)
        error = bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    for (const char *end = bytes + length, *next; error == BG_OK && bytes < end; bytes = next < end ? next + 1 : end) {
        next = memchr(bytes, '&', (size_t)(end - bytes));
        next = next != NULL ? next : end;
        if (next > bytes)
            error = take_pair(bytes, (size_t)(next - bytes), buffer, fields, ret_failure);
    }
    free(buffer);
    if (error == BG_OK)
        *ret_fields = fields;
    else
        json_decref(fields);
    return error;
}
