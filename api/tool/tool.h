/* tool.h: what the tools share that make files when the program is built: any error ends the tool with a message. */
#ifndef BEAMGAUGE_TOOL_H
#define BEAMGAUGE_TOOL_H

#include <jansson.h>

/* Prints the tool's name and the error, and ends the tool. */
_Noreturn void bg_tool_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns the value; ends the tool if it is NULL: memory ran out, or a text is not UTF-8. */
json_t *bg_tool_need(json_t *value);
/* Puts the value, which is stolen, into the object. */
void bg_tool_put(json_t *object, const char *key, json_t *value);
/* Appends the value, which is stolen, to the array. */
void bg_tool_append(json_t *array, json_t *value);
/* The object in that file, a new reference. */
json_t *bg_tool_load(const char *path);
void bg_tool_save(const json_t *object, const char *path, size_t indent);

#endif
