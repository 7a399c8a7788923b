/* check_sets.c: checks the named sets of assertions when the configuration is loaded, so that no later check fails on them. */
#include "beamgauge/check.h"

#include "check_assertion.h"

static void check_lines(const struct bg_config *config, size_t index, const char *key, struct bg_failures *failures)
{
    const struct bg_config_check *set = &config->checks[index];
    const bool warns = key[0] == 'w';
    const size_t count = warns ? set->warns_count : set->asserts_count;
    struct bg_assertion assertion;
    struct bg_failure why, failure;
    for (size_t i = 0; i < count; i++) {
        const char *line = (warns ? set->warns : set->asserts)[i];
        if (bg_assertion_read(line, &assertion, &why) == BG_OK)
            continue;
        bg_fail_param(&failure, BG_INVALID, "check", "[check %.64s]: \"%.120s\", %s", set->name, line, why.text);
        bg_config_place(config, "check", index, key, i, &failure);
        bg_failures_add(failures, &failure);
    }
}

void bg_check_sets_check(const struct bg_config *config, struct bg_failures *failures)
{
    for (size_t i = 0; i < config->checks_count; i++) {
        const struct bg_config_check *set = &config->checks[i];
        struct bg_failure failure;
        check_lines(config, i, "assert", failures);
        check_lines(config, i, "warn", failures);
        if (set->asserts_count + set->warns_count > 0)
            continue;
        bg_fail_param(&failure, BG_INVALID, "check", "[check %.64s] asserts nothing: give it a line assert = EXPRESSION", set->name);
        bg_config_place(config, "check", i, NULL, 0, &failure);
        bg_failures_add(failures, &failure);
    }
}
