/* figures.c: the table of a node's figures. A new figure is a row here, and a test. */
#include "figures.h"

#include <string.h>

static const struct bg_metric memory_by_kind = {
    "beam_memory_bytes", "Memory by kind; the kinds add up to all that the emulator has allocated", BG_METRIC_GAUGE, "bytes", {"kind"}};
static const struct bg_metric monitors_by_peer = {
    "beam_monitors_estimated",
    "Monitors held, by where the other side is: local ones, counted, but for those by name or with a tag; remote ones and these, as block "
    "counts and the last scan of the processes imply, absent where these leave it open, 0 where no other node is connected",
    BG_METRIC_GAUGE,
    NULL,
    {"peer"}};
static const struct bg_metric connected_nodes = {
    "beam_connected_nodes", "Nodes that this one is connected with", BG_METRIC_GAUGE, NULL, {"visibility"}};

/* After the summary comes the title on the page, if the figure is shown there. */
/* clang-format off */
#define METRIC(NAME, TYPE, UNIT, SUMMARY) (&(const struct bg_metric){"beam_" NAME, SUMMARY, TYPE, UNIT, {NULL}})
#define GAUGE(NAME, UNIT, SUMMARY) METRIC(NAME, BG_METRIC_GAUGE, UNIT, SUMMARY)
#define MEMBER(NAME, UNIT, SOURCE, PATH, METRIC, LABEL, SUMMARY, ...) {NAME, UNIT, SUMMARY, BG_SOURCE_##SOURCE, BG_FIGURE_MEMBER, PATH, 0, METRIC, .label = LABEL, __VA_ARGS__}
/* Memory as in erlang:memory/0, and one of the kinds that add up to the total. */
#define MEMORY(NAME, METRIC, SUMMARY, ...) MEMBER("memory." NAME "_bytes", "bytes", MEMORY, NAME "_bytes", GAUGE("memory_" METRIC "_bytes", "bytes", SUMMARY), NULL, SUMMARY, __VA_ARGS__)
#define MEMORY_KIND(NAME, SUMMARY, ...) MEMBER("memory." NAME "_bytes", "bytes", MEMORY, NAME "_bytes", &memory_by_kind, NAME, SUMMARY, __VA_ARGS__)
/* Further memory, and counts of blocks. */
#define BYTES(NAME, METRIC, SUMMARY, ...) MEMBER(NAME "_bytes", "bytes", MEMORY, NAME "_bytes", GAUGE("memory_" METRIC "_bytes", "bytes", SUMMARY), NULL, SUMMARY, __VA_ARGS__)
#define BLOCKS(NAME, METRIC, SUMMARY) MEMBER(NAME "_count", "count", MEMORY, NAME "_count", GAUGE(METRIC, NULL, SUMMARY), NULL, SUMMARY)
#define MONITORS(NAME, UNIT, METRIC, LABEL, SUMMARY) MEMBER("monitors_estimate." NAME, UNIT, MEMORY, "monitors_estimate." NAME, METRIC, LABEL, SUMMARY)
#define RATIO(SOURCE, NAME, SUMMARY) MEMBER(NAME "_ratio", "ratio", SOURCE, NAME "_ratio", NULL, NULL, SUMMARY)
#define SYSTEM(NAME, METRIC, SUMMARY, ...) MEMBER(NAME, "count", SYSTEM, NAME, GAUGE(METRIC, NULL, SUMMARY), NULL, SUMMARY, __VA_ARGS__)
#define COUNTER(PATH, UNIT, NAME, METRIC_UNIT, SUMMARY) MEMBER(NULL, UNIT, SYSTEM, PATH, METRIC(NAME, BG_METRIC_COUNTER, METRIC_UNIT, SUMMARY), NULL, SUMMARY)
#define SCAN(PATH, UNIT, NAME, METRIC_UNIT, SUMMARY) MEMBER(NULL, UNIT, SCAN, PATH, GAUGE(NAME, METRIC_UNIT, SUMMARY), NULL, SUMMARY)
#define MOST(NAME, UNIT, KEY, METRIC, SUMMARY) {NAME "_max", UNIT, SUMMARY, BG_SOURCE_SCAN, BG_FIGURE_MAX, KEY, 0, METRIC, NULL, NULL, 0}
#define HIGHEST(NAME, UNIT, SUMMARY) GAUGE("process_max_" NAME, UNIT, SUMMARY)
#define MOST_BYTES(NAME, KEY, METRIC, SUMMARY) MOST(NAME "_bytes", "bytes", KEY, HIGHEST(METRIC "_bytes", "bytes", SUMMARY), SUMMARY)
#define MOST_COUNT(NAME, KEY, METRIC, SUMMARY) MOST(NAME, "count", KEY, HIGHEST(METRIC, NULL, SUMMARY), SUMMARY)

const struct bg_figure bg_figures[] = {
    MEMORY("total", "allocated", "All memory that the emulator has allocated", "Total"),
    MEMORY("system", "system", "All memory but that of processes: a leak of monitors shows here", "System"),
    MEMORY("processes_used", "processes_used", "Memory of processes that is in use"),
    MEMORY("atom_used", "atom_used", "Memory of atoms that is in use"),
    MEMORY_KIND("processes", "Memory of processes", "Processes"),
    MEMORY_KIND("atom", "Memory of atoms", "Atom"),
    MEMORY_KIND("binary", "Binaries outside of heaps", "Binary"),
    MEMORY_KIND("code", "Loaded code", "Code"),
    MEMORY_KIND("ets", "ETS tables", "ETS"),
    MEMORY_KIND("other", "System memory that is none of these"),
    MONITORS("local_count", "count", &monitors_by_peer, "local", "Monitors of local processes, counted; without those by name or with a tag"),
    MONITORS("remote_count", "count", &monitors_by_peer, "remote", "Estimate of the monitors of remote processes, by name or with a tag; certain only if no other node is connected"),
    MONITORS("bytes", "bytes", GAUGE("monitors_estimated_bytes", "bytes", "Estimate of the memory that local and remote monitors take"), NULL, "Estimate of the memory that local and remote monitors take"),
    MONITORS("remote_max_count", "count", GAUGE("monitors_remote_max", NULL, "Upper bound of the monitors of remote processes, by name or with a tag"), NULL, "Upper bound of the monitors of remote processes, by name or with a tag"),
    BLOCKS("links", "links", "Links among local processes and ports"),
    BLOCKS("timers", "timers", "Timers, and receives with a deadline"),
    BLOCKS("messages", "messages", "Messages in all mailboxes, but for those kept off the heap with their content"),
    BLOCKS("persistent_terms", "persistent_terms", "Persistent terms"),
    BYTES("persistent_term", "persistent_term", "Persistent terms; within the kind other", "Persistent terms"),
    BYTES("standard", "standard", "Blocks of std_alloc, where monitors of remote processes, by name and with a tag are; within the kind other", "Standard blocks"),
    BYTES("carriers", "carriers", "All that the emulator's allocators have taken from the system"),
    BYTES("rss", "resident", "Memory that the system has given the node (RSS)"),
    RATIO(MEMORY, "rss", "RSS, as a part of the machine's memory"),
    BYTES("swap", "swapped", "Memory of the node that is swapped out"),
    BYTES("unexplained", "unexplained", "Resident and swapped memory beyond the allocators' carriers: native code, thread stacks, or fragmentation"),
    BYTES("machine", "machine", "Memory that the machine has"),
    BYTES("limit", "limit", "Memory that the node may have: the tightest limit of its cgroups, or what the machine has"),
    /* Not on every node: checks use limit_bytes. */
    MEMBER(NULL, "bytes", MEMORY, "cgroup_limit_bytes", GAUGE("memory_cgroup_limit_bytes", "bytes", "The tightest limit of the cgroups that the node is in; absent without one"), NULL, "The tightest limit of the cgroups that the node is in; absent without one"),
    BYTES("cgroup_used", "cgroup_used", "What counts against the tightest limit of its cgroups, the page cache included"),
    RATIO(MEMORY, "cgroup", "That, of limit_bytes"),
    MEMBER("uptime_ms", "milliseconds", SYSTEM, "uptime_ms", GAUGE("uptime_seconds", "seconds", "Time since the node started"), NULL, "Time since the node started", "Uptime"),
    SYSTEM("process_count", "processes", "Processes", "Processes"),
    SYSTEM("process_limit", "processes_limit", "Limit of processes"),
    RATIO(SYSTEM, "process", "Processes, as a part of their limit"),
    SYSTEM("port_count", "ports", "Ports", "Ports"),
    SYSTEM("port_limit", "ports_limit", "Limit of ports"),
    RATIO(SYSTEM, "port", "Ports, as a part of their limit"),
    SYSTEM("atom_count", "atoms", "Atoms; they are never freed", "Atoms"),
    SYSTEM("atom_limit", "atoms_limit", "Limit of atoms"),
    RATIO(SYSTEM, "atom", "Atoms, as a part of their limit"),
    SYSTEM("ets_count", "ets_tables", "ETS tables", "ETS tables"),
    SYSTEM("ets_limit", "ets_tables_limit", "Limit of ETS tables; the emulator does not enforce it"),
    RATIO(SYSTEM, "ets", "ETS tables, as a part of their limit, which the emulator does not enforce"),
    SYSTEM("run_queue_count", "run_queue_length", "Processes and ports that are ready to run and wait for a scheduler", "Run queue"),
    SYSTEM("schedulers_count", "schedulers", "Scheduler threads"),
    SYSTEM("schedulers_online_count", "schedulers_online", "Scheduler threads that are used"),
    SYSTEM("dirty_cpu_schedulers_count", "dirty_cpu_schedulers", "Scheduler threads for long computations"),
    SYSTEM("dirty_io_schedulers_count", "dirty_io_schedulers", "Scheduler threads for blocking I/O"),
    MEMBER("connected_nodes_count", "count", SYSTEM, "connected_nodes_count", &connected_nodes, "visible", "Nodes it is connected to"),
    MEMBER("hidden_nodes_count", "count", SYSTEM, "hidden_nodes_count", &connected_nodes, "hidden", "Hidden nodes it is connected to"),
    COUNTER("reductions_count", "count", "reductions", NULL, "Reductions executed"),
    COUNTER("context_switches_count", "count", "context_switches", NULL, "Switches from one process to another"),
    COUNTER("gc_count", "count", "garbage_collections", NULL, "Garbage collections"),
    COUNTER("gc_reclaimed_bytes", "bytes", "garbage_collection_reclaimed_bytes", "bytes", "Memory that garbage collections have freed"),
    COUNTER("io_input_bytes", "bytes", "io_input_bytes", "bytes", "Read through ports"),
    COUNTER("io_output_bytes", "bytes", "io_output_bytes", "bytes", "Written through ports"),
    SCAN("scanned_count", "count", "scan_processes", NULL, "Processes that the scan has asked"),
    SCAN("skipped_count", "count", "scan_skipped_processes", NULL, "Processes that did not answer the scan in time"),
    SCAN("duration_us", "microseconds", "scan_duration_seconds", "seconds", "Time that the node took for the scan"),
    MOST_BYTES("memory", "memory", "memory", "The most memory of one process"),
    MOST_BYTES("total_heap", "total_heap", "heap", "The largest heap of one process"),
    MOST_BYTES("stack", "stack", "stack", "The largest stack of one process"),
    MOST_BYTES("off_heap", "off_heap", "off_heap", "The most memory of one process that is not its heap"),
    MOST_COUNT("message_queue_len", "message_queue_len", "message_queue_length", "The longest message queue"),
    MOST_COUNT("monitors_count", "monitors", "monitors", "The most monitors that one process holds"),
    MOST_COUNT("monitored_by_count", "monitored_by", "monitored_by", "The most monitors that are held on one process"),
    MOST_COUNT("links_count", "links", "links", "The most links of one process"),
    MOST("reductions_count", "count", "reductions", NULL, "The most reductions of one process since it started"),
    MOST("binary_bytes", "bytes", "binary", NULL, "The most off-heap binaries that one process refers to (costly to ask)"),
    {"uncounted_count_max", "count", "The entries that one process may have at most where they were not counted (monitors, monitored_by and links together); 0 if all are counted. "
     "Where it is higher than monitors_count_max, monitored_by_count_max or links_count_max, that figure is not known", BG_SOURCE_SCAN, BG_FIGURE_UNCOUNTED, "", 0,
     HIGHEST("uncounted", NULL, "The entries that one process may have at most where they were not counted (monitors, monitored_by and links together)"), NULL, NULL, 0},
    {"processes_over", "count", "processes_over(attribute, n): how many processes have more than n of an attribute, like monitors or message_queue_len",
     BG_SOURCE_SCAN, BG_FIGURE_OVER, "", 2, NULL, NULL, NULL, 0},
    {"pair_count_max", "count", "The most monitors that one process holds on one other; a leak raises it, many clients do not",
     BG_SOURCE_PEERS, BG_FIGURE_PAIR_MAX, "", 0, HIGHEST("pair_monitors", NULL, "The most monitors that one process holds on one other; a leak raises it, many clients do not"), NULL, NULL, 0},
    {"duplication_ratio_max", "ratio", "The most monitors per distinct process watched, among the watchers with the most monitors",
     BG_SOURCE_PEERS, BG_FIGURE_DUPLICATION_MAX, "", 0, NULL, NULL, NULL, 0},
    {.name = "change", .unit = "of the metric", .summary = "change(metric, window): by how much a metric has changed over a time before now, like 10m or 1d; of those in the "
     "history, which need no look at the processes", .source = BG_SOURCE_HISTORY, .kind = BG_FIGURE_CHANGE, .path = "", .args_count = 2},
    {.name = "per_second", .unit = "of the metric, in each second", .summary = "per_second(metric, window): the same as a rate: the median of the slopes, so that an outlier does not "
     "count; without a window over 10m", .source = BG_SOURCE_HISTORY, .kind = BG_FIGURE_RATE, .path = "", .args_count = 2, .args_optional = 1},
};
/* clang-format on */
const size_t bg_figures_count = sizeof bg_figures / sizeof bg_figures[0];

const json_t *bg_figure_find(const json_t *data, const char *path)
{
    for (size_t length; data != NULL && *path != '\0'; path += length + (path[length] == '.')) {
        length = strcspn(path, ".");
        data = json_object_getn(data, path, length);
    }
    return data;
}

double bg_figure_scaled(const struct bg_figure *figure, double number)
{
    if (strcmp(figure->unit, "milliseconds") == 0)
        return number * 1e-3;
    return strcmp(figure->unit, "microseconds") == 0 ? number * 1e-6 : number;
}
