/* make.c: the tool that writes the OpenAPI document. make OUT FRAME.json SCHEMAS.json... */
#include "describe.h"
#include "tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REFERENCE_SIZE 128

json_t *bg_describe_reference(const char *kind, const char *name)
{
    char path[REFERENCE_SIZE];
    (void)snprintf(path, sizeof path, "#/components/%s/%s", kind, name);
    return bg_tool_need(json_pack("{s:s}", "$ref", path));
}

/* Moves the members of one object into the other, which must not have them yet. */
static void add_all(json_t *to, const json_t *from, const char *path)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)from, key, value)
    {
        if (json_object_get(to, key) != NULL)
            bg_tool_die("%s: %s is described in another file too", path, key);
        bg_tool_put(to, key, json_incref(value));
    }
}

static const char *method_of(const struct bg_endpoint *endpoint)
{
    return endpoint->method == BG_GET ? "get" : endpoint->method == BG_PUT ? "put" : endpoint->method == BG_POST ? "post" : "delete";
}

static json_t *security_new(const struct bg_endpoint *endpoint, const json_t *notes)
{
    static const char *const names[] = {
        [BG_SCOPE_READ] = "read", [BG_SCOPE_CHECK] = "check", [BG_SCOPE_CHAT] = "chat", [BG_SCOPE_ADMIN] = "admin"};
    const json_t *own = json_object_get(notes, "security");
    if (own != NULL)
        return json_deep_copy(own);
    return endpoint->scope == BG_SCOPE_NONE ? json_array() : json_pack("[{s:[]}]", names[endpoint->scope]);
}

json_t *bg_describe_operation(const struct bg_endpoint *endpoint, const json_t *notes)
{
    char sentence[512];
    const char *more = json_string_value(json_object_get(notes, "description"));
    json_t *operation = bg_tool_need(json_object()), *body = json_object_get(notes, "body");
    (void)snprintf(sentence, sizeof sentence, "%s.", endpoint->summary);
    bg_tool_put(operation, "operationId", json_string(endpoint->operation));
    bg_tool_put(operation, "tags", json_incref(json_object_get(notes, "tags")));
    bg_tool_put(operation, "summary", json_string(endpoint->summary));
    bg_tool_put(operation, "description", json_string(more != NULL ? more : sentence));
    bg_tool_put(operation, "security", security_new(endpoint, notes));
    bg_tool_put(operation, "parameters", bg_describe_parameters(endpoint, notes));
    if (body != NULL)
        bg_tool_put(operation, "requestBody", json_incref(body));
    bg_tool_put(operation, "responses", bg_describe_responses(endpoint, notes));
    return operation;
}

/* If a file describes an unknown operation, that is an error. */
static json_t *paths_new(json_t *operations)
{
    json_t *paths = bg_tool_need(json_object());
    for (const struct bg_endpoint *const *at = bg_api_endpoints; *at != NULL; at++) {
        const json_t *notes = json_object_get(operations, (*at)->operation);
        json_t *item = json_object_get(paths, (*at)->path);
        if (notes == NULL)
            bg_tool_die("no file describes the answer of the operation %s, %s", (*at)->operation, (*at)->path);
        if (item == NULL)
            bg_tool_put(paths, (*at)->path, item = bg_tool_need(json_object()));
        bg_tool_put(item, method_of(*at), bg_describe_operation(*at, notes));
        (void)json_object_del(operations, (*at)->operation);
    }
    const char *left = json_object_iter_key(json_object_iter(operations));
    if (left != NULL)
        bg_tool_die("no endpoint is the operation %s", left);
    return paths;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same members, sorted by name. */
static json_t *sorted_new(json_t *object)
{
    const size_t count = json_object_size(object);
    const char **keys = calloc(count + 1, sizeof *keys), *key;
    json_t *sorted = bg_tool_need(json_object()), *value;
    size_t i = 0;
    if (keys == NULL)
        bg_tool_die("out of memory");
    json_object_foreach(object, key, value) keys[i++] = key;
    qsort(keys, count, sizeof *keys, compare);
    for (i = 0; i < count; i++)
        bg_tool_put(sorted, keys[i], json_incref(json_object_get(object, keys[i])));
    free(keys);
    return sorted;
}

/* Every error that a client may receive, by its code. */
static json_t *codes_new(void)
{
    json_t *codes = bg_tool_need(json_array());
    for (enum bg_error error = BG_OK; error < BG_ERROR_COUNT; error++)
        if (error != BG_OK && error != BG_CANCELLED)
            bg_tool_append(codes, json_string(bg_error_info(error)->code));
    return codes;
}

int main(int argc, char **argv)
{
    if (argc < 4)
        bg_tool_die("make OUT FRAME.json SCHEMAS.json...");
    json_t *document = bg_tool_load(argv[2]), *operations = bg_tool_need(json_object());
    json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    for (int i = 3; i < argc; i++) {
        json_t *file = bg_tool_load(argv[i]);
        add_all(operations, json_object_get(file, "operations"), argv[i]);
        add_all(schemas, json_object_get(file, "schemas"), argv[i]);
        json_decref(file);
    }
    json_t *paths = paths_new(operations);
    add_all(paths, json_object_get(document, "paths"), argv[2]);
    bg_tool_put(document, "paths", sorted_new(paths));
    json_decref(paths);
    bg_tool_put(json_object_get(json_object_get(json_object_get(schemas, "Problem"), "properties"), "code"), "enum", codes_new());
    bg_tool_save(document, argv[1], 1);
    json_decref(operations);
    json_decref(document);
    return EXIT_SUCCESS;
}
