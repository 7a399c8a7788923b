/* test_sampling.c: a sample of a node: its figures, the rates of its counters, and its start. */
#include "fake.h"
#include "fake_store.h"
#include "samples.h"
#include "series.h"

#include "beamgauge/watch.h"

#include <math.h>

#define MEMORY                                                                                                                             \
    MEMORY_OF(AREAS_OF("2531", "300", "10", "9", "30", "40"), "50", SIZES_OF(LOCAL_MONITORS("1536"), "0"), REPLY_OF(""), "2", NO_HOST)
#define SYSTEM(UPTIME, REDUCTIONS) SYSTEM_NOW_OF(UPTIME, "3", "50", "100", REDUCTIONS) "}"
#define TOTALS "{\"garbage_collection\":[12,2,0],\"io\":[[\"input\",9],[\"output\",10]]}"

static void *series;
static int sampled, missed;

static void on_done(void *owner, bool was_sampled)
{
    assert_ptr_equal(owner, &series);
    sampled += was_sampled;
    missed += !was_sampled;
}

static int setup(void **state)
{
    fake_setup(state);
    memset(&fake_store, 0, sizeof fake_store);
    fake.services.store = (struct bg_store *)&fake_store;
    fake.wall_ms = 1000000;
    sampled = missed = 0;
    series = bg_api_sampling.make(&fake.services, "shop@127.0.0.1");
    return 0;
}

static int teardown(void **state)
{
    bg_api_sampling.release(series);
    return fake_teardown(state);
}

static double value_of(const char *name)
{
    const size_t index = bg_series_find(name, strlen(name));
    assert_true(index < bg_series_count());
    return fake_store.sample.values[index];
}

/* NULL: that question fails. */
static void sample(const char *memory, const char *system, const char *totals)
{
    const char *const answers[] = {memory, system, system != NULL ? totals : NULL};
    fake_forget();
    bg_api_sampling.take(series, 900, on_done, &series);
    for (size_t i = 0; i < (system != NULL ? 3 : 2); i++)
        if (answers[i] != NULL)
            fake_answer(answers[i]);
        else
            fake_answer_failure(BG_DEADLINE, "too late");
}

static void figures_are_sampled(void **state)
{
    (void)state;
    sample(MEMORY, SYSTEM("1500", "77"), TOTALS);
    assert_int_equal(sampled, 1);
    assert_string_equal(fake_store.sample.node, "shop@127.0.0.1");
    assert_int_equal(fake_store.sample.wall_ms, fake.wall_ms);
    assert_int_equal(fake_store.sample.started_ms, fake.wall_ms - 1500);
    assert_true(value_of("memory.ets_bytes") == 40);
    assert_true(value_of("process_count") == 50);
    assert_true(value_of("process_ratio") == 0.5);
    assert_true(value_of("monitors_estimate.local_count") == 12);
    assert_true(isnan(value_of("rss_bytes")));
    assert_true(isnan(value_of("reductions_per_second"))); /* nothing to compare with yet */
    assert_int_equal(fake.asks[0].max_age_ms, 50);
}

static void counters_are_rates(void **state)
{
    (void)state;
    sample(MEMORY, SYSTEM("1500", "77"), TOTALS);
    fake.now_us += 10000000;
    fake.wall_ms += 10000;
    sample(MEMORY, SYSTEM("11500", "177"), TOTALS);
    assert_true(value_of("reductions_per_second") == 10);
    assert_true(value_of("io_input_bytes_per_second") == 0);
    fake.now_us += 10000000;
    fake.wall_ms += 10000;
    sample(MEMORY, SYSTEM("21500", "177"), NULL); /* a scheduler was held up */
    assert_true(value_of("reductions_per_second") == 0);
    assert_true(isnan(value_of("io_input_bytes_per_second")));
}

static void a_restart_is_no_rate(void **state)
{
    (void)state;
    sample(MEMORY, SYSTEM("100000", "77"), TOTALS);
    fake.now_us += 60000000;
    fake.wall_ms += 60000;
    sample(MEMORY, SYSTEM("50000", "50077"), TOTALS); /* more reductions than before, but since another start */
    assert_true(isnan(value_of("reductions_per_second")));
    assert_int_equal(fake_store.sample.started_ms, fake.wall_ms - 50000);
}

static void a_clock_that_was_set_is_no_restart(void **state)
{
    (void)state;
    sample(MEMORY, SYSTEM("100000", "77"), TOTALS);
    const int64_t started_ms = fake_store.sample.started_ms;
    fake.now_us += 10000000;
    fake.wall_ms += 3600000 + 10000;
    sample(MEMORY, SYSTEM("110000", "177"), TOTALS);
    assert_int_equal(fake_store.sample.started_ms, started_ms);
    assert_true(value_of("reductions_per_second") == 10);
    fake.now_us += 10000000;
    fake.wall_ms += 10000;
    sample(MEMORY, SYSTEM("500", "5"), TOTALS);
    assert_int_equal(fake_store.sample.started_ms, fake.wall_ms - 500);
}

static void a_node_that_answers_in_part_is_sampled_in_part(void **state)
{
    (void)state;
    sample(MEMORY, SYSTEM("1500", "77"), TOTALS);
    const int64_t started_ms = fake_store.sample.started_ms;
    fake.wall_ms += 10000;
    sample(MEMORY, NULL, NULL);
    assert_int_equal(sampled, 2);
    assert_int_equal(fake_store.sample.started_ms, started_ms);
    assert_true(isnan(value_of("process_count")));
    sample(NULL, SYSTEM("11500", "77"), TOTALS);
    assert_int_equal(sampled, 3);
    assert_true(isnan(value_of("memory.total_bytes")));
    assert_true(value_of("process_count") == 50);
}

static void a_node_that_does_not_answer_is_no_sample(void **state)
{
    (void)state;
    sample(NULL, NULL, NULL);
    assert_int_equal(missed, 1);
    sample("[\"nonsense\"]", NULL, NULL);
    assert_int_equal(missed, 2);
    sample(MEMORY, NULL, NULL); /* when it started is not known, so it might be another run of it */
    assert_int_equal(missed, 3);
    assert_int_equal(fake_store.samples_count, 0);
}

static void after_a_timeout_the_next_sample_is_whole(void **state)
{
    (void)state;
    bg_api_sampling.take(series, 900, on_done, &series);
    fake.now_us += 2000000;
    fake_answer_failure(BG_DEADLINE, "too late");
    assert_int_equal(missed, 1);
    sample(MEMORY, SYSTEM("1500", "77"), TOTALS);
    assert_int_equal(sampled, 1);
    assert_true(value_of("process_count") == 50);
}

static void a_full_store_is_no_sample(void **state)
{
    (void)state;
    fake_store.is_full = true;
    sample(MEMORY, SYSTEM("1500", "77"), TOTALS);
    assert_int_equal(missed, 1);
}

static void a_sample_in_flight_is_cancelled(void **state)
{
    (void)state;
    bg_api_sampling.take(series, 900, on_done, &series);
    bg_api_sampling.release(series);
    assert_int_equal(fake.cancelled_count, 1);
    assert_int_equal(sampled + missed, 0);
    series = bg_api_sampling.make(&fake.services, "shop@127.0.0.1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(figures_are_sampled, setup, teardown),
        cmocka_unit_test_setup_teardown(counters_are_rates, setup, teardown),
        cmocka_unit_test_setup_teardown(a_restart_is_no_rate, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_was_set_is_no_restart, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_that_answers_in_part_is_sampled_in_part, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_that_does_not_answer_is_no_sample, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_timeout_the_next_sample_is_whole, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_store_is_no_sample, setup, teardown),
        cmocka_unit_test_setup_teardown(a_sample_in_flight_is_cancelled, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
