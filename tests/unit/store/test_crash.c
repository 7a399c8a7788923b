/* test_crash.c: kill -9 of the process that writes: what was counted as written is there, and nothing is there twice. */
#include "fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NODES 7

/* What the process that is killed has said last. */
static struct {
    volatile uint64_t written_count, begun_count;
} * shared;

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static const char *name_of(uint64_t i)
{
    static char name[32];

    snprintf(name, sizeof name, "n%d@host", (int)(i % NODES));
    return name;
}

static int64_t time_of(uint64_t i)
{
    return DAWN + (int64_t)(i / NODES) * 10 * SECOND;
}

/* Sample after sample, each of its own number, until it is killed. */
static void write_on(uint64_t first)
{
    struct bg_store_state state;

    store_start(path, LARGE);
    for (uint64_t i = first;; i++) {
        shared->begun_count = i + 1;
        add(name_of(i), time_of(i), (double)i, NAN, 1);
        bg_store_state(store, &state);
        shared->written_count = first + state.written_count;
        if (i % 64 == 0)
            pause_ms(1);
    }
}

static void integrity_check(void)
{
    sqlite3 *db;
    sqlite3_stmt *statement;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "ok");
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* The mean of a node's samples of a time: of numbers i with i % NODES == node, all from the first to the last. */
static void means_check(uint64_t node, uint64_t first, uint64_t last, const struct bg_bucket *bucket)
{
    const double least = (double)(first * NODES + node), greatest = (double)(last * NODES + node);

    assert_true(bucket->min == least && bucket->max == greatest);
    assert_true(fabs(bucket->mean - (least + greatest) / 2) < 0.01);
}

/* All whole hours and the samples of each node up to its last; returns the number after the last sample of all. */
static uint64_t samples_check(void)
{
    uint64_t next = 0;

    for (uint64_t node = 0; node < NODES; node++) {
        const struct copy *copy = ask(name_of(node), DAWN, DAWN + 20 * HOUR, HOUR);
        const uint64_t last = (uint64_t)(copy->history.last_ms - DAWN) / (10 * SECOND);

        assert_true(copy->history.is_node_known);
        for (uint64_t hour = 0; hour < last / 360; hour++)
            means_check(node, hour * 360, hour * 360 + 359, &copy->buckets[hour]);
        means_check(node, last / 360 * 360, last, &copy->buckets[last / 360]);
        next = last * NODES + node + 1 > next ? last * NODES + node + 1 : next;
    }
    return next;
}

static void what_was_written_survives_kill_9(void **state)
{
    uint64_t next = 0;

    (void)state;
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    for (int round = 0; round < 6; round++) {
        pid_t child = fork();

        if (child == 0)
            write_on(next);
        while (shared->begun_count < next + 3000 + 700 * (uint64_t)round)
            pause_ms(1);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &(int){0}, 0), child);
        assert_true(shared->written_count > next);
        clock_set(time_of(shared->written_count));
        store_start(path, LARGE);
        assert_true(settle().in_file);
        next = samples_check();
        assert_true(next >= shared->written_count && next <= shared->begun_count);
        assert_int_equal(settle().damaged_count, 0);
        store_stop();
        integrity_check();
    }
    munmap(shared, sizeof *shared);
}

/* Killed before anything else was done: while the file is made. */
static void a_file_that_was_being_made_is_used_or_made_again(void **state)
{
    (void)state;
    for (int us = 0; us < 6000; us += 150) {
        pid_t child = fork();

        if (child == 0) {
            store_start(path, LARGE);
            _exit(0);
        }
        nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &(int){0}, 0), child);
        store_start(path, LARGE);
        assert_string_equal(settle().problem, "");
        store_stop();
        assert_int_equal(unlink(path), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_was_written_survives_kill_9, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(a_file_that_was_being_made_is_used_or_made_again, folder_make, folder_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
