/* chat_mattermost.c: POST /chat/mattermost: a slash command of Mattermost, which sends a token in a header. */
#include "chat.h"
#include "chat_formats.h"
#include "endpoints.h"

#include "beamgauge/config.h"
#include "beamgauge/token.h"

#include <string.h>
#include <strings.h>

#define BODY_MAX_BYTES 16384

static enum bg_error check_sender(const struct bg_call *call, struct bg_failure *ret_failure)
{
    static const uint8_t none[BG_TOKEN_HASH_SIZE];
    static const char scheme[] = "Token ";
    const struct bg_config *config = bg_call_services(call)->config;
    const char *given = bg_call_header(call, "Authorization");
    struct bg_token token = {.scopes = BG_SCOPE_CHAT};
    const struct bg_token *found;
    if (config == NULL || memcmp(config->mattermost_token_sha256, none, sizeof none) == 0)
        return bg_fail(ret_failure, BG_NOT_FOUND, "Mattermost is not set up here: give its mattermost_token_sha256 in [chat]");
    memcpy(token.sha256, config->mattermost_token_sha256, sizeof token.sha256);
    given = given != NULL && strncasecmp(given, scheme, sizeof scheme - 1) == 0 ? given + sizeof scheme - 1 : "";
    if (bg_token_find(&token, 1, given, strlen(given), &found) != BG_OK)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    if (found == NULL)
        return bg_fail(ret_failure, BG_UNAUTHENTICATED, "the Authorization header must have the slash command's token: Token TOKEN");
    return BG_OK;
}

static void handle(struct bg_call *call)
{
    bg_chat_run_form(call, check_sender, NULL);
}

const struct bg_endpoint bg_mattermost_endpoints[] = {
    {.method = BG_POST,
     .path = "/chat/mattermost",
     .scope = BG_SCOPE_NONE, /* it has a token of its own */
     .operation = "chatMattermost",
     .summary = "A slash command of Mattermost, with the command's token",
     .representations = bg_mattermost_representations,
     .body_max_bytes = BODY_MAX_BYTES,
     .body_type = BG_BODY_FORM,
     .handler = handle},
    {.path = NULL},
};
