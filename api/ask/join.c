/* join.c: the other side of pairs: the watched process and the watcher's entries, as reported by the watched process's own node. */
#include "join.h"

#include "names.h"
#include "peers.h"
#include "rows.h"

#include "beamgauge/node.h"
#include "beamgauge/text.h"

#include <string.h>

#define GROWN_MEANWHILE_MAX 100
#define OTHER_SIDE_MS_MAX 2000

int64_t bg_join_timeout_ms(const struct bg_ask *ask)
{
    const int64_t half_ms = bg_ask_left_ms(ask) / 2;
    return half_ms < OTHER_SIDE_MS_MAX ? half_ms : OTHER_SIDE_MS_MAX;
}

bool bg_join_is_up(struct bg_ask *ask, const char *node)
{
    struct bg_node_info info;
    if (bg_nodes_info(bg_call_services(ask->call)->nodes, node, &info, NULL) != BG_OK)
        return false;
    if (info.state != BG_LINK_UP)
        bg_ask_warn(ask, "%s could not be asked: its link is not up but %s (%s)", info.name, bg_link_state_text(info.state),
                    bg_link_reason_code(info.reason));
    return info.state == BG_LINK_UP;
}

json_t *bg_join_who(const json_t *ref)
{
    json_t *pid = json_object_get(ref, "pid");
    if (pid != NULL)
        return json_pack("{s:O}", "pid", pid);
    return json_object_get(ref, "port") == NULL ? json_pack("{s:O?}", "name", json_object_get(ref, "name")) : NULL;
}

static const char *member_text(const json_t *row, const char *side, const char *key)
{
    return json_string_value(json_object_get(json_object_get(row, side), key));
}

/* The node that is asked about this pair, or NULL: a pair within one node is one and the same entry, and an old pair may not exist any
 * more. */
static const char *other_node(const json_t *row)
{
    const char *home = member_text(row, "watcher", "node"), *node = member_text(row, "watched", "node");
    const bool is_process = member_text(row, "watched", "pid") != NULL || member_text(row, "watched", "name") != NULL;
    if (home == NULL || node == NULL || !is_process || member_text(row, "watcher", "pid") == NULL || strcmp(home, node) == 0 ||
        json_is_integer(json_object_get(row, "age_ms")))
        return NULL;
    return node;
}

/* The index of the next row, from `place` on, whose pair must be asked for on that node. */
static size_t next_on(const json_t *rows, size_t place, const char *node)
{
    for (; place < json_array_size(rows); place++) {
        const char *other = other_node(json_array_get(rows, place));
        if (other != NULL && strcmp(other, node) == 0)
            break;
    }
    return place;
}

/* A process watched by name stays a name, with the process that has it now. */
static void put_reported(struct bg_ask *ask, json_t *row, const json_t *reported)
{
    struct bg_shaper *shaper = &ask->shaper;
    json_t *watched = json_object_get(row, "watched");
    const char *pid = member_text(row, "watched", "pid");
    json_t *ref = bg_ref_of_row(shaper, reported, pid != NULL ? pid : "", bg_ask_node(ask));
    json_t *count = bg_count_or_null(bg_answer_count_or(shaper, reported, "count", -1));
    if (!shaper->failed) {
        bg_put(shaper, row, "watched_count", json_incref(count));
        static const char *const names[] = {"registered_name", "label", "initial_call", "alive"};
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            bg_put(shaper, watched, names[i], json_incref(json_object_get(ref, names[i])));
        bg_put(shaper, watched, "name", json_incref(json_object_get(pid != NULL ? ref : watched, "name")));
    }
    json_decref(count);
    json_decref(ref);
}

static void take_watched(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *reported = bg_answer_array(shaper, answer, "pairs");
    size_t index = 0;
    for (size_t place = next_on(ask->data, 0, bg_ask_node(ask)); place < json_array_size(ask->data) && !shaper->failed;
         place = next_on(ask->data, place + 1, bg_ask_node(ask))) {
        const json_t *one = bg_answer_object_at(shaper, reported, index++);
        if (!shaper->failed)
            put_reported(ask, json_array_get(ask->data, place), one);
    }
}

static void lose_watched(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_names_keep(ask, bg_ask_node(ask));
}

static void ask_watched(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    struct bg_shaper *shaper = &ask->shaper;
    json_t *pairs = bg_array_new(shaper);
    for (size_t place = next_on(ask->data, 0, bg_ask_node(ask)); place < json_array_size(ask->data);
         place = next_on(ask->data, place + 1, bg_ask_node(ask))) {
        const json_t *row = json_array_get(ask->data, place);
        json_t *pair = bg_array_new(shaper);
        bg_append(shaper, pair, bg_join_who(json_object_get(row, "watched")));
        bg_append(shaper, pair, json_string(member_text(row, "watcher", "pid")));
        bg_append(shaper, pair, json_string(member_text(row, "watcher", "node")));
        bg_append(shaper, pairs, pair);
    }
    bg_ask_send(ask, bg_arguments_watched(shaper, bg_call_services(ask->call), pairs, bg_peers_exact(ask)), take_watched);
}

void bg_join_watched(struct bg_ask *ask, json_t *rows)
{
    for (size_t place = 0; place < json_array_size(rows) && !ask->shaper.failed; place++) {
        const char *node = other_node(json_array_get(rows, place));
        const bool is_first = node != NULL && next_on(rows, 0, node) == place;
        if (is_first && bg_join_is_up(ask, node))
            bg_ask_branch_or(ask, node, bg_join_timeout_ms(ask), ask_watched, lose_watched);
        else if (is_first)
            bg_names_keep(ask, node);
    }
}

/* The nodes are asked one after the other, and a leak grows meanwhile: a difference that this explains is not a disagreement. */
static bool is_far_apart(const json_t *row)
{
    const json_t *watched_count = json_object_get(row, "watched_count");
    const json_int_t count = json_integer_value(json_object_get(row, "count")), watched = json_integer_value(watched_count);
    const json_int_t apart = count > watched ? count - watched : watched - count;
    return json_is_integer(watched_count) && apart > GROWN_MEANWHILE_MAX && apart > count / 20;
}

void bg_join_compare(struct bg_ask *ask, const json_t *rows)
{
    size_t differing = 0;
    for (size_t i = 0; i < json_array_size(rows); i++)
        differing += is_far_apart(json_array_get(rows, i));
    if (differing > 0)
        bg_ask_warn(ask, "in %s of the pairs count and watched_count differ widely: the two nodes disagree, or much changed in between",
                    BG_COUNT(differing));
}
