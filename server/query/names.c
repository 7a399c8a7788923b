/* names.c: keeps the names of processes. */
#include "names.h"

#include <stdio.h>
#include <string.h>

#define PID_MAX 64
#define LATE_US (10 * 1000000LL) /* a node that did not report in time is not asked again for this time */

void bg_names_init(struct bg_names *names)
{
    *names = (struct bg_names){.by_process = json_object(), .late = json_object()};
}

void bg_names_done(struct bg_names *names)
{
    json_decref(names->by_process);
    json_decref(names->late);
    *names = (struct bg_names){.by_process = NULL};
}

void bg_names_forget(struct bg_names *names, const char *node)
{
    const char *key;
    json_t *kept;
    void *next;
    json_object_foreach_safe(names->by_process, next, key, kept) if (strncmp(key, node, strlen(node)) == 0 && key[strlen(node)] == ' ')(
        void) json_object_del(names->by_process, key);
    (void)json_object_del(names->late, node);
}

/* False for a text that is not a pid. */
static bool key_of(const char *node, const char *pid, char ret_key[BG_NODE_NAME_MAX + PID_MAX])
{
    if (pid == NULL || strlen(pid) >= PID_MAX - 2)
        return false;
    (void)snprintf(ret_key, BG_NODE_NAME_MAX + PID_MAX, "%s %s", node, pid);
    return true;
}

static const char *pid_text(const json_t *pid)
{
    return json_string_value(json_is_object(pid) ? json_object_get(pid, "pid") : pid);
}

/* Moves the process to the end of the order. If it did not answer, its name stays. */
static void keep(struct bg_names *names, const char *node, uint64_t generation, const char *pid, const json_t *row, int64_t now_wall_ms)
{
    char key[BG_NODE_NAME_MAX + PID_MAX];
    if (!key_of(node, pid, key) || !json_is_boolean(json_object_get(row, "alive")))
        return;
    (void)json_object_del(names->by_process, key);
    if (json_object_size(names->by_process) >= BG_NAMES_MAX)
        (void)json_object_del(names->by_process, json_object_iter_key(json_object_iter(names->by_process)));
    (void)json_object_set_new(names->by_process, key,
                              json_pack("{s:O, s:I, s:I}", "row", row, "generation", (json_int_t)generation, "at_ms", now_wall_ms));
}

void bg_names_take(struct bg_names *names, const char *node, uint64_t generation, const json_t *args, const json_t *answer,
                   int64_t now_wall_ms)
{
    const json_t *pids = json_object_get(args, "pids"), *reported = json_object_get(answer, "names"),
                 *pairs = json_object_get(answer, "pairs");
    for (size_t i = 0; i < json_array_size(reported) && i < json_array_size(pids); i++)
        keep(names, node, generation, json_string_value(json_array_get(pids, i)), json_array_get(reported, i), now_wall_ms);
    for (size_t i = 0; i < json_array_size(pairs); i++)
        keep(names, node, generation, pid_text(json_object_get(json_array_get(pairs, i), "pid")), json_array_get(pairs, i), now_wall_ms);
}

const json_t *bg_names_find(const struct bg_names *names, const struct bg_node_info *node, const char *pid, int64_t *ret_wall_ms)
{
    char key[BG_NODE_NAME_MAX + PID_MAX];
    const json_t *kept = key_of(node->name, pid, key) ? json_object_get(names->by_process, key) : NULL;
    const int64_t at_ms = json_integer_value(json_object_get(kept, "at_ms"));
    if (kept == NULL || (uint64_t)json_integer_value(json_object_get(kept, "generation")) != node->generation ||
        (node->state == BG_LINK_UP && at_ms < node->since_wall_ms))
        return NULL;
    *ret_wall_ms = at_ms;
    return json_object_get(kept, "row");
}

void bg_names_note_late(struct bg_names *names, const char *node, int64_t now_us)
{
    if (json_object_size(names->late) >= BG_NAMES_MAX)
        (void)json_object_clear(names->late);
    (void)json_object_set_new(names->late, node, json_integer(now_us));
}

bool bg_names_is_late(const struct bg_names *names, const char *node, int64_t now_us)
{
    const json_t *late = json_object_get(names->late, node);
    return late != NULL && now_us - json_integer_value(late) < LATE_US;
}
