/* body.c: the rendered bytes of an answer, with a gap where its age goes. */
#include "body.h"

#include "beamgauge/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Smaller bodies are copied into the reply; for them copying is cheaper than counting references. */
#define COPIED_MAX 8192

#define JSON_FLAGS (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(15) | JSON_ENCODE_ANY)

static bool add_json(struct bg_sink *sink, const json_t *json)
{
    return json_dump_callback(json, bg_json_add, sink, JSON_FLAGS) == 0;
}

/* age_ms is the very last member, so that the bytes end in 0}} and the digit can be left out. */
static bool render_json(struct bg_body *body, json_t *data, json_t *meta, struct bg_sink *sink)
{
    json_t *envelope;
    bool done;

    bg_sink_init(sink);
    json_object_del(meta, "age_ms");
    if (json_object_set_new(meta, "age_ms", json_integer(0)) != 0)
        return false;
    envelope = json_pack("{s:O, s:O}", "data", data, "meta", meta);
    done = envelope != NULL && add_json(sink, envelope);
    json_decref(envelope);
    body->age_at = done ? sink->length - strlen("0}}") : SIZE_MAX;
    return done;
}

static bool render_ndjson(const struct bg_endpoint *endpoint, const json_t *data, struct bg_sink *sink)
{
    json_t *rows = bg_rows_of(endpoint, data), *row;
    bool done = rows != NULL;
    size_t index;

    bg_sink_init(sink);
    json_array_foreach(rows, index, row) done = done && add_json(sink, row) && bg_sink_add(sink, "\n", 1);
    json_decref(rows);
    return done;
}

static bool render_table(const struct bg_endpoint *endpoint, const struct bg_body *body, json_t *data, json_t *meta, FILE *out)
{
    json_t *rows = bg_rows_of(endpoint, data);
    bool done = true;

    if (rows == NULL)
        return false;
    if (body->format == BG_FORMAT_TEXT)
        bg_format_text(endpoint, rows, meta, out);
    else if (body->format == BG_FORMAT_MD)
        bg_format_md(endpoint, rows, meta, out);
    else
        done = bg_format_csv(endpoint, rows, out);
    json_decref(rows);
    return done;
}

static bool render(const struct bg_endpoint *endpoint, struct bg_body *body, json_t *data, json_t *meta)
{
    const struct bg_representation *own = bg_format_representation(endpoint, body->format);
    struct bg_sink sink;
    bool done;

    if (own == NULL && body->format == BG_FORMAT_JSON)
        done = render_json(body, data, meta, &sink);
    else if (own == NULL && body->format == BG_FORMAT_NDJSON)
        done = render_ndjson(endpoint, data, &sink);
    else if (bg_sink_open(&sink) == NULL)
        return false;
    else if (own != NULL)
        done = own->write(data, meta, sink.stream);
    else
        done = render_table(endpoint, body, data, meta, sink.stream);
    if (!bg_sink_end(&sink, &body->bytes, &body->length))
        return false;
    if (done && body->age_at != SIZE_MAX) /* 0}} -> }} and a newline */
        body->bytes[body->age_at] = '}', body->bytes[body->age_at + 2] = '\n';
    return done;
}

struct bg_body *bg_body_new(const struct bg_endpoint *endpoint, enum bg_format format, json_t *data, json_t *meta, int64_t collected_us)
{
    struct bg_body *body = calloc(1, sizeof *body);
    const struct bg_representation *own = bg_format_representation(endpoint, format);

    if (body == NULL)
        return NULL;
    *body = (struct bg_body){.references = 1,
                             .format = format,
                             .content_type = own != NULL ? own->content_type : bg_format_content_type(format),
                             .collected_us = collected_us,
                             .age_at = SIZE_MAX};
    if (render(endpoint, body, data, meta))
        return body;
    bg_body_unref(body);
    return NULL;
}

struct bg_body *bg_body_ref(struct bg_body *body)
{
    body->references++;
    return body;
}

void bg_body_unref(struct bg_body *body)
{
    if (body == NULL || --body->references > 0)
        return;
    free(body->bytes);
    free(body);
}

static void on_written(const void *bytes, size_t length, void *argument)
{
    (void)bytes;
    (void)length;
    bg_body_unref(argument);
}

static bool write_part(struct bg_body *body, size_t from, size_t to, struct evbuffer *buffer)
{
    if (to - from <= COPIED_MAX)
        return evbuffer_add(buffer, body->bytes + from, to - from) == 0;
    if (evbuffer_add_reference(buffer, body->bytes + from, to - from, on_written, body) != 0)
        return false;
    bg_body_ref(body);
    return true;
}

bool bg_body_write(struct bg_body *body, int64_t now_us, struct evbuffer *buffer)
{
    char age[24];
    int64_t age_ms = body->collected_us > 0 && now_us > body->collected_us ? (now_us - body->collected_us) / 1000 : 0;
    int length;

    if (body->age_at == SIZE_MAX)
        return write_part(body, 0, body->length, buffer);
    length = snprintf(age, sizeof age, "%" PRId64, age_ms);
    return write_part(body, 0, body->age_at, buffer) && evbuffer_add(buffer, age, (size_t)length) == 0 &&
           write_part(body, body->age_at, body->length, buffer);
}
