/* config_case.h: a folder, files and a configuration of its own for each test. */
#ifndef BG_TEST_CONFIG_CASE_H
#define BG_TEST_CONFIG_CASE_H

#include "beamgauge/config.h"

#include <stddef.h>

struct config_case {
    char folder[64], path[96], cookie_path[96]; /* cookie_path holds the cookie "biscuit", mode 400 */
    struct bg_config config;                    /* the defaults at first */
    struct bg_failures failures;                /* of the last read */
    struct bg_failure failure;                  /* the first of them, or another */
};

/* cmocka's setup and teardown. */
int config_case_begin(void **state);
int config_case_end(void **state);

void file_write(const char *path, const void *bytes, size_t length);
enum bg_error config_case_read_path(struct config_case *test, const char *path);
/* Writes `text` to config_case.path and reads it. */
enum bg_error config_case_read(struct config_case *test, const char *text);
/* Expects BG_INVALID and the failure "PATH:LINE: REASON", where REASON contains `reason`. */
void config_case_refuses(struct config_case *test, const char *text, int line, const char *reason);

#endif
