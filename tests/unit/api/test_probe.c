/* test_probe.c: GET /metrics, /probe and /api/v1/prometheus/targets. */
#include "fake.h"
#include "figures.h"
#include "probe.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

#define MEMORY                                                                                                                             \
    MEMORY_OF(AREAS_OF("2531", "300", "10", "9", "30", "40"), "50", SIZES_OF(LOCAL_MONITORS("1536"), "0"), REPLY_OF(""), "2", NO_HOST)
#define SYSTEM SYSTEM_OF("1500", "3", "50", "100", "77")
#define TOTALS "{\"garbage_collection\":[12,2,0],\"io\":[[\"input\",9],[\"output\",10]]}"
#define SCAN                                                                                                                               \
    "{\"scanned_count\":49,\"skipped_count\":1,\"duration_us\":2500,\"word_bytes\":8,\"rows\":[" ROW("<0.1.0>", "10", "20") "," ROW(       \
        "<0.2.0>", "30", "5") "],\"rankings\":{\"memory\":[1,0],\"monitors\":[0,1],\"total_heap\":[0],\"links\":[]},"                      \
                              "\"exact\":{\"monitors\":false}}"

#define PEERS                                                                                                                              \
    "{\"processes\":[{\"pid\":\"<0.1.0>\",\"row\":" ROW("<0.1.0>", "10",                                                                   \
                                                        "20") ",\"dead\":false,\"lists\":{\"monitors\":{\"count\":20,"                     \
                                                              "\"distinct_count\":2,\"exact\":true,\"top\":[{\"peer\":{\"pid\":\"<0.9.0>"  \
                                                              "\",\"node\":\"shop@127.0.0.1\"},\"count\":17}]}}}]}"

static bool is_told(const char *line)
{
    assert_int_equal(fake.endings, 1);
    assert_int_equal(fake.status, 200);
    assert_non_null(fake.text);
    return strstr(fake.text, line) != NULL;
}

static void answer_system(void)
{
    fake_answer(SYSTEM);
    fake_answer(TOTALS);
}

static void answer_all(void)
{
    fake_answer(MEMORY);
    answer_system();
    fake_answer(SCAN);
    fake_answer(PEERS);
}

static void all_families_are_sane(void **state)
{
    (void)state;
    for (size_t i = 0; i < bg_figures_count; i++) {
        const struct bg_metric *metric = bg_figures[i].metric;
        if (metric != NULL && (!bg_metric_is_sane(metric) || strncmp(metric->name, "beam_", 5) != 0 || metric->labels[1] != NULL ||
                               (metric->labels[0] != NULL) != (bg_figures[i].label != NULL)))
            fail_msg("%s", metric->name);
        assert_true(metric != NULL || bg_figures[i].name != NULL);
        /* The page reads its tiles from the answers of memory and system. */
        assert_true(bg_figures[i].title == NULL ||
                    (bg_figures[i].name != NULL && bg_figures[i].kind == BG_FIGURE_MEMBER &&
                     (bg_figures[i].source == BG_SOURCE_MEMORY || bg_figures[i].source == BG_SOURCE_SYSTEM)));
    }
    const struct bg_metric *const more[] = {bg_probe_metrics, bg_beam_metrics, bg_service_metrics};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        for (const struct bg_metric *metric = more[i]; metric->name != NULL; metric++)
            if (!bg_metric_is_sane(metric))
                fail_msg("%s", metric->name);
    for (const struct bg_family *family = bg_prometheus_erl_families; family->metric.name != NULL; family++)
        if (!bg_metric_is_sane(&family->metric) || family->metric.type != BG_METRIC_UNTYPED)
            fail_msg("%s", family->metric.name);
}

static void five_questions_make_a_probe(void **state)
{
    (void)state;
    fake_call("probeNode", "target=shop@127.0.0.1", NULL);
    assert_int_equal(fake.asks_count, 1);
    assert_string_equal(fake.asks[0].question, "memory");
    fake_answer(MEMORY);
    assert_string_equal(fake.asks[1].question, "system_now");
    fake_answer(SYSTEM);
    assert_string_equal(fake.asks[2].question, "system_totals");
    fake_answer(TOTALS);
    assert_string_equal(fake.asks[3].question, "scan");
    EXPECT_ARG(3, "limit", "50");
    EXPECT_ARG(3, "order", "\"desc\"");
    EXPECT_ARG(3, "binary", "false");
    EXPECT_ARG(3, "list_entries_max", "200000");
    fake_answer(SCAN);
    assert_string_equal(fake.asks[4].question, "peers");
    EXPECT_ARG(4, "pids", "[\"<0.1.0>\",\"<0.2.0>\"]");
    fake_answer(PEERS);
    assert_string_equal(fake.content_type, "text/plain; version=0.0.4; charset=utf-8");
    assert_true(is_told("\nbeam_up 1\n"));
    assert_true(is_told("\nbeam_memory_bytes{kind=\"other\"} 620\n"));
    assert_true(is_told("\nbeam_monitors_estimated{peer=\"local\"} 12\n"));
    assert_false(is_told("peer=\"remote\""));
    assert_true(is_told("\nbeam_uptime_seconds 1.5\n"));
    assert_true(is_told("\nbeam_processes 50\n"));
    assert_true(is_told("\nbeam_ports 1\n"));
    assert_true(is_told("\nbeam_reductions_total 77\n"));
    assert_true(is_told("\nbeam_garbage_collections_total 12\n"));
    assert_true(is_told("\nbeam_scan_duration_seconds 0.0025\n"));
    assert_true(is_told("\nbeam_allocator_used_bytes{allocator=\"fix_alloc\"} 5\n"));
    assert_true(is_told("\nbeam_memory_persistent_term_bytes 5\n"));
    assert_false(is_told("beam_memory_resident_bytes"));
    assert_true(is_told("\nbeam_node_info{otp_release=\"25\",erts_version=\"13.1\",elixir_version=\"\"} 1\n"));
    assert_true(is_told("\nbeam_link_info{state=\"up\",reason=\"\"} 1\n"));
}

static void the_highest_figures_come_without_their_process(void **state)
{
    (void)state;
    fake_call("probeNode", "target=shop@127.0.0.1", NULL);
    answer_all();
    assert_true(is_told("\nbeam_process_max_memory_bytes 30\n"));
    assert_true(is_told("\nbeam_process_max_heap_bytes 800\n"));
    assert_true(is_told("\nbeam_process_max_monitors 20\n"));
    assert_true(is_told("\nbeam_process_max_exact{attribute=\"monitors\"} 0\n"));
    assert_true(is_told("\nbeam_process_max_pair_monitors 17\n"));
    assert_true(is_told("\nbeam_process_max_exact{attribute=\"pair_monitors\"} 1\n"));
    assert_false(is_told("beam_process_max_links"));
    assert_false(is_told("beam_process_max_monitored_by"));
    assert_null(strstr(fake.text, "0.1.0"));
}

static void what_is_not_wanted_is_not_asked(void **state)
{
    (void)state;
    fake_call("probeNode", "target=shop@127.0.0.1 scan=false", NULL);
    fake_answer(MEMORY);
    answer_system();
    assert_true(is_told("\nbeam_up 1\n"));
    assert_false(is_told("beam_scan"));
    fake_call("probeNode", "target=shop@127.0.0.1 module=prometheus_erl", NULL);
    fake_answer(MEMORY);
    answer_system();
    assert_true(is_told("\nerlang_vm_memory_atom_bytes_total{usage=\"free\"} 1\n"));
    assert_true(is_told("# TYPE erlang_vm_process_count untyped\nerlang_vm_process_count 50\n"));
    assert_false(is_told("beam_processes"));
}

static void a_node_that_is_down_is_told_at_once(void **state)
{
    (void)state;
    fake.nodes[0].state = BG_LINK_WAITING;
    fake.nodes[0].reason = BG_REASON_COOKIE_REJECTED;
    fake_call("probeNode", "target=shop@127.0.0.1", NULL);
    assert_int_equal(fake.asks_count, 0);
    assert_true(is_told("\nbeam_up 0\n"));
    assert_true(is_told("\nbeam_link_info{state=\"waiting\",reason=\"cookie_rejected\"} 1\n"));
    assert_false(is_told("beam_memory"));
}

static void what_was_answered_is_told_though_the_rest_failed(void **state)
{
    (void)state;
    fake_call("probeNode", "target=shop@127.0.0.1", NULL);
    fake_answer(MEMORY);
    fake_answer_failure(BG_DEADLINE, "late");
    fake_answer_failure(BG_ATOM_TABLE_FULL, "full");
    assert_int_equal(fake.asks_count, 3);
    assert_true(is_told("\nbeam_up 1\n"));
    assert_true(is_told("\nbeam_probe_answered{question=\"peers\"} 0\n"));
    assert_true(is_told("\nbeam_probe_answered{question=\"system\"} 0\n"));
    assert_true(is_told("\nbeam_memory_allocated_bytes 2536\n"));
    assert_false(is_told("\nbeam_processes "));
    fake.ask_error = BG_TOO_MANY;
    fake_call("probeNode", "target=shop@127.0.0.1", NULL);
    assert_true(is_told("\nbeam_up 0\n"));
}

/* One of them may be held up. */
static void what_all_schedulers_count_is_not_waited_for_long(void **state)
{
    (void)state;
    fake_call("probeNode", "target=shop@127.0.0.1 scan=false", NULL);
    fake_answer(MEMORY);
    fake_answer(SYSTEM_NOW_OF("1500", "3", "50", "100", "77") "}");
    assert_int_equal(fake.asks[2].timeout_ms, 1000);
    fake_answer_failure(BG_DEADLINE, "late");
    assert_true(is_told("\nbeam_up 1\n"));
    assert_true(is_told("\nbeam_probe_answered{question=\"system\"} 1\n"));
    assert_true(is_told("\nbeam_processes 50\n"));
    assert_true(is_told("\nbeam_reductions_total 77\n"));
    assert_false(is_told("beam_garbage_collections_total"));
}

static void nonsense_from_a_node_is_left_out(void **state)
{
    (void)state;
    fake_call("probeNode", "target=shop@127.0.0.1", NULL);
    fake_answer(
        MEMORY_OF(AREAS_OF("1000", "2000", "9", "1", "1", "1"), "1",
                  "7,[7],\"timeout\"," REPLY_OF("7,[5,0,[]],[\"a\\\"} 1\\nforged 1\",0,[" CARRIER("x", "[\"size\",1,1,1]", "2") "]]"),
                  "[7,7,7]", "1", NO_HOST));
    fake_answer("[]");
    fake_answer("[]");
    fake_answer("{\"rows\":[{\"memory\":\"much\"}],\"rankings\":{\"memory\":[0],\"monitors\":[-1],\"stack\":[\"x\"],\"links\":[99]},\"word_"
                "bytes\":8}");
    assert_true(is_told("\nbeam_memory_bytes{kind=\"other\"} 0\n")); /* never negative */
    assert_false(is_told("beam_process_max_m"));
    assert_false(is_told("beam_process_max_stack"));
    assert_false(is_told("beam_process_max_links"));
    assert_false(is_told("\nforged"));
    assert_true(is_told("\nbeam_allocator_used_bytes{allocator=\"a\\\"} 1\\nforged 1\"} 1\n"));
}

static void figures_that_cannot_be_understood_are_left_out(void **state)
{
    (void)state;
    fake_call("probeNode", "target=shop@127.0.0.1 scan=false", NULL);
    fake_answer("{\"areas\":[[[\"external_alloc\",\"much\"]]]}");
    answer_system();
    assert_true(is_told("\nbeam_up 1\n"));
    assert_false(is_told("beam_memory_"));
    assert_true(is_told("\nbeam_processes 50\n"));
}

static void allocators_are_bounded(void **state)
{
    char sizes[8000] = "[7,1,[", *at = sizes + strlen(sizes), answer[10000];
    size_t count = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        at += snprintf(at, 70, "%s[\"a%d\",0,[]]", i > 0 ? "," : "", i);
    snprintf(at, 10, "]]");
    snprintf(answer, sizeof answer, MEMORY_OF(AREAS_OF("1", "1", "0", "0", "0", "0"), "1", "%s", REPLY_OF(""), "1", NO_HOST), sizes);
    fake_call("probeNode", "target=shop@127.0.0.1 scan=false", NULL);
    fake_answer(answer);
    answer_system();
    for (const char *found = fake.text; (found = strstr(found, "beam_allocator_used_bytes{allocator=")) != NULL; found++)
        count++;
    assert_int_equal(count, 32);
}

static int64_t timeout_for(const char *header, const char *params)
{
    const struct bg_header headers[] = {{"X-Prometheus-Scrape-Timeout-Seconds", header}, {NULL, NULL}};
    char all[200];

    snprintf(all, sizeof all, "target=shop@127.0.0.1%s", params);
    fake.headers = header != NULL ? headers : NULL;
    fake_call("probeNode", all, NULL);
    fake.headers = NULL;
    const int64_t timeout_ms = fake.asks[0].timeout_ms;
    fake_cancel();
    return timeout_ms;
}

static void the_node_is_not_waited_for_longer_than_the_scraper_waits(void **state)
{
    (void)state;
    assert_int_equal(timeout_for(NULL, ""), 10000);
    assert_int_equal(timeout_for("10", ""), 9500);
    assert_int_equal(timeout_for("1.5", ""), 1350);
    assert_int_equal(timeout_for("30.000000", ""), 29500);
    assert_int_equal(timeout_for("3000", ""), 60000);
    assert_int_equal(timeout_for("10", " timeout_ms=2000"), 2000);
    assert_int_equal(timeout_for("1", " timeout_ms=2000"), 900);
    assert_int_equal(timeout_for(NULL, " timeout_ms=20000"), 20000);
    static const char *const odd[] = {"", "x", "-1", "0", "nan", "inf", "1e9", "5s"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
        assert_int_equal(timeout_for(odd[i], ""), 10000);
}

static void later_questions_have_the_time_that_is_left(void **state)
{
    (void)state;
    fake_call("probeNode", "target=shop@127.0.0.1 timeout_ms=1000 max_age_ms=7", NULL);
    fake.now_us += 400000;
    fake_answer(MEMORY);
    assert_int_equal(fake.asks[1].timeout_ms, 600);
    assert_int_equal(fake.asks[1].max_age_ms, 7);
    fake.now_us += 200000;
    fake_answer(SYSTEM);
    assert_int_equal(fake.asks[2].timeout_ms, 200); /* half */
    assert_int_equal(fake.asks[2].max_age_ms, 1000);
    fake.now_us += 400000;
    fake_answer(TOTALS);
    assert_int_equal(fake.asks_count, 3);
    assert_true(is_told("\nbeam_probe_answered{question=\"scan\"} 0\n"));
    assert_true(is_told("\nbeam_probe_duration_seconds 1\n"));
}

static void a_client_that_goes_takes_its_question_back(void **state)
{
    (void)state;
    fake_call("probeNode", "target=shop@127.0.0.1", NULL);
    fake_answer(MEMORY);
    fake_cancel();
    assert_int_equal(fake.cancelled_count, 1);
    assert_int_equal(fake.endings, 0);
}

static void a_target_must_be_given_and_registered(void **state)
{
    (void)state;
    fake_call("probeNode", "", NULL);
    fake_expect_failure(BG_INVALID, "target is missing");
    assert_string_equal(fake.failure.param, "target");
    fake_call("probeNode", "target=other@127.0.0.1", NULL);
    fake_expect_failure(BG_NODE_UNKNOWN, "other@127.0.0.1");
}

static void metrics_tell_links_by_state_and_the_build(void **state)
{
    (void)state;
    fake.nodes[1] = (struct bg_node_info){.name = "b@b", .state = BG_LINK_WAITING};
    fake.nodes[2] = (struct bg_node_info){.name = "c@c", .state = BG_LINK_WAITING};
    fake.nodes_count = 3;
    fake.wanted_type = bg_exposition_types[1];
    fake_call("getMetrics", "", NULL);
    assert_string_equal(fake.content_type, bg_exposition_types[1]);
    assert_true(is_told("beamgauge_build_info{version=\"1.2.3\"} 1\n"));
    assert_true(is_told("\nprocess_start_time_seconds 1795420700\n"));
    assert_true(is_told("\nbeamgauge_links{state=\"up\"} 1\n"));
    assert_true(is_told("\nbeamgauge_links{state=\"waiting\"} 2\n"));
    assert_false(is_told("shop@"));
    assert_true(is_told("\n# EOF\n"));
    fake.wanted_type = NULL;
}

static void targets_are_a_bare_list_with_text_labels(void **state)
{
    static const char *const tags[] = {"blue", "e\"u"};
    json_t *list;

    (void)state;
    fake.nodes[0].tags = tags;
    fake.nodes[0].tags_count = 2;
    fake.nodes[1] = (struct bg_node_info){.name = "b@h", .state = BG_LINK_WAITING, .origin = BG_ORIGIN_EPMD};
    fake.nodes_count = 2;
    fake_call("listPrometheusTargets", "", NULL);
    assert_string_equal(fake.content_type, "application/json");
    list = json_loads(fake.text, 0, NULL);
    fake_expect(list, "0",
                "{\"targets\":[\"shop@127.0.0.1\"],\"labels\":{\"__meta_beamgauge_host\":\"127.0.0.1\","
                "\"__meta_beamgauge_origin\":\"config\",\"__meta_beamgauge_tags\":\",blue,e\\\"u,\"}}");
    fake_expect(list, "1",
                "{\"targets\":[\"b@h\"],\"labels\":{\"__meta_beamgauge_host\":\"h\","
                "\"__meta_beamgauge_origin\":\"epmd\",\"__meta_beamgauge_tags\":\"\"}}");
    json_decref(list);
    fake.nodes_count = 0;
    fake_call("listPrometheusTargets", "", NULL);
    assert_string_equal(fake.text, "[]");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_families_are_sane),
        TEST(five_questions_make_a_probe),
        TEST(the_highest_figures_come_without_their_process),
        TEST(what_is_not_wanted_is_not_asked),
        TEST(a_node_that_is_down_is_told_at_once),
        TEST(what_was_answered_is_told_though_the_rest_failed),
        TEST(what_all_schedulers_count_is_not_waited_for_long),
        TEST(nonsense_from_a_node_is_left_out),
        TEST(figures_that_cannot_be_understood_are_left_out),
        TEST(allocators_are_bounded),
        TEST(the_node_is_not_waited_for_longer_than_the_scraper_waits),
        TEST(later_questions_have_the_time_that_is_left),
        TEST(a_client_that_goes_takes_its_question_back),
        TEST(a_target_must_be_given_and_registered),
        TEST(metrics_tell_links_by_state_and_the_build),
        TEST(targets_are_a_bare_list_with_text_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
