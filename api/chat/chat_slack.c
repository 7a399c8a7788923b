/* chat_slack.c: POST /chat/slack: a slash command of Slack, which signs its requests (api.slack.com, "Verifying requests from Slack"). */
#include "chat.h"
#include "chat_formats.h"
#include "endpoints.h"
#include "params.h"

#include "beamgauge/clock.h"
#include "beamgauge/config.h"
#include "beamgauge/hmac.h"

#include <stdlib.h>
#include <string.h>

#define WINDOW_SECONDS 300
#define BODY_MAX_BYTES 16384

static const char refused[] = "the request's signature is not right: it must be Slack's, made with the app's signing secret no more than "
                              "300 seconds ago, and sent once";

/* Digits, and not too far from now. */
static bool time_is_near(const char *text, int64_t now_ms)
{
    const size_t length = text != NULL ? strspn(text, "0123456789") : 0;
    if (length == 0 || length > 15 || text[length] != '\0')
        return false;
    const int64_t apart = now_ms / 1000 - strtoll(text, NULL, 10);
    return apart <= WINDOW_SECONDS && apart >= -WINDOW_SECONDS;
}

/* The signature is over "v0:TIMESTAMP:BODY", exactly as it came. */
static enum bg_error check_signature(const struct bg_call *call, const char *secret, uint8_t ret_mac[BG_HMAC_SIZE],
                                     struct bg_failure *ret_failure)
{
    const char *time = bg_call_header(call, "X-Slack-Request-Timestamp"), *signature = bg_call_header(call, "X-Slack-Signature");
    uint8_t given[BG_HMAC_SIZE];
    size_t length;
    const char *body = bg_call_bytes(call, &length);
    if (!time_is_near(time, bg_clock_wall_ms(bg_call_services(call)->clock)) || signature == NULL || !bg_hmac_parse(signature, given))
        return bg_fail(ret_failure, BG_UNAUTHENTICATED, "%s", refused);
    const struct bg_bytes parts[] = {{"v0:", 3}, {time, strlen(time)}, {":", 1}, {body, length}};
    if (!bg_hmac_sha256(secret, strlen(secret), parts, sizeof parts / sizeof parts[0], ret_mac))
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    return bg_hmac_same(ret_mac, given) ? BG_OK : bg_fail(ret_failure, BG_UNAUTHENTICATED, "%s", refused);
}

static enum bg_error check_sender(const struct bg_call *call, struct bg_failure *ret_failure)
{
    const struct bg_services *services = bg_call_services(call);
    const char *secret = services->config != NULL ? services->config->slack_signing_secret : NULL;
    const int64_t now_ms = bg_clock_wall_ms(services->clock);
    uint8_t mac[BG_HMAC_SIZE];
    if (secret == NULL)
        return bg_fail(ret_failure, BG_NOT_FOUND, "Slack is not set up here: name its slack_signing_secret_file in [chat]");
    const enum bg_error error = check_signature(call, secret, mac, ret_failure);
    if (error != BG_OK)
        return error;
    /* Twice the window: the timestamp may be ahead of our time by one window. */
    switch (bg_replays_note(services->replays, mac, now_ms, now_ms + 2 * WINDOW_SECONDS * 1000 + 1000)) {
    case BG_REPLAY_NEW:
        break;
    case BG_REPLAY_SEEN:
        return bg_fail(ret_failure, BG_UNAUTHENTICATED, "%s", refused);
    case BG_REPLAY_FULL:
        return bg_fail(ret_failure, BG_TOO_MANY, "more than %d commands in ten minutes", BG_REPLAYS_MAX);
    }
    return BG_OK;
}

/* Slack sends & < > of the typed text as entities. Undoes that in place. */
static void unescape(char *text)
{
    static const struct {
        const char *entity;
        char character;
    } entities[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}};
    char *out = text;
    while (*text != '\0') {
        size_t i = 0, length = 1;
        while (i < 3 && strncmp(text, entities[i].entity, strlen(entities[i].entity)) != 0)
            i++;
        *out++ = (char)(i < 3 ? entities[i].character : *text);
        length = i < 3 ? strlen(entities[i].entity) : length;
        text += length;
    }
    *out = '\0';
}

static void handle(struct bg_call *call)
{
    bg_chat_run_form(call, check_sender, unescape);
}

const struct bg_endpoint bg_slack_endpoints[] = {
    {.method = BG_POST,
     .path = "/chat/slack",
     .scope = BG_SCOPE_NONE, /* it is signed */
     .operation = "chatSlack",
     .summary = "A slash command of Slack, signed with the app's signing secret",
     .representations = bg_slack_representations,
     .body_max_bytes = BODY_MAX_BYTES,
     .body_type = BG_BODY_FORM,
     .handler = handle},
    {.path = NULL},
};
