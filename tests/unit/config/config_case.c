/* config_case.c: a folder, files and a configuration of its own for each test. */
#include "config_case.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void file_write(const char *path, const void *bytes, size_t length)
{
    FILE *file;

    unlink(path);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0); /* as files with a secret have to be */
}

int config_case_begin(void **state)
{
    struct config_case *test = calloc(1, sizeof(*test));

    assert_non_null(test);
    snprintf(test->folder, sizeof(test->folder), "/tmp/beamgauge-config-XXXXXX");
    assert_non_null(mkdtemp(test->folder));
    snprintf(test->path, sizeof(test->path), "%s/b.ini", test->folder);
    snprintf(test->cookie_path, sizeof(test->cookie_path), "%s/cookie", test->folder);
    file_write(test->cookie_path, "biscuit\n", 8);
    assert_int_equal(chmod(test->cookie_path, 0400), 0);
    bg_config_init(&test->config);
    *state = test;
    return 0;
}

int config_case_end(void **state)
{
    struct config_case *test = *state;
    DIR *folder = opendir(test->folder);
    struct dirent *entry;
    char path[512];

    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.') {
            snprintf(path, sizeof(path), "%s/%s", test->folder, entry->d_name);
            unlink(path);
        }
    if (folder != NULL)
        closedir(folder);
    rmdir(test->folder);
    bg_config_done(&test->config);
    free(test);
    return 0;
}

enum bg_error config_case_read_path(struct config_case *test, const char *path)
{
    enum bg_error error = bg_config_read(path, &test->config, &test->failures);

    if (error != BG_OK)
        test->failure = test->failures.list[0];
    return error;
}

enum bg_error config_case_read(struct config_case *test, const char *text)
{
    file_write(test->path, text, strlen(text));
    return config_case_read_path(test, test->path);
}

void config_case_refuses(struct config_case *test, const char *text, int line, const char *reason)
{
    char place[128];

    assert_int_equal(config_case_read(test, text), BG_INVALID);
    snprintf(place, sizeof(place), "%s:%d: ", test->path, line);
    if (strncmp(test->failure.text, place, strlen(place)) != 0 || strstr(test->failure.text + strlen(place), reason) == NULL)
        fail_msg("expected \"%s...%s\", got \"%s\"", place, reason, test->failure.text);
}
