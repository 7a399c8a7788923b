/* check_sets.c: checks the named sets of assertions when the configuration is loaded, so that no later check fails on them. */
#include "beamgauge/check.h"

#include "check_assertion.h"

static enum bg_error check_lines(const char *name, char *const *lines, size_t count, struct bg_failure *ret_failure)
{
    struct bg_assertion assertion;
    struct bg_failure failure;
    for (size_t i = 0; i < count; i++)
        if (bg_assertion_read(lines[i], &assertion, &failure) != BG_OK)
            return bg_fail_param(ret_failure, BG_INVALID, "check", "[check %.64s]: \"%.120s\", %s", name, lines[i], failure.text);
    return BG_OK;
}

enum bg_error bg_check_sets_check(const struct bg_config *config, struct bg_failure *ret_failure)
{
    for (size_t i = 0; i < config->checks_count; i++) {
        const struct bg_config_check *set = &config->checks[i];
        enum bg_error error = check_lines(set->name, set->asserts, set->asserts_count, ret_failure);
        if (error == BG_OK)
            error = check_lines(set->name, set->warns, set->warns_count, ret_failure);
        if (error == BG_OK && set->asserts_count + set->warns_count == 0)
            error = bg_fail_param(ret_failure, BG_INVALID, "check", "[check %.64s] asserts nothing: give it a line assert = EXPRESSION",
                                  set->name);
        if (error != BG_OK)
            return error;
    }
    return BG_OK;
}
