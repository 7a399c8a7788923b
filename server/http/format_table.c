/* format_table.c: rows as an aligned table (text) and as a Markdown table (md), for a terminal or a chat window. */
#include "formats.h"

#include "beamgauge/text.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_COLUMNS_MAX 16

/* The columns shown, and how wide each must be, in characters. */
struct table {
    const struct bg_column *columns[TABLE_COLUMNS_MAX];
    size_t widths[TABLE_COLUMNS_MAX];
    size_t count;
};

static size_t characters_in(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static bool is_in_any(const json_t *rows, const char *path)
{
    size_t index;
    json_t *row;

    json_array_foreach(rows, index, row) if (bg_cell_find(row, path) != NULL) return true;
    return false;
}

/* Changes are in the rows only where a window was asked for, and then they are what the table is about. */
static bool is_shown(const struct bg_column *column, const json_t *rows)
{
    return column->compact || (strstr(column->path, "_delta") != NULL && is_in_any(rows, column->path));
}

static void table_init(const struct bg_endpoint *endpoint, const json_t *rows, struct table *ret_table)
{
    *ret_table = (struct table){.count = 0};
    for (const struct bg_column *column = bg_columns_of(endpoint, rows); column->path != NULL && ret_table->count < TABLE_COLUMNS_MAX;
         column++)
        if (is_shown(column, rows))
            ret_table->columns[ret_table->count++] = column;
}

static void table_measure(struct table *table, json_t *rows)
{
    char cell[BG_CELL_SIZE];
    size_t index, width;
    json_t *row;

    for (size_t i = 0; i < table->count; i++) {
        table->widths[i] = characters_in(table->columns[i]->title);
        json_array_foreach(rows, index, row)
        {
            bg_cell_show(row, table->columns[i], cell);
            if ((width = characters_in(cell)) > table->widths[i])
                table->widths[i] = width;
        }
    }
}

static void print_aligned(const struct table *table, size_t i, const char *cell, FILE *out)
{
    bool right = table->columns[i]->kind != BG_COLUMN_TEXT, last = i + 1 == table->count;
    int pad = (int)(table->widths[i] - characters_in(cell));

    fprintf(out, "%s%*s%s%*s", i > 0 ? "  " : "", right ? pad : 0, "", cell, right || last ? 0 : pad, "");
}

/* What qualifies the table: whose it is, of when, and what to beware of. */
static void print_notes(json_t *meta, void (*print)(FILE *out, const char *note), FILE *out)
{
    const char *node = json_string_value(json_object_get(meta, "node"));
    const char *at = json_string_value(json_object_get(meta, "collected_at"));
    char escaped[BG_CELL_SIZE];
    struct bg_text text;
    json_t *warning;
    size_t index;

    bg_text_init(&text, escaped, sizeof escaped);
    if (node != NULL)
        bg_text_add_escaped(&text, node, strlen(node), "");
    if (at != NULL) {
        bg_text_add(&text, text.length > 0 ? ", " : "");
        bg_text_add_escaped(&text, at, strlen(at), "");
    }
    if (text.length > 0)
        print(out, escaped);
    json_array_foreach(json_object_get(meta, "warnings"), index, warning)
    {
        const char *words = json_string_value(warning);
        bg_text_init(&text, escaped, sizeof escaped);
        bg_text_add(&text, "warning: ");
        bg_text_add_escaped(&text, words != NULL ? words : "", words != NULL ? strlen(words) : 0, "");
        print(out, escaped);
    }
}

static void print_text_note(FILE *out, const char *note)
{
    fprintf(out, "%s\n", note);
}

void bg_format_text(const struct bg_endpoint *endpoint, json_t *rows, json_t *meta, FILE *out)
{
    char cell[BG_CELL_SIZE];
    struct table table;
    size_t index;
    json_t *row;

    table_init(endpoint, rows, &table);
    table_measure(&table, rows);
    for (size_t i = 0; i < table.count; i++)
        print_aligned(&table, i, table.columns[i]->title, out);
    fputc('\n', out);
    json_array_foreach(rows, index, row)
    {
        for (size_t i = 0; i < table.count; i++) {
            bg_cell_show(row, table.columns[i], cell);
            print_aligned(&table, i, cell, out);
        }
        fputc('\n', out);
    }
    fputc('\n', out);
    print_notes(meta, print_text_note, out);
}

static void print_md_note(FILE *out, const char *note)
{
    fputs("\n", out);
    bg_text_print_md(out, note);
    fputs("\n", out);
}

void bg_format_md(const struct bg_endpoint *endpoint, json_t *rows, json_t *meta, FILE *out)
{
    char cell[BG_CELL_SIZE];
    struct table table;
    size_t index;
    json_t *row;

    table_init(endpoint, rows, &table);
    for (size_t i = 0; i < table.count; i++) {
        fputs("| ", out);
        bg_text_print_md(out, table.columns[i]->title);
        fputc(' ', out);
    }
    fputs("|\n", out);
    for (size_t i = 0; i < table.count; i++)
        fputs(table.columns[i]->kind == BG_COLUMN_TEXT ? "| --- " : "| ---: ", out);
    fputs("|\n", out);
    json_array_foreach(rows, index, row)
    {
        for (size_t i = 0; i < table.count; i++) {
            bg_cell_show(row, table.columns[i], cell);
            fputs("| ", out);
            bg_text_print_md(out, cell);
            fputc(' ', out);
        }
        fputs("|\n", out);
    }
    print_notes(meta, print_md_note, out);
}
