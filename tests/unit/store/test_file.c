/* test_file.c: whose the file is, which files are refused and why, disks that are full or cannot be written, and other processes. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void change(const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(chmod(path, 0600), 0);
}

static uint64_t file_sum(void)
{
    FILE *file = fopen(path, "rb");
    uint64_t sum = 0;

    for (int byte; (byte = getc(file)) != EOF;)
        sum = sum * 31 + (uint64_t)byte;
    fclose(file);
    return sum;
}

/* In memory, with this problem; and it works. */
static void memory_expected(const char *problem)
{
    struct bg_store_state state;

    bg_store_state(store, &state);
    if (state.in_file || strstr(state.problem, problem) == NULL)
        fail_msg("in_file %d, \"%s\" has no \"%s\"", state.in_file, state.problem, problem);
    assert_non_null(strstr(state.problem, "The history file "));
    assert_non_null(strstr(state.problem, " is not used: "));
    assert_non_null(strstr(state.problem, "Until the next start, history is kept in memory."));
    clock_set(DAWN + 10 * DAY);
    add("memory@host", DAWN + 10 * DAY, 3, 3, 3);
    assert_true(mean_between("memory@host", DAWN + 10 * DAY, DAWN + 10 * DAY + SECOND) == 3);
}

static void refused_and_unchanged(const char *problem)
{
    const uint64_t before = file_sum();

    store_start(path, LARGE);
    memory_expected(problem);
    store_stop();
    assert_true(file_sum() == before);
}

static void mode_check(const char *ending, bool must_be_there)
{
    struct stat status;
    char name[160];

    snprintf(name, sizeof name, "%s%s", path, ending);
    if (stat(name, &status) == 0)
        assert_int_equal(status.st_mode & 07777, 0600);
    else
        assert_false(must_be_there);
}

static void all_files_are_for_their_owner_alone(void **state)
{
    const mode_t before = umask(0);

    (void)state;
    store_start(path, LARGE);
    add("one@host", DAWN, 1, 2, 3);
    assert_true(settle().in_file);
    mode_check("", true);
    mode_check("-wal", true);
    mode_check("-shm", false);
    mode_check("-journal", false);
    store_stop();
    mode_check("", true);
    umask(before);
}

static void a_file_that_is_open_to_others_is_refused(void **state)
{
    (void)state;
    store_start(path, LARGE);
    add("one@host", DAWN, 1, 2, 3);
    store_stop();
    assert_int_equal(chmod(path, 0640), 0);
    refused_and_unchanged("it is open to others; make it yours alone with chmod 600");
    assert_int_equal(chmod(path, 0600), 0);
    store_start(path, LARGE);
    assert_true(mean_between("one@host", DAWN, DAWN + SECOND) == 1);
}

static void a_file_of_a_later_version_is_refused_with_what_to_do(void **state)
{
    static const char *const series[] = {"a"};
    const struct bg_store_options options = {
        .path = path, .max_bytes = LARGE, .series = series, .series_count = 1, .clock = &hand_clock, .wake = NULL};
    struct bg_failure failure = {.error = BG_OK};
    uint64_t before;

    (void)state;
    store_start(path, LARGE);
    add("one@host", DAWN, 1, 2, 3);
    store_stop();
    change("PRAGMA user_version = 7");
    before = file_sum();
    assert_int_equal(bg_store_open(&options, &store, &failure), BG_INVALID);
    assert_null(store);
    assert_non_null(strstr(failure.text, "was written by a later version of beamgauge (it has version 7, and this one knows 1): start that "
                                         "version, or move the file away"));
    assert_true(file_sum() == before);
}

static void other_files_are_refused(void **state)
{
    (void)state;
    change("CREATE TABLE theirs(id); INSERT INTO theirs VALUES(1)");
    refused_and_unchanged("it is another program's database; name another file");
    change("PRAGMA journal_mode = WAL; PRAGMA application_id = 5; PRAGMA user_version = 1");
    refused_and_unchanged("it is another program's database; name another file");
    FILE *file = fopen(path, "w");
    fputs("This is a text of mine, and it is longer than the header of a database is, which has one hundred bytes.\n", file);
    fclose(file);
    refused_and_unchanged("it is not a database; move it away, or name another file");
    assert_int_equal(truncate(path, 50), 0);
    refused_and_unchanged("it is not a database");
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    store_start(path, LARGE);
    memory_expected("it is not a regular file");
    store_stop();
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    store_start(path, LARGE);
    memory_expected("it is not a regular file");
    store_stop();
    store_start("/nowhere/at/all/of/a/folder/that/has/a/long/name/so/that/its/end/is/shown/only/history.db", LARGE);
    memory_expected("No such file or directory");
}

static void an_empty_file_becomes_a_database(void **state)
{
    (void)state;
    close(open(path, O_CREAT | O_WRONLY, 0600));
    store_start(path, LARGE);
    add("one@host", DAWN, 1, 2, 3);
    assert_true(settle().in_file);
}

/* Ours, but without its tables. */
static void a_database_without_its_tables_is_damaged(void **state)
{
    (void)state;
    store_start(path, LARGE);
    store_stop();
    change("DROP TABLE sample");
    store_start(path, LARGE);
    memory_expected("it is damaged; move it away, then a new one is made");
}

static void a_file_that_another_process_has_is_left_to_it(void **state)
{
    int ready[2], end[2];
    char byte;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ready) + pipe(end), 0);
    child = fork();
    if (child == 0) {
        close(end[1]); /* so that it ends with this process too */
        store_start(path, LARGE);
        add("one@host", DAWN, 1, 2, 3);
        settle();
        if (write(ready[1], "!", 1) != 1 || read(end[0], &byte, 1) != 1)
            _exit(3);
        store_stop();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    store_start(path, LARGE);
    memory_expected("another process uses it");
    assert_false(ask("one@host", DAWN, DAWN + SECOND, SECOND)->history.is_node_known);
    store_stop();
    assert_int_equal(write(end[1], "!", 1), 1);
    assert_int_equal(waitpid(child, &(int){0}, 0), child);
    store_start(path, LARGE);
    assert_true(mean_between("one@host", DAWN, DAWN + SECOND) == 1);
    for (int i = 0; i < 2; i++)
        close(ready[i]), close(end[i]);
}

static void write_much(int from, int until)
{
    for (int i = from; i < until; i++)
        add("one@host", DAWN + i * 10 * SECOND, i, i + 0.5, -i);
}

/* All that was written before and after is in memory. */
static void all_expected(int count)
{
    const struct copy *copy;

    assert_int_equal(settle().failed_count + settle().dropped_count, 0);
    copy = ask("one@host", DAWN, DAWN + count * 10 * SECOND, 10 * SECOND);
    for (int i = 0; i < count; i++)
        assert_true(copy->buckets[i].mean == i);
}

/* So that the log says it, though nobody asks for a history. */
static void a_file_that_fails_wakes_the_loop(void **state)
{
    struct rlimit limit;
    rlim_t before;
    struct bg_store_state now;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    store_start(path, LARGE);
    write_much(0, 10);
    assert_true(settle().in_file);
    getrlimit(RLIMIT_FSIZE, &limit);
    before = limit.rlim_cur;
    limit.rlim_cur = 1;
    setrlimit(RLIMIT_FSIZE, &limit);
    wakes_forget();
    write_much(10, 20);
    assert_true(wake_await());
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    bg_store_state(store, &now);
    assert_false(now.in_file);
    assert_true(now.problem[0] != '\0');
}

static void a_limit_on_files_moves_it_to_memory_with_all_that_was(void **state)
{
    struct rlimit limit;
    rlim_t before;

    (void)state;
    signal(SIGXFSZ, SIG_IGN);
    store_start(path, LARGE);
    write_much(0, 100);
    assert_true(settle().in_file);
    getrlimit(RLIMIT_FSIZE, &limit);
    before = limit.rlim_cur;
    limit.rlim_cur = 70000;
    setrlimit(RLIMIT_FSIZE, &limit);
    for (int i = 100; i < 300; i += 20) {
        write_much(i, i + 20);
        settle();
    }
    limit.rlim_cur = before;
    setrlimit(RLIMIT_FSIZE, &limit);
    all_expected(300);
    memory_expected("reading or writing it failed");
    store_stop();
    clock_set(DAWN + HOUR);
    store_start(path, LARGE); /* and the file is good as far as it went */
    assert_true(settle().in_file);
    assert_true(ask("one@host", DAWN, DAWN + 10 * SECOND, 10 * SECOND)->buckets[0].mean == 0);
    assert_true(ask("one@host", DAWN + 990 * SECOND, DAWN + 1000 * SECOND, 10 * SECOND)->buckets[0].mean == 99);
}

/* A folder that is mounted; false where that is not allowed. */
static bool mount_on(char folder[160], const char *options, unsigned long flags)
{
    snprintf(folder, 160, "%s", path);
    *strrchr(folder, '/') = '\0';
    return geteuid() == 0 && mount("tmpfs", folder, "tmpfs", flags, options) == 0;
}

static void a_full_disk_moves_it_to_memory_with_all_that_was(void **state)
{
    char folder[160];

    (void)state;
    if (!mount_on(folder, "size=128k,mode=700", 0))
        skip();
    store_start(path, LARGE);
    for (int i = 0; i < 600; i += 20) {
        write_much(i, i + 20);
        settle();
    }
    assert_int_equal(settle().failed_count, 0);
    assert_true(ask("one@host", DAWN + 5990 * SECOND, DAWN + 6000 * SECOND, 10 * SECOND)->buckets[0].mean == 599);
    assert_true(is_known(mean_between("one@host", DAWN, DAWN + 60 * SECOND)));
    memory_expected("there is no room for it on its disk");
    store_stop();
    assert_int_equal(umount(folder), 0);
}

static void a_folder_that_cannot_be_written_is_told(void **state)
{
    char folder[160];
    bool is_mounted = mount_on(folder, "size=1m,mode=700", 0);

    (void)state;
    if (!is_mounted && geteuid() == 0)
        skip();
    store_start(path, LARGE);
    write_much(0, 10);
    store_stop();
    assert_int_equal(is_mounted ? mount(NULL, folder, NULL, MS_REMOUNT | MS_RDONLY, NULL) : chmod(path, 0400), 0);
    refused_and_unchanged("it cannot be written");
    assert_int_equal(is_mounted ? umount(folder) : 0, 0);
}

/* Also where a test has failed amid it. */
static int unmount_and_remove(void **state)
{
    char folder[160];

    snprintf(folder, sizeof folder, "%s", path);
    *strrchr(folder, '/') = '\0';
    store_stop();
    umount(folder);
    return folder_remove(state);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(all_files_are_for_their_owner_alone),
        TEST(a_file_that_is_open_to_others_is_refused),
        TEST(a_file_of_a_later_version_is_refused_with_what_to_do),
        TEST(other_files_are_refused),
        TEST(an_empty_file_becomes_a_database),
        TEST(a_database_without_its_tables_is_damaged),
        TEST(a_file_that_another_process_has_is_left_to_it),
        TEST(a_file_that_fails_wakes_the_loop),
        TEST(a_limit_on_files_moves_it_to_memory_with_all_that_was),
        cmocka_unit_test_setup_teardown(a_full_disk_moves_it_to_memory_with_all_that_was, folder_make, unmount_and_remove),
        cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_written_is_told, folder_make, unmount_and_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
