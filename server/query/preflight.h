/* preflight.h: the state of each node before it is asked: its release, its room for atoms and processes, and its loaded modules. */
#ifndef BEAMGAUGE_QUERY_PREFLIGHT_H
#define BEAMGAUGE_QUERY_PREFLIGHT_H

#include "costs.h"
#include "flights.h"

#include "beamgauge/clock.h"

/* A question in forms may create atoms: those in its expressions, those of modules that are loaded for it, and those that the node makes
 * meanwhile. All of ours together are some hundreds (tests/integration/atoms.test.mjs prints them). A node with fewer left than this is
 * asked only native questions, since one atom too many crashes it. */
#define BG_ATOMS_SPARE 2000

struct bg_preflight;

struct bg_preflights {
    const struct bg_clock *clock;
    struct bg_nodes *nodes;
    struct bg_costs *costs;
    int64_t max_heap_words;
    /* A flight that waited may be checked again: `failure` says why it cannot be sent, or is NULL. */
    void (*resume)(struct bg_flight *flight, const struct bg_failure *failure);
    const struct bg_question *question; /* "look"; NULL: nothing is checked, and everything may be asked */
    TAILQ_HEAD(, bg_preflight) all;
};

enum bg_preflight_verdict {
    BG_PREFLIGHT_GO,    /* the flight may be sent */
    BG_PREFLIGHT_WAIT,  /* it waits, and is resumed */
    BG_PREFLIGHT_REFUSE /* it cannot be asked; the failure says why */
};

void bg_preflight_init(struct bg_preflights *preflights); /* the members above are set before */
/* No flight may wait any more. */
void bg_preflight_done(struct bg_preflights *preflights);
/* A link is up: asks the node for its room, and loads the modules that questions need, before any question. */
void bg_preflight_link_up(struct bg_preflights *preflights, const struct bg_node_info *info);
void bg_preflight_link_gone(struct bg_preflights *preflights, const char *node);
/* Whether a flight to a node that is up may be sent. */
enum bg_preflight_verdict bg_preflight_check(struct bg_preflights *preflights, const struct bg_node_info *info, struct bg_flight *flight,
                                             struct bg_failure *ret_failure);
/* The approximate time until a question in forms starts: two processes must be scheduled one after the other; the last preflight shows the
 * time for one. */
int64_t bg_preflight_start_ms(const struct bg_preflights *preflights, const char *node);
/* Removes a waiting flight. */
void bg_preflight_leave(struct bg_flight *flight);

/* The variant of a native question that the node can answer. */
const struct bg_native *bg_preflight_native(const struct bg_preflights *preflights, const char *node, const struct bg_question *question);
/* Converts the text of a process, "<0.ID.SERIAL>", to the numbers of the node's emulator; false if no process of the node can have them.
 */
bool bg_preflight_pid(const struct bg_preflights *preflights, const char *node, const char *text, uint32_t *ret_id, uint32_t *ret_serial);
/* Adds the size of the process table to a failure if that table is full. */
void bg_preflight_explain(const struct bg_preflights *preflights, const char *node, struct bg_failure *failure);

#endif
