/* process.c: what this process takes of the machine, as getrusage(2) and proc(5) tell. */
#include "beamgauge/metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static double cpu_seconds(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long size, resident = 0;

    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static double open_files(void)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;
    int count = -1; /* the folder itself */

    if (folder == NULL)
        return 0;
    while ((entry = readdir(folder)) != NULL)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

void bg_process_collect(void *context, struct bg_exposition *exposition)
{
    static const struct bg_metric cpu = {
        "process_cpu_seconds", "CPU time that beamgauge has taken, user and system", BG_METRIC_COUNTER, "seconds", {NULL}};
    static const struct bg_metric memory = {
        "process_resident_memory_bytes", "Memory of beamgauge that is in RAM", BG_METRIC_GAUGE, "bytes", {NULL}};
    static const struct bg_metric files = {"process_open_fds", "File descriptors that beamgauge has open", BG_METRIC_GAUGE, NULL, {NULL}};
    static const struct bg_metric files_max = {
        "process_max_fds", "File descriptors that beamgauge may open", BG_METRIC_GAUGE, NULL, {NULL}};
    struct rlimit limit;

    (void)context;
    bg_exposition_add(exposition, &cpu, NULL, cpu_seconds());
    bg_exposition_add(exposition, &memory, NULL, resident_bytes());
    bg_exposition_add(exposition, &files, NULL, open_files());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        bg_exposition_add(exposition, &files_max, NULL, (double)limit.rlim_cur);
}
