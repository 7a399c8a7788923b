/* auth.c: bearer tokens (RFC 6750). */
#include "auth.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char *scope_name(enum bg_scope scope)
{
    switch (scope) {
    case BG_SCOPE_NONE:
        break;
    case BG_SCOPE_READ:
        return "read";
    case BG_SCOPE_CHECK:
        return "check";
    case BG_SCOPE_CHAT:
        return "chat";
    case BG_SCOPE_ADMIN:
        return "admin";
    }
    return "";
}

enum bg_error bg_auth_token(const struct bg_token *tokens, size_t count, const char *authorization, const struct bg_token **ret_token)
{
    *ret_token = NULL;
    if (authorization == NULL || strncasecmp(authorization, "Bearer ", 7) != 0)
        return BG_OK;
    authorization += 7 + strspn(authorization + 7, " ");
    return bg_token_find(tokens, count, authorization, strlen(authorization), ret_token);
}

static enum bg_error find_known(const struct bg_token *tokens, size_t count, const char *authorization,
                                char ret_challenge[BG_CHALLENGE_SIZE], const struct bg_token **ret_token, struct bg_failure *ret_failure)
{
    if (bg_auth_token(tokens, count, authorization, ret_token) != BG_OK)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    if (*ret_token != NULL)
        return BG_OK;
    snprintf(ret_challenge, BG_CHALLENGE_SIZE, "Bearer realm=\"beamgauge\"%s", authorization != NULL ? ", error=\"invalid_token\"" : "");
    if (authorization == NULL)
        return bg_fail(ret_failure, BG_UNAUTHENTICATED, "Send a token: Authorization: Bearer TOKEN.");
    return bg_fail(ret_failure, BG_UNAUTHENTICATED, "The Authorization header has no token that is known here.");
}

enum bg_error bg_auth_check_token(const struct bg_token *tokens, size_t count, const char *authorization,
                                  char ret_challenge[BG_CHALLENGE_SIZE], struct bg_failure *ret_failure)
{
    const struct bg_token *token;

    return count == 0 ? BG_OK : find_known(tokens, count, authorization, ret_challenge, &token, ret_failure);
}

enum bg_error bg_auth_check(const struct bg_token *tokens, size_t count, const char *authorization, enum bg_scope scope,
                            char ret_challenge[BG_CHALLENGE_SIZE], struct bg_failure *ret_failure)
{
    const struct bg_token *token;
    enum bg_error error;

    if (count == 0 || scope == BG_SCOPE_NONE)
        return BG_OK;
    if ((error = find_known(tokens, count, authorization, ret_challenge, &token, ret_failure)) != BG_OK)
        return error;
    if (token != NULL && (token->scopes & (unsigned)scope) != 0)
        return BG_OK;
    snprintf(ret_challenge, BG_CHALLENGE_SIZE, "Bearer realm=\"beamgauge\", error=\"insufficient_scope\", scope=\"%s\"", scope_name(scope));
    return bg_fail(ret_failure, BG_FORBIDDEN, "The token lacks the scope %s.", scope_name(scope));
}
