/* format_table.c: rows as an aligned table (text) and as a Markdown table (md), for a terminal or a chat window. */
#include "formats.h"

#include "beamgauge/text.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_COLUMNS_MAX 32
#define TEXT_WIDTH_MIN 20     /* characters; figures are left out before text is cut to less */
#define TEXT_WIDTH_MIN_LAST 8 /* no text is cut to less */
#define TEXT_WIDTH_WRAPPED 30 /* a sentence in the last column of a text table is wrapped, in a column no narrower than this */
#define TEXT_GAP 2            /* between two columns of text */
#define MD_GAP 3              /* blank, bar and blank */

/* The columns shown, and how wide each may be, in columns of a terminal. */
struct table {
    const struct bg_column *columns[TABLE_COLUMNS_MAX];
    size_t widths[TABLE_COLUMNS_MAX];
    size_t count;
};

/* Cuts what is wider and marks the cut with an ellipsis, which takes three bytes and one column. */
static void cut_cell(char cell[BG_CELL_SIZE], size_t width)
{
    if (bg_text_width(cell) <= width)
        return;
    const size_t at = bg_text_fitting(cell, width - 1);
    (void)snprintf(cell + at, BG_CELL_SIZE - at, "\xe2\x80\xa6");
}

static void show_cell(const struct table *table, json_t *row, size_t i, char ret_cell[BG_CELL_SIZE])
{
    bg_cell_show(row, table->columns[i], ret_cell);
    if (table->columns[i]->kind != BG_COLUMN_WHOLE)
        cut_cell(ret_cell, table->widths[i]);
}

static void show_title(const struct table *table, size_t i, char ret_cell[BG_CELL_SIZE])
{
    (void)snprintf(ret_cell, BG_CELL_SIZE, "%s", table->columns[i]->title);
    cut_cell(ret_cell, table->widths[i]);
}

static bool is_sorted_by(const struct bg_column *column, const char *sorted_by)
{
    return sorted_by != NULL && strcmp(column->path, sorted_by) == 0;
}

static bool is_figure(const struct bg_column *column)
{
    return column->kind != BG_COLUMN_TEXT && column->kind != BG_COLUMN_WHOLE;
}

/* Rows have rates only if a window was requested, and then the table is about them. */
static bool is_rate(const struct bg_column *column)
{
    return column->kind == BG_COLUMN_RATE || column->kind == BG_COLUMN_BYTE_RATE;
}

static bool is_in_any(const json_t *rows, const struct bg_column *column)
{
    char cell[BG_CELL_SIZE];
    size_t index;
    json_t *row;

    json_array_foreach(rows, index, row)
    {
        bg_cell_show(row, column, cell);
        if (strcmp(cell, BG_CELL_UNKNOWN) != 0)
            return true;
    }
    return false;
}

/* The sort column is always shown. Any other column is left out if it is empty in all rows. */
static bool is_shown(const struct bg_column *column, const json_t *rows, const char *sorted_by)
{
    return is_sorted_by(column, sorted_by) || (column->compact && is_in_any(rows, column));
}

static void measure(struct table *table, json_t *rows)
{
    char cell[BG_CELL_SIZE];
    size_t index, width;
    json_t *row;

    for (size_t i = 0; i < table->count; i++) {
        table->widths[i] = bg_text_width(table->columns[i]->title);
        json_array_foreach(rows, index, row)
        {
            bg_cell_show(row, table->columns[i], cell);
            if ((width = bg_text_width(cell)) > table->widths[i])
                table->widths[i] = width;
        }
    }
}

/* The table's width if no text is wider than `most`. */
static size_t width_of(const struct table *table, size_t gap, size_t most)
{
    size_t width = 0;

    for (size_t i = 0; i < table->count; i++) {
        bool is_cut = table->columns[i]->kind == BG_COLUMN_TEXT && table->widths[i] > most;
        width += (is_cut ? most : table->widths[i]) + gap;
    }
    return width;
}

/* Takes a character from the widest text that is wider than `least`; false if there is none. */
static bool narrow_text(struct table *table, size_t least)
{
    size_t widest = table->count;

    for (size_t i = 0; i < table->count; i++)
        if (table->columns[i]->kind == BG_COLUMN_TEXT && table->widths[i] > least &&
            (widest == table->count || table->widths[i] > table->widths[widest]))
            widest = i;
    if (widest == table->count)
        return false;
    table->widths[widest]--;
    return true;
}

/* The main columns: rates, and the sort column or else the first figure. */
static bool is_about(const struct table *table, size_t i, const char *sorted_by)
{
    bool is_first = true;

    for (size_t j = 0; j < i; j++)
        is_first = is_first && !is_figure(table->columns[j]);
    return is_rate(table->columns[i]) || (sorted_by != NULL ? is_sorted_by(table->columns[i], sorted_by) : is_first);
}

/* Leaves out the last figure that is not a main column. */
static bool drop_figure(struct table *table, const char *sorted_by)
{
    for (size_t i = table->count; i-- > 1;) {
        if (!is_figure(table->columns[i]) || is_about(table, i, sorted_by))
            continue;
        table->count--;
        for (; i < table->count; i++) {
            table->columns[i] = table->columns[i + 1];
            table->widths[i] = table->widths[i + 1];
        }
        return true;
    }
    return false;
}

/* Makes the table fit a chat window or a terminal. Numbers, times and sentences are never cut. */
static void fit(struct table *table, size_t width, size_t gap, const char *sorted_by)
{
    while (width_of(table, gap, TEXT_WIDTH_MIN) > width && drop_figure(table, sorted_by))
        ;
    while (width_of(table, gap, SIZE_MAX) > width)
        if (!narrow_text(table, TEXT_WIDTH_MIN_LAST))
            return;
}

/* The same if sentences in the last column may take several lines: they get the width that is left. */
static void fit_wrapped(struct table *table, size_t width, size_t gap, const char *sorted_by)
{
    const size_t last = table->count - 1, wanted = table->count > 0 ? table->widths[last] : 0;
    if (wanted <= TEXT_WIDTH_WRAPPED || table->columns[last]->kind != BG_COLUMN_WHOLE) {
        fit(table, width, gap, sorted_by);
        return;
    }
    table->widths[last] = TEXT_WIDTH_WRAPPED;
    fit(table, width, gap, sorted_by);
    const size_t used = width_of(table, gap, SIZE_MAX), room = used < width ? width - used : 0;
    table->widths[table->count - 1] = wanted < TEXT_WIDTH_WRAPPED + room ? wanted : TEXT_WIDTH_WRAPPED + room;
}

typedef void fit_table(struct table *table, size_t width, size_t gap, const char *sorted_by);

static void table_init(const struct bg_endpoint *endpoint, json_t *rows, const json_t *meta, fit_table *fit_it, size_t width, size_t gap,
                       struct table *ret_table)
{
    const char *sorted_by = json_string_value(json_object_get(meta, "sorted_by"));

    *ret_table = (struct table){.count = 0};
    for (const struct bg_column *column = bg_columns_of(endpoint, rows); column->path != NULL && ret_table->count < TABLE_COLUMNS_MAX;
         column++)
        if (is_shown(column, rows, sorted_by))
            ret_table->columns[ret_table->count++] = column;
    measure(ret_table, rows);
    fit_it(ret_table, width, gap, sorted_by);
}

/* Breaks at blanks only: one word that is longer stays whole. */
static void print_wrapped(const struct table *table, size_t i, const char *cell, FILE *out)
{
    size_t start = 0;

    for (size_t j = 0; j < i; j++)
        start += table->widths[j] + TEXT_GAP;
    while (bg_text_width(cell) > table->widths[i]) {
        size_t at = bg_text_fitting(cell, table->widths[i]);
        while (at > 0 && cell[at] != ' ')
            at--;
        if (at == 0)
            at = strcspn(cell, " ");
        fprintf(out, "%.*s", (int)at, cell);
        cell += at;
        if (*cell == '\0')
            return;
        fprintf(out, "\n%*s", (int)start, "");
        cell++;
    }
    fputs(cell, out);
}

static void print_aligned(const struct table *table, size_t i, const char *cell, FILE *out)
{
    bool right = is_figure(table->columns[i]), last = i + 1 == table->count;
    size_t width = bg_text_width(cell);
    int pad = width < table->widths[i] ? (int)(table->widths[i] - width) : 0;

    fprintf(out, "%s%*s", i > 0 ? "  " : "", right ? pad : 0, "");
    if (last && table->columns[i]->kind == BG_COLUMN_WHOLE)
        print_wrapped(table, i, cell, out);
    else
        fprintf(out, "%s%*s", cell, right || last ? 0 : pad, "");
}

/* The lines around the table: its node, its time, and warnings. */
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
    const char *summary = json_string_value(json_object_get(meta, "summary"));
    if (summary != NULL) {
        bg_text_init(&text, escaped, sizeof escaped);
        bg_text_add_escaped(&text, summary, strlen(summary), "");
        print(out, escaped);
    }
    json_array_foreach(json_object_get(meta, "warnings"), index, warning)
    {
        const char *words = json_string_value(warning);
        bg_text_init(&text, escaped, sizeof escaped);
        bg_text_add(&text, "warning: ");
        bg_text_add_escaped(&text, words != NULL ? words : "", words != NULL ? strlen(words) : 0, "");
        print(out, escaped);
    }
}

/* A heading alone would look like lost data. */
static bool print_none(json_t *rows, FILE *out)
{
    if (json_array_size(rows) > 0)
        return false;
    fputs("No rows.\n", out);
    return true;
}

static void print_text_note(FILE *out, const char *note)
{
    fprintf(out, "%s\n", note);
}

static void print_text_head(const struct table *table, FILE *out)
{
    char cell[BG_CELL_SIZE];

    for (size_t i = 0; i < table->count; i++) {
        show_title(table, i, cell);
        print_aligned(table, i, cell, out);
    }
    fputc('\n', out);
}

void bg_format_text(const struct bg_endpoint *endpoint, json_t *rows, json_t *meta, FILE *out)
{
    char cell[BG_CELL_SIZE];
    struct table table;
    size_t index;
    json_t *row;

    if (!print_none(rows, out)) {
        table_init(endpoint, rows, meta, fit_wrapped, BG_TABLE_WIDTH + TEXT_GAP, TEXT_GAP, &table);
        print_text_head(&table, out);
        json_array_foreach(rows, index, row)
        {
            for (size_t i = 0; i < table.count; i++) {
                show_cell(&table, row, i, cell);
                print_aligned(&table, i, cell, out);
            }
            fputc('\n', out);
        }
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

static void print_md_head(const struct table *table, FILE *out)
{
    char cell[BG_CELL_SIZE];

    for (size_t i = 0; i < table->count; i++) {
        fputs("| ", out);
        show_title(table, i, cell);
        bg_text_print_md(out, cell);
        fputc(' ', out);
    }
    fputs("|\n", out);
    for (size_t i = 0; i < table->count; i++)
        fputs(is_figure(table->columns[i]) ? "| ---: " : "| --- ", out);
    fputs("|\n", out);
}

void bg_format_md(const struct bg_endpoint *endpoint, json_t *rows, json_t *meta, FILE *out)
{
    char cell[BG_CELL_SIZE];
    struct table table;
    size_t index;
    json_t *row;

    if (!print_none(rows, out)) {
        table_init(endpoint, rows, meta, fit, BG_TABLE_WIDTH - 1, MD_GAP, &table);
        print_md_head(&table, out);
        json_array_foreach(rows, index, row)
        {
            for (size_t i = 0; i < table.count; i++) {
                show_cell(&table, row, i, cell);
                fputs("| ", out);
                bg_text_print_md(out, cell);
                fputc(' ', out);
            }
            fputs("|\n", out);
        }
    }
    print_notes(meta, print_md_note, out);
}
