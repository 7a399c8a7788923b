/* percent.c: strict decoding of percent-encoding. */
#include "percent.h"

#include "beamgauge/text.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

const char *bg_percent_decode(const char *text, size_t length, bool plus_is_space, char *ret_text, size_t *ret_length)
{
    size_t out = 0;

    for (size_t at = 0; at < length; at++) {
        char c = text[at];
        if (c == '%') {
            int high = at + 2 < length ? hex_value(text[at + 1]) : -1;
            int low = high >= 0 ? hex_value(text[at + 2]) : -1;
            if (low < 0)
                return "a % must be followed by two hexadecimal digits";
            c = (char)(high << 4 | low);
            at += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if ((unsigned char)c < 0x20 || c == 0x7f)
            return "control characters are not allowed";
        ret_text[out++] = c;
    }
    ret_text[out] = '\0';
    if (!bg_text_is_utf8(ret_text, out))
        return "it is not UTF-8";
    *ret_length = out;
    return NULL;
}
