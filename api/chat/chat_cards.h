/* chat_cards.h: makes cards from nodes' answers. */
#ifndef BG_API_CHAT_CARDS_H
#define BG_API_CHAT_CARDS_H

#include "chat_grammar.h"
#include "shape.h"

#include "beamgauge/endpoint.h"

/* Titles of columns, separated by '|'; a column of figures begins with '>'. */
json_t *bg_card_new(struct bg_shaper *shaper, const char *kind, const char *title, const char *columns);
void bg_card_note(struct bg_shaper *shaper, json_t *card, const char *text);

json_t *bg_card_of_help(struct bg_shaper *shaper);
json_t *bg_card_of_nodes(struct bg_shaper *shaper, const struct bg_nodes *nodes);
/* From the data of questions' answers. */
json_t *bg_card_of_memory(struct bg_shaper *shaper, const char *node, const json_t *answer);
json_t *bg_card_of_top(struct bg_shaper *shaper, const char *node, const struct bg_command *command, const json_t *answer);
/* `watched`: the process that each process of the answer to `peers` monitors most, as `watched` of a row; null if it is not known. */
json_t *bg_card_watched(struct bg_shaper *shaper, const json_t *answer);
json_t *bg_card_of_monitors(struct bg_shaper *shaper, const char *node, const json_t *answer, const json_t *watched);
/* From the results of checks. */
json_t *bg_card_of_check(struct bg_shaper *shaper, const json_t *node);

/* From rows of pairs, of one node or all. Old rows have a column that says so. */
json_t *bg_card_of_pairs(struct bg_shaper *shaper, const json_t *pairs, const char *node);
/* The same table on a card of trouble. */
json_t *bg_card_of_trouble(struct bg_shaper *shaper, const char *kind, const char *title, const json_t *pairs);

#endif
