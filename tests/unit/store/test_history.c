/* test_history.c: what was added is what is read: steps, levels, restarts, what is not known, and other versions' series. */
#include "fixture.h"

static const struct bg_bucket *buckets_of(const struct copy *copy, size_t series)
{
    return copy->buckets + series * copy->history.buckets_count;
}

static void samples_come_back_in_their_steps(void **state)
{
    const struct copy *copy;

    (void)state;
    store_start(NULL, LARGE);
    for (int i = 0; i < 12; i++)
        add("one@host", DAWN + i * 5 * SECOND, i, 100 - i, 0.5 * i);
    add("two@host", DAWN + MINUTE, 77, 78, 79);
    copy = ask_all("one@host", DAWN, DAWN + MINUTE, 20 * SECOND, 3);
    assert_int_equal(copy->history.buckets_count, 3);
    assert_int_equal(copy->history.since_ms, DAWN);
    assert_int_equal(copy->history.step_ms, 20 * SECOND);
    for (int i = 0; i < 3; i++) {
        assert_true(buckets_of(copy, 0)[i].mean == 4 * i + 1.5 && buckets_of(copy, 0)[i].min == 4 * i &&
                    buckets_of(copy, 0)[i].max == 4 * i + 3);
        assert_true(buckets_of(copy, 1)[i].mean == 98.5 - 4 * i);
        assert_true(buckets_of(copy, 2)[i].mean == 2 * i + 0.75);
    }
    assert_int_equal(copy->history.first_ms, DAWN);
    assert_int_equal(copy->history.last_ms, DAWN + 55 * SECOND);
    assert_true(copy->history.is_node_known);
    copy = ask_series("one@host", DAWN, DAWN + MINUTE, MINUTE, (const size_t[]){1, 0}, 2); /* in the order of the request */
    assert_true(copy->buckets[0].min == 89 && copy->buckets[1].min == 0);
    assert_int_equal(settle().written_count, 13);
    assert_int_equal(settle().oldest_ms, DAWN);
}

static void the_end_is_not_in_it_and_the_last_step_may_be_cut(void **state)
{
    const struct copy *copy;

    (void)state;
    store_start(NULL, LARGE);
    add("one@host", DAWN + 10 * SECOND, 1, 0, 0);
    add("one@host", DAWN + 25 * SECOND, 2, 0, 0);
    copy = ask("one@host", DAWN + 10 * SECOND, DAWN + 25 * SECOND, 10 * SECOND);
    assert_int_equal(copy->history.buckets_count, 2);
    assert_true(copy->buckets[0].mean == 1 && isnan(copy->buckets[1].mean));
    copy = ask("one@host", DAWN + 10 * SECOND, DAWN + 25 * SECOND + 1, 10 * SECOND);
    assert_true(copy->buckets[0].mean == 1 && copy->buckets[1].mean == 2);
}

static void what_is_not_known_is_no_number(void **state)
{
    const struct copy *copy;

    (void)state;
    store_start(NULL, LARGE);
    add("one@host", DAWN, 1, NAN, INFINITY);
    add("one@host", DAWN + SECOND, NAN, NAN, -INFINITY);
    add("one@host", DAWN + 2 * SECOND, 4, NAN, 9);
    copy = ask_all("one@host", DAWN, DAWN + 10 * SECOND, 10 * SECOND, 3);
    assert_true(buckets_of(copy, 0)->mean == 2.5);
    assert_true(isnan(buckets_of(copy, 1)->mean) && isnan(buckets_of(copy, 1)->min) && isnan(buckets_of(copy, 1)->max));
    assert_true(buckets_of(copy, 2)->mean == 9);
}

static void nothing_is_known_of_an_unknown_node(void **state)
{
    const struct copy *copy;

    (void)state;
    store_start(NULL, LARGE);
    add("one@host", DAWN, 1, 1, 1);
    copy = ask("other@host", DAWN, DAWN + MINUTE, MINUTE);
    assert_false(copy->history.is_node_known);
    assert_true(isnan(copy->buckets[0].mean) && copy->history.first_ms == 0 && copy->history.last_ms == 0);
    assert_int_equal(copy->history.restarts_count, 0);
}

/* A series that is known in one of six samples weighs one. */
static void means_of_minutes_weigh_what_was_known(void **state)
{
    (void)state;
    store_start(NULL, LARGE);
    for (int i = 0; i < 6; i++)
        add("one@host", DAWN + i * 10 * SECOND, i == 0 ? 70 : NAN, 0, 0);
    for (int i = 0; i < 6; i++)
        add("one@host", DAWN + MINUTE + i * 10 * SECOND, 0, 0, 0);
    for (int i = 0; i <= 600; i++) /* the first hour becomes minutes, and an hour */
        add("one@host", DAWN + HOUR + i * 10 * SECOND, 1000, 0, 0);
    assert_true(fabs(mean_between("one@host", DAWN, DAWN + HOUR) - 10) < 1e-4);
    add("one@host", DAWN + 26 * HOUR, 0, 0, 0);
    assert_true(fabs(mean_between("one@host", DAWN, DAWN + HOUR) - 10) < 1e-4);
}

static void where_minutes_are_kept_a_shorter_step_has_them_once(void **state)
{
    const struct copy *copy;

    (void)state;
    store_start(NULL, LARGE);
    for (int i = 0; i <= 720; i++)
        add("one@host", DAWN + i * 10 * SECOND, i / 6, 0, 0);
    copy = ask("one@host", DAWN + 30 * MINUTE, DAWN + 32 * MINUTE, 20 * SECOND);
    for (int i = 0; i < 6; i++)
        assert_true(i % 3 == 0 ? copy->buckets[i].mean == 30 + i / 3 : isnan(copy->buckets[i].mean));
    copy = ask("one@host", DAWN + 90 * MINUTE, DAWN + 91 * MINUTE, 20 * SECOND);
    for (int i = 0; i < 3; i++)
        assert_true(copy->buckets[i].mean == 90);
}

/* Over the seams between hours, minutes and samples, each sample counts once. */
static void no_sample_counts_twice_over_the_seams(void **state)
{
    double sum = 0;
    int count = 0;

    (void)state;
    store_start(NULL, LARGE);
    for (int64_t at = DAWN + 7 * SECOND; at < DAWN + 27 * HOUR + 34 * MINUTE; at += 20 * SECOND, count++) {
        add("one@host", at, count % 1000, 0, 0);
        sum += count % 1000;
    }
    assert_true(fabs(mean_between("one@host", DAWN, DAWN + 2 * DAY) - sum / count) < 1e-3);
    /* the seam is in the middle of an hour */
    assert_int_equal(ask("one@host", DAWN, DAWN + 2 * DAY, HOUR)->history.first_ms, DAWN);
    for (int hour = 0; hour < 27; hour++) {
        const double mean = ask("one@host", DAWN + hour * HOUR, DAWN + (hour + 1) * HOUR, HOUR)->buckets[0].mean;
        double wanted = 0;

        for (int i = 0; i < 180; i++)
            wanted += (hour * 180 + i) % 1000 / 180.0;
        assert_true(fabs(mean - wanted) < 1e-3);
    }
}

static void a_later_start_is_a_restart_and_drift_is_not(void **state)
{
    const struct copy *copy;

    (void)state;
    store_start(NULL, LARGE);
    add_started("one@host", DAWN + 10 * SECOND, DAWN - HOUR, 1);
    add_started("one@host", DAWN + 20 * SECOND, DAWN - HOUR + 3 * SECOND, 1);
    add_started("one@host", DAWN + 30 * SECOND, DAWN - HOUR - 2 * SECOND, 1);
    add_started("one@host", DAWN + 40 * SECOND, 0, 1); /* not known */
    add_started("one@host", DAWN + 50 * SECOND, DAWN + 45 * SECOND, 1);
    add_started("one@host", DAWN + 60 * SECOND, DAWN + 45 * SECOND + 30, 1);
    add_started("one@host", DAWN + 70 * SECOND, DAWN + 65 * SECOND, 1);
    add_started("one@host", DAWN + 80 * SECOND, DAWN - 2 * HOUR, 1); /* the clock was set back */
    copy = ask("one@host", DAWN, DAWN + HOUR, MINUTE);
    assert_int_equal(copy->history.restarts_count, 1);
    assert_int_equal(copy->restarts[0], DAWN + 65 * SECOND);
    add_started("one@host", DAWN + 30 * HOUR, DAWN + 29 * HOUR, 1);
    copy = ask("one@host", DAWN, DAWN + 2 * DAY, HOUR);
    assert_int_equal(copy->history.restarts_count, 2);
    assert_int_equal(copy->restarts[1], DAWN + 29 * HOUR);
    copy = ask("one@host", DAWN, DAWN + 29 * HOUR, HOUR);
    assert_int_equal(copy->history.restarts_count, 1);
}

static void a_history_has_a_greatest_number_of_restarts(void **state)
{
    const struct copy *copy;

    (void)state;
    store_start(NULL, LARGE);
    for (int i = 0; i < BG_STORE_RESTARTS_MAX + 10; i++)
        add_started("one@host", DAWN + i * 10 * SECOND + 1, DAWN + i * 10 * SECOND, 1);
    copy = ask("one@host", DAWN, DAWN + DAY, HOUR);
    assert_int_equal(copy->history.restarts_count, BG_STORE_RESTARTS_MAX);
    assert_int_equal(copy->restarts[BG_STORE_RESTARTS_MAX - 1], DAWN + (BG_STORE_RESTARTS_MAX + 9) * 10 * SECOND);
}

static void a_file_of_a_version_with_other_series_is_read_by_their_names(void **state)
{
    static const char *const before[] = {"gone", "c", "a"}, *const today[] = {"a", "b", "c"};
    const struct copy *copy;

    (void)state;
    store_start_with(path, LARGE, before, 3);
    for (int i = 0; i < 30; i++)
        add_values("one@host", DAWN + i * 10 * SECOND, DAWN, (const double[]){1000, 30, 10});
    store_stop();
    store_start_with(path, LARGE, today, 3);
    add_values("one@host", DAWN + 300 * SECOND, DAWN, (const double[]){11, 21, 31});
    copy = ask_all("one@host", DAWN, DAWN + 310 * SECOND, 10 * SECOND, 3);
    assert_true(buckets_of(copy, 0)[0].mean == 10 && isnan(buckets_of(copy, 1)[0].mean) && buckets_of(copy, 2)[0].mean == 30);
    assert_true(buckets_of(copy, 0)[30].mean == 11 && buckets_of(copy, 1)[30].mean == 21 && buckets_of(copy, 2)[30].mean == 31);
    add_values("one@host", DAWN + 2 * HOUR, DAWN, (const double[]){1, 2, 3}); /* minutes are made of both */
    copy = ask_all("one@host", DAWN, DAWN + 6 * MINUTE, MINUTE, 3);
    assert_true(buckets_of(copy, 0)[4].mean == 10 && buckets_of(copy, 2)[4].mean == 30 && buckets_of(copy, 1)[5].mean == 21);
    store_stop();
    store_start_with(path, LARGE, before, 3);
    assert_true(mean_between("one@host", DAWN + 5 * MINUTE, DAWN + 6 * MINUTE) != 1000);
    assert_int_equal(settle().damaged_count, 0);
}

static void it_is_there_after_a_restart(void **state)
{
    (void)state;
    store_start(path, LARGE);
    add("one@host", DAWN, 5, 6, 7);
    store_stop();
    store_start(path, LARGE);
    assert_true(mean_between("one@host", DAWN, DAWN + MINUTE) == 5);
    assert_true(settle().in_file);
    assert_string_equal(settle().problem, "");
    assert_int_equal(settle().oldest_ms, DAWN);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(samples_come_back_in_their_steps),
        TEST(the_end_is_not_in_it_and_the_last_step_may_be_cut),
        TEST(what_is_not_known_is_no_number),
        TEST(nothing_is_known_of_an_unknown_node),
        TEST(means_of_minutes_weigh_what_was_known),
        TEST(where_minutes_are_kept_a_shorter_step_has_them_once),
        TEST(no_sample_counts_twice_over_the_seams),
        TEST(a_later_start_is_a_restart_and_drift_is_not),
        TEST(a_history_has_a_greatest_number_of_restarts),
        TEST(a_file_of_a_version_with_other_series_is_read_by_their_names),
        TEST(it_is_there_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
