/* test_trend.c: leaks grow; saw-teeth, steps, noise and what has ended do not. */
#include "beamgauge/trend.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT 360

static struct bg_point points[COUNT];
static uint64_t seed;

/* -1 to 1 */
static double noise(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(int64_t)(seed >> 11) / (double)(UINT64_C(1) << 52) - 1;
}

typedef double shape(size_t i);

static struct bg_trend trend(shape *value, size_t count)
{
    struct bg_trend found;
    seed = 1;
    for (size_t i = 0; i < count; i++)
        points[i] = (struct bg_point){.at_s = 1000 + 10 * (double)i, .value = value(i)};
    bg_trend_of(points, count, &found);
    return found;
}

static double leak(size_t i)
{
    return 1e8 + 14000 * (double)i;
}
static double steep_leak(size_t i)
{
    return 1e8 + 1e6 * (double)i;
}
static double noisy_leak(size_t i)
{
    return leak(i) + 3e5 * noise();
}
static double leak_with_gc(size_t i)
{
    return leak(i) + 2e6 * (double)(i % 5);
}
static double leak_with_outliers(size_t i)
{
    return i % 40 == 7 ? 9e9 : leak(i);
}
static double late_leak(size_t i)
{
    return i < 200 ? 1e8 + 1e4 * noise() : 1e8 + 14000 * (double)(i - 200);
}
static double new_leak(size_t i)
{
    return i < 275 ? 1e8 + 1e4 * noise() : 1e8 + 30000 * (double)(i - 275);
}
static double small_leak(size_t i)
{
    return 5 + (double)(i / 4);
}
static double flat(size_t i)
{
    (void)i;
    return 1e8;
}
static double noise_only(size_t i)
{
    (void)i;
    return 1e8 + 1e6 * noise();
}
static double tooth(size_t i)
{
    return 1e8 + 1e6 * (double)(i % 60);
}
/* Its last edge is as long as a quarter of the time. */
static double edge(size_t i)
{
    return 1e8 + 1e6 * (double)((i + 80) % 180);
}

/* A tooth, and then lower than before. */
static double fallen(size_t i)
{
    return i < 355 ? leak(i) : 5e7;
}

static double long_tooth(size_t i)
{
    return 1e8 + 1e6 * (double)(i % 110);
}
static double step(size_t i)
{
    return i < 180 ? 1e8 + 1e4 * noise() : 6e8 + 1e4 * noise();
}
static double late_step(size_t i)
{
    return i < 300 ? 1e8 + 1e4 * noise() : 6e8 + 1e4 * noise();
}
static double two_steps(size_t i)
{
    return 1e8 * (1 + (i >= 120) + (i >= 240));
}
static double ended(size_t i)
{
    return i < 200 ? leak(i) : leak(200) + 1e4 * noise();
}
static double falling(size_t i)
{
    return 1e9 - 14000 * (double)i;
}
static double day(size_t i)
{
    return 1e8 + 1e7 * sin((double)i / 57.3 * 1.5);
}
static double crawl(size_t i)
{
    return 1e9 + 100 * (double)i;
}
static double none(size_t i)
{
    (void)i;
    return NAN;
}

static void leaks_grow(void **state)
{
    static const struct {
        shape *value;
        double per_second;
    } cases[] = {{leak, 1400},      {noisy_leak, 1400}, {leak_with_gc, 1400}, {leak_with_outliers, 1400},
                 {late_leak, 1400}, {new_leak, 3000},   {small_leak, 0.025}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bg_trend found = trend(cases[i].value, COUNT);
        if (!found.grows || fabs(found.per_second - cases[i].per_second) > 0.15 * cases[i].per_second)
            fail_msg("case %zu: grows %d, %g each second, steadiness %g", i, found.grows, found.per_second, found.steadiness);
    }
}

static void what_is_no_leak_does_not(void **state)
{
    static shape *const cases[] = {flat,      noise_only, tooth, edge,    fallen, long_tooth, step,
                                   late_step, two_steps,  ended, falling, day,    crawl,      none};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct bg_trend found = trend(cases[i], COUNT);
        if (found.grows)
            fail_msg("case %zu: %g each second, steadiness %g, since %g", i, found.per_second, found.steadiness, found.since_s);
    }
}

static void it_is_said_since_when(void **state)
{
    (void)state;
    assert_true(trend(leak, COUNT).since_s == 1000);
    assert_in_range((int)trend(late_leak, COUNT).since_s, 1000 + 1700, 1000 + 2100);
    assert_in_range((int)trend(new_leak, COUNT).since_s, 1000 + 2600, 1000 + 2800);
}

static void few_points_say_nothing(void **state)
{
    (void)state;
    for (size_t count = 0; count < BG_TREND_POINTS_MIN; count++)
        assert_false(trend(steep_leak, count).grows);
    assert_true(trend(steep_leak, BG_TREND_POINTS_MIN).grows);
    assert_int_equal(trend(leak, 0).points_count, 0);
    assert_int_equal(trend(none, COUNT).points_count, 0);
    assert_true(trend(falling, COUNT).per_second < 0);
    assert_true(trend(leak, COUNT).steadiness == 1);
}

static void gaps_are_left_out(void **state)
{
    (void)state;
    (void)trend(leak, COUNT);
    for (size_t i = 100; i < 150; i++)
        points[i].value = NAN;
    struct bg_trend found;
    bg_trend_of(points, COUNT, &found);
    assert_true(found.grows);
    assert_true(fabs(found.per_second - 1400) < 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaks_grow),
        cmocka_unit_test(what_is_no_leak_does_not),
        cmocka_unit_test(it_is_said_since_when),
        cmocka_unit_test(few_points_say_nothing),
        cmocka_unit_test(gaps_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
