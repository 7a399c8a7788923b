/* format_csv.c: rows as comma-separated values (RFC 4180), every column, raw numbers.
 *
 * Text that a spreadsheet would read as a formula (it begins with = + - or @, or with the full-width form of one) gets an apostrophe before
 * it, the usual mark of text; numbers stay as they are. Control characters are written like \x0a, so that one row is always one line. */
#include "formats.h"

#include "beamgauge/json.h"
#include "beamgauge/text.h"

#include <stdlib.h>
#include <string.h>

#define FULL_WIDTH 0xfee0 /* from a character of ASCII to its full-width form */

static bool is_formula(const char *string, size_t length)
{
    uint32_t first = 0;

    if (bg_text_utf8_first(string, length, &first) == 0)
        return false;
    first -= first > FULL_WIDTH ? FULL_WIDTH : 0;
    return first == '=' || first == '+' || first == '-' || first == '@';
}

static void print_string(const char *string, size_t length, FILE *out)
{
    bool formula = is_formula(string, length);
    bool quoted = formula || length == 0 || /* null is an empty field, without quotes */
                  memchr(string, ',', length) != NULL || memchr(string, '"', length) != NULL ||
                  (length > 0 && (string[0] == ' ' || string[length - 1] == ' '));
    char piece[BG_TEXT_ESCAPED_SIZE(4)]; /* of one code point */
    struct bg_text text;

    fputs(quoted ? "\"" : "", out);
    fputs(formula ? "'" : "", out);
    for (size_t at = 0, size; at < length; at += size) {
        if ((size = bg_text_utf8_first(string + at, length - at, NULL)) == 0)
            size = 1;
        bg_text_init(&text, piece, sizeof piece);
        bg_text_add_escaped(&text, string + at, size, "");
        fputs(piece[0] == '"' ? "\"\"" : piece, out);
    }
    fputs(quoted ? "\"" : "", out);
}

static bool print_cell(json_t *value, FILE *out)
{
    char *dump;

    if (value == NULL || json_is_null(value))
        return true;
    if (json_is_string(value)) {
        print_string(json_string_value(value), json_string_length(value), out);
        return true;
    }
    if ((dump = bg_json_text(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))) == NULL)
        return false;
    if (json_is_object(value) || json_is_array(value))
        print_string(dump, strlen(dump), out);
    else
        fputs(dump, out);
    free(dump);
    return true;
}

bool bg_format_csv(const struct bg_endpoint *endpoint, json_t *rows, FILE *out)
{
    const struct bg_column *columns = bg_columns_of(endpoint, rows), *column;
    bool done = true;
    size_t index;
    json_t *row;

    for (column = columns; column->path != NULL; column++) {
        if (column != columns)
            fputc(',', out);
        for (const char *c = column->path; *c != '\0' && *c != '|'; c++)
            fputc(*c == '.' ? '_' : *c, out);
    }
    fputs("\r\n", out);
    json_array_foreach(rows, index, row)
    {
        for (column = columns; column->path != NULL; column++) {
            if (column != columns)
                fputc(',', out);
            done = print_cell(bg_cell_find(row, column->path), out) && done;
        }
        fputs("\r\n", out);
    }
    return done;
}
