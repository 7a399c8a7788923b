/* text.h: text in bounded buffers, checks of UTF-8, and escapes that make untrusted text safe to print. */
#ifndef BEAMGAUGE_TEXT_H
#define BEAMGAUGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Strict (RFC 3629): no overlong forms, no surrogates, nothing over U+10FFFF. NUL and other control characters are UTF-8. */
bool bg_text_is_utf8(const char *bytes, size_t length);
/* The number of bytes of the first code point, 0 if it is cut or malformed; *ret_code_point may be NULL. */
size_t bg_text_utf8_first(const char *bytes, size_t length, uint32_t *ret_code_point);
/* Whether a code point, printed raw, could forge lines, control a terminal, reorder its neighbours, or be invisible: Unicode's
 * control and format characters (Cc, Cf), line and paragraph separators, and what fonts do not show (Default_Ignorable_Code_Point: zero
 * width, fillers, variation selectors). */
bool bg_text_is_hostile(uint32_t code_point);

/* A text that grows inside the caller's buffer and never past it:
 *
 *   buffer                   buffer+length          buffer+size
 *     | written ................. '\0' | free ........... |
 *
 * Always terminated. What does not fit is cut between code points: the text then ends in "...", `cut` is set, and nothing more is added. */
struct bg_text {
    char *buffer;
    size_t size, length;
    bool cut;
};

void bg_text_init(struct bg_text *ret_text, char *buffer, size_t size); /* size at least 1 */
void bg_text_add(struct bg_text *text, const char *string);
void bg_text_add_format(struct bg_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds `bytes`. Each byte of a hostile character or of invalid UTF-8 is written like \x1b (two lower-case digits), and each character of
 * `marked` (ASCII; "" for none) gets a backslash before it. If `marked` has the backslash, no two inputs give the same output. */
void bg_text_add_escaped(struct bg_text *text, const char *bytes, size_t length, const char *marked);
/* Numbers for people, in the same form everywhere: 1,234,567; 1.5 GiB; 1,234.50 with two decimals; +2.4/s, 0/s, -140/s; +1.5 GiB/s. */
void bg_text_add_count(struct bg_text *text, int64_t count);
/* For sentences: what is counted is grouped, as in tables. What can be typed into a request or a file (a limit, a port, milliseconds) is
 * printed as it is typed, without commas. BG_COUNT(n) is a text that lives as long as the block around it. */
#define BG_COUNT_SIZE 28
const char *bg_text_count(int64_t count, char ret_text[BG_COUNT_SIZE]);
#define BG_COUNT(count) bg_text_count((int64_t)(count), (char[BG_COUNT_SIZE]){0})
void bg_text_add_bytes(struct bg_text *text, double bytes);
void bg_text_add_decimal(struct bg_text *text, double number, int decimals);
void bg_text_add_rate(struct bg_text *text, double per_second);
void bg_text_add_byte_rate(struct bg_text *text, double per_second);
/* Drops all after the first `length` bytes, and the cut mark: to add something whole or not at all. */
void bg_text_rewind(struct bg_text *text, size_t length);

/* Add untrusted text: in Markdown it cannot make markup, a table bar, HTML, a mention (@all) or a link (an address is code); in XML no
 * markup. */
void bg_text_print_md(FILE *out, const char *text);
void bg_text_print_xml(FILE *out, const char *text);

/* The size that is always enough for bg_text_add_escaped() of `length` bytes, with the terminator. */
#define BG_TEXT_ESCAPED_SIZE(length) (4 * (size_t)(length) + 1)

/* The width of a UTF-8 text in columns of a terminal. */
size_t bg_text_width(const char *text);
/* How many of its bytes fit into `columns` columns, in whole characters with their combining marks. */
size_t bg_text_fitting(const char *text, size_t width);

#endif
