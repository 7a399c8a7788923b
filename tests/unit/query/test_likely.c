/* test_likely.c: lists that nobody could count are matched only if there is no other possible match. */
#include "likely.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS 1000

/* A scan's report on processes without a counted list, with their bytes. */
static void see(struct bg_seen *seen, const char *name, int monitor_bytes, size_t count, const char *const pids[], const json_int_t bytes[])
{
    struct bg_incarnation node = {.generation = 1};
    (void)snprintf(node.name, sizeof node.name, "%s", name);
    json_t *rows = json_array(), *places = json_array(), *processes = json_array(), *args = json_object();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(rows, json_pack("{s:{s:s}, s:s, s:I, s:i, s:i, s:i}", "pid", "pid", pids[i], "registered_name",
                                                    "ledger", "off_heap_bytes", bytes[i], "monitors_count", 5000, "monitored_by_count", 0,
                                                    "links_count", 0));
        (void)json_array_append_new(places, json_integer((json_int_t)i));
        (void)json_array_append_new(processes, json_pack("{s:s, s:{s:{s:n, s:[]}, s:{s:n, s:[]}}}", "pid", pids[i], "lists", "monitors",
                                                         "distinct_count", "top", "monitored_by", "distinct_count", "top"));
    }
    json_t *answer = json_pack("{s:o, s:{s:o}, s:o, s:i, s:i}", "rows", rows, "rankings", "monitors", places, "long", processes,
                               "skipped_count", 0, "monitor_bytes", monitor_bytes);
    assert_non_null(answer);
    bg_seen_complete(seen, &node, args, answer, NOW_MS);
    json_decref(answer);
    json_decref(args);
}

static void see_one(struct bg_seen *seen, const char *node, int monitor_bytes, const char *pid, json_int_t bytes)
{
    see(seen, node, monitor_bytes, 1, &pid, &bytes);
}

static void assert_likely(const struct bg_seen *seen, const char *node, const char *pid, const char *peer, bool is_watched)
{
    json_t *likely = bg_likely_new(seen, node, pid, NOW_MS + BG_LIKELY_AGE_MS);
    if (peer == NULL) {
        assert_null(likely);
        return;
    }
    assert_non_null(likely);
    assert_string_equal(json_string_value(json_object_get(json_object_get(likely, "peer"), "pid")), peer);
    assert_string_equal(json_string_value(json_object_get(likely, "registered_name")), "ledger");
    assert_int_equal(json_is_true(json_object_get(likely, "is_watched")), is_watched);
    json_decref(likely);
}

/* {bytes of a local monitor, of a remote one's watcher, of its watched} by release. */
static const int releases[][3] = {{60, 88, 96}, {64, 88, 96}, {72, 96, 104}};

static void two_with_as_many_entries_are_likely_of_each_other_whatever_their_releases(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 3; k++) {
            struct bg_seen seen;
            bg_seen_init(&seen);
            see_one(&seen, "shop@h", releases[i][0], "<0.1.0>", 5000000L * releases[i][1] + 3000);
            see_one(&seen, "pay@h", releases[k][0], "<0.9.0>", 5020000L * releases[k][2] + 3000);
            assert_likely(&seen, "shop@h", "<0.1.0>", "<0.9.0>", false);
            assert_likely(&seen, "pay@h", "<0.9.0>", "<0.1.0>", true);
            assert_likely(&seen, "pay@h", "<0.1.0>", NULL, false);
            assert_null(bg_likely_new(&seen, "shop@h", "<0.1.0>", NOW_MS + BG_LIKELY_AGE_MS + 1));
            bg_seen_done(&seen);
        }
}

static void where_another_may_be_meant_nobody_is_named(void **state)
{
    static const struct {
        const char *other_node, *other_pid;
        json_int_t bytes; /* of the other one */
        bool is_ambiguous;
    } cases[] = {
        {"bank@h", "<0.9.0>", 5000000L * 96, true},  /* a second one that is watched so often */
        {"bank@h", "<0.9.0>", 5000000L * 88, true},  /* a second one that watches so often */
        {"bank@h", "<0.9.0>", 4000000L * 96, false}, /* much less */
        {"bank@h", "<0.9.0>", 5000000L * 64, false}, /* local ones */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bg_seen seen;
        bg_seen_init(&seen);
        see_one(&seen, "shop@h", 64, "<0.1.0>", 5000000L * 88);
        see_one(&seen, "pay@h", 64, "<0.2.0>", 5000000L * 96);
        see_one(&seen, cases[i].other_node, 64, cases[i].other_pid, cases[i].bytes);
        assert_likely(&seen, "shop@h", "<0.1.0>", cases[i].is_ambiguous ? NULL : "<0.2.0>", false);
        assert_likely(&seen, "pay@h", "<0.2.0>", cases[i].is_ambiguous ? NULL : "<0.1.0>", true);
        bg_seen_done(&seen);
    }
}

static void processes_of_one_node_other_numbers_and_unknown_releases_are_not_matched(void **state)
{
    static const char *const pids[] = {"<0.1.0>", "<0.2.0>"};
    static const json_int_t bytes[] = {5000000L * 88, 5000000L * 96};
    struct bg_seen seen;
    (void)state;
    bg_seen_init(&seen);
    see(&seen, "shop@h", 64, 2, pids, bytes);
    assert_likely(&seen, "shop@h", "<0.1.0>", NULL, false);
    see_one(&seen, "shop@h", 64, "<0.1.0>", 5000000L * 88);
    see_one(&seen, "pay@h", 64, "<0.2.0>", 5200000L * 96); /* watched by others too */
    assert_likely(&seen, "shop@h", "<0.1.0>", NULL, false);
    see_one(&seen, "pay@h", 80, "<0.2.0>", 5000000L * 96);
    assert_likely(&seen, "shop@h", "<0.1.0>", NULL, false);
    see_one(&seen, "pay@h", 64, "<0.2.0>", 5000000L * 88); /* two that watch */
    assert_likely(&seen, "shop@h", "<0.1.0>", NULL, false);
    bg_seen_done(&seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_with_as_many_entries_are_likely_of_each_other_whatever_their_releases),
        cmocka_unit_test(where_another_may_be_meant_nobody_is_named),
        cmocka_unit_test(processes_of_one_node_other_numbers_and_unknown_releases_are_not_matched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
