/* text.h: text in bounded buffers; what is UTF-8, and how text from strangers is made harmless before it is printed. */
#ifndef BEAMGAUGE_TEXT_H
#define BEAMGAUGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Strict (RFC 3629): no overlong forms, no surrogates, nothing over U+10FFFF. NUL and other control characters are UTF-8. */
bool bg_text_is_utf8(const char *bytes, size_t length);
/* The bytes of the first code point, 0 where there is no whole and well-formed one; *ret_code_point may be NULL. */
size_t bg_text_utf8_first(const char *bytes, size_t length, uint32_t *ret_code_point);
/* Whether a code point, printed raw, could forge lines, drive a terminal, reorder its neighbours, or would not be seen at all: Unicode's
 * control and format characters (Cc, Cf), line and paragraph separators, and what fonts leave out (Default_Ignorable_Code_Point: zero
 * width, fillers, variation selectors). */
bool bg_text_is_hostile(uint32_t code_point);

/* A text that grows inside a buffer of the caller's and never past it:
 *
 *   buffer                   buffer+length          buffer+size
 *     | written ................. '\0' | free ........... |
 *
 * Always terminated. What does not fit is cut between code points, the text then ends in "...", `cut` is set and nothing more is
 * added. */
struct bg_text {
    char *buffer;
    size_t size, length;
    bool cut;
};

void bg_text_init(struct bg_text *ret_text, char *buffer, size_t size); /* size at least 1 */
void bg_text_add(struct bg_text *text, const char *string);
void bg_text_add_format(struct bg_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds `bytes` with every byte of what is hostile or not UTF-8 as \x1b (two lower-case digits), and a backslash before each character
 * of `marked` (ASCII; "" for none). With the backslash among the marked ones no two inputs give the same output. */
void bg_text_add_escaped(struct bg_text *text, const char *bytes, size_t length, const char *marked);
/* Numbers as people read them, the same wherever there are any: 1,234,567; 1.5 GiB; 1,234.50 of two decimals. */
void bg_text_add_count(struct bg_text *text, int64_t count);
void bg_text_add_bytes(struct bg_text *text, double bytes);
void bg_text_add_decimal(struct bg_text *text, double number, int decimals);
/* Forgets all after the first `length` bytes, the cut too: for adding something whole or not at all. */
void bg_text_rewind(struct bg_text *text, size_t length);

/* Write text that may be anybody's: in Markdown no markup, table bar, HTML or mention (@all); in XML no markup. */
void bg_text_print_md(FILE *out, const char *text);
void bg_text_print_xml(FILE *out, const char *text);

/* What bg_text_add_escaped() may need for `length` bytes, terminator included, without being cut. */
#define BG_TEXT_ESCAPED_SIZE(length) (4 * (size_t)(length) + 1)

/* How many columns of a terminal a text of UTF-8 takes. */
size_t bg_text_width(const char *text);
/* How many of its bytes fit into so many columns, whole characters with what is drawn over them. */
size_t bg_text_fitting(const char *text, size_t width);

#endif
