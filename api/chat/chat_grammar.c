/* chat_grammar.c: reads a chat command; pure. */
#include "chat_grammar.h"

#include "beamgauge/nearest.h"
#include "check_assertion.h"

#include "beamgauge/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORD_SIZE 256
#define BLANKS " \t"
#define LIMIT_DEFAULT 5

const struct bg_command_help bg_command_helps[] = {
    {"nodes", "nodes", "the nodes there are", BG_COMMAND_NODES},
    {"mem", "mem NODE", "where its memory is", BG_COMMAND_MEM},
    {"top", "top NODE ATTRIBUTE [COUNT]", "its processes with the most of memory, message_queue_len, reductions, monitors ...",
     BG_COMMAND_TOP},
    {"monitors", "monitors NODE", "who holds the most monitors, and on whom", BG_COMMAND_MONITORS},
    {"pairs", "pairs [NODE]", "which process monitors which, how many times", BG_COMMAND_PAIRS},
    {"check", "check NODE EXPRESSION", "whether it holds, like pair_count_max < 1000", BG_COMMAND_CHECK},
    {"help", "help", "this list", BG_COMMAND_HELP},
    {NULL, NULL, NULL, BG_COMMAND_HELP},
};

/* A command being read. */
struct line {
    const char *rest;    /* not read yet */
    const char *command; /* its first word */
    struct bg_text mistake;
};

static size_t next_word(struct line *line, char ret_word[WORD_SIZE])
{
    line->rest += strspn(line->rest, BLANKS);
    const size_t length = strcspn(line->rest, BLANKS);
    const size_t kept = length < WORD_SIZE ? length : WORD_SIZE - 1;
    memcpy(ret_word, line->rest, kept);
    ret_word[kept] = '\0';
    line->rest += length;
    return length;
}

static void say(struct line *line, const char *text)
{
    bg_text_add(&line->mistake, text);
}

static void say_word(struct line *line, const char *word)
{
    bg_text_add_escaped(&line->mistake, word, strlen(word), "");
}

static const struct bg_command_help *find_command(struct line *line, const char *word)
{
    struct bg_nearest nearest;
    bg_nearest_init(&nearest, word, strlen(word));
    for (const struct bg_command_help *help = bg_command_helps; help->word != NULL; help++) {
        if (strcmp(help->word, word) == 0)
            return help;
        bg_nearest_try(&nearest, help->word);
    }
    say_word(line, word);
    say(line, nearest.best != NULL ? " is not a command. Did you mean: " : " is not a command. Try: ");
    say(line, nearest.best != NULL ? nearest.best : "help");
    if (nearest.best != NULL && line->rest[strspn(line->rest, BLANKS)] != '\0') {
        say(line, " ");
        say_word(line, line->rest + strspn(line->rest, BLANKS));
    }
    return NULL;
}

static bool begins_with(const char *name, const char *word)
{
    return strncmp(name, word, strlen(word)) == 0;
}

/* The part before the @. */
static bool is_called(const char *name, const char *word)
{
    return strcspn(name, "@") == strlen(word) && begins_with(name, word);
}

static bool contains(const char *name, const char *word)
{
    return strstr(name, word) != NULL;
}

/* The only name that fits; NULL if none or several do: then *ret_count is their number. */
static const char *only_one(const json_t *nodes, const char *word, bool (*fits)(const char *name, const char *word), size_t *ret_count)
{
    const char *found = NULL;
    *ret_count = 0;
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const char *name = json_string_value(json_array_get(nodes, i));
        if (strcmp(name, word) == 0) {
            *ret_count = 1;
            return name;
        }
        if (fits(name, word)) {
            found = name;
            ++*ret_count;
        }
    }
    return *ret_count == 1 ? found : NULL;
}

static void say_fitting(struct line *line, const json_t *nodes, const char *word, bool (*fits)(const char *name, const char *word))
{
    size_t listed = 0;
    say_word(line, word);
    say(line, " could be ");
    for (size_t i = 0; i < json_array_size(nodes) && listed < 4; i++) {
        const char *name = json_string_value(json_array_get(nodes, i));
        if (!fits(name, word))
            continue;
        say(line, listed++ > 0 ? " or " : "");
        say_word(line, name);
    }
    say(line, ": write more of it");
}

/* The whole name of the nearest node, or of one whose part before the @ is near. */
static const char *nearest_node(const json_t *nodes, const char *word)
{
    const char *best = NULL;
    struct bg_nearest nearest;
    bg_nearest_init(&nearest, word, strlen(word));
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const char *name = json_string_value(json_array_get(nodes, i));
        char own[WORD_SIZE]; /* the part before the @ */
        const size_t before = nearest.distance;
        (void)snprintf(own, sizeof own, "%.*s", (int)strcspn(name, "@"), name);
        bg_nearest_try(&nearest, name);
        bg_nearest_try(&nearest, own);
        best = nearest.distance < before ? name : best;
    }
    return best;
}

/* Finds a node by the part before the @ if that is unique, else by the beginning of its name, else by any part. */
static const char *find_node(struct line *line, const json_t *nodes, const char *word)
{
    bool (*const ways[])(const char *name, const char *part) = {is_called, begins_with, contains};
    const char *name = NULL;
    size_t count = 0;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0] && count == 0; i++) {
        name = only_one(nodes, word, ways[i], &count);
        if (count > 1)
            say_fitting(line, nodes, word, ways[i]);
    }
    if (count > 0)
        return name;
    say_word(line, word);
    name = nearest_node(nodes, word);
    say(line, name != NULL ? " is not a node. Did you mean: " : " is not a node. Try: nodes");
    if (name != NULL) {
        say(line, line->command);
        say(line, " ");
        say_word(line, name);
    }
    return NULL;
}

static bool read_node(struct line *line, const json_t *nodes, const struct bg_command_help *help, bool is_needed,
                      struct bg_command *command)
{
    char word[WORD_SIZE];
    line->command = help->word;
    if (next_word(line, word) > 0) {
        command->node = find_node(line, nodes, word);
        return command->node != NULL;
    }
    if (is_needed && json_array_size(nodes) == 1) { /* whom else? */
        command->node = json_string_value(json_array_get(nodes, 0));
        return true;
    }
    if (is_needed) {
        say(line, "Which node? Write: ");
        say(line, help->usage);
    }
    return !is_needed;
}

/* The only sort key that contains `word`, such as "mem" or "queue"; NULL if there are none or several. */
static const struct bg_sort *only_sort(const char *word)
{
    const struct bg_sort *found = NULL;
    for (const struct bg_sort *sort = bg_sorts; sort->key != NULL; sort++)
        if (strstr(sort->key, word) != NULL) {
            if (found != NULL)
                return NULL;
            found = sort;
        }
    return found;
}

static bool read_sort(struct line *line, struct bg_command *command)
{
    char word[WORD_SIZE];
    struct bg_nearest nearest;
    if (next_word(line, word) == 0)
        memcpy(word, "memory", 7);
    bg_nearest_init(&nearest, word, strlen(word));
    for (command->sort = bg_sorts; command->sort->key != NULL; command->sort++) {
        if (strcmp(word, command->sort->key) == 0 || strcmp(word, command->sort->field) == 0)
            return true;
        bg_nearest_try(&nearest, command->sort->key);
    }
    command->sort = only_sort(word);
    if (command->sort != NULL)
        return true;
    say_word(line, word);
    say(line, " is not an attribute of a process. ");
    if (nearest.best == NULL) {
        for (size_t i = 0; bg_sort_keys[i] != NULL; i++) {
            say(line, i == 0 ? "Those are " : ", ");
            say(line, bg_sort_keys[i]);
        }
        return false;
    }
    say(line, "Did you mean: top ");
    say_word(line, command->node);
    say(line, " ");
    say(line, nearest.best);
    return false;
}

static bool read_limit(struct line *line, struct bg_command *command)
{
    char word[WORD_SIZE];
    command->limit = LIMIT_DEFAULT;
    if (next_word(line, word) == 0)
        return true;
    const long count = strspn(word, "0123456789") == strlen(word) && strlen(word) < 4 ? strtol(word, NULL, 10) : 0;
    command->limit = (size_t)count;
    if (count >= 1 && count <= BG_CHAT_ROWS_MAX)
        return true;
    say(line, "How many must be a number from 1 to 20. Did you mean: top ");
    say_word(line, command->node);
    say(line, " ");
    say(line, command->sort->key);
    say(line, " 20");
    return false;
}

static bool read_expression(struct line *line, struct bg_command *command)
{
    struct bg_assertion assertion;
    struct bg_failure failure;
    line->rest += strspn(line->rest, BLANKS);
    (void)snprintf(command->expression, sizeof command->expression, "%s", line->rest);
    if (bg_assertion_read(command->expression, &assertion, &failure) == BG_OK) {
        line->rest += strlen(line->rest);
        return true;
    }
    say_word(line, command->expression);
    say(line, command->expression[0] != '\0' ? ": " : "");
    say_word(line, failure.text);
    say(line, ". Write for example: check ");
    say_word(line, command->node);
    say(line, " pair_count_max < 1000");
    return false;
}

static bool read_end(struct line *line, const struct bg_command_help *help)
{
    char word[WORD_SIZE];
    if (next_word(line, word) == 0)
        return true;
    say_word(line, word);
    say(line, " is too much. Write: ");
    say(line, help->usage);
    return false;
}

static bool read_rest(struct line *line, const json_t *nodes, const struct bg_command_help *help, struct bg_command *command)
{
    switch (help->kind) {
    case BG_COMMAND_MEM:
    case BG_COMMAND_MONITORS:
        return read_node(line, nodes, help, true, command);
    case BG_COMMAND_TOP:
        return read_node(line, nodes, help, true, command) && read_sort(line, command) && read_limit(line, command);
    case BG_COMMAND_PAIRS:
        return read_node(line, nodes, help, false, command);
    case BG_COMMAND_CHECK:
        return read_node(line, nodes, help, true, command) && read_expression(line, command);
    case BG_COMMAND_NODES:
    case BG_COMMAND_HELP:
        break;
    }
    return true;
}

bool bg_command_parse(const char *text, const json_t *nodes, struct bg_command *ret_command, char ret_mistake[BG_MISTAKE_SIZE])
{
    struct line line = {.rest = text};
    struct bg_command command = {.kind = BG_COMMAND_HELP};
    char word[WORD_SIZE];
    bg_text_init(&line.mistake, ret_mistake, BG_MISTAKE_SIZE);
    if (strlen(text) > BG_CHAT_TEXT_MAX) {
        bg_text_add_format(&line.mistake, "A command has at most %d bytes. Try: help", BG_CHAT_TEXT_MAX);
        return false;
    }
    if (next_word(&line, word) > 0) {
        const struct bg_command_help *help = find_command(&line, word);
        if (help == NULL)
            return false;
        command.kind = help->kind;
        if (!read_rest(&line, nodes, help, &command) || !read_end(&line, help))
            return false;
    }
    *ret_command = command;
    return true;
}
