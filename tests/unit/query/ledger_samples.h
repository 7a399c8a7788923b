/* ledger_samples.h: nodes' reports on long lists, for tests of the ledger. */
#ifndef BEAMGAUGE_TESTS_LEDGER_SAMPLES_H
#define BEAMGAUGE_TESTS_LEDGER_SAMPLES_H

#include "ledger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_incarnation here = {.name = "shop@h", .generation = 1}, again = {.name = "shop@h", .generation = 2},
                                   there = {.name = "pay@h", .generation = 1};

#define PEER(ID, NODE, COUNT) "{\"peer\":{\"pid\":\"" ID "\",\"node\":\"" NODE "\"},\"count\":" COUNT "}"
#define LIST(COUNT, DISTINCT, TOP) "{\"count\":" COUNT ",\"distinct_count\":" DISTINCT ",\"exact\":true,\"top\":[" TOP "]}"
#define NOBODY LIST("0", "0", "")
#define LISTS(MONITORS, MONITORED_BY) "{\"monitors\":" MONITORS ",\"monitored_by\":" MONITORED_BY ",\"links\":" NOBODY "}"
#define COUNTED(ID, LISTS)                                                                                                                 \
    "{\"pid\":{\"pid\":\"" ID "\",\"node\":\"shop@h\"},\"unexplained\":6400,\"row\":{\"registered_name\":\"cart\"},\"lists\":" LISTS "}"
#define ROW(ID, MONITORS, EXACT)                                                                                                           \
    "{\"pid\":{\"pid\":\"" ID "\"},\"monitors_count\":" MONITORS ",\"monitored_by_count\":0,\"links_count\":0,\"exact\":" EXACT            \
    ",\"entries_max\":900}"

#define NOW_US 10

static inline json_t *read_json(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return json;
}

static inline void take(struct bg_ledger *ledger, const struct bg_incarnation *node, const char *counted, int64_t now_us)
{
    char text[4000];
    (void)snprintf(text, sizeof text, "{\"counted\":[%s]}", counted);
    json_t *answer = read_json(text);
    json_decref(bg_ledger_take(ledger, node, answer, false, now_us, 77));
    assert_null(json_object_get(answer, "counted"));
    json_decref(answer);
}

static inline void assert_known(struct bg_ledger *ledger, const struct bg_incarnation *node, int64_t now_us, const char *expected)
{
    json_t *known = bg_ledger_known(ledger, node, false, now_us), *wanted = read_json(expected);
    assert_true(json_equal(known, wanted));
    json_decref(known);
    json_decref(wanted);
}

#endif
