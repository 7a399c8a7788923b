/* auth.h: bearer tokens (RFC 6750). */
#ifndef BG_HTTP_AUTH_H
#define BG_HTTP_AUTH_H

#include "beamgauge/endpoint.h"
#include "beamgauge/error.h"
#include "beamgauge/token.h"

#define BG_CHALLENGE_SIZE 128

/* The token of an Authorization header (NULL: no header); NULL if it has no known token. BG_NO_MEMORY: it could not be determined. */
enum bg_error bg_auth_token(const struct bg_token *tokens, size_t count, const char *authorization,
                            const struct bg_token **ret_token) BG_MUST_CHECK;
/* Whether an Authorization header (NULL: none) grants `scope`. If no token is configured, every scope is granted; BG_SCOPE_NONE always is.
 * On BG_UNAUTHENTICATED and BG_FORBIDDEN ret_challenge is the value of WWW-Authenticate. */
enum bg_error bg_auth_check(const struct bg_token *tokens, size_t count, const char *authorization, enum bg_scope scope,
                            char ret_challenge[BG_CHALLENGE_SIZE], struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Whether it has any valid token, for requests without a scope: unknown paths. */
enum bg_error bg_auth_check_token(const struct bg_token *tokens, size_t count, const char *authorization,
                                  char ret_challenge[BG_CHALLENGE_SIZE], struct bg_failure *ret_failure) BG_MUST_CHECK;

#endif
