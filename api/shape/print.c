/* print.c: figures and names as people read them. */
#include "print.h"

#include <string.h>

static void add_bytes(struct bg_text *text, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;
    while ((bytes >= 1024 || bytes <= -1024) && unit + 1 < sizeof units / sizeof units[0]) {
        bytes /= 1024;
        unit++;
    }
    bg_text_add_format(text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

void bg_text_add_figure(struct bg_text *text, const json_t *value, const char *unit)
{
    if (!json_is_number(value))
        bg_text_add(text, "-");
    else if (strcmp(unit, "bytes") == 0)
        add_bytes(text, json_number_value(value));
    else if (json_is_integer(value))
        bg_text_add_format(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
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
