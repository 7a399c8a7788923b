/* params.h: a request's parameters, checked against its endpoint's descriptor. */
#ifndef BG_HTTP_PARAMS_H
#define BG_HTTP_PARAMS_H

#include "beamgauge/endpoint.h"
#include "formats.h"

#include <jansson.h>

#define BG_PARAMS_MAX 24       /* parameters of an endpoint */
#define BG_PARAM_ERRORS_MAX 16 /* reported in one answer */

struct bg_value {
    const char *text; /* NULL: absent */
    int64_t integer;
    bool given; /* by the client, not the fallback */
};

struct bg_repeat {
    int index; /* of the parameter */
    const char *text;
};

/* Values in the order of the descriptor's table; the texts are in `arena`. */
struct bg_values {
    struct bg_value list[BG_PARAMS_MAX];
    struct bg_repeat repeats[BG_PARAM_REPEATS_MAX];
    size_t repeats_count;
    enum bg_format format; /* from the implied parameter `format`; BG_FORMAT_ANY if it is not given */
    char *arena;
};

/* `endpoints` (NULL-terminated; or NULL) are named if they have a parameter that this one does not have.
 * *ret_errors is a new array of {"param", "reason"}. If it is empty, ret_values must be freed with bg_values_done(). It is NULL only if
 * memory ran out. */
void bg_params_read(const struct bg_endpoint *endpoint, const struct bg_endpoint *const *endpoints, const char *path, size_t path_length,
                    const char *query, struct bg_values *ret_values, json_t **ret_errors);
void bg_values_done(struct bg_values *values);

/* The index of `name` in the table; -1: it is not there. */
int bg_param_index(const struct bg_endpoint *endpoint, const char *name);

#endif
