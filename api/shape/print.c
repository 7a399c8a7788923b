/* print.c: figures and names in a form for people. */
#include "print.h"

#include <string.h>

void bg_text_add_figure(struct bg_text *text, const json_t *value, const char *unit)
{
    if (!json_is_number(value))
        bg_text_add(text, "-");
    else if (strcmp(unit, "bytes") == 0)
        bg_text_add_bytes(text, json_number_value(value));
    else if (json_is_integer(value))
        bg_text_add_count(text, json_integer_value(value));
    else
        bg_text_add_format(text, "%.4g", json_number_value(value));
    if (json_is_number(value) && strcmp(unit, "milliseconds") == 0)
        bg_text_add(text, " ms");
}

static void add_part(struct bg_text *text, const char *before, const json_t *value)
{
    const char *string = json_string_value(value);
    if (string == NULL)
        return;
    bg_text_add(text, before);
    bg_text_add_escaped(text, string, json_string_length(value), "");
}

static void add_one_ref(struct bg_text *text, const json_t *ref)
{
    const json_t *own = json_object_get(ref, "text"), *name = json_object_get(ref, "name");
    add_part(text, "", own);
    if (!json_equal(own, name))
        add_part(text, " ", name);
}

void bg_text_add_ref(struct bg_text *text, const json_t *ref)
{
    const json_t *watched = json_object_get(ref, "watched");
    if (!json_is_object(ref))
        bg_text_add(text, "-");
    add_one_ref(text, ref);
    if (watched == NULL)
        return;
    bg_text_add(text, " -> ");
    add_one_ref(text, watched);
    add_part(text, " on ", json_object_get(watched, "node"));
}
