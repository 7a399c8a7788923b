/* test_metrics.c: escaping, numbers, histograms and both formats, to the letter; the rules of naming; the list of collectors. */
#include "beamgauge/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_metric gauge = {"room_bytes", "How \"big\" a \\ is\nin all", BG_METRIC_GAUGE, "bytes", {"name", "kind"}};
static const struct bg_metric counter = {"doors_opened", "Doors opened", BG_METRIC_COUNTER, NULL, {NULL}};
static const struct bg_metric info = {"room_build", "Which room", BG_METRIC_INFO, NULL, {"version"}};
static const struct bg_metric untyped = {"old_count", "Of old", BG_METRIC_UNTYPED, NULL, {NULL}};
static const struct bg_metric times = {"door_duration_seconds", "How long", BG_METRIC_HISTOGRAM, "seconds", {"door"}};

static char *expose(size_t type, void (*write)(struct bg_exposition *exposition))
{
    struct bg_exposition *exposition = bg_exposition_new(bg_exposition_types[type]);
    char *text = NULL;
    size_t length = 0;

    assert_non_null(exposition);
    write(exposition);
    assert_true(bg_exposition_end(exposition, &text, &length));
    assert_int_equal(strlen(text), length);
    return text;
}

static void assert_exposed(size_t type, void (*write)(struct bg_exposition *exposition), const char *expected)
{
    char *text = expose(type, write);

    assert_string_equal(text, expected);
    free(text);
}

static void write_some(struct bg_exposition *exposition)
{
    bg_exposition_add(exposition, &gauge, (const char *[]){"a", "b"}, 1);
    bg_exposition_add(exposition, &gauge, (const char *[]){"c", NULL}, 2.5);
    bg_exposition_add(exposition, &counter, NULL, 3);
    bg_exposition_add(exposition, &info, (const char *[]){"1.2.3"}, 1);
    bg_exposition_add(exposition, &untyped, NULL, 4);
}

static void both_formats_are_written_by_their_rules(void **state)
{
    (void)state;
    assert_exposed(0, write_some,
                   "# HELP room_bytes How \"big\" a \\\\ is\\nin all\n# TYPE room_bytes gauge\n"
                   "room_bytes{name=\"a\",kind=\"b\"} 1\nroom_bytes{name=\"c\",kind=\"\"} 2.5\n"
                   "# HELP doors_opened_total Doors opened\n# TYPE doors_opened_total counter\ndoors_opened_total 3\n"
                   "# HELP room_build_info Which room\n# TYPE room_build_info gauge\nroom_build_info{version=\"1.2.3\"} 1\n"
                   "# HELP old_count Of old\n# TYPE old_count untyped\nold_count 4\n");
    assert_exposed(1, write_some,
                   "# HELP room_bytes How \\\"big\\\" a \\\\ is\\nin all\n# TYPE room_bytes gauge\n# UNIT room_bytes bytes\n"
                   "room_bytes{name=\"a\",kind=\"b\"} 1\nroom_bytes{name=\"c\",kind=\"\"} 2.5\n"
                   "# HELP doors_opened Doors opened\n# TYPE doors_opened counter\ndoors_opened_total 3\n"
                   "# HELP room_build Which room\n# TYPE room_build info\nroom_build_info{version=\"1.2.3\"} 1\n"
                   "# HELP old_count Of old\n# TYPE old_count unknown\nold_count 4\n# EOF\n");
}

static void write_hostile(struct bg_exposition *exposition)
{
    bg_exposition_add(exposition, &gauge, (const char *[]){"\"} 1\nforged{a=\"", "back\\slash"}, 1);
    bg_exposition_add(exposition, &gauge, (const char *[]){"\xff\xc3", "\x1b[31m\r\xe2\x80\xae"}, 2);
    bg_exposition_add(exposition, &gauge, (const char *[]){"gr\xc3\xbc\xc3\x9f", "\xf0\x9f\x92\xa7"}, 3);
}

static void no_label_can_forge_a_line_or_drive_a_terminal(void **state)
{
    char *text = expose(0, write_hostile), *samples = strstr(text, "gauge\n") + 6;

    (void)state;
    assert_string_equal(samples, "room_bytes{name=\"\\\"} 1\\nforged{a=\\\"\",kind=\"back\\\\slash\"} 1\n"
                                 "room_bytes{name=\"\\\\xff\\\\xc3\",kind=\"\\\\x1b[31m\\\\x0d\\\\xe2\\\\x80\\\\xae\"} 2\n"
                                 "room_bytes{name=\"gr\xc3\xbc\xc3\x9f\",kind=\"\xf0\x9f\x92\xa7\"} 3\n");
    free(text);
}

static void write_numbers(struct bg_exposition *exposition)
{
    static const double numbers[] = {0, 0.1, 1e300, 9007199254740991.0, -1.5, NAN, INFINITY, -INFINITY, 1.0 / 3};

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        bg_exposition_add(exposition, &untyped, NULL, numbers[i]);
}

static void numbers_are_short_and_lose_nothing(void **state)
{
    (void)state;
    assert_exposed(0, write_numbers,
                   "# HELP old_count Of old\n# TYPE old_count untyped\nold_count 0\nold_count 0.1\nold_count 1e+300\n"
                   "old_count 9007199254740991\nold_count -1.5\nold_count NaN\nold_count +Inf\nold_count -Inf\n"
                   "old_count 0.3333333333333333\n");
}

static void a_duration_lands_in_the_first_bucket_that_holds_it(void **state)
{
    struct bg_histogram histogram = {.sum_us = 0};

    (void)state;
    for (size_t i = 1; i < BG_HISTOGRAM_BOUNDS; i++)
        assert_true(bg_histogram_bounds_us[i] > bg_histogram_bounds_us[i - 1]);
    bg_histogram_add(&histogram, 0);
    bg_histogram_add(&histogram, -5); /* a clock gone wrong */
    bg_histogram_add(&histogram, 100);
    bg_histogram_add(&histogram, 101);
    bg_histogram_add(&histogram, 30000000);
    bg_histogram_add(&histogram, 30000001);
    assert_int_equal(histogram.counts[0], 3);
    assert_int_equal(histogram.counts[1], 1);
    assert_int_equal(histogram.counts[BG_HISTOGRAM_BOUNDS - 1], 1);
    assert_int_equal(histogram.counts[BG_HISTOGRAM_BOUNDS], 1);
    assert_int_equal(histogram.sum_us, 60000202);
    assert_int_equal(bg_histogram_count(&histogram), 6);
}

static void write_times(struct bg_exposition *exposition)
{
    struct bg_histogram histogram = {.sum_us = 0};

    bg_histogram_add(&histogram, 50);
    bg_histogram_add(&histogram, 700000);
    bg_histogram_add(&histogram, 99000000);
    bg_exposition_add_histogram(exposition, &times, (const char *[]){"front"}, &histogram);
}

static void buckets_are_summed_up_when_they_are_told(void **state)
{
    char *text = expose(0, write_times), *open = expose(1, write_times);

    (void)state;
    assert_non_null(strstr(text, "door_duration_seconds_bucket{door=\"front\",le=\"0.0001\"} 1\n"));
    assert_non_null(strstr(text, "door_duration_seconds_bucket{door=\"front\",le=\"0.5\"} 1\n"));
    assert_non_null(strstr(text, "door_duration_seconds_bucket{door=\"front\",le=\"1\"} 2\n"));
    assert_non_null(strstr(text, "door_duration_seconds_bucket{door=\"front\",le=\"30\"} 2\n"
                                 "door_duration_seconds_bucket{door=\"front\",le=\"+Inf\"} 3\n"
                                 "door_duration_seconds_sum{door=\"front\"} 99.70005\n"
                                 "door_duration_seconds_count{door=\"front\"} 3\n"));
    assert_non_null(strstr(open, "le=\"1.0\"} 2\n"));
    assert_non_null(strstr(open, "le=\"2.5\"} 2\n"));
    free(text);
    free(open);
}

static void names_keep_the_rules(void **state)
{
    static const struct bg_metric bad[] = {
        {"doors_total", "Help", BG_METRIC_COUNTER, NULL, {NULL}},
        {"doors_count", "Help", BG_METRIC_GAUGE, NULL, {NULL}},
        {"Doors", "Help", BG_METRIC_GAUGE, NULL, {NULL}},
        {"1doors", "Help", BG_METRIC_GAUGE, NULL, {NULL}},
        {"doors-open", "Help", BG_METRIC_GAUGE, NULL, {NULL}},
        {"doors", "", BG_METRIC_GAUGE, NULL, {NULL}},
        {"doors", "A sentence.", BG_METRIC_GAUGE, NULL, {NULL}},
        {"doors", "Help", BG_METRIC_GAUGE, "bytes", {NULL}},
        {"doors_bytes", "Help", BG_METRIC_GAUGE, NULL, {NULL}},
        {"xbytes", "Help", BG_METRIC_GAUGE, "bytes", {NULL}},
        {"doors", "Help", BG_METRIC_HISTOGRAM, NULL, {NULL}},
        {"doors", "Help", BG_METRIC_GAUGE, NULL, {"le"}},
        {"doors", "Help", BG_METRIC_GAUGE, NULL, {"good", "not-so good"}},
        {"doors_info", "Help", BG_METRIC_INFO, NULL, {NULL}},
        {"doors", NULL, BG_METRIC_GAUGE, NULL, {NULL}},
        {"", "Help", BG_METRIC_GAUGE, NULL, {NULL}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (bg_metric_is_sane(&bad[i]))
            fail_msg("%s (%zu) passes", bad[i].name, i);
    assert_true(bg_metric_is_sane(&gauge));
    assert_true(bg_metric_is_sane(&counter));
    assert_true(bg_metric_is_sane(&info));
    assert_true(bg_metric_is_sane(&untyped));
    assert_true(bg_metric_is_sane(&times));
}

static void collect(void *context, struct bg_exposition *exposition)
{
    (void)exposition;
    ++*(int *)context;
}

static void collectors_are_bounded_and_each_is_asked_once(void **state)
{
    struct bg_metrics *metrics = bg_metrics_new();
    int calls = 0;

    (void)state;
    for (int i = 0; i < BG_COLLECTORS_MAX; i++)
        assert_true(bg_metrics_add(metrics, collect, &calls));
    assert_false(bg_metrics_add(metrics, collect, &calls));
    bg_metrics_write(metrics, NULL);
    assert_int_equal(calls, BG_COLLECTORS_MAX);
    assert_true(bg_metrics_add(NULL, collect, &calls));
    bg_metrics_write(NULL, NULL);
    assert_int_equal(calls, BG_COLLECTORS_MAX);
    bg_metrics_free(metrics);
    bg_metrics_free(NULL);
}

static void write_process(struct bg_exposition *exposition)
{
    bg_process_collect(NULL, exposition);
}

static void the_process_tells_of_itself(void **state)
{
    char *text = expose(0, write_process);

    (void)state;
    assert_non_null(strstr(text, "\nprocess_cpu_seconds_total "));
    assert_true(strtod(strstr(text, "\nprocess_resident_memory_bytes ") + 31, NULL) > 100000);
    assert_true(strtod(strstr(text, "\nprocess_open_fds ") + 18, NULL) >= 3);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_formats_are_written_by_their_rules),
        cmocka_unit_test(no_label_can_forge_a_line_or_drive_a_terminal),
        cmocka_unit_test(numbers_are_short_and_lose_nothing),
        cmocka_unit_test(a_duration_lands_in_the_first_bucket_that_holds_it),
        cmocka_unit_test(buckets_are_summed_up_when_they_are_told),
        cmocka_unit_test(names_keep_the_rules),
        cmocka_unit_test(collectors_are_bounded_and_each_is_asked_once),
        cmocka_unit_test(the_process_tells_of_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
