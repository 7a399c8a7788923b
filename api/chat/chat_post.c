/* chat_post.c: POST /api/v1/chat: a command from any bot that holds a token. */
#include "chat.h"
#include "chat_formats.h"
#include "endpoints.h"

#include <string.h>

#define BODY_MAX_BYTES 4096

static void handle(struct bg_call *call)
{
    const json_t *body = bg_call_body(call), *text = json_object_get(body, "text");
    struct bg_failure failure;
    if (json_is_string(text) && json_object_size(body) == 1 && strlen(json_string_value(text)) == json_string_length(text)) {
        bg_chat_run(call, json_string_value(text));
        return;
    }
    (void)bg_fail_param(&failure, BG_INVALID, "text", "the body must be a JSON object with a text, and nothing else: {\"text\": \"help\"}");
    bg_call_fail(call, &failure);
}

const struct bg_endpoint bg_chat_endpoints[] = {
    {.method = BG_POST,
     .path = "/api/v1/chat",
     .scope = BG_SCOPE_CHAT,
     .operation = "chat",
     .summary = "A command as people say it in a chat, answered with a table; {\"text\": \"help\"} lists them",
     .representations = bg_chat_representations,
     .body_max_bytes = BODY_MAX_BYTES,
     .handler = handle},
    {.path = NULL},
};
