/* test_month.c: 40 days of random walks against a naive computation over all samples, and what is left of them. */
#include "fixture.h"

#include <sqlite3.h>
#include <stdlib.h>

#define DAYS 40
#define EVERY (30 * SECOND)
#define SAMPLES (DAYS * DAY / EVERY)
#define SERIES 3
#define END (DAWN + DAYS * DAY)

struct walk {
    const char *node;
    double *values; /* [sample][series] */
    bool *is_there;
};

static uint32_t random_below(uint32_t end)
{
    static uint64_t seed = 3;

    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % end;
}

/* A count, a ratio that is sometimes not known, and one that is mostly constant; with hours of silence. */
static void walk_make(struct walk *walk, const char *node)
{
    double count = 1e6, ratio = 0.5, constant = 42;

    *walk = (struct walk){.node = node, .values = calloc(SAMPLES * SERIES, sizeof(double)), .is_there = calloc(SAMPLES, sizeof(bool))};
    for (int i = 0; i < SAMPLES; i++) {
        count += random_below(2001) - 1000.0;
        ratio = fabs(ratio + (random_below(2001) - 1000.0) / 1e5);
        constant += random_below(5000) == 0;
        walk->values[i * SERIES] = count;
        walk->values[i * SERIES + 1] = random_below(7) == 0 ? NAN : ratio;
        walk->values[i * SERIES + 2] = constant;
        walk->is_there[i] = i / 700 % 13 != 5 || i > SAMPLES - 3000;
    }
}

static void walk_free(struct walk *walk)
{
    free(walk->values);
    free(walk->is_there);
}

/* The time of a sample; not always the same after a minute's beginning. */
static int64_t time_of(int i)
{
    return DAWN + i * EVERY + i % 29 * SECOND;
}

/* The naive way: all samples of the time. */
static struct bg_bucket naive(const struct walk *walk, int series, int64_t since, int64_t until)
{
    struct bg_bucket bucket = {.mean = 0, .min = INFINITY, .max = -INFINITY};
    int count = 0;

    for (int i = (int)((since - DAWN) / EVERY) - 1; i < SAMPLES && i * EVERY + DAWN < until; i++) {
        const double value = i < 0 ? NAN : walk->values[i * SERIES + series];

        if (i < 0 || !walk->is_there[i] || time_of(i) < since || time_of(i) >= until || isnan(value))
            continue;
        bucket.mean += value;
        bucket.min = fmin(bucket.min, value);
        bucket.max = fmax(bucket.max, value);
        count++;
    }
    if (count == 0)
        return (struct bg_bucket){.mean = NAN, .min = NAN, .max = NAN};
    bucket.mean /= count;
    return bucket;
}

static bool is_near(double one, double other, double range)
{
    return (isnan(one) && isnan(other)) || fabs(one - other) <= range / (1 << 22) + 1e-9 * fabs(other);
}

static void compare(const struct walk *walk, int64_t since, int64_t until, int64_t step)
{
    const struct copy *copy = ask_all(walk->node, since, until, step, SERIES);

    for (int series = 0; series < SERIES; series++)
        for (size_t i = 0; i < copy->history.buckets_count; i++) {
            const int64_t from = since + (int64_t)i * step;
            const struct bg_bucket wanted = naive(walk, series, from, from + step),
                                   *got = &copy->buckets[series * (int)copy->history.buckets_count + (int)i];

            assert_true(is_near(got->min, wanted.min, 0) && is_near(got->max, wanted.max, 0));
            assert_true(is_near(got->mean, wanted.mean, wanted.max - wanted.min));
        }
}

static void play(struct walk *walks, int count, int from, int until)
{
    for (int i = from; i < until; i++)
        for (int one = 0; one < count; one++)
            if (walks[one].is_there[i])
                add_values(walks[one].node, time_of(i), DAWN - DAY, &walks[one].values[i * SERIES]);
}

static int64_t number_in_file(const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int64_t number;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

/* Samples of an hour, minutes of a day, hours of 30 days, each with what is not whole yet. */
static void rows_check(int nodes)
{
    assert_in_range(number_in_file("SELECT count(*) FROM row WHERE level = 'sample'"), nodes * 120, nodes * 122);
    assert_in_range(number_in_file("SELECT count(*) FROM row WHERE level = 'minute'"), nodes * 24 * 60, nodes * (25 * 60 + 1));
    assert_in_range(number_in_file("SELECT count(*) FROM row WHERE level = 'hour'"), nodes * 600, nodes * (30 * 24 + 1));
    assert_int_equal(number_in_file("SELECT count(*) FROM node"), nodes);
    assert_int_equal(number_in_file("SELECT count(*) FROM layout"), 1);
}

static void forty_days_are_what_a_naive_computation_makes_of_them(void **state)
{
    struct walk walks[2];
    int64_t size_before = 0;

    (void)state;
    walk_make(&walks[0], "one@host");
    walk_make(&walks[1], "another.node@host");
    store_start(path, LARGE);
    for (int day = 0; day < DAYS; day++) {
        play(walks, 2, (int)(day * SAMPLES / DAYS), (int)((day + 1) * SAMPLES / DAYS));
        if (day == 33)
            size_before = settle().size_bytes;
        if (day % 9 == 0) { /* a restart of the service, at any moment */
            store_stop();
            store_start(path, LARGE);
        }
    }
    for (int i = 0; i < 2; i++) {
        compare(&walks[i], END - 30 * DAY, END, HOUR);
        compare(&walks[i], END - 30 * DAY, END, DAY);
        compare(&walks[i], END - DAY, END, MINUTE);
        compare(&walks[i], END - HOUR, END, 10 * SECOND);
        compare(&walks[i], END - 6 * DAY, END, 2 * HOUR);
        assert_in_range(ask(walks[i].node, END - DAY, END, HOUR)->history.first_ms, END - 30 * DAY - 2 * HOUR, END - 30 * DAY + 6 * HOUR);
    }
    assert_true(settle().oldest_ms >= END - 30 * DAY - 2 * HOUR);
    assert_in_range(settle().size_bytes, size_before * 9 / 10, size_before * 11 / 10);
    assert_int_equal(settle().dropped_count + settle().failed_count + settle().damaged_count, 0);
    store_stop();
    rows_check(2);
    walk_free(&walks[0]);
    walk_free(&walks[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(forty_days_are_what_a_naive_computation_makes_of_them, folder_make, folder_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
