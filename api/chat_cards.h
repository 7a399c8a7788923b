/* chat_cards.h: cards, built of what nodes answered. */
#ifndef BG_API_CHAT_CARDS_H
#define BG_API_CHAT_CARDS_H

#include "chat_grammar.h"
#include "shape.h"

#include "beamgauge/endpoint.h"

/* Titles of columns, apart by '|'; one that begins with '>' is of figures. */
json_t *bg_card_new(struct bg_shaper *shaper, const char *kind, const char *title, const char *columns);
void bg_card_note(struct bg_shaper *shaper, json_t *card, const char *text);

json_t *bg_card_of_help(struct bg_shaper *shaper);
json_t *bg_card_of_nodes(struct bg_shaper *shaper, const struct bg_nodes *nodes);
/* Out of the data of questions' answers. */
json_t *bg_card_of_memory(struct bg_shaper *shaper, const char *node, const json_t *answer);
json_t *bg_card_of_top(struct bg_shaper *shaper, const char *node, const struct bg_command *command, const json_t *answer);
json_t *bg_card_of_monitors(struct bg_shaper *shaper, const struct bg_services *services, const char *node, const json_t *answer);
/* Of what checks tell of nodes. */
json_t *bg_card_of_check(struct bg_shaper *shaper, const json_t *node);

/* The busiest pairs of several nodes. */
#define BG_BEST_PAIRS 10
struct bg_best_pairs {
    struct {
        int64_t count;
        json_t *pair; /* [watcher, its node, watched] */
    } items[BG_BEST_PAIRS];
    size_t count;
};
void bg_best_pairs_add(struct bg_best_pairs *best, struct bg_shaper *shaper, const char *node, const json_t *answer);
void bg_best_pairs_done(struct bg_best_pairs *best);
json_t *bg_card_of_pairs(struct bg_shaper *shaper, const struct bg_services *services, const struct bg_best_pairs *best, const char *node);

#endif
