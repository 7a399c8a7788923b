/* test_damage.c: files that were changed, cut or overwritten: what is answered is right or not known, and the file is left as it is. */
#include "fixture.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SAMPLES 1500 /* of each node, every ten seconds */

static uint64_t seed;

static uint32_t random_below(uint32_t end)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % end;
}

static double value_of(const char *node, int64_t at)
{
    return (double)((at - DAWN) / 1000 * 3 + node[0]);
}

static void file_make(void)
{
    store_start(path, LARGE);
    for (int i = 0; i < SAMPLES; i++)
        for (const char *node = "x@host"; node != NULL; node = node[0] == 'x' ? "y@host" : NULL)
            add(node, DAWN + i * 10 * SECOND, value_of(node, DAWN + i * 10 * SECOND), NAN, 5);
    store_stop();
}

static void change(const char *sql)
{
    sqlite3 *db;
    char *error = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
        fail_msg("%s", error);
    assert_true(sqlite3_total_changes(db) > 0);
    sqlite3_close(db);
}

/* Each step has nothing, or a part of what there was. Returns how many have something. */
static int check_answers(const char *node)
{
    const int64_t end = DAWN + SAMPLES * 10 * SECOND;
    const struct copy *copy = ask_all(node, DAWN, end, 10 * SECOND, 3);
    int known = 0;

    for (size_t i = 0; i < copy->history.buckets_count; i++) {
        const struct bg_bucket *bucket = &copy->buckets[i];
        const int64_t at = DAWN + (int64_t)i * 10 * SECOND;

        assert_false(is_known(copy->buckets[copy->history.buckets_count + i].mean));
        if (!is_known(bucket->mean))
            continue;
        assert_true(bucket->min >= value_of(node, at) && bucket->max <= value_of(node, at + HOUR));
        assert_true(bucket->min <= bucket->mean && bucket->mean <= bucket->max);
        known++;
    }
    assert_int_equal(copy->history.restarts_count, 0);
    assert_true(copy->history.first_ms == 0 || (copy->history.first_ms >= DAWN && copy->history.last_ms < end));
    return known;
}

static int all_known(void)
{
    file_make();
    store_start(path, LARGE);
    return check_answers("x@host");
}

static void a_damaged_row_is_left_out_and_counted(void **state)
{
    const int before = all_known();

    (void)state;
    store_stop();
    change("UPDATE sample SET figures = substr(figures, 1, length(figures) - 1) || x'01' WHERE key & 35184372088831 = (SELECT "
           "max(key & 35184372088831) FROM sample)");
    store_start(path, LARGE);
    assert_int_equal(check_answers("x@host"), before - 1);
    assert_true(settle().damaged_count > 0 && settle().in_file);
    add("x@host", DAWN + SAMPLES * 10 * SECOND, 1, 1, 1); /* it goes on */
    assert_true(mean_between("x@host", DAWN + SAMPLES * 10 * SECOND, DAWN + SAMPLES * 10 * SECOND + SECOND) == 1);
}

/* All that a row is read by is part of its checksum. */
static void rows_under_wrong_names_and_times_are_not_read(void **state)
{
    static const char *const changes[] = {
        "UPDATE layout SET names = replace(names, 'b', 'q')",
        "UPDATE node SET name = replace(name, 'x@host', 'z@host')",
        "UPDATE sample SET started_ms = started_ms + 86400000",
        "UPDATE sample SET count = count + 1",
        "UPDATE sample SET key = key + 1 WHERE key = (SELECT max(key) FROM sample WHERE key >> 45 & 3 = 0)",
        "UPDATE sample SET layout = 2",
        "UPDATE sample SET figures = x''",
        "UPDATE sample SET figures = 'text that is not a blob'",
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        file_make();
        change(changes[i]);
        store_start(path, LARGE);
        assert_int_equal(check_answers(i == 1 ? "z@host" : "x@host"), i == 4 ? check_answers("x@host") : 0);
        assert_true(ask(i == 1 ? "z@host" : "x@host", DAWN, DAWN + HOUR, HOUR)->history.is_node_known == (i == 4));
        if (i == 4)
            assert_int_equal(ask("y@host", DAWN, DAWN + HOUR, HOUR)->history.last_ms, DAWN + (SAMPLES - 2) * 10 * SECOND);
        store_stop();
        assert_int_equal(unlink(path), 0);
    }
}

/* The bytes of the file, and their number. */
static char *file_read(size_t *ret_length)
{
    const int file = open(path, O_RDONLY);
    struct stat status;
    char *bytes;

    assert_int_equal(fstat(file, &status), 0);
    bytes = malloc((size_t)status.st_size + 1);
    assert_int_equal(read(file, bytes, (size_t)status.st_size), status.st_size);
    close(file);
    *ret_length = (size_t)status.st_size;
    return bytes;
}

static void file_write(const char *bytes, size_t length)
{
    const int file = open(path, O_WRONLY | O_TRUNC | O_CREAT, 0600);

    assert_int_equal(write(file, bytes, length), (ssize_t)length);
    close(file);
}

/* Opens it, asks, goes on, and asks again; whatever it is, nothing wrong comes out. Returns whether the file is still used. */
static bool use_damaged(void)
{
    bool in_file;

    store_start(path, LARGE);
    check_answers("x@host");
    check_answers("y@host");
    for (int i = 0; i < 20; i++) {
        add("x@host", DAWN + (SAMPLES + i * 400) * 10 * SECOND, 4, 4, 4);
        add("y@host", DAWN + (SAMPLES + i * 400) * 10 * SECOND, 4, 4, 4);
    }
    in_file = settle().in_file;
    if (!in_file) /* what came since is in memory */
        assert_true(mean_between("x@host", DAWN + (SAMPLES + 7600) * 10 * SECOND, DAWN + (SAMPLES + 7601) * 10 * SECOND) == 4);
    clock_set(wall_ms + DAY); /* all of it is aged */
    in_file = settle().in_file;
    assert_true(in_file || settle().problem[0] != '\0');
    assert_int_equal(settle().failed_count, 0);
    store_stop();
    return in_file;
}

static void random_bytes_over_pages_give_nothing_wrong(void **state)
{
    size_t length;
    int used = 0, unused = 0;

    (void)state;
    file_make();
    char *good = file_read(&length), *bytes = malloc(length);
    for (seed = 1; used + unused < 150; seed += 77) {
        memcpy(bytes, good, length);
        for (uint32_t hits = 1 + random_below(20); hits > 0; hits--) {
            const size_t at = random_below((uint32_t)length), count = 1 + random_below(random_below(2) ? 4 : 600);

            for (size_t i = at; i < at + count && i < length; i++)
                bytes[i] = (char)random_below(256);
        }
        file_write(bytes, length);
        *(use_damaged() ? &used : &unused) += 1;
    }
    print_message("%d files were used on, %d not\n", used, unused);
    assert_true(used > 0 && unused > 0);
    free(good);
    free(bytes);
}

/* A file that cannot be used is not changed; what can be read of it goes on in memory. */
static void a_damaged_file_is_left_as_it_is_and_read_into_memory(void **state)
{
    size_t length, after;

    (void)state;
    file_make();
    char *bytes = file_read(&length);
    memset(bytes + length / 4096 / 2 * 4096, 0x5a, 4096); /* a page within */
    file_write(bytes, length);
    store_start(path, LARGE);
    assert_true(check_answers("x@host") + check_answers("y@host") > 100);
    assert_false(settle().in_file);
    assert_non_null(strstr(settle().problem, "it is damaged; move it away"));
    store_stop();
    char *now = file_read(&after);
    assert_int_equal(after, length);
    assert_memory_equal(now, bytes, length);
    free(bytes);
    free(now);
}

/* A node whose pages are good is read whole. */
static void damage_to_one_node_costs_the_others_nothing(void **state)
{
    const int all = all_known();
    int shared_pages = 0, failures = 0;
    size_t length;

    (void)state;
    store_stop();
    char *bytes = file_read(&length), *good = file_read(&length);
    for (size_t page = 4096; page < length; page += 4096) {
        if (bytes[page] != 0x0d)
            continue;
        memset(bytes + page, 0x5a, 4096);
        file_write(bytes, length);
        store_start(path, LARGE);
        const int first = check_answers("x@host"), second = check_answers("y@host");
        failures += !settle().in_file;
        shared_pages += first != all && second != all;
        store_stop();
        memcpy(bytes + page, good + page, 4096);
    }
    assert_true(failures > 10);
    assert_true(shared_pages <= 3); /* those of names, and one with rows of both */
    free(bytes);
    free(good);
}

/* The list of places of cells at the beginning of a page (SQLite, "Database File Format", 1.6), in the wrong order: rows come where they
 * are not asked for, and each of them is good. */
static void rows_in_the_wrong_order_are_not_taken_for_others(void **state)
{
    size_t length;

    (void)state;
    file_make();
    char *bytes = file_read(&length);
    for (size_t page = 4096; page < length; page += 4096) {
        const size_t cells = (size_t)(unsigned char)bytes[page + 3] << 8 | (unsigned char)bytes[page + 4];

        for (size_t i = 0; bytes[page] == 0x0d && cells > 2 && i < cells / 2; i++) {
            char *one = bytes + page + 8 + 2 * i, *other = bytes + page + 8 + 2 * (cells - 1 - i), kept[2];

            memcpy(kept, one, 2);
            memcpy(one, other, 2);
            memcpy(other, kept, 2);
        }
    }
    file_write(bytes, length);
    store_start(path, LARGE);
    for (int64_t at = DAWN; at < DAWN + SAMPLES * 10 * SECOND; at += 7 * MINUTE)
        for (int64_t steps = 1; steps < 50; steps += 16) {
            const struct copy *copy = ask("x@host", at, at + steps * MINUTE, MINUTE);

            for (size_t i = 0; i < copy->history.buckets_count; i++)
                assert_true(!is_known(copy->buckets[i].mean) || copy->buckets[i].min >= value_of("x@host", at + (int64_t)i * MINUTE));
        }
    check_answers("y@host");
    free(bytes);
}

static void a_file_that_was_cut_gives_nothing_wrong(void **state)
{
    size_t length;

    (void)state;
    file_make();
    char *good = file_read(&length);
    for (size_t left = 0; left < length; left += length / 40 + 1) {
        file_write(good, left);
        use_damaged();
    }
    free(good);
}

static void garbage_for_a_log_gives_nothing_wrong(void **state)
{
    char name[160], garbage[40000];
    int before;

    (void)state;
    before = all_known();
    store_stop();
    snprintf(name, sizeof name, "%s-wal", path);
    for (int round = 0; round < 5; round++) {
        const int log = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        for (size_t i = 0; i < sizeof garbage; i++)
            garbage[i] = (char)random_below(256);
        if (round > 0) /* the beginning of a real one */
            memcpy(garbage, "\x37\x7f\x06\x82\x00\x2d\xe2\x18\x00\x00\x10\x00", 12);
        assert_int_equal(write(log, garbage, sizeof garbage), sizeof garbage);
        close(log);
        store_start(path, LARGE);
        assert_int_equal(check_answers("x@host"), before);
        assert_true(settle().in_file);
        store_stop();
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_damaged_row_is_left_out_and_counted),       TEST(rows_under_wrong_names_and_times_are_not_read),
        TEST(random_bytes_over_pages_give_nothing_wrong),  TEST(a_damaged_file_is_left_as_it_is_and_read_into_memory),
        TEST(damage_to_one_node_costs_the_others_nothing), TEST(rows_in_the_wrong_order_are_not_taken_for_others),
        TEST(a_file_that_was_cut_gives_nothing_wrong),     TEST(garbage_for_a_log_gives_nothing_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
