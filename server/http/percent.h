/* percent.h: strict decoding of percent-encoding. */
#ifndef BG_HTTP_PERCENT_H
#define BG_HTTP_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

/* Decodes %XX, and '+' if asked. Returns NULL, or why it failed: the result must be UTF-8 without control characters.
 * ret_text has room for `length` bytes and a terminator. */
const char *bg_percent_decode(const char *text, size_t length, bool plus_is_space, char *ret_text, size_t *ret_length);

#endif
