/* fake_nodes.h: a registry of one node, which replaces the nodes room; the test gives its answers by hand. */
#ifndef BEAMGAUGE_TESTS_FAKE_NODES_H
#define BEAMGAUGE_TESTS_FAKE_NODES_H

#include "beamgauge/node.h"

#define FAKE_INQUIRIES_MAX 64

struct bg_inquiry {
    struct bg_nodes *nodes;
    bg_inquiry_done *done;
    void *context;
    const uint8_t *forms; /* borrowed: the questions' are constant */
    size_t forms_length;
    uint8_t *args;
    size_t args_length;
    int64_t timeout_ms, max_heap_words;
    bool in_flight;
};

struct bg_nodes {
    struct bg_node_info info;
    enum bg_error ask_error; /* what bg_nodes_ask returns */
    bg_nodes_watcher *watcher;
    void *watcher_context;
    struct bg_inquiry inquiries[FAKE_INQUIRIES_MAX];
    size_t asked_count, cancelled_count, in_flight_count;
};

void fake_nodes_init(struct bg_nodes *nodes, const char *name);
void fake_nodes_done(struct bg_nodes *nodes);
/* The inquiry asked as number `index`, counted from 0, ends with a term (with version byte) or an error. */
void fake_nodes_answer(struct bg_nodes *nodes, size_t index, const void *term, size_t length);
void fake_nodes_fail(struct bg_nodes *nodes, size_t index, enum bg_error error);

#endif
