/* test_uncounted.c: entries that nobody has counted, in checks and chat; estimates, and processes without one. */
#include "fake.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1 "
#define THREE ROW("<0.10.0>", "9000", "500") "," ROW("<0.11.0>", "7000", "20") "," ROW("<0.12.0>", "10", "0")
#define SCAN SCAN_OF(THREE, "monitors", "[0,1,2]", "0", "0")
#define PEER_OF(ID, COUNT, DISTINCT, EXACT, TOP)                                                                                           \
    "{\"pid\":\"" ID "\",\"row\":{\"registered_name\":\"cart\",\"started_as\":[\"Elixir.Cart\",\"init\",1],\"alive\":true},\"lists\":{"    \
    "\"monitors\":{\"count\":" COUNT ",\"distinct_count\":" DISTINCT ",\"exact\":" EXACT ",\"top\":[" TOP "]}}}"
#define ONE_PEER(COUNT) "{\"peer\":{\"pid\":\"<0.7.0>\",\"node\":\"pay@127.0.0.1\"},\"count\":" COUNT ",\"registered_name\":\"ledger\"}"
#define PEERS(LIST) "{\"duration_us\":1,\"processes\":[" LIST "]}"

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

/* 5,000 entries that nobody has counted may be monitors that the process holds, or that others hold on it. */
static void what_nobody_has_counted_is_unknown_where_it_decides(void **state)
{
    static const struct {
        const char *assertion, *status;
    } cases[] = {{"pair_count_max<1000", "\"unknown\""},  {"pair_count_max<6000", "\"pass\""},     {"pair_count_max<400", "\"fail\""},
                 {"pair_count_max!=2000", "\"unknown\""}, {"pair_count_max==2000", "\"unknown\""}, {"pair_count_max!=9000", "\"pass\""}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char call[100];
        (void)snprintf(call, sizeof call, SHOP "assert=%s", cases[i].assertion);
        fake_call("checkNode", call, NULL);
        fake_answer(SCAN);
        fake_answer(
            PEERS(PEER_OF("<0.10.0>", "500", "2", "true",
                          ONE_PEER("499")) ","
                                           "{\"pid\":\"<0.11.0>\",\"row\":{\"registered_name\":[],\"alive\":true},\"entries_max\":5500,"
                                           "\"lists\":{\"monitors\":"
                                           "{\"count\":5000,\"distinct_count\":null,\"exact\":false,\"uncounted\":true,\"top\":[]}}}"));
        if (strcmp(cases[i].status, "\"unknown\"") == 0)
            fake_expect_failure(BG_DEADLINE, "up to 5,500 entries that were not counted (monitors, monitored_by and links together)");
        EXPECT("assertions.0.status", cases[i].status);
    }
}

#define UNCOUNTED_ROW                                                                                                                      \
    "{\"pid\":{\"pid\":\"<0.20.0>\",\"node\":\"shop@127.0.0.1\"},\"registered_name\":[],\"initial_call\":[\"a\",\"b\",1],"                 \
    "\"current_function\":[\"a\",\"b\",1],\"status\":\"waiting\",\"memory\":9,\"total_heap_size\":1,\"stack_size\":1,"                     \
    "\"message_queue_len\":0,\"reductions\":1,\"label\":null,\"application\":null,\"off_heap_bytes\":1,\"monitors_count\":5000,"           \
    "\"monitored_by_count\":5000,\"links_count\":5500,\"exact\":false,\"uncounted\":true,\"entries_max\":5500}"

/* The same in rankings: only what is certain fails, and the uncounted ones are no culprits. */
static void what_nobody_has_counted_neither_fails_nor_passes_a_ranking(void **state)
{
    static const struct {
        const char *assertion, *status, *observed, *offender;
    } cases[] = {
        {"monitors_count_max<1000", "\"unknown\"", "null", NULL},
        {"monitors_count_max<400", "\"fail\"", "500", "\"<0.10.0>\""},
        {"monitors_count_max<6000", "\"pass\"", "500", "\"<0.10.0>\""},
        {"monitors_count_max>1000", "\"unknown\"", "null", NULL},
        {"processes_over(monitors,400)<2", "\"unknown\"", "null", NULL},
        {"processes_over(monitors,400)<3", "\"pass\"", "1", "\"<0.10.0>\""},
        {"processes_over(monitors,400)<1", "\"fail\"", "1", "\"<0.10.0>\""},
        {"memory_bytes_max<1", "\"fail\"", "9000", "\"<0.10.0>\""},
        {"uncounted_count_max<1000", "\"fail\"", "5500", "\"<0.20.0>\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char call[100];
        (void)snprintf(call, sizeof call, SHOP "assert=%s", cases[i].assertion);
        fake_call("checkNode", call, NULL);
        fake_answer("{\"process_count\":2,\"scanned_count\":2,\"skipped_count\":0,\"word_bytes\":8,\"rows\":[" ROW(
            "<0.10.0>", "9000", "500") "," UNCOUNTED_ROW
                                       "],\"rankings\":{\"monitors\":[1,0],\"memory\":[0,1]},\"exact\":{\"monitors\":false,"
                                       "\"memory\":true},\"next_bound\":{}}");
        EXPECT("assertions.0.status", cases[i].status);
        EXPECT("assertions.0.observed", cases[i].observed);
        if (cases[i].offender != NULL)
            EXPECT("assertions.0.offender.pid", cases[i].offender);
        else
            fake_expect_failure(BG_DEADLINE, "up to 5,500 entries that were not counted (monitors, monitored_by and links together)");
    }
}

#define RANKED(KEY)                                                                                                                        \
    "{\"process_count\":1,\"scanned_count\":1,\"skipped_count\":0,\"word_bytes\":8,\"rows\":[" UNCOUNTED_ROW "],\"rankings\":{\"" KEY      \
    "\":[0]},\"exact\":{\"" KEY "\":false},\"next_bound\":{}}"
#define SAID "<0.20.0> has up to 5,500 entries that were not counted (monitors, monitored_by and links together)"

static void a_row_has_the_count_that_it_is_ranked_by_and_the_bound(void **state)
{
    static const struct {
        const char *ranked, *parameters, *monitors, *monitored_by;
    } cases[] = {{RANKED("monitors"), SHOP "sort=monitors", "5000", "null"},
                 {RANKED("monitored_by"), SHOP "sort=monitored_by", "null", "5000"},
                 {RANKED("memory"), SHOP "sort=memory", "null", "null"}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_call("listProcesses", cases[i].parameters, NULL);
        fake_answer(cases[i].ranked);
        EXPECT("0.monitors_count", cases[i].monitors);
        EXPECT("0.monitored_by_count", cases[i].monitored_by);
        EXPECT("0.links_count", "null");
        EXPECT("0.uncounted_count", "5500");
        EXPECT("0.monitors_count_min", "0");
        EXPECT("0.monitors_count_max", "5500");
        EXPECT_META("warnings", "[\"" SAID "\"]");
    }
}

static void a_pair_that_there_was_no_time_to_ask_for_says_so_too(void **state)
{
    (void)state;
    fake_call("listMonitorPairs", SHOP, NULL);
    fake_answer(RANKED("monitors"));
    fake_answer_failure(BG_DEADLINE, "peers were late");
    EXPECT("0.uncounted_count", "5500");
    EXPECT("0.count", "null");
    EXPECT_META("warnings.1",
                "\"<0.20.0> on shop@127.0.0.1 has up to 5,500 entries that were not counted (monitors, monitored_by and links together)\"");
}

#define SINCE_LIST                                                                                                                         \
    "{\"pid\":\"<0.20.0>\",\"row\":{\"registered_name\":\"cart\",\"alive\":true},\"counted_wall_ms\":5000,\"lists\":{\"monitors\":{"       \
    "\"count\":7500,\"distinct_count\":1,\"exact\":false,\"uncounted_since_count\":2000,\"top\":[" ONE_PEER("5500") "]}}}"
#define SINCE                                                                                                                              \
    "<0.20.0>%s has up to 2,000 entries more than when they were counted, at 1970-01-01T00:00:05.000Z (monitors, monitored_by and "        \
    "links together)"

/* It has its own row, without a watched process. */
static void what_came_since_a_count_is_of_nobody(void **state)
{
    (void)state;
    char scan[4000], said[400];
    (void)snprintf(scan, sizeof scan, "%.*s,\"long\":[" SINCE_LIST "]}", (int)strlen(RANKED("monitors")) - 1, RANKED("monitors"));
    fake_call("listMonitorPairs", SHOP, NULL);
    fake_answer(scan);
    assert_int_equal(json_array_size(fake.data), 2);
    EXPECT("0.count", "5500");
    EXPECT("0.watched.pid", "\"<0.7.0>\"");
    EXPECT("0.uncounted_count", "null");
    EXPECT("1.count", "null");
    EXPECT("1.watched", "null");
    EXPECT("1.uncounted_count", "2000");
    EXPECT("1.counted_at", "\"1970-01-01T00:00:05.000Z\"");
    (void)snprintf(said, sizeof said, "\"" SINCE "\"", " on shop@127.0.0.1");
    EXPECT_META("warnings.0", said);
    fake_call("getProcessRelations", SHOP "pid=<0.20.0> direction=monitors", NULL);
    fake_answer(PEERS(SINCE_LIST));
    EXPECT("0.count", "7500");
    EXPECT("0.duplication_ratio", "5500.0");
    EXPECT("0.uncounted_since_count", "2000");
}

static void what_came_since_a_count_is_unknown_where_it_decides(void **state)
{
    static const struct {
        const char *assertion, *status;
    } cases[] = {{"pair_count_max<5000", "\"fail\""},
                 {"pair_count_max<7000", "\"unknown\""},
                 {"pair_count_max<8000", "\"pass\""},
                 {"duplication_ratio_max<5600", "\"unknown\""}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char call[100];
        (void)snprintf(call, sizeof call, SHOP "assert=%s", cases[i].assertion);
        fake_call("checkNode", call, NULL);
        fake_answer(SCAN);
        fake_answer(PEERS(SINCE_LIST));
        EXPECT("assertions.0.status", cases[i].status);
        if (strcmp(cases[i].status, "\"unknown\"") == 0)
            fake_expect_failure(BG_DEADLINE, "has up to 2,000 entries more than when they were counted, at 1970-01-01T00:00:05.000Z");
    }
}

/* Nobody is named for having none. */
static void a_maximum_of_none_has_no_culprit(void **state)
{
    (void)state;
    fake_call("checkNode", SHOP "assert=monitors_count_max==0 assert=processes_over(monitors,5)==0", NULL);
    fake_answer("{\"process_count\":1,\"scanned_count\":1,\"skipped_count\":0,\"word_bytes\":8,\"rows\":[" ROW(
        "<0.12.0>", "1", "0") "],\"rankings\":{\"monitors\":[0]},\"exact\":{\"monitors\":true},\"next_bound\":{}}");
    for (int i = 0; i < 2; i++) {
        const json_t *row = json_array_get(fake_at(fake.data, "assertions"), (size_t)i);
        fake_expect(row, "observed", "0");
        fake_expect(row, "offender", "null");
    }
    fake_call("checkNode", SHOP "assert=monitors_count_max==1", NULL);
    fake_answer("{\"process_count\":1,\"scanned_count\":1,\"skipped_count\":0,\"word_bytes\":8,\"rows\":[" ROW(
        "<0.12.0>", "1", "0") "],\"rankings\":{\"monitors\":[0]},\"exact\":{\"monitors\":false},\"next_bound\":{\"monitors\":9}}");
    expect_written("nagios", "BEAM CRITICAL - shop@127.0.0.1: 1 of 1 assertions do not hold; monitors_count_max==1, observed about 0 | "
                             "'shop@127.0.0.1 monitors_count_max'=0;;\n");
    expect_written("md", "### \xe2\x9d\x8c shop@127.0.0.1: 1 of 1 assertions do not hold\n\n"
                         "| | Assertion | Observed | By |\n| --- | --- | ---: | --- |\n"
                         "| \xe2\x9d\x8c fail | monitors\\_count\\_max==1 | \xe2\x89\x88 0 | - |\n\n");
}

/* Chat asks each question twice: first with the longer timeout, which keeps it running. */
static void answer_both(const char *json)
{
    fake_answer(json);
    fake_answer(json);
}

#define OPEN                                                                                                                               \
    "{\"pid\":{\"pid\":\"<0.20.0>\"},\"registered_name\":\"cart\",\"initial_call\":null,\"current_function\":null,\"monitors_count\":800," \
    "\"monitored_by_count\":800,\"links_count\":900,\"exact\":false,\"uncounted\":true,\"entries_max\":900,\"memory\":1,"                  \
    "\"reductions\":1,\"message_queue_len\":0}"
#define ABOUT                                                                                                                              \
    "{\"pid\":{\"pid\":\"<0.21.0>\"},\"registered_name\":\"shop\",\"initial_call\":null,\"current_function\":null,\"monitors_count\":700," \
    "\"exact\":false,\"entries_max\":900,\"memory\":1,\"reductions\":1,\"message_queue_len\":0}"
#define OPEN_LIST                                                                                                                          \
    "{\"pid\":\"<0.20.0>\",\"row\":{\"registered_name\":\"cart\"},\"entries_max\":900,\"lists\":{\"monitors\":{\"count\":800,"             \
    "\"distinct_count\":null,\"exact\":false,\"uncounted\":true,\"top\":[]}}}"
#define OPEN_NOTE "<0.20.0> has up to 900 entries that were not counted (monitors, monitored_by and links together)."

/* And entries that nobody has counted are reported once. */
static void estimates_are_marked(void **state)
{
    (void)state;
    const char *scan = "{\"process_count\":2,\"scanned_count\":2,\"skipped_count\":0,\"word_bytes\":8,\"rows\":[" OPEN "," ABOUT
                       "],\"rankings\":{\"monitors\":[0,1]},\"exact\":{\"monitors\":false},\"next_bound\":{}}";
    fake_call("chat", "", "{\"text\":\"top shop monitors\"}");
    answer_both(scan);
    EXPECT("rows", "[[\"\u2264 900\",\"<0.20.0> cart\"],[\"\u2248 700\",\"<0.21.0> shop\"]]");
    EXPECT("notes.0", "\"" OPEN_NOTE "\"");
    for (int i = 0; i < 2; i++) {
        fake_call("chat", "", i == 0 ? "{\"text\":\"monitors shop\"}" : "{\"text\":\"pairs shop\"}");
        answer_both(scan);
        answer_both("{\"processes\":[" OPEN_LIST "," OPEN_LIST "]}");
        EXPECT("rows.0.0", "\"\u2264 900\"");
        EXPECT("notes", "[\"" OPEN_NOTE "\"]");
    }
    for (int i = 0; i < 2; i++) {
        char note[400];
        (void)snprintf(note, sizeof note, "[\"" SINCE ".\"]", "");
        fake_call("chat", "", i == 0 ? "{\"text\":\"monitors shop\"}" : "{\"text\":\"pairs shop\"}");
        answer_both(scan);
        answer_both(PEERS(SINCE_LIST));
        EXPECT("rows.0.0", i == 0 ? "\"\u2248 7,500\"" : "\"\u2248 5,500\"");
        if (i == 1)
            EXPECT("rows.1", "[\"\u2264 2,000\",\"<0.20.0> cart\",\"shop@127.0.0.1\",\"-\",\"\"]");
        EXPECT("notes", note);
    }
    fake_call("chat", "", "{\"text\":\"check shop monitors_count_max < 400\"}");
    answer_both("{\"process_count\":1,\"scanned_count\":1,\"skipped_count\":0,\"word_bytes\":8,\"rows\":[" ABOUT
                "],\"rankings\":{\"monitors\":[0]},\"exact\":{\"monitors\":false},\"next_bound\":{}}");
    EXPECT("rows.0", "[\"monitors_count_max < 400\",\"\u2248 700\",\"<0.21.0> shop\"]");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(what_nobody_has_counted_is_unknown_where_it_decides),
        T(what_nobody_has_counted_neither_fails_nor_passes_a_ranking),
        T(a_row_has_the_count_that_it_is_ranked_by_and_the_bound),
        T(a_pair_that_there_was_no_time_to_ask_for_says_so_too),
        T(what_came_since_a_count_is_of_nobody),
        T(what_came_since_a_count_is_unknown_where_it_decides),
        T(a_maximum_of_none_has_no_culprit),
        T(estimates_are_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
