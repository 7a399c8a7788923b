/* json.h: JSON as text, complete or NULL: without memory, json_dumps() of jansson 2.14 leaves out the name of a member.
 */
#ifndef BEAMGAUGE_JSON_H
#define BEAMGAUGE_JSON_H

#include "beamgauge/sink.h"

#include <jansson.h>

static inline int bg_json_add(const char *bytes, size_t length, void *sink)
{
    return bg_sink_add((struct bg_sink *)sink, bytes, length) ? 0 : -1;
}

/* As json_dumps(): malloc'ed; NULL where memory ran out. */
static inline char *bg_json_text(const json_t *json, size_t flags)
{
    struct bg_sink sink;
    char *text = NULL;
    size_t length;

    bg_sink_init(&sink);
    sink.failed = json_dump_callback(json, bg_json_add, &sink, flags) != 0 || sink.failed;
    return bg_sink_end(&sink, &text, &length) ? text : NULL;
}

#endif
