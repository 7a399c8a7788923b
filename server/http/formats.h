/* formats.h: the formats of an answer, and content negotiation. */
#ifndef BG_HTTP_FORMATS_H
#define BG_HTTP_FORMATS_H

#include "beamgauge/endpoint.h"

#include <stdbool.h>
#include <stdio.h>

enum bg_format { BG_FORMAT_JSON, BG_FORMAT_TEXT, BG_FORMAT_MD, BG_FORMAT_CSV, BG_FORMAT_NDJSON, BG_FORMAT_ANY };

/* After these: the formats of an endpoint's own table, by their index in it. */
#define BG_REPRESENTATIONS_MAX 8
enum bg_format bg_format_own(size_t place);
/* NULL for one of the formats above. */
const struct bg_representation *bg_format_representation(const struct bg_endpoint *endpoint, enum bg_format format);

extern const char *const bg_format_names[]; /* NULL-terminated, as in format= */
enum bg_format bg_format_find(const char *name);
const char *bg_format_content_type(enum bg_format format);

/* The best of the first `count` formats for an Accept header (NULL: all are accepted); of two equal ones the earlier. BG_FORMAT_ANY if it
 * accepts none of them. */
enum bg_format bg_accept_choose(const char *accept, size_t count);
/* The best of a NULL-terminated list of content types; of two equal ones the earlier. NULL if none is accepted. */
const char *bg_accept_choose_type(const char *accept, const char *const *types);
/* The same for an endpoint's own formats. */
enum bg_format bg_accept_choose_own(const char *accept, const struct bg_representation *representations);
/* Whether a list such as Accept-Encoding has `word` with a weight over 0. */
bool bg_accept_has(const char *list, const char *word);

#define BG_TABLE_WIDTH 80   /* characters of a line of a table in text and md, on ordinary data */
#define BG_CELL_MAX 60      /* characters shown of a cell in text and md */
#define BG_CELL_UNKNOWN "-" /* the whole text of a cell if nothing is known */
#define BG_CELL_SIZE 1024   /* bytes of a cell, escaped */

/* The rows for the endpoint's columns: a new reference to an array, NULL if memory ran out. */
json_t *bg_rows_of(const struct bg_endpoint *endpoint, const json_t *data);
/* The endpoint's columns for these rows. */
const struct bg_column *bg_columns_of(const struct bg_endpoint *endpoint, const json_t *rows);
/* The value at a dotted path, up to a bar; NULL if there is none. */
json_t *bg_cell_find(json_t *row, const char *path);
/* The value of a column for people: the one at its path, or else at the path behind the bar. */
json_t *bg_cell_value(json_t *row, const struct bg_column *column);
/* For people: 1.5 GiB, 1,234,567; text is escaped, nothing in it can end a line or control a terminal. */
void bg_cell_show(json_t *row, const struct bg_column *column, char ret_text[BG_CELL_SIZE]);

void bg_format_text(const struct bg_endpoint *endpoint, json_t *rows, json_t *meta, FILE *out);
void bg_format_md(const struct bg_endpoint *endpoint, json_t *rows, json_t *meta, FILE *out);
/* False where memory ran out for a cell. */
bool bg_format_csv(const struct bg_endpoint *endpoint, json_t *rows, FILE *out);

#endif
