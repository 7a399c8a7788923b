/* probe_beam.c: module beam of /probe: a node's memory, limits and use, and the highest figures of its processes. */
#include "exposition.h"
#include "figures.h"
#include "rows.h"

/* clang-format off */
#define GAUGE(name, unit, help) {name, help, BG_METRIC_GAUGE, unit, {NULL}}
#define COUNTER(name, unit, help) {name, help, BG_METRIC_COUNTER, unit, {NULL}}
#define AT(at) {{at, NULL, {NULL}}}
#define MEMORY(name, help, at) {GAUGE("beam_memory_" name "_bytes", "bytes", help), BG_SOURCE_MEMORY, 1, AT(at "_bytes")}
#define SYSTEM(name, help, at) {GAUGE("beam_" name, NULL, help), BG_SOURCE_SYSTEM, 1, AT(at)}
#define SYSTEM_COUNTER(name, unit, help, at) {COUNTER("beam_" name, unit, help), BG_SOURCE_SYSTEM, 1, AT(at)}
#define SCAN(name, help, at) {GAUGE("beam_" name, NULL, help), BG_SOURCE_SCAN, 1, AT(at)}

const struct bg_figure bg_beam_figures[] = {
    {{"beam_memory_bytes", "Memory by kind; the kinds add up to all that the emulator has allocated", BG_METRIC_GAUGE, "bytes", {"kind"}},
     BG_SOURCE_MEMORY,
     1,
     {{"processes_bytes", "processes", {NULL}},
      {"atom_bytes", "atom", {NULL}},
      {"binary_bytes", "binary", {NULL}},
      {"code_bytes", "code", {NULL}},
      {"ets_bytes", "ets", {NULL}},
      {"other_bytes", "other", {NULL}}}},
    MEMORY("allocated", "All memory that the emulator has allocated", "total"),
    MEMORY("system", "All memory but that of processes: a leak of monitors shows here", "system"),
    MEMORY("processes_used", "Memory of processes that is in use", "processes_used"),
    MEMORY("atom_used", "Memory of atoms that is in use", "atom_used"),
    {{"beam_monitors_estimated",
      "Monitors held, by where the other side is: local ones, counted, but for those by name or with a tag; remote ones and these, as block counts "
      "and the last look at the processes imply, absent where these leave it open, 0 where no other node is connected",
      BG_METRIC_GAUGE,
      NULL,
      {"peer"}},
     BG_SOURCE_MEMORY,
     1,
     {{"monitors_estimate.local_count", "local", {NULL}}, {"monitors_estimate.remote_count", "remote", {NULL}}}},
    {GAUGE("beam_monitors_estimated_bytes", "bytes", "Memory that those monitors take"),
     BG_SOURCE_MEMORY,
     1,
     AT("monitors_estimate.bytes")},
    {GAUGE("beam_monitors_remote_max", NULL, "Remote monitors, with those by name or with a tag, that there may be at most"),
     BG_SOURCE_MEMORY,
     1,
     AT("monitors_estimate.remote_max_count")},
    {GAUGE("beam_links", NULL, "Links among local processes and ports"), BG_SOURCE_MEMORY, 1, AT("links_count")},
    {GAUGE("beam_timers", NULL, "Timers, and receives with a deadline"), BG_SOURCE_MEMORY, 1, AT("timers_count")},
    {GAUGE("beam_messages", NULL, "Messages that wait, but for those that are kept off the heap with their content"),
     BG_SOURCE_MEMORY,
     1,
     AT("messages_count")},
    {GAUGE("beam_persistent_terms", NULL, "Persistent terms"), BG_SOURCE_MEMORY, 1, AT("persistent_terms_count")},
    MEMORY("persistent_term", "Persistent terms; within the kind other", "persistent_term"),
    MEMORY("standard", "Blocks of std_alloc, where monitors of remote processes, by name and with a tag are; within the kind other", "standard"),
    MEMORY("carriers", "All that the emulator's allocators have taken from the system", "carriers"),
    MEMORY("resident", "Memory that the system has given the process (RSS)", "rss"),
    MEMORY("swapped", "Memory of the process that is swapped out", "swap"),
    MEMORY("unexplained", "Resident and swapped memory beyond the allocators' carriers: native code, thread stacks, or fragmentation", "unexplained"),
    MEMORY("machine", "Memory that the machine has", "machine"),
    MEMORY("limit", "Memory that the node may have: the tightest limit of its cgroups, or what the machine has", "limit"),
    MEMORY("cgroup_limit", "The tightest limit of the cgroups that the node is in; absent without one", "cgroup_limit"),
    MEMORY("cgroup_used", "What counts against that limit, the page cache included", "cgroup_used"),
    {GAUGE("beam_uptime_seconds", "seconds", "Time since the node started"), BG_SOURCE_SYSTEM, 1e-3, AT("uptime_ms")},
    SYSTEM("processes", "Processes", "process_count"),
    SYSTEM("processes_limit", "Processes that there may be", "process_limit"),
    SYSTEM("ports", "Ports", "port_count"),
    SYSTEM("ports_limit", "Ports that there may be", "port_limit"),
    SYSTEM("atoms", "Atoms; they are never freed", "atom_count"),
    SYSTEM("atoms_limit", "Atoms that there may be", "atom_limit"),
    SYSTEM("ets_tables", "ETS tables", "ets_count"),
    SYSTEM("ets_tables_limit", "ETS tables that there should be at most", "ets_limit"),
    SYSTEM("run_queue_length", "Processes and ports that are ready to run, all queues together", "run_queue_count"),
    SYSTEM("schedulers", "Scheduler threads", "schedulers_count"),
    SYSTEM("schedulers_online", "Scheduler threads that are used", "schedulers_online_count"),
    SYSTEM("dirty_cpu_schedulers", "Scheduler threads for long computations", "dirty_cpu_schedulers_count"),
    SYSTEM("dirty_io_schedulers", "Scheduler threads for blocking I/O", "dirty_io_schedulers_count"),
    {{"beam_connected_nodes", "Nodes that this one is connected with", BG_METRIC_GAUGE, NULL, {"visibility"}},
     BG_SOURCE_SYSTEM,
     1,
     {{"connected_nodes_count", "visible", {NULL}}, {"hidden_nodes_count", "hidden", {NULL}}}},
    SYSTEM_COUNTER("reductions", NULL, "Reductions executed", "reductions_count"),
    SYSTEM_COUNTER("context_switches", NULL, "Switches from one process to another", "context_switches_count"),
    SYSTEM_COUNTER("garbage_collections", NULL, "Garbage collections", "gc_count"),
    SYSTEM_COUNTER("garbage_collection_reclaimed_bytes", "bytes", "Memory that garbage collections have freed", "gc_reclaimed_bytes"),
    SYSTEM_COUNTER("io_input_bytes", "bytes", "Read through ports", "io_input_bytes"),
    SYSTEM_COUNTER("io_output_bytes", "bytes", "Written through ports", "io_output_bytes"),
    SCAN("scan_processes", "Processes looked at by the scan", "scanned_count"),
    SCAN("scan_skipped_processes", "Processes that did not answer the scan in time", "skipped_count"),
    {GAUGE("beam_scan_duration_seconds", "seconds", "Time that the node took for the scan"),
     BG_SOURCE_SCAN,
     1e-6,
     AT("duration_us")},
    {.metric.name = NULL},
};

/* clang-format on */

#define ALLOCATORS_MAX 32

/* The name is the node's word, hence bounded in number and escaped. */
static void write_allocators(struct bg_exposition *exposition, const json_t *allocators)
{
    static const struct {
        struct bg_metric metric;
        const char *member;
    } figures[] = {
        {{"beam_allocator_used_bytes", "Memory in use, by allocator", BG_METRIC_GAUGE, "bytes", {"allocator"}}, "used_bytes"},
        {{"beam_allocator_allocated_bytes", "Memory taken from the system, by allocator", BG_METRIC_GAUGE, "bytes", {"allocator"}},
         "allocated_bytes"},
        {{"beam_allocator_blocks", "Blocks in use, by allocator", BG_METRIC_GAUGE, NULL, {"allocator"}}, "blocks_count"},
    };
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        for (size_t j = 0; j < json_array_size(allocators) && j < ALLOCATORS_MAX; j++) {
            const json_t *allocator = json_array_get(allocators, j), *value = json_object_get(allocator, figures[i].member);
            const char *name = json_string_value(json_object_get(allocator, "name"));
            if (name != NULL && json_is_integer(value))
                bg_exposition_add(exposition, &figures[i].metric, &name, json_number_value(value));
        }
}

/* The best of a ranking: its value, or -1 where there is none. */
static int64_t highest(const json_t *scan, const char *key)
{
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "scan");
    const json_t *best = json_array_get(json_object_get(json_object_get(scan, "rankings"), key), 0);
    const json_t *row = json_is_integer(best) ? json_array_get(json_object_get(scan, "rows"), (size_t)json_integer_value(best)) : NULL;
    const int64_t value = bg_row_value(&shaper, row, bg_sort_find(key), bg_answer_count(&shaper, scan, "word_bytes"));
    return shaper.failed ? -1 : value;
}

/* The same of pairs, which a leak raises, and a server with many clients does not. */
static int64_t highest_pair(const json_t *peers, bool *ret_exact)
{
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "peers");
    const int64_t value = peers != NULL ? bg_pair_max(&shaper, peers, ret_exact) : -1;
    return shaper.failed ? -1 : value;
}

static void write_highest(struct bg_exposition *exposition, const json_t *scan, const json_t *peers)
{
    static const struct {
        struct bg_metric metric;
        const char *key;
    } figures[] = {
        {GAUGE("beam_process_max_memory_bytes", "bytes", "The most memory that one process has"), "memory"},
        {GAUGE("beam_process_max_heap_bytes", "bytes", "The largest heap of one process"), "total_heap"},
        {GAUGE("beam_process_max_stack_bytes", "bytes", "The largest stack of one process"), "stack"},
        {GAUGE("beam_process_max_off_heap_bytes", "bytes", "The most memory outside its heap that one process has"), "off_heap"},
        {GAUGE("beam_process_max_message_queue_length", NULL, "The longest message queue"), "message_queue_len"},
        {GAUGE("beam_process_max_monitors", NULL, "The most monitors that one process holds"), "monitors"},
        {GAUGE("beam_process_max_monitored_by", NULL, "The most monitors that are held on one process"), "monitored_by"},
        {GAUGE("beam_process_max_links", NULL, "The most links that one process has"), "links"},
    };
    static const struct bg_metric pair_metric =
        GAUGE("beam_process_max_pair_monitors", NULL,
              "The most monitors that one process holds on one other; a leak raises it, many clients do not");
    static const struct bg_metric exact = {
        "beam_process_max_exact", "Whether the highest figure was counted (1) or estimated (0)", BG_METRIC_GAUGE, NULL, {"attribute"}};
    bool pair_exact = false;
    const int64_t pair = highest_pair(peers, &pair_exact);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const int64_t value = highest(scan, figures[i].key);
        if (value >= 0)
            bg_exposition_add(exposition, &figures[i].metric, NULL, (double)value);
    }
    if (pair >= 0)
        bg_exposition_add(exposition, &pair_metric, NULL, (double)pair);
    for (const struct bg_sort *sort = bg_sorts; sort->key != NULL; sort++)
        if (sort->relation && highest(scan, sort->key) >= 0)
            bg_exposition_add(exposition, &exact, &sort->key, json_is_true(json_object_get(json_object_get(scan, "exact"), sort->key)));
    if (pair >= 0)
        bg_exposition_add(exposition, &exact, (const char *[]){"pair_monitors"}, pair_exact);
}

static void write_node(struct bg_exposition *exposition, const json_t *system)
{
    static const struct bg_metric node = {
        "beam_node", "Releases that the node runs", BG_METRIC_INFO, NULL, {"otp_release", "erts_version", "elixir_version"}};
    const char *values[3];
    for (size_t i = 0; i < 3; i++) {
        const char *text = json_string_value(json_object_get(system, node.labels[i]));
        values[i] = text != NULL ? text : "";
    }
    if (system != NULL)
        bg_exposition_add(exposition, &node, values, 1);
}

void bg_beam_write(struct bg_exposition *exposition, const struct bg_sight *sight)
{
    write_node(exposition, sight->answers[BG_SOURCE_SYSTEM]);
    write_allocators(exposition, json_object_get(sight->answers[BG_SOURCE_MEMORY], "allocators"));
    if (sight->answers[BG_SOURCE_SCAN] != NULL)
        write_highest(exposition, sight->answers[BG_SOURCE_SCAN], sight->answers[BG_SOURCE_PEERS]);
}
