/* router.c: from a path and a method to an endpoint's descriptor. */
#include "router.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Both stand before a '/' or at an end. Compares one segment and steps over it. */
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

void bg_router_allow(unsigned allowed, char ret_text[BG_ALLOW_SIZE])
{
    char text[BG_ALLOW_SIZE];

    snprintf(text, sizeof text, "%s%s%s%s", (allowed & BG_GET) != 0 ? ", GET, HEAD" : "", (allowed & BG_PUT) != 0 ? ", PUT" : "",
             (allowed & BG_POST) != 0 ? ", POST" : "", (allowed & BG_DELETE) != 0 ? ", DELETE" : "");
    snprintf(ret_text, BG_ALLOW_SIZE, "%s", text[0] == ',' ? text + 2 : text);
}
