/* verify.c: asks the peers' own nodes whether they are alive. */
#include "verify.h"

#include "join.h"

#include <string.h>

/* All rows' peers, one after the other. */
struct place {
    size_t row, peer;
};

static json_t *peer_at(const json_t *rows, const struct place *place)
{
    return json_array_get(json_object_get(json_array_get(rows, place->row), "top_peers"), place->peer);
}

/* The next peer from *place on that is not known and whose node may be asked; *place is then its place. NULL: no more. `node` NULL: on any
 * node. */
static const json_t *next_unknown(const json_t *rows, const char *node, struct place *place)
{
    for (; place->row < json_array_size(rows); place->row++, place->peer = 0)
        for (const json_t *peer; (peer = peer_at(rows, place)) != NULL; place->peer++) {
            const char *home = json_string_value(json_object_get(peer, "node"));
            const bool is_process = json_object_get(peer, "pid") != NULL || json_object_get(peer, "name") != NULL;
            if (home != NULL && is_process && json_is_null(json_object_get(peer, "alive")) && (node == NULL || strcmp(home, node) == 0))
                return peer;
        }
    return NULL;
}

static void take_alive(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *alive = bg_answer_array(shaper, answer, "alive");
    struct place place = {0, 0};
    for (size_t index = 0; next_unknown(ask->data, bg_ask_node(ask), &place) != NULL && !shaper->failed; index++, place.peer++) {
        json_t *lives = json_array_get(alive, index);
        if (json_is_boolean(lives))
            bg_put(shaper, peer_at(ask->data, &place), "alive", json_incref(lives));
        else
            bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"alive\" cannot be understood: it does not have every process");
    }
}

static void ask_alive(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    struct bg_shaper *shaper = &ask->shaper;
    struct place place = {0, 0};
    json_t *processes = bg_array_new(shaper);
    for (const json_t *peer; (peer = next_unknown(ask->data, bg_ask_node(ask), &place)) != NULL && !shaper->failed; place.peer++)
        bg_append(shaper, processes, bg_join_who(peer));
    bg_ask_send(ask, bg_arguments_alive(shaper, processes), take_alive);
}

void bg_verify_peers(struct bg_ask *ask)
{
    struct bg_shaper *shaper = &ask->shaper;
    struct place place = {0, 0};
    json_t *seen = bg_object_new(shaper); /* nodes, as members */
    for (const json_t *peer; (peer = next_unknown(ask->data, NULL, &place)) != NULL && !shaper->failed; place.peer++) {
        const char *node = json_string_value(json_object_get(peer, "node"));
        if (json_object_get(seen, node) != NULL)
            continue;
        bg_put(shaper, seen, node, json_true());
        if (bg_join_is_up(ask, node))
            bg_ask_branch(ask, node, bg_join_timeout_ms(ask), ask_alive);
    }
    json_decref(seen);
}

/* Ports and references are not processes. */
static void count_row(struct bg_shaper *shaper, json_t *row, size_t limit)
{
    json_t *peers = json_object_get(row, "top_peers");
    json_int_t alive = 0, dead = 0, unknown = 0;
    for (size_t i = 0; i < json_array_size(peers); i++) {
        const json_t *peer = json_array_get(peers, i), *lives = json_object_get(peer, "alive");
        const bool is_process = json_object_get(peer, "pid") != NULL || json_object_get(peer, "name") != NULL;
        alive += is_process && json_is_true(lives);
        dead += is_process && json_is_false(lives);
        unknown += is_process && json_is_null(lives);
    }
    bg_put(shaper, row, "sampled_count", json_integer(alive + dead + unknown));
    bg_put(shaper, row, "alive_count", json_integer(alive));
    bg_put(shaper, row, "dead_count", json_integer(dead));
    bg_put(shaper, row, "unknown_count", json_integer(unknown));
    while (json_array_size(peers) > limit)
        (void)json_array_remove(peers, json_array_size(peers) - 1);
}

void bg_verify_count(struct bg_ask *ask, size_t limit)
{
    size_t i;
    json_t *row;
    json_array_foreach(ask->data, i, row) count_row(&ask->shaper, row, limit);
}
