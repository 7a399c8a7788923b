/* test_clock.c: the system's clocks and RFC 3339. */
#include "beamgauge/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void time_is_written_as_rfc3339(void **state)
{
    static const struct {
        int64_t wall_ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-1000, "1969-12-31T23:59:59.000Z"},
        {INT64_C(951827696789), "2000-02-29T12:34:56.789Z"},
        {INT64_C(1795420800123), "2026-11-23T08:00:00.123Z"},
        {INT64_C(4102444799999), "2099-12-31T23:59:59.999Z"},
        {INT64_C(253402300799999), "9999-12-31T23:59:59.999Z"},
        {INT64_C(253402300800000), "9999-12-31T23:59:59.999Z"},
        {INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[BG_RFC3339_SIZE];

        memset(text, '#', sizeof(text));
        bg_clock_rfc3339(cases[i].wall_ms, text);
        assert_string_equal(text, cases[i].text);
    }
}

static void system_clock_is_the_systems(void **state)
{
    const struct bg_clock *clock = bg_clock_system();
    int64_t before = (int64_t)time(NULL), wall = bg_clock_wall_ms(clock), after = (int64_t)time(NULL);
    int64_t first = bg_clock_monotonic_us(clock), second = bg_clock_monotonic_us(clock);
    struct timespec now;

    (void)state;
    assert_true(wall / 1000 >= before - 1 && wall / 1000 <= after + 1);
    assert_true(second >= first);
    clock_gettime(CLOCK_MONOTONIC, &now);
    assert_true(((int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000) - second < 1000000);
}

static int64_t hand_moved(void *context)
{
    return *(const int64_t *)context;
}

static void clock_can_be_moved_by_hand(void **state)
{
    int64_t now = 5;
    const struct bg_clock clock = {.monotonic_us = hand_moved, .wall_ms = hand_moved, .context = &now};

    (void)state;
    assert_int_equal(bg_clock_monotonic_us(&clock), 5);
    now = 9;
    assert_int_equal(bg_clock_wall_ms(&clock), 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_is_written_as_rfc3339),
        cmocka_unit_test(system_clock_is_the_systems),
        cmocka_unit_test(clock_can_be_moved_by_hand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
