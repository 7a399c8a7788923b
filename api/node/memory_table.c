/* memory_table.c: rows of a node's memory for the table formats: areas, the operating system's view, blocks by type, allocators. */
#include "memory_table.h"

#include <stdlib.h>
#include <string.h>

const struct bg_column bg_memory_columns[] = {
    {"kind", "Kind", BG_COLUMN_TEXT, true},
    {"name", "Name", BG_COLUMN_TEXT, true},
    {"used_bytes", "Size", BG_COLUMN_BYTES, true},
    {"allocated_bytes", "Allocated", BG_COLUMN_BYTES, true},
    {"share_ratio", "Share", BG_COLUMN_RATIO, true},
    {"count", "Count", BG_COLUMN_COUNT, true},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

/* The share is of all that the emulator has allocated. */
static bool add(json_t *rows, const char *kind, const char *name, const json_t *used, const json_t *allocated, const json_t *count,
                const json_t *total)
{
    const bool has_share = json_is_integer(used) && json_integer_value(total) > 0;
    json_t *share = has_share ? json_real(json_number_value(used) / json_number_value(total)) : json_null();
    if (share == NULL)
        return false;
    json_t *row = json_pack("{s:s, s:s, s:O?, s:O?, s:o, s:O?}", "kind", kind, "name", name, "used_bytes", used, "allocated_bytes",
                            allocated, "share_ratio", share, "count", count);
    return json_array_append_new(rows, row) == 0;
}

static bool add_areas(json_t *rows, const json_t *data, const json_t *total)
{
    static const struct {
        const char *kind, *name, *bytes, *count;
    } areas[] = {
        {"area", "total", "total_bytes", NULL},
        {"area", "processes", "processes_bytes", "process_count"},
        {"area", "system", "system_bytes", NULL},
        {"in system", "binary", "binary_bytes", NULL},
        {"in system", "ets", "ets_bytes", NULL},
        {"in system", "code", "code_bytes", NULL},
        {"in system", "atom", "atom_bytes", NULL},
        {"in system", "other", "other_bytes", NULL},
        {"in other", "persistent terms", "persistent_term_bytes", "persistent_terms_count"},
        {"in other", "standard blocks", "standard_bytes", NULL},
        {"system sees", "RSS", "rss_bytes", NULL},
        {"system sees", "swapped", "swap_bytes", NULL},
        {"system sees", "limit", "limit_bytes", NULL},
        {"system sees", "cgroup", "cgroup_used_bytes", NULL},
        {"system sees", "carriers", "carriers_bytes", NULL},
        {"system sees", "unexplained", "unexplained_bytes", NULL},
    };
    bool good = true;
    for (size_t i = 0; good && i < sizeof areas / sizeof areas[0]; i++) {
        const json_t *count = areas[i].count != NULL ? json_object_get(data, areas[i].count) : NULL;
        good = add(rows, areas[i].kind, areas[i].name, json_object_get(data, areas[i].bytes), NULL, count,
                   strcmp(areas[i].kind, "system sees") == 0 ? NULL : total);
    }
    return good;
}

/* Monitors, from monitors_estimate; an exact number is shown without "about". */
static bool add_monitors(json_t *rows, const json_t *data, const json_t *total)
{
    const json_t *estimate = json_object_get(data, "monitors_estimate"), *remote = json_object_get(estimate, "remote_count");
    const bool is_local_exact = json_is_true(json_object_get(estimate, "exact")), is_open = !json_is_integer(remote);
    const json_t *most = json_object_get(estimate, "remote_max_count");
    const bool is_exact = is_local_exact && json_is_integer(most) && json_integer_value(most) == 0;
    if (!json_is_integer(json_object_get(estimate, "local_count")))
        return true;
    return add(rows, "monitors", is_local_exact ? "local by pid" : "local by pid, about", NULL, NULL,
               json_object_get(estimate, "local_count"), total) &&
           add(rows, "monitors",
               is_exact  ? "remote"
               : is_open ? "others, at most"
                         : "others, about",
               NULL, NULL, is_open ? most : remote, total) &&
           add(rows, "monitors", is_exact ? "all by pid" : "all, about", json_object_get(estimate, "bytes"), NULL, NULL, total);
}

json_t *bg_memory_rows(const json_t *data)
{
    static const char *const lists[][3] = {{"types", "type", "count"}, {"allocators", "allocator", "blocks_count"}};
    const json_t *total = json_object_get(data, "total_bytes");
    json_t *rows = json_array();
    bool good = rows != NULL && add_areas(rows, data, total) && add_monitors(rows, data, total);
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const json_t *list = json_object_get(data, lists[i][0]);
        for (size_t j = 0; good && j < json_array_size(list); j++) {
            const json_t *item = json_array_get(list, j);
            good = add(rows, lists[i][1], json_string_value(json_object_get(item, "name")), json_object_get(item, "used_bytes"),
                       json_object_get(item, "allocated_bytes"), json_object_get(item, lists[i][2]), total);
        }
    }
    if (good)
        return rows;
    json_decref(rows);
    return NULL;
}
