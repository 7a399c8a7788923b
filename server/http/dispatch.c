/* dispatch.c: from a whole request to its handler, or to the answer that needs none. */
#include "dispatch.h"

#include "admission.h"
#include "assets.h"
#include "auth.h"
#include "call.h"
#include "json_body.h"
#include "reply.h"
#include "reply_cache.h"
#include "router.h"
#include "server.h"
#include "waiting.h"

#include "beamgauge/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A cache hit: no router, no parameters, no JSON. A request with a body goes on, to be refused. */
static bool answer_from_cache(struct bg_connection *connection, struct bg_request *request)
{
    struct bg_http *http = connection->http;
    const struct bg_endpoint *endpoint;
    char challenge[BG_CHALLENGE_SIZE];
    struct bg_body *body;

    if (request->wait_s > 0 || request->method != BG_GET || evbuffer_get_length(evhttp_request_get_input_buffer(request->raw)) > 0 ||
        (body = bg_reply_cache_find(http->cache, request, bg_http_now(http), &endpoint)) == NULL ||
        bg_auth_check(http->tokens, http->tokens_count, request->authorization, endpoint->scope, challenge, NULL) != BG_OK)
        return false;
    request->place = bg_counts_place(&http->counts, endpoint);
    request->checked = true;
    connection->http->counts.repeated++;
    bg_reply_body(connection, request, 200, body, "cache", NULL);
    return true;
}

static enum bg_error check_method(const char *allow, struct bg_problem *problem, struct bg_failure *ret_failure)
{
    problem->allow = allow;
    return bg_fail(ret_failure, BG_METHOD_NOT_ALLOWED, "This path takes only %s.", allow);
}

/* Checks the scope: an endpoint without a scope is open to all, with any token or none. */
static enum bg_error check_route(struct bg_http *http, const struct bg_request *request, uint64_t address, const struct bg_route *route,
                                 char ret_challenge[BG_CHALLENGE_SIZE], struct bg_failure *ret_failure)
{
    enum bg_error error;

    if (route->endpoint != NULL && route->endpoint->scope == BG_SCOPE_NONE)
        return BG_OK;
    if (request->wait_s > 0)
        return bg_fail(ret_failure, BG_TOO_MANY,
                       "%d wrong tokens have come from this address within a minute; those that have not been right from here before are "
                       "looked at again in %lld s.",
                       BG_GUESSES_MAX, (long long)request->wait_s);
    if (route->endpoint != NULL)
        error = bg_auth_check(http->tokens, http->tokens_count, request->authorization, route->endpoint->scope, ret_challenge, ret_failure);
    else
        error = bg_auth_check_token(http->tokens, http->tokens_count, request->authorization, ret_challenge, ret_failure);
    if (error == BG_UNAUTHENTICATED && request->authorization != NULL)
        bg_guesses_add(&http->guesses, address, bg_http_now(http));
    return error;
}

static void fail_path(const struct bg_http *http, const struct bg_request *request, struct bg_failure *ret_failure)
{
    char near[BG_SUGGESTION_SIZE];

    if (bg_router_suggest(http->options.endpoints, request->target, request->path_length, near))
        bg_fail(ret_failure, BG_NOT_FOUND, "There is nothing at %.*s; did you mean %s? /api/v1/openapi.json lists what there is.",
                (int)request->path_length, request->target, near);
    else
        bg_fail(ret_failure, BG_NOT_FOUND, "There is nothing at %.*s; /api/v1/openapi.json lists what there is.", (int)request->path_length,
                request->target);
}

/* The endpoint of a request that may use it; NULL: the request has been answered. */
static const struct bg_endpoint *find_endpoint(struct bg_connection *connection, const struct bg_request *request)
{
    struct bg_http *http = connection->http;
    char challenge[BG_CHALLENGE_SIZE], allow[BG_ALLOW_SIZE];
    struct bg_failure failure;
    struct bg_problem problem = {.failure = &failure};
    struct bg_route route;

    bg_router_find(http->options.endpoints, request->target, request->path_length, request->method, &route);
    enum bg_error error = check_route(http, request, connection->reader, &route, challenge, &failure);

    if (error == BG_TOO_MANY) {
        problem.retry_s = request->wait_s;
    } else if (error != BG_OK) {
        problem.authenticate = error == BG_NO_MEMORY ? NULL : challenge;
    } else if (route.endpoint == NULL && route.allowed != 0) {
        bg_router_allow(route.allowed, allow);
        (void)check_method(allow, &problem, &failure);
    } else if (route.endpoint == NULL) {
        fail_path(http, request, &failure);
    } else {
        return route.endpoint;
    }
    bg_reply_problem(connection, request, &problem);
    return NULL;
}

/* Chooses from the types that the endpoint writes itself. */
static enum bg_error choose_type(const struct bg_endpoint *endpoint, const struct bg_request *request, struct bg_form *ret_form,
                                 struct bg_failure *ret_failure)
{
    const char *type = bg_accept_choose_type(request->accept, endpoint->types);

    if (type == NULL)
        return bg_fail(ret_failure, BG_NOT_ACCEPTABLE, "The Accept header accepts none of the formats of this answer; the simplest is %s.",
                       endpoint->types[0]);
    *ret_form = (struct bg_form){.format = BG_FORMAT_JSON, .type = type};
    return BG_OK;
}

static enum bg_error refuse_accept(const char *const *names, struct bg_failure *ret_failure)
{
    char list[128];
    struct bg_text text;

    bg_text_init(&text, list, sizeof list);
    for (size_t i = 0; names[i] != NULL; i++)
        bg_text_add_format(&text, "%s%s", i > 0 ? ", " : "", names[i]);
    return bg_fail(ret_failure, BG_NOT_ACCEPTABLE, "The Accept header accepts none of the formats of this answer: %s.", list);
}

/* A format without a writer of its own is the usual JSON. */
static enum bg_error choose_own_format(const struct bg_endpoint *endpoint, const struct bg_request *request, enum bg_format asked,
                                       enum bg_format *ret_format, struct bg_failure *ret_failure)
{
    const struct bg_representation *own = endpoint->representations;
    enum bg_format format = asked != BG_FORMAT_ANY ? asked : bg_accept_choose_own(request->accept, own);
    const char *names[BG_REPRESENTATIONS_MAX + 1] = {NULL};

    for (size_t i = 0; own[i].name != NULL; i++)
        names[i] = own[i].name;
    if (format == BG_FORMAT_ANY)
        return refuse_accept(names, ret_failure);
    *ret_format = bg_format_representation(endpoint, format)->write != NULL ? format : BG_FORMAT_JSON;
    return BG_OK;
}

/* format= wins over Accept. An endpoint without columns has one format only, JSON or plain text. */
static enum bg_error choose_format(const struct bg_endpoint *endpoint, const struct bg_request *request, enum bg_format asked,
                                   enum bg_format *ret_format, struct bg_failure *ret_failure)
{
    static const char *const without_rows[] = {"json", "text", NULL};

    if (endpoint->representations != NULL)
        return choose_own_format(endpoint, request, asked, ret_format, ret_failure);
    enum bg_format format =
        asked != BG_FORMAT_ANY ? asked : bg_accept_choose(request->accept, endpoint->columns != NULL ? BG_FORMAT_ANY : BG_FORMAT_MD);
    if (format == BG_FORMAT_ANY)
        return refuse_accept(endpoint->columns != NULL ? bg_format_names : without_rows, ret_failure);
    *ret_format = endpoint->columns != NULL ? format : BG_FORMAT_JSON;
    return BG_OK;
}

static enum bg_error choose_form(const struct bg_endpoint *endpoint, const struct bg_request *request, enum bg_format asked,
                                 struct bg_form *ret_form, struct bg_failure *ret_failure)
{
    if (endpoint->types != NULL)
        return choose_type(endpoint, request, ret_form, ret_failure);
    *ret_form = (struct bg_form){.format = BG_FORMAT_JSON};
    return choose_format(endpoint, request, asked, &ret_form->format, ret_failure);
}

static bool is_of_type(const char *content_type, const char *type)
{
    size_t length = strlen(type);

    return content_type != NULL && strncasecmp(content_type, type, length) == 0 && strchr("; \t", content_type[length]) != NULL;
}

static enum bg_error read_body(const struct bg_endpoint *endpoint, const struct bg_request *request, json_t **ret_body,
                               struct bg_failure *ret_failure)
{
    struct evbuffer *input = evhttp_request_get_input_buffer(request->raw);
    size_t length = evbuffer_get_length(input);

    if (length > endpoint->body_max_bytes)
        return bg_fail(ret_failure, BG_TOO_LARGE, "The body is %zu bytes; %s takes at most %zu.", length, endpoint->path,
                       endpoint->body_max_bytes);
    if (endpoint->body_type == BG_BODY_FORM)
        return BG_OK; /* the handler checks its signature before it decodes it */
    /* Also for a POST without a body: a page of another site cannot send this header without permission. */
    if ((length > 0 || endpoint->method == BG_POST) && !is_of_type(request->content_type, "application/json"))
        return bg_fail(ret_failure, BG_MEDIA_TYPE, "The body must be JSON: send Content-Type: application/json%s.",
                       length > 0 ? "" : ", also where there is none");
    return length > 0 ? bg_json_body_read((const char *)evbuffer_pullup(input, -1), length, ret_body, ret_failure) : BG_OK;
}

/* Most requests have one mistake, and many clients show only the detail. */
static void fail_params(const json_t *errors, struct bg_failure *ret_failure)
{
    const json_t *first = json_array_get(errors, 0);
    const size_t others = json_array_size(errors) - 1;
    const char *param = json_string_value(json_object_get(first, "param")), *reason = json_string_value(json_object_get(first, "reason"));

    if (others == 0)
        bg_fail(ret_failure, BG_INVALID, "%s: %s", param, reason);
    else
        bg_fail(ret_failure, BG_INVALID, "%s: %s (and %zu more, see errors)", param, reason, others);
}

static void call_endpoint(struct bg_connection *connection, struct bg_request *request, const struct bg_endpoint *endpoint)
{
    struct bg_form form;
    struct bg_values values;
    struct bg_failure failure;
    struct bg_problem problem = {.failure = &failure};
    json_t *body = NULL;

    bg_params_read(endpoint, connection->http->options.endpoints, request->target, request->path_length, request->query, &values,
                   &problem.errors);
    request->checked = problem.errors != NULL && json_array_size(problem.errors) == 0;
    if (problem.errors == NULL || json_array_size(problem.errors) > 0) {
        if (problem.errors == NULL)
            bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        else
            fail_params(problem.errors, &failure);
        bg_reply_problem(connection, request, &problem);
    } else if (choose_form(endpoint, request, values.format, &form, &failure) != BG_OK ||
               read_body(endpoint, request, &body, &failure) != BG_OK ||
               bg_admission_check(connection->http, endpoint, request->reader, &failure) != BG_OK) {
        json_decref(body);
        bg_values_done(&values);
        bg_reply_failure(connection, request, &failure);
    } else {
        bg_call_start(connection, request, endpoint, &values, &form, body);
    }
    json_decref(problem.errors);
}

/* The token as a number, or the client's address if there is no token. False if memory ran out: a valid token must not count as unknown. */
static bool identify(const struct bg_connection *connection, struct bg_request *request)
{
    struct bg_http *http = connection->http;
    const struct bg_token *token;

    request->reader = connection->reader;
    if (http->tokens_count == 0 || request->authorization == NULL)
        return true;
    if (bg_auth_token(http->tokens, http->tokens_count, request->authorization, &token) != BG_OK)
        return false;
    request->wait_s = bg_guesses_wait_s(&http->guesses, connection->reader, token, bg_http_now(http));
    if (token == NULL || request->wait_s > 0)
        return true;
    memcpy(&request->reader, token->sha256, sizeof request->reader);
    snprintf(request->token_name, sizeof request->token_name, "%s", token->name);
    return true;
}

static bool asks_for_health(const struct bg_http *http, const struct bg_request *request)
{
    struct bg_route route;

    bg_router_find(http->options.endpoints, request->target, request->path_length, request->method, &route);
    return route.endpoint != NULL && route.endpoint->is_health;
}

static void dispatch(struct bg_connection *connection, struct bg_request *request)
{
    const struct bg_http *http = connection->http;
    const struct bg_endpoint *endpoint;
    const struct bg_asset *asset;

    if (connection->refused && !asks_for_health(http, request) && bg_waiting_begin(connection, request->raw))
        return;
    if (connection->refused && !asks_for_health(http, request)) {
        bg_fail(&connection->failure, BG_TOO_MANY, "All %zu connections are taken; try again in a second.", http->options.connections_max);
        bg_reply_failure(connection, request, &connection->failure);
        return;
    }
    if (!identify(connection, request)) {
        bg_fail(&connection->failure, BG_NO_MEMORY, "out of memory");
        bg_reply_failure(connection, request, &connection->failure);
        return;
    }
    if (answer_from_cache(connection, request))
        return;
    if ((asset = bg_asset_find(http->options.assets, request->target, request->path_length)) != NULL) {
        struct bg_failure failure;
        struct bg_problem problem = {.failure = &failure};
        request->place = BG_PLACE_PAGE;
        if (request->method == BG_GET)
            bg_asset_send(connection, request, asset);
        else if (check_method("GET, HEAD", &problem, &failure) != BG_OK)
            bg_reply_problem(connection, request, &problem);
        return;
    }
    if ((endpoint = find_endpoint(connection, request)) != NULL) {
        request->place = bg_counts_place(&http->counts, endpoint);
        call_endpoint(connection, request, endpoint);
    }
}

void bg_dispatch(struct evhttp_request *raw, void *argument)
{
    struct bg_http *http = argument;
    struct bg_connection *connection = http->current;
    struct bg_request request;

    if (connection == NULL || connection->evcon != evhttp_request_get_connection(raw)) {
        /* There was no memory to watch this connection, so the gate has not seen its bytes. */
        evhttp_add_header(evhttp_request_get_output_headers(raw), "Connection", "close");
        evhttp_send_reply(raw, 500, NULL, NULL);
        return;
    }
    connection->is_dispatched = true;
    bg_request_read(http, raw, &request);
    connection->speaks_11 = request.is_11;
    connection->closing = request.closes;
    if (connection->failure.error == BG_OK) {
        dispatch(connection, &request);
        return;
    }
    request.target = NULL; /* it is the target of the request that replaces the refused one */
    bg_reply_failure(connection, &request, &connection->failure);
}
