/* test_reply_cache.c: kept answers: their keys, their freshness and their maxima. */
#include "reply_cache.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_endpoint endpoint = {.method = BG_GET, .path = "/x", .scope = BG_SCOPE_READ};
static struct bg_reply_cache *cache;

static int start(void **state)
{
    (void)state;
    return (cache = bg_reply_cache_new()) != NULL ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    bg_reply_cache_free(cache);
    return 0;
}

static struct bg_body *body_of(size_t length)
{
    struct bg_body *body = calloc(1, sizeof *body);

    *body = (struct bg_body){.references = 1, .age_at = SIZE_MAX, .length = length, .bytes = calloc(1, length)};
    return body;
}

static struct bg_request ask(const char *target, const char *accept)
{
    return (struct bg_request){.method = BG_GET, .target = target, .target_length = strlen(target), .accept = accept};
}

static void keep(const char *target, const char *accept, size_t length, int64_t fresh_until_us)
{
    struct bg_request request = ask(target, accept);
    struct bg_body *body = body_of(length);

    bg_reply_cache_put(cache, &request, &endpoint, body, fresh_until_us);
    bg_body_unref(body);
}

static struct bg_body *find(const char *target, const char *accept, int64_t now_us)
{
    struct bg_request request = ask(target, accept);
    const struct bg_endpoint *found = NULL;
    struct bg_body *body = bg_reply_cache_find(cache, &request, now_us, &found);

    assert_ptr_equal(found, body != NULL ? &endpoint : NULL);
    return body;
}

static void only_the_very_same_question_is_answered(void **state)
{
    (void)state;
    keep("/a?b=1", NULL, 10, 1000);
    assert_non_null(find("/a?b=1", NULL, 0));
    assert_non_null(find("/a?b=1", "", 0));
    assert_null(find("/a?b=1", "text/csv", 0));
    assert_null(find("/a?b=2", NULL, 0));
    assert_null(find("/a?b=", NULL, 0));
    assert_null(find("/a?b=11", NULL, 0));
    keep("/a", "b", 10, 1000);
    assert_null(find("/ab", NULL, 0));
    assert_non_null(find("/a", "b", 0));
}

static void an_answer_goes_when_it_is_not_fresh_any_more(void **state)
{
    (void)state;
    keep("/a", NULL, 10, 1000);
    assert_non_null(find("/a", NULL, 999));
    assert_null(find("/a", NULL, 1000));
    assert_null(find("/a", NULL, 0)); /* gone for good */
    assert_int_equal(bg_reply_cache_bytes(cache), 0);
}

static void a_flush_forgets_all(void **state)
{
    (void)state;
    keep("/a", NULL, 10, 1000);
    keep("/b", NULL, 10, 1000);
    bg_reply_cache_flush(cache);
    assert_null(find("/a", NULL, 0));
    assert_null(find("/b", NULL, 0));
    assert_int_equal(bg_reply_cache_bytes(cache), 0);
}

static void a_newer_answer_takes_the_place_of_an_older(void **state)
{
    (void)state;
    keep("/a", NULL, 10, 1000);
    keep("/a", NULL, 20, 2000);
    assert_int_equal(find("/a", NULL, 1500)->length, 20);
    assert_int_equal(bg_reply_cache_bytes(cache), 20 + strlen("/a") + 1);
}

static void there_are_never_more_answers_than_slots(void **state)
{
    char target[32];
    int kept = 0;

    (void)state;
    for (int i = 0; i < 10 * BG_REPLY_CACHE_SLOTS; i++) {
        snprintf(target, sizeof target, "/target/%d", i);
        keep(target, NULL, 100, 1000);
    }
    for (int i = 0; i < 10 * BG_REPLY_CACHE_SLOTS; i++) {
        snprintf(target, sizeof target, "/target/%d", i);
        kept += find(target, NULL, 0) != NULL;
    }
    assert_in_range(kept, BG_REPLY_CACHE_SLOTS - 10, BG_REPLY_CACHE_SLOTS);
}

static void what_is_too_large_is_not_kept(void **state)
{
    char target[BG_REPLY_CACHE_KEY_MAX + 1];

    (void)state;
    memset(target, 'a', sizeof target);
    target[BG_REPLY_CACHE_KEY_MAX] = '\0';
    keep(target, NULL, 10, 1000); /* with its terminator one too long */
    assert_null(find(target, NULL, 0));
    target[BG_REPLY_CACHE_KEY_MAX - 1] = '\0';
    keep(target, NULL, 10, 1000);
    assert_non_null(find(target, NULL, 0));
    keep("/large", NULL, BG_REPLY_CACHE_BODY_MAX + 1, 1000);
    assert_null(find("/large", NULL, 0));
    keep("/large", NULL, BG_REPLY_CACHE_BODY_MAX, 1000);
    assert_non_null(find("/large", NULL, 0));
}

static void all_together_have_a_maximum_and_stale_ones_give_way(void **state)
{
    char target[32];

    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(target, sizeof target, "/target/%d", i);
        keep(target, NULL, BG_REPLY_CACHE_BODY_MAX, 1000);
        assert_true(bg_reply_cache_bytes(cache) <= BG_REPLY_CACHE_BYTES_MAX);
    }
    assert_true(bg_reply_cache_bytes(cache) > BG_REPLY_CACHE_BYTES_MAX - 2 * BG_REPLY_CACHE_BODY_MAX);
    struct bg_request request = ask("/later", NULL);
    struct bg_body *body = body_of(BG_REPLY_CACHE_BODY_MAX);
    body->collected_us = 1000; /* by then the others are stale */
    bg_reply_cache_put(cache, &request, &endpoint, body, 2000);
    assert_ptr_equal(find("/later", NULL, 1500), body);
    bg_body_unref(body);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_the_very_same_question_is_answered, start, stop),
        cmocka_unit_test_setup_teardown(an_answer_goes_when_it_is_not_fresh_any_more, start, stop),
        cmocka_unit_test_setup_teardown(a_flush_forgets_all, start, stop),
        cmocka_unit_test_setup_teardown(a_newer_answer_takes_the_place_of_an_older, start, stop),
        cmocka_unit_test_setup_teardown(there_are_never_more_answers_than_slots, start, stop),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_not_kept, start, stop),
        cmocka_unit_test_setup_teardown(all_together_have_a_maximum_and_stale_ones_give_way, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
