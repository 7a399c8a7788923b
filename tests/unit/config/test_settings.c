/* test_settings.c: the table of settings: defaults, bounds and units of every row, and the sample made from it. */
#include "config_case.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool is_number(const struct bg_setting *setting)
{
    static const char *const types[] = {"bytes", "ms", "count", "port"};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(setting->type, types[i]) == 0)
            return true;
    return false;
}

/* The value in the config, or in its first node. */
static int64_t number_of(const struct bg_config *config, const struct bg_setting *setting)
{
    const char *base = strcmp(setting->section, "node") == 0 ? (const char *)config->nodes : (const char *)config;
    int64_t number;

    memcpy(&number, base + setting->field, sizeof(number));
    return number;
}

static enum bg_error read_one(struct config_case *test, const struct bg_setting *setting, const char *value)
{
    bool node = strcmp(setting->section, "node") == 0;
    char text[256];

    snprintf(text, sizeof(text), "[%s%s]\n%s = %s\n", setting->section, node ? " a@b" : "", setting->key, value);
    return config_case_read(test, text);
}

static enum bg_error read_number(struct config_case *test, const struct bg_setting *setting, int64_t number)
{
    char value[32];

    snprintf(value, sizeof(value), "%" PRId64, number);
    return read_one(test, setting, value);
}

static void every_row_is_complete(void **state)
{
    static const char *const types[] = {"address:port", "bytes", "ms",   "count",   "port",  "hosts",  "name",   "words", "pem",
                                        "lines",        "path",  "file", "boolean", "level", "sha256", "scopes", "users", "address"};
    size_t rows = 0;

    (void)state;
    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++, rows++) {
        size_t type = 0;

        while (type < sizeof(types) / sizeof(types[0]) && strcmp(types[type], setting->type) != 0)
            type++;
        assert_true(type < sizeof(types) / sizeof(types[0]));
        assert_true(strlen(setting->key) > 0 && strlen(setting->meaning) > 0);
        assert_true(!is_number(setting) || (setting->min < setting->max && setting->fallback != NULL));
        for (const struct bg_setting *other = bg_settings; other != setting; other++)
            assert_false(strcmp(other->section, setting->section) == 0 && strcmp(other->key, setting->key) == 0);
    }
    assert_in_range(rows, 1, 64); /* what the reader has room for */
}

static void defaults_are_those_promised(void **state)
{
    const struct config_case *test = *state;
    const struct bg_config *config = &test->config;

    assert_string_equal(config->listen_address, "127.0.0.1");
    assert_int_equal(config->listen_port, 7788);
    assert_string_equal(config->name, "");
    assert_string_equal(config->cookie_file, "~/.erlang.cookie");
    assert_int_equal(config->log_level, BG_LOG_INFO);
    assert_int_equal(config->allowed_hosts_count, 0);
    assert_int_equal(config->epmd_port, 0);
    assert_true(config->discover);
    assert_int_equal(config->header_max_bytes, 8 * 1024);
    assert_int_equal(config->body_max_bytes, 64 * 1024);
    assert_int_equal(config->connections_max, 1024);
    assert_int_equal(config->requests_max, 512);
    assert_int_equal(config->connection_idle_ms, 60 * 1000);
    assert_int_equal(config->connection_total_ms, 3600 * 1000);
    assert_int_equal(config->request_ms, 15 * 1000);
    assert_int_equal(config->node_in_flight_max, 64);
    assert_int_equal(config->nodes_max, 256);
    assert_int_equal(config->answer_max_bytes, 32 * 1024 * 1024);
    assert_int_equal(config->probe_heap_bytes, 256 * 1024 * 1024);
    assert_int_equal(config->list_entries_max, 200000);
    assert_int_equal(config->connect_timeout_ms, 5000);
    assert_int_equal(config->tick_ms, 15000);
    assert_int_equal(config->retry_min_ms, 500);
    assert_int_equal(config->retry_max_ms, 30000);
    assert_int_equal(config->answers_max, 4096);
    assert_int_equal(config->answers_max_bytes, 64 << 20);
    assert_int_equal(config->nodes_count, 0);
    assert_int_equal(config->tokens_count, 0);
}

static void every_number_is_kept_within_its_bounds(void **state)
{
    struct config_case *test = *state;

    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++) {
        if (!is_number(setting))
            continue;
        assert_int_equal(read_number(test, setting, setting->min), BG_OK);
        assert_int_equal(number_of(&test->config, setting), setting->min);
        assert_int_equal(read_number(test, setting, setting->max), BG_OK);
        assert_int_equal(number_of(&test->config, setting), setting->max);
        assert_int_equal(read_number(test, setting, setting->min - 1), BG_INVALID);
        assert_non_null(strstr(test->failure.text, ":2: "));
        assert_non_null(strstr(test->failure.text, "expected "));
        assert_string_equal(test->failure.param, setting->key);
        assert_int_equal(read_number(test, setting, setting->max + 1), BG_INVALID);
        assert_int_equal(number_of(&test->config, setting), setting->max);
    }
}

static void every_number_refuses_what_is_none(void **state)
{
    static const char *const bad[] = {"",
                                      "abc",
                                      "+5000",
                                      "-5000",
                                      "0x2000",
                                      "5000x",
                                      "5e3",
                                      "5000.0",
                                      "5000 5000",
                                      "99999999999999999999",
                                      "KiB",
                                      "9223372036854775807GiB",
                                      "17179869185GiB",
                                      "9223372036854775807h",
                                      "8kib",
                                      "8KB",
                                      "5 S",
                                      "5sec"};
    struct config_case *test = *state;

    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++)
        for (size_t i = 0; is_number(setting) && i < sizeof(bad) / sizeof(bad[0]); i++)
            assert_int_equal(read_one(test, setting, bad[i]), BG_INVALID);
}

static void sizes_and_times_take_units(void **state)
{
    struct config_case *test = *state;

    assert_int_equal(config_case_read(test, "[limits]\nheader_max_bytes = 2KiB\nbody_max_bytes=1 MiB\nprobe_heap_bytes= 2GiB\n"
                                            "connection_idle_ms = 1500\nconnection_total_ms = 2h\nrequest_ms = 250ms\n"
                                            "connect_timeout_ms = 7s\ntick_ms = 3 m\n"),
                     BG_OK);
    assert_int_equal(test->config.header_max_bytes, 2048);
    assert_int_equal(test->config.body_max_bytes, 1048576);
    assert_int_equal(test->config.probe_heap_bytes, INT64_C(2147483648));
    assert_int_equal(test->config.connection_idle_ms, 1500);
    assert_int_equal(test->config.connection_total_ms, 7200000);
    assert_int_equal(test->config.request_ms, 250);
    assert_int_equal(test->config.connect_timeout_ms, 7000);
    assert_int_equal(test->config.tick_ms, 180000);
    config_case_refuses(test, "[limits]\ntick_ms = 1KiB\n", 2, "expected a time (milliseconds, or with s, m or h) from 10ms to 1h");
    config_case_refuses(test, "[limits]\nbody_max_bytes = 1s\n", 2, "expected a size (bytes, or with KiB, MiB or GiB) from 1KiB to 16MiB");
    config_case_refuses(test, "[limits]\nnodes_max = 1KiB\n", 2, "nodes_max = 1KiB: expected a whole number from 1 to 4096");
}

/* Prints the sample into the config's own file; `uncommented`: with every setting and section made active. */
static void sample_write(struct config_case *test, bool uncommented)
{
    char *sample = NULL, *active;
    size_t length = 0, used = 0;
    FILE *out = open_memstream(&sample, &length);

    assert_non_null(out);
    bg_config_print_sample(out);
    fclose(out);
    active = calloc(1, length + 1);
    assert_non_null(active);
    for (size_t i = 0; i < length; i++)
        if (!uncommented || sample[i] != '#' || (i > 0 && sample[i - 1] != '\n') || sample[i + 1] == ' ')
            active[used++] = sample[i];
    file_write(test->path, active, used);
    free(active);
    free(sample);
}

static void the_sample_is_a_right_file_and_changes_nothing(void **state)
{
    struct config_case *test = *state;

    sample_write(test, false);
    assert_int_equal(config_case_read_path(test, test->path), BG_OK);
    defaults_are_those_promised(state);
}

static void the_sample_shows_every_setting_with_its_default(void **state)
{
    struct config_case *test = *state;
    char *sample = NULL, line[128];
    size_t length = 0;
    FILE *out = open_memstream(&sample, &length);

    bg_config_print_sample(out);
    fclose(out);
    for (const struct bg_setting *setting = bg_settings; setting->section != NULL; setting++) {
        const char *fallback = setting->fallback != NULL ? setting->fallback : "";

        snprintf(line, sizeof(line), "\n#%s =%s%s\n", setting->key, fallback[0] != '\0' ? " " : "", fallback);
        assert_non_null(strstr(sample, line));
        assert_non_null(strstr(sample, setting->meaning));
    }
    free(sample);
    (void)test;
}

static void the_samples_values_are_right_but_for_the_ones_to_fill_in(void **state)
{
    struct config_case *test = *state;

    setenv("HOME", test->folder, 1);
    sample_write(test, true);
    /* The default cookie file is not there; then the certificate's is left empty. */
    assert_int_equal(config_case_read_path(test, test->path), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "~/.erlang.cookie cannot be read"));
    snprintf(test->cookie_path, sizeof(test->cookie_path), "%s/cookie2", test->folder);
    file_write(test->cookie_path, "biscuit", 7);
    snprintf(test->path, sizeof(test->path), "%s/.erlang.cookie", test->folder);
    assert_int_equal(rename(test->cookie_path, test->path), 0);
    snprintf(test->path, sizeof(test->path), "%s/b.ini", test->folder);
    assert_int_equal(config_case_read_path(test, test->path), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "tls_cert: expected the path of a file"));
    snprintf(test->cookie_path, sizeof(test->cookie_path), "%s/.erlang.cookie", test->folder);
    assert_int_equal(remove(test->cookie_path), 0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, config_case_begin, config_case_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(every_row_is_complete),
        CASE(defaults_are_those_promised),
        CASE(every_number_is_kept_within_its_bounds),
        CASE(every_number_refuses_what_is_none),
        CASE(sizes_and_times_take_units),
        CASE(the_sample_is_a_right_file_and_changes_nothing),
        CASE(the_sample_shows_every_setting_with_its_default),
        CASE(the_samples_values_are_right_but_for_the_ones_to_fill_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
