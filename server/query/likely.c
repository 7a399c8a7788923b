/* likely.c: matches lists that were not counted with each other, by their memory. */
#include "likely.h"

#include <stdbool.h>
#include <string.h>

#define TOLERANCE 0.02 /* of their numbers: they may grow between two looks, and have other memory too */

/* Bytes of a remote monitor in the memory of its watcher, and of the watched process, by the bytes of a local one: OTP 23, 25 and 26, and
 * 27 to 29. */
static const struct {
    json_int_t local;
    double watcher, watched;
} sizes[] = {{60, 88, 96}, {64, 88, 96}, {72, 96, 104}};

/* One process whose lists were not counted. */
struct side {
    const char *node, *pid;
    const json_t *row;
    double as_watcher, as_watched; /* the number of its entries, if all are of this kind */
};

typedef void look(void *context, const struct side *side);

static bool side_read(const json_t *kept, const char *pid, const json_t *one, int64_t now_wall_ms, struct side *side)
{
    const json_int_t local = json_integer_value(json_object_get(kept, "monitor_bytes"));
    const double bytes = (double)json_integer_value(json_object_get(one, "uncounted_bytes"));
    side->pid = pid;
    side->row = json_object_get(one, "row");
    if (bytes <= 0 || now_wall_ms - json_integer_value(json_object_get(one, "at_ms")) > BG_LIKELY_AGE_MS)
        return false;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i].local == local) {
            side->as_watcher = bytes / sizes[i].watcher;
            side->as_watched = bytes / sizes[i].watched;
            return true;
        }
    return false;
}

static void look_at_all(const struct bg_seen *seen, int64_t now_wall_ms, look *look_at, void *context)
{
    const char *pid;
    json_t *kept, *one;
    struct side side;
    json_object_foreach(seen->by_node, side.node, kept)
        json_object_foreach(json_object_get(kept, "rows"), pid, one) if (side_read(kept, pid, one, now_wall_ms, &side))
            look_at(context, &side);
}

static bool watches(const struct side *watcher, const struct side *watched)
{
    const double more = watcher->as_watcher > watched->as_watched ? watcher->as_watcher : watched->as_watched;
    const double less = watcher->as_watcher > watched->as_watched ? watched->as_watched : watcher->as_watcher;
    return strcmp(watcher->node, watched->node) != 0 && more - less <= TOLERANCE * more;
}

/* All processes that may be at the other end. */
struct matches {
    const struct side *of;
    struct side first;
    size_t count;
    bool is_watched; /* whether `of` is watched by the first */
};

static void match(void *context, const struct side *side)
{
    struct matches *matches = context;
    const bool is_watched = watches(side, matches->of);
    if (!is_watched && !watches(matches->of, side))
        return;
    if (matches->count++ == 0) {
        matches->first = *side;
        matches->is_watched = is_watched;
    }
}

json_t *bg_likely_new(const struct bg_seen *seen, const char *node, const char *pid, int64_t now_wall_ms)
{
    json_t *kept = json_object_get(seen->by_node, node), *one = json_object_get(json_object_get(kept, "rows"), pid);
    struct side own = {.node = node};
    if (one == NULL || !side_read(kept, pid, one, now_wall_ms, &own))
        return NULL;
    struct matches others = {.of = &own}, back = {.of = &others.first};
    look_at_all(seen, now_wall_ms, match, &others);
    if (others.count == 1)
        look_at_all(seen, now_wall_ms, match, &back);
    if (others.count != 1 || back.count != 1)
        return NULL;
    json_t *likely = json_copy((json_t *)(uintptr_t)others.first.row);
    (void)json_object_set_new(likely, "peer", json_pack("{s:s, s:s}", "pid", others.first.pid, "node", others.first.node));
    (void)json_object_set_new(likely, "is_watched", json_boolean(others.is_watched));
    (void)json_object_set_new(likely, "count", json_integer((json_int_t)(others.is_watched ? own.as_watched : own.as_watcher)));
    (void)json_object_set_new(likely, "alive", json_null());
    return likely;
}
