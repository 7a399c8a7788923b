/* chat_grammar.h: the grammar of chat commands, with a suggestion for a mistake. */
#ifndef BG_API_CHAT_GRAMMAR_H
#define BG_API_CHAT_GRAMMAR_H

#include "rows.h"

#include <jansson.h>
#include <stddef.h>

#define BG_CHAT_TEXT_MAX 1000 /* bytes of a command */
#define BG_CHAT_ROWS_MAX 20   /* K of top */

enum bg_command_kind {
    BG_COMMAND_NODES,
    BG_COMMAND_MEM,
    BG_COMMAND_TOP,
    BG_COMMAND_MONITORS,
    BG_COMMAND_PAIRS,
    BG_COMMAND_CHECK,
    BG_COMMAND_HELP
};

/* Usage and meaning of each kind, for help. */
struct bg_command_help {
    const char *word, *usage, *meaning; /* word NULL ends the table */
    enum bg_command_kind kind;
};
extern const struct bg_command_help bg_command_helps[];

struct bg_command {
    enum bg_command_kind kind;
    const char *node; /* borrowed from the names; NULL: none, or all */
    const struct bg_sort *sort;
    size_t limit;
    char expression[BG_CHAT_TEXT_MAX + 1];
};

/* `nodes` is an array of the registered names. False: *ret_mistake (of that size) says what to write instead. */
#define BG_MISTAKE_SIZE 400
bool bg_command_parse(const char *text, const json_t *nodes, struct bg_command *ret_command, char ret_mistake[BG_MISTAKE_SIZE]);

#endif
