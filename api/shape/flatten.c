/* flatten.c: an object as rows {"field", "value"} for the table formats. */
#include "flatten.h"

#include <inttypes.h>
#include <stdlib.h>

#define DEPTH_MAX 8

const struct bg_column bg_flatten_columns[] = {
    {"field", "Field", BG_COLUMN_TEXT, true},
    {"value", "Value", BG_COLUMN_TEXT, true},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

static bool flatten(json_t *rows, const json_t *field, const json_t *value, int depth);

static bool append_row(json_t *rows, const json_t *field, const json_t *value)
{
    json_t *row = json_object();
    int bad = json_object_set_new(row, "field", json_copy((json_t *)(uintptr_t)field));
    bad |= json_object_set_new(row, "value", json_copy((json_t *)(uintptr_t)value));
    if (bad == 0)
        return json_array_append_new(rows, row) == 0;
    json_decref(row);
    return false;
}

static json_t *member_field(const json_t *field, const char *name)
{
    return field == NULL ? json_string(name) : json_sprintf("%s.%s", json_string_value(field), name);
}

static bool flatten_object(json_t *rows, const json_t *field, const json_t *object, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        json_t *inner = member_field(field, key);
        const bool good = inner != NULL && flatten(rows, inner, value, depth + 1);
        json_decref(inner);
        if (!good)
            return false;
    }
    return true;
}

static json_t *item_field(const json_t *field, const json_t *item, size_t index)
{
    const char *name = json_string_value(json_object_get(item, "name"));
    if (name != NULL)
        return member_field(field, name);
    return json_sprintf("%s.%zu", field != NULL ? json_string_value(field) : "", index);
}

static bool flatten_array(json_t *rows, const json_t *field, const json_t *array, int depth)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        json_t *inner = item_field(field, item, i);
        const bool good = inner != NULL && flatten(rows, inner, item, depth + 1);
        json_decref(inner);
        if (!good)
            return false;
    }
    return true;
}

/* An MFA, or another object that has its own text. */
static const json_t *ready_text(const json_t *value)
{
    const json_t *text = json_object_get(value, "text");
    return json_is_string(text) ? text : NULL;
}

static bool flatten(json_t *rows, const json_t *field, const json_t *value, int depth)
{
    if (depth > DEPTH_MAX)
        return true;
    if (ready_text(value) != NULL)
        return append_row(rows, field, ready_text(value));
    if (json_is_object(value))
        return flatten_object(rows, field, value, depth);
    if (json_is_array(value))
        return flatten_array(rows, field, value, depth);
    return append_row(rows, field, value);
}

json_t *bg_flatten_rows(const json_t *data)
{
    json_t *rows = json_array();
    if (rows != NULL && flatten_object(rows, NULL, data, 0))
        return rows;
    json_decref(rows);
    return NULL;
}

json_t *bg_single_row(const json_t *data)
{
    json_t *rows = json_array();
    if (json_array_append(rows, (json_t *)(uintptr_t)data) == 0)
        return rows;
    json_decref(rows);
    return NULL;
}
