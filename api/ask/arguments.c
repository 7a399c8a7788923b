/* arguments.c: the questions that nodes are asked, and their arguments. */
#include "arguments.h"

#include "beamgauge/query.h"

#include <string.h>

#define HEAP_ROUNDED_MIN 1048576 /* bytes */

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

static struct bg_arguments begin(struct bg_shaper *shaper, const char *question)
{
    return (struct bg_arguments){.question = question, .args = bg_object_new(shaper)};
}

static void put_integer(struct bg_shaper *shaper, const struct bg_arguments *arguments, const char *key, int64_t value)
{
    bg_put(shaper, arguments->args, key, json_integer(value));
}

static void put_text(struct bg_shaper *shaper, const struct bg_arguments *arguments, const char *key, const char *value)
{
    bg_put(shaper, arguments->args, key, json_string(value));
}

static void put_boolean(struct bg_shaper *shaper, const struct bg_arguments *arguments, const char *key, bool value)
{
    bg_put(shaper, arguments->args, key, json_boolean(value));
}

static void put_entries_max(struct bg_shaper *shaper, const struct bg_arguments *arguments, const struct bg_services *services)
{
    put_integer(shaper, arguments, "list_entries_max", services->max_list_entries);
}

struct bg_arguments bg_arguments_none(const char *question)
{
    return (struct bg_arguments){.question = question};
}

static void put_ranking(struct bg_shaper *shaper, const struct bg_arguments *arguments, const struct bg_services *services, int64_t limit,
                        const char *order, bool binary)
{
    put_integer(shaper, arguments, "limit", bg_limit_round(limit));
    put_text(shaper, arguments, "order", order);
    put_boolean(shaper, arguments, "binary", binary);
    put_entries_max(shaper, arguments, services);
}

struct bg_arguments bg_arguments_scan(struct bg_shaper *shaper, const struct bg_services *services, int64_t limit, const char *order,
                                      bool binary)
{
    const struct bg_arguments arguments = begin(shaper, "scan");
    put_ranking(shaper, &arguments, services, limit, order, binary);
    return arguments;
}

struct bg_arguments bg_arguments_window(struct bg_shaper *shaper, const struct bg_services *services, const char *sort, int64_t limit,
                                        const char *order, int64_t window_ms)
{
    const struct bg_arguments arguments = begin(shaper, "window");
    put_ranking(shaper, &arguments, services, limit, order, strcmp(sort, "binary") == 0);
    put_text(shaper, &arguments, "sort", sort);
    put_integer(shaper, &arguments, "window_ms", window_ms);
    return arguments;
}

struct bg_arguments bg_arguments_peers(struct bg_shaper *shaper, const struct bg_services *services, json_t *pids,
                                       const char *const directions[], int64_t limit, bool exact)
{
    const struct bg_arguments arguments = {
        .question = "peers",
        .args = bg_query_peers_args_new(pids, directions, bg_peers_round(limit), services->max_list_entries, exact),
    };
    if (arguments.args == NULL)
        bg_shaper_fail(shaper, BG_NO_MEMORY, "out of memory");
    return arguments;
}

struct bg_arguments bg_arguments_groups(struct bg_shaper *shaper, const struct bg_services *services, const char *by, const char *sort,
                                        int64_t limit, bool entries)
{
    const bool by_node = strcmp(by, "node") == 0;
    const struct bg_arguments arguments = begin(shaper, by_node ? "peer_nodes" : "groups");
    if (!by_node) {
        put_text(shaper, &arguments, "by", by);
        put_boolean(shaper, &arguments, "entries", entries);
    }
    put_text(shaper, &arguments, "sort", sort);
    put_integer(shaper, &arguments, "limit", bg_limit_round(limit) + 1); /* one more shows whether there are more */
    put_entries_max(shaper, &arguments, services);
    return arguments;
}

struct bg_arguments bg_arguments_watched(struct bg_shaper *shaper, const struct bg_services *services, json_t *pairs, bool exact)
{
    const struct bg_arguments arguments = begin(shaper, "watched");
    bg_put(shaper, arguments.args, "pairs", pairs);
    put_entries_max(shaper, &arguments, services);
    put_boolean(shaper, &arguments, "exact", exact);
    return arguments;
}

struct bg_arguments bg_arguments_alive(struct bg_shaper *shaper, json_t *processes)
{
    const struct bg_arguments arguments = begin(shaper, "alive");
    bg_put(shaper, arguments.args, "processes", processes);
    return arguments;
}

struct bg_arguments bg_arguments_names(struct bg_shaper *shaper, json_t *pids)
{
    const struct bg_arguments arguments = begin(shaper, "names");
    bg_put(shaper, arguments.args, "pids", pids);
    return arguments;
}

struct bg_arguments bg_arguments_process(struct bg_shaper *shaper, const char *question, const char *pid)
{
    const struct bg_arguments arguments = begin(shaper, question);
    put_text(shaper, &arguments, "pid", pid);
    return arguments;
}

/* Rounded, so that the question stays the same while the heap grows. */
struct bg_arguments bg_arguments_notes(struct bg_shaper *shaper, const char *pid, int64_t heap_bytes)
{
    const struct bg_arguments arguments = bg_arguments_process(shaper, "notes", pid);
    int64_t rounded = HEAP_ROUNDED_MIN;
    while (rounded < heap_bytes && rounded < INT64_MAX / 256)
        rounded *= 256;
    put_integer(shaper, &arguments, "heap_bytes", rounded);
    return arguments;
}

struct bg_arguments bg_arguments_call_sites(struct bg_shaper *shaper, const char *pid, int64_t duration_ms, int64_t max_calls)
{
    const struct bg_arguments arguments = bg_arguments_process(shaper, "call_sites", pid);
    put_integer(shaper, &arguments, "duration_ms", duration_ms);
    put_integer(shaper, &arguments, "max_calls", max_calls);
    return arguments;
}

struct bg_arguments bg_arguments_listing(struct bg_shaper *shaper, const char *question, const char *sort, int64_t limit, int64_t window_ms)
{
    const struct bg_arguments arguments = begin(shaper, question);
    put_text(shaper, &arguments, "sort", sort);
    put_integer(shaper, &arguments, "limit", bg_limit_round(limit));
    put_integer(shaper, &arguments, "window_ms", window_ms);
    return arguments;
}

struct bg_arguments bg_arguments_port_groups(struct bg_shaper *shaper, const char *sort, int64_t limit, const char *group)
{
    const struct bg_arguments arguments = begin(shaper, "ports");
    put_text(shaper, &arguments, "sort", sort);
    put_integer(shaper, &arguments, "limit", limit);
    put_integer(shaper, &arguments, "window_ms", 0);
    put_text(shaper, &arguments, "group", group);
    return arguments;
}

struct bg_arguments bg_arguments_distribution(struct bg_shaper *shaper, int64_t limit, int64_t window_ms)
{
    const struct bg_arguments arguments = begin(shaper, "distribution");
    put_integer(shaper, &arguments, "limit", bg_limit_round(limit));
    put_integer(shaper, &arguments, "window_ms", window_ms);
    return arguments;
}

struct bg_arguments bg_arguments_schedulers(struct bg_shaper *shaper, int64_t window_ms)
{
    const struct bg_arguments arguments = begin(shaper, "schedulers");
    put_integer(shaper, &arguments, "window_ms", window_ms);
    return arguments;
}

struct bg_arguments bg_arguments_applications(struct bg_shaper *shaper, const char *sort, int64_t limit)
{
    const struct bg_arguments arguments = begin(shaper, "applications");
    put_text(shaper, &arguments, "sort", sort);
    put_integer(shaper, &arguments, "limit", bg_limit_round(limit));
    return arguments;
}

struct bg_arguments bg_arguments_tree(struct bg_shaper *shaper, const char *application, int64_t limit, int64_t depth)
{
    const struct bg_arguments arguments = begin(shaper, "tree");
    put_text(shaper, &arguments, "application", application);
    put_integer(shaper, &arguments, "limit", limit);
    put_integer(shaper, &arguments, "depth", depth);
    return arguments;
}

struct bg_arguments bg_arguments_binaries(struct bg_shaper *shaper, int64_t limit)
{
    const struct bg_arguments arguments = begin(shaper, "binaries");
    put_integer(shaper, &arguments, "limit", bg_limit_round(limit));
    return arguments;
}

struct bg_arguments bg_arguments_collect(struct bg_shaper *shaper, int64_t limit, int64_t heap_max_bytes)
{
    const struct bg_arguments arguments = begin(shaper, "collect");
    put_integer(shaper, &arguments, "limit", limit);
    put_integer(shaper, &arguments, "heap_max_bytes", heap_max_bytes);
    return arguments;
}
