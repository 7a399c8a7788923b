/* probe_erl.c: module prometheus_erl of /probe: the names of the Erlang library prometheus.erl, which dashboards of the BEAM use.
 *
 * These names are older than the naming rules (gauges that end in _total, counters that do not), so they have no type; and those in
 * milliseconds are left out. */
#include "figures.h"
#include "probe.h"

/* clang-format off */
#define FAMILY(name, label, help) {"erlang_vm_" name, help, BG_METRIC_UNTYPED, NULL, {label}}
#define MEMORY(name, label, help) FAMILY("memory_" name, label, help), BG_SOURCE_MEMORY
#define SYSTEM(name, help, at) {FAMILY(name, NULL, help), BG_SOURCE_SYSTEM, {{at, NULL, NULL}}}

const struct bg_family bg_prometheus_erl_families[] = {
    {MEMORY("atom_bytes_total", "usage", "Memory of atoms"),
     {{"atom_used_bytes", "used", NULL}, {"atom_bytes", "free", "atom_used_bytes"}}},
    {MEMORY("bytes_total", "kind", "All memory that the emulator has allocated"),
     {{"system_bytes", "system", NULL}, {"processes_bytes", "processes", NULL}}},
    {MEMORY("processes_bytes_total", "usage", "Memory of processes"),
     {{"processes_used_bytes", "used", NULL}, {"processes_bytes", "free", "processes_used_bytes"}}},
    {MEMORY("system_bytes_total", "usage", "Memory that is not of processes"),
     {{"atom_bytes", "atom", NULL},
      {"binary_bytes", "binary", NULL},
      {"code_bytes", "code", NULL},
      {"ets_bytes", "ets", NULL},
      {"other_bytes", "other", NULL}}},
    SYSTEM("memory_ets_tables", "ETS tables", "ets_count"),
    SYSTEM("ets_limit", "Limit of ETS tables; the emulator does not enforce it", "ets_limit"),
    SYSTEM("process_count", "Processes", "process_count"),
    SYSTEM("process_limit", "Limit of processes", "process_limit"),
    SYSTEM("port_count", "Ports", "port_count"),
    SYSTEM("port_limit", "Limit of ports", "port_limit"),
    SYSTEM("atom_count", "Atoms", "atom_count"),
    SYSTEM("atom_limit", "Limit of atoms", "atom_limit"),
    SYSTEM("schedulers", "Scheduler threads", "schedulers_count"),
    SYSTEM("schedulers_online", "Scheduler threads that are used", "schedulers_online_count"),
    SYSTEM("dirty_cpu_schedulers", "Scheduler threads for long computations", "dirty_cpu_schedulers_count"),
    SYSTEM("dirty_io_schedulers", "Scheduler threads for blocking I/O", "dirty_io_schedulers_count"),
    SYSTEM("wordsize_bytes", "Size of a word", "wordsize_bytes"),
    SYSTEM("statistics_bytes_received_total", "Read through ports", "io_input_bytes"),
    SYSTEM("statistics_bytes_output_total", "Written through ports", "io_output_bytes"),
    SYSTEM("statistics_context_switches", "Switches from one process to another", "context_switches_count"),
    SYSTEM("statistics_garbage_collection_number_of_gcs", "Garbage collections", "gc_count"),
    SYSTEM("statistics_garbage_collection_bytes_reclaimed", "Memory that garbage collections have freed", "gc_reclaimed_bytes"),
    SYSTEM("statistics_reductions_total", "Reductions executed", "reductions_count"),
    SYSTEM("statistics_run_queues_length_total", "Processes and ports that are ready to run (older name)", "run_queue_count"),
    SYSTEM("statistics_run_queues_length", "Processes and ports that are ready to run", "run_queue_count"),
    {.metric.name = NULL},
};
/* clang-format on */

void bg_prometheus_erl_write(struct bg_exposition *exposition, const struct bg_probe_answers *answers)
{
    for (const struct bg_family *family = bg_prometheus_erl_families; family->metric.name != NULL; family++)
        for (size_t i = 0; i < sizeof family->samples / sizeof family->samples[0] && family->samples[i].path != NULL; i++) {
            const json_t *data = answers->of[family->source], *value = bg_figure_find(data, family->samples[i].path);
            const char *less = family->samples[i].less;
            const double number = json_number_value(value) - (less != NULL ? json_number_value(bg_figure_find(data, less)) : 0);
            if (json_is_number(value))
                bg_exposition_add(exposition, &family->metric, &family->samples[i].label, number > 0 ? number : 0);
        }
}
