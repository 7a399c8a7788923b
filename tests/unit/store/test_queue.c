/* test_queue.c: what waits for the thread: bounds, cancelling, closing, and requests that are refused. */
#include "fixture.h"

#include <semaphore.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const char *const names[] = {"a"};
static const size_t first_series[] = {0};
static struct bg_history_request request = {
    .node = "one@host", .series = first_series, .series_count = 1, .since_ms = DAWN, .until_ms = DAWN + HOUR, .step_ms = MINUTE};
static sem_t woken, go_on;
static bool is_held; /* the thread stays in wake() */
static int done_count;

static void wake(void *context)
{
    const bool is_to_stay = is_held; /* before the test goes on, and changes it */

    (void)context;
    sem_post(&woken);
    if (is_to_stay)
        sem_wait(&go_on);
}

static void count_done(void *context, const struct bg_failure *failure, const struct bg_history *history)
{
    assert_true(failure == NULL && history != NULL);
    *(int *)context += 1;
}

static void open_store(const char *file)
{
    const struct bg_store_options options = {
        .path = file, .max_bytes = LARGE, .series = names, .series_count = 1, .clock = &hand_clock, .wake = wake};

    sem_init(&woken, 0, 0);
    sem_init(&go_on, 0, 0);
    done_count = 0;
    assert_int_equal(bg_store_open(&options, &store, NULL), BG_OK);
}

static struct bg_history_ticket *ask_for(void)
{
    struct bg_history_ticket *ticket = NULL;

    assert_int_equal(bg_store_history(store, &request, count_done, &done_count, &ticket, NULL), BG_OK);
    return ticket;
}

/* The thread does nothing until it is let go: it is within wake(), after a history. */
static void hold(void)
{
    is_held = true;
    ask_for();
    sem_wait(&woken);
    is_held = false;
}

static bool put(int64_t at)
{
    const struct bg_sample sample = {.node = "one@host", .wall_ms = at, .values = (const double[]){1}};

    clock_set(at);
    return bg_store_add(store, &sample);
}

/* Dispatches until so many are done. */
static void await_done(int count)
{
    while (done_count < count) {
        sem_wait(&woken);
        bg_store_dispatch(store);
    }
}

static void a_full_queue_drops_the_next_sample_and_counts_it(void **state)
{
    struct bg_store_state now;

    (void)state;
    open_store(NULL);
    hold();
    for (int i = 0; i < BG_STORE_QUEUE_MAX; i++)
        assert_true(put(DAWN + i * SECOND));
    assert_false(put(DAWN + BG_STORE_QUEUE_MAX * SECOND));
    bg_store_state(store, &now);
    assert_int_equal(now.waiting_count, BG_STORE_QUEUE_MAX);
    assert_int_equal(now.dropped_count, 1);
    sem_post(&go_on);
    ask_for();
    bg_store_dispatch(store);
    await_done(2);
    bg_store_state(store, &now);
    assert_int_equal(now.waiting_count, 0);
    assert_int_equal(now.written_count, BG_STORE_QUEUE_MAX);
    assert_true(put(DAWN + (BG_STORE_QUEUE_MAX + 1) * SECOND));
}

static void histories_that_wait_have_a_maximum(void **state)
{
    struct bg_history_ticket *ticket = NULL;
    struct bg_failure failure;

    (void)state;
    open_store(NULL);
    hold();
    for (int i = 1; i < BG_STORE_READS_MAX; i++) /* the first is done, and not dispatched */
        ask_for();
    assert_int_equal(bg_store_history(store, &request, count_done, &done_count, &ticket, &failure), BG_TOO_MANY);
    assert_null(ticket);
    assert_string_equal(failure.text, "64 histories are being read already; try again after a second");
    bg_store_dispatch(store);
    ask_for();
    sem_post(&go_on);
    await_done(BG_STORE_READS_MAX + 1);
}

static void what_was_cancelled_is_never_called(void **state)
{
    struct bg_history_ticket *waits, *is_done;

    (void)state;
    open_store(NULL);
    is_done = ask_for();
    sem_wait(&woken);
    bg_history_cancel(is_done);
    hold();
    ask_for();
    waits = ask_for();
    ask_for();
    bg_history_cancel(waits);
    sem_post(&go_on);
    await_done(3);
    ask_for();
    await_done(4);
    bg_store_dispatch(store);
    assert_int_equal(done_count, 4);
}

/* At any moment: while it waits, while it is read, when it is done. */
static void cancelling_at_any_moment_is_safe(void **state)
{
    int wanted = 0;

    (void)state;
    open_store(NULL);
    for (int i = 0; i < 3000; i++)
        put(DAWN + i * SECOND);
    for (int i = 0; i < 2000; i++) {
        struct bg_history_ticket *ticket = ask_for();

        for (volatile int spin = 0; spin < i * 97 % 400000; spin++)
            ;
        bg_history_cancel(ticket);
        if (i % 50 == 0) {
            ask_for();
            await_done(++wanted);
        }
    }
    assert_int_equal(done_count, wanted);
}

static struct bg_history_ticket *other;

static void cancel_other(void *context, const struct bg_failure *failure, const struct bg_history *history)
{
    count_done(context, failure, history);
    bg_history_cancel(other);
}

static void one_may_cancel_another(void **state)
{
    struct bg_history_ticket *ticket = NULL;

    (void)state;
    open_store(NULL);
    assert_int_equal(bg_store_history(store, &request, cancel_other, &done_count, &ticket, NULL), BG_OK);
    other = ask_for();
    sem_wait(&woken);
    sem_wait(&woken); /* both are complete */
    bg_store_dispatch(store);
    assert_int_equal(done_count, 1);
}

static void closing_writes_what_waits_and_calls_nobody(void **state)
{
    struct bg_store_state now;

    (void)state;
    open_store(path);
    hold();
    for (int i = 0; i < 1000; i++)
        assert_true(put(DAWN + i * SECOND));
    for (int i = 0; i < 5; i++)
        ask_for();
    sem_post(&go_on);
    store_stop();
    assert_int_equal(done_count, 0);
    open_store(path);
    ask_for();
    await_done(1);
    bg_store_state(store, &now);
    assert_int_equal(now.oldest_ms, DAWN);
    assert_int_equal(put(DAWN + 999 * SECOND), true); /* no more than the last that is there */
    assert_int_equal(put(DAWN + 1000 * SECOND), true);
    ask_for();
    await_done(2);
    bg_store_state(store, &now);
    assert_int_equal(now.dropped_count, 1);
    assert_int_equal(now.written_count, 1);
}

static void closing_does_not_wait_for_ever(void **state)
{
    (void)state;
    open_store(NULL);
    hold();
    put(DAWN);
    store_stop(); /* comes back, though the thread does not */
    assert_int_equal(done_count, 0);
    sem_post(&go_on); /* it frees what it has */
    nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
}

static void count_no_memory(void *context, const struct bg_failure *failure, const struct bg_history *history)
{
    assert_true(failure != NULL && history == NULL && failure->error == BG_NO_MEMORY);
    *(int *)context += 1;
}

/* Samples are lost then, and counted; the file is used on, and nothing of it is lost. */
static void want_of_memory_costs_what_waits_and_nothing_else(void **state)
{
    struct bg_history_ticket *ticket = NULL;
    struct bg_store_state now;

    (void)state;
    open_store(path);
    for (int i = 0; i < 500; i++)
        put(DAWN + i * SECOND);
    ask_for();
    await_done(1);
    sqlite3_hard_heap_limit64(1000);
    for (int i = 500; i < 900; i++)
        put(DAWN + i * SECOND);
    assert_int_equal(bg_store_history(store, &request, count_no_memory, &done_count, &ticket, NULL), BG_OK);
    await_done(2);
    bg_store_state(store, &now);
    assert_true(now.failed_count > 0 && now.failed_count + now.written_count == 900);
    assert_true(now.in_file && now.problem[0] == '\0');
    sqlite3_hard_heap_limit64(0);
    sqlite3_soft_heap_limit64(0);
    put(DAWN + 900 * SECOND);
    ask_for();
    await_done(3);
    bg_store_state(store, &now);
    assert_true(now.failed_count + now.written_count == 901 && now.written_count >= 501);
    assert_true(now.in_file);
}

static void refused(struct bg_history_request wrong, const char *text)
{
    struct bg_history_ticket *ticket = NULL;
    struct bg_failure failure;

    assert_int_equal(bg_store_history(store, &wrong, count_done, &done_count, &ticket, &failure), BG_INVALID);
    if (strstr(failure.text, text) == NULL)
        fail_msg("\"%s\" has no \"%s\"", failure.text, text);
}

static void requests_out_of_bounds_are_refused(void **state)
{
    static const size_t many[BG_STORE_SERIES_MAX + 1] = {0}, none[] = {1};
    struct bg_history_request wrong = request;
    char long_name[300] = "";

    (void)state;
    open_store(NULL);
    memset(long_name, 'x', 256);
    refused((wrong = request, wrong.node = long_name, wrong), "from 1 to 255 bytes");
    refused((wrong = request, wrong.node = "", wrong), "from 1 to 255 bytes");
    refused((wrong = request, wrong.series_count = 0, wrong), "from 1 to 128 series");
    refused((wrong = request, wrong.series = many, wrong.series_count = BG_STORE_SERIES_MAX + 1, wrong), "from 1 to 128 series");
    refused((wrong = request, wrong.series = none, wrong), "there is no series 1");
    refused((wrong = request, wrong.step_ms = 999, wrong), "at least 1000 ms");
    refused((wrong = request, wrong.since_ms = DAWN + 1, wrong), "a multiple of its step");
    refused((wrong = request, wrong.until_ms = DAWN, wrong), "ends after its beginning");
    refused((wrong = request, wrong.step_ms = 1000, wrong.until_ms = DAWN + 5000 * SECOND + 1, wrong), "at most 5000 steps");
    refused(
        (wrong = request, wrong.series = many, wrong.series_count = 21, wrong.step_ms = 1000, wrong.until_ms = DAWN + 5000 * SECOND, wrong),
        "at most 100000 steps of all its series");
    request.step_ms = SECOND;
    request.until_ms = DAWN + 5000 * SECOND;
    ask_for();
    await_done(1);
    request.step_ms = MINUTE;
    request.until_ms = DAWN + HOUR;
}

static void names_of_nodes_are_bounded(void **state)
{
    char name[300] = "";
    struct bg_sample sample = {.node = name, .wall_ms = DAWN, .values = (const double[]){1}};

    (void)state;
    open_store(NULL);
    clock_set(DAWN);
    memset(name, 'x', 255);
    assert_true(bg_store_add(store, &sample));
    name[255] = 'x';
    assert_false(bg_store_add(store, &sample));
    name[0] = '\0';
    assert_false(bg_store_add(store, &sample));
}

static void options_out_of_bounds_are_refused(void **state)
{
    static const char *const many[BG_STORE_SERIES_MAX + 1] = {0};
    struct bg_store_options options = {.max_bytes = BG_STORE_BYTES_LEAST - 1, .series = names, .series_count = 1, .clock = &hand_clock};
    struct bg_failure failure;

    (void)state;
    assert_int_equal(bg_store_open(&options, &store, &failure), BG_INVALID);
    assert_string_equal(failure.text, "a store has at least 1048576 bytes");
    options.max_bytes = LARGE;
    options.series = many;
    options.series_count = BG_STORE_SERIES_MAX + 1;
    assert_int_equal(bg_store_open(&options, &store, &failure), BG_INVALID);
    assert_string_equal(failure.text, "a store has from 1 to 128 series, not 129");
    bg_store_close(NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_make, folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_full_queue_drops_the_next_sample_and_counts_it),
        TEST(histories_that_wait_have_a_maximum),
        TEST(what_was_cancelled_is_never_called),
        TEST(cancelling_at_any_moment_is_safe),
        TEST(one_may_cancel_another),
        TEST(closing_writes_what_waits_and_calls_nobody),
        TEST(closing_does_not_wait_for_ever),
        TEST(want_of_memory_costs_what_waits_and_nothing_else),
        TEST(requests_out_of_bounds_are_refused),
        TEST(names_of_nodes_are_bounded),
        TEST(options_out_of_bounds_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
