/* test_params.c: parameters against a descriptor. */
#include "params.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const sorts[] = {"memory", "monitors", NULL};
static const struct bg_column columns[] = {{"a", "A", BG_COLUMN_TEXT, true}, {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_param params[] = {{.name = "node", .type = BG_PARAM_NODE},
                                         {.name = "pid", .type = BG_PARAM_PID},
                                         {.name = "limit", .type = BG_PARAM_INTEGER, .min = -5, .max = 100, .fallback = "20"},
                                         {.name = "exact", .type = BG_PARAM_BOOLEAN, .fallback = "false"},
                                         {.name = "sort", .type = BG_PARAM_ENUM, .choices = sorts},
                                         {.name = "group", .type = BG_PARAM_TEXT, .min = 1, .max = 8},
                                         {.name = "peer", .type = BG_PARAM_PID},
                                         {.name = NULL}};
static const struct bg_endpoint endpoint = {
    .method = BG_GET, .path = "/nodes/{node}/processes/{pid}", .params = params, .columns = columns};
static const struct bg_endpoint plain = {.method = BG_GET, .path = "/livez"};

static const struct bg_param other_params[] = {
    {.name = "window_ms", .type = BG_PARAM_INTEGER}, {.name = "node", .type = BG_PARAM_NODE}, {.name = NULL}};
static const struct bg_endpoint other = {.method = BG_GET, .path = "/nodes/{node}/processes", .params = other_params};
static const struct bg_endpoint putting = {.method = BG_PUT, .path = "/put", .params = other_params};
static const struct bg_endpoint *const endpoints[] = {&endpoint, &other, &putting, NULL};

enum { NODE, PID, LIMIT, EXACT, SORT, GROUP, PEER };

static struct bg_values values;

static json_t *read_path(const char *path, const char *query)
{
    json_t *errors;

    bg_params_read(&endpoint, endpoints, path, strlen(path), query, &values, &errors);
    assert_non_null(errors);
    return errors;
}

static json_t *read_query(const char *query)
{
    return read_path("/nodes/a@b/processes/0.1.0", query);
}

static void assert_good(json_t *errors)
{
    if (json_array_size(errors) != 0)
        fail_msg("%s", json_dumps(errors, 0));
    json_decref(errors);
}

/* One error, of this parameter. */
static void assert_bad(json_t *errors, const char *param, const char *words)
{
    const json_t *error = json_array_get(errors, 0);

    assert_int_equal(json_array_size(errors), 1);
    assert_string_equal(json_string_value(json_object_get(error, "param")), param);
    assert_non_null(strstr(json_string_value(json_object_get(error, "reason")), words));
    json_decref(errors);
}

static void values_are_read_by_type(void **state)
{
    (void)state;
    assert_good(read_query("limit=-5&exact=true&sort=monitors&group=%c3%a9+x&peer=%3C0.2.3%3E&format=csv"));
    assert_string_equal(values.list[NODE].text, "a@b");
    assert_string_equal(values.list[PID].text, "<0.1.0>");
    assert_int_equal(values.list[LIMIT].integer, -5);
    assert_int_equal(values.list[EXACT].integer, 1);
    assert_string_equal(values.list[SORT].text, "monitors");
    assert_string_equal(values.list[GROUP].text, "\xc3\xa9 x");
    assert_string_equal(values.list[PEER].text, "<0.2.3>");
    assert_int_equal(values.format, BG_FORMAT_CSV);
    assert_true(values.list[LIMIT].given);
    bg_values_done(&values);
}

static void what_is_absent_falls_back(void **state)
{
    (void)state;
    assert_good(read_query(NULL));
    assert_int_equal(values.list[LIMIT].integer, 20);
    assert_string_equal(values.list[LIMIT].text, "20");
    assert_false(values.list[LIMIT].given);
    assert_int_equal(values.list[EXACT].integer, 0);
    assert_null(values.list[SORT].text);
    assert_int_equal(values.format, BG_FORMAT_ANY);
    bg_values_done(&values);
    assert_good(read_query("&&limit=7&")); /* empty pairs are nothing */
    bg_values_done(&values);
}

static void each_bad_value_names_its_parameter(void **state)
{
    static const struct {
        const char *query, *param, *words;
    } cases[] = {
        {"limit=101", "limit", "from -5 to 100"},
        {"limit=-6", "limit", "whole number"},
        {"limit=", "limit", "whole number"},
        {"limit", "limit", "whole number"},
        {"limit=-", "limit", "whole number"},
        {"limit=+5", "limit", "whole number"},
        {"limit=%205", "limit", "whole number"},
        {"limit=5x", "limit", "whole number"},
        {"limit=0x5", "limit", "whole number"},
        {"limit=99999999999999999999", "limit", "whole number"},
        {"exact=1", "exact", "true or false"},
        {"sort=Memory", "sort", "one of memory, monitors"},
        {"sort=", "sort", "one of"},
        {"group=", "group", "1 to 8 bytes"},
        {"group=123456789", "group", "1 to 8 bytes"},
        {"group=%ff", "group", "UTF-8"},
        {"group=a%0ab", "group", "control"},
        {"group=%zz", "group", "hexadecimal"},
        {"peer=0.1", "peer", "pid"},
        {"peer=0.1.2.3", "peer", "pid"},
        {"peer=%3C0.1.2", "peer", "pid"},
        {"peer=0..2", "peer", "pid"},
        {"peer=0.12345678901.2", "peer", "pid"},
        {"colour=red", "colour", "not a parameter of this endpoint, which has limit, exact, sort, group, peer, format"},
        {"window_ms=5", "window_ms", "peer, format; it is one of /nodes/{node}/processes"},
        {"node=c@d", "node", "not a parameter"},
        {"Limit=5", "Limit", "not a parameter"},
        {"=5", "", "not a parameter"},
        {"%ff=5", "query", "UTF-8"},
        {"limit=5&limit=5", "limit", "twice"},
        {"format=xml", "format", "one of json, text, md, csv, ndjson"},
        {"format=json&format=csv", "format", "twice"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_bad(read_query(cases[i].query), cases[i].param, cases[i].words);
    assert_bad(read_path("/nodes/noat/processes/0.1.0", NULL), "node", "NAME@HOST");
    assert_bad(read_path("/nodes/a%22b@c/processes/0.1.0", NULL), "node", "NAME@HOST");
    assert_bad(read_path("/nodes/a%ff@c/processes/0.1.0", NULL), "node", "UTF-8");
    assert_bad(read_path("/nodes/a@b/processes/abc", NULL), "pid", "pid");
}

static void all_errors_are_told_at_once_up_to_a_maximum(void **state)
{
    char query[1024] = "";
    json_t *errors = read_path("/nodes/x/processes/y", "limit=x&sort=y&colour=red");

    (void)state;
    assert_int_equal(json_array_size(errors), 5);
    json_decref(errors);
    for (int i = 0; i < BG_PARAM_ERRORS_MAX + 5; i++)
        snprintf(query + strlen(query), sizeof query - strlen(query), "x%d=1&", i);
    errors = read_query(query);
    assert_int_equal(json_array_size(errors), BG_PARAM_ERRORS_MAX);
    json_decref(errors);
    memset(query, '\0', sizeof query);
    for (size_t i = 0; i < 100; i++)
        memcpy(query + 2 * i, "a&", 2);
    errors = read_query(query); /* more pairs than are looked at */
    assert_int_equal(json_array_size(errors), BG_PARAM_ERRORS_MAX);
    json_decref(errors);
}

static void a_query_has_a_greatest_number_of_parameters(void **state)
{
    char query[200] = "";
    (void)state;
    memset(query, '&', 127);
    strncat(query, "limit=5", sizeof query - strlen(query) - 1); /* the 128th */
    assert_good(read_query(query));
    assert_int_equal(values.list[LIMIT].integer, 5);
    bg_values_done(&values);
    memmove(query + 1, query, strlen(query) + 1);
    assert_bad(read_query(query), "query", "has more than 128 parameters");
}

static void format_is_only_where_rows_are(void **state)
{
    json_t *errors;

    (void)state;
    bg_params_read(&plain, NULL, "/livez", 6, "format=csv", &values, &errors);
    assert_bad(errors, "format", "not a parameter");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_read_by_type),
        cmocka_unit_test(what_is_absent_falls_back),
        cmocka_unit_test(each_bad_value_names_its_parameter),
        cmocka_unit_test(all_errors_are_told_at_once_up_to_a_maximum),
        cmocka_unit_test(a_query_has_a_greatest_number_of_parameters),
        cmocka_unit_test(format_is_only_where_rows_are),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
