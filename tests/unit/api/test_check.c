/* test_check.c: assertions on nodes: the questions, the results, and the statuses. */
#include "fake.h"
#include "samples.h"

#include "beamgauge/config.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1 "
/* -848005 bytes beside 1848005 in allocators: a million. */
#define MEMORY                                                                                                                             \
    MEMORY_OF(AREAS_OF("-848005", "400", "50", "40", "200", "60"), "40", SIZES_OF(LOCAL_MONITORS("896"), "1848000"),                       \
              STANDARD_OF("9240", "1848000"), "2", NO_HOST)
#define SYSTEM SYSTEM_OF("5000", "3", "800", "1000", "1")
#define THREE ROW("<0.10.0>", "9000", "500") "," ROW("<0.11.0>", "7000", "20") "," ROW("<0.12.0>", "10", "0")
#define SCAN SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0")
#define PEER_OF(ID, COUNT, DISTINCT, EXACT, TOP)                                                                                           \
    "{\"pid\":\"" ID "\",\"row\":{\"registered_name\":\"cart\",\"started_as\":[\"Elixir.Cart\",\"init\",1],\"alive\":true},\"lists\":{"    \
    "\"monitors\":{\"count\":" COUNT ",\"distinct_count\":" DISTINCT ",\"exact\":" EXACT ",\"top\":[" TOP "]}}}"
#define ONE_PEER(COUNT) "{\"peer\":{\"pid\":\"<0.7.0>\",\"node\":\"pay@127.0.0.1\"},\"count\":" COUNT ",\"registered_name\":\"ledger\"}"
#define PEERS(LIST) "{\"duration_us\":1,\"processes\":[" LIST "]}"

static void each_source_is_asked_once_for_all_assertions(void **state)
{
    (void)state;
    fake_call("checkNode",
              SHOP "assert=memory.total_bytes<1M assert=memory.total_bytes<=1M assert=process_ratio:le:80% assert=run_queue_count<5 "
                   "warn=monitors_count_max<100 assert=processes_over(monitors,10)<3 assert=pair_count_max<600 max_age_ms=70",
              NULL);
    assert_string_equal(fake.asks[0].question, "memory");
    assert_int_equal(fake.asks[0].max_age_ms, 70);
    fake_answer(MEMORY);
    assert_string_equal(fake.asks[1].question, "system_now");
    fake_answer(SYSTEM);
    assert_string_equal(fake.asks[2].question, "scan");
    EXPECT_ARG(2, "", "{\"limit\":50,\"order\":\"desc\",\"binary\":false,\"list_entries_max\":200000}");
    fake_answer(SCAN);
    assert_string_equal(fake.asks[3].question, "peers");
    EXPECT_ARG(3, "",
               "{\"pids\":[\"<0.10.0>\",\"<0.11.0>\"],\"directions\":[\"monitors\"],\"limit\":20,\"list_entries_max\":200000,"
               "\"exact\":false}");
    fake_answer(PEERS(PEER_OF("<0.10.0>", "500", "2", "true", ONE_PEER("499"))));
    assert_int_equal(fake.asks_count, 4);
    assert_int_equal(fake.status, 503);
    assert_string_equal(fake.sent, "X-Check-Status: fail\nX-Nagios-Exit: 2\n");
    EXPECT("status", "\"fail\"");
    EXPECT("node", "\"shop@127.0.0.1\"");
    EXPECT("assertions.0", "{\"kind\":\"assert\",\"status\":\"fail\",\"expression\":\"memory.total_bytes<1M\",\"metric\":"
                           "\"memory.total_bytes\",\"unit\":\"bytes\",\"operator\":\"<\",\"threshold\":1000000,\"observed\":1000000,"
                           "\"exact\":true,\"offender\":null,\"error\":null}");
    EXPECT("assertions.1.status", "\"pass\"");
    EXPECT("assertions.2.status", "\"pass\"");
    EXPECT("assertions.2.observed", "0.8");
    EXPECT("assertions.3.observed", "3");
    EXPECT("assertions.4.observed", "2"); /* asserts come first */
    EXPECT("assertions.4.status", "\"pass\"");
    EXPECT("assertions.5.observed", "499");
    EXPECT("assertions.5.offender.pid", "\"<0.10.0>\"");
    EXPECT("assertions.5.offender.initial_call.text", "\"Cart.init/1\"");
    EXPECT("assertions.5.offender.watched.name", "\"ledger\"");
    EXPECT("assertions.6.status", "\"warn\"");
    EXPECT("assertions.6.observed", "500");
    EXPECT("assertions.6.offender.initial_call.text", "\"Shop.Cart.init/1\"");
    EXPECT_META("node", "\"shop@127.0.0.1\"");
    EXPECT_META("duration_ms", "28");
}

static void status_of(const char *params, const char *answer, int status, const char *headers)
{
    fake.sent[0] = '\0';
    fake_call("checkNode", params, NULL);
    fake_answer(answer);
    assert_int_equal(fake.status, status);
    assert_string_equal(fake.sent, headers);
}

static void the_status_is_the_callers_choice_for_false_only(void **state)
{
    (void)state;
    status_of(SHOP "assert=memory.atom_bytes<51 warn=memory.atom_bytes<51", MEMORY, 200, "X-Check-Status: pass\nX-Nagios-Exit: 0\n");
    status_of(SHOP "assert=memory.atom_bytes<51 warn=memory.atom_bytes<50", MEMORY, 200, "X-Check-Status: warn\nX-Nagios-Exit: 1\n");
    status_of(SHOP "warn=memory.atom_bytes<50 fail_status=412", MEMORY, 200, "X-Check-Status: warn\nX-Nagios-Exit: 1\n");
    status_of(SHOP "assert=memory.atom_bytes<50 fail_status=412", MEMORY, 412, "X-Check-Status: fail\nX-Nagios-Exit: 2\n");
    status_of(SHOP "assert=memory.atom_bytes<50 fail_status=200", MEMORY, 200, "X-Check-Status: fail\nX-Nagios-Exit: 2\n");
    status_of(SHOP "assert=memory.other_bytes==998394", MEMORY, 200, "X-Check-Status: pass\nX-Nagios-Exit: 0\n");
    status_of(SHOP "assert=monitors_estimate.remote_count>8999", MEMORY, 200, "X-Check-Status: pass\nX-Nagios-Exit: 0\n");
    EXPECT("assertions.0.exact", "false");
}

static void what_could_not_be_told_is_not_false(void **state)
{
    static const struct {
        enum bg_error error;
        int status;
    } cases[] = {{BG_NODE_UNREACHABLE, 502}, {BG_DEADLINE, 504}, {BG_TOO_MANY, 429}};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fake_call("checkNode", SHOP "assert=memory.total_bytes<5 warn=memory.total_bytes<6", NULL);
        fake_answer_failure(cases[i].error, "no luck");
        assert_int_equal(fake.status, cases[i].status);
        assert_int_equal(fake.failure.error, cases[i].error);
        assert_string_equal(fake.sent, "X-Check-Status: unknown\nX-Nagios-Exit: 3\n");
        EXPECT("assertions.0.status", "\"unknown\"");
        EXPECT("assertions.0.observed", "null");
        EXPECT("assertions.0.error.detail", "\"no luck\"");
    }
    fake_call("checkNode", SHOP "assert=memory.total_bytes<5 assert=process_count<5", NULL);
    fake_answer_failure(BG_DEADLINE, "late");
    fake_answer(SYSTEM); /* the other source is asked all the same, and a false assertion decides */
    assert_int_equal(fake.status, 503);
    EXPECT("assertions.0.status", "\"unknown\"");
    EXPECT("assertions.1.status", "\"fail\"");
    fake_call("checkNode", SHOP "assert=memory.total_bytes<5", NULL);
    fake_answer("{\"memory\":{}}");
    assert_int_equal(fake.status, 502);
    fake_call("checkNode", SHOP "assert=pair_count_max<5", NULL);
    fake_answer_failure(BG_DEADLINE, "scan was late");
    assert_int_equal(fake.status, 504);
    EXPECT("assertions.0.error.detail", "\"scan was late\"");
    assert_int_equal(fake.asks_count, 1);
    fake_call("checkNode", SHOP "assert=pair_count_max<1000000", NULL); /* watchers are known, but not their peers: that does not pass */
    fake_answer(SCAN);
    fake_answer_failure(BG_DEADLINE, "peers were late");
    assert_int_equal(fake.status, 504);
    EXPECT("assertions.0.status", "\"unknown\"");
    EXPECT("assertions.0.error.detail", "\"peers were late\"");
}

static void pairs_of_a_node_without_monitors_are_none(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=pair_count_max==0 assert=duplication_ratio_max==0", NULL);
    fake_answer(SCAN_OF(ROW("<0.12.0>", "1", "0"), "monitors", "[0]", "0", "0"));
    assert_int_equal(fake.asks_count, 1);
    assert_int_equal(fake.status, 200);
}

static void duplication_is_the_highest_among_watchers(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=duplication_ratio_max<250", NULL);
    fake_answer(SCAN);
    fake_answer(PEERS(PEER_OF("<0.10.0>", "500", "2", "true", ONE_PEER("499")) "," //
                      PEER_OF("<0.11.0>", "20", "20", "true", ONE_PEER("1")) ","   //
                                                                             "{\"pid\":\"<0.13.0>\",\"dead\":true}"));
    EXPECT("assertions.0.observed", "250");
    EXPECT("assertions.0.exact", "true");
    EXPECT("assertions.0.status", "\"fail\"");
    fake_call("checkNode", SHOP "assert=duplication_ratio_max<250 assert=pair_count_max<250", NULL);
    fake_answer(SCAN);
    fake_answer(PEERS(PEER_OF("<0.10.0>", "500000", "null", "false", "")));
    EXPECT("assertions.0.exact", "false");
    EXPECT("assertions.1.exact", "false");
}

static void counting_asks_for_a_ranking_that_is_long_enough(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=processes_over(monitors,20)<200 assert=binary_bytes_max<1", NULL);
    EXPECT_ARG(0, "limit", "1000");
    EXPECT_ARG(0, "binary", "true");
    fake_answer("{\"process_count\":3,\"scanned_count\":3,\"skipped_count\":0,\"word_bytes\":8,\"rows\":[" THREE
                "],\"rankings\":{\"monitors\":[0,1,2],\"binary\":[]},\"exact\":{\"monitors\":true,\"binary\":true},\"next_bound\":{}}");
    EXPECT("assertions.0.observed", "1"); /* 20 is not over 20 */
    EXPECT("assertions.0.exact", "true");
    EXPECT("assertions.0.offender.pid", "\"<0.10.0>\"");
    EXPECT("assertions.1.observed", "0");
}

#define PARTIAL(sort, exact)                                                                                                               \
    "{\"process_count\":20000,\"scanned_count\":4096,\"skipped_count\":15904,\"word_bytes\":8,\"rows\":[" THREE "],\"rankings\":{\"" sort  \
    "\":[0,1,2]},\"exact\":{\"" sort "\":" exact "},\"next_bound\":{}}"

static void what_holds_for_a_part_of_the_processes_is_not_told(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=monitors_count_max<1000", NULL);
    fake_answer(PARTIAL("monitors", "false"));
    assert_int_equal(fake.status, 504);
    fake_call("checkNode", SHOP "assert=monitors_count_max<1", NULL);
    fake_answer(PARTIAL("monitors", "false"));
    assert_int_equal(fake.status, 503); /* one that was seen is enough for that */
    fake_call("checkNode", SHOP "assert=message_queue_len_max<1000", NULL);
    fake_answer(PARTIAL("message_queue_len", "true")); /* which was read of all */
    assert_int_equal(fake.status, 200);
}

static void heaps_are_counted_in_bytes(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=total_heap_bytes_max==800", NULL);
    fake_answer(SCAN_OF(ROW("<0.12.0>", "1", "0"), "total_heap", "[0]", "0", "0"));
    assert_int_equal(fake.status, 200);
}

static void mistakes_are_400_with_their_place(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=atom_count<5 assert=atom_cont<5", NULL);
    fake_expect_failure(BG_INVALID, "assert \"atom_cont<5\", column 1: atom_cont is not a metric");
    assert_string_equal(fake.failure.param, "assert");
    fake_call("checkNode", SHOP "warn=atom_count=5", NULL);
    fake_expect_failure(BG_INVALID, "column 11:");
    assert_string_equal(fake.failure.param, "warn");
    fake_call("checkNode", SHOP "max_age_ms=5", NULL);
    fake_expect_failure(BG_INVALID, "at least one");
    fake_call("checkNode", SHOP "set=nightly", NULL);
    fake_expect_failure(BG_INVALID, "there is no set nightly");
    fake_call("checkNode", "node=none@127.0.0.1 assert=atom_count<5", NULL);
    fake_expect_failure(BG_NODE_UNKNOWN, "none@127.0.0.1");
    assert_int_equal(fake.asks_count, 0);
}

static void named_sets_come_from_the_configuration(void **state)
{
    char *asserts[] = {(char[]){"memory.atom_bytes < 51"}}, *warns[] = {(char[]){"memory.code_bytes < 5"}}, *bad[] = {(char[]){"x"}};
    struct bg_config_check checks[] = {
        {.name = (char[]){"nightly"}, .asserts = asserts, .asserts_count = 1, .warns = warns, .warns_count = 1},
        {.name = (char[]){"bad"}, .asserts = bad, .asserts_count = 1}};
    const struct bg_config config = {.checks = checks, .checks_count = 2};
    (void)state;
    fake.services.config = &config;
    fake_call("checkNode", SHOP "set=nightly assert=memory.ets_bytes==60", NULL);
    asserts[0][0] = warns[0][0] = '?'; /* as a reload might */
    fake_answer(MEMORY);
    assert_int_equal(fake.status, 200);
    EXPECT("status", "\"warn\"");
    assert_int_equal(json_array_size(fake_at(fake.data, "assertions")), 3);
    EXPECT("assertions.1.expression", "\"memory.atom_bytes < 51\"");
    EXPECT("assertions.2.kind", "\"warn\"");
    fake_call("checkNode", SHOP "set=bad", NULL);
    fake_expect_failure(BG_INVALID, "the configuration's \"x\", column 2");
}

static void two_nodes(void)
{
    fake.nodes[1] = (struct bg_node_info){.name = "pay@127.0.0.1", .state = BG_LINK_UP, .reason_text = ""};
    fake.nodes_count = 2;
}

static void many_nodes_are_checked_side_by_side(void **state)
{
    (void)state;
    two_nodes();
    fake_call("checkNodes", "assert=memory.total_bytes<5M", NULL);
    assert_int_equal(fake.asks_count, 2); /* both before any has answered */
    fake_answer(MEMORY);
    fake_answer_failure(BG_NODE_UNREACHABLE, "gone");
    assert_int_equal(fake.status, 502);
    assert_int_equal(fake.failure.error, BG_NODE_UNREACHABLE);
    EXPECT("status", "\"unknown\"");
    EXPECT("nodes.0.status", "\"pass\"");
    EXPECT("nodes.1.status", "\"unknown\"");
    EXPECT("nodes.1.node", "\"pay@127.0.0.1\"");
    EXPECT_META("node", "null");
    fake_call("checkNodes", "assert=memory.total_bytes<5", NULL);
    fake_answer_failure(BG_DEADLINE, "late");
    fake_answer(MEMORY);
    assert_int_equal(fake.status, 503); /* one is false: so it is false */
}

static void patterns_choose_nodes_and_must_name_one(void **state)
{
    (void)state;
    two_nodes();
    fake_call("checkNodes", "node=pa* assert=memory.total_bytes<5M", NULL);
    assert_int_equal(fake.asks_count, 1);
    assert_string_equal(fake.asks[0].node, "pay@127.0.0.1");
    fake_cancel();
    fake_call("checkNodes", "node=shop@* node=mail@* assert=memory.total_bytes<5M", NULL);
    fake_expect_failure(BG_NODE_UNKNOWN, "mail@*");
    fake.nodes_count = 0;
    fake_call("checkNodes", "assert=memory.total_bytes<5M", NULL);
    fake_expect_failure(BG_NODE_UNKNOWN, "*");
}

static void many_nodes(size_t count)
{
    static char names[FAKE_NODES_MAX][48];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(names[i], sizeof names[i], "node%zu@127.0.0.1", i);
        fake.nodes[i] = (struct bg_node_info){.name = names[i], .state = BG_LINK_UP, .reason_text = ""};
    }
    fake.nodes_count = count;
}

static void so_many_nodes_at_once_and_the_others_in_their_turn(void **state)
{
    (void)state;
    many_nodes(70);
    fake_call("checkNodes", "assert=memory.total_bytes<5M", NULL);
    assert_int_equal(fake.asks_count, 64);
    fake_answer(MEMORY);
    assert_int_equal(fake.asks_count, 65);
    for (int i = 0; i < 69; i++)
        fake_answer(MEMORY);
    assert_int_equal(fake.asks_count, 70);
    assert_int_equal(fake.status, 200);
    assert_int_equal(json_array_size(fake_at(fake.data, "nodes")), 70);
    assert_string_equal(fake.asks[69].node, "node69@127.0.0.1");
}

static void a_check_may_be_as_long_as_its_parameters_and_a_set(void **state)
{
    static char text[4000], *lines[32];
    struct bg_config_check checks[] = {{.name = (char[]){"s"}, .asserts = lines, .asserts_count = 32, .warns = lines, .warns_count = 32}};
    const struct bg_config config = {.checks = checks, .checks_count = 1};
    (void)state;
    fake.services.config = &config;
    (void)snprintf(text, sizeof text, SHOP "set=s");
    for (int i = 0; i < 32; i++) {
        static char line[] = "memory.total_bytes<5M";
        lines[i] = line;
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), " assert=atom_count<5M warn=atom_count<5M");
    }
    fake_call("checkNode", text, NULL);
    fake_answer(MEMORY);
    fake_answer(SYSTEM);
    assert_int_equal(fake.status, 200);
    assert_int_equal(json_array_size(fake_at(fake.data, "assertions")), 128);
}

static void refused_questions_end_at_once(void **state)
{
    (void)state;
    two_nodes();
    fake.ask_error = BG_TOO_MANY;
    fake_call("checkNodes", "assert=memory.total_bytes<5 assert=atom_count<5 assert=pair_count_max<5", NULL);
    assert_int_equal(fake.endings, 1);
    assert_int_equal(fake.status, 429);
    EXPECT("nodes.1.assertions.2.status", "\"unknown\"");
}

static void a_client_that_goes_takes_its_questions_back(void **state)
{
    (void)state;
    two_nodes();
    fake_call("checkNodes", "assert=memory.total_bytes<5 assert=atom_count<5", NULL);
    fake_answer(MEMORY);
    fake_cancel();
    assert_int_equal(fake.cancelled_count, 2);
    assert_int_equal(fake.endings, 0);
}

static char *write_as(const char *format)
{
    const struct bg_representation *own = fake_endpoint("checkNode")->representations;
    char *text = NULL;
    size_t length;
    while (strcmp(own->name, format) != 0)
        own++;
    FILE *out = open_memstream(&text, &length);
    assert_true(own->write(fake.data, fake.meta, out));
    (void)fclose(out);
    return text;
}

static void expect_written(const char *format, const char *expected)
{
    char *text = write_as(format);
    assert_string_equal(text, expected);
    free(text);
}

static void it_is_written_for_people_ci_and_monitoring(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=memory.ets_bytes<1KiB assert=monitors_count_max<400 warn=process_ratio<50%", NULL);
    fake_answer(MEMORY);
    fake_answer_failure(BG_DEADLINE, "was <late> & \"slow\"");
    fake_answer(SCAN);
    expect_written("text", "fail    shop@127.0.0.1: 1 of 3 assertions do not hold, 1 could not be determined\n"
                           "  pass    memory.ets_bytes<1KiB  observed 60 B\n"
                           "  fail    monitors_count_max<400  observed 500 by <0.10.0> Shop.Cart.init/1\n"
                           "  unknown process_ratio<50%  could not be determined: was <late> & \"slow\"\n");
    expect_written("md", "### \xe2\x9d\x8c shop@127.0.0.1: 1 of 3 assertions do not hold, 1 could not be determined\n\n"
                         "| | Assertion | Observed | By |\n| --- | --- | ---: | --- |\n"
                         "| \xe2\x9c\x85 pass | memory.ets\\_bytes&lt;1KiB | 60 B | - |\n"
                         "| \xe2\x9d\x8c fail | monitors\\_count\\_max&lt;400 | 500 | &lt;0.10.0&gt; Shop.Cart.init/1 |\n"
                         "| \xe2\x9d\x94 unknown | process\\_ratio&lt;50% | - | was &lt;late&gt; &amp; \"slow\" |\n\n");
    expect_written("nagios",
                   "BEAM CRITICAL - shop@127.0.0.1: 1 of 3 assertions do not hold, 1 could not be determined; "
                   "monitors_count_max<400, observed 500 by <0.10.0> Shop.Cart.init/1; process_ratio<50%, could not be determined: "
                   "was <late> & \"slow\" | 'shop@127.0.0.1 memory.ets_bytes'=60B;;1024 'shop@127.0.0.1 "
                   "monitors_count_max'=500;;400\n");
    char *junit = write_as("junit");
    assert_non_null(strstr(junit, "<testsuite name=\"shop@127.0.0.1\" timestamp=\"20"));
    assert_non_null(strstr(junit, " tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"0\""));
    assert_non_null(strstr(junit, "name=\"monitors_count_max&lt;400\" time=\"0\"><failure message=\"observed 500 by &lt;0.10.0&gt; "));
    assert_non_null(strstr(junit, "<error message=\"could not be determined: was &lt;late&gt; &amp; &quot;slow&quot;\"/>"));
    free(junit);
}

static void monitoring_is_told_of_the_failing_nodes_first(void **state)
{
    (void)state;
    many_nodes(3);
    fake_call("checkNodes", "assert=memory.total_bytes<5", NULL);
    fake_answer_failure(BG_DEADLINE, "late");
    fake_answer(MEMORY);
    fake_answer_failure(BG_DEADLINE, "late");
    char *text = write_as("nagios");
    const char *failing = strstr(text, "node1@127.0.0.1"), *first = strstr(text, "node0@127.0.0.1"),
               *last = strstr(text, "node2@127.0.0.1");
    assert_ptr_equal(failing, text + strlen("BEAM CRITICAL - "));
    assert_true(failing < first && first < last);
    free(text);
}

static void the_table_of_metrics_is_listed(void **state)
{
    (void)state;
    fake_call("listCheckMetrics", "", NULL);
    EXPECT("0", "{\"name\":\"memory.total_bytes\",\"unit\":\"bytes\",\"source\":\"memory\",\"arguments_count\":0,"
                "\"summary\":\"All memory that the emulator has allocated\"}");
    const size_t last = json_array_size(fake.data) - 1;
    assert_string_equal(json_string_value(json_object_get(json_array_get(fake.data, last), "name")), "per_second");
    assert_string_equal(json_string_value(json_object_get(json_array_get(fake.data, last), "source")), "history");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(each_source_is_asked_once_for_all_assertions),
        T(monitoring_is_told_of_the_failing_nodes_first),
        T(the_status_is_the_callers_choice_for_false_only),
        T(what_could_not_be_told_is_not_false),
        T(pairs_of_a_node_without_monitors_are_none),
        T(duplication_is_the_highest_among_watchers),
        T(counting_asks_for_a_ranking_that_is_long_enough),
        T(what_holds_for_a_part_of_the_processes_is_not_told),
        T(heaps_are_counted_in_bytes),
        T(mistakes_are_400_with_their_place),
        T(named_sets_come_from_the_configuration),
        T(many_nodes_are_checked_side_by_side),
        T(patterns_choose_nodes_and_must_name_one),
        T(so_many_nodes_at_once_and_the_others_in_their_turn),
        T(a_check_may_be_as_long_as_its_parameters_and_a_set),
        T(refused_questions_end_at_once),
        T(a_client_that_goes_takes_its_questions_back),
        T(it_is_written_for_people_ci_and_monitoring),
        T(the_table_of_metrics_is_listed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
