/* formats.c: the names of the formats, and content negotiation (RFC 9110, 12.5.1). */
#include "formats.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RANGES_MAX 32 /* of one header; the rest is ignored */

const char *const bg_format_names[] = {"json", "text", "md", "csv", "ndjson", NULL};

static const char *const content_types[] = {"application/json", "text/plain; charset=utf-8", "text/markdown; charset=utf-8",
                                            "text/csv; charset=utf-8; header=present", "application/x-ndjson"};

enum bg_format bg_format_find(const char *name)
{
    enum bg_format format = BG_FORMAT_JSON;

    while (format < BG_FORMAT_ANY && strcmp(bg_format_names[format], name) != 0)
        format++;
    return format;
}

enum bg_format bg_format_own(size_t place)
{
    return (enum bg_format)(BG_FORMAT_ANY + 1 + place);
}

const struct bg_representation *bg_format_representation(const struct bg_endpoint *endpoint, enum bg_format format)
{
    return format > BG_FORMAT_ANY ? &endpoint->representations[format - BG_FORMAT_ANY - 1] : NULL;
}

const char *bg_format_content_type(enum bg_format format)
{
    return content_types[format];
}

/* One element of a list, "text/csv;q=0.5" -> the length of the range, and its weight in thousandths. */
static size_t parse_range(const char *element, size_t length, int *ret_weight)
{
    size_t range = strcspn(element, ";,");
    int weight = 1000;

    for (size_t at = range; at < length && element[at] == ';';) {
        const char *name = element + at + 1 + strspn(element + at + 1, " \t");
        if ((name[0] == 'q' || name[0] == 'Q') && name[1] == '=') {
            double value = strtod(name + 2, NULL);
            weight = value >= 0 && value <= 1 ? (int)(value * 1000) : 0;
        }
        at = (size_t)(name - element) + strcspn(name, ";,");
    }
    while (range > 0 && (element[range - 1] == ' ' || element[range - 1] == '\t'))
        range--;
    *ret_weight = weight;
    return range;
}

/* How closely a range names a type: 3 exactly, 2 by "text/...", 1 by anything, 0 not at all. */
static int match_range(const char *range, size_t length, const char *type, size_t type_length)
{
    if (length == 3 && memcmp(range, "*/*", 3) == 0)
        return 1;
    if (length == type_length && strncasecmp(range, type, length) == 0)
        return 3;
    return length >= 2 && memcmp(range + length - 2, "/*", 2) == 0 && strncasecmp(range, type, length - 1) == 0 ? 2 : 0;
}

/* The weight that the closest range of the list gives to a type; 0: none names it. */
static int weigh(const char *list, const char *type)
{
    size_t type_length = strcspn(type, ";");
    int best = 0, best_weight = 0;

    for (int count = 0; *list != '\0' && count < RANGES_MAX; count++) {
        list += strspn(list, " \t,");
        size_t length = strcspn(list, ",");
        int weight;
        size_t range = parse_range(list, length, &weight);
        int match = match_range(list, range, type, type_length);
        if (match > best)
            best = match, best_weight = weight;
        list += length;
    }
    return best_weight;
}

enum bg_format bg_accept_choose(const char *accept, size_t count)
{
    enum bg_format best = BG_FORMAT_ANY;
    int best_weight = 0;

    if (accept == NULL || accept[0] == '\0')
        return BG_FORMAT_JSON;
    for (enum bg_format format = BG_FORMAT_JSON; format < count; format++) {
        int weight = weigh(accept, content_types[format]);
        if (weight > best_weight)
            best = format, best_weight = weight;
    }
    return best;
}

const char *bg_accept_choose_type(const char *accept, const char *const *types)
{
    const char *best = NULL;
    int best_weight = 0;

    if (accept == NULL || accept[0] == '\0')
        return types[0];
    for (; *types != NULL; types++) {
        int weight = weigh(accept, *types);
        if (weight > best_weight)
            best = *types, best_weight = weight;
    }
    return best;
}

enum bg_format bg_accept_choose_own(const char *accept, const struct bg_representation *representations)
{
    enum bg_format best = BG_FORMAT_ANY;
    int best_weight = 0;

    if (accept == NULL || accept[0] == '\0')
        return bg_format_own(0);
    for (size_t i = 0; representations[i].name != NULL; i++) {
        int weight = weigh(accept, representations[i].content_type);
        if (weight > best_weight)
            best = bg_format_own(i), best_weight = weight;
    }
    return best;
}

bool bg_accept_has(const char *list, const char *word)
{
    return list != NULL && weigh(list, word) > 0;
}
