/* world.h: an event loop with a registry of nodes in it, and the questions that tests ask. */
#ifndef BG_TEST_WORLD_H
#define BG_TEST_WORLD_H

#include "beamgauge/node.h"
#include "wire.h"

struct event_base;

struct world {
    struct event_base *base;
    struct bg_nodes *nodes;
    struct bg_nodes_options options;
};

/* How a question ended, from its `done`. */
struct outcome {
    unsigned times;
    enum bg_error error;
    char text[BG_FAILURE_TEXT_SIZE];
    uint8_t answer[64];
    size_t answer_length; /* the whole one's, even if it is longer */
    int64_t rpc_us;
};

void world_options(struct bg_nodes_options *ret_options); /* short times, for tests */
void world_open(struct world *world, const struct bg_nodes_options *options);
void world_open_by(struct world *world, const struct bg_nodes_options *options, const struct bg_clock *clock);
void world_close(struct world *world);
void world_put(struct world *world, const char *name, const char *cookie, const char *address, uint16_t port);
void world_run(struct world *world, int64_t ms);
/* These run the loop until it is so, or fail the test after ten seconds. */
void world_wait_state(struct world *world, const char *name, enum bg_link_state state);
void world_wait_reason(struct world *world, const char *name, enum bg_link_reason reason);
void world_wait_count(struct world *world, const unsigned *count, unsigned at_least);
void world_wait_outcome(struct world *world, const struct outcome *outcome);

enum bg_error world_ask(struct world *world, const char *name, const struct bg_writer *forms, int64_t timeout_ms, struct outcome *outcome,
                        struct bg_inquiry **ret_inquiry, struct bg_failure *ret_failure);
/* Asks and waits; the result's error, also if it cannot be asked. */
enum bg_error world_ask_now(struct world *world, const char *name, const struct bg_writer *forms, struct outcome *outcome);

/* Questions, as lists of abstract expressions. */
void forms_echo(struct bg_writer *ret_forms);                /* answers with its arguments */
void forms_hang(struct bg_writer *ret_forms);                /* for ever */
void forms_crash(struct bg_writer *ret_forms);               /* erlang:error(boom) */
void forms_eat(struct bg_writer *ret_forms);                 /* more heap than any limit */
void forms_copy(struct bg_writer *ret_forms, int64_t bytes); /* answers with a binary of this size */
void forms_count_questions(struct bg_writer *ret_forms);     /* answers with the number of guards and workers, its own included */
int64_t outcome_integer(const struct outcome *outcome);

#endif
