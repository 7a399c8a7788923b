/* test_erlang.c: both directions against a real Erlang: pids, ports and references as its shell prints them, arguments as it reads them. */
#include "beamgauge/term.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LINE_SIZE 16384

static FILE *escript_start(const char *arguments)
{
    char command[LINE_SIZE];
    int length = snprintf(command, sizeof command, "timeout 30 escript '%s' %s", BG_TERMS_ESCRIPT, arguments);
    assert_in_range(length, 1, sizeof command - 1);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    return out;
}

static size_t unhex(const char *text, uint8_t *ret_bytes)
{
    size_t length = 0;
    for (unsigned byte; sscanf(text + 2 * length, "%2x", &byte) == 1; length++)
        ret_bytes[length] = (uint8_t)byte;
    return length;
}

/* The text of the value: the string itself, or of the object the member that is not the node. */
static const char *shown(const json_t *json)
{
    static const char *const kinds[] = {"pid", "port", "reference", "function"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (json_object_get(json, kinds[i]) != NULL)
            return json_string_value(json_object_get(json, kinds[i]));
    return json_string_value(json);
}

static void check_sample(char *line)
{
    static const struct bg_term_limits limits = {.depth_max = 8, .elements_max = 100, .bytes_max = SIZE_MAX};
    char *text = strchr(line, '\t');
    assert_non_null(text);
    *text++ = '\0';
    text[strcspn(text, "\n")] = '\0';
    uint8_t term[LINE_SIZE / 2];
    size_t length = unhex(line, term);
    json_t *json = NULL;
    struct bg_failure failure = {.text = ""};
    if (bg_term_to_json(term, length, &limits, &json, NULL, &failure) != BG_OK)
        fail_msg("%s: %s", text, failure.text);
    int64_t number = json_integer_value(json);
    char digits[32];
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    assert_string_equal(json_is_integer(json) ? digits : shown(json), text);
    if (json_object_get(json, "node") != NULL)
        assert_string_equal(json_string_value(json_object_get(json, "node")), "nonode@nohost");
    json_decref(json);
}

static void identities_print_as_in_the_shell(void **state)
{
    (void)state;
    FILE *out = escript_start("samples");
    char line[LINE_SIZE];
    size_t count = 0;
    for (; fgets(line, sizeof line, out) != NULL; count++)
        check_sample(line);
    assert_int_equal(pclose(out), 0);
    assert_int_equal(count, 16);
}

struct argument {
    const char *json, *erlang;
};

static size_t hex_append(char *text, size_t at, const char *json_text)
{
    json_t *json = json_loads(json_text, JSON_DECODE_ANY, NULL);
    assert_non_null(json);
    uint8_t *bytes = NULL;
    size_t length = 0;
    assert_int_equal(bg_term_from_json(json, &bytes, &length, NULL), BG_OK);
    assert_true(at + 2 * length + 2 < LINE_SIZE / 2);
    text[at++] = ' ';
    for (size_t i = 0; i < length; i++)
        at += (size_t)snprintf(text + at, 3, "%02x", bytes[i]);
    free(bytes);
    json_decref(json);
    return at;
}

static void arguments_are_read_as_meant(void **state)
{
    (void)state;
    static const struct argument arguments[] = {
        {"{}", "#{}"},
        {"{\"limit\": 10, \"order\": \"desc\"}", "#{<<\"limit\">> => 10,<<\"order\">> => <<\"desc\">>}"},
        {"[true, false, null, [], {}]", "[true,false,undefined,[],#{}]"},
        {"[-1, 256, 2147483648, -9223372036854775808, 9223372036854775807]",
         "[-1,256,2147483648,-9223372036854775808,9223372036854775807]"},
        {"[1.5, -0.25]", "[1.5,-0.25]"},
        {"\"\\u20ac\"", "<<226,130,172>>"},
        {"{\"pids\": [\"<0.1.0>\"]}", "#{<<\"pids\">> => [<<\"<0.1.0>\">>]}"},
    };
    char words[LINE_SIZE / 2] = "read", line[LINE_SIZE];
    size_t at = strlen(words), count = sizeof arguments / sizeof *arguments;
    for (size_t i = 0; i < count; i++)
        at = hex_append(words, at, arguments[i].json);
    FILE *out = escript_start(words);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(fgets(line, sizeof line, out));
        line[strcspn(line, "\n")] = '\0';
        assert_string_equal(line, arguments[i].erlang);
    }
    assert_int_equal(pclose(out), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities_print_as_in_the_shell),
        cmocka_unit_test(arguments_are_read_as_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
