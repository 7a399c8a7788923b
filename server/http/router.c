/* router.c: finds an endpoint's descriptor by path and method. */
#include "router.h"

#include "beamgauge/nearest.h"
#include "beamgauge/text.h"
#include "gate.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Compares one segment and moves past it. Both texts point to a '/' or to their end. */
static bool match_segment(const char **pattern, const char **path, const char *end)
{
    const char *from = *pattern + 1, *at = *path + 1;
    size_t from_length = strcspn(from, "/");
    const char *slash = memchr(at, '/', (size_t)(end - at));
    size_t length = (size_t)((slash != NULL ? slash : end) - at);

    *pattern = from + from_length;
    *path = at + length;
    if (from[0] == '{')
        return length > 0;
    return from_length == length && memcmp(from, at, length) == 0;
}

static bool path_matches(const char *pattern, const char *path, size_t length)
{
    const char *end = path + length;

    while (*pattern == '/' && path < end && *path == '/')
        if (!match_segment(&pattern, &path, end))
            return false;
    return *pattern == '\0' && path == end;
}

void bg_router_find(const struct bg_endpoint *const *endpoints, const char *path, size_t length, unsigned method,
                    struct bg_route *ret_route)
{
    struct bg_route route = {.endpoint = NULL};

    for (size_t i = 0; endpoints[i] != NULL; i++) {
        if (!path_matches(endpoints[i]->path, path, length))
            continue;
        route.allowed |= endpoints[i]->method;
        if (endpoints[i]->method == method && route.endpoint == NULL)
            route.endpoint = endpoints[i];
    }
    *ret_route = route;
}

const char *bg_router_segment(const char *pattern, const char *path, size_t length, const char *name, size_t *ret_length)
{
    const char *end = path + length, *from, *at;
    size_t name_length = strlen(name);

    while (*pattern == '/' && path < end) {
        from = pattern + 1;
        at = path + 1;
        match_segment(&pattern, &path, end);
        if (from[0] == '{' && strncmp(from + 1, name, name_length) == 0 && from[1 + name_length] == '}') {
            *ret_length = (size_t)(path - at);
            return at;
        }
    }
    return NULL;
}

/* The segment after the slash at *text; moves past it. */
static struct bg_gate_span next_segment(const char **text, const char *end)
{
    const char *from = *text + 1, *slash = memchr(from, '/', (size_t)(end - from));
    const size_t length = (size_t)((slash != NULL ? slash : end) - from);

    *text = from + length;
    return (struct bg_gate_span){from, length};
}

static size_t segment_distance(struct bg_gate_span word, const char *pattern, size_t length)
{
    char candidate[BG_NEAREST_LENGTH_MAX + 1];
    struct bg_nearest nearest;

    if (length == word.length && memcmp(word.text, pattern, length) == 0)
        return 0;
    snprintf(candidate, sizeof candidate, "%.*s", (int)length, pattern);
    bg_nearest_init(&nearest, word.text, word.length);
    bg_nearest_try(&nearest, candidate);
    return nearest.best != NULL ? nearest.distance : SIZE_MAX / 2;
}

/* The distance of a path from a pattern, and the corrected path. SIZE_MAX: another number of segments, or no room. */
static size_t path_distance(const char *pattern, const char *path, size_t length, char ret_path[BG_SUGGESTION_SIZE])
{
    const char *end = path + length, *pattern_end = strchr(pattern, '\0');
    struct bg_text text;
    size_t sum = 0;

    bg_text_init(&text, ret_path, BG_SUGGESTION_SIZE);
    while (pattern < pattern_end && path < end && sum < SIZE_MAX / 2) {
        const struct bg_gate_span word = next_segment(&path, end), part = next_segment(&pattern, pattern_end);
        const bool is_free = part.length > 0 && part.text[0] == '{';
        const struct bg_gate_span right = is_free ? word : part;
        bg_text_add_format(&text, "/%.*s", (int)right.length, right.text);
        sum += is_free ? (word.length > 0 ? 0 : SIZE_MAX / 2) : segment_distance(word, part.text, part.length);
    }
    return pattern < pattern_end || path < end || sum >= SIZE_MAX / 2 || text.cut ? SIZE_MAX : sum;
}

bool bg_router_suggest(const struct bg_endpoint *const *endpoints, const char *path, size_t length, char ret_path[BG_SUGGESTION_SIZE])
{
    static const char prefix[] = "/api/v1";
    char prefixed[BG_SUGGESTION_SIZE], candidate[BG_SUGGESTION_SIZE];
    size_t least = SIZE_MAX, distance;

    while (length > 1 && path[length - 1] == '/')
        length--;
    if (length + sizeof prefix > sizeof prefixed)
        return false;
    snprintf(prefixed, sizeof prefixed, "%s%.*s", prefix, (int)length, path);
    for (size_t i = 0; endpoints[i] != NULL; i++) {
        for (int with = 0; with < 2; with++) {
            distance = path_distance(endpoints[i]->path, with ? prefixed : path, with ? strlen(prefixed) : length, candidate);
            if (distance >= least)
                continue;
            least = distance;
            memcpy(ret_path, candidate, sizeof candidate);
        }
    }
    return least < SIZE_MAX;
}

void bg_router_allow(unsigned allowed, char ret_text[BG_ALLOW_SIZE])
{
    char text[BG_ALLOW_SIZE];

    snprintf(text, sizeof text, "%s%s%s%s", (allowed & BG_GET) != 0 ? ", GET, HEAD" : "", (allowed & BG_PUT) != 0 ? ", PUT" : "",
             (allowed & BG_POST) != 0 ? ", POST" : "", (allowed & BG_DELETE) != 0 ? ", DELETE" : "");
    snprintf(ret_text, BG_ALLOW_SIZE, "%s", text[0] == ',' ? text + 2 : text);
}
