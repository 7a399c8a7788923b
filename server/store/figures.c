/* figures.c: writes and reads the bytes of figures. */
#include "figures.h"

#include <math.h>
#include <string.h>

enum kind { UNKNOWN, INTEGER, DOUBLE, INTEGERS, DOUBLES, KINDS, OWN_COUNT = 8 };

#define INTEGER_BOUND 9007199254740992.0 /* 2^53 */
#define PARTS 0xffffff                   /* of a range, for the place of its mean */

static bool is_integer(double value)
{
    return value >= -INTEGER_BOUND && value <= INTEGER_BOUND && value == (double)(int64_t)value;
}

static enum kind kind_of(const struct bg_figure *figure)
{
    if (figure->count == 0)
        return UNKNOWN;
    if (figure->min == figure->max)
        return is_integer(figure->min) ? INTEGER : DOUBLE;
    return is_integer(figure->min) && is_integer(figure->max) ? INTEGERS : DOUBLES;
}

static uint8_t *put_varint(uint8_t *to, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *to++ = (uint8_t)(number | 0x80);
    *to++ = (uint8_t)number;
    return to;
}

static uint8_t *put_integer(uint8_t *to, double value)
{
    const int64_t number = (int64_t)value;

    return put_varint(to, (uint64_t)number << 1 ^ (uint64_t)(number < 0 ? -1 : 0));
}

static uint8_t *put_double(uint8_t *to, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 8; i++)
        *to++ = (uint8_t)(bits >> 8 * i);
    return to;
}

/* Halves, so that nothing is over the greatest double. */
static uint8_t *put_mean(uint8_t *to, const struct bg_figure *figure)
{
    const double range = figure->max / 2 - figure->min / 2, above = figure->mean / 2 - figure->min / 2;
    const double part = !(range > 0) || above < 0 ? 0 : above > range ? 1 : above / range;
    const uint32_t place = (uint32_t)(part * PARTS + 0.5);

    for (int i = 0; i < 3; i++)
        *to++ = (uint8_t)(place >> 8 * i);
    return to;
}

static uint8_t *put_figure(uint8_t *to, const struct bg_figure *figure, enum kind kind)
{
    if (kind == INTEGER || kind == INTEGERS)
        to = put_integer(to, figure->min);
    if (kind == DOUBLE || kind == DOUBLES)
        to = put_double(to, figure->min);
    if (kind == INTEGERS)
        to = put_varint(to, (uint64_t)((int64_t)figure->max - (int64_t)figure->min));
    if (kind == DOUBLES)
        to = put_double(to, figure->max);
    return kind == INTEGERS || kind == DOUBLES ? put_mean(to, figure) : to;
}

size_t bg_figures_encode(const struct bg_figure *figures, size_t series_count, uint32_t samples, uint8_t ret_bytes[BG_FIGURES_SIZE])
{
    uint8_t *to = ret_bytes + (series_count + 1) / 2;

    memset(ret_bytes, 0, (series_count + 1) / 2);
    for (size_t i = 0; i < series_count; i++) {
        const enum kind kind = kind_of(&figures[i]);
        const bool has_count = kind != UNKNOWN && figures[i].count != samples;

        ret_bytes[i / 2] |= (uint8_t)((kind | (has_count ? OWN_COUNT : 0)) << i % 2 * 4);
        if (has_count)
            to = put_varint(to, figures[i].count);
        to = put_figure(to, &figures[i], kind);
    }
    return (size_t)(to - ret_bytes);
}

/* What is left to be read; `failed` once something was not there. */
struct reader {
    const uint8_t *at, *end;
    bool failed;
};

static uint64_t take_bytes(struct reader *reader, size_t count)
{
    uint64_t number = 0;

    if (reader->failed || (size_t)(reader->end - reader->at) < count) {
        reader->failed = true;
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        number |= (uint64_t)*reader->at++ << 8 * i;
    return number;
}

static uint64_t take_varint(struct reader *reader, uint64_t most)
{
    uint64_t number = 0, byte = 0x80;

    for (int shift = 0; byte & 0x80; shift += 7) {
        byte = take_bytes(reader, 1);
        if (shift > 56) /* more than any number that is written */
            reader->failed = true;
        if (reader->failed)
            return 0;
        number |= (byte & 0x7f) << shift;
    }
    reader->failed = reader->failed || number > most;
    return number;
}

static double take_integer(struct reader *reader)
{
    const uint64_t number = take_varint(reader, UINT64_C(1) << 54);

    return (double)((int64_t)(number >> 1) ^ -(int64_t)(number & 1));
}

static double take_double(struct reader *reader)
{
    const uint64_t bits = take_bytes(reader, 8);
    double value;

    memcpy(&value, &bits, sizeof value);
    reader->failed = reader->failed || !isfinite(value);
    return value;
}

static double within(double value, double min, double max)
{
    return value < min ? min : value > max ? max : value;
}

static double take_mean(struct reader *reader, double min, double max)
{
    const double part = (double)take_bytes(reader, 3) / PARTS;

    return within(min * (1 - part) + max * part, min, max);
}

static void take_figure(struct reader *reader, enum kind kind, struct bg_figure *figure)
{
    figure->min = kind == INTEGER || kind == INTEGERS ? take_integer(reader) : take_double(reader);
    if (kind == INTEGERS)
        figure->max = (double)((int64_t)figure->min + (int64_t)take_varint(reader, UINT64_C(1) << 54));
    else
        figure->max = kind == DOUBLES ? take_double(reader) : figure->min;
    reader->failed = reader->failed || !(figure->min <= figure->max);
    figure->mean = kind == INTEGERS || kind == DOUBLES ? take_mean(reader, figure->min, figure->max) : figure->min;
}

bool bg_figures_decode(const uint8_t *bytes, size_t length, size_t series_count, uint32_t samples, struct bg_figure *ret_figures)
{
    const size_t kinds = (series_count + 1) / 2;
    struct reader reader = {.at = bytes + kinds, .end = bytes + length};

    if (length < kinds || samples == 0)
        return false;
    for (size_t i = 0; i < series_count && !reader.failed; i++) {
        const unsigned code = bytes[i / 2] >> i % 2 * 4 & 15, kind = code & 7;

        ret_figures[i] = (struct bg_figure){.count = kind == UNKNOWN ? 0 : samples};
        if (kind >= KINDS || code == OWN_COUNT)
            return false;
        if (code & OWN_COUNT)
            ret_figures[i].count = (uint32_t)take_varint(&reader, samples);
        if (kind != UNKNOWN)
            take_figure(&reader, (enum kind)kind, &ret_figures[i]);
        reader.failed = reader.failed || (kind != UNKNOWN && ret_figures[i].count == 0);
    }
    return !reader.failed && reader.at == reader.end;
}

void bg_figure_add(struct bg_figure *sum, const struct bg_figure *more)
{
    const uint64_t count = (uint64_t)sum->count + more->count;

    if (more->count == 0)
        return;
    if (sum->count == 0) {
        *sum = *more;
        return;
    }
    const double part = (double)more->count / (double)count;
    sum->min = more->min < sum->min ? more->min : sum->min;
    sum->max = more->max > sum->max ? more->max : sum->max;
    /* Halves, as above; and exact where both are the same. */
    sum->mean = within(sum->mean + (more->mean / 2 - sum->mean / 2) * part * 2, sum->min, sum->max);
    sum->count = count > UINT32_MAX ? UINT32_MAX : (uint32_t)count;
}
