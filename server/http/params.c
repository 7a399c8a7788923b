/* params.c: a request's parameters, checked against its endpoint's descriptor. */
#include "params.h"

#include "beamgauge/names.h"
#include "beamgauge/nearest.h"
#include "beamgauge/text.h"
#include "percent.h"
#include "router.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_SIZE 400
#define PAIRS_MAX 128 /* of a query */

/* State for reading one request's parameters. */
struct reading {
    const struct bg_endpoint *endpoint;
    const struct bg_endpoint *const *endpoints; /* of the service; or NULL */
    struct bg_values *values;
    json_t *errors;
    char *free; /* the free part of the arena */
};

int bg_param_index(const struct bg_endpoint *endpoint, const char *name)
{
    const struct bg_param *params = endpoint->params;

    for (int i = 0; params != NULL && params[i].name != NULL; i++)
        if (strcmp(params[i].name, name) == 0)
            return i;
    return -1;
}

static void complain(struct reading *reading, const char *name, const char *reason)
{
    char shown[BG_FAILURE_PARAM_SIZE];
    struct bg_text text;

    if (json_array_size(reading->errors) >= BG_PARAM_ERRORS_MAX)
        return;
    bg_text_init(&text, shown, sizeof shown);
    bg_text_add_escaped(&text, name, strlen(name), "");
    json_array_append_new(reading->errors, json_pack("{s:s, s:s}", "param", shown, "reason", reason));
}

static const char *check_integer(const struct bg_param *param, const char *text, int64_t *ret_value, char ret_reason[REASON_SIZE])
{
    size_t digits = strspn(text + (text[0] == '-' ? 1 : 0), "0123456789") + (text[0] == '-' ? 1 : 0);
    int64_t value;

    errno = 0;
    value = strtoll(text, NULL, 10);
    if (text[digits] != '\0' || text[strspn(text, "-")] == '\0' || errno == ERANGE || value < param->min || value > param->max) {
        snprintf(ret_reason, REASON_SIZE, "must be a whole number from %" PRId64 " to %" PRId64, param->min, param->max);
        return ret_reason;
    }
    *ret_value = value;
    return NULL;
}

static const char *check_boolean(const char *text, int64_t *ret_value)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        return "must be true or false";
    *ret_value = text[0] == 't';
    return NULL;
}

static void add_hint(struct bg_text *reason, const struct bg_nearest *nearest)
{
    if (nearest->best != NULL)
        bg_text_add_format(reason, "; did you mean %s?", nearest->best);
}

static const char *check_choice(const char *const *choices, const char *text, char ret_reason[REASON_SIZE])
{
    struct bg_nearest nearest;
    struct bg_text reason;

    for (size_t i = 0; choices[i] != NULL; i++)
        if (strcmp(choices[i], text) == 0)
            return NULL;
    bg_nearest_init(&nearest, text, strlen(text));
    bg_text_init(&reason, ret_reason, REASON_SIZE);
    for (size_t i = 0; choices[i] != NULL; i++) {
        bg_text_add_format(&reason, "%s%s", i == 0 ? "must be one of " : ", ", choices[i]);
        bg_nearest_try(&nearest, choices[i]);
    }
    add_hint(&reason, &nearest);
    return ret_reason;
}

static size_t pid_part(const char *text, char after)
{
    size_t digits = strspn(text, "0123456789");

    return digits > 0 && digits <= 10 && text[digits] == after ? digits + 1 : 0;
}

/* Brings "0.123.0" to the form that the target's shell prints, in place: the arena has room for the two brackets. */
static const char *check_pid(char *text)
{
    size_t length = strlen(text), first, second;

    if (length >= 2 && text[0] == '<' && text[length - 1] == '>') {
        memmove(text, text + 1, length -= 2);
        text[length] = '\0';
    }
    first = pid_part(text, '.');
    second = first > 0 ? pid_part(text + first, '.') : 0;
    if (second == 0 || pid_part(text + first + second, '\0') == 0)
        return "must be a pid like 0.123.0; for a process with a name, /processes lists both";
    memmove(text + 1, text, length);
    text[0] = '<';
    memcpy(text + 1 + length, ">", 2);
    return NULL;
}

static const char *check_node(const char *text, char ret_reason[REASON_SIZE])
{
    struct bg_failure failure;

    if (bg_node_name_check(text, &failure) == BG_OK)
        return NULL;
    snprintf(ret_reason, REASON_SIZE, "%.*s", REASON_SIZE - 1, failure.text);
    return ret_reason;
}

static const char *check_text(const struct bg_param *param, const char *text, char ret_reason[REASON_SIZE])
{
    int64_t length = (int64_t)strlen(text);

    if (length >= param->min && length <= param->max)
        return NULL;
    snprintf(ret_reason, REASON_SIZE, "must be %" PRId64 " to %" PRId64 " bytes long", param->min, param->max);
    return ret_reason;
}

static const char *check_value(const struct bg_param *param, char *text, int64_t *ret_integer, char ret_reason[REASON_SIZE])
{
    switch (param->type) {
    case BG_PARAM_INTEGER:
        return check_integer(param, text, ret_integer, ret_reason);
    case BG_PARAM_BOOLEAN:
        return check_boolean(text, ret_integer);
    case BG_PARAM_ENUM:
        return check_choice(param->choices, text, ret_reason);
    case BG_PARAM_NODE:
        return check_node(text, ret_reason);
    case BG_PARAM_PID:
        return check_pid(text);
    case BG_PARAM_TEXT:
        return check_text(param, text, ret_reason);
    }
    return "cannot be read";
}

/* `text` is in the arena. */
static void take_value(struct reading *reading, int index, char *text, bool given)
{
    const struct bg_param *param = &reading->endpoint->params[index];
    struct bg_value value = {.text = text, .given = given};
    char reason[REASON_SIZE];
    const char *wrong = check_value(param, text, &value.integer, reason);

    assert(given || wrong == NULL); /* a fallback must pass its own check */
    if (wrong != NULL)
        complain(reading, param->name, wrong);
    reading->values->list[index] = value;
}

/* Decodes into the arena; NULL if that fails, and then an error has been added. */
static char *decode(struct reading *reading, const char *name, const char *text, size_t length, bool plus_is_space)
{
    char *start = reading->free;
    const char *wrong = bg_percent_decode(text, length, plus_is_space, start, &length);

    if (wrong != NULL) {
        complain(reading, name, wrong);
        return NULL;
    }
    reading->free = start + length + 3; /* the terminator, and the brackets of a pid */
    return start;
}

static void take_format(struct reading *reading, const char *text)
{
    char reason[REASON_SIZE];
    const char *wrong = check_choice(bg_format_names, text, reason);

    if (reading->values->format != BG_FORMAT_ANY)
        complain(reading, "format", "is given twice");
    else if (wrong != NULL)
        complain(reading, "format", wrong);
    else
        reading->values->format = bg_format_find(text);
}

static void take_own_format(struct reading *reading, const char *text)
{
    const struct bg_representation *own = reading->endpoint->representations;
    const char *names[BG_REPRESENTATIONS_MAX + 1] = {NULL};
    char reason[REASON_SIZE];

    for (size_t i = 0; own[i].name != NULL; i++) {
        assert(i < BG_REPRESENTATIONS_MAX);
        names[i] = own[i].name;
        if (strcmp(own[i].name, text) != 0)
            continue;
        if (reading->values->format != BG_FORMAT_ANY)
            complain(reading, "format", "is given twice");
        reading->values->format = bg_format_own(i);
        return;
    }
    complain(reading, "format", check_choice(names, text, reason));
}

/* One more value of a parameter that has one already. */
static void take_repeat(struct reading *reading, int index, char *text)
{
    const struct bg_param *param = &reading->endpoint->params[index];
    struct bg_values *values = reading->values;
    size_t times = 1;
    int64_t unused;
    char reason[REASON_SIZE];
    const char *wrong = check_value(param, text, &unused, reason);

    for (size_t i = 0; i < values->repeats_count; i++)
        times += values->repeats[i].index == index;
    if (param->times_max <= 1) {
        wrong = "is given twice";
    } else if (times == param->times_max) {
        snprintf(reason, sizeof reason, "may be given %zu times at most", param->times_max);
        wrong = reason;
    }
    if (wrong != NULL)
        complain(reading, param->name, wrong);
    else {
        assert(values->repeats_count < BG_PARAM_REPEATS_MAX);
        values->repeats[values->repeats_count++] = (struct bg_repeat){index, text};
    }
}

static bool is_path_param(const struct bg_endpoint *endpoint, const char *name)
{
    size_t length;

    return bg_router_segment(endpoint->path, endpoint->path, strlen(endpoint->path), name, &length) != NULL;
}

#define OTHERS_NAMED 5 /* if more endpoints have it, they are not named */

static bool has_query_param(const struct bg_endpoint *endpoint, const char *name)
{
    return bg_param_index(endpoint, name) >= 0 && !is_path_param(endpoint, name);
}

/* "; it is one of /api/v1/pairs, /api/v1/...": a parameter that was given to the wrong endpoint. False: none has it, or many do. */
static bool add_others(const struct reading *reading, const char *name, struct bg_text *text)
{
    const struct bg_endpoint *others[OTHERS_NAMED];
    size_t count = 0;

    for (const struct bg_endpoint *const *at = reading->endpoints; at != NULL && *at != NULL; at++) {
        if ((*at)->method != reading->endpoint->method || !has_query_param(*at, name))
            continue;
        if (count == OTHERS_NAMED)
            return false;
        others[count++] = *at;
    }
    for (size_t i = 0; i < count; i++)
        bg_text_add_format(text, "%s%s", i == 0 ? "; it is one of " : ", ", others[i]->path);
    return count > 0;
}

/* Lists the parameters that exist, so that nobody needs the manual. */
static void complain_unknown(struct reading *reading, const char *name)
{
    const struct bg_endpoint *endpoint = reading->endpoint;
    const char *before = ", which has ";
    char reason[REASON_SIZE];
    struct bg_nearest nearest;
    struct bg_text text;

    bg_text_init(&text, reason, sizeof reason);
    bg_nearest_init(&nearest, name, strlen(name));
    bg_text_add(&text, "is not a parameter of this endpoint");
    for (const struct bg_param *param = endpoint->params; param != NULL && param->name != NULL; param++) {
        if (is_path_param(endpoint, param->name))
            continue;
        bg_text_add_format(&text, "%s%s", before, param->name);
        bg_nearest_try(&nearest, param->name);
        before = ", ";
    }
    if (endpoint->representations != NULL || endpoint->columns != NULL) {
        bg_text_add_format(&text, "%sformat", before);
        bg_nearest_try(&nearest, "format");
    }
    if (!add_others(reading, name, &text))
        add_hint(&text, &nearest);
    complain(reading, name, reason);
}

static void take_pair(struct reading *reading, const char *pair, size_t length)
{
    const char *equals = memchr(pair, '=', length);
    size_t name_length = equals != NULL ? (size_t)(equals - pair) : length;
    const char *value = pair + name_length + (equals != NULL ? 1 : 0);
    char *name = decode(reading, "query", pair, name_length, true), *text;
    int index;

    if (name == NULL || (text = decode(reading, name, value, (size_t)(pair + length - value), true)) == NULL)
        return;
    index = bg_param_index(reading->endpoint, name);
    if (strcmp(name, "format") == 0 && reading->endpoint->representations != NULL)
        take_own_format(reading, text);
    else if (strcmp(name, "format") == 0 && reading->endpoint->columns != NULL)
        take_format(reading, text);
    else if (index < 0 || is_path_param(reading->endpoint, name))
        complain_unknown(reading, name);
    else if (reading->values->list[index].given)
        take_repeat(reading, index, text);
    else
        take_value(reading, index, text, true);
}

static void take_query(struct reading *reading, const char *query)
{
    size_t pairs = 0;

    for (size_t length; *query != '\0'; query += length + (query[length] == '&' ? 1 : 0)) {
        length = strcspn(query, "&");
        if (++pairs > PAIRS_MAX) {
            char reason[REASON_SIZE];
            snprintf(reason, sizeof reason, "has more than %d parameters", PAIRS_MAX);
            complain(reading, "query", reason);
            return;
        }
        if (length > 0)
            take_pair(reading, query, length);
    }
}

/* Parameters that the query does not have: those of the path, and fallbacks. */
static void take_rest(struct reading *reading, const char *path, size_t path_length)
{
    const struct bg_endpoint *endpoint = reading->endpoint;

    for (int i = 0; endpoint->params != NULL && endpoint->params[i].name != NULL; i++) {
        const struct bg_param *param = &endpoint->params[i];
        size_t length;
        const char *segment = bg_router_segment(endpoint->path, path, path_length, param->name, &length);
        char *text;
        assert(i < BG_PARAMS_MAX);
        if (segment != NULL) {
            if ((text = decode(reading, param->name, segment, length, false)) != NULL)
                take_value(reading, i, text, true);
        } else if (!reading->values->list[i].given && param->fallback != NULL) {
            memcpy(reading->free, param->fallback, strlen(param->fallback) + 1);
            text = reading->free;
            reading->free += strlen(text) + 3;
            take_value(reading, i, text, false);
        }
    }
}

/* Room for every decoded piece, its terminator and two brackets, in the worst case. */
static size_t arena_size(const struct bg_endpoint *endpoint, size_t path_length, const char *query)
{
    size_t size = path_length + strlen(query) + (size_t)3 * (2 * PAIRS_MAX + BG_PARAMS_MAX + 1);

    for (int i = 0; endpoint->params != NULL && endpoint->params[i].name != NULL; i++)
        if (endpoint->params[i].fallback != NULL)
            size += strlen(endpoint->params[i].fallback);
    return size;
}

void bg_params_read(const struct bg_endpoint *endpoint, const struct bg_endpoint *const *endpoints, const char *path, size_t path_length,
                    const char *query, struct bg_values *ret_values, json_t **ret_errors)
{
    struct bg_values values = {.format = BG_FORMAT_ANY};
    struct reading reading = {.endpoint = endpoint, .endpoints = endpoints, .values = &values, .errors = json_array()};

    query = query != NULL ? query : "";
    values.arena = reading.free = malloc(arena_size(endpoint, path_length, query));
    if (values.arena == NULL || reading.errors == NULL) {
        free(values.arena);
        json_decref(reading.errors);
        *ret_errors = NULL;
        return;
    }
    take_query(&reading, query);
    take_rest(&reading, path, path_length);
    if (json_array_size(reading.errors) > 0)
        bg_values_done(&values);
    else
        *ret_values = values;
    *ret_errors = reading.errors;
}

void bg_values_done(struct bg_values *values)
{
    free(values->arena);
    values->arena = NULL;
}
