/* test_config_file.c: reading the file: what it may hold, and every way in which it is refused, with its line. */
#include "config_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void a_whole_file_is_read(void **state)
{
    struct config_case *test = *state;
    const struct bg_config *config = &test->config;
    char text[1024];

    snprintf(text, sizeof(text),
             "\xEF\xBB\xBF; a comment\n"
             "# another\r\n"
             "\n"
             "[server] ; ours\n"
             "  listen = [::1]:0\r\n"
             "\tname = gauge@host.example\n"
             "cookie_file = %s\n"
             "log_level=debug ; loud\n"
             "allowed_hosts = a.example, b.example\n"
             "allowed_hosts = c.example\n"
             "discover = false\n"
             "epmd_port = 4370\n"
             "[limits]\n"
             "nodes_max = 3\n"
             "[ node shop@10.0.0.5 ]\n"
             "cookie_file = %s\n"
             "address = 10.0.0.6\n"
             "port = 9100\n"
             "tags = prod eu\n"
             "[node pay@10.0.0.5]\n"
             "[token grafana]\n"
             "sha256 = " ABC_SHA256 "\n"
             "scopes = read check",
             test->cookie_path, test->cookie_path);
    assert_int_equal(config_case_read(test, text), BG_OK);
    assert_string_equal(config->listen_address, "::1");
    assert_int_equal(config->listen_port, 0);
    assert_string_equal(config->name, "gauge@host.example");
    assert_string_equal(config->cookie_file, test->cookie_path);
    assert_int_equal(config->log_level, BG_LOG_DEBUG);
    assert_int_equal(config->allowed_hosts_count, 3);
    assert_string_equal(config->allowed_hosts[0], "a.example");
    assert_string_equal(config->allowed_hosts[2], "c.example");
    assert_false(config->discover);
    assert_int_equal(config->epmd_port, 4370);
    assert_int_equal(config->nodes_max, 3);
    assert_int_equal(config->nodes_count, 2);
    assert_string_equal(config->nodes[0].name, "shop@10.0.0.5");
    assert_string_equal(config->nodes[0].cookie_file, test->cookie_path);
    assert_string_equal(config->nodes[0].address, "10.0.0.6");
    assert_int_equal(config->nodes[0].port, 9100);
    assert_int_equal(config->nodes[0].tags_count, 2);
    assert_string_equal(config->nodes[0].tags[1], "eu");
    assert_string_equal(config->nodes[1].name, "pay@10.0.0.5");
    assert_null(config->nodes[1].cookie_file);
    assert_null(config->nodes[1].address);
    assert_int_equal(config->nodes[1].port, 0);
    assert_int_equal(config->nodes[1].tags_count, 0);
    assert_int_equal(config->tokens_count, 1);
    assert_string_equal(config->tokens[0].name, "grafana");
    assert_int_equal(config->tokens[0].scopes, BG_SCOPE_READ | BG_SCOPE_CHECK);
    assert_int_equal(config->tokens[0].sha256[31], 0xad);
}

static void an_empty_file_is_the_defaults(void **state)
{
    struct config_case *test = *state;

    assert_int_equal(config_case_read(test, ""), BG_OK);
    assert_int_equal(test->config.listen_port, 7788);
}

static void a_file_replaces_what_was_there(void **state)
{
    struct config_case *test = *state;

    assert_int_equal(config_case_read(test, "[server]\nepmd_port = 5\n[node a@b]\ntags = x\n"), BG_OK);
    assert_int_equal(config_case_read(test, "[node c@d]\n"), BG_OK);
    assert_int_equal(test->config.epmd_port, 0);
    assert_int_equal(test->config.nodes_count, 1);
    assert_string_equal(test->config.nodes[0].name, "c@d");
}

static void a_refused_file_changes_nothing(void **state)
{
    struct config_case *test = *state;

    assert_int_equal(config_case_read(test, "[node a@b]\ntags = x\n"), BG_OK);
    config_case_refuses(test, "[server]\nlisten = 127.0.0.1:1\n[node c@d]\ntags = y\n[oops]\n", 5, "unknown section [oops]");
    assert_int_equal(test->config.listen_port, 7788);
    assert_int_equal(test->config.nodes_count, 1);
    assert_string_equal(test->config.nodes[0].name, "a@b");
}

static void wrong_sections_are_refused(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *reason;
    } cases[] = {
        {"[serve]\n", 1,
         "unknown section [serve]: expected [server], [watch], [limits], [chat], [node NAME@HOST], [token NAME] or [check NAME]"},
        {"\n[]\n", 2, "unknown section []"},
        {"[Server]\n", 1, "unknown section [Server]"},
        {"[server x]\n", 1, "unknown section [server x]"},
        {"[limits x y]\n", 1, "unknown section [limits x y]"},
        {"[\x1b[2J]\n", 1, "unknown section [\\x1b[2J]"},
        {"[server\n", 1, "expected a section like [server] alone on its line"},
        {"[server] listen = 1\n", 1, "expected a section like [server] alone on its line"},
        {"[server]\n[limits]\n\n[server]\n", 4, "a second [server]: expected one"},
        {"[limits]\n[limits]\n", 2, "a second [limits]: expected one"},
        {"[node]\n", 1, "expected NAME@HOST"},
        {"[node shop]\n", 1, "node shop: expected NAME@HOST"},
        {"[node @host]\n", 1, "expected NAME@HOST"},
        {"[node shop@]\n", 1, "expected NAME@HOST"},
        {"[node a@b@c]\n", 1, "expected NAME@HOST"},
        {"[node a b@c]\n", 1, "expected NAME@HOST"},
        {"[node a\tb@c]\n", 1, "expected NAME@HOST"},
        {"[node a@b]\n[node c@d]\n[node a@b]\n", 3, "node a@b is there already"},
        {"[token]\n", 1, "expected 1 to 64 of A-Z a-z 0-9"},
        {"[token a b]\n", 1, "expected 1 to 64 of A-Z a-z 0-9"},
        {"[token t]\nsha256=" ABC_SHA256 "\nscopes=read\n[token t]\n", 4, "token t is there already"},
        {"[token t]\nscopes = read\n", 1, "this token has no sha256: expected the token's SHA-256"},
        {"\n[token t]\nsha256 = " ABC_SHA256 "\n\n[node a@b]\n", 2, "this token has no scopes: expected what it may do"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        config_case_refuses(*state, cases[i].text, cases[i].line, cases[i].reason);
}

static void wrong_settings_are_refused(void **state)
{
    static const struct {
        const char *text;
        int line;
        const char *reason;
    } cases[] = {
        {"listen = 127.0.0.1:1\n", 1, "listen comes before any section: expected [server] above it"},
        {"retry_min_ms = 1s\n", 1, "retry_min_ms comes before any section: expected [limits] above it"},
        {"[server]\nlisten\n", 2, "expected KEY = VALUE, [SECTION] or a comment"},
        {"[server]\n= x\n", 2, "expected KEY = VALUE, [SECTION] or a comment"},
        {"[server]\nprot = 1\n", 2,
         "unknown setting prot in [server]: did you mean port of [node NAME@HOST]? beamgauge --sample-config shows all"},
        {"[server]\nListen = 127.0.0.1:1\n", 2,
         "unknown setting Listen in [server]: did you mean listen? beamgauge --sample-config shows all"},
        {"[limits]\nconections_max = 1\n", 2, "did you mean connections_max?"},
        {"[server]\nnodes_max = 1\n", 2, "unknown setting nodes_max in [server]: it belongs to [limits]"},
        {"[limits]\ntags = a\n", 2, "unknown setting tags in [limits]: it belongs to [node NAME@HOST]"},
        {"[server]\nrequest_max = 1\n", 2, "unknown setting request_max in [server]: did you mean requests_max of [limits]?"},
        {"[limits]\nlisten = 127.0.0.1:1\n", 2, "unknown setting listen in [limits]: it belongs to [server]"},
        {"[server]\nwalrus = 1\n", 2, "unknown setting walrus in [server]: beamgauge --sample-config shows all"},
        {"[node a@b]\ncookie = x\n", 2, "unknown setting cookie in [node]"},
        {"[token t]\nsha256 = " ABC_SHA256 "\nscopes = read\nname = x\n", 4, "unknown setting name in [token]: it belongs to [server]"},
        {"[server]\nepmd_port = 1\n\nepmd_port = 1\n", 4, "epmd_port is given twice in this section"},
        {"[server]\ndiscover = yes\n", 2, "discover = yes: expected true or false"},
        {"[server]\ndiscover =\n", 2, "expected true or false"},
        {"[server]\nlog_level = loud\n", 2, "log_level = loud: expected debug, info, warn or error"},
        {"[server]\nname = gauge\n", 2, "name = gauge: expected NAME@HOST"},
        {"[server]\ncookie_file =\n", 2, "cookie_file: expected the path of a file"},
        {"[server]\ncookie_file = /nonexistent/x\n", 2, "cookie file /nonexistent/x cannot be read: No such file"},
        {"[node a@b]\n\ncookie_file = /nonexistent/y\n", 3, "cookie file /nonexistent/y cannot be read: No such file"},
        {"[node a@b]\naddress =\n", 2, "an address is a host name or an IP address, without a port: it is empty"},
        {"[node a@b]\naddress = h:80\n", 2, "address = h:80: an address is a host name or an IP address, without a port: it has a port"},
        {"[node a@b:80]\n", 1, "node a@b:80: expected NAME@HOST, HOST a host name or an IP address: it has a port"},
        {"[server]\nallowed_hosts = a b:80\n", 2, "allowed_hosts: \"b:80\" is not a host name or an IP address: it has a port"},
        {"[server]\nallowed_hosts = https://a\n", 2, "allowed_hosts: \"https://a\" is not a host name or an IP address"},
        {"[server]\nlisten = 127.0.0.1:99999\n", 2, "\"99999\" is not a port: a port is a number from 0 to 65535"},
        {"[server]\nlisten = localhost:1\n", 2, "[::1]:7788; a name is not taken"},
        {"[server]\nlisten = 127.0.0.1\n", 2, "[::1]:7788; the port is missing"},
        {"[token t]\nsha256 = bg_abc\nscopes = read\n", 2, "64 hexadecimal digits"},
        {"[token t]\nscopes = read write\nsha256 = " ABC_SHA256 "\n", 2,
         "unknown scope \"write\": expected words of read, check, chat, admin"},
        {"[token t]\nscopes =\nsha256 = " ABC_SHA256 "\n", 2, "no scope: expected words"},
        {"[server]\nname = a\x1b@b\n", 2, "expected text without control characters"},
        {"[node a@b]\ntags = \xe2\x80\xae\n", 2, "expected text without control characters"},
        {"[watch]\nsample_ms = 2h\n", 2, "sample_ms = 2h"},
        {"[limits]\nsample_ms = 9s\n", 2, "unknown setting sample_ms in [limits]: it belongs to [watch]"},
        {"[server]\nname = a\xff@b\n", 2, "this is not text: expected UTF-8"},
        {"# \xc3\n", 1, "this is not text: expected UTF-8"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        config_case_refuses(*state, cases[i].text, cases[i].line, cases[i].reason);
}

static void the_first_bad_line_is_the_one_told(void **state)
{
    config_case_refuses(*state, "[server]\nnonsense\ndiscover = 7\n", 2, "expected KEY = VALUE");
    config_case_refuses(*state, "[server]\ndiscover = 7\nnonsense\n[oops]\n", 2, "expected true or false");
    config_case_refuses(*state, "nonsense\n[oops]\n", 1, "expected KEY = VALUE");
    config_case_refuses(*state, "nonsense\n[token t]\n", 1, "expected KEY = VALUE");
    config_case_refuses(*state, "[token t]\nnonsense\n[token u]\n", 1, "this token has no sha256");
}

static void assert_mistake(const struct config_case *test, size_t index, int line, const char *reason)
{
    char place[128];

    snprintf(place, sizeof(place), "%s:%d: ", test->path, line);
    if (strncmp(test->failures.list[index].text, place, strlen(place)) != 0 || strstr(test->failures.list[index].text, reason) == NULL)
        fail_msg("expected \"%s...%s\", got \"%s\"", place, reason, test->failures.list[index].text);
}

static void all_mistakes_are_told_in_the_order_of_their_lines(void **state)
{
    struct config_case *test = *state;
    static const char text[] = "epmd_port = 1\n"
                               "[server]\n"
                               "discover = perhaps\n"
                               "listen = 127.0.0.1:99999\n"
                               "nonsense\n"
                               "name = \xff\n"
                               "epmd_port = 4370\n"
                               "[walrus]\n"
                               "discover = perhaps\n"
                               "nonsense\n"
                               "[token t]\n"
                               "scopes = read fly\n"
                               "[node shop]\n"
                               "colour = red\n"
                               "[node shop@h]\n"
                               "port = many\n";
    static const struct {
        int line;
        const char *reason;
    } mistakes[] = {
        {1, "comes before any section"},
        {3, "expected true or false"},
        {4, "is not a port"},
        {5, "expected KEY = VALUE"},
        {6, "this is not text"},
        {8, "unknown section [walrus]"},
        {10, "expected KEY = VALUE"},
        {11, "this token has no sha256"},
        {12, "unknown scope \"fly\""},
        {13, "node shop: expected NAME@HOST"},
        {16, "port = many: expected a port"},
    };

    assert_int_equal(config_case_read(test, text), BG_INVALID);
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]) && i < test->failures.count; i++)
        assert_mistake(test, i, mistakes[i].line, mistakes[i].reason);
    assert_int_equal(test->failures.count, sizeof(mistakes) / sizeof(mistakes[0]));
}

static void no_more_than_twenty_mistakes_are_told(void **state)
{
    struct config_case *test = *state;
    char text[2048] = "[server]\n";

    for (int i = 0; i < 2 * BG_FAILURES_MAX; i++)
        strncat(text, i % 2 == 0 ? "nonsense\n" : "discover = 7\n", sizeof(text) - strlen(text) - 1);
    assert_int_equal(config_case_read(test, text), BG_INVALID);
    assert_int_equal(test->failures.count, BG_FAILURES_MAX);
    assert_mistake(test, BG_FAILURES_MAX - 1, BG_FAILURES_MAX + 1, "discover");
}

static void an_indented_line_is_a_setting_of_its_own(void **state)
{
    struct config_case *test = *state;

    assert_int_equal(config_case_read(test, "[server]\n  name = a@b\n  epmd_port = 9\n"), BG_OK);
    assert_string_equal(test->config.name, "a@b");
    assert_int_equal(test->config.epmd_port, 9);
    config_case_refuses(test, "[server]\nname = a@b\n  more\n", 3, "expected KEY = VALUE");
}

static void bytes_of_zero_are_refused(void **state)
{
    static const char text[] = "[server]\nname = a\0@b\n";
    struct config_case *test = *state;

    file_write(test->path, text, sizeof(text) - 1);
    assert_int_equal(config_case_read_path(test, test->path), BG_INVALID);
    assert_non_null(strstr(test->failure.text, ":2: this is not text"));
}

/* "# first\n[check a]\nassert = hhh...\n", the last line `length` bytes long. */
static const char *text_with_line(size_t length)
{
    static char text[4096];
    int before = snprintf(text, sizeof(text), "# first\n[check a]\n");
    int key = snprintf(text + before, sizeof(text) - (size_t)before, "assert = ");

    memset(text + before + key, 'h', length - (size_t)key);
    memcpy(text + (size_t)before + length, "\n", 2);
    return text;
}

static void a_long_line_is_refused_and_never_cut(void **state)
{
    struct config_case *test = *state;
    size_t length = strlen("assert = h");

    /* How long a setting may be is up to the library's build. */
    while (length < 2000 && config_case_read(test, text_with_line(length)) == BG_OK) {
        assert_int_equal(strlen(test->config.checks[0].asserts[0]), length - strlen("assert = "));
        length++;
    }
    assert_in_range(length - 1, 150, 1023);
    config_case_refuses(test, text_with_line(length), 3, "the line is too long: expected at most");
    config_case_refuses(test, text_with_line(3000), 3, "the line is too long: expected at most");
}

static void a_long_comment_is_no_matter_until_its_own_bound(void **state)
{
    struct config_case *test = *state;
    char text[2048];

    memset(text, 'c', sizeof(text));
    text[0] = '#';
    text[1023] = '\0';
    assert_int_equal(config_case_read(test, text), BG_OK);
    text[1023] = 'c';
    text[1024] = '\0';
    config_case_refuses(test, text, 1, "the line is too long: expected at most 1023 bytes");
}

static void a_node_name_of_255_bytes_is_kept_whole(void **state)
{
    struct config_case *test = *state;
    char text[512], name[257];

    for (size_t i = 0; i < sizeof(name); i++)
        name[i] = i > 100 && i % 2 == 0 ? '.' : 'n';
    name[100] = '@';
    name[255] = '\0';
    snprintf(text, sizeof(text), "[node %s]\n", name);
    assert_int_equal(config_case_read(test, text), BG_OK);
    assert_string_equal(test->config.nodes[0].name, name);
    name[255] = 'm';
    name[256] = '\0';
    snprintf(text, sizeof(text), "[node %s]\n", name);
    config_case_refuses(test, text, 1, "expected NAME@HOST of at most 255 bytes");
}

static void named_checks_are_lists_of_whole_lines(void **state)
{
    struct config_case *test = *state;
    char text[8192] = "[check a]\n";

    assert_int_equal(config_case_read(test, "[check nightly]\nassert = a < 5, b ; why\n assert = c == 7\nwarn = d:lt:9\n[check empty]\n"),
                     BG_OK);
    assert_int_equal(test->config.checks_count, 2);
    assert_string_equal(test->config.checks[0].name, "nightly");
    assert_int_equal(test->config.checks[0].asserts_count, 2);
    assert_string_equal(test->config.checks[0].asserts[0], "a < 5, b");
    assert_string_equal(test->config.checks[0].asserts[1], "c == 7");
    assert_string_equal(test->config.checks[0].warns[0], "d:lt:9");
    assert_int_equal(test->config.checks[1].asserts_count + test->config.checks[1].warns_count, 0);
    for (int i = 0; i < BG_CONFIG_LINES_MAX; i++)
        strncat(text, "assert = x\n", sizeof(text) - strlen(text) - 1);
    assert_int_equal(config_case_read(test, text), BG_OK);
    strncat(text, "assert = x\n", sizeof(text) - strlen(text) - 1);
    config_case_refuses(test, text, BG_CONFIG_LINES_MAX + 2, "assert: expected at most 32 lines");
    config_case_refuses(test, "[check]\n", 1, "expected a name");
    config_case_refuses(test, "[check a]\n[check a]\n", 2, "check a is there already");
    text[0] = '\0';
    for (int i = 0; i <= BG_CONFIG_CHECKS_MAX; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "[check c%d]\n", i);
    config_case_refuses(test, text, BG_CONFIG_CHECKS_MAX + 1, "more than 64 checks");
}

static void chats_have_secrets(void **state)
{
    static const char hash[] = "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20";
    struct config_case *test = *state;
    char text[512];

    snprintf(text, sizeof(text), "[chat]\nslack_signing_secret_file = %s\nmattermost_token_sha256 = %s\n", test->cookie_path, hash);
    assert_int_equal(config_case_read(test, text), BG_OK);
    assert_int_equal(test->config.mattermost_token_sha256[31], 0x20);
    assert_null(test->config.slack_signing_secret);
    assert_int_equal(bg_config_read_secrets(&test->config, &test->failure), BG_OK);
    assert_string_equal(test->config.slack_signing_secret, "biscuit");
    config_case_refuses(test, "[chat]\n[chat]\n", 2, "a second [chat]");
    config_case_refuses(test, "[chat]\nslack_signing_secret_file = /nowhere\n", 2, "/nowhere");
    config_case_refuses(test, "[chat]\nmattermost_token_sha256 = 7\n", 2, "64 hexadecimal digits");
}

static void a_file_that_cannot_be_read_is_said_so(void **state)
{
    struct config_case *test = *state;

    assert_int_equal(config_case_read_path(test, "/nonexistent/b.ini"), BG_INVALID);
    assert_string_equal(test->failure.text, "/nonexistent/b.ini cannot be opened: No such file or directory");
    assert_int_equal(config_case_read_path(test, test->folder), BG_INVALID);
    assert_non_null(strstr(test->failure.text, ":1: cannot be read: Is a directory"));
    assert_int_equal(config_case_read_path(test, "/dev/zero"), BG_INVALID);
}

static void a_long_path_does_not_hide_the_reason(void **state)
{
    struct config_case *test = *state;
    char path[1024] = "";

    for (int i = 0; i < 300; i++)
        strncat(path, "./", sizeof(path) - strlen(path) - 1);
    file_write(test->path, "[oops]\n", 7);
    memmove(path + strlen(test->folder) + 1, path, strlen(path) + 1);
    memcpy(path, test->folder, strlen(test->folder));
    path[strlen(test->folder)] = '/';
    strncat(path, "b.ini", sizeof(path) - strlen(path) - 1);
    assert_int_equal(config_case_read_path(test, path), BG_INVALID);
    assert_non_null(strstr(test->failure.text, ":1: unknown section [oops]"));
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, config_case_begin, config_case_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_whole_file_is_read),
        CASE(an_empty_file_is_the_defaults),
        CASE(a_file_replaces_what_was_there),
        CASE(a_refused_file_changes_nothing),
        CASE(wrong_sections_are_refused),
        CASE(wrong_settings_are_refused),
        CASE(the_first_bad_line_is_the_one_told),
        CASE(all_mistakes_are_told_in_the_order_of_their_lines),
        CASE(no_more_than_twenty_mistakes_are_told),
        CASE(an_indented_line_is_a_setting_of_its_own),
        CASE(bytes_of_zero_are_refused),
        CASE(a_long_line_is_refused_and_never_cut),
        CASE(a_long_comment_is_no_matter_until_its_own_bound),
        CASE(a_node_name_of_255_bytes_is_kept_whole),
        CASE(named_checks_are_lists_of_whole_lines),
        CASE(chats_have_secrets),
        CASE(a_file_that_cannot_be_read_is_said_so),
        CASE(a_long_path_does_not_hide_the_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
