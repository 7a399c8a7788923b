/* test_log.c: what comes out of stderr. */
#include "beamgauge/log.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* stderr is a datagram socket during a test, so that one write is one message. */
static int reader, stderr_kept;

static int capture(void **state)
{
    int pair[2];

    (void)state;
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair) != 0)
        return -1;
    reader = pair[0];
    stderr_kept = dup(STDERR_FILENO);
    dup2(pair[1], STDERR_FILENO);
    close(pair[1]);
    bg_log_set_level(BG_LOG_INFO);
    return 0;
}

static int release(void **state)
{
    (void)state;
    dup2(stderr_kept, STDERR_FILENO);
    close(stderr_kept);
    close(reader);
    return 0;
}

/* One write's bytes, terminated; "" where nothing was written. */
static const char *line_taken(void)
{
    static char line[2 * BG_LOG_LINE_SIZE];
    ssize_t length = recv(reader, line, sizeof(line) - 1, 0);

    line[length > 0 ? length : 0] = '\0';
    return line;
}

/* The line after its time stamp. */
static const char *rest_taken(void)
{
    const char *space = strchr(line_taken(), ' ');

    return space != NULL ? space + 1 : "";
}

static void an_event_is_one_logfmt_line(void **state)
{
    regex_t shape;

    (void)state;
    bg_log(BG_LOG_INFO, "link_up", BG_TEXT("node", "shop@h"), BG_NUMBER("port", -12), BG_TEXT("empty", ""), BG_TEXT("none", (char *)NULL));
    assert_int_equal(regcomp(&shape,
                             "^ts=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z level=info event=link_up "
                             "node=shop@h port=-12 empty=\"\" none=\"\"\n$",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    assert_int_equal(regexec(&shape, line_taken(), 0, NULL, 0), 0);
    regfree(&shape);
    assert_string_equal(line_taken(), "");
}

static void value_is(const char *value, const char *expected)
{
    char line[256] = "level=info event=e v=";

    bg_log(BG_LOG_INFO, "e", BG_TEXT("v", value));
    strncat(line, expected, sizeof(line) - strlen(line) - 2);
    strncat(line, "\n", 2);
    assert_string_equal(rest_taken(), line);
}

static void values_are_quoted_and_escaped(void **state)
{
    (void)state;
    value_is("plain", "plain");
    value_is("caf\xc3\xa9", "caf\xc3\xa9");
    value_is("a b", "\"a b\"");
    value_is("a=b", "\"a=b\"");
    value_is("say \"hi\"", "\"say \\\"hi\\\"\"");
    value_is("\"", "\"\\\"\"");
    value_is("c:\\", "\"c:\\\\\"");
    value_is("x\nts=1 level=error event=forged", "\"x\\x0ats=1 level=error event=forged\"");
    value_is("\x1b[2J\x07", "\"\\x1b[2J\\x07\"");
    value_is("\xff\xfe", "\"\\xff\\xfe\"");
    value_is("\xe2\x80\xa8", "\"\\xe2\\x80\\xa8\"");
    value_is("\xc2\x85", "\"\\xc2\\x85\"");
}

static void levels_below_the_set_one_are_dropped(void **state)
{
    (void)state;
    bg_log(BG_LOG_DEBUG, "e", BG_NUMBER("n", 1));
    assert_string_equal(line_taken(), "");
    bg_log_set_level(BG_LOG_DEBUG);
    bg_log(BG_LOG_DEBUG, "e", BG_NUMBER("n", 1));
    assert_string_equal(rest_taken(), "level=debug event=e n=1\n");
    bg_log_set_level(BG_LOG_ERROR);
    bg_log(BG_LOG_WARN, "e", BG_NUMBER("n", 1));
    assert_string_equal(line_taken(), "");
    bg_log(BG_LOG_ERROR, "e", BG_NUMBER("n", 1));
    assert_string_equal(rest_taken(), "level=error event=e n=1\n");
}

static void level_names_are_parsed(void **state)
{
    enum bg_log_level level = BG_LOG_DEBUG;

    (void)state;
    assert_true(bg_log_level_parse("warn", &level));
    assert_int_equal(level, BG_LOG_WARN);
    assert_false(bg_log_level_parse("warning", &level));
    assert_false(bg_log_level_parse("", &level));
    assert_int_equal(level, BG_LOG_WARN);
}

static void a_long_value_is_cut_and_the_next_still_there(void **state)
{
    char value[3 * BG_LOG_VALUE_SIZE];
    const char *line;

    (void)state;
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    bg_log(BG_LOG_INFO, "e", BG_TEXT("long", value), BG_NUMBER("after", 1));
    line = rest_taken();
    assert_non_null(strstr(line, "vvv... after=1\n"));
    assert_int_equal(strcspn(strstr(line, "long=") + 5, " "), BG_LOG_VALUE_SIZE - 1);
}

static void a_line_has_a_greatest_length(void **state)
{
    char value[BG_LOG_VALUE_SIZE];
    const char *line;

    (void)state;
    memset(value, '\xff', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    bg_log(BG_LOG_INFO, "e", BG_TEXT("a", value), BG_TEXT("b", value), BG_TEXT("c", value), BG_TEXT("d", value), BG_TEXT("f", value));
    line = line_taken();
    assert_true(strlen(line) <= BG_LOG_LINE_SIZE);
    assert_true(strlen(line) > BG_LOG_LINE_SIZE - 2 * BG_LOG_VALUE_SIZE);
    assert_non_null(strstr(line, " c=\""));
    assert_null(strstr(line, " d=\""));
    assert_string_equal(line + strlen(line) - strlen("...\" cut=true\n"), "...\" cut=true\n");
    assert_string_equal(line_taken(), "");
}

static void a_line_may_fill_its_length(void **state)
{
    char value[BG_LOG_VALUE_SIZE];
    struct bg_log_field fields[6] = {{0}};
    size_t length;

    (void)state;
    memset(value, 'v', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    for (size_t i = 0; i < 3; i++)
        fields[i] = BG_TEXT("k", value);
    bg_log_fields(BG_LOG_INFO, "e", fields);
    length = strlen(line_taken());
    /* The last field just fits, then it is one byte too long. */
    fields[3] = BG_TEXT("k", value + sizeof(value) - 1 - (BG_LOG_LINE_SIZE - strlen(" cut=true\n") - length - strlen(" k=")));
    bg_log_fields(BG_LOG_INFO, "e", fields);
    assert_null(strstr(line_taken(), "cut=true"));
    fields[3].text -= 1;
    bg_log_fields(BG_LOG_INFO, "e", fields);
    assert_non_null(strstr(line_taken(), " cut=true\n"));
}

static void logging_keeps_errno_and_survives_a_closed_stderr(void **state)
{
    (void)state;
    close(STDERR_FILENO);
    errno = ENOTDIR;
    bg_log(BG_LOG_ERROR, "e", BG_NUMBER("n", 1));
    assert_int_equal(errno, ENOTDIR);
}

#define CAPTURED(test) cmocka_unit_test_setup_teardown(test, capture, release)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CAPTURED(an_event_is_one_logfmt_line),
        CAPTURED(values_are_quoted_and_escaped),
        CAPTURED(levels_below_the_set_one_are_dropped),
        CAPTURED(level_names_are_parsed),
        CAPTURED(a_long_value_is_cut_and_the_next_still_there),
        CAPTURED(a_line_has_a_greatest_length),
        CAPTURED(a_line_may_fill_its_length),
        CAPTURED(logging_keeps_errno_and_survives_a_closed_stderr),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
