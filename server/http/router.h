/* router.h: from a path and a method to an endpoint's descriptor. */
#ifndef BG_HTTP_ROUTER_H
#define BG_HTTP_ROUTER_H

#include "beamgauge/endpoint.h"

#include <stddef.h>

#define BG_ALLOW_SIZE 64

struct bg_route {
    const struct bg_endpoint *endpoint; /* NULL: none has this path and method */
    unsigned allowed;                   /* the methods that this path has; 0: there is no such path */
};

void bg_router_find(const struct bg_endpoint *const *endpoints, const char *path, size_t length, unsigned method,
                    struct bg_route *ret_route);
/* Finds the segment of `path` that stands where `pattern` has {name}; NULL where the pattern has no such name. */
const char *bg_router_segment(const char *pattern, const char *path, size_t length, const char *name, size_t *ret_length);
/* The value of an Allow header; HEAD goes wherever GET does. */
void bg_router_allow(unsigned allowed, char ret_text[BG_ALLOW_SIZE]);

/* The path of an endpoint that is near to one that leads nowhere, with the words of that one in the places of parameters, and "/api/v1"
 * before it where only that is missing. False: none is near. */
#define BG_SUGGESTION_SIZE 256
bool bg_router_suggest(const struct bg_endpoint *const *endpoints, const char *path, size_t length,
                       char ret_path[BG_SUGGESTION_SIZE]) BG_MUST_CHECK;

#endif
