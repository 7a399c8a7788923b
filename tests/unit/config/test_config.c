/* test_config.c: the configuration beside the file: listening, added nodes, their cookies, and what cannot go together. */
#include "config_case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void listen_takes_numeric_addresses(void **state)
{
    static const struct {
        const char *text, *address;
        int64_t port;
        bool loopback;
    } cases[] = {
        {"127.0.0.1:0", "127.0.0.1", 0, true},
        {"127.9.8.7:65535", "127.9.8.7", 65535, true},
        {"0.0.0.0:80", "0.0.0.0", 80, false},
        {"10.0.0.1:7788", "10.0.0.1", 7788, false},
        {"[::1]:7788", "::1", 7788, true},
        {"[::]:7788", "::", 7788, false},
        {"[fe80::1]:1", "fe80::1", 1, false},
        {"[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", 1, true},
        {"[::ffff:8.8.8.8]:1", "::ffff:8.8.8.8", 1, false},
    };
    struct config_case *test = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(bg_config_set_listen(&test->config, cases[i].text, NULL), BG_OK);
        assert_string_equal(test->config.listen_address, cases[i].address);
        assert_int_equal(test->config.listen_port, cases[i].port);
        assert_int_equal(bg_config_listens_on_loopback(&test->config), cases[i].loopback);
    }
}

static void listen_refuses_all_else(void **state)
{
    static const char *const bad[] = {"",
                                      ":",
                                      ":7788",
                                      "7788",
                                      "127.0.0.1",
                                      "127.0.0.1:",
                                      "localhost:1",
                                      "*:1",
                                      "1.2.3:4",
                                      "127.0.0.1:65536",
                                      "127.0.0.1:-1",
                                      "127.0.0.1:+1",
                                      "127.0.0.1:1x",
                                      "::1:7788",
                                      "[::1]",
                                      "[::1]7788",
                                      "[]:1",
                                      "[:1",
                                      "[127.0.0.1]:1",
                                      "[::1]]:1",
                                      "[::1%lo]:1",
                                      " 127.0.0.1:1",
                                      "127.0.0.1:7788 ",
                                      "1111111111111111111111111111111111111111111111111111111111111111:1"};
    struct config_case *test = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(bg_config_set_listen(&test->config, bad[i], &test->failure), BG_INVALID);
        assert_non_null(strstr(test->failure.text, "expected a numeric ADDRESS:PORT like 127.0.0.1:7788"));
        assert_string_equal(test->failure.param, "listen");
        assert_string_equal(test->config.listen_address, "127.0.0.1");
        assert_int_equal(test->config.listen_port, 7788);
    }
}

static void nodes_are_added_once_and_checked(void **state)
{
    struct config_case *test = *state;

    assert_int_equal(config_case_read(test, "[node a@b]\nport = 9\n"), BG_OK);
    assert_int_equal(bg_config_add_node(&test->config, "c@d", NULL), BG_OK);
    assert_int_equal(bg_config_add_node(&test->config, "c@d", NULL), BG_OK);
    assert_int_equal(bg_config_add_node(&test->config, "a@b", NULL), BG_OK);
    assert_int_equal(test->config.nodes_count, 2);
    assert_int_equal(test->config.nodes[0].port, 9);
    assert_string_equal(test->config.nodes[1].name, "c@d");
    assert_int_equal(bg_config_add_node(&test->config, "nohost", &test->failure), BG_INVALID);
    assert_string_equal(
        test->failure.text,
        "node nohost: expected NAME@HOST of at most 255 bytes: NAME of letters, digits, '_' and '-', HOST a host name or an IP address");
    assert_int_equal(bg_config_add_node(&test->config, "a\x1b@b", &test->failure), BG_INVALID);
    assert_int_equal(bg_config_add_node(&test->config, "a\xff@b", &test->failure), BG_INVALID);
    assert_int_equal(test->config.nodes_count, 2);
}

static void nodes_get_their_own_cookie_or_the_default_one(void **state)
{
    struct config_case *test = *state;
    char own[128], text[512];

    snprintf(own, sizeof(own), "%s/own", test->folder);
    file_write(own, "shortbread", 10);
    snprintf(text, sizeof(text), "[server]\ncookie_file = %s\n[node a@b]\ncookie_file = %s\n[node c@d]\n[node e@f]\n", test->cookie_path,
             own);
    assert_int_equal(config_case_read(test, text), BG_OK);
    assert_null(test->config.nodes[0].cookie);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(bg_config_read_secrets(&test->config, &test->failure), BG_OK);
        assert_string_equal(test->config.nodes[0].cookie, "shortbread");
        assert_string_equal(test->config.nodes[1].cookie, "biscuit");
        assert_string_equal(test->config.nodes[2].cookie, "biscuit");
    }
}

static void the_default_cookie_is_only_read_where_it_is_needed(void **state)
{
    struct config_case *test = *state;
    char text[256];

    setenv("HOME", "/nonexistent", 1);
    assert_int_equal(bg_config_read_secrets(&test->config, &test->failure), BG_OK);
    snprintf(text, sizeof(text), "[node a@b]\ncookie_file = %s\n", test->cookie_path);
    assert_int_equal(config_case_read(test, text), BG_OK);
    assert_int_equal(bg_config_read_secrets(&test->config, &test->failure), BG_OK);
    assert_int_equal(bg_config_add_node(&test->config, "c@d", NULL), BG_OK);
    assert_int_equal(bg_config_read_secrets(&test->config, &test->failure), BG_INVALID);
    assert_string_equal(test->failure.text, "cookie file ~/.erlang.cookie cannot be read: No such file or directory");
}

static void listening_off_loopback_needs_tokens(void **state)
{
    struct config_case *test = *state;

    assert_int_equal(bg_config_check(&test->config, NULL), BG_OK);
    assert_int_equal(config_case_read(test, "[server]\nlisten = 0.0.0.0:7788\n"), BG_OK);
    assert_int_equal(bg_config_check(&test->config, &test->failure), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "listening on 0.0.0.0 without tokens"));
    assert_non_null(strstr(test->failure.text, "add a [token NAME] section"));
    assert_non_null(strstr(test->failure.text, "or listen on 127.0.0.1"));
    assert_string_equal(test->failure.param, "listen");
    assert_non_null(strstr(test->failure.text, "/b.ini:2: listening"));
    assert_int_equal(bg_config_set_listen(&test->config, "0.0.0.0:1", NULL), BG_OK);
    assert_int_equal(bg_config_check(&test->config, &test->failure), BG_INVALID);
    assert_int_equal(strncmp(test->failure.text, "listening on 0.0.0.0", 20), 0); /* the file has nothing to do with it */
    assert_int_equal(config_case_read(test, "[server]\nlisten = [::]:7788\n[token t]\nsha256=" ABC_SHA256 "\nscopes=read\n"), BG_OK);
    assert_int_equal(bg_config_check(&test->config, NULL), BG_OK);
}

static void what_cannot_go_together_is_refused(void **state)
{
    struct config_case *test = *state;

    assert_int_equal(config_case_read(test, "[limits]\nnodes_max = 2\n[node a@b]\n[node c@d]\n"), BG_OK);
    assert_int_equal(bg_config_check(&test->config, NULL), BG_OK);
    assert_int_equal(bg_config_add_node(&test->config, "e@f", NULL), BG_OK);
    assert_int_equal(bg_config_check(&test->config, &test->failure), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "/b.ini:2: 3 nodes are named, but nodes_max is 2: raise it"));
    assert_int_equal(config_case_read(test, "[limits]\nretry_min_ms = 31s\n"), BG_OK);
    assert_int_equal(bg_config_check(&test->config, &test->failure), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "/b.ini:2: retry_min_ms (31000) is over retry_max_ms (30000)"));
    assert_int_equal(config_case_read(test, "\n\n[limits]\nretry_max_ms = 10\n"), BG_OK);
    assert_int_equal(bg_config_check(&test->config, &test->failure), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "/b.ini:4: retry_min_ms (500) is over retry_max_ms (10)"));
    assert_int_equal(config_case_read(test, "[watch]\nsample_ms = 99ms\n"), BG_OK);
    assert_int_equal(bg_config_check(&test->config, &test->failure), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "/b.ini:2: sample_ms = 99: expected 0, or at least 100 milliseconds"));
    assert_int_equal(config_case_read(test, "[limits]\nretry_min_ms = 30s\n"), BG_OK);
    assert_int_equal(bg_config_check(&test->config, NULL), BG_OK);
    free(test->config.name);
    test->config.name = strdup("no host");
    assert_int_equal(bg_config_check(&test->config, &test->failure), BG_INVALID);
    assert_string_equal(test->failure.param, "name");
}

static void done_may_be_done_twice(void **state)
{
    struct config_case *test = *state;

    bg_config_done(&test->config);
    bg_config_done(&test->config);
    assert_null(test->config.listen_address);
    bg_config_init(&test->config);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, config_case_begin, config_case_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(listen_takes_numeric_addresses),
        CASE(listen_refuses_all_else),
        CASE(nodes_are_added_once_and_checked),
        CASE(nodes_get_their_own_cookie_or_the_default_one),
        CASE(the_default_cookie_is_only_read_where_it_is_needed),
        CASE(listening_off_loopback_needs_tokens),
        CASE(what_cannot_go_together_is_refused),
        CASE(done_may_be_done_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
