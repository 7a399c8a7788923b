/* test_body.c: rendered bytes, their age, and their references. */
#include "body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_endpoint endpoint = {.method = BG_GET, .path = "/x"};

static char *written(struct bg_body *body, int64_t now_us)
{
    struct evbuffer *buffer = evbuffer_new();
    char *text;
    size_t length;

    assert_true(bg_body_write(body, now_us, buffer));
    length = evbuffer_get_length(buffer);
    text = calloc(1, length + 1);
    evbuffer_remove(buffer, text, length);
    evbuffer_free(buffer);
    return text;
}

static void the_age_is_of_the_moment_of_sending(void **state)
{
    json_t *data = json_pack("{s:s}", "a", "0}}"), *meta = json_pack("{s:i, s:s}", "age_ms", 999, "node", "a@b");
    struct bg_body *body = bg_body_new(&endpoint, BG_FORMAT_JSON, data, meta, 1000000);
    char *now = written(body, 1000000), *later = written(body, 1250999), *before = written(body, 5);

    (void)state;
    assert_string_equal(now, "{\"data\":{\"a\":\"0}}\"},\"meta\":{\"node\":\"a@b\",\"age_ms\":0}}\n");
    assert_string_equal(later, "{\"data\":{\"a\":\"0}}\"},\"meta\":{\"node\":\"a@b\",\"age_ms\":250}}\n");
    assert_string_equal(before, now);
    free(now);
    free(later);
    free(before);
    bg_body_unref(body);
    json_decref(data);
    json_decref(meta);
}

static void json_is_ascii_so_that_no_terminal_is_driven(void **state)
{
    json_t *data = json_string("\xe2\x80\xae\xc2\x9b\x1b"), *meta = json_object();
    struct bg_body *body = bg_body_new(&endpoint, BG_FORMAT_JSON, data, meta, 0);
    char *text = written(body, 77);

    (void)state;
    assert_string_equal(text, "{\"data\":\"\\u202E\\u009B\\u001B\",\"meta\":{\"age_ms\":0}}\n");
    free(text);
    bg_body_unref(body);
    json_decref(data);
    json_decref(meta);
}

static void a_reply_being_written_keeps_its_bytes(void **state)
{
    char *long_text = malloc(100001);
    json_t *data, *meta = json_object();
    struct evbuffer *buffer = evbuffer_new();
    struct bg_body *body;

    (void)state;
    memset(long_text, 'x', 100000);
    long_text[100000] = '\0';
    data = json_string(long_text);
    body = bg_body_new(&endpoint, BG_FORMAT_JSON, data, meta, 0);
    assert_true(bg_body_write(body, 0, buffer));
    bg_body_unref(body); /* the buffer's references are the last ones now */
    assert_non_null(memmem(evbuffer_pullup(buffer, -1), evbuffer_get_length(buffer), long_text, 100000));
    evbuffer_free(buffer);
    json_decref(data);
    json_decref(meta);
    free(long_text);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_age_is_of_the_moment_of_sending),
        cmocka_unit_test(json_is_ascii_so_that_no_terminal_is_driven),
        cmocka_unit_test(a_reply_being_written_keeps_its_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
