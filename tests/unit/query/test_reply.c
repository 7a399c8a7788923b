/* test_reply.c: answers, reported failures and invalid replies from a node. */
#include "reply.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define READ(bytes, json, failure) bg_reply_read("a@b", "scan", (const uint8_t *)(bytes), sizeof(bytes) - 1, json, NULL, failure)

static void an_answer_is_what_stands_beside_ok(void **state)
{
    (void)state;
    json_t *json = NULL;
    assert_int_equal(READ("\x83h\2w\2okh\2a\1a\2", &json, NULL), BG_OK);
    assert_int_equal(json_array_size(json), 2);
    assert_int_equal(json_integer_value(json_array_get(json, 1)), 2);
    json_decref(json);
}

static void a_question_that_failed_says_why(void **state)
{
    (void)state;
    json_t *json = NULL;
    struct bg_failure failure;
    assert_int_equal(READ("\x83h\2w\5errorh\2w\5errorm\0\0\0\6badarg", &json, &failure), BG_BAD_ANSWER);
    assert_non_null(strstr(failure.text, "[\"error\",\"badarg\"]"));
    assert_non_null(strstr(failure.text, "\"scan\" failed on a@b"));
    assert_null(json);
}

static void a_question_that_found_no_room_says_so(void **state)
{
    (void)state;
    json_t *json = NULL;
    struct bg_failure failure;
    assert_int_equal(READ("\x83h\2w\5errorh\2w\5errorw\x0csystem_limit", &json, &failure), BG_PROCESS_TABLE_FULL);
    assert_non_null(strstr(failure.text, "process table of a@b"));
    assert_int_equal(READ("\x83h\2w\5errorh\2w\4exitw\x0csystem_limit", &json, &failure), BG_BAD_ANSWER);
    assert_null(json);
}

static void a_reason_is_escaped_and_bounded(void **state)
{
    (void)state;
    json_t *json = NULL;
    struct bg_failure failure;
    assert_int_equal(READ("\x83h\2w\5errorh\2w\4exitm\0\0\0\x09"
                          "a\x1b[2J\n\"\xc3\xa9",
                          &json, &failure),
                     BG_BAD_ANSWER);
    assert_non_null(strstr(failure.text, "a\\u001B[2J\\n\\\"\\u00E9"));
    uint8_t reply[16 + 1000] = "\x83h\2w\5errorm\0\0\3\xe8";
    memset(reply + 15, 'x', 1000);
    assert_int_equal(bg_reply_read("a@b", "scan", reply, 15 + 1000, &json, NULL, &failure), BG_BAD_ANSWER);
    assert_in_range(strlen(failure.text), 300, 400);
    assert_null(json);
}

static void nonsense_is_a_bad_answer(void **state)
{
    (void)state;
    json_t *json = NULL;
    struct bg_failure failure;
    assert_int_equal(READ("\x83h\1w\2ok", &json, &failure), BG_BAD_ANSWER);
    assert_int_equal(READ("\x83h\3w\2oka\1a\2", &json, &failure), BG_BAD_ANSWER);
    assert_int_equal(READ("\x83h\2w\4wella\1", &json, &failure), BG_BAD_ANSWER);
    assert_int_equal(READ("\x83h\2a\1a\1", &json, &failure), BG_BAD_ANSWER);
    assert_int_equal(READ("\x83w\2ok", &json, &failure), BG_BAD_ANSWER);
    assert_int_equal(READ("\x83t\0\0\0\0", &json, &failure), BG_BAD_ANSWER);
    assert_int_equal(READ("\x83h\2w\2ok", &json, &failure), BG_BAD_ANSWER);
    assert_int_equal(READ("", &json, &failure), BG_BAD_ANSWER);
    assert_int_equal(failure.error, BG_BAD_ANSWER);
    assert_null(json);
}

static void an_answer_of_too_many_elements_or_levels_is_a_bad_answer(void **state)
{
    (void)state;
    static const uint8_t head[] = "\x83h\2w\2ok";
    static uint8_t reply[sizeof head + 5 + 1000001];
    json_t *json = NULL;
    memcpy(reply, head, sizeof head - 1);
    memcpy(reply + sizeof head - 1, "i\0\x0f\x42\x41", 5); /* 1,000,001 empty lists */
    memset(reply + sizeof head + 4, 'j', 1000001);
    assert_int_equal(bg_reply_read("a@b", "scan", reply, sizeof head + 4 + 1000001, &json, NULL, NULL), BG_BAD_ANSWER);
    size_t at = sizeof head - 1;
    for (int i = 0; i < 40; i++, at += 2)
        memcpy(reply + at, "h\1", 2);
    reply[at++] = 'j';
    assert_int_equal(bg_reply_read("a@b", "scan", reply, at, &json, NULL, NULL), BG_BAD_ANSWER);
    assert_null(json);
}

/* What jansson holds, in bytes of the heap: counted here, since a sanitizer's heap reports nothing. */
static size_t held;

static void *count_malloc(size_t size)
{
    void *block = malloc(size);
    held += block ? malloc_usable_size(block) + sizeof(size_t) : 0;
    return block;
}

static void count_free(void *block)
{
    held -= block ? malloc_usable_size(block) + sizeof(size_t) : 0;
    free(block);
}

static void an_answer_that_would_take_too_much_memory_is_a_bad_answer(void **state)
{
    (void)state;
    enum { maps = 999000 };
    static const uint8_t head[] = "\x83h\2w\2okl\0\x0f\x3e\x58"; /* a list of 999,000 empty maps, 5 bytes each */
    static uint8_t reply[sizeof head + 5 * maps + 1];
    struct bg_failure failure;
    json_t *json = NULL;
    size_t bytes = 0;
    memcpy(reply, head, sizeof head - 1);
    for (size_t i = 0; i < maps; i++)
        reply[sizeof head - 1 + 5 * i] = 't';
    reply[sizeof head - 1 + 5 * maps] = 'j';
    size_t before = held;
    assert_int_equal(bg_reply_read("a@b", "scan", reply, sizeof head + 5 * maps, &json, &bytes, &failure), BG_BAD_ANSWER);
    assert_non_null(strstr(failure.text, "too much memory"));
    assert_null(json);
    assert_int_equal(bytes, 0);
    assert_int_equal(held, before);
}

static size_t taken_by(const uint8_t *reply, size_t length, size_t *ret_told)
{
    json_t *json = NULL;
    size_t before = held, taken;
    assert_int_equal(bg_reply_read("a@b", "scan", reply, length, &json, ret_told, NULL), BG_OK);
    taken = held - before;
    json_decref(json);
    return taken;
}

static void the_memory_of_an_answer_is_told_about_right(void **state)
{
    (void)state;
    enum { rows = 2000 };
    static uint8_t reply[200000] = "\x83h\2w\2okl\0\0\x07\xd0";
    static const uint8_t row[] = "t\0\0\0\3m\0\0\0\6memoryb\x7f\0\0\0m\0\0\0\4namem\0\0\0\5hellom\0\0\0\3pidX"
                                 "w\3a@b\0\0\0\1\0\0\0\2\0\0\0\3";
    size_t at = 12, charged, taken;
    for (size_t i = 0; i < rows; i++, at += sizeof row - 1)
        memcpy(reply + at, row, sizeof row - 1);
    reply[at++] = 'j';
    taken = taken_by(reply, at, &charged);
    assert_in_range(charged, taken * 9 / 10, taken * 3 / 2);
}

int main(void)
{
    json_set_alloc_funcs(count_malloc, count_free);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_is_what_stands_beside_ok),
        cmocka_unit_test(a_question_that_failed_says_why),
        cmocka_unit_test(a_question_that_found_no_room_says_so),
        cmocka_unit_test(a_reason_is_escaped_and_bounded),
        cmocka_unit_test(nonsense_is_a_bad_answer),
        cmocka_unit_test(an_answer_of_too_many_elements_or_levels_is_a_bad_answer),
        cmocka_unit_test(an_answer_that_would_take_too_much_memory_is_a_bad_answer),
        cmocka_unit_test(the_memory_of_an_answer_is_told_about_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
