/* arguments.c: the arguments of questions that several endpoints ask. */
#include "arguments.h"

#include <string.h>

int64_t bg_limit_round(int64_t limit)
{
    return limit <= 50 ? 50 : limit <= 200 ? 200 : 1000;
}

int64_t bg_peers_round(int64_t limit)
{
    static const int64_t limits[] = {20, 50, BG_PEERS_LIMIT_MAX, 1000};
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        if (limit <= limits[i])
            return limits[i];
    return BG_PEERS_SAMPLE_MAX;
}

static void put_entries_max(struct bg_shaper *shaper, json_t *args, const struct bg_services *services)
{
    bg_put(shaper, args, "list_entries_max", json_integer(services->max_list_entries));
}

json_t *bg_arguments_scan(struct bg_shaper *shaper, const struct bg_services *services, int64_t limit, const char *order, bool binary)
{
    json_t *args = bg_object_new(shaper);
    bg_put(shaper, args, "limit", json_integer(bg_limit_round(limit)));
    bg_put(shaper, args, "order", json_string(order));
    bg_put(shaper, args, "binary", json_boolean(binary));
    put_entries_max(shaper, args, services);
    return args;
}

json_t *bg_arguments_window(struct bg_shaper *shaper, const struct bg_services *services, const char *sort, int64_t limit,
                            const char *order, int64_t window_ms)
{
    json_t *args = bg_arguments_scan(shaper, services, limit, order, strcmp(sort, "binary") == 0);
    bg_put(shaper, args, "sort", json_string(sort));
    bg_put(shaper, args, "window_ms", json_integer(window_ms));
    return args;
}

json_t *bg_arguments_peers(struct bg_shaper *shaper, const struct bg_services *services, json_t *pids, const char *const directions[],
                           int64_t limit, bool exact)
{
    json_t *args = bg_object_new(shaper), *names = bg_array_new(shaper);
    for (size_t i = 0; directions[i] != NULL; i++)
        bg_append(shaper, names, json_string(directions[i]));
    bg_put(shaper, args, "pids", pids);
    bg_put(shaper, args, "directions", names);
    bg_put(shaper, args, "limit", json_integer(bg_peers_round(limit)));
    put_entries_max(shaper, args, services);
    bg_put(shaper, args, "exact", json_boolean(exact));
    return args;
}

json_t *bg_arguments_binaries(struct bg_shaper *shaper, int64_t limit)
{
    json_t *args = bg_object_new(shaper);
    bg_put(shaper, args, "limit", json_integer(bg_limit_round(limit)));
    return args;
}
