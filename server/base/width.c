/* width.c: the width of a text in columns of a terminal: two for a wide character, none for a combining mark. */
#include "beamgauge/text.h"

#include <string.h>
#include <unistr.h>
#include <uniwidth.h>

#define ENCODING "UTF-8" /* for characters whose width depends on that */

size_t bg_text_width(const char *text)
{
    return (size_t)u8_width((const uint8_t *)text, strlen(text), ENCODING);
}

size_t bg_text_fitting(const char *text, size_t width)
{
    const size_t length = strlen(text);
    size_t at = 0, taken = 0;
    while (at < length) {
        ucs4_t character;
        const int size = u8_mbtouc(&character, (const uint8_t *)text + at, length - at);
        const int own = uc_width(character, ENCODING);
        taken += own > 0 ? (size_t)own : 0;
        if (taken > width)
            break;
        at += (size_t)size;
    }
    return at;
}
