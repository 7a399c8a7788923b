/* places.c: which line of the file set what, for failures that are found only after the file was read. */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

bool bg_config_note_line(struct bg_config *config, const char *section, size_t index, const char *key, int line)
{
    struct bg_config_line *grown = reallocarray(config->lines, config->lines_count + 1, sizeof(*grown));

    if (grown == NULL)
        return false;
    config->lines = grown;
    grown[config->lines_count++] = (struct bg_config_line){.section = section, .key = key, .index = index, .line = line};
    return true;
}

static bool is_at(const struct bg_config_line *line, const char *section, size_t index, const char *key)
{
    if (strcmp(line->section, section) != 0 || line->index != index)
        return false;
    return key == NULL || line->key == NULL ? key == line->key : strcmp(key, line->key) == 0;
}

/* The line of the nth such setting, from 0; 0: there is none. */
static int find_line(const struct bg_config *config, const char *section, size_t index, const char *key, size_t nth)
{
    for (size_t i = 0; i < config->lines_count; i++)
        if (is_at(&config->lines[i], section, index, key) && nth-- == 0)
            return config->lines[i].line;
    return 0;
}

bool bg_config_has_line(const struct bg_config *config, const char *section, const char *key)
{
    return find_line(config, section, 0, key, 0) > 0;
}

void bg_config_forget_line(struct bg_config *config, const char *section, const char *key)
{
    for (size_t i = config->lines_count; i-- > 0;)
        if (is_at(&config->lines[i], section, 0, key))
            memmove(&config->lines[i], &config->lines[i + 1], (--config->lines_count - i) * sizeof(config->lines[0]));
}

/* Sections of which there may be many. */
static bool is_named(const char *section)
{
    return strcmp(section, "node") == 0 || strcmp(section, "token") == 0 || strcmp(section, "check") == 0;
}

void bg_config_place(const struct bg_config *config, const char *section, size_t index, const char *key, size_t nth,
                     struct bg_failure *failure)
{
    const struct bg_failure found = *failure;
    int line = find_line(config, section, index, key, nth);

    if (line == 0 && is_named(section))
        line = find_line(config, section, index, NULL, 0);
    if (line > 0)
        bg_fail_param(failure, found.error, found.param, "%.200s:%d: %s", config->path, line, found.text);
}

void bg_config_place_setting(const struct bg_config *config, struct bg_failure *failure)
{
    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++)
        if (strcmp(setting->key, failure->param) == 0) {
            bg_config_place(config, setting->section, 0, setting->key, 0, failure);
            return;
        }
}
