/* call.c: what handlers see of a request, and the endings of a call. */
#include "call.h"
#include "auth.h"

#include "audit.h"
#include "beamgauge/clock.h"
#include "form.h"
#include "reply.h"
#include "reply_cache.h"
#include "server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TIMING_SIZE 96
#define ROWS_AT_ONCE 100 /* shaped and written in one turn of the loop */

static void call_free(struct bg_call *call)
{
    call->http->calls_count--;
    if (call->endpoint->method != BG_GET) /* its change may show in any answer */
        bg_reply_cache_flush(call->http->cache);
    json_decref(call->body);
    json_decref(call->reply.data);
    json_decref(call->reply.meta);
    bg_values_done(&call->values);
    free(call);
}

static void cancel(struct bg_call *call)
{
    if (call->cancel != NULL)
        call->cancel(call->cancel_context);
}

static int64_t integer_or_zero(const struct bg_call *call, const char *name)
{
    int index = bg_param_index(call->endpoint, name);

    return index < 0 ? 0 : call->values.list[index].integer;
}

void bg_call_start(struct bg_connection *connection, const struct bg_request *request, const struct bg_endpoint *endpoint,
                   const struct bg_values *values, const struct bg_form *form, json_t *body)
{
    struct bg_http *http = connection->http;
    struct bg_call *call = calloc(1, sizeof *call);
    struct bg_values unused = *values;
    struct bg_failure failure;
    int64_t own_ms;

    if (call == NULL) {
        bg_values_done(&unused);
        json_decref(body);
        bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        bg_reply_failure(connection, request, &failure);
        return;
    }
    *call = (struct bg_call){.http = http,
                             .connection = connection,
                             .request = *request,
                             .endpoint = endpoint,
                             .values = *values,
                             .format = form->format,
                             .type = form->type,
                             .body = body,
                             .started_us = bg_http_now(http)};
    http->calls_count++;
    connection->call = call;
    if (endpoint->method != BG_GET)
        bg_reply_cache_flush(http->cache);
    own_ms = integer_or_zero(call, "timeout_ms") + integer_or_zero(call, "window_ms") + http->options.request_ms;
    endpoint->handler(call);
    if (connection->call != NULL)
        bg_connection_wait(connection, bg_http_now(http) + (own_ms + call->more_ms) * 1000);
}

void bg_call_extend(struct bg_call *call, int64_t more_ms)
{
    call->more_ms += more_ms;
}

void bg_call_abandon(struct bg_call *call)
{
    call->http->counts.abandoned++;
    bg_audit(call->connection, &call->request, 0);
    cancel(call);
    call_free(call);
}

void bg_call_expire(struct bg_call *call)
{
    struct bg_failure failure;

    cancel(call);
    bg_fail(&failure, BG_DEADLINE, "There was no answer in time%s.",
            bg_http_now(call->http) >= call->http->ends_us ? ": beamgauge is stopping" : "");
    bg_reply_failure(call->connection, &call->request, &failure);
    call_free(call);
}

bool bg_call_may(const struct bg_call *call, enum bg_scope scope)
{
    char challenge[BG_CHALLENGE_SIZE];
    const struct bg_http *http = call->http;
    return bg_auth_check(http->tokens, http->tokens_count, call->request.authorization, scope, challenge, NULL) == BG_OK;
}

const struct bg_services *bg_call_services(const struct bg_call *call)
{
    return call->http->options.services;
}

static const struct bg_value *value_of(const struct bg_call *call, const char *name)
{
    int index = bg_param_index(call->endpoint, name);

    assert(index >= 0);
    return &call->values.list[index];
}

int64_t bg_call_integer(const struct bg_call *call, const char *name)
{
    const struct bg_value *value = value_of(call, name);

    assert(value->text != NULL);
    return value->integer;
}

bool bg_call_boolean(const struct bg_call *call, const char *name)
{
    return bg_call_integer(call, name) != 0;
}

const char *bg_call_text(const struct bg_call *call, const char *name)
{
    return value_of(call, name)->text;
}

bool bg_call_has(const struct bg_call *call, const char *name)
{
    return value_of(call, name)->given;
}

size_t bg_call_count(const struct bg_call *call, const char *name)
{
    int index = bg_param_index(call->endpoint, name);
    size_t count = bg_call_text(call, name) != NULL ? 1 : 0;

    for (size_t i = 0; i < call->values.repeats_count; i++)
        count += call->values.repeats[i].index == index;
    return count;
}

const char *bg_call_text_at(const struct bg_call *call, const char *name, size_t place)
{
    int index = bg_param_index(call->endpoint, name);

    for (size_t i = 0; place > 0 && i < call->values.repeats_count; i++)
        if (call->values.repeats[i].index == index && --place == 0)
            return call->values.repeats[i].text;
    assert(place == 0);
    return bg_call_text(call, name);
}

const char *bg_call_header(const struct bg_call *call, const char *name)
{
    const char *value = evhttp_find_header(evhttp_request_get_input_headers(call->request.raw), name);

    return value != NULL ? value + strspn(value, "\t ") : NULL;
}

const char *bg_call_bytes(const struct bg_call *call, size_t *ret_length)
{
    struct evbuffer *input = evhttp_request_get_input_buffer(call->request.raw);

    *ret_length = evbuffer_get_length(input);
    return *ret_length > 0 ? (const char *)evbuffer_pullup(input, -1) : "";
}

enum bg_error bg_call_form(const struct bg_call *call, json_t **ret_fields, struct bg_failure *ret_failure)
{
    size_t length;
    const char *bytes = bg_call_bytes(call, &length);

    return bg_form_read(call->request.content_type, bytes, length, ret_fields, ret_failure);
}

uint64_t bg_call_reader(const struct bg_call *call)
{
    return call->request.reader;
}

json_t *bg_call_body(const struct bg_call *call)
{
    return call->body;
}

const char *bg_call_type(const struct bg_call *call)
{
    return call->type;
}

void bg_call_on_cancel(struct bg_call *call, void (*on_cancel)(void *context), void *context)
{
    call->cancel = on_cancel;
    call->cancel_context = context;
}

/* Queue time is the time between the whole request and its answer that neither the node nor we used. */
static void write_timing(const struct bg_call *call, int64_t rpc_us, int64_t encode_us, char ret_text[TIMING_SIZE])
{
    int64_t queue_us = bg_http_now(call->http) - call->connection->asked_us - encode_us - (rpc_us > 0 ? rpc_us : 0);
    int length = snprintf(ret_text, TIMING_SIZE, "queue;dur=%.3f", queue_us > 0 ? (double)queue_us / 1000 : 0.0);

    if (rpc_us >= 0)
        length += snprintf(ret_text + length, TIMING_SIZE - (size_t)length, ", rpc;dur=%.3f", (double)rpc_us / 1000);
    snprintf(ret_text + length, TIMING_SIZE - (size_t)length, ", encode;dur=%.3f", (double)encode_us / 1000);
}

static bool may_be_repeated(const struct bg_call *call, const struct bg_reply *reply, int64_t now_us)
{
    return call->endpoint->method == BG_GET && reply->status == 200 && reply->headers == NULL && reply->location == NULL &&
           reply->fresh_until_us > now_us;
}

static void reply_document(struct bg_call *call, const struct bg_reply *reply, json_t *meta)
{
    int64_t began_us = bg_http_now(call->http);
    struct bg_body *body = reply->data != NULL ? bg_body_new(call->endpoint, call->format, reply->data, meta, reply->collected_us) : NULL;
    const struct bg_header location[] = {{reply->location != NULL ? "Location" : NULL, reply->location}, {NULL, NULL}};
    char timing[TIMING_SIZE];
    struct bg_failure failure;

    if (body == NULL) {
        bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        bg_reply_failure(call->connection, &call->request, &failure);
        return;
    }
    write_timing(call, reply->rpc_us, bg_http_now(call->http) - began_us, timing);
    if (may_be_repeated(call, reply, began_us))
        bg_reply_cache_put(call->http->cache, &call->request, call->endpoint, body, reply->fresh_until_us);
    bg_reply_body(call->connection, &call->request, reply->status, body, timing, reply->headers != NULL ? reply->headers : location);
    bg_body_unref(body);
}

/* A problem document is not cached, so its age is written once. */
static void put_age(const struct bg_call *call, json_t *meta, int64_t collected_us)
{
    int64_t age_us = collected_us > 0 ? bg_http_now(call->http) - collected_us : 0;

    json_object_set_new(meta, "age_ms", json_integer(age_us > 0 ? age_us / 1000 : 0));
}

static bool has_many(const json_t *array)
{
    return json_array_size(array) > ROWS_AT_ONCE;
}

static bool is_long(json_t *data)
{
    bool found = has_many(data);
    const char *key;
    json_t *value;

    json_object_foreach(data, key, value) found = found || has_many(value);
    return found;
}

void bg_call_write(struct bg_call *call)
{
    reply_document(call, &call->reply, call->reply.meta);
    call_free(call);
}

/* Shaping a long answer has kept the loop busy: others have their turn before it is written. */
static bool put_off(struct bg_call *call, const struct bg_reply *reply, json_t *meta)
{
    if (reply->failure != NULL || reply->headers != NULL || reply->location != NULL || !is_long(reply->data) ||
        !bg_connection_come_back(call->connection))
        return false;
    call->reply = *reply;
    call->reply.meta = meta;
    call->answered = true;
    call->cancel = NULL; /* the handler has finished with it */
    return true;
}

void bg_call_reply(struct bg_call *call, const struct bg_reply *reply)
{
    json_t *meta = reply->meta != NULL ? reply->meta : json_object();

    if (put_off(call, reply, meta))
        return;
    if (reply->failure != NULL)
        put_age(call, meta, reply->collected_us);
    if (reply->failure != NULL && call->format == BG_FORMAT_JSON)
        bg_reply_problem(call->connection, &call->request,
                         &(struct bg_problem){.failure = reply->failure, .data = reply->data, .meta = meta, .headers = reply->headers});
    else
        reply_document(call, reply, meta);
    json_decref(reply->data);
    json_decref(meta);
    call_free(call);
}

void bg_call_plain(struct bg_call *call, int status, const char *text)
{
    bg_call_custom(
        call, &(struct bg_custom){.status = status, .content_type = "text/plain; charset=utf-8", .bytes = text, .length = strlen(text)});
}

void bg_call_custom(struct bg_call *call, const struct bg_custom *reply)
{
    struct bg_failure failure;
    struct bg_head head;

    if (evbuffer_add(evhttp_request_get_output_buffer(call->request.raw), reply->bytes, reply->length) != 0) {
        bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        bg_call_fail(call, &failure);
        return;
    }
    bg_head_start(&head, reply->status, &call->request);
    bg_head_add_live(&head, reply->content_type);
    bg_head_add_all(&head, reply->headers);
    bg_reply_send(call->connection, &call->request, reply->status, &head);
    call_free(call);
}

void bg_call_empty(struct bg_call *call)
{
    struct bg_head head;

    bg_head_start(&head, 204, &call->request);
    bg_reply_send(call->connection, &call->request, 204, &head);
    call_free(call);
}

void bg_call_fail(struct bg_call *call, const struct bg_failure *failure)
{
    bg_reply_failure(call->connection, &call->request, failure);
    call_free(call);
}
