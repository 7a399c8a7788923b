/* test_turns.c: whose turn it is to be sampled: each node once in an interval, at its own place, whatever the others do. */
#include "beamgauge/clock.h"
#include "beamgauge/node.h"
#include "beamgauge/watch.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define INTERVAL_MS 10000
#define NODES_MAX 200

/* The registry, in the order of names. */
static char names[NODES_MAX][300];
static bool are_down[NODES_MAX];
static size_t nodes_count;

size_t bg_nodes_count(const struct bg_nodes *nodes)
{
    (void)nodes;
    return nodes_count;
}

void bg_nodes_info_at(const struct bg_nodes *nodes, size_t index, struct bg_node_info *ret_info)
{
    (void)nodes;
    *ret_info = (struct bg_node_info){.name = names[index], .state = are_down[index] ? BG_LINK_WAITING : BG_LINK_UP};
}

/* The samples. */
struct sampled {
    char node[300];
    size_t count; /* taken */
    int64_t last_us, timeout_ms;
    bool is_in_flight, is_released;
    void (*done)(void *owner, bool was_sampled);
    void *owner;
};
static struct sampled series[2 * NODES_MAX];
static size_t series_count;
static bool is_quick; /* a sample is answered at once */
static int64_t now_us;

static int64_t now(void *context)
{
    (void)context;
    return now_us;
}
static const struct bg_clock clock_fake = {.monotonic_us = now, .wall_ms = now};

static void *make(void *context, const char *node)
{
    struct sampled *sampled = &series[series_count++];
    assert_ptr_equal(context, series);
    (void)snprintf(sampled->node, sizeof sampled->node, "%s", node);
    return sampled;
}

static void take(void *context, int64_t timeout_ms, void (*done)(void *owner, bool was_sampled), void *owner)
{
    struct sampled *sampled = context;
    assert_false(sampled->is_in_flight);
    sampled->count++;
    sampled->last_us = now_us;
    sampled->timeout_ms = timeout_ms;
    sampled->done = done;
    sampled->owner = owner;
    sampled->is_in_flight = !is_quick;
    if (is_quick)
        done(owner, true);
}

static void answer(struct sampled *sampled, bool was_sampled)
{
    sampled->is_in_flight = false;
    sampled->done(sampled->owner, was_sampled);
}

static void release(void *context)
{
    struct sampled *sampled = context;
    sampled->is_released = true;
}

static const struct bg_sampling sampling = {.make = make, .take = take, .release = release};
static struct event_base *base;
static struct bg_watch *watch;

static struct sampled *series_of(const char *node)
{
    for (size_t i = series_count; i-- > 0;)
        if (strcmp(series[i].node, node) == 0)
            return &series[i];
    return NULL;
}

static struct bg_watch_stats stats(void)
{
    struct bg_watch_stats all;
    bg_watch_stats(watch, &all);
    return all;
}

/* So many milliseconds in steps of 100. */
static void pass(int64_t ms)
{
    for (; ms > 0; ms -= 100) {
        now_us += 100000;
        bg_watch_tick(watch);
    }
}

static void name_nodes(size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)snprintf(names[i], sizeof names[i], "n%04zu@127.0.0.1", i);
    nodes_count = count;
}

static int setup(void **state)
{
    const struct bg_watch_options options = {
        .clock = &clock_fake, .interval_ms = INTERVAL_MS, .sampling = &sampling, .context = series, .base = base = event_base_new()};
    (void)state;
    memset(series, 0, sizeof series);
    memset(are_down, 0, sizeof are_down);
    series_count = 0;
    is_quick = true;
    now_us = INT64_C(1000000000);
    name_nodes(3);
    return bg_watch_new(&options, &watch, NULL) == BG_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    bg_watch_free(watch);
    for (size_t i = 0; i < series_count; i++)
        assert_true(series[i].is_released);
    event_base_free(base);
    return 0;
}

static void each_node_is_sampled_once_in_an_interval(void **state)
{
    (void)state;
    pass(10 * INTERVAL_MS);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(series_of(names[i])->count, 10);
        assert_int_equal(series_of(names[i])->timeout_ms, 5000);
    }
    assert_int_equal(stats().sampled_count, 30);
    assert_int_equal(stats().skipped_count, 0);
}

static void nodes_are_spread_over_the_interval(void **state)
{
    size_t halves[2] = {0, 0};
    (void)state;
    name_nodes(NODES_MAX);
    bg_watch_tick(watch);
    const int64_t began_us = now_us;
    pass(INTERVAL_MS);
    for (size_t i = 0; i < NODES_MAX; i++)
        halves[series_of(names[i])->last_us - began_us > INTERVAL_MS * 500]++;
    assert_in_range(halves[0], NODES_MAX / 4, NODES_MAX * 3 / 4);
}

static void a_node_that_is_not_up_is_not_asked(void **state)
{
    (void)state;
    are_down[1] = true;
    pass(2 * INTERVAL_MS);
    assert_null(series_of(names[1]));
    assert_int_equal(series_of(names[2])->count, 2);
    are_down[1] = false;
    pass(INTERVAL_MS);
    assert_int_equal(series_of(names[1])->count, 1);
    assert_int_equal(stats().failed_count, 0);
}

static void a_slow_node_is_skipped_and_holds_up_nobody(void **state)
{
    (void)state;
    is_quick = false;
    pass(INTERVAL_MS);
    answer(series_of(names[0]), true);
    answer(series_of(names[2]), false);
    pass(2 * INTERVAL_MS);
    assert_int_equal(series_of(names[0])->count, 2);
    assert_int_equal(series_of(names[1])->count, 1);
    assert_int_equal(stats().sampled_count, 1);
    assert_int_equal(stats().failed_count, 1);
    assert_int_equal(stats().skipped_count, 2 + 1 + 1); /* two of the second, one of each other */
    assert_int_equal(stats().in_flight_count, 3);
    answer(series_of(names[1]), true);
    pass(INTERVAL_MS);
    assert_int_equal(series_of(names[1])->count, 2);
}

static void so_many_are_in_flight_at_most_and_the_others_wait(void **state)
{
    (void)state;
    name_nodes(NODES_MAX);
    is_quick = false;
    bg_watch_tick(watch);
    pass(INTERVAL_MS);
    assert_int_equal(stats().in_flight_count, BG_WATCH_AT_ONCE_MAX);
    for (size_t i = 0; i < 10; i++)
        answer(&series[i], true);
    pass(100);
    assert_int_equal(stats().in_flight_count, BG_WATCH_AT_ONCE_MAX);
    is_quick = true;
    for (size_t i = 10; i < BG_WATCH_AT_ONCE_MAX; i++)
        answer(&series[i], true);
    pass(100);
    for (size_t i = 0; i < NODES_MAX; i++)
        assert_non_null(series_of(names[i]));
}

static void a_removed_node_is_forgotten_also_in_flight(void **state)
{
    (void)state;
    is_quick = false;
    pass(INTERVAL_MS);
    struct sampled *first = series_of(names[0]);
    memmove(names[0], names[1], sizeof names[0]);
    memmove(names[1], names[2], sizeof names[1]);
    nodes_count = 2;
    pass(100);
    assert_true(first->is_released);
    assert_int_equal(stats().in_flight_count, 2);
    assert_int_equal(stats().nodes_count, 2);
    nodes_count = 0;
    pass(100);
    assert_int_equal(stats().in_flight_count, 0);
}

static void missed_turns_are_not_made_up_for(void **state)
{
    (void)state;
    pass(INTERVAL_MS);
    now_us += INT64_C(3600000000); /* the machine slept */
    pass(INTERVAL_MS);
    assert_in_range(series_of(names[0])->count, 2, 3);
    pass(INTERVAL_MS);
    assert_in_range(series_of(names[0])->count, 3, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_node_is_sampled_once_in_an_interval, setup, teardown),
        cmocka_unit_test_setup_teardown(nodes_are_spread_over_the_interval, setup, teardown),
        cmocka_unit_test_setup_teardown(a_node_that_is_not_up_is_not_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_node_is_skipped_and_holds_up_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(so_many_are_in_flight_at_most_and_the_others_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(a_removed_node_is_forgotten_also_in_flight, setup, teardown),
        cmocka_unit_test_setup_teardown(missed_turns_are_not_made_up_for, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
