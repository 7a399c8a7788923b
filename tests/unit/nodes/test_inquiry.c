/* test_inquiry.c: the table of questions in flight, with the time moved by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "inquiry.h"

#define MAX 4

static struct bg_inquiry *add(struct bg_inquiries *inquiries, int64_t deadline_us)
{
    struct bg_inquiry *inquiry = bg_inquiries_add(inquiries, 0, deadline_us);
    assert_non_null(inquiry);
    return inquiry;
}

static void deadlines_come_one_after_the_other(void **state)
{
    (void)state;
    struct bg_inquiries table;
    assert_true(bg_inquiries_init(&table, MAX));
    assert_int_equal(table.wake_us, INT64_MAX);
    struct bg_inquiry *late = add(&table, 300), *early = add(&table, 100), *middle = add(&table, 200);
    assert_int_equal(table.wake_us, 100);
    assert_null(bg_inquiries_expired(&table, 99));
    assert_ptr_equal(bg_inquiries_expired(&table, 100), early);
    bg_inquiries_remove(&table, early);
    assert_null(bg_inquiries_expired(&table, 100));
    assert_int_equal(table.wake_us, 200);
    bg_inquiries_remove(&table, middle);
    assert_null(bg_inquiries_expired(&table, 200)); /* woken for nothing, once */
    assert_int_equal(table.wake_us, 300);
    assert_ptr_equal(bg_inquiries_expired(&table, 1000), late);
    bg_inquiries_remove(&table, late);
    assert_null(bg_inquiries_expired(&table, 1000));
    assert_int_equal(table.wake_us, INT64_MAX);
    bg_inquiries_done(&table);
}

static void an_abandoned_one_keeps_its_place_but_has_no_deadline(void **state)
{
    (void)state;
    struct bg_inquiries table;
    assert_true(bg_inquiries_init(&table, MAX));
    struct bg_inquiry *inquiry = add(&table, 100);
    uint32_t id = inquiry->id;
    bg_inquiries_abandon(&table, inquiry);
    assert_null(bg_inquiries_expired(&table, 1000));
    assert_int_equal(table.count, 1);
    assert_ptr_equal(bg_inquiries_find(&table, id), inquiry);
    bg_inquiries_remove(&table, inquiry);
    assert_null(bg_inquiries_find(&table, id));
    bg_inquiries_done(&table);
}

static void a_full_table_takes_no_more(void **state)
{
    (void)state;
    struct bg_inquiries table;
    assert_true(bg_inquiries_init(&table, MAX));
    for (size_t i = 0; i < MAX; i++)
        add(&table, 100);
    assert_null(bg_inquiries_add(&table, 0, 100));
    bg_inquiries_remove(&table, bg_inquiries_any(&table));
    add(&table, 100);
    assert_null(bg_inquiries_add(&table, 0, 100));
    bg_inquiries_done(&table);
}

static void ids_are_found_again_and_never_shared(void **state)
{
    (void)state;
    struct bg_inquiries table;
    assert_true(bg_inquiries_init(&table, MAX));
    struct bg_inquiry *stays = add(&table, 100);
    uint32_t last = stays->id;
    for (int round = 0; round < 1000; round++) {
        struct bg_inquiry *inquiry = add(&table, 100);
        assert_true(inquiry->id > last);
        last = inquiry->id;
        assert_ptr_equal(bg_inquiries_find(&table, last), inquiry);
        bg_inquiries_remove(&table, inquiry);
        assert_null(bg_inquiries_find(&table, last));
    }
    assert_ptr_equal(bg_inquiries_find(&table, stays->id), stays);
    assert_null(bg_inquiries_find(&table, 0));
    bg_inquiries_done(&table);
}

static void pids_stay_within_what_the_oldest_release_takes(void **state)
{
    (void)state;
    struct bg_inquiries table;
    assert_true(bg_inquiries_init(&table, MAX));
    const uint32_t starts[] = {0, 0x7ffe, 0xfffe, 0x0ffffffd};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        table.last_id = starts[i];
        for (int round = 0; round < 8; round++) {
            struct bg_inquiry *inquiry = add(&table, 100);
            struct bg_pid pid = bg_inquiry_pid("me@host", 9, inquiry->id);
            assert_true(inquiry->id != 0 && pid.id < 1u << 15 && pid.serial < 1u << 13);
            assert_ptr_equal(bg_inquiries_find_pid(&table, &pid), inquiry);
            bg_inquiries_remove(&table, inquiry);
        }
    }
    bg_inquiries_done(&table);
}

static void pids_that_are_none_of_ours_find_nothing(void **state)
{
    (void)state;
    struct bg_inquiries table;
    assert_true(bg_inquiries_init(&table, MAX));
    struct bg_inquiry *inquiry = add(&table, 100);
    const struct bg_pid cases[] = {{.id = inquiry->id | 1u << 15},
                                   {.id = inquiry->id, .serial = 1u << 13},
                                   {.id = 0},
                                   {.id = inquiry->id, .serial = UINT32_MAX},
                                   {.id = inquiry->id + MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_null(bg_inquiries_find_pid(&table, &cases[i]));
    bg_inquiries_done(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadlines_come_one_after_the_other),
        cmocka_unit_test(an_abandoned_one_keeps_its_place_but_has_no_deadline),
        cmocka_unit_test(a_full_table_takes_no_more),
        cmocka_unit_test(ids_are_found_again_and_never_shared),
        cmocka_unit_test(pids_stay_within_what_the_oldest_release_takes),
        cmocka_unit_test(pids_that_are_none_of_ours_find_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
