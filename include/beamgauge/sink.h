/* sink.h: bytes written to memory, with a failure when memory runs out. (open_memstream(3) may hide that its last realloc failed.) */
#ifndef BEAMGAUGE_SINK_H
#define BEAMGAUGE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct bg_sink {
    FILE *stream;
    char *bytes; /* terminated, or NULL while empty */
    size_t length, size;
    bool failed;
};

/* Empty, without a stream. */
void bg_sink_init(struct bg_sink *sink);
/* A stream that writes to the sink. The sink must not move until bg_sink_end(). NULL if memory ran out. */
FILE *bg_sink_open(struct bg_sink *sink);
/* For a sink without a stream. */
bool bg_sink_add(struct bg_sink *sink, const char *bytes, size_t length);
/* Closes the stream, if there is one. *ret_bytes is malloc'ed and terminated. False if memory ran out: then there is nothing to free.
 */
bool bg_sink_end(struct bg_sink *sink, char **ret_bytes, size_t *ret_length);

#endif
