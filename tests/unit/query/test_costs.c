/* test_costs.c: what questions cost is counted by question and result. */
#include "costs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct bg_question bg_questions[] = {{.name = "memory"}, {.name = "scan"}};
const size_t bg_questions_count = 2;

static char *text_of(const struct bg_costs *costs)
{
    struct bg_exposition *exposition = bg_exposition_new(bg_exposition_types[0]);
    char *text;
    size_t length;

    bg_costs_write(costs, exposition);
    assert_true(bg_exposition_end(exposition, &text, &length));
    return text;
}

static void descriptors_are_sane(void **state)
{
    (void)state;
    for (const struct bg_metric *metric = bg_costs_metrics; metric->name != NULL; metric++)
        assert_true(bg_metric_is_sane(metric));
}

static void questions_are_counted_by_how_they_end(void **state)
{
    struct bg_costs costs;
    json_t *answer = json_pack("{s:i}", "duration_us", 5000), *odd = json_pack("{s:s}", "duration_us", "long");

    (void)state;
    assert_true(bg_costs_init(&costs));
    bg_costs_add(&costs, &bg_questions[1], BG_OK, 7000, answer);
    bg_costs_add(&costs, &bg_questions[1], BG_OK, 8000, odd);
    bg_costs_add(&costs, &bg_questions[1], BG_DEADLINE, 0, NULL);
    bg_costs_add(&costs, &bg_questions[0], BG_CANCELLED, 0, NULL);
    char *text = text_of(&costs);
    assert_non_null(strstr(text, "\nbeamgauge_rpcs_total{question=\"memory\",result=\"ok\"} 0\n"));
    assert_non_null(strstr(text, "\nbeamgauge_rpcs_total{question=\"memory\",result=\"cancelled\"} 1\n"));
    assert_non_null(strstr(text, "\nbeamgauge_rpcs_total{question=\"scan\",result=\"ok\"} 2\n"));
    assert_non_null(strstr(text, "\nbeamgauge_rpcs_total{question=\"scan\",result=\"deadline\"} 1\n"));
    assert_non_null(strstr(text, "\nbeamgauge_rpc_duration_seconds_sum{question=\"scan\"} 0.015\n"));
    assert_non_null(strstr(text, "\nbeamgauge_rpc_duration_seconds_count{question=\"scan\"} 2\n"));
    assert_non_null(strstr(text, "\nbeamgauge_scan_duration_seconds_sum{question=\"scan\"} 0.005\n"));
    assert_null(strstr(text, "duration_seconds_count{question=\"memory\"}"));
    free(text);
    bg_costs_done(&costs);
    json_decref(answer);
    json_decref(odd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_are_sane),
        cmocka_unit_test(questions_are_counted_by_how_they_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
