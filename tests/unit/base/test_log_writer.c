/* test_log_writer.c: logging never waits: a full pipe, a full disk, and the report of lost lines. */
#include "beamgauge/clock.h"
#include "beamgauge/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static int real_stderr, ends[2];

static int setup(void **state)
{
    (void)state;
    real_stderr = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    dup2(real_stderr, STDERR_FILENO);
    close(real_stderr);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* Where a stuck thread may write to as long as it likes. */
static int teardown_to_nowhere(void **state)
{
    int nowhere = open("/dev/null", O_WRONLY);

    (void)state;
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
    close(real_stderr);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* Everything that comes out until nothing has for a while. */
static char *read_all(void)
{
    enum { size = 4 << 20 };
    char *text = malloc(size);
    size_t length = 0;
    ssize_t got;

    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    for (int idle = 0; idle < 20; idle++, pause_ms(10))
        while ((got = read(ends[0], text + length, size - 1 - length)) > 0)
            length += (size_t)got, idle = 0;
    text[length] = '\0';
    return text;
}

static size_t lines_in(const char *text, const char *what)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

static void lines_come_out_whole_and_in_order(void **state)
{
    char *text, wanted[64];
    const char *at;

    (void)state;
    assert_true(bg_log_start());
    for (int i = 0; i < 200; i++)
        bg_log(BG_LOG_INFO, "counted", BG_NUMBER("number", i));
    text = read_all();
    at = text;
    for (int i = 0; i < 200; i++) {
        snprintf(wanted, sizeof wanted, " level=info event=counted number=%d\n", i);
        at = strstr(at, wanted);
        assert_non_null(at);
    }
    assert_int_equal(lines_in(text, "\n"), 200);
    bg_log_stop();
    free(text);
}

static void a_pipe_that_nobody_reads_blocks_nobody(void **state)
{
    uint64_t before = bg_log_lost(), lost;
    int64_t began_us;
    char *text, wanted[64];

    (void)state;
    assert_true(bg_log_start());
    began_us = bg_clock_monotonic_us(bg_clock_system());
    for (int i = 0; i < 10000; i++) /* about 900 KB, for a pipe of 64 KiB and a queue of 256 */
        bg_log(BG_LOG_INFO, "flood", BG_NUMBER("number", i));
    assert_true(bg_clock_monotonic_us(bg_clock_system()) - began_us < 2000000);
    lost = bg_log_lost() - before;
    assert_true(lost > 4000 && lost < 9000);
    text = read_all();
    snprintf(wanted, sizeof wanted, "event=log_lines_lost lines=%llu\n", (unsigned long long)lost);
    assert_non_null(strstr(text, wanted));
    assert_int_equal(lines_in(text, "event=flood"), 10000 - lost);
    free(text);
    bg_log(BG_LOG_INFO, "again", BG_NUMBER("number", 1));
    text = read_all();
    assert_int_equal(lines_in(text, "\n"), 1);
    free(text);
    bg_log_stop();
}

static void a_full_disk_is_counted(void **state)
{
    uint64_t before = bg_log_lost();
    int full = open("/dev/full", O_WRONLY);

    (void)state;
    assert_true(full >= 0);
    assert_true(bg_log_start());
    dup2(full, STDERR_FILENO);
    close(full);
    for (int i = 0; i < 10; i++)
        bg_log(BG_LOG_INFO, "nowhere", BG_NUMBER("number", i));
    bg_log_stop();
    assert_int_equal(bg_log_lost() - before, 10);
}

static void stopping_waits_a_second_at_most(void **state)
{
    int64_t began_us, took_us;

    (void)state;
    assert_true(bg_log_start());
    for (int i = 0; i < 3000; i++)
        bg_log(BG_LOG_INFO, "flood", BG_NUMBER("number", i));
    began_us = bg_clock_monotonic_us(bg_clock_system());
    bg_log_stop();
    took_us = bg_clock_monotonic_us(bg_clock_system()) - began_us;
    assert_in_range(took_us, 900000, 3000000);
    bg_log(BG_LOG_INFO, "nobody", BG_NUMBER("hears", 1)); /* and does not block */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(lines_come_out_whole_and_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_pipe_that_nobody_reads_blocks_nobody, setup, teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_is_counted, setup, teardown),
        cmocka_unit_test_setup_teardown(stopping_waits_a_second_at_most, setup, teardown_to_nowhere), /* the last: the thread is stuck */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
