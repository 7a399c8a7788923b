/* process.c: the resources that this process uses, from getrusage(2) and proc(5). */
#include "beamgauge/process.h"
#include "beamgauge/log.h"
#include "beamgauge/metrics.h"
#include "beamgauge/reserve.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
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

enum { CPU, MEMORY, FILES, FILES_MAX, LOST, RESERVE };

const struct bg_metric bg_process_metrics[] = {
    [CPU] = {"process_cpu_seconds", "CPU time that beamgauge has taken, user and system", BG_METRIC_COUNTER, "seconds", {NULL}},
    [MEMORY] = {"process_resident_memory_bytes", "Memory of beamgauge that is in RAM", BG_METRIC_GAUGE, "bytes", {NULL}},
    [FILES] = {"process_open_fds", "File descriptors that beamgauge has open", BG_METRIC_GAUGE, NULL, {NULL}},
    [FILES_MAX] = {"process_max_fds", "File descriptors that beamgauge may open", BG_METRIC_GAUGE, NULL, {NULL}},
    [LOST] = {"beamgauge_log_lines_lost", "Lines of the log that could not be written", BG_METRIC_COUNTER, NULL, {NULL}},
    [RESERVE] = {"beamgauge_memory_reserve_uses",
                 "Allocations that the system refused, and that were served from the reserve of memory",
                 BG_METRIC_COUNTER,
                 NULL,
                 {NULL}},
    {.name = NULL},
};

void bg_process_collect(void *context, struct bg_exposition *exposition)
{
    const struct bg_metric *metrics = bg_process_metrics;
    struct rlimit limit;

    (void)context;
    bg_exposition_add(exposition, &metrics[CPU], NULL, cpu_seconds());
    bg_exposition_add(exposition, &metrics[MEMORY], NULL, resident_bytes());
    bg_exposition_add(exposition, &metrics[FILES], NULL, open_files());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        bg_exposition_add(exposition, &metrics[FILES_MAX], NULL, (double)limit.rlim_cur);
    bg_exposition_add(exposition, &metrics[LOST], NULL, (double)bg_log_lost());
    bg_exposition_add(exposition, &metrics[RESERVE], NULL, (double)bg_reserve_given());
}

size_t bg_process_raise_files(size_t wanted)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
        const struct rlimit raised = {.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max, .rlim_max = limit.rlim_max};

        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur < SIZE_MAX ? (size_t)limit.rlim_cur : SIZE_MAX;
}

bool bg_process_open_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
            return false;
    return true;
}

void bg_process_tune_memory(void)
{
#ifdef M_MXFAST
    mallopt(M_MXFAST, 0);
#endif
}
