/* responses.c: an endpoint's answers in OpenAPI. */
#include "describe.h"
#include "tool.h"

#include <stdio.h>
#include <string.h>

#define STATUS_SIZE 4
#define TYPE_SIZE 64

static bool has_param(const struct bg_endpoint *endpoint, const char *name)
{
    const struct bg_param *param = endpoint->params;
    while (param != NULL && param->name != NULL && strcmp(param->name, name) != 0)
        param++;
    return param != NULL && param->name != NULL;
}

static void put_error(json_t *responses, const char *status, const char *name)
{
    bg_tool_put(responses, status, bg_describe_reference("responses", name));
}

/* The errors that http answers before the handler is called. */
static void put_refusals(json_t *responses, const struct bg_endpoint *endpoint)
{
    const bool is_open = endpoint->scope == BG_SCOPE_NONE, writes = endpoint->method != BG_GET;
    put_error(responses, "400", "BadRequest");
    if (!is_open)
        put_error(responses, "401", "Unauthenticated");
    if (!is_open || writes)
        put_error(responses, "403", is_open ? "CrossSite" : writes ? "ForbiddenOrCrossSite" : "Forbidden");
    put_error(responses, "406", "NotAcceptable");
    put_error(responses, "408", "RequestTimeout");
    put_error(responses, "413", "TooLarge");
    if (endpoint->body_max_bytes > 0)
        put_error(responses, "415", "MediaType");
    put_error(responses, "421", "Misdirected");
    if (!endpoint->is_health)
        put_error(responses, "429", "TooMany");
    put_error(responses, "431", "HeadersTooLarge");
    put_error(responses, "500", "Internal");
}

/* The errors of a question to a node. */
static void put_failures(json_t *responses, const struct bg_endpoint *endpoint)
{
    if (bg_describe_is_in_path(endpoint, "node"))
        put_error(responses, "404", "NotFound");
    if (bg_describe_is_in_path(endpoint, "pid"))
        put_error(responses, "410", "ProcessDead");
    if (!bg_describe_is_in_path(endpoint, "node") || !has_param(endpoint, "timeout_ms"))
        return;
    put_error(responses, "422", "Unsupported");
    put_error(responses, "502", "BadGateway");
    put_error(responses, "504", "Deadline");
}

/* {data, meta}, with schemas from the schema file. */
static json_t *envelope_new(const json_t *notes)
{
    const char *meta = json_string_value(json_object_get(notes, "meta"));
    return bg_tool_need(json_pack("{s:s, s:b, s:[s, s], s:{s:O, s:o}}", "type", "object", "additionalProperties", 0, "required", "data",
                                  "meta", "properties", "data", json_object_get(notes, "data"), "meta",
                                  bg_describe_reference("schemas", meta != NULL ? meta : "Meta")));
}

static void put_content(json_t *content, const char *content_type, const json_t *notes, const json_t *answer)
{
    char type[TYPE_SIZE];
    (void)snprintf(type, sizeof type, "%.*s", (int)strcspn(content_type, ";"), content_type);
    const bool is_json = strcmp(type, "application/json") == 0 && json_object_get(notes, "data") != NULL;
    if (is_json && json_object_get(answer, "problem") != NULL && json_object_get(json_object_get(answer, "examples"), type) == NULL)
        return; /* there is only a problem document */
    json_t *media = bg_tool_need(json_pack("{s:o}", "schema", is_json ? envelope_new(notes) : json_pack("{s:s}", "type", "string")));
    json_t *examples = json_object_get(json_object_get(answer, "examples"), type);
    if (examples != NULL)
        (void)json_object_update(media, examples);
    bg_tool_put(content, type, media);
}

static json_t *content_new(const struct bg_endpoint *endpoint, const json_t *notes, const json_t *answer)
{
    static const char *const of_rows[] = {"application/json", "text/plain", "text/markdown", "text/csv", "application/x-ndjson", NULL};
    static const char *const of_json[] = {"application/json", NULL}, *const of_text[] = {"text/plain", NULL};
    const char *const *types = endpoint->columns != NULL                ? of_rows
                               : endpoint->types != NULL                ? endpoint->types
                               : json_object_get(notes, "data") != NULL ? of_json
                                                                        : of_text;
    const struct bg_representation *own = endpoint->representations;
    json_t *content = bg_tool_need(json_object()), *problem = json_object_get(answer, "problem");
    for (; own != NULL && own->name != NULL; own++)
        put_content(content, own->content_type, notes, answer);
    for (; endpoint->representations == NULL && *types != NULL; types++)
        put_content(content, *types, notes, answer);
    if (problem != NULL)
        bg_tool_put(content, "application/problem+json",
                    json_pack("{s:o, s:O}", "schema", bg_describe_reference("schemas", "Problem"), "example", problem));
    return content;
}

static void put_header(json_t *headers, const char *name, const char *component)
{
    bg_tool_put(headers, name, bg_describe_reference("headers", component));
}

/* `answer` has the schema file's members for this status: {description, headers, examples, problem}, or is the notes themselves. */
static json_t *answer_new(const struct bg_endpoint *endpoint, const json_t *notes, const json_t *answer)
{
    json_t *headers = bg_tool_need(json_object()), *component;
    const char *description = answer != notes ? json_string_value(json_object_get(answer, "description")) : NULL, *name;
    put_header(headers, "X-Request-Id", "RequestId");
    put_header(headers, "Cache-Control", "CacheControl");
    if (json_object_get(notes, "data") != NULL)
        put_header(headers, "Server-Timing", "ServerTiming");
    if (answer != notes)
        json_object_foreach(json_object_get(answer, "headers"), name, component) put_header(headers, name, json_string_value(component));
    return bg_tool_need(json_pack("{s:s, s:o, s:o}", "description", description != NULL ? description : "What was asked for", "headers",
                                  headers, "content", content_new(endpoint, notes, answer)));
}

static void put_noted(json_t *responses, const struct bg_endpoint *endpoint, const json_t *notes)
{
    const char *status;
    json_t *noted;
    json_object_foreach(json_object_get(notes, "errors"), status, noted)
    {
        if (json_is_null(noted))
            (void)json_object_del(responses, status);
        else
            put_error(responses, status, json_string_value(noted));
    }
    json_object_foreach(json_object_get(notes, "answers"), status, noted)
        bg_tool_put(responses, status, answer_new(endpoint, notes, noted));
    if (json_object_get(notes, "responses") != NULL)
        (void)json_object_update(responses, json_object_get(notes, "responses"));
}

static json_t *by_status(const json_t *responses)
{
    json_t *sorted = bg_tool_need(json_object());
    for (int status = 100; status < 600; status++) {
        char text[STATUS_SIZE];
        (void)snprintf(text, sizeof text, "%d", status);
        if (json_object_get(responses, text) != NULL)
            bg_tool_put(sorted, text, json_incref(json_object_get(responses, text)));
    }
    return sorted;
}

json_t *bg_describe_responses(const struct bg_endpoint *endpoint, const json_t *notes)
{
    json_t *responses = bg_tool_need(json_object()), *own = json_object_get(notes, "responses");
    const bool is_made = json_object_get(own, "200") == NULL && json_object_get(own, "204") == NULL;
    if (is_made)
        bg_tool_put(responses, "200", answer_new(endpoint, notes, notes));
    put_refusals(responses, endpoint);
    put_failures(responses, endpoint);
    put_noted(responses, endpoint, notes);
    json_t *sorted = by_status(responses);
    json_decref(responses);
    return sorted;
}
