/* test_reserve.c: small blocks for when malloc fails: they are given, filled up again, and have an end that says so. */
#include "beamgauge/reserve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* glibc's own, beneath the functions that stand in their place. */
extern void *__libc_malloc(size_t size);
extern void *__libc_realloc(void *old, size_t size);

static bool fails;

void *malloc(size_t size)
{
    return fails ? NULL : __libc_malloc(size);
}

void *realloc(void *old, size_t size)
{
    return fails ? NULL : __libc_realloc(old, size);
}

static int start(void **state)
{
    (void)state;
    return bg_reserve_start() ? 0 : -1;
}

static void nothing_is_taken_from_it_while_the_system_gives(void **state)
{
    const uint64_t before = bg_reserve_given();
    void *block = bg_reserve_realloc(bg_reserve_malloc(10), 9000);

    (void)state;
    assert_non_null(block);
    bg_reserve_free(block);
    assert_int_equal(bg_reserve_given(), before);
    assert_false(bg_reserve_is_short());
}

#define FEW (BG_RESERVE_BLOCKS_MAX / 8)

static void take(int count)
{
    for (int i = 0; i < count; i++)
        (void)bg_reserve_malloc(BG_RESERVE_BLOCK_BYTES);
}

static void what_the_system_refuses_is_given_and_filled_up_again(void **state)
{
    static const size_t sizes[] = {1, BG_RESERVE_SMALL_BYTES, BG_RESERVE_SMALL_BYTES + 1, BG_RESERVE_BLOCK_BYTES, BG_RESERVE_READ_BYTES};
    const uint64_t before = bg_reserve_given();
    void *blocks[5];

    (void)state;
    fails = true;
    for (size_t i = 0; i < 5; i++) {
        blocks[i] = bg_reserve_malloc(sizes[i]);
        assert_non_null(blocks[i]);
        memset(blocks[i], (int)i, sizes[i]);
    }
    for (size_t i = 0; i < 5; i++)
        bg_reserve_free(blocks[i]);
    fails = false;
    assert_false(bg_reserve_is_short());
    assert_int_equal(bg_reserve_given(), before + 5);
}

static void it_is_short_while_many_are_missing(void **state)
{
    void *block;

    (void)state;
    fails = true;
    take(FEW);
    assert_false(bg_reserve_is_short());
    block = bg_reserve_malloc(BG_RESERVE_BLOCK_BYTES);
    assert_true(bg_reserve_is_short());
    bg_reserve_free(block); /* it is kept */
    assert_false(bg_reserve_is_short());
    take(1);
    assert_true(bg_reserve_is_short());
    fails = false;
    assert_false(bg_reserve_is_short());
    fails = true;
    take(FEW); /* all were there again */
    assert_false(bg_reserve_is_short());
    fails = false;
    assert_false(bg_reserve_is_short());
}

static void a_block_grows_and_keeps_its_bytes(void **state)
{
    char *block;

    (void)state;
    fails = true;
    block = bg_reserve_realloc(NULL, 6);
    strcpy(block, "bytes");
    block = bg_reserve_realloc(block, 600);
    assert_string_equal(block, "bytes");
    assert_null(bg_reserve_realloc(block, 9000));
    assert_string_equal(block, "bytes");
    fails = false;
    block = bg_reserve_realloc(block, 9000);
    assert_string_equal(block, "bytes");
    bg_reserve_free(block);
}

static void a_block_may_shrink(void **state)
{
    char *block = bg_reserve_malloc(2000);

    (void)state;
    memset(block, 'x', 2000);
    fails = true;
    block = bg_reserve_realloc(block, 20);
    fails = false;
    assert_memory_equal(block, "xxxxxxxxxxxxxxxxxxxx", 20);
    bg_reserve_free(block);
}

static void what_is_larger_fails_as_ever(void **state)
{
    const uint64_t before = bg_reserve_given();

    (void)state;
    fails = true;
    assert_null(bg_reserve_malloc(BG_RESERVE_READ_BYTES + 1));
    assert_false(bg_reserve_is_short());
    fails = false;
    assert_int_equal(bg_reserve_given(), before);
}

/* Runs `body` in a process that gets no memory; returns what it wrote to stderr, and its status. */
static char *run_without_memory(void (*body)(void), int *ret_status)
{
    static char text[8192];
    size_t length = 0;
    int ends[2];
    pid_t child;

    assert_false(bg_reserve_is_short()); /* it is full */
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        fails = true;
        body();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], text + length, sizeof text - 1 - length)) > 0;)
        length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, ret_status, 0), child);
    return text;
}

static void take_all(void)
{
    for (int i = 0; i < BG_RESERVE_SMALL_BLOCKS_MAX + BG_RESERVE_BLOCKS_MAX + BG_RESERVE_READ_BLOCKS_MAX; i++)
        if (bg_reserve_malloc(BG_RESERVE_SMALL_BYTES) == NULL)
            _exit(7);
}

static void take_one_more(void)
{
    take_all();
    (void)bg_reserve_malloc(1);
}

static void read_all(void)
{
    for (int i = 0; i < BG_RESERVE_READ_BLOCKS_MAX; i++)
        if (bg_reserve_malloc(BG_RESERVE_READ_BYTES) == NULL)
            _exit(7);
    if (bg_reserve_malloc(BG_RESERVE_READ_BYTES) != NULL)
        _exit(8);
}

static void where_the_blocks_for_reading_end_nothing_else_does(void **state)
{
    int status;

    (void)state;
    assert_string_equal(run_without_memory(read_all, &status), "");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void where_it_is_used_up_the_process_ends_and_says_why(void **state)
{
    int status;

    (void)state;
    assert_string_equal(run_without_memory(take_all, &status), "");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_non_null(
        strstr(run_without_memory(take_one_more, &status), "level=error event=memory_exhausted bytes=1 reserved_blocks_given="));
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
}

static void be_short_often(void)
{
    for (int i = 0; i < 5; i++) {
        take(FEW + 1);
        (void)bg_reserve_is_short();
        (void)bg_reserve_is_short();
        fails = false;
        (void)bg_reserve_is_short();
        fails = true;
    }
}

static void the_log_says_it_once(void **state)
{
    int status;
    const char *text = run_without_memory(be_short_often, &status), *begun = strstr(text, "event=memory_short"),
               *ended = strstr(text, "event=memory_enough");

    (void)state;
    assert_true(begun != NULL && ended != NULL && begun < ended);
    assert_null(strstr(begun + 1, "event=memory_short"));
    assert_null(strstr(ended + 1, "event=memory_enough"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_log_says_it_once), /* the first: it says it at most every ten seconds */
        cmocka_unit_test(nothing_is_taken_from_it_while_the_system_gives),
        cmocka_unit_test(what_the_system_refuses_is_given_and_filled_up_again),
        cmocka_unit_test(it_is_short_while_many_are_missing),
        cmocka_unit_test(a_block_grows_and_keeps_its_bytes),
        cmocka_unit_test(a_block_may_shrink),
        cmocka_unit_test(what_is_larger_fails_as_ever),
        cmocka_unit_test(where_the_blocks_for_reading_end_nothing_else_does),
        cmocka_unit_test(where_it_is_used_up_the_process_ends_and_says_why),
    };

    return cmocka_run_group_tests(tests, start, NULL);
}
