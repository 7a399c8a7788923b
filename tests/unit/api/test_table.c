/* test_table.c: every endpoint's descriptor is whole and keeps the API's manners. */
#include "endpoints.h"
#include "fake.h"

#include <stdio.h>
#include <stdlib.h>

#define EACH_ENDPOINT(name) for (const struct bg_endpoint *const *each = bg_api_endpoints, *name = *each; name != NULL; name = *++each)

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

static void every_endpoint_is_whole(void **state)
{
    (void)state;
    EACH_ENDPOINT(endpoint)
    {
        assert_non_null(endpoint->path);
        assert_int_equal(endpoint->path[0], '/');
        assert_non_null(endpoint->operation);
        assert_non_null(endpoint->handler);
        assert_true(strlen(endpoint->summary) > 10);
        assert_false(ends_with(endpoint->summary, "."));
        /* A form contains the proof of its sender; a chat only asks. */
        assert_true(endpoint->method == BG_GET || endpoint->scope == BG_SCOPE_ADMIN || endpoint->scope == BG_SCOPE_CHAT ||
                    endpoint->body_type == BG_BODY_FORM);
        assert_true(endpoint->scope != BG_SCOPE_NONE || endpoint->method == BG_GET || endpoint->body_type == BG_BODY_FORM);
    }
}

static void operations_and_routes_are_unique(void **state)
{
    (void)state;
    EACH_ENDPOINT(endpoint)
    for (size_t i = 0; bg_api_endpoints[i] != endpoint; i++) {
        assert_string_not_equal(bg_api_endpoints[i]->operation, endpoint->operation);
        assert_false(bg_api_endpoints[i]->method == endpoint->method && strcmp(bg_api_endpoints[i]->path, endpoint->path) == 0);
    }
}

static bool has_param(const struct bg_endpoint *endpoint, const char *name)
{
    for (const struct bg_param *param = endpoint->params; param != NULL && param->name != NULL; param++)
        if (strcmp(param->name, name) == 0)
            return true;
    return false;
}

static void parameters_are_whole_and_their_fallbacks_valid(void **state)
{
    (void)state;
    EACH_ENDPOINT(endpoint)
    for (const struct bg_param *param = endpoint->params; param != NULL && param->name != NULL; param++) {
        assert_true(strlen(param->summary) > 5);
        if (param->type == BG_PARAM_INTEGER) {
            assert_non_null(param->fallback);
            const long long value = strtoll(param->fallback, NULL, 10);
            assert_true(param->min <= value && value <= param->max);
        } else if (param->type == BG_PARAM_ENUM) {
            bool found = false;
            for (size_t i = 0; param->choices[i] != NULL; i++)
                found = found || strcmp(param->choices[i], param->fallback) == 0;
            assert_true(found);
        }
    }
}

/* Each may be given as often as the document says, whatever others are. */
static void there_is_room_for_all_values_that_may_be_given(void **state)
{
    (void)state;
    EACH_ENDPOINT(endpoint)
    {
        size_t repeats = 0, values = 0;
        for (const struct bg_param *param = endpoint->params; param != NULL && param->name != NULL; param++) {
            repeats += param->times_max > 1 ? param->times_max - 1 : 0;
            values += param->times_max > 1 ? param->times_max : 1;
        }
        assert_in_range(repeats, 0, BG_PARAM_REPEATS_MAX);
        assert_in_range(values, 0, 128); /* of a query */
    }
}

static void paths_and_parameters_agree(void **state)
{
    (void)state;
    EACH_ENDPOINT(endpoint)
    {
        const bool checks_many = strcmp(endpoint->path, "/api/v1/check") == 0;
        assert_int_equal(strstr(endpoint->path, "{node}") != NULL || checks_many, has_param(endpoint, "node"));
        assert_int_equal(strstr(endpoint->path, "{pid}") != NULL, has_param(endpoint, "pid"));
        const bool is_kept = strstr(endpoint->path, "/history") != NULL || strstr(endpoint->path, "/growth") != NULL; /* nobody is asked */
        const bool asks = (strstr(endpoint->path, "{node}/") != NULL && !is_kept) || strcmp(endpoint->path, "/api/v1/pairs") == 0 ||
                          has_param(endpoint, "target") || checks_many;
        assert_int_equal(asks, has_param(endpoint, "max_age_ms"));
        assert_int_equal(asks, has_param(endpoint, "timeout_ms"));
    }
}

static void columns_are_unique_and_few_in_a_chat_window(void **state)
{
    (void)state;
    EACH_ENDPOINT(endpoint)
    {
        size_t compact = 0;
        for (const struct bg_column *column = endpoint->columns; column != NULL && column->path != NULL; column++) {
            assert_true(strlen(column->title) > 0);
            compact += column->compact && !ends_with(column->path, "_per_second"); /* over a window only */
            for (const struct bg_column *other = endpoint->columns; other != column; other++)
                assert_string_not_equal(other->path, column->path);
        }
        assert_true(endpoint->columns == NULL || (compact >= 2 && compact <= 9));
        assert_int_equal(endpoint->group_columns != NULL, has_param(endpoint, "group"));
    }
}

/* The last part of a number's name says its unit, and its kind says the same. */
static void numbers_have_their_unit_in_the_name(void **state)
{
    (void)state;
    EACH_ENDPOINT(endpoint)
    for (const struct bg_column *column = endpoint->columns; column != NULL && column->path != NULL; column++) {
        const char *path = column->path;
        const bool delta = ends_with(path, "_delta");
        if (column->kind == BG_COLUMN_BYTES)
            assert_true(ends_with(path, "_bytes") || (delta && strstr(path, "_bytes_") != NULL));
        else if (column->kind == BG_COLUMN_RATIO)
            assert_true(ends_with(path, "_ratio"));
        else if (column->kind == BG_COLUMN_DURATION)
            assert_true(ends_with(path, "_seconds"));
        else if (column->kind == BG_COLUMN_RATE || column->kind == BG_COLUMN_BYTE_RATE)
            assert_true(ends_with(path, "_per_second") && ends_with(path, "_bytes_per_second") == (column->kind == BG_COLUMN_BYTE_RATE));
        else if (column->kind == BG_COLUMN_COUNT || column->kind == BG_COLUMN_ENTRIES || column->kind == BG_COLUMN_BOUND)
            assert_true(ends_with(path, "_count") || ends_with(path, "_ms") || ends_with(path, "_len") || delta ||
                        strcmp(path, "count") == 0);
    }
}

static void bodies_are_only_for_put_and_post(void **state)
{
    (void)state;
    EACH_ENDPOINT(endpoint)
    assert_true(endpoint->body_max_bytes == 0 || endpoint->method == BG_PUT || endpoint->method == BG_POST);
}

static void every_resource_of_the_contract_is_there(void **state)
{
    static const char *const operations[] = {
        "getLiveness",      "getReadiness",     "getVersion",          "listNodes",          "getNode",
        "putNode",          "deleteNode",       "getSystem",           "getMemory",          "getAllocators",
        "listProcesses",    "getProcess",       "getProcessRelations", "listMonitors",       "listMonitorPairs",
        "listFleetPairs",   "traceCallSites",   "getMetrics",          "probeNode",          "listPrometheusTargets",
        "listApplications", "listBinaries",     "collectBinaries",     "listConnections",    "listTables",
        "listPorts",        "getSchedulers",    "listSockets",         "getApplicationTree", "checkNode",
        "checkNodes",       "listCheckMetrics", "getHistory",          "getGrowth",          "chat",
        "chatSlack",        "chatMattermost"};
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        assert_non_null(fake_endpoint(operations[i]));
    while (bg_api_endpoints[count] != NULL)
        count++;
    assert_int_equal(count, sizeof operations / sizeof operations[0]);
}

/* A count that is too low would leave an endpoint out without a word. */
static void every_resource_ends_where_its_count_says(void **state)
{
    (void)state;
#define ENDS(name, count) assert_null(bg_##name##_endpoints[count].path);
    BG_RESOURCES(ENDS)
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_endpoint_is_whole),
        cmocka_unit_test(every_resource_ends_where_its_count_says),
        cmocka_unit_test(operations_and_routes_are_unique),
        cmocka_unit_test(parameters_are_whole_and_their_fallbacks_valid),
        cmocka_unit_test(there_is_room_for_all_values_that_may_be_given),
        cmocka_unit_test(paths_and_parameters_agree),
        cmocka_unit_test(columns_are_unique_and_few_in_a_chat_window),
        cmocka_unit_test(numbers_have_their_unit_in_the_name),
        cmocka_unit_test(bodies_are_only_for_put_and_post),
        cmocka_unit_test(every_resource_of_the_contract_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
