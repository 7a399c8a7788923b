/* test_check_grammar.c: what an assertion may say, and the column of whatever it may not. */
#include "check_assertion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct bg_expression parse(const char *text)
{
    struct bg_expression expression;
    struct bg_failure failure;
    if (bg_expression_parse(text, &expression, &failure) != BG_OK)
        fail_msg("%s: %s", text, failure.text);
    return expression;
}

static void every_operator_has_two_spellings(void **state)
{
    static const struct {
        const char *sign, *word;
        enum bg_comparison comparison;
        bool below, same, above; /* whether 1, 2, 3 pass against 2 */
    } cases[] = {
        {"<", ":lt:", BG_LESS, true, false, false},    {"<=", ":le:", BG_LESS_OR_EQUAL, true, true, false},
        {">", ":gt:", BG_GREATER, false, false, true}, {">=", ":ge:", BG_GREATER_OR_EQUAL, false, true, true},
        {"==", ":eq:", BG_EQUAL, false, true, false},  {"!=", ":ne:", BG_NOT_EQUAL, true, false, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[80];
        (void)snprintf(text, sizeof text, "atom_count%s2", cases[i].sign);
        assert_int_equal(parse(text).comparison, cases[i].comparison);
        (void)snprintf(text, sizeof text, "atom_count %s 2", cases[i].word);
        assert_int_equal(parse(text).comparison, cases[i].comparison);
        assert_string_equal(bg_operator_text(cases[i].comparison), cases[i].sign);
        assert_int_equal(bg_operator_holds(cases[i].comparison, 1, 2), cases[i].below);
        assert_int_equal(bg_operator_holds(cases[i].comparison, 2, 2), cases[i].same);
        assert_int_equal(bg_operator_holds(cases[i].comparison, 3, 2), cases[i].above);
    }
}

static void values_have_units(void **state)
{
    static const struct {
        const char *text;
        double number;
    } cases[] = {{"0", 0},
                 {"12", 12},
                 {"-3", -3},
                 {"2.5", 2.5},
                 {"1k", 1000},
                 {"2.5M", 2500000},
                 {"2KiB", 2048},
                 {"1G", 1e9},
                 {"2T", 2e12},
                 {"1TiB", 1099511627776.0},
                 {"1MiB", 1048576},
                 {"1GiB", 1073741824},
                 {"80%", 0.8},
                 {"0.5%", 0.005},
                 {"1.5KiB", 1536},
                 {"007", 7},
                 {"999999999999999", 999999999999999}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[80];
        (void)snprintf(text, sizeof text, " process_ratio  <\t%s ", cases[i].text);
        const struct bg_expression expression = parse(text);
        assert_true(expression.value.number >= cases[i].number - 1e-9 && expression.value.number <= cases[i].number + 1e-9);
        assert_int_equal(expression.value.percent, strchr(cases[i].text, '%') != NULL);
        assert_true(bg_span_is(expression.value.span, cases[i].text));
        assert_true(bg_span_is(expression.name, "process_ratio"));
        assert_int_equal(expression.name.column, 2);
    }
}

static void terms_take_arguments_and_leave_room_for_more(void **state)
{
    const struct bg_expression over = parse("processes_over( monitors , 1k )<5"), change = parse("change(memory.total_bytes,snap-7)<1MiB");
    (void)state;
    assert_int_equal(over.args_count, 2);
    assert_true(bg_span_is(over.args[0], "monitors"));
    assert_true(bg_span_is(over.args[1], "1k"));
    assert_int_equal(over.args[1].column, 28);
    assert_int_equal(change.args_count, 2);
    assert_true(bg_span_is(change.args[1], "snap-7"));
}

/* Each mistake, with its column and a word of what is said. */
static void every_mistake_has_its_column(void **state)
{
    static const struct {
        const char *text, *said;
        int column;
    } cases[] = {
        {"", "name of a metric", 1},
        {"  ", "name of a metric", 3},
        {"<5", "name of a metric", 1},
        {"Memory<5", "name of a metric", 1},
        {"atom_count", "an operator", 11},
        {"atom_count 5", "an operator", 12},
        {"atom_count=5", "an operator", 11},
        {"atom_count:lte:5", "an operator", 11},
        {"atom-count<5", "an operator", 5},
        {"atom_count<", "a number", 12},
        {"atom_count< x", "a number", 13},
        {"atom_count<.5", "a number", 12},
        {"atom_count<--5", "a number", 12},
        {"atom_count<1234567890123456", "at most 15 digits", 12},
        {"atom_count<5x", "no unit", 13},
        {"atom_count<5kB", "no unit", 13},
        {"atom_count<5.", "no unit", 13},
        {"atom_count<5e3", "no unit", 13},
        {"atom_count<5 k", "the end", 14},
        {"atom_count<5 and x<6", "the end", 14},
        {"atom_count<5<6", "the end", 13},
        {"processes_over(", "an argument", 16},
        {"processes_over()<1", "an argument", 16},
        {"processes_over(monitors", "a comma or", 24},
        {"processes_over(monitors,", "an argument", 25},
        {"processes_over(monitors 5)<1", "a comma or", 25},
        {"processes_over(a,b,c,d)<1", "no more arguments", 22},
        {"processes_over(monitors,5) 1", "an operator", 28},
        /* what words mean */
        {"memory.totl_bytes<5", "did you mean memory.total_bytes", 1},
        {"pair_count<1", "did you mean pair_count_max", 1},
        {" zzzzzzzzzzzz<5", "is not a metric", 2},
        {"process_count(5)<5", "takes 0 arguments in parentheses, not 1", 14},
        {"processes_over<5", "takes 2 arguments in parentheses, not 0", 15},
        {"processes_over(monitrs,5)<5", "did you mean monitors", 16},
        {"processes_over(monitors,many)<5", "a number", 25},
        {"processes_over(monitors,50%)<5", "is not an amount", 25},
        {"processes_over(monitors,-1)<5", "is not an amount", 25},
        {"processes_over(monitors,5)<1000", "up to 999", 28},
        {"memory.total_bytes<80%", "only ratios", 20},
        {"change(memory.total_bytes,a)<5", "is not a time of at least 1m", 27},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bg_assertion assertion;
        struct bg_failure failure;
        char column[32];
        (void)snprintf(column, sizeof column, "column %d:", cases[i].column);
        assert_int_equal(bg_assertion_read(cases[i].text, &assertion, &failure), BG_INVALID);
        if (strncmp(failure.text, column, strlen(column)) != 0 || strstr(failure.text, cases[i].said) == NULL)
            fail_msg("%s: %s", cases[i].text, failure.text);
    }
}

static void an_expression_is_at_most_so_long(void **state)
{
    char text[BG_EXPRESSION_MAX + 2];
    struct bg_expression expression;
    struct bg_failure failure;
    (void)state;
    memset(text, ' ', sizeof text);
    memcpy(text, "atom_count<5", 12);
    text[BG_EXPRESSION_MAX] = '\0';
    assert_int_equal(bg_expression_parse(text, &expression, &failure), BG_OK);
    text[BG_EXPRESSION_MAX] = ' ';
    text[BG_EXPRESSION_MAX + 1] = '\0';
    assert_int_equal(bg_expression_parse(text, &expression, &failure), BG_INVALID);
}

static void metrics_have_plain_names_and_units(void **state)
{
    static const char *const units[] = {"bytes", "count", "ratio", "milliseconds"};
    size_t count = 0;
    (void)state;
    for (const struct bg_figure *figure = bg_figures; figure < bg_figures + bg_figures_count; figure++) {
        bool known = figure->source == BG_SOURCE_HISTORY; /* that of another */
        if (figure->name == NULL)
            continue;
        count++;
        for (size_t i = 0; i < 4 && !known; i++)
            known = strcmp(figure->unit, units[i]) == 0;
        assert_true(known);
        assert_true(strspn(figure->name, "abcdefghijklmnopqrstuvwxyz_.") == strlen(figure->name));
        assert_true(strlen(figure->summary) >= 5);
        for (const struct bg_figure *other = bg_figures; other != figure; other++)
            assert_true(other->name == NULL || strcmp(figure->name, other->name) != 0);
        if (figure->kind == BG_FIGURE_MAX)
            assert_memory_equal(figure->name, bg_sort_find(figure->path)->field, strlen(figure->name) - 4);
    }
    assert_true(count > 35);
    for (const struct bg_sort *sort = bg_sorts; sort->key != NULL; sort++) { /* the maximum of every attribute there is */
        char text[80];
        struct bg_assertion assertion;
        struct bg_failure failure;
        (void)snprintf(text, sizeof text, "%s_max<1", sort->field);
        assert_int_equal(bg_assertion_read(text, &assertion, &failure), BG_OK);
        assert_ptr_equal(assertion.sort, sort);
        (void)snprintf(text, sizeof text, "processes_over(%s,1)<1", sort->field);
        assert_int_equal(bg_assertion_read(text, &assertion, &failure), BG_OK);
        assert_ptr_equal(assertion.sort, sort);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operator_has_two_spellings),
        cmocka_unit_test(values_have_units),
        cmocka_unit_test(terms_take_arguments_and_leave_room_for_more),
        cmocka_unit_test(every_mistake_has_its_column),
        cmocka_unit_test(an_expression_is_at_most_so_long),
        cmocka_unit_test(metrics_have_plain_names_and_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
