/* test_system.c: system, memory and allocators. */
#include "fake.h"
#include "samples.h"

#include <stdlib.h>

#define SHOP "node=shop@127.0.0.1"
#define SYSTEM SYSTEM_OF("1000", "0", "250", "1000", "77")
#define MEMORY(TOTAL, SYSTEM_BYTES, ALLOCATOR)                                                                                             \
    "{\"memory\":{\"total\":" TOTAL ",\"processes\":30,\"processes_used\":29,\"system\":" SYSTEM_BYTES                                     \
    ",\"atom\":5,\"atom_used\":4,\"binary\":10,\"code\":20,\"ets\":5},\"allocators\":[" ALLOCATOR "],\"process_count\":9,"                 \
    "\"monitors_estimate\":{\"local_count\":1,\"remote_count\":2,\"bytes\":300}}"
/* Figures are blocks, their bytes, carriers, their bytes. */
#define CARRIERS(KIND, BLOCKS, BLOCK, CARRIERS, CARRIER)                                                                                   \
    "\"" KIND "_blocks_count\":" BLOCKS ",\"" KIND "_block_bytes\":" BLOCK ",\"" KIND "_carriers_count\":" CARRIERS ",\"" KIND             \
    "_carrier_bytes\":" CARRIER
#define INSTANCE(NAME, NUMBER, MBCS, SBCS) "{\"name\":\"" NAME "\",\"instance\":" NUMBER "," MBCS "," SBCS "}"
#define NONE(KIND) CARRIERS(KIND, "0", "0", "0", "0")
#define ALLOCATORS                                                                                                                         \
    "{\"allocators\":[" INSTANCE("std_alloc", "0", CARRIERS("mbcs", "10", "800", "1", "1000"), NONE("sbcs")) "," INSTANCE(                 \
        "std_alloc", "1", CARRIERS("mbcs", "12", "200", "2", "2000"),                                                                      \
        CARRIERS("sbcs", "1", "1000", "1", "1000")) "],\"mseg_cache\":{\"hits_count\":3,\"calls_count\":4}}"

static void tells_limits_and_use(void **state)
{
    (void)state;
    fake_call("getSystem", SHOP, NULL);
    assert_string_equal(fake.asks[0].question, "system");
    assert_null(fake.asks[0].args);
    fake_answer(SYSTEM);
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
    fake_answer(SYSTEM);
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
        fake_answer_value(answer);
        json_decref(answer);
        fake_expect_failure(BG_BAD_ANSWER, members[i]);
    }
}

static void splits_memory_and_estimates_monitors(void **state)
{
    (void)state;
    fake_call("getMemory", SHOP, NULL);
    assert_string_equal(fake.asks[0].question, "memory");
    fake_answer(MEMORY("100", "70", "{\"name\":\"std_alloc\",\"used_bytes\":1,\"allocated_bytes\":2,\"blocks_count\":3}"));
    EXPECT("", "{\"total_bytes\":100,\"processes_bytes\":30,\"processes_used_bytes\":29,\"system_bytes\":70,\"atom_bytes\":5,"
               "\"atom_used_bytes\":4,\"binary_bytes\":10,\"code_bytes\":20,\"ets_bytes\":5,\"other_bytes\":30,\"process_count\":9,"
               "\"monitors_estimate\":{\"local_count\":1,\"remote_count\":2,\"bytes\":300},"
               "\"allocators\":[{\"name\":\"std_alloc\",\"used_bytes\":1,\"allocated_bytes\":2,\"blocks_count\":3}]}");
    json_t *rows = fake_endpoint("getMemory")->rows(fake.data);
    fake_expect(rows, "0", "{\"field\":\"total_bytes\",\"value\":100}");
    fake_expect(rows, "11", "{\"field\":\"monitors_estimate.local_count\",\"value\":1}");
    fake_expect(rows, "15", "{\"field\":\"allocators.std_alloc.used_bytes\",\"value\":1}");
    json_decref(rows);
}

static void other_memory_is_never_negative(void **state)
{
    (void)state;
    fake_call("getMemory", SHOP, NULL);
    fake_answer(MEMORY("100", "39", ""));
    EXPECT("other_bytes", "0");
}

static void a_malformed_memory_is_refused(void **state)
{
    static const char *const samples[][2] = {
        {"{}", "memory"},
        {MEMORY("-1", "1", ""), "total"},
        {MEMORY("1", "\"1\"", ""), "system"},
        {MEMORY("1", "1", "7"), "an item of a list"},
        {MEMORY("1", "1", "{\"name\":7}"), "name"},
        {MEMORY("1", "1", "{\"name\":\"a\",\"used_bytes\":-1}"), "used_bytes"},
        {MEMORY("1", "1", "{\"name\":\"a\",\"used_bytes\":1,\"allocated_bytes\":1}"), "blocks_count"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        fake_call("getMemory", SHOP, NULL);
        fake_answer(samples[i][0]);
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
    fake_answer("{\"allocators\":[],\"mseg_cache\":null}");
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
        {"{\"allocators\":[],\"mseg_cache\":7}", "hits_count"},
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
        T(tells_limits_and_use),
        T(flattens_with_dotted_names),
        T(a_malformed_system_is_refused),
        T(splits_memory_and_estimates_monitors),
        T(other_memory_is_never_negative),
        T(a_malformed_memory_is_refused),
        T(sums_allocators_and_finds_the_worst_instance),
        T(no_allocators_are_no_failure),
        T(highest_figures_do_not_overflow),
        T(malformed_allocators_are_refused),
        T(too_many_allocators_or_instances_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
