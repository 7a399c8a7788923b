/* formats.h: the representations of an answer, and which of them a client wants. */
#ifndef BG_HTTP_FORMATS_H
#define BG_HTTP_FORMATS_H

#include "beamgauge/endpoint.h"

#include <stdbool.h>
#include <stdio.h>

enum bg_format { BG_FORMAT_JSON, BG_FORMAT_TEXT, BG_FORMAT_MD, BG_FORMAT_CSV, BG_FORMAT_NDJSON, BG_FORMAT_ANY };

/* After those: the representations of an endpoint's own table, by their place in it. */
#define BG_REPRESENTATIONS_MAX 8
enum bg_format bg_format_own(size_t place);
/* NULL for one of the formats above. */
const struct bg_representation *bg_format_representation(const struct bg_endpoint *endpoint, enum bg_format format);

extern const char *const bg_format_names[]; /* NULL-terminated, as in format= */
enum bg_format bg_format_find(const char *name);
const char *bg_format_content_type(enum bg_format format);

/* The best of the first `count` formats for an Accept header (NULL: anything goes), the earlier one where two are equal;
 * BG_FORMAT_ANY where it takes none of them. */
enum bg_format bg_accept_choose(const char *accept, size_t count);
/* The best of a NULL-terminated list of content types, the earlier one where two are equal; NULL where it takes none of them. */
const char *bg_accept_choose_type(const char *accept, const char *const *types);
/* The same for an endpoint's own representations. */
enum bg_format bg_accept_choose_own(const char *accept, const struct bg_representation *representations);
/* Whether a list such as Accept-Encoding has `word` with a weight over 0. */
bool bg_accept_has(const char *list, const char *word);

#define BG_TABLE_WIDTH 80 /* characters of a line of a table in text and md, on ordinary data */
#define BG_CELL_MAX 60    /* characters shown of a cell in text and md */
#define BG_CELL_SIZE 1024 /* bytes of a cell, escaped */

/* Rows as the endpoint's columns see them: a new reference to an array, NULL where memory ran out. */
json_t *bg_rows_of(const struct bg_endpoint *endpoint, const json_t *data);
/* The endpoint's columns for these rows. */
const struct bg_column *bg_columns_of(const struct bg_endpoint *endpoint, const json_t *rows);
/* What stands at a dotted path, up to a bar; NULL where nothing does. */
json_t *bg_cell_find(json_t *row, const char *path);
/* What people are shown of a column: what stands at its path, or else at that behind the bar. */
json_t *bg_cell_value(json_t *row, const struct bg_column *column);
/* For people: 1.5 GiB, 1,234,567; text is escaped, nothing in it can end a line or drive a terminal. */
void bg_cell_show(json_t *row, const struct bg_column *column, char ret_text[BG_CELL_SIZE]);

void bg_format_text(const struct bg_endpoint *endpoint, json_t *rows, json_t *meta, FILE *out);
void bg_format_md(const struct bg_endpoint *endpoint, json_t *rows, json_t *meta, FILE *out);
/* False where memory ran out for a cell. */
bool bg_format_csv(const struct bg_endpoint *endpoint, json_t *rows, FILE *out);

#endif
