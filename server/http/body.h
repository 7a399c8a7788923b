/* body.h: the rendered bytes of an answer. The reply cache and replies that are being written share them, so they are reference-counted. */
#ifndef BG_HTTP_BODY_H
#define BG_HTTP_BODY_H

#include "formats.h"

#include <event2/buffer.h>
#include <stdint.h>

struct bg_body {
    unsigned references;
    enum bg_format format;
    const char *content_type;
    int64_t collected_us; /* 0: not to be reported */
    size_t age_at;        /* where in `bytes` the digits of meta.age_ms go; SIZE_MAX: nowhere */
    size_t length;
    char *bytes;
};

/* Renders data and meta (both borrowed; meta gets its age_ms). NULL where memory ran out. */
struct bg_body *bg_body_new(const struct bg_endpoint *endpoint, enum bg_format format, json_t *data, json_t *meta, int64_t collected_us);
struct bg_body *bg_body_ref(struct bg_body *body);
void bg_body_unref(struct bg_body *body);
/* Appends the bytes, with the age as it is now; false where memory ran out. */
bool bg_body_write(struct bg_body *body, int64_t now_us, struct evbuffer *buffer);

#endif
