/* test_estimate.c: how many monitors a node is told to hold. */
#include "fake.h"
#include "samples.h"

#define SHOP "node=shop@127.0.0.1"
#define MANY(CENSUS)                                                                                                                       \
    MEMORY_OF(AREAS_OF("139", "30", "5", "4", "20", "5"), "5000", SIZES_OF(LOCAL_MONITORS("256"), "800000"), STANDARD_OF("5000"), "2",     \
              NO_HOST CENSUS)
#define CENSUS(OTHERS, STANDARD, PROCESSES)                                                                                                \
    ",\"census\":{\"others_count\":" OTHERS ",\"standard_count\":" STANDARD ",\"process_count\":" PROCESSES ",\"age_ms\":7}"

/* Blocks may be dictionaries of processes, or monitors: only a scan tells, of which the rest grows with the processes. */
static void remote_monitors_are_those_that_were_counted_and_what_came_since(void **state)
{
    static const struct {
        const char *answer, *count;
    } cases[] = {
        {MANY(""), "null"},
        {MANY(CENSUS("4000", "4300", "5000")), "4700"}, /* 300 are else */
        {MANY(CENSUS("4000", "4200", "2500")), "4800"},
        {MANY(CENSUS("3000", "4200", "2500")), "2800"}, /* 200 from the start, and twice 1000 */
        {MANY(CENSUS("9000", "4200", "5000")), "5000"},
        {MANY(CENSUS("0", "9000", "5000")), "0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_call("getMemory", SHOP, NULL);
        fake_answer_to(0, cases[i].answer);
        fake_answer_to(1, "{}");
        EXPECT("monitors_estimate.remote_count", cases[i].count);
        EXPECT("monitors_estimate.remote_max_count", "5000");
        if (i == 0)
            EXPECT("monitors_estimate.bytes", "null");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(remote_monitors_are_those_that_were_counted_and_what_came_since, fake_setup, fake_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
