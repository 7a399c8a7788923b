/* test_keep.c: what is kept, and what is not taken: age, size, late samples, and clocks that were set. */
#include "fixture.h"
#include "memory.h"
#include "rows.h"
#include "schema.h"
#include "write.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* Lets the thread look at what is kept, some nodes at a time. */
static struct bg_store_state look(int64_t at)
{
    clock_set(at);
    for (int i = 0; i < 8; i++)
        settle();
    return settle();
}

static void nodes_that_send_nothing_are_aged_too_and_forgotten(void **state)
{
    (void)state;
    store_start(NULL, LARGE);
    for (int node = 0; node < 100; node++)
        for (int i = 0; i < 10; i++) {
            char name[32];

            snprintf(name, sizeof name, "n%d@host", node);
            add(name, DAWN + i * 10 * SECOND + node, i, 0, 0);
        }
    assert_int_equal(look(DAWN + 5 * MINUTE).oldest_ms, DAWN);
    assert_true(ask("n7@host", DAWN, DAWN + 2 * MINUTE, 10 * SECOND)->buckets[3].mean == 3);
    look(DAWN + 3 * HOUR); /* by minutes */
    assert_true(fabs(ask("n7@host", DAWN, DAWN + 2 * MINUTE, MINUTE)->buckets[0].mean - 2.5) < 1e-6);
    assert_false(is_known(ask("n7@host", DAWN, DAWN + 2 * MINUTE, 10 * SECOND)->buckets[3].mean));
    look(DAWN + 2 * DAY); /* by hours */
    assert_false(is_known(ask("n7@host", DAWN, DAWN + HOUR, MINUTE)->buckets[1].mean));
    assert_true(fabs(mean_between("n7@host", DAWN, DAWN + HOUR) - 4.5) < 1e-6);
    assert_int_equal(look(DAWN + 2 * DAY).oldest_ms, DAWN);
    look(DAWN + 31 * DAY);
    assert_false(ask("n7@host", DAWN, DAWN + HOUR, HOUR)->history.is_node_known);
    assert_int_equal(look(DAWN + 32 * DAY).oldest_ms, 0);
    assert_true(settle().size_bytes < 64 * 1024);
}

static void samples_that_are_late_are_dropped(void **state)
{
    (void)state;
    store_start(NULL, LARGE);
    add("one@host", DAWN + 20 * SECOND, 1, 0, 0);
    add("one@host", DAWN + 10 * SECOND, 2, 0, 0);
    add("one@host", DAWN + 20 * SECOND, 3, 0, 0);
    add("two@host", DAWN + 10 * SECOND, 4, 0, 0);
    add("one@host", DAWN + 21 * SECOND, 5, 0, 0);
    assert_true(mean_between("one@host", DAWN, DAWN + MINUTE) == 3);
    assert_true(mean_between("two@host", DAWN, DAWN + MINUTE) == 4);
    assert_int_equal(settle().dropped_count, 2);
    assert_int_equal(settle().written_count, 3);
}

static void samples_of_a_time_to_come_are_dropped(void **state)
{
    const struct bg_sample ahead = {.node = "one@host", .wall_ms = DAWN + BG_AHEAD_MS + 1, .values = (const double[]){1, 2, 3}};
    const struct bg_sample nonsense = {.node = "one@host", .wall_ms = -5, .values = (const double[]){1, 2, 3}};

    (void)state;
    store_start(NULL, LARGE);
    clock_set(DAWN);
    assert_true(bg_store_add(store, &ahead));
    assert_true(bg_store_add(store, &nonsense));
    assert_int_equal(settle().dropped_count, 2);
    clock_set(DAWN + 1);
    assert_true(bg_store_add(store, &ahead));
    assert_int_equal(settle().written_count, 1);
}

static void play(const char *node, int64_t from, int64_t until, double value)
{
    clock_set(from - 10 * SECOND);
    for (int64_t at = from; at < until; at += 10 * SECOND)
        add(node, at, value, 0, 0);
}

/* As of a machine that starts with a wrong clock: it is right again within minutes. */
static void a_clock_that_is_wrong_for_minutes_costs_nothing_that_was(void **state)
{
    (void)state;
    store_start(NULL, LARGE);
    play("one@host", DAWN + DAY, DAWN + DAY + 2 * HOUR, 7);
    play("one@host", DAWN, DAWN + 9 * MINUTE, 1);
    play("one@host", DAWN + DAY + 3 * HOUR, DAWN + DAY + 3 * HOUR + MINUTE, 7);
    assert_true(mean_between("one@host", DAWN + DAY, DAWN + DAY + HOUR) == 7);
    assert_false(is_known(mean_between("one@host", DAWN, DAWN + HOUR)));
    assert_int_equal(settle().dropped_count, 9 * 6);
}

static void a_clock_that_was_set_back_for_good_is_believed(void **state)
{
    struct bg_store_state before;

    (void)state;
    store_start(NULL, LARGE);
    play("one@host", DAWN + DAY, DAWN + DAY + 2 * HOUR, 7);
    play("two@host", DAWN + DAY, DAWN + DAY + 2 * HOUR, 8);
    play("one@host", DAWN + 12 * HOUR, DAWN + 13 * HOUR, 1);
    before = settle();
    assert_int_equal(before.dropped_count, 10 * 6);
    assert_true(mean_between("one@host", DAWN + 12 * HOUR, DAWN + 13 * HOUR) == 1);
    assert_false(is_known(mean_between("one@host", DAWN + DAY, DAWN + 2 * DAY)));
    play("two@host", DAWN + 13 * HOUR, DAWN + 13 * HOUR + MINUTE, 2); /* and at once for other nodes */
    assert_true(mean_between("two@host", DAWN + 13 * HOUR, DAWN + 14 * HOUR) == 2);
    assert_int_equal(settle().dropped_count, before.dropped_count);
}

/* A year ahead, for a while: what was is still there, and a day that it was right for is not removed. */
static void a_clock_that_is_set_ahead_removes_nothing_at_once(void **state)
{
    (void)state;
    store_start(NULL, LARGE);
    play("one@host", DAWN, DAWN + 2 * HOUR, 7);
    wall_ms += 365 * DAY; /* and no time has passed */
    play("one@host", wall_ms + 10 * SECOND, wall_ms + 9 * MINUTE, 1);
    settle();
    assert_true(mean_between("one@host", DAWN, DAWN + HOUR) == 7);
    play("one@host", wall_ms + 10 * SECOND, wall_ms + 3 * MINUTE, 1); /* it was meant */
    settle();
    assert_false(is_known(mean_between("one@host", DAWN, DAWN + HOUR)));
}

static void steps_back_of_a_minute_drop_a_minute(void **state)
{
    (void)state;
    store_start(NULL, LARGE);
    play("one@host", DAWN, DAWN + 10 * MINUTE, 7);
    play("one@host", DAWN + 9 * MINUTE, DAWN + 11 * MINUTE, 1);
    assert_int_equal(settle().dropped_count, 6);
    assert_true(mean_between("one@host", DAWN + 9 * MINUTE, DAWN + 10 * MINUTE) == 7);
}

/* Samples of 40 series that change, for `hours`, of so many nodes. */
static void fill(int nodes, int hours, int64_t every)
{
    static const char *names[60];
    static char texts[60][16];
    double values[60];

    for (int i = 0; i < 60; i++) {
        snprintf(texts[i], sizeof texts[i], "series_%d", i);
        names[i] = texts[i];
    }
    store_start_with(path, BG_STORE_BYTES_LEAST, names, 60);
    for (int64_t at = DAWN; at < DAWN + hours * HOUR; at += every)
        for (int node = 0; node < nodes; node++) {
            char name[32];

            for (int i = 0; i < 60; i++)
                values[i] = i < 40 ? (double)((at / 1000 * (i + 7) + node) % 100000) : i;
            snprintf(name, sizeof name, "n%d@host", node);
            add_values(name, at + node, DAWN, values);
        }
}

static void a_store_that_is_full_keeps_the_newest_of_all_nodes(void **state)
{
    struct bg_store_state now;
    int with_hours = 0;

    (void)state;
    fill(100, 12, MINUTE);
    now = settle();
    assert_true(now.size_bytes <= BG_STORE_BYTES_LEAST);
    assert_true(now.size_bytes > BG_STORE_BYTES_LEAST / 2);
    assert_true(now.in_file);
    assert_int_equal(now.failed_count, 0);
    for (int node = 0; node < 100; node++) {
        char name[32];
        const struct copy *copy;

        snprintf(name, sizeof name, "n%d@host", node);
        copy = ask(name, DAWN, DAWN + 12 * HOUR, HOUR);
        assert_true(copy->history.is_node_known);
        assert_int_equal(copy->history.last_ms, DAWN + 12 * HOUR - MINUTE + node);
        with_hours += !isnan(copy->buckets[8].mean);
    }
    assert_true(with_hours == 100);
}

/* With room for a part only, all three levels become shorter, and the newest of each stay. */
static void what_is_kept_becomes_shorter_alike(void **state)
{
    const struct copy *copy;

    (void)state;
    fill(2, 72, 10 * SECOND);
    assert_true(settle().size_bytes <= BG_STORE_BYTES_LEAST);
    copy = ask("n1@host", DAWN, DAWN + 72 * HOUR, HOUR);
    assert_in_range(copy->history.first_ms, DAWN, DAWN + 6 * HOUR);
    assert_true(is_known(mean_between("n1@host", DAWN + 71 * HOUR + 59 * MINUTE + 40 * SECOND, DAWN + 72 * HOUR)));
    copy = ask("n1@host", DAWN + 71 * HOUR, DAWN + 72 * HOUR, MINUTE);
    for (int i = 0; i < 60; i++)
        assert_true(is_known(copy->buckets[i].mean));
}

/* A file that was allowed to be larger: it becomes smaller, and what is newest stays. */
static void a_file_that_is_too_large_becomes_smaller(void **state)
{
    struct bg_store_state now;
    struct stat status;

    (void)state;
    store_start(path, LARGE);
    for (int i = 0; i < 360; i++)
        for (int node = 0; node < 200; node++) {
            char name[32];

            snprintf(name, sizeof name, "n%d@host", node);
            add(name, DAWN + i * 10 * SECOND + node, i, i * 1.5, node);
        }
    assert_true(settle().size_bytes > 3 * BG_STORE_BYTES_LEAST);
    store_stop();
    store_start(path, BG_STORE_BYTES_LEAST);
    do { /* nobody asks for anything */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        bg_store_state(store, &now);
    } while (now.size_bytes > BG_STORE_BYTES_LEAST);
    assert_true(now.in_file && now.oldest_ms > DAWN);
    for (int i = 1; i < 6; i++) {
        clock_set(wall_ms + MINUTE);
        settle();
    }
    assert_true(ask("n199@host", DAWN + 3590 * SECOND, DAWN + HOUR, SECOND)->buckets[0].mean == 359);
    store_stop();
    assert_int_equal(stat(path, &status), 0);
    assert_true(status.st_size <= 2 * BG_STORE_BYTES_LEAST);
}

static void nodes_have_a_greatest_number_and_make_room_for_others(void **state)
{
    char name[32];

    (void)state;
    store_start(NULL, 4 * LARGE);
    for (int node = 0; node <= BG_NODE_IDS_MAX; node++) {
        snprintf(name, sizeof name, "n%d@host", node);
        add(name, DAWN + node, node, 0, 0);
    }
    assert_int_equal(settle().dropped_count, 1);
    assert_int_equal(settle().written_count, BG_NODE_IDS_MAX);
    assert_true(mean_between("n65534@host", DAWN, DAWN + HOUR) == 65534);
    clock_set(DAWN + 31 * DAY);
    while (settle().oldest_ms != 0)
        ;
    add(name, DAWN + 31 * DAY, 5, 0, 0);
    assert_true(mean_between(name, DAWN + 31 * DAY, DAWN + 31 * DAY + HOUR) == 5);
    assert_false(ask("n7@host", DAWN, DAWN + HOUR, HOUR)->history.is_node_known);
}

/* Of the ids that were given once, those that are free are given again. */
static void ids_are_given_again(void **state)
{
    struct bg_db db = {.handle = NULL};
    struct bg_series series = {.text = (char *)"a\n", .count = 1};
    struct bg_opening opening = {.memory_max_bytes = LARGE, .series = series};
    struct bg_node_ref node;

    (void)state;
    assert_true(bg_memory_open(&opening, &db));
    assert_true(bg_db_execute(&db, "INSERT INTO node VALUES(65535, 'last@host'), (1, 'first@host'), (2, 'second@host')"));
    assert_true(bg_node_add(&db, "new@host", &node));
    assert_int_equal(node.id, 3);
    assert_true(bg_db_execute(&db, "DELETE FROM node WHERE id = 1"));
    assert_true(bg_node_add(&db, "newer@host", &node));
    assert_int_equal(node.id, 1);
    bg_db_close(&db, true);
}

static void an_older_file_becomes_one_of_today(void **state)
{
    static const char *const migrations[] = {"CREATE TABLE early(id INTEGER)", "ALTER TABLE early ADD COLUMN more INTEGER",
                                             "INSERT INTO early VALUES(1, 2)"};
    struct bg_db db = {.handle = NULL};
    int64_t version = -1;

    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db.handle), SQLITE_OK);
    assert_true(bg_schema_migrate(&db, migrations, 1, &version));
    assert_int_equal(version, 0);
    assert_true(bg_schema_migrate(&db, migrations, 3, &version));
    assert_int_equal(version, 1);
    assert_true(bg_schema_migrate(&db, migrations, 3, &version));
    assert_int_equal(version, 3);
    assert_true(bg_db_execute(&db, "UPDATE early SET more = more + id"));
    assert_false(bg_schema_migrate(&db, migrations, 2, &version));
    assert_int_equal(version, 3);
    assert_int_equal(db.failure, SQLITE_OK);
    bg_db_close(&db, true);
}

/* The second text fails: nothing of the first stays. */
static void a_migration_that_fails_changes_nothing(void **state)
{
    static const char *const migrations[] = {"CREATE TABLE early(id INTEGER)", "NONSENSE"};
    struct bg_db db = {.handle = NULL};
    int64_t version = -1;
    int failure = SQLITE_OK;

    (void)state;
    assert_int_equal(sqlite3_open(":memory:", &db.handle), SQLITE_OK);
    assert_false(bg_schema_migrate(&db, migrations, 2, &version));
    assert_false(bg_db_end(&db, &failure));
    assert_int_equal(failure, SQLITE_ERROR);
    assert_true(bg_schema_migrate(&db, migrations, 1, &version));
    assert_int_equal(version, 0);
    bg_db_close(&db, true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(nodes_that_send_nothing_are_aged_too_and_forgotten),
        TEST(samples_that_are_late_are_dropped),
        TEST(samples_of_a_time_to_come_are_dropped),
        TEST(a_clock_that_is_wrong_for_minutes_costs_nothing_that_was),
        TEST(a_clock_that_was_set_back_for_good_is_believed),
        TEST(a_clock_that_is_set_ahead_removes_nothing_at_once),
        TEST(steps_back_of_a_minute_drop_a_minute),
        TEST(a_store_that_is_full_keeps_the_newest_of_all_nodes),
        TEST(what_is_kept_becomes_shorter_alike),
        TEST(a_file_that_is_too_large_becomes_smaller),
        TEST(nodes_have_a_greatest_number_and_make_room_for_others),
        TEST(ids_are_given_again),
        TEST(an_older_file_becomes_one_of_today),
        TEST(a_migration_that_fails_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
