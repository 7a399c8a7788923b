/* probe_beam.c: module beam of /probe: a node's memory, limits and use, and the highest figures of its processes. */
#include "figures.h"
#include "probe.h"
#include "resources.h"
#include "rows.h"
#include "uncounted.h"

#define ALLOCATORS_MAX 32

enum { USED, ALLOCATED, ALLOCATED_BLOCKS, EXACT, NODE };

const struct bg_metric bg_beam_metrics[] = {
    [USED] = {"beam_allocator_used_bytes", "Memory in use, by allocator", BG_METRIC_GAUGE, "bytes", {"allocator"}},
    [ALLOCATED] = {"beam_allocator_allocated_bytes", "Memory taken from the system, by allocator", BG_METRIC_GAUGE, "bytes", {"allocator"}},
    [ALLOCATED_BLOCKS] = {"beam_allocator_blocks", "Blocks in use, by allocator", BG_METRIC_GAUGE, NULL, {"allocator"}},
    [EXACT] =
        {"beam_process_max_exact", "Whether the highest figure was counted (1) or estimated (0)", BG_METRIC_GAUGE, NULL, {"attribute"}},
    [NODE] = {"beam_node", "Releases that the node runs", BG_METRIC_INFO, NULL, {"otp_release", "erts_version", "elixir_version"}},
    {.name = NULL},
};

/* The name comes from the node, so names are limited in number, and escaped. */
static void write_allocators(struct bg_exposition *exposition, const json_t *allocators)
{
    static const char *const members[] = {[USED] = "used_bytes", [ALLOCATED] = "allocated_bytes", [ALLOCATED_BLOCKS] = "blocks_count"};
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        for (size_t j = 0; j < json_array_size(allocators) && j < ALLOCATORS_MAX; j++) {
            const json_t *allocator = json_array_get(allocators, j), *value = json_object_get(allocator, members[i]);
            const char *name = json_string_value(json_object_get(allocator, "name"));
            if (name != NULL && json_is_integer(value))
                bg_exposition_add(exposition, &bg_beam_metrics[i], &name, json_number_value(value));
        }
}

static double positive(double number)
{
    return number > 0 ? number : 0;
}

/* The first value of a ranking; -1 if there is none, or if a process may have more entries that are not counted. */
static int64_t highest(const json_t *scan, const char *key)
{
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "scan");
    const struct bg_sort *sort = bg_sort_find(key);
    const json_t *ranking = json_object_get(json_object_get(scan, "rankings"), key), *row = NULL;
    int64_t open = -1;
    for (size_t place = 0; place < json_array_size(ranking) && row == NULL; place++) {
        const json_t *raw = json_array_get(json_object_get(scan, "rows"), (size_t)json_integer_value(json_array_get(ranking, place)));
        const int64_t most = sort->relation ? bg_uncounted_count(&shaper, raw) : -1;
        open = most > open ? most : open;
        row = most < 0 ? raw : NULL;
    }
    const int64_t value = bg_row_value(&shaper, row, sort, bg_answer_count(&shaper, scan, "word_bytes"));
    return shaper.failed || open > value ? -1 : value;
}

/* The same for pairs, which grow with a leak, but not with a server's many clients. */
static int64_t highest_pair(const json_t *peers, bool *ret_exact)
{
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "peers");
    const int64_t value = peers != NULL ? bg_pair_max(&shaper, peers, ret_exact) : -1;
    return shaper.failed ? -1 : value;
}

static int64_t most_uncounted(const json_t *scan)
{
    struct bg_shaper shaper;
    int64_t most;
    bg_shaper_init(&shaper, "scan");
    (void)bg_uncounted_first(&shaper, scan, &most);
    return shaper.failed ? -1 : most;
}

/* A figure of the table; an unknown number is left out. */
static void write_figure(struct bg_exposition *exposition, const struct bg_figure *figure, const struct bg_probe_answers *answers)
{
    const json_t *data = answers->of[figure->source], *value;
    int64_t most = -1;
    bool exact;
    if (figure->metric == NULL || data == NULL)
        return;
    if (figure->kind == BG_FIGURE_MEMBER && json_is_number(value = bg_figure_find(data, figure->path)))
        bg_exposition_add(exposition, figure->metric, &figure->label, positive(bg_figure_scaled(figure, json_number_value(value))));
    else if (figure->kind == BG_FIGURE_MAX)
        most = highest(data, figure->path);
    else if (figure->kind == BG_FIGURE_PAIR_MAX)
        most = highest_pair(data, &exact);
    else if (figure->kind == BG_FIGURE_UNCOUNTED)
        most = most_uncounted(data);
    if (most >= 0)
        bg_exposition_add(exposition, figure->metric, NULL, (double)most);
}

static void write_exact(struct bg_exposition *exposition, const json_t *scan, const json_t *peers)
{
    const struct bg_metric *metric = &bg_beam_metrics[EXACT];
    bool exact = false;
    for (const struct bg_sort *sort = bg_sorts; sort->key != NULL; sort++)
        if (sort->relation && highest(scan, sort->key) >= 0)
            bg_exposition_add(exposition, metric, &sort->key, json_is_true(json_object_get(json_object_get(scan, "exact"), sort->key)));
    if (highest_pair(peers, &exact) >= 0)
        bg_exposition_add(exposition, metric, (const char *[]){"pair_monitors"}, exact);
}

static void write_node(struct bg_exposition *exposition, const json_t *system)
{
    const struct bg_metric *node = &bg_beam_metrics[NODE];
    const char *values[3];
    for (size_t i = 0; i < 3; i++) {
        const char *text = json_string_value(json_object_get(system, node->labels[i]));
        values[i] = text != NULL ? text : "";
    }
    if (system != NULL)
        bg_exposition_add(exposition, node, values, 1);
}

void bg_beam_write(struct bg_exposition *exposition, const struct bg_probe_answers *answers)
{
    for (size_t i = 0; i < bg_figures_count; i++)
        write_figure(exposition, &bg_figures[i], answers);
    write_node(exposition, answers->of[BG_SOURCE_SYSTEM]);
    write_allocators(exposition, json_object_get(answers->of[BG_SOURCE_MEMORY], "allocators"));
    if (answers->of[BG_SOURCE_SCAN] != NULL)
        write_exact(exposition, answers->of[BG_SOURCE_SCAN], answers->of[BG_SOURCE_PEERS]);
}
