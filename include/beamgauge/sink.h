/* sink.h: bytes written to memory, which says so where memory runs out. (The last realloc of open_memstream(3) may fail unseen.) */
#ifndef BEAMGAUGE_SINK_H
#define BEAMGAUGE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct bg_sink {
    FILE *stream;
    char *bytes; /* terminated, or NULL while there are none */
    size_t length, size;
    bool failed;
};

/* Empty, without a stream. */
void bg_sink_init(struct bg_sink *sink);
/* A stream whose bytes come to the sink, which must stay where it is until bg_sink_end(). NULL where memory ran out. */
FILE *bg_sink_open(struct bg_sink *sink);
/* For a sink without a stream. */
bool bg_sink_add(struct bg_sink *sink, const char *bytes, size_t length);
/* Closes the stream, if there is one. *ret_bytes is malloc'ed and terminated; false where memory ran out: then nothing is left to be freed.
 */
bool bg_sink_end(struct bg_sink *sink, char **ret_bytes, size_t *ret_length);

#endif
