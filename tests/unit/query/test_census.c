/* test_census.c: what is kept of monitors that scans saw, by node and incarnation. */
#include "census.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_incarnation here = {.name = "shop@h", .generation = 1}, again = {.name = "shop@h", .generation = 2},
                                   there = {.name = "pay@h", .generation = 1};

static void take(struct bg_census *census, const struct bg_incarnation *node, const char *reported, int64_t now_us)
{
    char text[200];
    (void)snprintf(text, sizeof text, "{\"process_count\":9,\"census\":%s}", reported);
    json_t *answer = json_loads(text, 0, NULL);
    assert_non_null(answer);
    bg_census_take(census, node, answer, now_us);
    assert_null(json_object_get(answer, "census"));
    json_decref(answer);
}

static void assert_told(const struct bg_census *census, const struct bg_incarnation *node, const char *expected)
{
    json_t *answer = json_object();
    bg_census_complete(census, node, answer, 7000000);
    char *text = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, expected);
    free(text);
    json_decref(answer);
}

#define TOLD(OTHERS, STANDARD, AGE)                                                                                                        \
    "{\"census\":{\"age_ms\":" AGE ",\"others_count\":" OTHERS ",\"process_count\":9,\"standard_count\":" STANDARD "}}"

static void the_entries_beyond_local_monitors_are_of_others(void **state)
{
    struct bg_census census;
    (void)state;
    bg_census_init(&census);
    take(&census, &here, "[10, 500, 310, 8]", 2000000);
    assert_told(&census, &here, TOLD("300", "500", "5000"));
    assert_told(&census, &there, "{}");
    take(&census, &here, "[10, 600, 4, 0]", 6000000); /* not all were seen */
    assert_told(&census, &here, TOLD("0", "600", "1000"));
    assert_int_equal(census.count, 1);
    bg_census_done(&census);
}

static void what_is_not_told_changes_nothing(void **state)
{
    static const char *const untold[] = {"[\"infinity\",\"infinity\",7,7]", "[-1,2,3,4]", "[1,2,3]", "[1,2,-3,4]", "null", "{}"};
    struct bg_census census;
    (void)state;
    bg_census_init(&census);
    take(&census, &here, "[0, 5, 1, 2]", 7000000);
    for (size_t i = 0; i < sizeof untold / sizeof untold[0]; i++)
        take(&census, &here, untold[i], 7000000);
    assert_told(&census, &here, TOLD("3", "5", "0"));
    bg_census_done(&census);
}

static void another_incarnation_of_a_node_is_another_node(void **state)
{
    struct bg_census census;
    (void)state;
    bg_census_init(&census);
    take(&census, &here, "[0, 5, 1, 2]", 7000000);
    assert_told(&census, &again, "{}");
    bg_census_done(&census);
}

static void a_removed_node_is_forgotten(void **state)
{
    struct bg_census census;
    (void)state;
    bg_census_init(&census);
    take(&census, &here, "[0, 5, 1, 2]", 7000000);
    take(&census, &there, "[0, 5, 1, 2]", 7000000);
    bg_census_forget(&census, here.name);
    assert_told(&census, &here, "{}");
    assert_told(&census, &there, TOLD("3", "5", "0"));
    bg_census_done(&census);
}

static void the_node_scanned_least_recently_goes_first(void **state)
{
    struct bg_census census;
    struct bg_incarnation node = here;
    (void)state;
    bg_census_init(&census);
    take(&census, &here, "[0, 5, 1, 2]", 1);
    take(&census, &there, "[0, 5, 1, 2]", 2);
    take(&census, &here, "[0, 5, 1, 2]", 7000000);
    for (int i = 0; i < BG_CENSUS_MAX - 1; i++) {
        (void)snprintf(node.name, sizeof node.name, "n%d@h", i);
        take(&census, &node, "[0, 5, 1, 2]", 7000000);
    }
    assert_int_equal(census.count, BG_CENSUS_MAX);
    assert_told(&census, &there, "{}");
    assert_told(&census, &here, TOLD("3", "5", "0"));
    bg_census_done(&census);
}

#define PEER(NODE, COUNT) "{\"peer\":{\"pid\":\"<0.9.0>\",\"node\":\"" NODE "\"},\"count\":" COUNT "}"
#define LIST(NAME, TOP) "{\"lists\":{\"" NAME "\":{\"top\":[" TOP "]}}}"

/* With many local monitors, most of which were not read, a few watchers' lists may show more. */
static void entries_of_remote_peers_are_of_others_too(void **state)
{
    struct bg_census census;
    json_t *processes = json_loads("[" LIST("monitors", PEER("pay@h", "30") "," PEER("shop@h", "400")) "," LIST(
                                       "monitors", PEER("bank@h", "3")) "," LIST("monitored_by", PEER("pay@h", "2")) ",null,7]",
                                   0, NULL);
    (void)state;
    assert_non_null(processes);
    bg_census_init(&census);
    bg_census_note(&census, &here, processes); /* no scan yet */
    take(&census, &here, "[900, 500, 20, 907]", 7000000);
    bg_census_note(&census, &again, processes);
    assert_told(&census, &here, TOLD("7", "500", "0"));
    bg_census_note(&census, &here, processes);
    bg_census_note(&census, &here, NULL);
    assert_told(&census, &here, TOLD("40", "500", "0"));
    json_decref(processes);
    bg_census_done(&census);
}

/* More would overflow a sum of many. */
static void a_peer_has_no_more_than_so_many_entries(void **state)
{
    struct bg_census census;
    json_t *most = json_loads("[" LIST("monitors", PEER("pay@h", "1099511627776")) "]", 0, NULL);
    json_t *more = json_loads("[" LIST("monitors", PEER("pay@h", "1099511627777") "," PEER("bank@h", "3")) "]", 0, NULL);
    (void)state;
    assert_non_null(most);
    assert_non_null(more);
    bg_census_init(&census);
    take(&census, &here, "[900, 500, 20, 907]", 7000000);
    bg_census_note(&census, &here, more);
    assert_told(&census, &here, TOLD("10", "500", "0"));
    bg_census_note(&census, &here, most);
    assert_told(&census, &here, TOLD("1099511627783", "500", "0"));
    json_decref(most);
    json_decref(more);
    bg_census_done(&census);
}

/* Of 60,000 watchers' entries any may be one of the 80,000 local monitors: the reported number stays until it is known. */
static void entries_in_doubt_are_not_told_before_their_peers_are_known(void **state)
{
    struct bg_census census;
    json_t *one = json_loads("[{\"lists\":{\"monitors\":{\"count\":9000,\"top\":[]}}}]", 0, NULL);
    json_t *most = json_loads("[{\"lists\":{\"monitors\":{\"count\":59000,\"top\":[" PEER("pay@h", "40000") "]}}}]", 0, NULL);
    (void)state;
    bg_census_init(&census);
    take(&census, &here, "[80000, 500, 60000, 0]", 6000000);
    assert_told(&census, &here, "{}");
    bg_census_note(&census, &here, one);
    assert_told(&census, &here, "{}");
    bg_census_note(&census, &here, most);
    assert_told(&census, &here, TOLD("40000", "500", "1000"));
    take(&census, &here, "[80000, 700, 60000, 0]", 7000000);
    assert_told(&census, &here, TOLD("40000", "500", "1000"));
    bg_census_note(&census, &here, most);
    assert_told(&census, &here, TOLD("40000", "700", "0"));
    json_decref(one);
    json_decref(most);
    bg_census_done(&census);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_in_doubt_are_not_told_before_their_peers_are_known),
        cmocka_unit_test(the_entries_beyond_local_monitors_are_of_others),
        cmocka_unit_test(entries_of_remote_peers_are_of_others_too),
        cmocka_unit_test(a_peer_has_no_more_than_so_many_entries),
        cmocka_unit_test(what_is_not_told_changes_nothing),
        cmocka_unit_test(another_incarnation_of_a_node_is_another_node),
        cmocka_unit_test(a_removed_node_is_forgotten),
        cmocka_unit_test(the_node_scanned_least_recently_goes_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
