/* parameters.c: an endpoint's parameters in OpenAPI. */
#include "describe.h"
#include "tool.h"

#include <stdio.h>
#include <string.h>

#define NAME_SIZE 64
#define FORMATS_MAX 16

bool bg_describe_is_in_path(const struct bg_endpoint *endpoint, const char *name)
{
    char place[NAME_SIZE];
    (void)snprintf(place, sizeof place, "{%s}", name);
    return strstr(endpoint->path, place) != NULL;
}

static json_t *choices_new(const char *const *choices)
{
    json_t *list = bg_tool_need(json_array());
    for (; *choices != NULL; choices++)
        bg_tool_append(list, json_string(*choices));
    return list;
}

static json_t *integer_new(const struct bg_param *param)
{
    json_t *schema = bg_tool_need(json_pack("{s:s, s:s, s:I}", "type", "integer", "format", "int64", "minimum", (json_int_t)param->min));
    if (param->max < INT64_MAX)
        bg_tool_put(schema, "maximum", json_integer(param->max));
    return schema;
}

static json_t *enum_new(const char *const *choices)
{
    return bg_tool_need(json_pack("{s:s, s:o}", "type", "string", "enum", choices_new(choices)));
}

static json_t *text_new(const struct bg_param *param)
{
    return bg_tool_need(
        json_pack("{s:s, s:I, s:I}", "type", "string", "minLength", (json_int_t)param->min, "maxLength", (json_int_t)param->max));
}

static json_t *schema_new(const struct bg_param *param)
{
    switch (param->type) {
    case BG_PARAM_INTEGER:
        return integer_new(param);
    case BG_PARAM_BOOLEAN:
        return bg_tool_need(json_pack("{s:s}", "type", "boolean"));
    case BG_PARAM_ENUM:
        return enum_new(param->choices);
    case BG_PARAM_NODE:
        return bg_describe_reference("schemas", "NodeName");
    case BG_PARAM_PID:
        return bg_describe_reference("schemas", "PidPath");
    case BG_PARAM_TEXT:
        return text_new(param);
    }
    return NULL;
}

/* A fallback as JSON: numbers and booleans are not strings. */
static json_t *fallback_new(const struct bg_param *param)
{
    const bool is_text = param->type != BG_PARAM_INTEGER && param->type != BG_PARAM_BOOLEAN;
    return is_text ? json_string(param->fallback) : json_loads(param->fallback, JSON_DECODE_ANY, NULL);
}

/* A parameter that may be repeated is a list. */
static json_t *whole_schema_new(const struct bg_param *param)
{
    json_t *schema = schema_new(param);
    if (param->times_max > 1)
        schema = bg_tool_need(
            json_pack("{s:s, s:o, s:i, s:I}", "type", "array", "items", schema, "minItems", 1, "maxItems", (json_int_t)param->times_max));
    if (param->fallback != NULL)
        bg_tool_put(schema, "default", param->times_max > 1 ? json_pack("[o]", fallback_new(param)) : fallback_new(param));
    return schema;
}

static bool is_listed(const json_t *names, const char *name)
{
    size_t i = 0;
    while (i < json_array_size(names) && strcmp(json_string_value(json_array_get(names, i)), name) != 0)
        i++;
    return i < json_array_size(names);
}

static json_t *parameter_new(const struct bg_endpoint *endpoint, const struct bg_param *param, const json_t *notes)
{
    const bool in_path = bg_describe_is_in_path(endpoint, param->name);
    const bool required = in_path || is_listed(json_object_get(notes, "required"), param->name);
    json_t *parameter =
        bg_tool_need(json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", param->name, "in", in_path ? "path" : "query", "required",
                               (int)required, "description", param->summary, "schema", whole_schema_new(param)));
    if (param->times_max > 1) {
        bg_tool_put(parameter, "style", json_string("form"));
        bg_tool_put(parameter, "explode", json_true());
    }
    json_t *more = json_object_get(json_object_get(notes, "parameters"), param->name);
    if (more != NULL)
        (void)json_object_update(parameter, more);
    return parameter;
}

/* http adds it if there is more than one format. */
static json_t *format_new(const struct bg_endpoint *endpoint)
{
    static const char *const of_rows[] = {"json", "text", "md", "csv", "ndjson", NULL};
    const struct bg_representation *own = endpoint->representations;
    const char *names[FORMATS_MAX] = {NULL};
    for (size_t i = 0; own != NULL && own[i].name != NULL && i + 1 < FORMATS_MAX; i++)
        names[i] = own[i].name;
    if (own != NULL ? names[1] == NULL : endpoint->columns == NULL)
        return NULL;
    return bg_tool_need(json_pack("{s:s, s:s, s:b, s:s, s:o}", "name", "format", "in", "query", "required", 0, "description",
                                  "The format of the answer; overrides the Accept header, which is used if this is not given", "schema",
                                  enum_new(own != NULL ? names : of_rows)));
}

json_t *bg_describe_parameters(const struct bg_endpoint *endpoint, const json_t *notes)
{
    json_t *parameters = bg_tool_need(json_array()), *format = format_new(endpoint);
    for (const struct bg_param *param = endpoint->params; param != NULL && param->name != NULL; param++)
        bg_tool_append(parameters, parameter_new(endpoint, param, notes));
    if (format != NULL)
        bg_tool_append(parameters, format);
    if (json_object_get(notes, "headers") != NULL)
        (void)json_array_extend(parameters, json_object_get(notes, "headers"));
    return parameters;
}
