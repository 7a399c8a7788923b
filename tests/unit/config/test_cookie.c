/* test_cookie.c: what is taken as a cookie file. */
#include "config_case.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static enum bg_error read_bytes(struct config_case *test, const void *bytes, size_t length, char **ret_cookie)
{
    file_write(test->path, bytes, length);
    assert_int_equal(chmod(test->path, 0400), 0);
    return bg_cookie_read(test->path, ret_cookie, &test->failure);
}

static void cookie_is(struct config_case *test, const char *bytes, const char *expected)
{
    char *cookie = NULL;

    assert_int_equal(read_bytes(test, bytes, strlen(bytes), &cookie), BG_OK);
    assert_string_equal(cookie, expected);
    free(cookie);
}

static void cookie_is_refused(struct config_case *test, const void *bytes, size_t length, const char *reason)
{
    char *cookie = (char *)&test->config;

    assert_int_equal(read_bytes(test, bytes, length, &cookie), BG_INVALID);
    assert_non_null(strstr(test->failure.text, test->path));
    assert_non_null(strstr(test->failure.text, reason));
    assert_ptr_equal(cookie, &test->config);
}

/* As auth.erl does: 'abc ' is the cookie of "abc \n". */
static void cookies_are_read_as_erlang_reads_them(void **state)
{
    cookie_is(*state, "biscuit", "biscuit");
    cookie_is(*state, "biscuit\n", "biscuit");
    cookie_is(*state, "biscuit\r\n \n\n", "biscuit");
    cookie_is(*state, "two words ~!\n", "two words ~!");
    cookie_is(*state, "abc \n", "abc ");
}

static void what_is_no_cookie_is_refused(void **state)
{
    char long_one[2000];

    memset(long_one, 'c', sizeof(long_one));
    cookie_is_refused(*state, "", 0, "it is empty");
    cookie_is_refused(*state, "\n \n", 3, "it is empty");
    cookie_is_refused(*state, "\nabc\n", 5, "it holds more than one line of printable ASCII");
    cookie_is_refused(*state, "abc\ndef\n", 8, "it holds more than one line of printable ASCII");
    cookie_is_refused(*state, "ab\tc\n", 5, "it holds more than one line of printable ASCII");
    cookie_is_refused(*state, "caf\xc3\xa9\n", 6, "it holds more than one line of printable ASCII");
    cookie_is_refused(*state, "a\0b\n", 4, "it holds more than one line of printable ASCII");
    cookie_is_refused(*state, long_one, BG_COOKIE_MAX + 1, "it is too long");
    cookie_is_refused(*state, long_one, sizeof(long_one), "it is too long");
    memset(long_one + 10, '\n', sizeof(long_one) - 10);
    cookie_is_refused(*state, long_one, sizeof(long_one), "it is too long");
}

static void a_cookie_may_have_255_bytes(void **state)
{
    char bytes[BG_COOKIE_MAX + 2];

    memset(bytes, 'c', sizeof(bytes));
    bytes[BG_COOKIE_MAX] = '\0';
    cookie_is(*state, bytes, bytes);
}

static void a_refused_cookie_is_not_repeated(void **state)
{
    cookie_is_refused(*state, "secret\nsecret\n", 14, "it holds");
    assert_null(strstr(((struct config_case *)*state)->failure.text, "secret"));
}

static void a_file_that_is_not_there_is_said_so(void **state)
{
    struct config_case *test = *state;
    char *cookie = NULL;

    assert_int_equal(bg_cookie_read("/nonexistent/c", &cookie, &test->failure), BG_INVALID);
    assert_string_equal(test->failure.text, "cookie file /nonexistent/c cannot be read: No such file or directory");
    assert_string_equal(test->failure.param, "cookie_file");
    assert_int_equal(bg_cookie_read(test->folder, &cookie, &test->failure), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "cannot be read: Is a directory"));
    assert_null(cookie);
}

static void a_pipe_does_not_hold_up(void **state)
{
    struct config_case *test = *state;
    char *cookie = NULL;

    assert_int_equal(mkfifo(test->path, 0600), 0);
    assert_int_equal(bg_cookie_read(test->path, &cookie, &test->failure), BG_INVALID);
    assert_null(cookie);
}

static void tilde_is_the_home_folder(void **state)
{
    struct config_case *test = *state;
    char *cookie = NULL, path[5000];

    setenv("HOME", test->folder, 1);
    assert_int_equal(bg_cookie_read("~/cookie", &cookie, &test->failure), BG_OK);
    assert_string_equal(cookie, "biscuit");
    free(cookie);
    unsetenv("HOME");
    assert_int_equal(bg_cookie_read("~/cookie", &cookie, &test->failure), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "HOME is not set"));
    assert_int_equal(bg_cookie_read("~cookie", &cookie, &test->failure), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "cannot be read"));
    memset(path, '/', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    assert_int_equal(bg_cookie_read(path, &cookie, &test->failure), BG_INVALID);
    assert_non_null(strstr(test->failure.text, "longer than 4095 bytes"));
}

static void a_file_open_to_others_is_refused(void **state)
{
    static const mode_t closed[] = {0400, 0600, 0700}, open_to_others[] = {0660, 0604, 0601, 0420, 0444};
    struct config_case *test = *state;
    char *cookie = NULL;

    file_write(test->path, "biscuit\n", 8);
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        assert_int_equal(chmod(test->path, closed[i]), 0);
        assert_int_equal(bg_cookie_read(test->path, &cookie, &test->failure), BG_OK);
        free(cookie);
        cookie = NULL;
    }
    for (size_t i = 0; i < sizeof open_to_others / sizeof open_to_others[0]; i++) {
        assert_int_equal(chmod(test->path, open_to_others[i]), 0);
        assert_int_equal(bg_cookie_read(test->path, &cookie, &test->failure), BG_INVALID);
        assert_null(cookie);
        assert_non_null(strstr(test->failure.text, "chmod 400 "));
        assert_non_null(strstr(test->failure.text, test->path));
        assert_null(strstr(test->failure.text, "biscuit"));
    }
}

static void only_a_file_of_root_may_be_read_by_its_group(void **state)
{
    static const mode_t modes[] = {0440, 0640};
    struct config_case *test = *state;
    struct stat status;

    file_write(test->path, "biscuit\n", 8);
    for (uid_t owner = 0; owner < 2; owner++) {
        if (geteuid() == 0)
            assert_int_equal(chown(test->path, owner, (gid_t)-1), 0);
        assert_int_equal(stat(test->path, &status), 0);
        for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
            char *cookie = NULL;
            assert_int_equal(chmod(test->path, modes[i]), 0);
            assert_int_equal(bg_cookie_read(test->path, &cookie, &test->failure), status.st_uid == 0 ? BG_OK : BG_INVALID);
            free(cookie);
        }
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, config_case_begin, config_case_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(cookies_are_read_as_erlang_reads_them),
        CASE(what_is_no_cookie_is_refused),
        CASE(a_cookie_may_have_255_bytes),
        CASE(a_refused_cookie_is_not_repeated),
        CASE(a_file_that_is_not_there_is_said_so),
        CASE(a_pipe_does_not_hold_up),
        CASE(tilde_is_the_home_folder),
        CASE(a_file_open_to_others_is_refused),
        CASE(only_a_file_of_root_may_be_read_by_its_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
