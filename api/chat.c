/* chat.c: from what is said in a chat to a card, in time. */
#include "chat.h"

#include "ask.h"
#include "chat_cards.h"
#include "chat_formats.h"
#include "check_run.h"
#include "endpoints.h"
#include "figures.h"
#include "print.h"

#include "beamgauge/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BINARIES_MIN_BYTES (16 << 20)

struct bg_chat {
    const struct bg_services *services;
    uint64_t reader; /* see bg_call_reader() */
    struct bg_command command;
    struct bg_shaper shaper;
    json_t *card, *names;
    struct bg_look looks[BG_CHAT_NODES_MAX];
    size_t looks_count, running;
    struct bg_best_pairs best;
    struct bg_check_run *check;
    json_t *notes; /* what goes under the card besides */
    bool missed;   /* a node could not be asked */
    bool starting; /* inside start(), which sees to the end itself */
    bg_chat_done *done;
    void *context;
};

static void chat_free(struct bg_chat *chat)
{
    bg_best_pairs_done(&chat->best);
    json_decref(chat->card);
    json_decref(chat->names);
    json_decref(chat->notes);
    free(chat);
}

static void finish(struct bg_chat *chat)
{
    bg_chat_done *done = chat->done;
    void *context = chat->context;
    json_t *card;
    if (chat->card == NULL && chat->command.kind == BG_COMMAND_PAIRS)
        chat->card = bg_card_of_pairs(&chat->shaper, chat->services, &chat->best, chat->command.node);
    if (chat->command.kind == BG_COMMAND_PAIRS && chat->best.count == 0 && !chat->missed)
        bg_card_note(&chat->shaper, chat->card, "No process there monitors another more than once.");
    if (chat->shaper.failed && chat->shaper.failure.error != BG_NO_MEMORY) {
        json_decref(chat->card);
        bg_shaper_init(&chat->shaper, "chat");
        chat->card = bg_card_new(&chat->shaper, "trouble", "The node's answer cannot be understood.", "");
    }
    for (size_t i = 0; i < json_array_size(chat->notes); i++)
        bg_card_note(&chat->shaper, chat->card, json_string_value(json_array_get(chat->notes, i)));
    card = chat->shaper.failed ? NULL : json_incref(chat->card);
    chat_free(chat);
    done(context, card);
}

/* What could not be told: a card of its own, or a note where there are other nodes. */
static void note_failure(struct bg_chat *chat, const char *node, const struct bg_failure *failure)
{
    char title[BG_FAILURE_TEXT_SIZE];
    struct bg_text text;
    const bool is_late = failure->error == BG_DEADLINE;
    chat->missed = true;
    bg_text_init(&text, title, sizeof title);
    bg_text_add_escaped(&text, node, strlen(node), "");
    if (is_late)
        bg_text_add_format(
            &text,
            " did not answer within %d s. What it answers in the next %d s is kept: ask again. If that says the same, the node "
            "is too busy, or stuck.",
            BG_CHAT_TIMEOUT_MS / 1000, BG_CHAT_WARM_MS / 1000);
    else
        bg_text_add(&text, " could not be asked: ");
    if (!is_late)
        bg_text_add_escaped(&text, failure->text, strlen(failure->text), "");
    if (chat->looks_count > 1)
        bg_append(&chat->shaper, chat->notes, json_string(title));
    else if (chat->card == NULL)
        chat->card = bg_card_new(&chat->shaper, is_late ? "waiting" : "trouble", title, "");
}

/* An answer that is not fresh says so: none came in time. */
static void note_age(struct bg_chat *chat, int64_t age_ms, int64_t collected_wall_ms)
{
    char line[128], at[BG_RFC3339_SIZE];
    struct bg_text text;
    if (age_ms <= BG_CHAT_MAX_AGE_MS)
        return;
    bg_clock_rfc3339(collected_wall_ms, at);
    bg_text_init(&text, line, sizeof line);
    bg_text_add_format(&text, "No new answer came within %d s: this one is %" PRId64 " s old, collected %s.", BG_CHAT_TIMEOUT_MS / 1000,
                       (age_ms + 500) / 1000, at);
    bg_append(&chat->shaper, chat->notes, json_string(line));
}

/* Where binaries are much of the memory, who holds them is the next question. It is one to the whole node, so it is not asked else. */
static void ask_for_binaries(struct bg_chat *chat, struct bg_look *look, const json_t *answer)
{
    json_t *memory = bg_memory_new(&chat->shaper, answer);
    const json_int_t binary = json_integer_value(json_object_get(memory, "binary_bytes"));
    if (binary >= BINARIES_MIN_BYTES && binary >= json_integer_value(json_object_get(memory, "total_bytes")) / 10)
        look->sources |= 1U << BG_SOURCE_BINARIES;
    json_decref(memory);
}

static void note_binaries(struct bg_chat *chat, const json_t *answer)
{
    char line[200];
    if (answer == NULL) /* the card is good without it */
        return;
    bg_binaries_describe(&chat->shaper, answer, sizeof line, line);
    bg_append(&chat->shaper, chat->notes, json_string(line));
}

static void on_told(struct bg_look *look, enum bg_source source, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_chat *chat = look->owner;
    const json_t *data = answer != NULL ? answer->data : NULL;
    chat->shaper.source = bg_source_name(source);
    if (source == BG_SOURCE_BINARIES) {
        note_binaries(chat, data);
        return;
    }
    if (failure == NULL && chat->command.kind == BG_COMMAND_MEM)
        ask_for_binaries(chat, look, data);
    if (failure != NULL)
        note_failure(chat, look->node, failure);
    else if (chat->command.kind == BG_COMMAND_PAIRS)
        bg_best_pairs_add(&chat->best, &chat->shaper, look->node, data);
    else if (chat->command.kind == BG_COMMAND_MEM)
        chat->card = bg_card_of_memory(&chat->shaper, look->node, data);
    else if (chat->command.kind == BG_COMMAND_TOP)
        chat->card = bg_card_of_top(&chat->shaper, look->node, &chat->command, data);
    else
        chat->card = bg_card_of_monitors(&chat->shaper, chat->services, look->node, data);
    if (answer != NULL)
        note_age(chat, answer->age_ms, answer->collected_wall_ms);
}

static void on_looked(struct bg_look *look)
{
    struct bg_chat *chat = look->owner;
    if (--chat->running == 0 && !chat->starting)
        finish(chat);
}

static void add_look(struct bg_chat *chat, const char *node)
{
    static const unsigned sources[] = {
        [BG_COMMAND_MEM] = 1U << BG_SOURCE_MEMORY,
        [BG_COMMAND_TOP] = 1U << BG_SOURCE_SCAN,
        [BG_COMMAND_MONITORS] = 1U << BG_SOURCE_PEERS,
        [BG_COMMAND_PAIRS] = 1U << BG_SOURCE_PEERS,
    };
    struct bg_look *look = &chat->looks[chat->looks_count++];
    *look = (struct bg_look){
        .services = chat->services,
        .owner = chat,
        .sources = sources[chat->command.kind],
        .scan_limit = BG_CHAT_ROWS_MAX,
        .binary = chat->command.sort != NULL && strcmp(chat->command.sort->key, "binary") == 0,
        .reader = chat->reader,
        .max_age_ms = BG_CHAT_MAX_AGE_MS,
        .kept_ms = BG_CHAT_KEPT_MS,
        .deadline_us = bg_clock_monotonic_us(chat->services->clock) + BG_CHAT_TIMEOUT_MS * 1000,
        .warm_ms = BG_CHAT_WARM_MS,
        .told = on_told,
        .done = on_looked,
    };
    (void)snprintf(look->node, sizeof look->node, "%s", node);
    chat->running++;
}

/* All nodes that are up, as many as fit. */
static void add_looks(struct bg_chat *chat)
{
    const struct bg_nodes *nodes = chat->services->nodes;
    for (size_t i = 0; i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;
        bg_nodes_info_at(nodes, i, &info);
        if (info.state != BG_LINK_UP)
            continue;
        if (chat->looks_count == BG_CHAT_NODES_MAX) {
            bg_append(&chat->shaper, chat->notes, json_string("There are more nodes: ask for the pairs of one."));
            return;
        }
        add_look(chat, info.name);
    }
}

static void on_checked(void *context, struct bg_check_result *result)
{
    struct bg_chat *chat = context;
    chat->check = NULL;
    if (result->nodes == NULL)
        bg_shaper_fail(&chat->shaper, BG_NO_MEMORY, "out of memory");
    else if (result->status == BG_CHECK_UNKNOWN)
        note_failure(chat, chat->command.node, &result->failure);
    else {
        chat->card = bg_card_of_check(&chat->shaper, json_array_get(result->nodes, 0));
        note_age(chat, (bg_clock_monotonic_us(chat->services->clock) - result->collected_us) / 1000, result->collected_wall_ms);
    }
    json_decref(result->nodes);
    json_decref(result->gone);
    if (--chat->running == 0 && !chat->starting)
        finish(chat);
}

static void start_check(struct bg_chat *chat)
{
    struct bg_check_item item = {.is_warning = false};
    struct bg_failure failure;
    json_t *names = json_pack("[s]", chat->command.node);
    const struct bg_check_request request = {.services = chat->services,
                                             .items = &item,
                                             .items_count = 1,
                                             .nodes = names,
                                             .reader = chat->reader,
                                             .max_age_ms = BG_CHAT_MAX_AGE_MS,
                                             .timeout_ms = BG_CHAT_TIMEOUT_MS,
                                             .kept_ms = BG_CHAT_KEPT_MS,
                                             .warm_ms = BG_CHAT_WARM_MS};
    if (bg_assertion_read(chat->command.expression, &item.assertion, &failure) != BG_OK || names == NULL)
        bg_shaper_fail(&chat->shaper, BG_NO_MEMORY, "out of memory");
    chat->running++;
    if (chat->shaper.failed || !bg_check_start(&request, on_checked, chat, &chat->check)) {
        bg_shaper_fail(&chat->shaper, BG_NO_MEMORY, "out of memory");
        chat->running--;
    }
    json_decref(names);
}

static void start(struct bg_chat *chat)
{
    switch (chat->command.kind) {
    case BG_COMMAND_HELP:
        chat->card = bg_card_of_help(&chat->shaper);
        return;
    case BG_COMMAND_NODES:
        chat->card = bg_card_of_nodes(&chat->shaper, chat->services->nodes);
        return;
    case BG_COMMAND_CHECK:
        start_check(chat);
        return;
    case BG_COMMAND_PAIRS:
    case BG_COMMAND_MEM:
    case BG_COMMAND_TOP:
    case BG_COMMAND_MONITORS:
        if (chat->command.node != NULL)
            add_look(chat, chat->command.node);
        else
            add_looks(chat);
        for (size_t i = 0, count = chat->looks_count; i < count; i++)
            bg_look_start(&chat->looks[i]);
        return;
    }
}

static json_t *names_new(struct bg_shaper *shaper, const struct bg_nodes *nodes)
{
    json_t *names = bg_array_new(shaper);
    for (size_t i = 0; i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;
        bg_nodes_info_at(nodes, i, &info);
        bg_append(shaper, names, json_string(info.name));
    }
    return names;
}

bool bg_chat_start(const struct bg_services *services, uint64_t reader, const char *text, bg_chat_done *done, void *context,
                   struct bg_chat **ret_chat)
{
    struct bg_chat *chat = calloc(1, sizeof *chat);
    char mistake[BG_MISTAKE_SIZE];
    if (chat == NULL)
        return false;
    bg_shaper_init(&chat->shaper, "chat");
    chat->services = services;
    chat->reader = reader;
    chat->done = done;
    chat->context = context;
    chat->notes = bg_array_new(&chat->shaper);
    chat->names = names_new(&chat->shaper, services->nodes);
    *ret_chat = chat;
    chat->starting = true;
    if (bg_command_parse(text, chat->names, &chat->command, mistake))
        start(chat);
    else
        chat->card = bg_card_new(&chat->shaper, "mistake", mistake, "");
    chat->starting = false;
    if (chat->running == 0) {
        *ret_chat = NULL;
        finish(chat);
    }
    return true;
}

void bg_chat_stop(struct bg_chat *chat)
{
    if (chat == NULL)
        return;
    for (size_t i = 0; i < chat->looks_count; i++)
        bg_look_stop(&chat->looks[i]);
    bg_check_stop(chat->check);
    chat_free(chat);
}

/* A call, and the chat that answers it. */
struct talk {
    struct bg_call *call;
    struct bg_chat *chat;
};

static void on_cancel(void *context)
{
    struct talk *talk = context;
    bg_chat_stop(talk->chat);
    free(talk);
}

static void on_card(void *context, json_t *card)
{
    struct talk *talk = context;
    const struct bg_clock *clock = bg_call_services(talk->call)->clock;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "chat");
    struct bg_reply reply = {.status = 200, .collected_us = bg_clock_monotonic_us(clock), .rpc_us = -1, .data = card};
    if (card == NULL)
        bg_shaper_fail(&shaper, BG_NO_MEMORY, "out of memory");
    reply.meta = bg_meta_new(&shaper, NULL, bg_clock_wall_ms(clock), 0, bg_array_new(&shaper));
    bg_call_end(talk->call, &shaper, &reply);
    free(talk);
}

void bg_chat_run(struct bg_call *call, const char *text)
{
    struct talk *talk = calloc(1, sizeof *talk);
    struct bg_failure failure;
    if (talk != NULL) {
        talk->call = call;
        bg_call_on_cancel(call, on_cancel, talk);
        if (bg_chat_start(bg_call_services(call), bg_call_reader(call), text, on_card, talk, &talk->chat))
            return;
    }
    free(talk);
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
    else if (error == BG_INVALID) /* what was typed has a line feed or the like: a mistake as any other */
        bg_chat_run(call, "That");
    else
        bg_call_fail(call, &failure);
    free(text);
}
