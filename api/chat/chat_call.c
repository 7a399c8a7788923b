/* chat_call.c: a call with a chat command, and its answer. */
#include "chat.h"

#include "ask.h"

#include "beamgauge/clock.h"

#include <stdlib.h>
#include <string.h>

/* A call, and the chat that answers it. */
struct chat_call {
    struct bg_call *call;
    struct bg_chat *chat;
};

static void on_cancel(void *context)
{
    struct chat_call *chat_call = context;
    bg_chat_stop(chat_call->chat);
    free(chat_call);
}

static void on_card(void *context, json_t *card, int64_t age_ms)
{
    struct chat_call *chat_call = context;
    const struct bg_clock *clock = bg_call_services(chat_call->call)->clock;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "chat");
    struct bg_reply reply = {.status = 200, .collected_us = bg_clock_monotonic_us(clock) - age_ms * 1000, .rpc_us = -1, .data = card};
    if (card == NULL)
        bg_shaper_fail(&shaper, BG_NO_MEMORY, "out of memory");
    reply.meta = bg_meta_new(&shaper, NULL, bg_clock_wall_ms(clock) - age_ms, 0, bg_array_new(&shaper));
    bg_call_end(chat_call->call, &shaper, &reply);
    free(chat_call);
}

void bg_chat_run(struct bg_call *call, const char *text)
{
    struct chat_call *chat_call = calloc(1, sizeof *chat_call);
    struct bg_failure failure;
    if (chat_call != NULL) {
        chat_call->call = call;
        bg_call_on_cancel(call, on_cancel, chat_call);
        if (bg_chat_start(bg_call_services(call), bg_call_reader(call), text, on_card, chat_call, &chat_call->chat))
            return;
    }
    free(chat_call);
    (void)bg_fail(&failure, BG_NO_MEMORY, "out of memory");
    bg_call_fail(call, &failure);
}

static enum bg_error copy_text(struct bg_call *call, char **ret_text, struct bg_failure *ret_failure)
{
    json_t *fields;
    const enum bg_error error = bg_call_form(call, &fields, ret_failure);
    if (error != BG_OK)
        return error;
    const char *text = json_string_value(json_object_get(fields, "text"));
    char *copy = strdup(text != NULL ? text : "");
    json_decref(fields);
    if (copy == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    *ret_text = copy;
    return BG_OK;
}

void bg_chat_run_form(struct bg_call *call, bg_chat_check *check, void (*unescape)(char *text))
{
    struct bg_failure failure;
    char *text = NULL;
    enum bg_error error = check(call, &failure);
    if (error == BG_OK)
        error = copy_text(call, &text, &failure);
    if (error == BG_OK && unescape != NULL)
        unescape(text);
    if (error == BG_OK)
        bg_chat_run(call, text);
    else if (error == BG_INVALID) /* the text has a line feed or another control character: an ordinary mistake */
        bg_chat_run(call, "That");
    else
        bg_call_fail(call, &failure);
    free(text);
}
