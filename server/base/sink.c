/* sink.c: bytes written to memory, with a failure when memory runs out. */
#include "beamgauge/sink.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MIN 1024

void bg_sink_init(struct bg_sink *sink)
{
    *sink = (struct bg_sink){.stream = NULL};
}

/* Makes room for so many more bytes and a NUL. */
static bool make_room(struct bg_sink *sink, size_t length)
{
    size_t size = sink->size > 0 ? sink->size : SIZE_MIN;
    char *bytes;

    while (size <= sink->length + length)
        size *= 2;
    if (size == sink->size)
        return true;
    if ((bytes = realloc(sink->bytes, size)) == NULL)
        return false;
    sink->bytes = bytes;
    sink->size = size;
    return true;
}

bool bg_sink_add(struct bg_sink *sink, const char *bytes, size_t length)
{
    sink->failed = sink->failed || !make_room(sink, length);
    if (sink->failed)
        return false;
    memcpy(sink->bytes + sink->length, bytes, length);
    sink->length += length;
    sink->bytes[sink->length] = '\0';
    return true;
}

static ssize_t on_write(void *cookie, const char *bytes, size_t length)
{
    return bg_sink_add(cookie, bytes, length) ? (ssize_t)length : 0;
}

FILE *bg_sink_open(struct bg_sink *sink)
{
    bg_sink_init(sink);
    return sink->stream = fopencookie(sink, "w", (cookie_io_functions_t){.write = on_write});
}

bool bg_sink_end(struct bg_sink *sink, char **ret_bytes, size_t *ret_length)
{
    bool done = sink->stream == NULL || !ferror(sink->stream);

    if (sink->stream != NULL)
        done = fclose(sink->stream) == 0 && done;
    sink->stream = NULL;
    if (done && bg_sink_add(sink, "", 0)) {
        *ret_bytes = sink->bytes;
        *ret_length = sink->length;
        return true;
    }
    free(sink->bytes);
    bg_sink_init(sink);
    return false;
}
