/* reader.c: reading rankings outside of a call that asked for them. */
#include "reader.h"

#include <string.h>

void bg_reader_init(struct bg_ask *ret_reader, struct bg_shaper *shaper)
{
    memset(ret_reader, 0, sizeof *ret_reader);
    bg_shaper_init(&ret_reader->shaper, "scan");
    ret_reader->warnings = bg_array_new(shaper);
}

void bg_reader_done(struct bg_ask *reader, struct bg_shaper *shaper)
{
    json_decref(reader->warnings);
    if (!shaper->failed && reader->shaper.failed) {
        shaper->failed = true;
        shaper->failure = reader->shaper.failure;
    }
}
