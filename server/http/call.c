/* call.c: what handlers see of a request, and the endings of a call. */
#include "call.h"

#include "beamgauge/clock.h"
#include "reply.h"
#include "reply_cache.h"
#include "server.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define TIMING_SIZE 96

static void call_free(struct bg_call *call)
{
    call->http->calls_count--;
    if (call->endpoint->method != BG_GET) /* what it has changed may show in any answer */
        bg_reply_cache_flush(call->http->cache);
    json_decref(call->body);
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
                   const struct bg_values *values, enum bg_format format, json_t *body)
{
    struct bg_http *http = connection->http;
    struct bg_call *call = calloc(1, sizeof *call);
    struct bg_values unused = *values;
    struct bg_failure failure;
    int64_t own_ms;

    if (call == NULL) {
        bg_values_done(&unused);
        json_decref(body);
        bg_fail(&failure, BG_NO_MEMORY, "There was no memory for the request.");
        bg_reply_failure(connection, request, &failure);
        return;
    }
    *call = (struct bg_call){.http = http,
                             .connection = connection,
                             .request = *request,
                             .endpoint = endpoint,
                             .values = *values,
                             .format = format,
                             .body = body,
                             .started_us = bg_http_now(http)};
    http->calls_count++;
    connection->call = call;
    if (endpoint->method != BG_GET)
        bg_reply_cache_flush(http->cache);
    own_ms = integer_or_zero(call, "timeout_ms") + integer_or_zero(call, "window_ms") + http->options.request_ms;
    endpoint->handler(call);
    if (connection->call != NULL)
        bg_connection_wait(connection, bg_http_now(http) + own_ms * 1000);
}

void bg_call_abandon(struct bg_call *call)
{
    cancel(call);
    call_free(call);
}

void bg_call_expire(struct bg_call *call)
{
    struct bg_failure failure;

    cancel(call);
    bg_fail(&failure, BG_DEADLINE, "There was no answer in time.");
    bg_reply_failure(call->connection, &call->request, &failure);
    call_free(call);
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

json_t *bg_call_body(const struct bg_call *call)
{
    return call->body;
}

void bg_call_on_cancel(struct bg_call *call, void (*on_cancel)(void *context), void *context)
{
    call->cancel = on_cancel;
    call->cancel_context = context;
}

/* Queue is what lies between the whole request and its answer and is neither the node's nor ours. */
static void write_timing(const struct bg_call *call, int64_t rpc_us, int64_t encode_us, char ret_text[TIMING_SIZE])
{
    int64_t queue_us = bg_http_now(call->http) - call->connection->asked_us - encode_us - (rpc_us > 0 ? rpc_us : 0);
    int length = snprintf(ret_text, TIMING_SIZE, "queue;dur=%.3f", queue_us > 0 ? (double)queue_us / 1000 : 0.0);

    if (rpc_us >= 0)
        length += snprintf(ret_text + length, TIMING_SIZE - (size_t)length, ", rpc;dur=%.3f", (double)rpc_us / 1000);
    snprintf(ret_text + length, TIMING_SIZE - (size_t)length, ", encode;dur=%.3f", (double)encode_us / 1000);
}

void bg_call_reply(struct bg_call *call, const struct bg_reply *reply)
{
    int64_t began_us = bg_http_now(call->http);
    json_t *meta = reply->meta != NULL ? reply->meta : json_object();
    struct bg_body *body = bg_body_new(call->endpoint, call->format, reply->data, meta, reply->collected_us);
    char timing[TIMING_SIZE];
    struct bg_failure failure;

    json_decref(reply->data);
    json_decref(meta);
    if (body == NULL) {
        bg_fail(&failure, BG_INTERNAL, "The answer could not be written down.");
        bg_call_fail(call, &failure);
        return;
    }
    write_timing(call, reply->rpc_us, bg_http_now(call->http) - began_us, timing);
    if (call->endpoint->method == BG_GET && reply->status == 200 && reply->fresh_until_us > began_us)
        bg_reply_cache_put(call->http->cache, &call->request, call->endpoint, body, reply->fresh_until_us);
    bg_reply_body(call->connection, &call->request, reply->status, body, timing, reply->location);
    bg_body_unref(body);
    call_free(call);
}

void bg_call_plain(struct bg_call *call, int status, const char *text)
{
    struct bg_head head;

    evbuffer_add(evhttp_request_get_output_buffer(call->request.raw), text, strlen(text));
    bg_head_start(&head, status, &call->request);
    bg_head_add_live(&head, "text/plain; charset=utf-8");
    bg_reply_send(call->connection, &call->request, status, &head);
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
