/* memory_host.c: reads /proc and the files of cgroups, version 1 and 2, that a node has sent. */
#include "memory_host.h"

#include <stdlib.h>
#include <string.h>

#define UNLIMITED ((int64_t)1 << 60) /* version 1 writes "no limit" as about 2^63, in whole pages */

/* The text of {ok, Text}; NULL of {error, _}. */
static const char *text_of(const json_t *file)
{
    const char *word = json_string_value(json_array_get(file, 0));
    return word != NULL && strcmp(word, "ok") == 0 ? json_string_value(json_array_get(file, 1)) : NULL;
}

/* The bytes of a line "NAME: 123 kB"; -1 if there is no such line. */
static int64_t line_bytes(const json_t *file, const char *name)
{
    const char *line = text_of(file);
    const size_t length = strlen(name);
    for (; line != NULL; line = strchr(line, '\n') != NULL ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':') {
            char *end;
            const long long kilobytes = strtoll(line + length + 1, &end, 10);
            return end != line + length + 1 && kilobytes >= 0 && kilobytes < UNLIMITED / 1024 ? kilobytes * 1024 : -1;
        }
    return -1;
}

/* The number in a file; -1 if it is not a number, for example "max". */
static int64_t number_of(const json_t *file)
{
    const char *text = text_of(file);
    char *end;
    const long long number = text != NULL ? strtoll(text, &end, 10) : -1;
    return text != NULL && end != text && number >= 0 && number < UNLIMITED ? number : -1;
}

struct cgroup {
    int64_t limit, used;
};

/* From the limits and the use of cgroups, from the top down: the lowest limit, and the use that counts against it. Without any limit: the
 * use of the innermost. */
static struct cgroup cgroup_read(const json_t *files)
{
    struct cgroup tightest = {-1, -1};
    const size_t count = json_array_size(files) / 2;
    for (size_t i = count; i > 0; i--) {
        const struct cgroup each = {number_of(json_array_get(files, i - 1)), number_of(json_array_get(files, count + i - 1))};
        if (each.limit >= 0 && each.used >= 0 && (tightest.limit < 0 || each.limit < tightest.limit))
            tightest = each;
        else if (tightest.used < 0)
            tightest.used = each.used;
    }
    return tightest;
}

static void put(struct bg_shaper *shaper, json_t *data, const char *name, int64_t bytes)
{
    bg_put(shaper, data, name, bg_count_or_null(bytes));
}

static void put_ratio(struct bg_shaper *shaper, json_t *data, const char *name, int64_t part, int64_t whole)
{
    bg_put(shaper, data, name, part >= 0 && whole > 0 ? bg_ratio_new(part, whole) : json_null());
}

void bg_host_put(struct bg_shaper *shaper, json_t *data, const json_t *answer, int64_t carriers_bytes)
{
    const json_t *status = json_object_get(answer, "status");
    const int64_t rss = line_bytes(status, "VmRSS"), swap = line_bytes(status, "VmSwap");
    const int64_t machine = line_bytes(json_object_get(answer, "meminfo"), "MemTotal");
    const int64_t unexplained = rss + (swap > 0 ? swap : 0) - carriers_bytes;
    const struct cgroup cgroup = cgroup_read(json_object_get(answer, "cgroups"));
    const int64_t limit = cgroup.limit >= 0 && (machine < 0 || cgroup.limit < machine) ? cgroup.limit : machine;
    put(shaper, data, "rss_bytes", rss);
    put(shaper, data, "swap_bytes", swap);
    put(shaper, data, "machine_bytes", machine);
    put_ratio(shaper, data, "rss_ratio", rss, machine);
    put(shaper, data, "cgroup_limit_bytes", cgroup.limit);
    put(shaper, data, "cgroup_used_bytes", cgroup.used);
    put_ratio(shaper, data, "cgroup_ratio", cgroup.used, limit);
    put(shaper, data, "limit_bytes", limit);
    put(shaper, data, "carriers_bytes", carriers_bytes);
    put(shaper, data, "unexplained_bytes", rss < 0 || carriers_bytes < 0 ? -1 : unexplained > 0 ? unexplained : 0);
}
