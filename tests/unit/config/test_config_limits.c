/* test_config_limits.c: the maximum numbers in the configuration file. */
#include "config_case.h"

#include "beamgauge/node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void lists_have_a_greatest_length(void **state)
{
    struct config_case *test = *state;
    char text[2048] = "[server]\n";

    for (int i = 0; i < BG_CONFIG_WORDS_MAX / 2; i++)
        strncat(text, "allowed_hosts = a b\n", sizeof(text) - strlen(text) - 1);
    assert_int_equal(config_case_read(test, text), BG_OK);
    assert_int_equal(test->config.allowed_hosts_count, BG_CONFIG_WORDS_MAX);
    strncat(text, "allowed_hosts = c\n", sizeof(text) - strlen(text) - 1);
    config_case_refuses(test, text, BG_CONFIG_WORDS_MAX / 2 + 2, "allowed_hosts: expected at most 64 words");
}

static void a_node_has_32_tags_of_64_bytes_at_most(void **state)
{
    static const char tag[] = "tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt";
    struct config_case *test = *state;
    char text[4096] = "[node a@b]\n";

    assert_int_equal(strlen(tag), BG_TAG_MAX_BYTES);
    for (int i = 0; i < BG_TAGS_MAX; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "tags = %s\n", tag);
    assert_int_equal(config_case_read(test, text), BG_OK);
    assert_int_equal(test->config.nodes[0].tags_count, BG_TAGS_MAX);
    strncat(text, "tags = t\n", sizeof(text) - strlen(text) - 1);
    config_case_refuses(test, text, BG_TAGS_MAX + 2, "tags: expected at most 32 words");
    snprintf(text, sizeof(text), "[node a@b]\ntags = t\ntags = t%s\n", tag);
    config_case_refuses(test, text, 3, "tags: a tag has 1 to 64 bytes");
}

static void names_of_tokens_and_checks_have_64_bytes_at_most(void **state)
{
    static const char *const kinds[] = {"token", "check"};
    struct config_case *test = *state;
    char text[256];

    for (size_t i = 0; i < 2; i++)
        for (int length = BG_TOKEN_NAME_MAX; length <= BG_TOKEN_NAME_MAX + 1; length++) {
            snprintf(text, sizeof(text), "[%s %0*d]\n%s", kinds[i], length, 0, i == 0 ? "sha256 = " ABC_SHA256 "\nscopes = read\n" : "");
            if (length == BG_TOKEN_NAME_MAX)
                assert_int_equal(config_case_read(test, text), BG_OK);
            else
                config_case_refuses(test, text, 1, "64");
        }
}

/* Writes `count` sections, each on its line(s), and returns the text; to be freed. */
static char *sections(const char *format, int count)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);

    for (int i = 0; i < count; i++) {
        fprintf(out, "[%s%d", format, i);
        fputs(format[0] == 'n' ? "@h]\n" : "]\nsha256=" ABC_SHA256 "\nscopes=read\n", out);
    }
    fclose(out);
    return text;
}

static void nodes_and_tokens_have_a_greatest_number(void **state)
{
    struct config_case *test = *state;
    char *text = sections("node n", BG_CONFIG_NODES_MAX);

    assert_int_equal(config_case_read(test, text), BG_OK);
    assert_int_equal(test->config.nodes_count, BG_CONFIG_NODES_MAX);
    free(text);
    text = sections("node n", BG_CONFIG_NODES_MAX + 1);
    config_case_refuses(test, text, BG_CONFIG_NODES_MAX + 1, "more than 4096 nodes");
    free(text);
    text = sections("token t", BG_CONFIG_TOKENS_MAX);
    assert_int_equal(config_case_read(test, text), BG_OK);
    assert_int_equal(test->config.tokens_count, BG_CONFIG_TOKENS_MAX);
    free(text);
    text = sections("token t", BG_CONFIG_TOKENS_MAX + 1);
    config_case_refuses(test, text, BG_CONFIG_TOKENS_MAX * 3 + 1, "more than 256 tokens");
    free(text);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, config_case_begin, config_case_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(lists_have_a_greatest_length),
        CASE(a_node_has_32_tags_of_64_bytes_at_most),
        CASE(names_of_tokens_and_checks_have_64_bytes_at_most),
        CASE(nodes_and_tokens_have_a_greatest_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
