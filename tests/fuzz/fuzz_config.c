/* fuzz_config.c: hostile bytes as a configuration file. What is refused names a line; what is taken can be checked, and read again. */
#include "beamgauge/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A file in memory; its path. */
static const char *file_of(const uint8_t *data, size_t size)
{
    static char path[32];
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("config", MFD_CLOEXEC);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) != 0 || (size > 0 && pwrite(fd, data, size, 0) != (ssize_t)size))
        abort();
    return path;
}

static void check_taken(const struct bg_config *config)
{
    if (config->nodes_count > BG_CONFIG_NODES_MAX || config->tokens_count > BG_CONFIG_TOKENS_MAX ||
        config->checks_count > BG_CONFIG_CHECKS_MAX)
        abort();
    for (size_t i = 0; i < config->tokens_count; i++)
        if (config->tokens[i].scopes == BG_SCOPE_NONE)
            abort();
    for (size_t i = 0; i < config->nodes_count; i++)
        if (config->nodes[i].tags_count > BG_CONFIG_WORDS_MAX || config->nodes[i].port < 0 || config->nodes[i].port > 65535)
            abort();
    if (config->listen_port < 0 || config->listen_port > 65535 || config->connections_max < 1)
        abort();
}

/* Each is FILE:LINE: reason, in the order of their lines. */
static void check_refused(const struct bg_failures *failures, const char *path)
{
    int last = 0;

    if (failures->count == 0 || failures->count > BG_FAILURES_MAX)
        abort();
    for (size_t i = 0; i < failures->count; i++) {
        const char *text = failures->list[i].text;
        if (failures->list[i].error == BG_OK || strncmp(text, path, strlen(path)) != 0 || text[strlen(path)] != ':' ||
            atoi(text + strlen(path) + 1) < last)
            abort();
        last = atoi(text + strlen(path) + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = file_of(data, size);
    struct bg_config config, again;
    struct bg_failures failures = {.count = 0};
    struct bg_failure failure;
    char names[512];

    bg_config_init(&config);
    bg_config_init(&again);
    if (bg_config_read(path, &config, &failures) != BG_OK) {
        check_refused(&failures, path);
    } else {
        check_taken(&config);
        if (bg_config_check(&config, &failure) != BG_OK && failure.text[0] == '\0')
            abort();
        if (bg_config_read(path, &again, &failures) != BG_OK || bg_config_restart_needed(&config, &again, sizeof names, names))
            abort(); /* the same file is the same configuration */
    }
    bg_config_done(&config);
    bg_config_done(&again);
    return 0;
}
