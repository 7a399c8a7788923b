/* test_figures.c: the bytes of figures: there and back, small, and safe whatever they are. */
#include "figures.h"
#include "fixture.h"

#include <float.h>
#include <stdlib.h>

static uint8_t bytes[BG_FIGURES_SIZE];
static struct bg_figure back[BG_STORE_SERIES_MAX];

static struct bg_figure figure_of(double min, double mean, double max, uint32_t count)
{
    return (struct bg_figure){.mean = mean, .min = min, .max = max, .count = count};
}

static size_t there_and_back(const struct bg_figure *figures, size_t count, uint32_t samples)
{
    const size_t length = bg_figures_encode(figures, count, samples, bytes);

    assert_true(length <= sizeof bytes);
    assert_true(bg_figures_decode(bytes, length, count, samples, back));
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(back[i].count, figures[i].count);
        if (figures[i].count == 0)
            continue;
        assert_true(back[i].min == figures[i].min && back[i].max == figures[i].max);
        assert_true(fabs(back[i].mean / 4 - figures[i].mean / 4) <= (figures[i].max / 4 - figures[i].min / 4) / (1 << 24));
        assert_true(back[i].mean >= back[i].min && back[i].mean <= back[i].max);
    }
    return length;
}

static void numbers_of_all_kinds_come_back(void **state)
{
    const double values[] = {
        0,    1,     -1,       63,      64,      -64,      -65,  1e15, 9007199254740992.0, -9007199254740992.0, 9007199254740994.0, 0.1,
        -0.5, 1e300, -DBL_MAX, DBL_MAX, DBL_MIN, 4.9e-324, 1e19, -1e19};
    const size_t count = sizeof values / sizeof values[0];
    struct bg_figure figures[count * 3];

    (void)state;
    for (size_t i = 0; i < count; i++) {
        figures[3 * i] = figure_of(values[i], values[i], values[i], 6);
        figures[3 * i + 1] = figure_of(-DBL_MAX, values[i], DBL_MAX, 6);
        figures[3 * i + 2] = figure_of(fmin(values[i], 5), (values[i] + 5) / 2, fmax(values[i], 5), (uint32_t)i % 6 + 1);
    }
    there_and_back(figures, count * 3, 6);
}

static void what_is_not_known_and_known_less_often_comes_back(void **state)
{
    const struct bg_figure figures[] = {{.count = 0}, figure_of(3, 3, 3, 1), {.count = 0}, figure_of(1, 2, 4, 2), figure_of(0.5, 1, 2, 3)};

    (void)state;
    for (size_t count = 1; count <= 5; count++)
        there_and_back(figures, count, 3);
}

static void the_most_bytes_are_enough(void **state)
{
    struct bg_figure figures[BG_STORE_SERIES_MAX];

    (void)state;
    for (size_t i = 0; i < BG_STORE_SERIES_MAX; i++)
        figures[i] = figure_of(-0.1, 0, 0.1, UINT32_MAX - 1);
    assert_int_equal(there_and_back(figures, BG_STORE_SERIES_MAX, UINT32_MAX), BG_FIGURES_SIZE);
    for (size_t i = 0; i < BG_STORE_SERIES_MAX; i++)
        figures[i] = figure_of(-9007199254740992.0, 0, 9007199254740992.0, UINT32_MAX - 1);
    there_and_back(figures, BG_STORE_SERIES_MAX, UINT32_MAX);
}

static void small_numbers_are_small(void **state)
{
    struct bg_figure figures[60];

    (void)state;
    for (size_t i = 0; i < 60; i++)
        figures[i] = figure_of((double)i, (double)i, (double)i, 1);
    assert_int_equal(there_and_back(figures, 60, 1), 30 + 60);
}

static uint32_t random_below(uint32_t end)
{
    static uint64_t seed = 7;

    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % end;
}

/* What is accepted must be sound, and no byte outside may be read: the block has exactly the bytes. */
static void decode_any(const uint8_t *any, size_t length, size_t count, uint32_t samples)
{
    uint8_t *block = malloc(length > 0 ? length : 1);

    memcpy(block, any, length);
    if (bg_figures_decode(block, length, count, samples, back))
        for (size_t i = 0; i < count; i++)
            if (back[i].count != 0) {
                assert_true(isfinite(back[i].min) && isfinite(back[i].max) && back[i].count <= samples);
                assert_true(back[i].min <= back[i].mean && back[i].mean <= back[i].max);
            }
    free(block);
}

static void any_bytes_are_safe(void **state)
{
    uint8_t any[200];

    (void)state;
    for (int round = 0; round < 200000; round++) {
        const size_t length = random_below(sizeof any), count = 1 + random_below(BG_STORE_SERIES_MAX);

        for (size_t i = 0; i < length; i++)
            any[i] = (uint8_t)(random_below(3) ? random_below(256) : random_below(5) * 0x11);
        decode_any(any, length, count, random_below(10));
    }
}

static void bytes_that_were_changed_or_cut_are_safe(void **state)
{
    const struct bg_figure figures[] = {figure_of(1, 2, 3, 4), figure_of(0.25, 0.5, 1, 5), figure_of(7, 7, 7, 5), {.count = 0}};
    const size_t length = bg_figures_encode(figures, 4, 5, bytes);

    (void)state;
    for (size_t cut = 0; cut < length; cut++)
        assert_false(bg_figures_decode(bytes, cut, 4, 5, back));
    assert_false(bg_figures_decode(bytes, length, 6, 5, back));
    assert_false(bg_figures_decode(bytes, length + 1, 4, 5, back));
    for (size_t i = 0; i < length; i++)
        for (int bit = 0; bit < 8; bit++) {
            bytes[i] ^= (uint8_t)(1 << bit);
            decode_any(bytes, length, 4, 5);
            bytes[i] ^= (uint8_t)(1 << bit);
        }
}

static void sums_are_weighted(void **state)
{
    struct bg_figure sum = {.count = 0}, one = figure_of(1, 2, 3, 1), many = figure_of(-5, 10, 20, 3), none = {.count = 0};

    (void)state;
    bg_figure_add(&sum, &none);
    assert_int_equal(sum.count, 0);
    bg_figure_add(&sum, &one);
    bg_figure_add(&sum, &none);
    bg_figure_add(&sum, &many);
    assert_int_equal(sum.count, 4);
    assert_true(fabs(sum.mean - 8) < 1e-12 && sum.min == -5 && sum.max == 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_all_kinds_come_back),
        cmocka_unit_test(what_is_not_known_and_known_less_often_comes_back),
        cmocka_unit_test(the_most_bytes_are_enough),
        cmocka_unit_test(small_numbers_are_small),
        cmocka_unit_test(any_bytes_are_safe),
        cmocka_unit_test(bytes_that_were_changed_or_cut_are_safe),
        cmocka_unit_test(sums_are_weighted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
