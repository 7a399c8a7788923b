/* test_openapi.c: the OpenAPI document and the endpoint descriptors say the same, both ways. */
#include "fake.h"

#include "beamgauge/endpoint.h"
#include "beamgauge/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 256

static json_t *document;
static int faults;

/* Tells of every difference, not only of the first. */
static void expect(bool holds, const struct bg_endpoint *endpoint, const char *what, const char *which)
{
    if (holds)
        return;
    print_error("%s %s: %s %s\n", endpoint->operation, endpoint->path, what, which);
    faults++;
}

static const char *method_of(const struct bg_endpoint *endpoint)
{
    switch (endpoint->method) {
    case BG_GET:
        return "get";
    case BG_PUT:
        return "put";
    case BG_POST:
        return "post";
    case BG_DELETE:
        return "delete";
    }
    return "";
}

/* What {"$ref": "#/components/KIND/NAME"} stands for; itself where it is none. */
static const json_t *resolve(const json_t *value)
{
    const char *path = json_string_value(json_object_get(value, "$ref"));
    char kind[TEXT_SIZE], name[TEXT_SIZE];
    if (path == NULL)
        return value;
    assert_int_equal(sscanf(path, "#/components/%255[^/]/%255[^/]", kind, name), 2);
    return json_object_get(json_object_get(json_object_get(document, "components"), kind), name);
}

static const json_t *operation_of(const struct bg_endpoint *endpoint)
{
    return json_object_get(json_object_get(json_object_get(document, "paths"), endpoint->path), method_of(endpoint));
}

static bool is_text(const json_t *object, const char *key, const char *expected)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL && strcmp(text, expected) == 0;
}

static bool is_number(const json_t *object, const char *key, int64_t expected)
{
    const json_t *number = json_object_get(object, key);
    return json_is_integer(number) && json_integer_value(number) == expected;
}

static bool is_in_path(const struct bg_endpoint *endpoint, const char *name)
{
    char place[TEXT_SIZE];
    (void)snprintf(place, sizeof place, "{%s}", name);
    return strstr(endpoint->path, place) != NULL;
}

static const json_t *find_parameter(const json_t *operation, const char *name)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(operation, "parameters"), i, one)
    {
        const json_t *parameter = resolve(one);
        if (is_text(parameter, "name", name) && !is_text(parameter, "in", "header"))
            return parameter;
    }
    return NULL;
}

static bool is_choices(const json_t *schema, const char *const *choices)
{
    const json_t *list = json_object_get(schema, "enum");
    size_t count = 0;
    for (; choices[count] != NULL; count++) {
        const char *choice = json_string_value(json_array_get(list, count));
        if (choice == NULL || strcmp(choice, choices[count]) != 0)
            return false;
    }
    return json_array_size(list) == count;
}

static bool is_reference(const json_t *schema, const char *name)
{
    char path[TEXT_SIZE];
    (void)snprintf(path, sizeof path, "#/components/schemas/%s", name);
    return is_text(schema, "$ref", path);
}

/* An absent maximum is that of the format. */
static bool is_of_integer(const json_t *schema, const struct bg_param *param)
{
    const bool is_open = param->max == INT64_MAX && json_object_get(schema, "maximum") == NULL;
    return is_text(schema, "type", "integer") && is_text(schema, "format", "int64") && is_number(schema, "minimum", param->min) &&
           (is_open || is_number(schema, "maximum", param->max));
}

static bool is_of_type(const json_t *schema, const struct bg_param *param)
{
    switch (param->type) {
    case BG_PARAM_INTEGER:
        return is_of_integer(schema, param);
    case BG_PARAM_BOOLEAN:
        return is_text(schema, "type", "boolean");
    case BG_PARAM_ENUM:
        return is_text(schema, "type", "string") && is_choices(schema, param->choices);
    case BG_PARAM_NODE:
        return is_reference(schema, "NodeName");
    case BG_PARAM_PID:
        return is_reference(schema, "PidPath");
    case BG_PARAM_TEXT:
        return is_text(schema, "type", "string") && is_number(schema, "minLength", param->min) &&
               is_number(schema, "maxLength", param->max);
    }
    return false;
}

/* The default, written as in a query, is the fallback; of a list, its only item. */
static bool is_fallback(const json_t *schema, const struct bg_param *param)
{
    const json_t *value = json_object_get(schema, "default");
    if (param->times_max > 1 && value != NULL)
        value = json_array_size(value) == 1 ? json_array_get(value, 0) : NULL;
    if (value == NULL || param->fallback == NULL)
        return value == NULL && param->fallback == NULL;
    char *text = json_is_string(value) ? strdup(json_string_value(value)) : json_dumps(value, JSON_ENCODE_ANY);
    const bool same = text != NULL && strcmp(text, param->fallback) == 0;
    free(text);
    return same;
}

static void check_parameter(const struct bg_endpoint *endpoint, const struct bg_param *param)
{
    const json_t *parameter = find_parameter(operation_of(endpoint), param->name);
    const bool in_path = is_in_path(endpoint, param->name), many = param->times_max > 1;
    expect(parameter != NULL, endpoint, "lacks the parameter", param->name);
    if (parameter == NULL)
        return;
    const json_t *schema = json_object_get(parameter, "schema"), *item = many ? json_object_get(schema, "items") : schema;
    const bool required = json_is_true(json_object_get(parameter, "required"));
    expect(is_text(parameter, "in", in_path ? "path" : "query"), endpoint, "has in another place", param->name);
    expect(is_text(parameter, "description", param->summary), endpoint, "describes otherwise", param->name);
    expect(!in_path || required, endpoint, "does not require", param->name);
    expect(!required || param->fallback == NULL, endpoint, "requires what has a fallback:", param->name);
    expect(is_of_type(item, param), endpoint, "has another type or other bounds for", param->name);
    expect(is_fallback(schema, param), endpoint, "has another default for", param->name);
    expect(!many || is_number(schema, "maxItems", (int64_t)param->times_max), endpoint,
           "may be given another number of times:", param->name);
}

static bool format_is_known(const struct bg_endpoint *endpoint, const json_t *schema)
{
    static const char *const of_rows[] = {"json", "text", "md", "csv", "ndjson", NULL};
    const struct bg_representation *own = endpoint->representations;
    const char *names[16] = {NULL};
    for (size_t i = 0; own != NULL && own[i].name != NULL && i < 15; i++)
        names[i] = own[i].name;
    return is_choices(schema, own != NULL ? names : of_rows);
}

static const struct bg_param *find_param(const struct bg_endpoint *endpoint, const char *name)
{
    for (const struct bg_param *param = endpoint->params; param != NULL && param->name != NULL; param++)
        if (strcmp(param->name, name) == 0)
            return param;
    return NULL;
}

/* `format` is http's: it is there wherever there is a choice. */
static void check_format(const struct bg_endpoint *endpoint)
{
    const struct bg_representation *own = endpoint->representations;
    const bool has_choice = own != NULL ? own[1].name != NULL : endpoint->columns != NULL;
    const json_t *parameter = find_parameter(operation_of(endpoint), "format");
    expect(has_choice == (parameter != NULL), endpoint, "is wrong about having", "format");
    if (parameter != NULL)
        expect(format_is_known(endpoint, json_object_get(parameter, "schema")), endpoint, "has other choices for", "format");
}

static void check_parameters(const struct bg_endpoint *endpoint)
{
    size_t i;
    json_t *one;
    for (const struct bg_param *param = endpoint->params; param != NULL && param->name != NULL; param++)
        check_parameter(endpoint, param);
    json_array_foreach(json_object_get(operation_of(endpoint), "parameters"), i, one)
    {
        const json_t *parameter = resolve(one);
        const char *name = json_string_value(json_object_get(parameter, "name"));
        const bool is_other = is_text(parameter, "in", "header") || strcmp(name, "format") == 0;
        expect(is_other || find_param(endpoint, name) != NULL, endpoint, "has a parameter that the program does not know:", name);
    }
    check_format(endpoint);
}

/* The one scheme in `security`; NULL: none. */
static const char *scheme_of(const json_t *operation)
{
    const json_t *security = json_object_get(operation, "security");
    return json_object_iter_key(json_object_iter(json_array_get(security, 0)));
}

static void check_scope(const struct bg_endpoint *endpoint)
{
    static const char *const names[] = {
        [BG_SCOPE_READ] = "read", [BG_SCOPE_CHECK] = "check", [BG_SCOPE_CHAT] = "chat", [BG_SCOPE_ADMIN] = "admin"};
    const char *scheme = scheme_of(operation_of(endpoint)), *expected = names[endpoint->scope];
    const bool is_one = json_array_size(json_object_get(operation_of(endpoint), "security")) == 1;
    if (endpoint->scope == BG_SCOPE_NONE) /* a chat program's own token is not one of our scopes */
        expect(scheme == NULL || strcmp(scheme, "mattermost") == 0, endpoint, "asks for the scope", scheme);
    else
        expect(is_one && scheme != NULL && strcmp(scheme, expected) == 0, endpoint, "does not ask for the scope", expected);
}

static void check_body(const struct bg_endpoint *endpoint)
{
    const char *type = endpoint->body_type == BG_BODY_FORM ? "application/x-www-form-urlencoded" : "application/json";
    const json_t *body = json_object_get(operation_of(endpoint), "requestBody");
    expect((endpoint->body_max_bytes > 0) == (body != NULL), endpoint, "is wrong about having a", "body");
    if (body == NULL)
        return;
    char most[TEXT_SIZE];
    (void)snprintf(most, sizeof most, "%zu bytes", endpoint->body_max_bytes);
    const char *description = json_string_value(json_object_get(body, "description"));
    expect(description != NULL && strstr(description, most) != NULL, endpoint, "does not say that a body has at most", most);
    expect(json_object_get(json_object_get(body, "content"), type) != NULL, endpoint, "does not take a body of", type);
}

/* Without parameters of the content type: "text/csv; charset=utf-8" is described as text/csv. */
static bool is_answered_as(const struct bg_endpoint *endpoint, const char *content_type)
{
    const json_t *answer = resolve(json_object_get(json_object_get(operation_of(endpoint), "responses"), "200"));
    char type[TEXT_SIZE];
    (void)snprintf(type, sizeof type, "%.*s", (int)strcspn(content_type, ";"), content_type);
    return json_object_get(json_object_get(answer, "content"), type) != NULL;
}

static const char *const types_of_rows[] = {"application/json", "text/plain", "text/markdown", "text/csv", "application/x-ndjson", NULL};

static void check_content(const struct bg_endpoint *endpoint)
{
    const char *const *own_types = endpoint->columns != NULL ? types_of_rows : endpoint->types;
    for (size_t i = 0; own_types != NULL && own_types[i] != NULL; i++)
        expect(is_answered_as(endpoint, own_types[i]), endpoint, "does not answer as", own_types[i]);
    for (const struct bg_representation *own = endpoint->representations; own != NULL && own->name != NULL; own++)
        expect(is_answered_as(endpoint, own->content_type), endpoint, "does not answer as", own->content_type);
}

static bool is_bare(const char *content_type, const char *type)
{
    return strncmp(content_type, type, strlen(type)) == 0 && strchr(";", content_type[strlen(type)]) != NULL;
}

/* Whether the program can answer so; without a choice it is JSON, or plain text as from bg_call_plain(). */
static bool can_answer_as(const struct bg_endpoint *endpoint, const char *type)
{
    static const char *const plain[] = {"application/json", "text/plain", NULL};
    const char *const *types = endpoint->columns != NULL ? types_of_rows : endpoint->types != NULL ? endpoint->types : plain;
    const struct bg_representation *own = endpoint->representations;
    bool found = false;
    for (size_t i = 0; own == NULL && types[i] != NULL; i++)
        found = found || is_bare(types[i], type);
    for (; own != NULL && own->name != NULL; own++)
        found = found || is_bare(own->content_type, type);
    return found;
}

static void check_no_other_content(const struct bg_endpoint *endpoint)
{
    const json_t *answer = resolve(json_object_get(json_object_get(operation_of(endpoint), "responses"), "200"));
    const char *type;
    json_t *media;
    json_object_foreach(json_object_get(answer, "content"), type, media)
        expect(can_answer_as(endpoint, type), endpoint, "never answers as", type);
}

/* The first line of an example of csv names every column; dots are underscores there. */
static void check_columns(const struct bg_endpoint *endpoint, const struct bg_column *columns, const char *example)
{
    char *line = example != NULL ? strndup(example, strcspn(example, "\r")) : NULL, *rest = line, *cell = line;
    expect(line != NULL, endpoint, "has no example of", "csv");
    for (; line != NULL && columns->path != NULL; columns++) {
        char name[TEXT_SIZE];
        (void)snprintf(name, sizeof name, "%s", columns->path);
        name[strcspn(name, "|")] = '\0';
        for (char *dot = name; (dot = strchr(dot, '.')) != NULL; *dot = '_')
            ;
        cell = strsep(&rest, ",");
        expect(cell != NULL && strcmp(cell, name) == 0, endpoint, "has in its csv no column, or not there:", name);
    }
    expect(rest == NULL, endpoint, "has in its csv more columns:", rest);
    free(line);
}

static void check_csv(const struct bg_endpoint *endpoint)
{
    const json_t *answer = json_object_get(json_object_get(operation_of(endpoint), "responses"), "200");
    const json_t *csv = json_object_get(json_object_get(answer, "content"), "text/csv"), *examples = json_object_get(csv, "examples");
    const json_t *rows = examples != NULL ? json_object_get(json_object_get(examples, "rows"), "value") : json_object_get(csv, "example");
    if (endpoint->columns != NULL)
        check_columns(endpoint, endpoint->columns, json_string_value(rows));
    if (endpoint->group_columns != NULL)
        check_columns(endpoint, endpoint->group_columns, json_string_value(json_object_get(json_object_get(examples, "groups"), "value")));
}

static void test_every_endpoint_is_described(void **state)
{
    (void)state;
    faults = 0;
    for (const struct bg_endpoint *const *at = bg_api_endpoints; *at != NULL; at++) {
        const struct bg_endpoint *endpoint = *at;
        const json_t *operation = operation_of(endpoint);
        expect(operation != NULL, endpoint, "is not described:", method_of(endpoint));
        if (operation == NULL)
            continue;
        expect(is_text(operation, "operationId", endpoint->operation), endpoint, "has another name:", "operationId");
        expect(is_text(operation, "summary", endpoint->summary), endpoint, "has another", "summary");
        check_scope(endpoint);
        check_parameters(endpoint);
        check_body(endpoint);
        check_content(endpoint);
        check_no_other_content(endpoint);
        check_csv(endpoint);
    }
    assert_int_equal(faults, 0);
}

static const struct bg_endpoint *find_endpoint(const char *path, const char *method)
{
    for (const struct bg_endpoint *const *at = bg_api_endpoints; *at != NULL; at++)
        if (strcmp((*at)->path, path) == 0 && strcmp(method_of(*at), method) == 0)
            return *at;
    return NULL;
}

/* The document itself is a file beside the page, not an endpoint. */
static void test_every_described_operation_exists(void **state)
{
    const char *path, *method;
    json_t *item, *operation;
    size_t unknown = 0, count = 0;
    (void)state;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        json_object_foreach(item, method, operation)
        {
            count++;
            if (strcmp(path, "/api/v1/openapi.json") == 0 || find_endpoint(path, method) != NULL)
                continue;
            print_error("%s %s is described but not there\n", method, path);
            unknown++;
        }
    }
    assert_true(count > 1);
    assert_int_equal(unknown, 0);
}

static const json_t *schema_of(const char *name)
{
    return json_object_get(json_object_get(json_object_get(document, "components"), "schemas"), name);
}

/* Everything that can be sent; a call whose client has disconnected is not answered any more. */
static bool is_sent(enum bg_error error)
{
    return error != BG_OK && error != BG_CANCELLED;
}

static void test_every_error_is_described(void **state)
{
    const json_t *codes = json_object_get(json_object_get(json_object_get(schema_of("Problem"), "properties"), "code"), "enum");
    size_t count = 0;
    (void)state;
    for (enum bg_error error = BG_OK; error < BG_ERROR_COUNT; error++) {
        size_t i;
        json_t *code;
        bool found = false;
        json_array_foreach(codes, i, code) found = found || strcmp(json_string_value(code), bg_error_info(error)->code) == 0;
        count += is_sent(error);
        if (found != is_sent(error))
            fail_msg("%s: described: %d", bg_error_info(error)->code, found);
    }
    assert_int_equal(json_array_size(codes), count);
}

static const struct bg_error_info *find_error(const char *code)
{
    for (enum bg_error error = BG_OK; code != NULL && error < BG_ERROR_COUNT; error++)
        if (strcmp(bg_error_info(error)->code, code) == 0)
            return bg_error_info(error);
    return NULL;
}

static void test_examples_of_errors_are_those_errors(void **state)
{
    const char *name;
    json_t *response;
    size_t count = 0;
    (void)state;
    json_object_foreach(json_object_get(json_object_get(document, "components"), "responses"), name, response)
    {
        const json_t *content = json_object_get(json_object_get(response, "content"), "application/problem+json");
        const json_t *example = json_object_get(content, "example");
        const struct bg_error_info *info = find_error(json_string_value(json_object_get(example, "code")));
        if (info == NULL || !is_text(example, "title", info->title) || !is_number(example, "status", info->status))
            fail_msg("%s: no such error", name);
        count++;
    }
    assert_true(count > 0);
}

static void test_a_name_is_as_long_as_it_may_be(void **state)
{
    (void)state;
    assert_true(is_number(schema_of("NodeName"), "maxLength", BG_NODE_NAME_MAX));
}

static int read_document(void **state)
{
    json_error_t error;
    (void)state;
    document = json_load_file(BG_OPENAPI, JSON_REJECT_DUPLICATES, &error);
    if (document == NULL)
        print_error("%s:%d: %s\n", BG_OPENAPI, error.line, error.text);
    return document != NULL ? 0 : -1;
}

static int free_document(void **state)
{
    (void)state;
    json_decref(document);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_endpoint_is_described),    cmocka_unit_test(test_every_described_operation_exists),
        cmocka_unit_test(test_every_error_is_described),       cmocka_unit_test(test_examples_of_errors_are_those_errors),
        cmocka_unit_test(test_a_name_is_as_long_as_it_may_be),
    };
    return cmocka_run_group_tests(tests, read_document, free_document);
}
