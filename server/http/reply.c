/* reply.c: the head of a reply, and sending it. */
#include "reply.h"

#include "audit.h"

#include "beamgauge/json.h"
#include "beamgauge/log.h"
#include "beamgauge/reserve.h"
#include "secure.h"
#include "server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* As they are registered (RFC 9110, 15; RFC 6585). */
static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
    };

    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return ""; /* RFC 9112, 4: it may be empty, but it must not be that of another status */
}

static void append(struct bg_head *head, const char *text, size_t length)
{
    memcpy(head->text + head->length, text, length);
    head->length += length;
    head->text[head->length] = '\0';
}

void bg_head_add(struct bg_head *head, const char *name, const char *value)
{
    size_t name_length = strlen(name), value_length = strlen(value), at;

    if (head->length + 2 + name_length + 2 + value_length >= sizeof head->text)
        return;
    append(head, "\r\n", 2);
    append(head, name, name_length);
    append(head, ": ", 2);
    at = head->length;
    append(head, value, value_length);
    for (; head->text[at] != '\0'; at++)
        if ((unsigned char)head->text[at] < 0x20 || head->text[at] == 0x7f)
            head->text[at] = '?';
}

void bg_head_add_all(struct bg_head *head, const struct bg_header *headers)
{
    for (; headers != NULL && headers->name != NULL; headers++)
        bg_head_add(head, headers->name, headers->value);
}

void bg_head_start(struct bg_head *ret_head, int status, const struct bg_request *request)
{
    static const char always[] = "\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
                                 "Cross-Origin-Resource-Policy: same-origin";
    const char *phrase = phrase_of(status);

    ret_head->length = 0;
    append(ret_head, phrase, strlen(phrase));
    append(ret_head, always, sizeof always - 1);
    bg_head_add(ret_head, "X-Request-Id", request->id);
}

/* A query with unknown parameters may hold anything, even a token that somebody put there by mistake. */
static void shown_target(const struct bg_request *request, char ret_text[BG_LOG_VALUE_SIZE])
{
    size_t length = request->checked ? request->target_length : request->path_length;

    snprintf(ret_text, BG_LOG_VALUE_SIZE, "%.*s", (int)length, request->target != NULL ? request->target : "");
}

void bg_reply_send(struct bg_connection *connection, const struct bg_request *request, int status, const struct bg_head *head)
{
    struct evbuffer *body = evhttp_request_get_output_buffer(request->raw);
    int64_t took_us = bg_http_now(connection->http) - connection->asked_us;
    char length[24], target[BG_LOG_VALUE_SIZE];

    shown_target(request, target);
    bg_audit(connection, request, status);
    if (bg_reserve_is_short()) {
        bg_reply_past_evhttp(connection, request);
        return;
    }
    bg_counts_add(&connection->http->counts, request->place, status, took_us);
    if (status < 500)
        (void)bg_repeats_keep(&connection->http->repeats, target, BG_OK);
    bg_log(BG_LOG_DEBUG, "request", BG_TEXT("target", target), BG_NUMBER("status", status), BG_TEXT("request_id", request->id),
           BG_NUMBER("took_us", took_us));
    if (request->is_head && status != 204 && status != 304) {
        snprintf(length, sizeof length, "%zu", evbuffer_get_length(body));
        evhttp_add_header(evhttp_request_get_output_headers(request->raw), "Content-Length", length);
    }
    if (request->is_head)
        evbuffer_drain(body, evbuffer_get_length(body));
    bg_connection_reply(connection, request->raw, status, head->text);
}

void bg_head_add_live(struct bg_head *head, const char *content_type)
{
    bg_head_add(head, "Content-Type", content_type);
    bg_head_add(head, "Cache-Control", "no-store");
    bg_head_add(head, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
}

json_t *bg_problem_document(const struct bg_problem *problem, const struct bg_request *request)
{
    const struct bg_failure *failure = problem->failure;
    const struct bg_error_info *info = bg_error_info(failure->error);
    json_t *errors = problem->errors != NULL ? json_incref(problem->errors) : json_array();
    json_t *document = json_pack("{s:s+, s:s, s:i, s:s, s:s*, s:s, s:s, s:o}", "type", "urn:beamgauge:error:", info->code, "title",
                                 info->title, "status", info->status, "detail", failure->text, "instance", request->target, "code",
                                 info->code, "request_id", request->id, "errors", errors);

    if (document != NULL && problem->data != NULL)
        json_object_set(document, "data", problem->data);
    if (document != NULL && problem->meta != NULL)
        json_object_set(document, "meta", problem->meta);
    if (document != NULL && problem->errors == NULL && failure->param[0] != '\0')
        json_array_append_new(errors, json_pack("{s:s, s:s}", "param", failure->param, "reason", failure->text));
    return document;
}

/* For when there is no memory for the whole document. It must need no escape, so the detail is the title. */
static const char plain_problem[] = "{\"type\":\"urn:beamgauge:error:%s\",\"title\":\"%s\",\"status\":%d,\"detail\":\"%s; there was no "
                                    "memory for more\",\"code\":\"%s\",\"request_id\":\"%s\",\"errors\":[]}\n";

void bg_reply_past_evhttp(struct bg_connection *connection, const struct bg_request *request)
{
    const struct bg_error_info *info = bg_error_info(BG_NO_MEMORY);
    char body[512], text[BG_HEAD_SIZE + sizeof body], length[24];
    struct bg_head head;
    int size;

    bg_counts_add(&connection->http->counts, request->place, info->status, bg_http_now(connection->http) - connection->asked_us);
    snprintf(body, sizeof body, plain_problem, info->code, info->title, info->status, info->title, info->code, request->id);
    snprintf(length, sizeof length, "%zu", strlen(body));
    bg_head_start(&head, info->status, request);
    bg_head_add_live(&head, "application/problem+json");
    bg_head_add(&head, "Date", bg_http_date(connection->http));
    bg_head_add(&head, "Connection", "close");
    bg_head_add(&head, "Content-Length", length);
    size = snprintf(text, sizeof text, "HTTP/1.1 %d %s\r\n\r\n%s", info->status, head.text, request->is_head ? "" : body);
    (void)bg_secure_send(connection->bev, text, (size_t)size); /* if this fails, the connection is closed without an answer */
    bg_fail(&connection->failure, BG_NO_MEMORY, "out of memory");
    bg_connection_lose(connection);
}

/* A fault is logged once, not for each refresh of a page that it concerns; and why a node is not connected is logged as link_down. */
static void log_failure(struct bg_connection *connection, const struct bg_request *request, const struct bg_failure *failure)
{
    const struct bg_error_info *info = bg_error_info(failure->error);
    const bool is_link = failure->error == BG_NODE_UNREACHABLE || failure->error == BG_COOKIE_REJECTED;
    char target[BG_LOG_VALUE_SIZE];

    shown_target(request, target);
    const bool is_new = bg_repeats_keep(&connection->http->repeats, target, failure->error);
    bg_log(is_new && !is_link ? BG_LOG_WARN : BG_LOG_DEBUG, "request_failed", BG_TEXT("target", target), BG_NUMBER("status", info->status),
           BG_TEXT("code", info->code), BG_TEXT("detail", failure->text), BG_TEXT("request_id", request->id));
}

void bg_reply_problem(struct bg_connection *connection, const struct bg_request *request, const struct bg_problem *problem)
{
    const struct bg_error_info *info = bg_error_info(problem->failure->error);
    json_t *document = bg_problem_document(problem, request);
    char *text = document != NULL ? bg_json_text(document, JSON_COMPACT | JSON_ENSURE_ASCII) : NULL;
    char retry[24];
    struct bg_head head;

    if (info->status >= 500)
        log_failure(connection, request, problem->failure);
    bg_head_start(&head, info->status, request);
    bg_head_add_live(&head, "application/problem+json");
    if (problem->allow != NULL)
        bg_head_add(&head, "Allow", problem->allow);
    if (problem->authenticate != NULL)
        bg_head_add(&head, "WWW-Authenticate", problem->authenticate);
    if (problem->failure->error == BG_TOO_MANY) {
        snprintf(retry, sizeof retry, "%" PRId64, problem->retry_s > 0 ? problem->retry_s : 1);
        bg_head_add(&head, "Retry-After", retry);
    }
    bg_head_add_all(&head, problem->headers);
    if (text == NULL || evbuffer_add_printf(evhttp_request_get_output_buffer(request->raw), "%s\n", text) < 0)
        evbuffer_add_printf(evhttp_request_get_output_buffer(request->raw), plain_problem, info->code, info->title, info->status,
                            info->title, info->code, request->id);
    bg_reply_send(connection, request, info->status, &head);
    free(text);
    json_decref(document);
}

void bg_reply_failure(struct bg_connection *connection, const struct bg_request *request, const struct bg_failure *failure)
{
    bg_reply_problem(connection, request, &(struct bg_problem){.failure = failure});
}

void bg_reply_body(struct bg_connection *connection, const struct bg_request *request, int status, struct bg_body *body, const char *timing,
                   const struct bg_header *headers)
{
    struct evbuffer *buffer = evhttp_request_get_output_buffer(request->raw);
    struct bg_failure failure;
    struct bg_head head;

    if (!bg_body_write(body, bg_http_now(connection->http), buffer)) {
        evbuffer_drain(buffer, evbuffer_get_length(buffer));
        bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        bg_reply_failure(connection, request, &failure);
        return;
    }
    bg_head_start(&head, status, request);
    bg_head_add_live(&head, body->content_type);
    bg_head_add(&head, "Server-Timing", timing);
    bg_head_add_all(&head, headers);
    bg_reply_send(connection, request, status, &head);
}
