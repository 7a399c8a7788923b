/* tool.c: errors, JSON and files, for tools that run once and need not clean up. */
#include "tool.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void bg_tool_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fprintf(stderr, "%s: ", program_invocation_short_name);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
    exit(EXIT_FAILURE);
}

json_t *bg_tool_need(json_t *value)
{
    if (value == NULL)
        bg_tool_die("out of memory, or a text that is not UTF-8");
    return value;
}

void bg_tool_put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        bg_tool_die("%s: its place is missing, out of memory, or a text that is not UTF-8", key);
}

void bg_tool_append(json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        bg_tool_die("out of memory, or a text that is not UTF-8");
}

json_t *bg_tool_load(const char *path)
{
    json_error_t error;
    json_t *file = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(file))
        bg_tool_die("%s:%d: %s", path, error.line, file == NULL ? error.text : "is not an object");
    return file;
}

void bg_tool_save(const json_t *object, const char *path, size_t indent)
{
    if (json_dump_file(object, path, JSON_INDENT(indent)) != 0)
        bg_tool_die("%s cannot be written", path);
}
