/* test_system.c: system, memory and allocators. */
#include "fake.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHOP "node=shop@127.0.0.1"
#define SYSTEM SYSTEM_OF("1000", "0", "250", "1000", "77")
#define MEMORY(EXTERNAL, PROCESSES)                                                                                                        \
    MEMORY_OF(AREAS_OF(EXTERNAL, PROCESSES, "5", "4", "20", "5"), "9", SIZES_OF(LOCAL_MONITORS("256"), "1000"), STANDARD_OF("7", "1000"),  \
              "1", NO_HOST)
/* Figures are blocks, their bytes, carriers, their bytes. */
#define CARRIERS(KIND, BLOCKS, BLOCK, CARRIERS, CARRIER)                                                                                   \
    "\"" KIND "_blocks_count\":" BLOCKS ",\"" KIND "_block_bytes\":" BLOCK ",\"" KIND "_carriers_count\":" CARRIERS ",\"" KIND             \
    "_carrier_bytes\":" CARRIER
#define INSTANCE(NAME, NUMBER, MBCS, SBCS) "{\"name\":\"" NAME "\",\"instance\":" NUMBER "," MBCS "," SBCS "}"
#define NONE(KIND) CARRIERS(KIND, "0", "0", "0", "0")
#define ALLOCATORS                                                                                                                         \
    "{\"allocators\":[" INSTANCE("std_alloc", "0", CARRIERS("mbcs", "10", "800", "1", "1000"), NONE("sbcs")) "," INSTANCE(                 \
        "std_alloc", "1", CARRIERS("mbcs", "12", "200", "2", "2000"),                                                                      \
        CARRIERS("sbcs", "1", "1000", "1",                                                                                                 \
                 "1000")) "],\"schedulers_count\":2,\"silent_count\":0,\"mseg_cache\":{\"hits_count\":3,\"calls_count\":4}}"

/* What all schedulers count together is asked for beside the rest. */
static void answer_system(const char *json)
{
    assert_string_equal(fake.asks[0].question, "system_now");
    assert_string_equal(fake.asks[1].question, "system_totals");
    fake_answer_to(0, json);
    fake_answer_to(1, "{}");
}

/* The files of the host are asked for beside the rest; here all is in one sample. */
static void answer_memory(const char *json)
{
    fake_answer_to(0, json);
    if (fake.endings == 0)
        fake_answer_to(1, "{}");
}

static void what_waits_for_a_scheduler_may_be_missing(void **state)
{
    (void)state;
    json_t *answer = json_loads(SYSTEM, 0, NULL);
    json_object_del(answer, "garbage_collection");
    json_object_del(answer, "io");
    char *text = json_dumps(answer, 0);
    fake_call("getSystem", SHOP, NULL);
    fake_answer_to(0, text);
    fake_answer_failure(BG_DEADLINE, "late");
    assert_int_equal(fake.status, 200);
    EXPECT("gc_count", "null");
    EXPECT("totals_age_ms", "null");
    EXPECT("gc_reclaimed_bytes", "null");
    EXPECT("io_input_bytes", "null");
    EXPECT("process_ratio", "0.25");
    assert_non_null(strstr(json_string_value(json_array_get(json_object_get(fake.meta, "warnings"), 0)), "a scheduler did not answer"));
    free(text);
    json_decref(answer);
}

static void tells_limits_and_use(void **state)
{
    (void)state;
    fake_call("getSystem", SHOP " max_age_ms=0", NULL);
    assert_null(fake.asks[0].args);
    assert_int_equal(fake.asks[1].max_age_ms, 1000); /* every scheduler is woken for it */
    fake.answer_age_ms = 700;
    answer_system(SYSTEM);
    EXPECT("totals_age_ms", "700");
    EXPECT("otp_release", "\"25\"");
    EXPECT("elixir_version", "null");
    EXPECT("process_ratio", "0.25");
    EXPECT("port_ratio", "0.25");
    EXPECT("atom_ratio", "0.25");
    EXPECT("ets_ratio", "0.5");
    EXPECT("erts_version", "\"13.1\"");
    EXPECT("uptime_ms", "1000");
    EXPECT("reductions_count", "77");
    EXPECT("io_output_bytes", "10");
    EXPECT("gc_count", "11");
    EXPECT("gc_reclaimed_bytes", "16");
    EXPECT("connected_nodes_count", "1");
    EXPECT("applications", "[{\"name\":\"kernel\",\"version\":\"8.5\"},{\"name\":\"odd\",\"version\":null}]");
}

static void flattens_with_dotted_names(void **state)
{
    (void)state;
    fake_call("getSystem", SHOP, NULL);
    answer_system(SYSTEM);
    json_t *rows = fake_endpoint("getSystem")->rows(fake.data);
    fake_expect(rows, "0", "{\"field\":\"otp_release\",\"value\":\"25\"}");
    const size_t count = json_array_size(rows);
    json_t *last = json_array_get(rows, count - 3);
    fake_expect(last, "", "{\"field\":\"applications.kernel.version\",\"value\":\"8.5\"}");
    json_decref(rows);
}

static void a_malformed_system_is_refused(void **state)
{
    static const char *const members[] = {"wall_clock", "process_limit", "ets_count", "garbage_collection", "io", "nodes", "applications"};
    (void)state;
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        json_t *answer = json_loads(SYSTEM, 0, NULL);
        fake_call("getSystem", SHOP, NULL);
        json_object_set_new(answer, members[i], json_real(0.5));
        char *text = json_dumps(answer, 0);
        answer_system(text);
        free(text);
        json_decref(answer);
        fake_expect_failure(BG_BAD_ANSWER, members[i]);
    }
}

static void splits_memory_and_counts_monitors(void **state)
{
    (void)state;
    fake_call("getMemory", SHOP, NULL);
    assert_string_equal(fake.asks[0].question, "memory_blocks");
    assert_string_equal(fake.asks[1].question, "host");
    assert_int_equal(fake.asks[1].max_age_ms, 1000);
    fake.answer_age_ms = 400;
    answer_memory(MEMORY("139", "30"));
    EXPECT("total_bytes", "1144"); /* 5 and 1000 in allocators, 139 elsewhere */
    EXPECT("processes_bytes", "286");
    EXPECT("processes_used_bytes", "286");
    EXPECT("system_bytes", "858");
    EXPECT("atom_bytes", "5");
    EXPECT("atom_used_bytes", "4");
    EXPECT("binary_bytes", "0");
    EXPECT("code_bytes", "20");
    EXPECT("ets_bytes", "5");
    EXPECT("other_bytes", "828");
    EXPECT("persistent_terms_count", "4");
    EXPECT("persistent_term_bytes", "5");
    EXPECT("monitors_estimate",
           "{\"local_count\":2,\"remote_count\":0,\"bytes\":256,\"exact\":true,\"remote_max_count\":0,\"named_max_count\":6}");
    EXPECT("links_count", "null");
    EXPECT("types", "[{\"name\":\"monitor\",\"count\":2,\"used_bytes\":256,\"allocated_bytes\":256}]");
    EXPECT("allocators", "[{\"name\":\"fix_alloc\",\"used_bytes\":5,\"allocated_bytes\":6,\"blocks_count\":null},"
                         "{\"name\":\"std_alloc\",\"used_bytes\":1000,\"allocated_bytes\":1000,\"blocks_count\":7},"
                         "{\"name\":\"sl_alloc\",\"used_bytes\":0,\"allocated_bytes\":0,\"blocks_count\":null}]");
    EXPECT("carriers_bytes", "1006");
    EXPECT("rss_bytes", "null");
    EXPECT("host_age_ms", "400");
    assert_int_equal(json_array_size(json_object_get(fake.meta, "warnings")), 0);
    json_t *rows = fake_endpoint("getMemory")->rows(fake.data);
    fake_expect(rows, "1",
                "{\"kind\":\"area\",\"name\":\"processes\",\"used_bytes\":286,\"allocated_bytes\":null,\"share_ratio\":0.25,\"count\":9}");
    fake_expect(rows, "16.name", "\"local by pid\"");
    fake_expect(rows, "16.count", "2");
    fake_expect(rows, "17.name", "\"remote\"");
    fake_expect(rows, "18.used_bytes", "256");
    fake_expect(rows, "19.name", "\"monitor\"");
    fake_expect(rows, "21.name", "\"std_alloc\"");
    fake_expect(rows, "21.count", "7");
    json_decref(rows);
}

static void memory_is_told_without_the_files_of_a_host_that_does_not_read_them(void **state)
{
    (void)state;
    fake_call("getMemory", SHOP, NULL);
    fake_answer_to(0, MEMORY("139", "30"));
    fake_answer_failure(BG_DEADLINE, "late");
    EXPECT("total_bytes", "1144");
    EXPECT("rss_bytes", "null");
    EXPECT("host_age_ms", "null");
    assert_non_null(strstr(json_string_value(fake_at(fake.meta, "warnings.0")), "did not read the files of its host"));
}

/* Schedulers do not report at the same time, and an area may be below 0, or reported as the unsigned word of that. */
static void other_memory_is_never_negative(void **state)
{
    (void)state;
    fake_call("getMemory", SHOP, NULL);
    answer_memory(MEMORY("0", "729"));
    EXPECT("system_bytes", "20");
    EXPECT("other_bytes", "0");
    fake_call("getMemory", SHOP, NULL);
    answer_memory(MEMORY("0", "800"));
    EXPECT("system_bytes", "0");
    EXPECT("other_bytes", "0");
    fake_call("getMemory", SHOP, NULL);
    answer_memory(MEMORY("\"18446744073709551611\"", "\"-56\""));
    EXPECT("total_bytes", "1000");
    EXPECT("processes_bytes", "200");
}

/* Blocks count by their own type, also in carriers that another allocator has taken over. */
static void blocks_in_the_carriers_of_others_keep_their_kind(void **state)
{
    static const char sizes[] = REPLY_OF("[\"ets_alloc\",1,[" CARRIER("ets_alloc", "[\"size\",30,1,1]", "100") "," CARRIER(
        "binary_alloc", "[\"size\",7,1,1]", "100") "]],[\"binary_alloc\",1,[" CARRIER("binary_alloc", "[\"size\",4,1,1]", "100") "]]");
    (void)state;
    char answer[2000];
    (void)snprintf(answer, sizeof answer,
                   MEMORY_OF(AREAS_OF("0", "0", "0", "0", "0", "0"), "9", "%s", STANDARD_OF("7", "1000"), "1", NO_HOST), sizes);
    fake_call("getMemory", SHOP, NULL);
    answer_memory(answer);
    EXPECT("total_bytes", "41");
    EXPECT("ets_bytes", "30");
    EXPECT("binary_bytes", "11");
}

/* Instances that free blocks of others are below 0, reported as unsigned words; a mask may come before the types, or a list around them. */
static void types_are_summed_over_schedulers_and_instances(void **state)
{
    static const char sizes[] = REPLY_OF("[\"fix_alloc\",1,[[\"fix_types\",\"18446744073709551615\",[[\"monitor\",\"18446744073709551488\","
                                         "\"18446744073709551488\"],"
                                         "[\"msg_ref\",80,80],[\"link\",96,96],[\"ll_ptimer\",72,72],[\"hl_ptimer\",64,64],[\"bif_timer\","
                                         "152,152]]]]]") "," REPLY_OF("[\"fix_alloc\",0,[[[\"fix_types\",[[\"monitor\",1280,1280],[\"msg_"
                                                                      "ref\",40,40]]]]]]");
    (void)state;
    char answer[2000];
    (void)snprintf(answer, sizeof answer,
                   MEMORY_OF(AREAS_OF("100", "30", "5", "4", "20", "5"), "9", "%s", STANDARD_OF("7", "1000"), "1", NO_HOST), sizes);
    fake_call("getMemory", SHOP, NULL);
    answer_memory(answer);
    EXPECT("monitors_estimate.local_count", "9");
    EXPECT("monitors_estimate.bytes", "null"); /* no std_alloc among the sizes */
    EXPECT("links_count", "1");
    EXPECT("timers_count", "3");
    EXPECT("messages_count", "3");
}

/* On a release that has other blocks, or does not report their types. */
static void what_is_not_understood_is_an_estimate(void **state)
{
    static const char *const samples[] = {
        MEMORY_OF(AREAS_OF("1", "1", "0", "0", "0", "0"), "1", SIZES_OF(LOCAL_MONITORS("100"), "1000"), STANDARD_OF("3", "1000"), "1",
                  NO_HOST),
        MEMORY_OF(AREAS_OF("1", "1", "0", "0", "0", "0"), "1", SIZES_OF("", "1000"), STANDARD_OF("3", "1000"), "1", NO_HOST),
        MEMORY_OF(AREAS_OF("1", "1", "0", "0", "0", "0"), "1", SIZES_OF("7,[],[7]", "1000"), STANDARD_OF("3", "1000"), "1", NO_HOST),
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fake_call("getMemory", SHOP, NULL);
        answer_memory(samples[i]);
        EXPECT("monitors_estimate.exact", "false");
        EXPECT("monitors_estimate.local_count", "0");
    }
}

/* A release whose monitors have a size of their own: the node's own measure counts, not the table. */
static void a_monitor_takes_what_the_node_says(void **state)
{
    static const struct {
        const char *after, *count;
    } cases[] = {
        {"3100", "3"}, {"3200", "null"}, {"3010", "2"}}; /* 100 to an end; 200, which 600 bytes are no multiple of twice; 10: the table */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[2000];
        (void)snprintf(answer, sizeof answer,
                       MEMORY_OF(AREAS_OF("1", "1", "0", "0", "0", "0"), "1", SIZES_OF(LOCAL_MONITORS("%s"), "1000"),
                                 STANDARD_OF("3", "1000"), "1",
                                 NO_HOST ",\"entry_before\":[[\"memory\",3000],[\"total_heap_size\",0]],"
                                         "\"entry_after\":[[\"memory\",%s],[\"total_heap_size\",0]]"),
                       i == 2 ? "256" : "600", i == 2 ? "256" : "600", cases[i].after);
        fake_call("getMemory", SHOP, NULL);
        answer_memory(answer);
        EXPECT("types.0.count", cases[i].count);
    }
}

static const char *warning(void)
{
    return json_string_value(json_array_get(json_object_get(fake.meta, "warnings"), 0));
}

static void a_deaf_scheduler_costs_its_figures_only(void **state)
{
    (void)state;
    fake_call("getMemory", SHOP, NULL);
    answer_memory(MEMORY_TOLD(AREAS_OF("100", "30", "5", "4", "20", "5"), "9",
                              "[" SIZES_OF(LOCAL_MONITORS("256"), "1000") ",\"timeout\",\"timeout\"]", "1", NO_HOST));
    EXPECT("total_bytes", "1105");
    EXPECT("process_count", "9");
    EXPECT("monitors_estimate.local_count", "2");
    EXPECT("monitors_estimate.exact", "false");
    EXPECT("monitors_estimate.remote_count", "null");
    assert_non_null(strstr(warning(), "1 of 1 schedulers of shop@127.0.0.1 did not answer"));
}

#define AT_LIMIT(ATOMS, PROCESSES) ",\"atom_count\":" ATOMS ",\"atom_limit\":32768,\"process_limit\":" PROCESSES

/* On a node with too few atoms left, or a full process table. */
static void allocators_that_were_not_asked_are_not_known(void **state)
{
    (void)state;
    fake_call("getMemory", SHOP, NULL);
    answer_memory(MEMORY_TOLD("[]", "9", "[]", "1", NO_HOST AT_LIMIT("32568", "1024")));
    EXPECT("total_bytes", "null");
    EXPECT("other_bytes", "null");
    EXPECT("process_count", "9");
    EXPECT("persistent_terms_count", "4");
    EXPECT("monitors_estimate.local_count", "null");
    EXPECT("carriers_bytes", "null");
    EXPECT("allocators", "[]");
    assert_non_null(strstr(warning(), "the atom table of shop@127.0.0.1 is nearly full, 32,568 of 32,768 atoms"));
    assert_null(strstr(warning(), "process table"));
    fake_call("getMemory", SHOP, NULL);
    answer_memory(MEMORY_TOLD("[]", "9", "[]", "1", NO_HOST AT_LIMIT("9000", "9")));
    assert_non_null(strstr(warning(), "the process table of shop@127.0.0.1 is full, 9 of 9 processes"));
    assert_null(strstr(warning(), "atom"));
}

/* Checks say so too. */
static void what_asks_for_memory_says_why_it_is_not_known(void **state)
{
    static const char *const answers[] = {MEMORY_TOLD("[]", "9", "[]", "1", NO_HOST AT_LIMIT("32568", "1024")),
                                          MEMORY_TOLD("[]", "9", "[]", "1", NO_HOST AT_LIMIT("9000", "9"))};
    static const char *const reasons[] = {"the atom table of shop@127.0.0.1 is nearly full, 32,568 of 32,768 atoms",
                                          "the process table of shop@127.0.0.1 is full, 9 of 9 processes"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fake_call("checkNode", SHOP " assert=memory.total_bytes<1M max_age_ms=70", NULL);
        fake_answer(answers[i]);
        EXPECT("status", "\"unknown\"");
        char *text = json_dumps(fake.data, 0);
        assert_non_null(strstr(text, reasons[i]));
        free(text);
    }
}

#define STATUS                                                                                                                             \
    "\"status\":[\"ok\",\"Name:\\tbeam.smp\\nVmRSS:\\t    2048 kB\\nVmSwap:\\t 1 kB\\n\"],\"meminfo\":[\"ok\",\"MemTotal:  4096 kB\\n\"],"
#define FILE_OF(TEXT) "[\"ok\",\"" TEXT "\\n\"]"
#define NO_FILE "[\"error\",\"enoent\"]"

static void the_system_sees_more(void **state)
{
    static const struct {
        const char *cgroups, *limit, *used; /* limits from the top down, uses from the top down */
    } cases[] = {
        {"[]", "null", "null"},
        {"[" NO_FILE "," NO_FILE "]", "null", "null"},
        {"[" NO_FILE "," FILE_OF("max") "," NO_FILE "," FILE_OF("700") "]", "null", "700"},
        {"[" FILE_OF("max") "," FILE_OF("8000") "," FILE_OF("9000") "," FILE_OF("9999") "," FILE_OF("7500") "," FILE_OF("700") "]", "8000",
         "7500"},
        {"[" FILE_OF("5000") "," FILE_OF("9223372036854771712") "," FILE_OF("900") "," FILE_OF("700") "]", "5000", "900"},
        {"[7,[],[1,2,3,4]," FILE_OF("-1") "," FILE_OF("x") "]", "null", "null"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char answer[2000];
        (void)snprintf(answer, sizeof answer,
                       MEMORY_OF(AREAS_OF("1", "1", "0", "0", "0", "0"), "1", SIZES_OF("", "1000000"), STANDARD_OF("3", "1000000"), "1",
                                 STATUS "\"cgroups\":%s"),
                       cases[i].cgroups);
        fake_call("getMemory", SHOP, NULL);
        answer_memory(answer);
        EXPECT("rss_bytes", "2097152");
        EXPECT("swap_bytes", "1024");
        EXPECT("rss_ratio", "0.5");
        EXPECT("unexplained_bytes", "1098170");
        EXPECT("cgroup_limit_bytes", cases[i].limit);
        EXPECT("cgroup_used_bytes", cases[i].used);
        EXPECT("limit_bytes", strcmp(cases[i].limit, "null") != 0 ? cases[i].limit : "4194304");
    }
}

static void a_malformed_memory_is_refused(void **state)
{
    static const char *const samples[][2] = {
        {"{}", "replies"},
        {MEMORY_TOLD("[]", "-1", "[]", "1", NO_HOST), "process_count"},
        {MEMORY_TOLD("7", "9", "[]", "1", NO_HOST), "areas"},
        {MEMORY_TOLD("[]", "9", "7", "1", NO_HOST), "replies"},
        {MEMORY_TOLD("[]", "9", "[]", "null", NO_HOST), "connected_count"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fake_call("getMemory", SHOP, NULL);
        answer_memory(samples[i][0]);
        fake_expect_failure(BG_BAD_ANSWER, samples[i][1]);
    }
}

static void sums_allocators_and_finds_the_worst_instance(void **state)
{
    (void)state;
    fake_call("getAllocators", SHOP, NULL);
    assert_string_equal(fake.asks[0].question, "allocators");
    fake_answer(ALLOCATORS);
    EXPECT("allocators", "[{\"name\":\"std_alloc\",\"instances_count\":2,\"mbcs_block_bytes\":1000,\"mbcs_carrier_bytes\":3000,"
                         "\"sbcs_block_bytes\":1000,\"sbcs_carrier_bytes\":1000,\"blocks_count\":23,\"carriers_count\":4,"
                         "\"usage_ratio\":0.5,\"average_block_bytes\":86,\"sbcs_to_mbcs_ratio\":0.33333333333333331}]");
    EXPECT("totals", "{\"used_bytes\":2000,\"allocated_bytes\":4000,\"unused_bytes\":2000,\"usage_ratio\":0.5}");
    EXPECT("cache_hits", "{\"hits_count\":3,\"calls_count\":4,\"hit_ratio\":0.75}");
    EXPECT("fragmentation.0", "{\"name\":\"std_alloc\",\"instance\":1,\"mbcs_usage_ratio\":0.1,\"sbcs_usage_ratio\":1.0,"
                              "\"mbcs_unused_bytes\":1800,\"sbcs_unused_bytes\":0}");
    EXPECT("fragmentation.1.instance", "0");
    EXPECT("fragmentation.1.sbcs_usage_ratio", "null");
    json_t *rows = fake_endpoint("getAllocators")->rows(fake.data);
    assert_ptr_equal(rows, fake_at(fake.data, "allocators"));
    json_decref(rows);
}

static void no_allocators_are_no_failure(void **state)
{
    (void)state;
    fake_call("getAllocators", SHOP, NULL);
    fake_answer("{\"allocators\":[],\"schedulers_count\":2,\"silent_count\":0,\"mseg_cache\":null}");
    EXPECT("totals.usage_ratio", "null");
    EXPECT("cache_hits", "null");
}

static void highest_figures_do_not_overflow(void **state)
{
#define MOST "9223372036854775807"
#define FULL(NUMBER) INSTANCE("a", NUMBER, CARRIERS("mbcs", MOST, MOST, MOST, MOST), CARRIERS("sbcs", MOST, MOST, MOST, MOST))
    (void)state;
    fake_call("getAllocators", SHOP, NULL);
    fake_answer("{\"allocators\":[" FULL("0") "," FULL("1") "]}");
    EXPECT("totals.used_bytes", MOST);
    EXPECT("totals.usage_ratio", "1.0");
}

static void malformed_allocators_are_refused(void **state)
{
    static const char *const samples[][2] = {
        {"{}", "allocators"},
        {"{\"allocators\":{}}", "allocators"},
        {"{\"allocators\":[7]}", "an item of a list"},
        {"{\"allocators\":[{\"instance\":0}]}", "name"},
        {"{\"allocators\":[{\"name\":\"a\"}]}", "instance"},
        {"{\"allocators\":[{\"name\":\"a\",\"instance\":0}]}", "mbcs_"},
        {"{\"allocators\":[" INSTANCE("a", "0", CARRIERS("mbcs", "1", "1", "1", "1"), CARRIERS("sbcs", "1", "-1", "1", "1")) "]}",
         "sbcs_block"},
        {"{\"allocators\":[],\"schedulers_count\":2,\"silent_count\":0,\"mseg_cache\":7}", "hits_count"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fake_call("getAllocators", SHOP, NULL);
        fake_answer(samples[i][0]);
        fake_expect_failure(BG_BAD_ANSWER, samples[i][1]);
    }
}

/* `instances` of `kinds` allocators, all empty. */
static json_t *many_allocators(int kinds, int instances)
{
    json_t *answer = json_pack("{s:[]}", "allocators");
    for (int i = 0; i < instances; i++) {
        json_t *one = json_loads(INSTANCE("a", "0", NONE("mbcs"), NONE("sbcs")), 0, NULL);
        json_object_set_new(one, "name", json_sprintf("a%d", i % kinds));
        json_array_append_new(json_object_get(answer, "allocators"), one);
    }
    return answer;
}

static void too_many_allocators_or_instances_are_refused(void **state)
{
    static const struct {
        int kinds, instances;
        bool good;
    } cases[] = {{64, 64, true}, {65, 65, false}, {2, 20000, true}, {2, 20001, false}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *answer = many_allocators(cases[i].kinds, cases[i].instances);
        fake_call("getAllocators", SHOP, NULL);
        fake_answer_value(answer);
        assert_int_equal(fake.failure.error, cases[i].good ? BG_OK : BG_BAD_ANSWER);
        json_decref(answer);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)
    const struct CMUnitTest tests[] = {
        T(what_waits_for_a_scheduler_may_be_missing),
        T(tells_limits_and_use),
        T(flattens_with_dotted_names),
        T(a_malformed_system_is_refused),
        T(splits_memory_and_counts_monitors),
        T(types_are_summed_over_schedulers_and_instances),
        T(what_is_not_understood_is_an_estimate),
        T(a_monitor_takes_what_the_node_says),
        T(a_deaf_scheduler_costs_its_figures_only),
        T(allocators_that_were_not_asked_are_not_known),
        T(what_asks_for_memory_says_why_it_is_not_known),
        T(the_system_sees_more),
        T(memory_is_told_without_the_files_of_a_host_that_does_not_read_them),
        T(other_memory_is_never_negative),
        T(blocks_in_the_carriers_of_others_keep_their_kind),
        T(a_malformed_memory_is_refused),
        T(sums_allocators_and_finds_the_worst_instance),
        T(no_allocators_are_no_failure),
        T(highest_figures_do_not_overflow),
        T(malformed_allocators_are_refused),
        T(too_many_allocators_or_instances_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
