/* audit.c: one log line for each request that changes something, and for each one that was refused. */
#include "audit.h"

#include "router.h"
#include "server.h"

#include "beamgauge/log.h"

#include <stdio.h>

/* A token bucket: one more line each interval, and a burst of as many lines as fit this time. */
#define BURST_US 10000000
#define WRITE_EVERY_US 50000
#define REFUSAL_EVERY_US 500000

/* Whether one more line may be written; how many were left out before it. */
static bool may_write(struct bg_audit_budget *budget, int64_t now_us, int64_t every_us, uint64_t *ret_left_out)
{
    if (budget->spent_us < now_us - BURST_US)
        budget->spent_us = now_us - BURST_US;
    if (budget->spent_us + every_us > now_us) {
        budget->left_out++;
        return false;
    }
    budget->spent_us += every_us;
    *ret_left_out = budget->left_out;
    budget->left_out = 0;
    return true;
}

/* Refused for a missing or wrong token, a missing scope, or too many wrong tokens. */
static bool is_refusal(const struct bg_request *request, int status)
{
    return status == 401 || status == 403 || (status == 429 && request->wait_s > 0);
}

static const char *outcome_of(const struct bg_request *request, int status)
{
    if (status == 0)
        return "client_left";
    if (is_refusal(request, status))
        return "refused";
    return status < 400 ? "done" : "failed";
}

void bg_audit(struct bg_connection *connection, const struct bg_request *request, int status)
{
    struct bg_http *http = connection->http;
    bool refused = is_refusal(request, status);
    struct bg_route route = {.endpoint = NULL};
    char path[256], node[256] = "";
    uint64_t left_out;
    size_t length;

    if (request->target == NULL || (!refused && request->method == BG_GET))
        return;
    bg_router_find(http->options.endpoints, request->target, request->path_length, request->method, &route);
    if (!refused && (route.endpoint == NULL || route.endpoint->scope != BG_SCOPE_ADMIN))
        return;
    if (!may_write(refused ? &http->audit_refusals : &http->audit_writes, bg_http_now(http), refused ? REFUSAL_EVERY_US : WRITE_EVERY_US,
                   &left_out))
        return;
    if (route.endpoint != NULL) {
        const char *name = bg_router_segment(route.endpoint->path, request->target, request->path_length, "node", &length);

        if (name != NULL)
            snprintf(node, sizeof node, "%.*s", (int)length, name);
    }
    snprintf(path, sizeof path, "%.*s", (int)request->path_length, request->target);
    bg_log(refused ? BG_LOG_WARN : BG_LOG_INFO, "audit", BG_TEXT("outcome", outcome_of(request, status)), BG_NUMBER("status", status),
           BG_TEXT("token", request->token_name), BG_TEXT("client", connection->peer),
           BG_TEXT("operation", route.endpoint != NULL && route.endpoint->operation != NULL ? route.endpoint->operation : ""),
           BG_TEXT("node", node), BG_TEXT("path", path), BG_TEXT("request_id", request->id), BG_NUMBER("left_out", left_out));
}
