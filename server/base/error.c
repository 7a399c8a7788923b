/* error.c: code, title and HTTP status of every error, and how a failure is filled. */
#include "beamgauge/error.h"

#include "beamgauge/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct bg_error_info errors[BG_ERROR_COUNT] = {
    [BG_OK] = {"ok", "OK", 200},
    [BG_INVALID] = {"invalid", "Invalid request", 400},
    [BG_UNAUTHENTICATED] = {"unauthenticated", "Authentication required", 401},
    [BG_FORBIDDEN] = {"forbidden", "Not allowed by this token", 403},
    [BG_CROSS_SITE] = {"cross_site", "Sent by another site's page", 403},
    [BG_NOT_FOUND] = {"not_found", "Not found", 404},
    [BG_NODE_UNKNOWN] = {"node_unknown", "Node not registered", 404},
    [BG_METHOD_NOT_ALLOWED] = {"method_not_allowed", "Method not allowed", 405},
    [BG_NOT_ACCEPTABLE] = {"not_acceptable", "Not acceptable", 406},
    [BG_REQUEST_TIMEOUT] = {"request_timeout", "Request not received in time", 408},
    [BG_CONFLICT] = {"conflict", "Conflict", 409},
    [BG_PROCESS_DEAD] = {"process_dead", "Process not alive", 410},
    [BG_TOO_LARGE] = {"too_large", "Request body too large", 413},
    [BG_MEDIA_TYPE] = {"media_type", "Unsupported media type", 415},
    [BG_MISDIRECTED] = {"misdirected", "Host not allowed", 421},
    [BG_UNSUPPORTED] = {"unsupported", "Not possible on this node", 422},
    [BG_ATOM_TABLE_FULL] = {"atom_table_nearly_full", "Atom table of the node nearly full", 422},
    [BG_PROCESS_TABLE_FULL] = {"process_table_full", "Process table of the node full", 422},
    [BG_MEMORY_FULL] = {"memory_nearly_full", "Memory of the node nearly full", 422},
    [BG_TOO_MANY] = {"too_many", "Too many requests", 429},
    [BG_HEADERS_TOO_LARGE] = {"headers_too_large", "Request headers too large", 431},
    [BG_NODE_UNREACHABLE] = {"node_unreachable", "Node unreachable", 502},
    [BG_COOKIE_REJECTED] = {"cookie_rejected", "Cookie rejected by the node", 502},
    [BG_BAD_ANSWER] = {"bad_answer", "Bad answer from the node", 502},
    [BG_PROBE_LIMIT] = {"probe_limit", "Question stopped by its memory limit on the node", 502},
    [BG_DEADLINE] = {"deadline", "No answer in time", 504},
    [BG_UNAVAILABLE] = {"unavailable", "Unavailable", 503},
    /* Web servers log 499 for a client that has disconnected; it is never sent. */
    [BG_CANCELLED] = {"cancelled", "Cancelled", 499},
    [BG_NO_MEMORY] = {"no_memory", "Out of memory", 500},
    [BG_SYSTEM] = {"system", "Operating system error", 500},
    [BG_INTERNAL] = {"internal", "Internal error", 500},
};

const struct bg_error_info *bg_error_info(enum bg_error error)
{
    if ((unsigned)error >= BG_ERROR_COUNT)
        error = BG_INTERNAL;
    return &errors[error];
}

/* The text may quote a client or a node, so it is escaped here once: every failure text is UTF-8 without control characters, fit
 * for JSON and for a terminal. It is made in a buffer of its own, since an argument may be the failure's own old text. */
static void failure_fill(struct bg_failure *ret_failure, enum bg_error error, const char *param, const char *format, va_list arguments)
{
    /* Longer than the text by one code point: if vsnprintf cuts a code point in two, the escape removes the rest of it. */
    char raw[BG_FAILURE_TEXT_SIZE + 4] = "", name[BG_FAILURE_PARAM_SIZE];
    struct bg_text text;

    if (vsnprintf(raw, sizeof(raw), format, arguments) < 0)
        raw[0] = '\0';
    bg_text_init(&text, name, sizeof(name));
    bg_text_add_escaped(&text, param, strlen(param), "");
    ret_failure->error = error;
    memcpy(ret_failure->param, name, sizeof(name));
    bg_text_init(&text, ret_failure->text, sizeof(ret_failure->text));
    bg_text_add_escaped(&text, raw, strlen(raw), "");
}

void bg_failures_add(struct bg_failures *failures, const struct bg_failure *failure)
{
    if (failures->count < BG_FAILURES_MAX)
        failures->list[failures->count++] = *failure;
}

enum bg_error bg_fail(struct bg_failure *ret_failure, enum bg_error error, const char *format, ...)
{
    va_list arguments;

    if (ret_failure == NULL)
        return error;
    va_start(arguments, format);
    failure_fill(ret_failure, error, "", format, arguments);
    va_end(arguments);
    return error;
}

enum bg_error bg_fail_param(struct bg_failure *ret_failure, enum bg_error error, const char *param, const char *format, ...)
{
    va_list arguments;

    if (ret_failure == NULL)
        return error;
    va_start(arguments, format);
    failure_fill(ret_failure, error, param, format, arguments);
    va_end(arguments);
    return error;
}
