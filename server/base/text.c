/* text.c: bounded text, UTF-8, and the escape for untrusted text. */
#include "beamgauge/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unictype.h>

static const char cut_mark[] = "...";
#define CUT_MARK_LENGTH (sizeof(cut_mark) - 1)

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

/* The length of a code point that begins with this byte; 0: none does. */
static size_t utf8_lead(unsigned char byte)
{
    if (byte < 0x80)
        return 1;
    if (byte >= 0xC2 && byte <= 0xDF)
        return 2;
    if (byte >= 0xE0 && byte <= 0xEF)
        return 3;
    return byte >= 0xF0 && byte <= 0xF4 ? 4 : 0;
}

size_t bg_text_utf8_first(const char *bytes, size_t length, uint32_t *ret_code_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint32_t lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    size_t need = length == 0 ? 0 : utf8_lead((unsigned char)bytes[0]);
    uint32_t code_point;

    if (need == 0 || need > length)
        return 0;
    code_point = (unsigned char)bytes[0] & lead_bits[need];
    for (size_t i = 1; i < need; i++) {
        if (!is_continuation(bytes[i]))
            return 0;
        code_point = code_point << 6 | ((unsigned char)bytes[i] & 0x3F);
    }
    if (code_point < smallest[need] || code_point > 0x10FFFF || (code_point >= 0xD800 && code_point <= 0xDFFF))
        return 0;
    if (ret_code_point != NULL)
        *ret_code_point = code_point;
    return need;
}

bool bg_text_is_utf8(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t step = bg_text_utf8_first(bytes + i, length - i, NULL);

        if (step == 0)
            return false;
        i += step;
    }
    return true;
}

bool bg_text_is_hostile(uint32_t code_point)
{
    const uint32_t controls = UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Cf | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp;

    if (code_point < 0x7F)
        return code_point < 0x20;
    return uc_is_general_category_withtable(code_point, controls) || uc_is_property_default_ignorable_code_point(code_point);
}

void bg_text_init(struct bg_text *ret_text, char *buffer, size_t size)
{
    assert(size > 0);
    buffer[0] = '\0';
    *ret_text = (struct bg_text){.buffer = buffer, .size = size};
}

/* Adds `digits`, with commas between groups of three in the first `whole` of them. */
static void add_grouped(struct bg_text *text, const char *digits, size_t whole)
{
    const size_t sign = digits[0] == '-';

    for (size_t i = 0; i < whole; i++)
        bg_text_add_format(text, "%s%c", i > sign && (whole - i) % 3 == 0 ? "," : "", digits[i]);
    bg_text_add(text, digits + whole);
}

void bg_text_add_count(struct bg_text *text, int64_t count)
{
    char digits[24];
    const size_t length = (size_t)snprintf(digits, sizeof digits, "%" PRId64, count);
    add_grouped(text, digits, length);
}

const char *bg_text_count(int64_t count, char ret_text[BG_COUNT_SIZE])
{
    struct bg_text text;

    bg_text_init(&text, ret_text, BG_COUNT_SIZE);
    bg_text_add_count(&text, count);
    return ret_text;
}

void bg_text_add_bytes(struct bg_text *text, double bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t unit = 0;

    while ((bytes >= 1024 || bytes <= -1024) && unit + 1 < sizeof(units) / sizeof(units[0]))
        bytes /= 1024, unit++;
    bg_text_add_format(text, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

void bg_text_add_decimal(struct bg_text *text, double number, int decimals)
{
    char digits[64];

    if (number >= 1e15 || number <= -1e15) /* more digits than a double holds */
        bg_text_add_format(text, "%.3g", number);
    else {
        (void)snprintf(digits, sizeof digits, "%.*f", decimals, number);
        add_grouped(text, digits, strcspn(digits, "."));
    }
}

static const char *sign_of(double number)
{
    return number < 0 ? "-" : "+";
}

/* A decimal only where a small rate has one. */
void bg_text_add_rate(struct bg_text *text, double per_second)
{
    const double size = per_second < 0 ? -per_second : per_second;
    char tenths[8] = "";

    if (size < 10)
        (void)snprintf(tenths, sizeof tenths, "%.1f", size);
    const size_t length = strlen(tenths);
    const bool is_whole = length == 0 || strcmp(tenths + length - 2, ".0") == 0;
    bg_text_add(text, strcmp(tenths, "0.0") == 0 ? "" : sign_of(per_second));
    bg_text_add_decimal(text, size, is_whole ? 0 : 1);
    bg_text_add(text, "/s");
}

void bg_text_add_byte_rate(struct bg_text *text, double per_second)
{
    const double size = per_second < 0 ? -per_second : per_second;

    bg_text_add(text, size < 0.5 ? "" : sign_of(per_second));
    bg_text_add_bytes(text, size);
    bg_text_add(text, "/s");
}

void bg_text_rewind(struct bg_text *text, size_t length)
{
    assert(length <= text->length);
    text->buffer[length] = '\0';
    text->length = length;
    text->cut = false;
}

/* The greatest length that leaves room for the cut mark. */
static size_t text_limit(const struct bg_text *text)
{
    return text->size - 1 > CUT_MARK_LENGTH ? text->size - 1 - CUT_MARK_LENGTH : 0;
}

/* Ends the text at `length`, with as much of the cut mark as fits. */
static void text_cut(struct bg_text *text, size_t length)
{
    size_t room = text->size - 1 - length;
    size_t mark = room < CUT_MARK_LENGTH ? room : CUT_MARK_LENGTH;

    memcpy(text->buffer + length, cut_mark, mark);
    text->length = length + mark;
    text->buffer[text->length] = '\0';
    text->cut = true;
}

/* Where to cut at or before `limit`, not inside a code point and not before `start`. */
static size_t cut_point(const char *buffer, size_t start, size_t limit)
{
    if (limit < start)
        return start;
    while (limit > start && is_continuation(buffer[limit]))
        limit--;
    return limit;
}

void bg_text_add(struct bg_text *text, const char *string)
{
    size_t start = text->length, room = text->size - 1 - start, length = strlen(string);

    if (text->cut)
        return;
    memcpy(text->buffer + start, string, length < room ? length : room);
    if (length > room) {
        text_cut(text, cut_point(text->buffer, start, text_limit(text)));
        return;
    }
    text->length += length;
    text->buffer[text->length] = '\0';
}

void bg_text_add_format(struct bg_text *text, const char *format, ...)
{
    size_t start = text->length, room = text->size - start;
    va_list arguments;
    int length;

    if (text->cut)
        return;
    va_start(arguments, format);
    length = vsnprintf(text->buffer + start, room, format, arguments);
    va_end(arguments);
    if (length < 0)
        bg_text_rewind(text, start);
    else if ((size_t)length >= room)
        text_cut(text, cut_point(text->buffer, start, text_limit(text)));
    else
        text->length += (size_t)length;
}

/* Writes the escape of one byte, or of one code point, to `ret_piece`; returns its length and the number of input bytes that it replaces.
 */
static size_t escape_first(const char *bytes, size_t length, const char *marked, char ret_piece[5], size_t *ret_taken)
{
    uint32_t code_point = 0;
    size_t taken = bg_text_utf8_first(bytes, length, &code_point);

    if (taken == 0 || bg_text_is_hostile(code_point)) {
        *ret_taken = 1;
        return (size_t)snprintf(ret_piece, 5, "\\x%02x", (unsigned char)bytes[0]);
    }
    *ret_taken = taken;
    if (taken == 1 && strchr(marked, bytes[0]) != NULL) {
        ret_piece[0] = '\\';
        ret_piece[1] = bytes[0];
        return 2;
    }
    memcpy(ret_piece, bytes, taken);
    return taken;
}

void bg_text_add_escaped(struct bg_text *text, const char *bytes, size_t length, const char *marked)
{
    size_t limit = text_limit(text), safe = text->length;
    char piece[5];

    if (text->cut)
        return;
    for (size_t i = 0, taken; i < length; i += taken) {
        size_t piece_length = escape_first(bytes + i, length - i, marked, piece, &taken);

        if (piece_length > text->size - 1 - text->length) {
            text_cut(text, safe);
            return;
        }
        memcpy(text->buffer + text->length, piece, piece_length);
        text->length += piece_length;
        if (text->length <= limit)
            safe = text->length;
    }
    text->buffer[text->length] = '\0';
}

/* The replacement for a character that is markup in HTML and XML; NULL if it needs none. */
static const char *entity_of(char character)
{
    return character == '<' ? "&lt;" : character == '>' ? "&gt;" : character == '&' ? "&amp;" : NULL;
}

static bool is_letter(char character)
{
    return ((character | 0x20) >= 'a' && (character | 0x20) <= 'z') || (character & 0x80) != 0;
}

static bool is_of_word(char character)
{
    return is_letter(character) || (character >= '0' && character <= '9') || character == '_';
}

static bool is_of_address(char character)
{
    return is_of_word(character) || (character != '\0' && strchr(".+-@", character) != NULL);
}

/* The length of the e-mail address that the text begins with, or of what renderers take for one: shop@host.example; 0 if there is none. */
static size_t address_length(const char *text)
{
    size_t length = 0, at = 0;
    bool has_point = false, has_letter = false;

    for (; is_of_address(text[length]); length++) {
        if (text[length] == '@' && at == 0)
            at = length;
        has_point = has_point || (at > 0 && text[length] == '.');
        has_letter = has_letter || (at > 0 && is_letter(text[length]));
    }
    return has_point && has_letter && text[0] != '@' ? length : 0;
}

/* Renderers make links of https://..., and of www.... */
static bool is_of_link(const char *start, const char *at)
{
    return strncmp(at, "://", 3) == 0 || (*at == '.' && at - start >= 3 && strncasecmp(at - 3, "www", 3) == 0);
}

static void print_md_character(FILE *out, const char *start, const char *at)
{
    if (entity_of(*at) != NULL)
        fputs(entity_of(*at), out);
    else if ((*at == '@' && (at == start || !is_of_word(at[-1]))) || is_of_link(start, at))
        fprintf(out, "&#%d;", *at);
    else if (strchr("\\`*_[]|~", *at) != NULL)
        fprintf(out, "\\%c", *at);
    else
        fputc(*at, out);
}

/* An address becomes code: some renderers make a link of it with any of its characters escaped. */
void bg_text_print_md(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0';) {
        const bool is_first = at == text || !is_of_address(at[-1]) || at[-1] == '@';
        const size_t length = is_first ? address_length(at) : 0;
        if (length > 0)
            fprintf(out, "`%.*s`", (int)length, at);
        else
            print_md_character(out, text, at);
        at += length > 0 ? length : 1;
    }
}

void bg_text_print_xml(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = *text == '"' ? "&quot;" : entity_of(*text);
        if (entity != NULL)
            fputs(entity, out);
        else
            fputc(*text, out);
    }
}
