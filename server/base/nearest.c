/* nearest.c: finds the known word that is closest to a mistyped one. */
#include "beamgauge/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define PART_LENGTH_MIN 3
#define BEGINNING_DISTANCE 1

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Optimal string alignment, three rows of the matrix at a time. */
size_t bg_edit_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t rows[3][BG_NEAREST_LENGTH_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2], *spare;
    a_length = least(a_length, BG_NEAREST_LENGTH_MAX);
    b_length = least(b_length, BG_NEAREST_LENGTH_MAX);
    for (size_t j = 0; j <= b_length; j++)
        before[j] = above[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(least(row[j - 1], above[j]) + 1, above[j - 1] + !is_same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) && is_same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], before[j - 2] + 1);
        }
        spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b_length];
}

/* More changes than a third of its letters make another word. */
static size_t limit_of(size_t length)
{
    return (length < 2 ? 0 : length < 4 ? 1 : length < 6 ? 2 : length / 3) + 1;
}

void bg_nearest_init(struct bg_nearest *ret_nearest, const char *word, size_t length)
{
    /* A longer word is not a typing mistake: nothing is near. */
    const bool is_word = length <= BG_NEAREST_LENGTH_MAX;
    *ret_nearest = (struct bg_nearest){.word = word, .length = length, .distance = is_word ? limit_of(length) : 0};
}

/* The distance of a word that contains the other one: the missing part is not a typing mistake. */
static size_t part_distance(const char *word, size_t length, const char *candidate)
{
    const size_t candidate_length = strlen(candidate), shorter = least(length, candidate_length);

    if (shorter < PART_LENGTH_MIN)
        return SIZE_MAX;
    if (strncasecmp(word, candidate, shorter) == 0)
        return BEGINNING_DISTANCE;
    return memmem(candidate, candidate_length, word, length) != NULL ? limit_of(length) - 1 : SIZE_MAX;
}

void bg_nearest_try(struct bg_nearest *nearest, const char *candidate)
{
    const size_t typed = bg_edit_distance(nearest->word, nearest->length, candidate, strlen(candidate));
    const size_t distance = least(typed, part_distance(nearest->word, nearest->length, candidate));
    if (distance < nearest->distance) {
        nearest->best = candidate;
        nearest->distance = distance;
    }
}
