/* chat.c: makes a card from a chat command, in time. */
#include "chat.h"

#include "chat_cards.h"
#include "check_run.h"
#include "kept_pairs.h"
#include "naming.h"
#include "pair_rows.h"
#include "print.h"
#include "resources.h"

#include "beamgauge/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BINARIES_MIN_BYTES (16 << 20)
#define PAIRS_MAX 10 /* rows of a card */
#define PAIRS_MIN 2  /* monitors of a pair: a program needs one */

struct bg_chat {
    const struct bg_services *services;
    uint64_t reader; /* see bg_call_reader() */
    struct bg_command command;
    struct bg_shaper shaper;
    json_t *card, *names;
    struct bg_sources asked[BG_CHAT_NODES_MAX];
    size_t asked_count, running;
    int64_t deadline_us;
    int64_t age_ms;          /* of the oldest answer */
    json_t *reported, *kept; /* node -> its pairs, best first: current ones, and the last report of nodes that cannot be asked */
    json_t *collected;       /* node -> when it reported its pairs, wall_ms */
    json_t *best;            /* of all nodes, after all have reported */
    json_t *peers, *watched; /* of `monitors`: the answer, and the process that each of its processes monitors most; or NULL */
    struct bg_naming *naming;
    struct bg_check_run *check;
    json_t *notes;       /* further notes under the card */
    size_t down_count;   /* nodes that are not up, if all are asked */
    bool missed;         /* a node could not be asked */
    const char *trouble; /* the kind of the card if the only asked node did not answer, or NULL */
    char trouble_title[BG_FAILURE_TEXT_SIZE];
    bool starting; /* inside start(), which handles the end itself */
    bg_chat_done *done;
    void *context;
};

static void chat_free(struct bg_chat *chat)
{
    bg_naming_stop(chat->naming);
    json_decref(chat->reported);
    json_decref(chat->kept);
    json_decref(chat->collected);
    json_decref(chat->best);
    json_decref(chat->peers);
    json_decref(chat->watched);
    json_decref(chat->card);
    json_decref(chat->names);
    json_decref(chat->notes);
    free(chat);
}

static json_t *card_of_pairs(struct bg_chat *chat)
{
    struct bg_shaper *shaper = &chat->shaper;
    const bool is_any = json_array_size(chat->best) > 0;
    if (!is_any && chat->asked_count == 0)
        return bg_card_new(shaper, "trouble", chat->down_count > 0 ? "No node is up." : "No node is registered.", "");
    json_t *card = bg_card_of_pairs(shaper, chat->best, chat->command.node);
    if (!is_any && !chat->missed)
        bg_card_note(shaper, card, "No process there monitors another more than once.");
    return card;
}

static void make_card(struct bg_chat *chat)
{
    struct bg_shaper *shaper = &chat->shaper;
    if (chat->trouble != NULL)
        chat->card = bg_card_of_trouble(shaper, chat->trouble, chat->trouble_title, chat->best);
    else if (chat->command.kind == BG_COMMAND_PAIRS)
        chat->card = card_of_pairs(chat);
    else if (chat->command.kind == BG_COMMAND_MONITORS)
        chat->card = bg_card_of_monitors(shaper, chat->asked[0].node, chat->peers, chat->watched);
}

/* Keeps the nodes' reports for when they cannot be asked, with the names known by now. */
static void keep_pairs(const struct bg_chat *chat)
{
    const char *node;
    json_t *rows;
    json_object_foreach(chat->reported, node, rows)
        bg_kept_pairs_put_of(chat->services, node, rows, json_integer_value(json_object_get(chat->collected, node)));
}

static void finish(struct bg_chat *chat)
{
    bg_chat_done *done = chat->done;
    void *context = chat->context;
    const int64_t age_ms = chat->age_ms;
    json_t *card;
    if (chat->card == NULL)
        make_card(chat);
    if (!chat->shaper.failed)
        keep_pairs(chat);
    if (chat->shaper.failed && chat->shaper.failure.error != BG_NO_MEMORY) {
        json_decref(chat->card);
        bg_shaper_init(&chat->shaper, "chat");
        chat->card = bg_card_new(&chat->shaper, "trouble", "The node's answer cannot be understood.", "");
    }
    for (size_t i = 0; i < json_array_size(chat->notes); i++)
        bg_card_note(&chat->shaper, chat->card, json_string_value(json_array_get(chat->notes, i)));
    card = chat->shaper.failed ? NULL : json_incref(chat->card);
    chat_free(chat);
    done(context, card, age_ms);
}

static void on_named(void *context)
{
    struct bg_chat *chat = context;
    chat->naming = NULL;
    finish(chat);
}

static void add_best(struct bg_chat *chat, const json_t *by_node)
{
    const char *node;
    json_t *rows;
    json_object_foreach((json_t *)(uintptr_t)by_node, node, rows)
    {
        json_t *merged = bg_pair_rows_merge(&chat->shaper, chat->best, rows, PAIRS_MAX);
        json_decref(chat->best);
        chat->best = merged;
    }
}

/* All nodes have reported, or will not: waits for names. False: there is nothing to wait for. */
static bool wait_for_names(struct bg_chat *chat)
{
    add_best(chat, chat->reported);
    add_best(chat, chat->kept);
    const struct bg_unnamed unnamed = {
        .shaper = &chat->shaper, .services = chat->services, .rows = chat->watched != NULL ? chat->watched : chat->best};
    if (!chat->shaper.failed)
        chat->naming = bg_naming_start(&unnamed, chat->reader, chat->deadline_us, on_named, chat);
    return chat->naming != NULL;
}

/* A node's questions, or the check, are over. */
static void end_one(struct bg_chat *chat)
{
    if (--chat->running == 0 && !chat->starting && !wait_for_names(chat))
        finish(chat);
}

/* Adds the node's earlier report. True if there is one. */
static bool add_kept(struct bg_chat *chat, const char *node)
{
    json_t *rows = bg_kept_pairs_new(&chat->shaper, chat->services, node, PAIRS_MIN);
    const bool is_any = json_array_size(rows) > 0;
    bg_put(&chat->shaper, chat->kept, node, rows);
    return is_any;
}

/* Why it could not be determined. The text about a link names its node already. */
static void add_reason(struct bg_text *text, const char *node, const struct bg_failure *failure)
{
    const bool is_named = strncmp(failure->text, node, strlen(node)) == 0;
    if (failure->error == BG_DEADLINE || !is_named)
        bg_text_add_escaped(text, node, strlen(node), "");
    if (failure->error == BG_DEADLINE) {
        bg_text_add_format(
            text,
            " did not answer within %d s. What it answers in the next %d s is kept: ask again. If that says the same, the node "
            "is too busy, or stuck.",
            BG_CHAT_TIMEOUT_MS / 1000, BG_CHAT_WARM_MS / 1000);
        return;
    }
    bg_text_add(text, is_named ? "" : " could not be asked: ");
    bg_text_add_escaped(text, failure->text, strlen(failure->text), "");
}

/* A failure: a card of its own, or a note if there are other nodes. */
static void note_failure(struct bg_chat *chat, const char *node, const struct bg_failure *failure)
{
    char title[BG_FAILURE_TEXT_SIZE];
    struct bg_text text;
    chat->missed = true;
    bg_text_init(&text, title, sizeof title);
    add_reason(&text, node, failure);
    (void)add_kept(chat, node);
    if (chat->asked_count > 1 || chat->down_count > 0)
        bg_append(&chat->shaper, chat->notes, json_string(title));
    else if (chat->card == NULL && chat->trouble == NULL) {
        chat->trouble = failure->error == BG_DEADLINE ? "waiting" : "trouble";
        (void)snprintf(chat->trouble_title, sizeof chat->trouble_title, "%s", title);
    }
}

/* A node that is not up, if all are asked. */
static void note_down(struct bg_chat *chat, const struct bg_node_info *info)
{
    char line[BG_FAILURE_TEXT_SIZE];
    struct bg_text text;
    const bool is_known = add_kept(chat, info->name);
    chat->missed = true;
    if (++chat->down_count > BG_CHAT_NODES_MAX) {
        if (chat->down_count == BG_CHAT_NODES_MAX + 1)
            bg_append(&chat->shaper, chat->notes, json_string("There are more nodes that are not up. Write: nodes"));
        return;
    }
    bg_text_init(&text, line, sizeof line);
    bg_text_add_escaped(&text, info->name, strlen(info->name), "");
    bg_text_add_format(&text, " is not up but %s (%s): %s.", bg_link_state_text(info->state), bg_link_reason_code(info->reason),
                       is_known ? "its pairs are what it reported last" : "nothing is known of its pairs");
    bg_append(&chat->shaper, chat->notes, json_string(line));
}

/* If an answer is not fresh, the card says so: none came in time. */
static void note_age(struct bg_chat *chat, int64_t age_ms, int64_t collected_wall_ms)
{
    char line[128], at[BG_RFC3339_SIZE];
    struct bg_text text;
    chat->age_ms = age_ms > chat->age_ms ? age_ms : chat->age_ms;
    if (age_ms <= BG_CHAT_MAX_AGE_MS)
        return;
    bg_clock_rfc3339(collected_wall_ms, at);
    bg_text_init(&text, line, sizeof line);
    bg_text_add_format(&text, "No new answer came within %d s: this one is %" PRId64 " s old, collected %s.", BG_CHAT_TIMEOUT_MS / 1000,
                       (age_ms + 500) / 1000, at);
    bg_append(&chat->shaper, chat->notes, json_string(line));
}

/* If binaries are much of the memory, the next question is which processes hold them. It goes to the whole node, so it is not asked
 * otherwise. */
static void ask_for_binaries(struct bg_chat *chat, struct bg_sources *sources, const json_t *answer)
{
    json_t *memory = bg_memory_new(&chat->shaper, answer);
    const json_int_t binary = json_integer_value(json_object_get(memory, "binary_bytes"));
    if (binary >= BINARIES_MIN_BYTES && binary >= json_integer_value(json_object_get(memory, "total_bytes")) / 10)
        sources->wanted |= 1U << BG_SOURCE_BINARIES;
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

static void take_pairs(struct bg_chat *chat, const char *node, const struct bg_answer *answer)
{
    bg_put(&chat->shaper, chat->reported, node,
           bg_pair_rows_of_peers(&chat->shaper, node, answer != NULL ? answer->data : NULL, PAIRS_MAX));
    bg_put(&chat->shaper, chat->collected, node, json_integer(answer != NULL ? answer->collected_wall_ms : 0));
}

static void on_report(struct bg_sources *sources, enum bg_source source, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_chat *chat = sources->owner;
    const json_t *data = answer != NULL ? answer->data : NULL;
    chat->shaper.source = bg_source_name(source);
    if (source == BG_SOURCE_BINARIES) {
        note_binaries(chat, data);
        return;
    }
    if (failure == NULL && chat->command.kind == BG_COMMAND_MEM)
        ask_for_binaries(chat, sources, data);
    if (failure != NULL)
        note_failure(chat, sources->node, failure);
    else if (chat->command.kind == BG_COMMAND_PAIRS)
        take_pairs(chat, sources->node, answer);
    else if (chat->command.kind == BG_COMMAND_MEM)
        chat->card = bg_card_of_memory(&chat->shaper, sources->node, data);
    else if (chat->command.kind == BG_COMMAND_TOP)
        chat->card = bg_card_of_top(&chat->shaper, sources->node, &chat->command, data);
    else {
        chat->peers = json_incref((json_t *)(uintptr_t)data);
        chat->watched = bg_card_watched(&chat->shaper, data);
    }
    if (answer != NULL)
        note_age(chat, answer->age_ms, answer->collected_wall_ms);
}

static void on_node_done(struct bg_sources *sources)
{
    end_one(sources->owner);
}

static void add_node(struct bg_chat *chat, const char *node)
{
    static const unsigned wanted[] = {
        [BG_COMMAND_MEM] = 1U << BG_SOURCE_MEMORY,
        [BG_COMMAND_TOP] = 1U << BG_SOURCE_SCAN,
        [BG_COMMAND_MONITORS] = 1U << BG_SOURCE_PEERS,
        [BG_COMMAND_PAIRS] = 1U << BG_SOURCE_PEERS,
    };
    struct bg_sources *sources = &chat->asked[chat->asked_count++];
    *sources = (struct bg_sources){
        .services = chat->services,
        .owner = chat,
        .wanted = wanted[chat->command.kind],
        .scan_limit = BG_CHAT_ROWS_MAX,
        .binary = chat->command.sort != NULL && strcmp(chat->command.sort->key, "binary") == 0,
        .reader = chat->reader,
        .max_age_ms = BG_CHAT_MAX_AGE_MS,
        .kept_ms = BG_CHAT_KEPT_MS,
        .deadline_us = chat->deadline_us,
        .warm_ms = BG_CHAT_WARM_MS,
        .report = on_report,
        .done = on_node_done,
    };
    (void)snprintf(sources->node, sizeof sources->node, "%s", node);
    chat->running++;
}

/* Asks all nodes that are up, as many as fit; for the others the last report is used. */
static void add_nodes(struct bg_chat *chat)
{
    const struct bg_nodes *nodes = chat->services->nodes;
    bool is_more = false;
    for (size_t i = 0; i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;
        bg_nodes_info_at(nodes, i, &info);
        if (info.state != BG_LINK_UP)
            note_down(chat, &info);
        else if (chat->asked_count < BG_CHAT_NODES_MAX)
            add_node(chat, info.name);
        else
            is_more = true;
    }
    if (is_more)
        bg_append(&chat->shaper, chat->notes, json_string("There are more nodes: ask for the pairs of one."));
}

/* The node, or the history, has answered, but what it said leaves the value open. */
static void note_open(struct bg_chat *chat, const struct bg_failure *failure)
{
    struct bg_text text;
    bg_text_init(&text, chat->trouble_title, sizeof chat->trouble_title);
    bg_text_add(&text, "It could not be determined: ");
    bg_text_add_escaped(&text, failure->text, strlen(failure->text), "");
    chat->missed = true;
    chat->trouble = "trouble";
}

static void on_checked(void *context, struct bg_check_result *result)
{
    struct bg_chat *chat = context;
    chat->check = NULL;
    if (result->nodes == NULL)
        bg_shaper_fail(&chat->shaper, BG_NO_MEMORY, "out of memory");
    else if (result->status == BG_CHECK_UNKNOWN && result->answered)
        note_open(chat, &result->failure);
    else if (result->status == BG_CHECK_UNKNOWN)
        note_failure(chat, chat->command.node, &result->failure);
    else {
        chat->card = bg_card_of_check(&chat->shaper, json_array_get(result->nodes, 0));
        note_age(chat, (bg_clock_monotonic_us(chat->services->clock) - result->collected_us) / 1000, result->collected_wall_ms);
    }
    json_decref(result->nodes);
    json_decref(result->gone);
    end_one(chat);
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
            add_node(chat, chat->command.node);
        else
            add_nodes(chat);
        for (size_t i = 0, count = chat->asked_count; i < count; i++)
            bg_sources_start(&chat->asked[i]);
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
    chat->deadline_us = bg_clock_monotonic_us(services->clock) + BG_CHAT_TIMEOUT_MS * 1000;
    chat->notes = bg_array_new(&chat->shaper);
    chat->reported = bg_object_new(&chat->shaper);
    chat->collected = bg_object_new(&chat->shaper);
    chat->kept = bg_object_new(&chat->shaper);
    chat->best = bg_array_new(&chat->shaper);
    chat->names = names_new(&chat->shaper, services->nodes);
    *ret_chat = chat;
    chat->starting = true;
    if (bg_command_parse(text, chat->names, &chat->command, mistake))
        start(chat);
    else
        chat->card = bg_card_new(&chat->shaper, "mistake", mistake, "");
    chat->starting = false;
    if (chat->running == 0 && !wait_for_names(chat)) {
        *ret_chat = NULL;
        finish(chat);
    }
    return true;
}

void bg_chat_stop(struct bg_chat *chat)
{
    if (chat == NULL)
        return;
    for (size_t i = 0; i < chat->asked_count; i++)
        bg_sources_stop(&chat->asked[i]);
    bg_check_stop(chat->check);
    chat_free(chat);
}
