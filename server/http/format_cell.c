/* format_cell.c: one cell of a table: found by the path of its column, and shown for people. */
#include "formats.h"

#include "beamgauge/json.h"
#include "beamgauge/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

json_t *bg_rows_of(const struct bg_endpoint *endpoint, const json_t *data)
{
    json_t *rows, *value;
    const char *field;

    if (endpoint->rows != NULL)
        return endpoint->rows(data);
    if (json_is_array(data))
        return json_incref((json_t *)data);
    if ((rows = json_array()) == NULL)
        return NULL;
    json_object_foreach((json_t *)data, field, value)
    {
        if (json_array_append_new(rows, json_pack("{s:s, s:O}", "field", field, "value", value)) == 0)
            continue;
        json_decref(rows);
        return NULL;
    }
    return rows;
}

const struct bg_column *bg_columns_of(const struct bg_endpoint *endpoint, const json_t *rows)
{
    const bool grouped = json_object_get(json_array_get(rows, 0), "group") != NULL;
    return grouped && endpoint->group_columns != NULL ? endpoint->group_columns : endpoint->columns;
}

json_t *bg_cell_find(json_t *row, const char *path)
{
    while (row != NULL) {
        size_t length = strcspn(path, ".|");
        row = json_object_getn(row, path, length);
        if (path[length] != '.')
            return row;
        path += length + 1;
    }
    return NULL;
}

json_t *bg_cell_value(json_t *row, const struct bg_column *column)
{
    json_t *value = bg_cell_find(row, column->path);
    const char *other = strchr(column->path, '|');

    return other != NULL && (value == NULL || json_is_null(value)) ? bg_cell_find(row, other + 1) : value;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), end_length = strlen(end);

    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static enum bg_column_kind kind_of_unit(const char *unit, bool is_rate)
{
    const bool is_bytes = unit != NULL && strncmp(unit, "bytes", 5) == 0;

    if (is_rate)
        return is_bytes ? BG_COLUMN_BYTE_RATE : BG_COLUMN_RATE;
    return is_bytes ? BG_COLUMN_BYTES : BG_COLUMN_COUNT;
}

/* If every member of an object is a row, the field's name has the unit. */
static enum bg_column_kind kind_of(json_t *row, const struct bg_column *column)
{
    const char *field = strcmp(column->path, "value") == 0 ? json_string_value(json_object_get(row, "field")) : NULL;

    if (column->kind == BG_COLUMN_OF_UNIT || column->kind == BG_COLUMN_UNIT_RATE)
        return kind_of_unit(json_string_value(json_object_get(row, "unit")), column->kind == BG_COLUMN_UNIT_RATE);
    if (field == NULL)
        return column->kind;
    if (ends_with(field, "_bytes") || ends_with(field, ".bytes"))
        return BG_COLUMN_BYTES;
    if (ends_with(field, "_ratio"))
        return BG_COLUMN_RATIO;
    if (ends_with(field, "_bytes_per_second"))
        return BG_COLUMN_BYTE_RATE;
    return ends_with(field, "_per_second") ? BG_COLUMN_RATE : BG_COLUMN_COUNT;
}

/* In the largest unit of which there are two or more. */
static void show_duration(struct bg_text *text, double seconds)
{
    static const struct {
        double s;
        const char *name;
    } units[] = {{86400, "days"}, {3600, "h"}, {60, "min"}, {1, "s"}};
    size_t i = 0;

    while (units[i].s > 1 && seconds < 2 * units[i].s)
        i++;
    bg_text_add_count(text, (int64_t)(seconds / units[i].s));
    bg_text_add_format(text, " %s", units[i].name);
}

static void show_number(struct bg_text *text, const json_t *value, enum bg_column_kind kind)
{
    double number = json_number_value(value);

    if (kind == BG_COLUMN_BYTES)
        bg_text_add_bytes(text, number);
    else if (kind == BG_COLUMN_RATE)
        bg_text_add_rate(text, number);
    else if (kind == BG_COLUMN_BYTE_RATE)
        bg_text_add_byte_rate(text, number);
    else if (kind == BG_COLUMN_DURATION)
        show_duration(text, number);
    else if (json_is_integer(value) && kind != BG_COLUMN_TEXT && kind != BG_COLUMN_RATIO)
        bg_text_add_count(text, json_integer_value(value));
    else if (json_is_integer(value) && kind == BG_COLUMN_TEXT)
        bg_text_add_format(text, "%" JSON_INTEGER_FORMAT, json_integer_value(value)); /* a port: a number, but a name */
    else
        bg_text_add_decimal(text, number, 2);
}

/* Cuts after BG_CELL_MAX characters, marks the cut with an ellipsis. */
static size_t shown_length(const char *text, size_t length, bool *ret_cut)
{
    size_t at = 0, size;

    for (int count = 0; at < length && count < BG_CELL_MAX; count++, at += size)
        if ((size = bg_text_utf8_first(text + at, length - at, NULL)) == 0)
            size = 1;
    *ret_cut = at < length;
    return at;
}

/* An empty or blank name is quoted as Erlang prints it; otherwise it would look like a missing name. */
static void show_string(struct bg_text *text, const char *string, size_t length, enum bg_column_kind kind)
{
    bool cut = false;
    size_t shown = kind == BG_COLUMN_WHOLE ? length : shown_length(string, length, &cut);
    const char *quote = strspn(string, " ") == length ? "'" : "";

    bg_text_add(text, quote);
    bg_text_add_escaped(text, string, shown, "");
    bg_text_add(text, quote);
    if (cut)
        bg_text_add(text, "\xe2\x80\xa6");
}

/* Some objects, such as a peer or a function, have their own text. */
static void show_object(struct bg_text *text, json_t *object, enum bg_column_kind kind)
{
    static const char *const own[] = {"text", "pid", "name", "port", "reference", NULL};
    char *dump;

    for (int i = 0; own[i] != NULL; i++) {
        const json_t *member = json_object_get(object, own[i]);
        if (json_is_string(member)) {
            show_string(text, json_string_value(member), json_string_length(member), kind);
            return;
        }
    }
    if ((dump = bg_json_text(object, JSON_COMPACT)) != NULL)
        show_string(text, dump, strlen(dump), kind);
    free(dump);
}

/* "<path>_min" or "<path>_max" of a row; NULL where there is none. */
static const json_t *bound_of(json_t *row, const struct bg_column *column, const char *bound)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s_%s", column->path, bound);
    return json_object_get(row, name);
}

/* An estimate is marked. If it is not known which kind the entries are, the cell shows their maximum. */
static void show_entries(struct bg_text *text, json_t *row, const json_t *value, const struct bg_column *column)
{
    const json_t *least = bound_of(row, column, "min"), *most = bound_of(row, column, "max");
    const json_t *uncounted = json_object_get(row, "uncounted_count");
    const bool is_counted = json_is_integer(least) && json_equal(least, most);

    if (json_is_integer(uncounted))
        bg_text_add(text, "\xe2\x89\xa4 ");
    else if (json_is_false(json_object_get(row, "exact")) && !is_counted)
        bg_text_add(text, "\xe2\x89\x88 ");
    show_number(text, json_is_integer(uncounted) ? uncounted : value, BG_COLUMN_COUNT);
}

/* What is known of a value that nobody measured, unless its row's `uncounted_count` says it once for all columns. */
static bool show_bound(struct bg_text *text, json_t *row, const struct bg_column *column)
{
    const json_t *least = bound_of(row, column, "min"), *most = bound_of(row, column, "max");
    const bool has_most = json_is_integer(most) && !json_is_integer(json_object_get(row, "uncounted_count"));

    if (!has_most && json_integer_value(least) <= 0)
        return false;
    bg_text_add(text, has_most ? "\xe2\x89\xa4 " : "\xe2\x89\xa5 ");
    show_number(text, has_most ? most : least, column->kind);
    return true;
}

static void show_unknown(struct bg_text *text, json_t *row, const struct bg_column *column)
{
    if (!show_bound(text, row, column))
        bg_text_add(text, BG_CELL_UNKNOWN);
}

void bg_cell_show(json_t *row, const struct bg_column *column, char ret_text[BG_CELL_SIZE])
{
    json_t *value = bg_cell_value(row, column);
    const bool is_bound = column->kind == BG_COLUMN_BOUND && json_is_integer(json_object_get(row, "uncounted_count"));
    const bool is_entries = json_is_number(value) && (column->kind == BG_COLUMN_ENTRIES || column->kind == BG_COLUMN_BOUND);
    struct bg_text text;

    bg_text_init(&text, ret_text, BG_CELL_SIZE);
    if (is_bound || is_entries)
        show_entries(&text, row, value, column);
    else if (value == NULL || json_is_null(value))
        show_unknown(&text, row, column);
    else if (json_is_string(value))
        show_string(&text, json_string_value(value), json_string_length(value), column->kind);
    else if (json_is_number(value))
        show_number(&text, value, kind_of(row, column));
    else if (json_is_boolean(value))
        bg_text_add(&text, json_is_true(value) ? "true" : "false");
    else
        show_object(&text, value, column->kind);
}
