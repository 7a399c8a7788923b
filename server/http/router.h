/* router.h: finds an endpoint's descriptor by path and method. */
#ifndef BG_HTTP_ROUTER_H
#define BG_HTTP_ROUTER_H

#include "beamgauge/endpoint.h"

#include <stddef.h>

#define BG_ALLOW_SIZE 64

struct bg_route {
    const struct bg_endpoint *endpoint; /* NULL: none has this path and method */
    unsigned allowed;                   /* the methods of this path; 0: the path is unknown */
};

void bg_router_find(const struct bg_endpoint *const *endpoints, const char *path, size_t length, unsigned method,
                    struct bg_route *ret_route);
/* Finds the segment of `path` in the place of {name} in `pattern`; NULL if the pattern does not have this name. */
const char *bg_router_segment(const char *pattern, const char *path, size_t length, const char *name, size_t *ret_length);
/* The value of an Allow header; HEAD goes wherever GET does. */
void bg_router_allow(unsigned allowed, char ret_text[BG_ALLOW_SIZE]);

/* The path of an endpoint that is near to an unknown path. It keeps the words of that path where the endpoint has parameters, and adds
 * "/api/v1" if only that is missing. False: none is near. */
#define BG_SUGGESTION_SIZE 256
bool bg_router_suggest(const struct bg_endpoint *const *endpoints, const char *path, size_t length,
                       char ret_path[BG_SUGGESTION_SIZE]) BG_MUST_CHECK;

#endif
