/* test_estimates.c: cells of what is not known exactly: marked for people, plain for programs. */
#include "body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bg_body *render(const struct bg_endpoint *endpoint, enum bg_format format, json_t *data, json_t *meta)
{
    struct bg_body *body = bg_body_new(endpoint, format, data, meta, 0);

    assert_non_null(body);
    json_decref(data);
    json_decref(meta);
    return body;
}

static const struct bg_column entries_columns[] = {{"pid", "Pid", BG_COLUMN_TEXT, true},
                                                   {"n_count", "Monitors", BG_COLUMN_ENTRIES, true},
                                                   {"message_queue_len", "Queue", BG_COLUMN_COUNT, true},
                                                   {"exact", "Exact", BG_COLUMN_TEXT, false},
                                                   {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_endpoint entries = {.method = BG_GET, .path = "/e", .columns = entries_columns};

/* Counted, estimated, of an open direction, unknown, and counted since in a row of estimates. */
static json_t *entries_rows(void)
{
    return json_loads("[{\"pid\":\"<0.1.0>\",\"n_count\":9000,\"message_queue_len\":1,\"exact\":true},"
                      "{\"pid\":\"<0.2.0>\",\"n_count\":8000,\"message_queue_len\":1,\"exact\":false,\"uncounted_count\":null},"
                      "{\"pid\":\"<0.3.0>\",\"n_count\":7000,\"message_queue_len\":1,\"exact\":false,\"uncounted_count\":9999},"
                      "{\"pid\":\"<0.4.0>\",\"n_count\":null,\"message_queue_len\":1,\"exact\":false,\"uncounted_count\":9999},"
                      "{\"pid\":\"<0.5.0>\",\"n_count\":5000,\"n_count_min\":5000,\"n_count_max\":5000,\"message_queue_len\":1,"
                      "\"exact\":false}]",
                      0, NULL);
}

static void estimates_are_marked_for_people_and_plain_for_programs(void **state)
{
    struct bg_body *body = render(&entries, BG_FORMAT_TEXT, entries_rows(), json_object());

    (void)state;
    assert_string_equal(body->bytes, "Pid      Monitors  Queue\n"
                                     "<0.1.0>     9,000      1\n"
                                     "<0.2.0>   \xe2\x89\x88 8,000      1\n"
                                     "<0.3.0>   \xe2\x89\xa4 9,999      1\n"
                                     "<0.4.0>         -      1\n"
                                     "<0.5.0>     5,000      1\n\n");
    bg_body_unref(body);
    body = render(&entries, BG_FORMAT_MD, entries_rows(), json_object());
    assert_non_null(strstr(body->bytes, "| \xe2\x89\x88 8,000 |"));
    bg_body_unref(body);
    body = render(&entries, BG_FORMAT_CSV, entries_rows(), json_object());
    assert_non_null(strstr(body->bytes, "<0.2.0>,8000,1,false\r\n<0.3.0>,7000,1,false\r\n"));
    bg_body_unref(body);
}

/* A lower bound, an upper one, and what says nothing: 0, or an upper bound that stands for several columns at once. */
static json_t *bounded_rows(void)
{
    return json_loads("[{\"pid\":\"<0.1.0>\",\"memory_bytes\":null,\"memory_bytes_min\":105602640,\"n_count\":null,\"n_count_min\":0,"
                      "\"n_count_max\":null,\"exact\":false},"
                      "{\"pid\":\"<0.2.0>\",\"memory_bytes\":null,\"n_count\":null,\"n_count_min\":0,\"n_count_max\":1200,\"exact\":false},"
                      "{\"pid\":\"<0.3.0>\",\"memory_bytes\":null,\"n_count\":null,\"n_count_min\":0,\"n_count_max\":1200,\"exact\":false,"
                      "\"uncounted_count\":1200}]",
                      0, NULL);
}

static void bounds_are_shown_where_a_value_is_not_known(void **state)
{
    static const struct bg_column bounded_columns[] = {{"pid", "Pid", BG_COLUMN_TEXT, true},
                                                       {"memory_bytes", "Memory", BG_COLUMN_BYTES, true},
                                                       {"n_count", "Monitors", BG_COLUMN_ENTRIES, true},
                                                       {NULL, NULL, BG_COLUMN_TEXT, false}};
    static const struct bg_endpoint bounded = {.method = BG_GET, .path = "/b", .columns = bounded_columns};
    struct bg_body *body = render(&bounded, BG_FORMAT_TEXT, bounded_rows(), json_object());

    (void)state;
    assert_string_equal(body->bytes, "Pid           Memory  Monitors\n"
                                     "<0.1.0>  \xe2\x89\xa5 100.7 MiB         -\n"
                                     "<0.2.0>            -   \xe2\x89\xa4 1,200\n"
                                     "<0.3.0>            -         -\n\n");
    bg_body_unref(body);
    body = render(&bounded, BG_FORMAT_CSV, bounded_rows(), json_object());
    assert_string_equal(body->bytes, "pid,memory_bytes,n_count\r\n<0.1.0>,,\r\n<0.2.0>,,\r\n<0.3.0>,,\r\n");
    bg_body_unref(body);
}

static void a_table_of_nothing_says_so(void **state)
{
    const enum bg_format formats[] = {BG_FORMAT_TEXT, BG_FORMAT_MD};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bg_body *body = render(&entries, formats[i], json_array(), json_pack("{s:s}", "node", "shop@h"));
        assert_string_equal(body->bytes, i == 0 ? "No rows.\n\nshop@h\n" : "No rows.\n\nshop@h\n");
        bg_body_unref(body);
    }
    struct bg_body *csv = render(&entries, BG_FORMAT_CSV, json_array(), json_object());
    assert_string_equal(csv->bytes, "pid,n_count,message_queue_len,exact\r\n");
    bg_body_unref(csv);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(estimates_are_marked_for_people_and_plain_for_programs),
        cmocka_unit_test(bounds_are_shown_where_a_value_is_not_known),
        cmocka_unit_test(a_table_of_nothing_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
