/* test_formats.c: rows in every format, with text that means harm. */
#include "body.h"

#include "beamgauge/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct bg_column columns[] = {{"pid", "Pid", BG_COLUMN_TEXT, true},
                                           {"name", "Name", BG_COLUMN_TEXT, true},
                                           {"memory_bytes", "Memory", BG_COLUMN_BYTES, true},
                                           {"monitors_count", "Monitors", BG_COLUMN_COUNT, true},
                                           {"growth", "Growth", BG_COLUMN_RATE, true},
                                           {"ratio", "Ratio", BG_COLUMN_RATIO, true},
                                           {"peer.pid", "Peer", BG_COLUMN_TEXT, false},
                                           {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_endpoint ranking = {.method = BG_GET, .path = "/x", .columns = columns};
static const struct bg_column field_columns[] = {
    {"field", "Field", BG_COLUMN_TEXT, true}, {"value", "Value", BG_COLUMN_TEXT, true}, {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_endpoint fields = {.method = BG_GET, .path = "/y", .columns = field_columns};

/* Everything that has ever made a terminal, a chat, a page or a spreadsheet do something. */
static const char hostile[] = "=1+1|a`b\x1b[31m\r\n<script>alert(1)</script>\"q\",\xe2\x80\xae,\xc2\x9b"
                              "0m @all [x](javascript:y) *b*";

static struct bg_body *render(const struct bg_endpoint *endpoint, enum bg_format format, json_t *data, json_t *meta)
{
    struct bg_body *body = bg_body_new(endpoint, format, data, meta, 0);

    assert_non_null(body);
    json_decref(data);
    json_decref(meta);
    return body;
}

static json_t *two_rows(void)
{
    return json_pack("[{s:s, s:s, s:i, s:i, s:f, s:f, s:{s:s}, s:s}, {s:s, s:n, s:i, s:i, s:f, s:f, s:n}]", "pid", "<0.1.0>", "name",
                     "shop", "memory_bytes", 1610612736, "monitors_count", 1234567, "growth", 140.25, "ratio", 0.5, "peer", "pid",
                     "<0.2.0>", "extra", "e", "pid", "<0.12.0>", "name", "memory_bytes", 512, "monitors_count", -1234, "growth", -1.0,
                     "ratio", 10150.0, "peer");
}

static json_t *meta(void)
{
    return json_pack("{s:s, s:s, s:[s]}", "node", "shop@10.0.0.5", "collected_at", "2026-11-23T08:00:00.123Z", "warnings", "3 skipped");
}

static void text_is_an_aligned_table(void **state)
{
    struct bg_body *body = render(&ranking, BG_FORMAT_TEXT, two_rows(), meta());

    (void)state;
    assert_string_equal(body->bytes, "Pid       Name   Memory   Monitors  Growth      Ratio\n"
                                     "<0.1.0>   shop  1.5 GiB  1,234,567  +140/s       0.50\n"
                                     "<0.12.0>  -       512 B     -1,234    -1/s  10,150.00\n"
                                     "\n"
                                     "shop@10.0.0.5, 2026-11-23T08:00:00.123Z\n"
                                     "warning: 3 skipped\n");
    bg_body_unref(body);
}

static void md_is_a_table(void **state)
{
    struct bg_body *body = render(&ranking, BG_FORMAT_MD, two_rows(), meta());

    (void)state;
    assert_string_equal(body->bytes, "| Pid | Name | Memory | Monitors | Growth | Ratio |\n"
                                     "| --- | --- | ---: | ---: | ---: | ---: |\n"
                                     "| &lt;0.1.0&gt; | shop | 1.5 GiB | 1,234,567 | +140/s | 0.50 |\n"
                                     "| &lt;0.12.0&gt; | - | 512 B | -1,234 | -1/s | 10,150.00 |\n"
                                     "\nshop@10.0.0.5, 2026-11-23T08:00:00.123Z\n"
                                     "\nwarning: 3 skipped\n");
    bg_body_unref(body);
}

static void rates_are_shown_where_there_are_any(void **state)
{
    static const struct bg_column changing[] = {{"pid", "Pid", BG_COLUMN_TEXT, true},
                                                {"memory_bytes_delta", "+Memory", BG_COLUMN_BYTES, false},
                                                {"memory_bytes_per_second", "Memory/s", BG_COLUMN_BYTE_RATE, true},
                                                {"monitors_count_delta", "+Monitors", BG_COLUMN_COUNT, false},
                                                {"monitors_count_per_second", "Monitors/s", BG_COLUMN_RATE, true},
                                                {NULL, NULL, BG_COLUMN_TEXT, false}};
    static const struct bg_endpoint window = {.method = BG_GET, .path = "/z", .columns = changing};
    json_t *rows = two_rows();
    struct bg_body *body;

    (void)state;
    json_object_set_new(json_array_get(rows, 1), "memory_bytes_delta", json_integer(-1234));
    json_object_set_new(json_array_get(rows, 1), "memory_bytes_per_second", json_real(-2468));
    body = render(&window, BG_FORMAT_TEXT, rows, meta());
    assert_string_equal(body->bytes, "Pid         Memory/s\n"
                                     "<0.1.0>            -\n"
                                     "<0.12.0>  -2.4 KiB/s\n"
                                     "\n"
                                     "shop@10.0.0.5, 2026-11-23T08:00:00.123Z\n"
                                     "warning: 3 skipped\n");
    bg_body_unref(body);
}

static void csv_has_every_column_and_raw_numbers(void **state)
{
    struct bg_body *body = render(&ranking, BG_FORMAT_CSV, two_rows(), meta());

    (void)state;
    assert_string_equal(body->bytes, "pid,name,memory_bytes,monitors_count,growth,ratio,peer_pid\r\n"
                                     "<0.1.0>,shop,1610612736,1234567,140.25,0.5,<0.2.0>\r\n"
                                     "<0.12.0>,,512,-1234,-1.0,10150.0,\r\n");
    bg_body_unref(body);
}

static void ndjson_is_one_whole_row_a_line(void **state)
{
    struct bg_body *body = render(&ranking, BG_FORMAT_NDJSON, json_pack("[{s:s}, {s:i}]", "a", "x\ny", "b", 2), meta());

    (void)state;
    assert_string_equal(body->bytes, "{\"a\":\"x\\ny\"}\n{\"b\":2}\n");
    bg_body_unref(body);
}

static void an_object_is_a_row_for_each_member(void **state)
{
    struct bg_body *body =
        render(&fields, BG_FORMAT_TEXT,
               json_pack("{s:i, s:i, s:i, s:f, s:f, s:s, s:b, s:{s:i}}", "total_bytes", 2048, "estimate.bytes", 1024, "process_limit", 1000,
                         "used_ratio", 0.25, "new_per_second", 2.0, "release", "25", "smp", 1, "nested", "a", 1),
               json_object());

    (void)state;
    assert_non_null(strstr(body->bytes, "total_bytes     2.0 KiB\n"));
    assert_non_null(strstr(body->bytes, "estimate.bytes  1.0 KiB\n"));
    assert_non_null(strstr(body->bytes, "process_limit   1,000\n"));
    assert_non_null(strstr(body->bytes, "used_ratio      0.25\n"));
    assert_non_null(strstr(body->bytes, "new_per_second  +2/s\n"));
    assert_non_null(strstr(body->bytes, "smp             true\n"));
    assert_non_null(strstr(body->bytes, "nested          {\"a\":1}\n"));
    bg_body_unref(body);
}

static json_t *hostile_rows(void)
{
    return json_pack("[{s:s%, s:s%, s:{s:s}}]", "pid", hostile, sizeof hostile - 1, "name", hostile, sizeof hostile - 1, "peer", "pid",
                     "@all");
}

static size_t lines_of(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

static void hostile_text_is_harmless_in_every_format(void **state)
{
    static const size_t lines[] = {1, 3, 3, 2, 1};

    (void)state;
    for (enum bg_format format = BG_FORMAT_JSON; format < BG_FORMAT_ANY; format++) {
        struct bg_body *body = render(&ranking, format, hostile_rows(), json_object());
        assert_int_equal(strlen(body->bytes), body->length);
        assert_int_equal(lines_of(body->bytes), lines[format]);
        assert_null(strchr(body->bytes, '\x1b'));
        assert_null(strstr(body->bytes, "\xe2\x80\xae")); /* right-to-left override */
        assert_null(strstr(body->bytes, "\xc2\x9b"));     /* the one-character form of ESC [ */
        if (format != BG_FORMAT_CSV)
            assert_null(strchr(body->bytes, '\r'));
        bg_body_unref(body);
    }
}

static void md_cannot_be_given_markup(void **state)
{
    struct bg_body *body = render(&ranking, BG_FORMAT_MD, hostile_rows(), json_object());
    const char *row = strstr(body->bytes, "| =1+1");
    size_t bars = 0;

    (void)state;
    assert_non_null(row);
    assert_null(strstr(body->bytes, "<script"));
    assert_non_null(strstr(row, "=1+1\\|a\\`b\\\\x1b\\[31m"));
    assert_null(strstr(row, " @all"));
    for (const char *c = row; *c != '\n'; c++)
        bars += *c == '|' && c[-1] != '\\';
    assert_int_equal(bars, 3); /* two columns have something to show */
    bg_body_unref(body);
}

static void csv_cannot_be_given_a_formula_or_a_field(void **state)
{
    struct bg_body *body = render(&ranking, BG_FORMAT_CSV, hostile_rows(), json_object());

    (void)state;
    assert_non_null(strstr(body->bytes, "\r\n\"'=1+1|a`b\\x1b[31m\\x0d\\x0a<script>alert(1)</script>\"\"q\"\","));
    assert_non_null(strstr(body->bytes, ",\"'@all\"\r\n"));
    assert_non_null(strstr(body->bytes, "\\xe2\\x80\\xae,\\xc2\\x9b0m"));
    bg_body_unref(body);
}

static void csv_knows_the_full_width_forms_of_what_begins_a_formula(void **state)
{
    static const char *const names[] = {"\xef\xbc\x9d"
                                        "1",
                                        "\xef\xbc\x8b"
                                        "1",
                                        "\xef\xbc\x8d"
                                        "1",
                                        "\xef\xbc\xa0"
                                        "1",
                                        "=",
                                        "+",
                                        "-",
                                        "@"};
    static const char *const plain[] = {"\xef\xbc\xa1"
                                        "1",
                                        "\xef\xbc\x9e"
                                        "1",
                                        "1=", "~"};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0] + sizeof plain / sizeof plain[0]; i++) {
        const bool is_formula = i < sizeof names / sizeof names[0];
        const char *name = is_formula ? names[i] : plain[i - sizeof names / sizeof names[0]];
        struct bg_body *body = render(&ranking, BG_FORMAT_CSV, json_pack("[{s:s, s:s}]", "pid", "p", "name", name), json_object());
        char cell[32];
        snprintf(cell, sizeof cell, is_formula ? "\"'%s\"" : "%s", name);
        assert_non_null(strstr(body->bytes, cell));
        assert_true(is_formula == (strchr(body->bytes, '\'') != NULL));
        bg_body_unref(body);
    }
}

static void a_long_cell_is_cut_between_characters(void **state)
{
    char name[3 * 200 + 1] = "";
    struct bg_body *body;

    (void)state;
    for (size_t i = 0; i < 200; i++)
        memcpy(name + 2 * i, "\xc3\xa9", 2);
    body = render(&ranking, BG_FORMAT_TEXT, json_pack("[{s:s, s:s}]", "pid", "p", "name", name), json_object());
    name[2 * BG_CELL_MAX] = '\0';
    const char *cell = strstr(body->bytes, name);
    assert_non_null(cell);
    assert_int_equal(strncmp(cell + strlen(name), "\xe2\x80\xa6\n", 4), 0);
    bg_body_unref(body);
}

static void the_hostile_longest_cell_fits_its_buffer(void **state)
{
    char name[5 * BG_CELL_MAX + 1], cell[BG_CELL_SIZE];
    json_t *row;

    (void)state;
    for (size_t i = 0; i + 4 <= sizeof name - 1; i += 4)
        memcpy(name + i, "\xe2\x80\xae\x1b", 4);
    name[sizeof name - 1 - (sizeof name - 1) % 4] = '\0';
    row = json_pack("{s:s}", "name", name);
    bg_cell_show(row, &columns[1], cell);
    assert_true(strlen(cell) < BG_CELL_SIZE);
    assert_int_equal(strncmp(cell, "\\xe2\\x80\\xae\\x1b", 16), 0);
    assert_string_equal(cell + strlen(cell) - 3, "\xe2\x80\xa6");
    json_decref(row);
}

static const struct bg_column wide_columns[] = {{"pid", "Pid", BG_COLUMN_TEXT, true},
                                                {"name|pid", "Name", BG_COLUMN_TEXT, true},
                                                {"one_count", "A figure with a long title", BG_COLUMN_COUNT, true},
                                                {"two_count", "Another one with a long title", BG_COLUMN_COUNT, true},
                                                {"three_count", "Sorted by", BG_COLUMN_COUNT, false},
                                                {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_endpoint wide = {.method = BG_GET, .path = "/w", .columns = wide_columns};

static json_t *wide_rows(const char *name)
{
    return json_pack("[{s:s, s:s?, s:i, s:i, s:i}]", "pid", "<0.1.0>", "name", name, "one_count", 1, "two_count", 2, "three_count", 3);
}

static void what_rows_are_sorted_by_is_shown(void **state)
{
    struct bg_body *body = render(&wide, BG_FORMAT_TEXT, wide_rows("cart"), json_pack("{s:s}", "sorted_by", "three_count"));

    (void)state;
    assert_string_equal(body->bytes, "Pid      Name  A figure with a long title  Sorted by\n"
                                     "<0.1.0>  cart                           1          3\n\n");
    bg_body_unref(body);
}

static void a_name_that_cannot_be_seen_is_quoted_as_erlang_prints_it(void **state)
{
    const enum bg_format formats[] = {BG_FORMAT_TEXT, BG_FORMAT_MD};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct bg_body *body =
            render(&wide, formats[i], json_pack("[{s:s}, {s:s}, {s:n, s:s}]", "name", "", "name", "  ", "name", "pid", "p"), json_object());
        assert_non_null(strstr(body->bytes, "''"));
        assert_non_null(strstr(body->bytes, "'  '"));
        bg_body_unref(body);
    }
}

static const struct bg_column whole_columns[] = {{"name", "Name", BG_COLUMN_TEXT, true},
                                                 {"at", "At", BG_COLUMN_WHOLE, true},
                                                 {"words", "Words", BG_COLUMN_WHOLE, true},
                                                 {"count", "Count", BG_COLUMN_COUNT, true},
                                                 {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_endpoint whole = {.method = BG_GET, .path = "/v", .columns = whole_columns};

static void times_and_sentences_are_never_cut(void **state)
{
    static const char sentence[] = "A sentence that is longer than the most that is shown of a name, and of which every word is needed";
    static const char time[] = "2026-11-23T08:00:00.123Z";
    const enum bg_format formats[] = {BG_FORMAT_TEXT, BG_FORMAT_MD};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        json_t *rows =
            json_pack("[{s:s, s:s, s:s, s:i}]", "name", "a_name_of_more_than_thirty_characters", "at", time, "words", sentence, "count", 1);
        struct bg_body *body = render(&whole, formats[i], rows, json_object());
        assert_non_null(strstr(body->bytes, time));
        assert_non_null(strstr(body->bytes, sentence));
        assert_non_null(strstr(body->bytes, "\xe2\x80\xa6")); /* names still are */
        bg_body_unref(body);
    }
}

static const struct bg_column sentence_columns[] = {
    {"name", "Name", BG_COLUMN_WHOLE, true}, {"words", "Words", BG_COLUMN_WHOLE, true}, {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_endpoint sentences = {.method = BG_GET, .path = "/u", .columns = sentence_columns};

static void sentences_in_the_last_column_go_on_below(void **state)
{
    static const char sentence[] = "A sentence that is longer than what is left beside the name, and of which every word is needed";
    static const char word[] = "a_word_without_any_blank_in_it_that_is_longer_than_what_there_is_room_for";
    json_t *rows = json_pack("[{s:s, s:s}, {s:s, s:s}, {s:s, s:s}]", "name", "a_name_of_twenty_six_chars", "words", sentence, "name", "b",
                             "words", "short", "name", "c", "words", word);
    (void)state;
    struct bg_body *body = render(&sentences, BG_FORMAT_TEXT, json_incref(rows), json_object());
    assert_string_equal(body->bytes, "Name                        Words\n"
                                     "a_name_of_twenty_six_chars  A sentence that is longer than what is left beside\n"
                                     "                            the name, and of which every word is needed\n"
                                     "b                           short\n"
                                     "c                           "
                                     "a_word_without_any_blank_in_it_that_is_longer_than_what_there_is_room_for\n\n");
    bg_body_unref(body);
    body = render(&sentences, BG_FORMAT_MD, rows, json_object());
    assert_non_null(strstr(body->bytes, "than what is left beside the name, and")); /* a row of Markdown is one line */
    bg_body_unref(body);
}

static const struct bg_column relation_columns[] = {{"direction", "Direction", BG_COLUMN_TEXT, true},
                                                    {"count", "Entries", BG_COLUMN_COUNT, true},
                                                    {"peer", "Peer", BG_COLUMN_TEXT, true},
                                                    {"node", "Node", BG_COLUMN_TEXT, true},
                                                    {"name", "Name", BG_COLUMN_TEXT, true},
                                                    {"total", "Total", BG_COLUMN_COUNT, true},
                                                    {NULL, NULL, BG_COLUMN_TEXT, false}};
static const struct bg_endpoint relations = {.method = BG_GET, .path = "/r", .columns = relation_columns};

static void the_first_figure_stays_where_nothing_else_is_what_the_table_is_about(void **state)
{
    static const char long_text[] = "a_text_of_more_than_twenty_characters";
    const enum bg_format formats[] = {BG_FORMAT_TEXT, BG_FORMAT_MD};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        json_t *rows = json_pack("[{s:s, s:i, s:s, s:s, s:s, s:i}]", "direction", "monitored_by", "count", 2042, "peer", long_text, "node",
                                 long_text, "name", long_text, "total", 7);
        struct bg_body *body = render(&relations, formats[i], rows, json_object());
        assert_non_null(strstr(body->bytes, "Entries"));
        assert_non_null(strstr(body->bytes, "2,042"));
        assert_null(strstr(body->bytes, "Total"));
        bg_body_unref(body);
    }
}

static void text_is_cut_so_that_the_table_fits(void **state)
{
    struct bg_body *body = render(&wide, BG_FORMAT_TEXT, wide_rows("a_name_of_more_than_thirty_characters"), json_object());
    const char *end = strchr(body->bytes, '\n');

    (void)state;
    assert_int_equal(end - body->bytes, BG_TABLE_WIDTH - 6); /* the second figure has no room, all of the name has */
    bg_body_unref(body);
    body = render(&wide, BG_FORMAT_TEXT, wide_rows("a_name_of_sixty_characters_and_so_many_that_it_has_to_be_cut"), json_object());
    assert_int_equal(strchr(body->bytes, '\n') - body->bytes, BG_TABLE_WIDTH);
    assert_non_null(strstr(body->bytes, "_so_many_tha\xe2\x80\xa6  "));
    bg_body_unref(body);
}

/* A terminal gives wide characters two columns, and none to what is drawn over the one before it. */
static void wide_characters_keep_their_columns(void **state)
{
    static const struct {
        const char *name, *shown;
    } cases[] = {
        {"\xe6\xb3\xa8\xe6\x96\x87", "\xe6\xb3\xa8\xe6\x96\x87  "}, /* two CJK characters, of four columns */
        {"\xf0\x9f\x94\xa5up", "\xf0\x9f\x94\xa5up  "},             /* an emoji and two letters */
        {"e\xcc\x81\xcc\x82"
         "abc",
         "e\xcc\x81\xcc\x82"
         "abc  "}, /* a letter with two accents over it */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bg_body *body = render(&wide, BG_FORMAT_TEXT, wide_rows(cases[i].name), json_object());
        const char *title = strstr(body->bytes, "Name");
        char *row = strchr(body->bytes, '\n') + 1, *cell = strstr(row, cases[i].shown);
        assert_non_null(cell);
        assert_int_equal(title - body->bytes, cell - row); /* as wide as the title, so what follows is where it is there */
        assert_memory_equal(title + strlen("Name"), "  ", 2);
        *strchr(row, '\n') = '\0';
        row[-1] = '\0';
        assert_int_equal(bg_text_width(row), bg_text_width(body->bytes)); /* the last column is a figure, to the right */
        bg_body_unref(body);
    }
    struct bg_body *body = render(&wide, BG_FORMAT_TEXT,
                                  wide_rows("\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96"
                                            "\x87\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96\x87"
                                            "\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96"
                                            "\x87\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96\x87"
                                            "\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96"
                                            "\x87\xe6\xb3\xa8\xe6\x96\x87\xe6\xb3\xa8\xe6\x96\x87"),
                                  json_object());
    char *row = strchr(body->bytes, '\n') + 1;
    *strchr(row, '\n') = '\0';
    assert_in_range(bg_text_width(row), BG_TABLE_WIDTH - 1, BG_TABLE_WIDTH);
    assert_non_null(strstr(row, "\xe2\x80\xa6"));
    bg_body_unref(body);
}

static void what_has_no_name_is_shown_by_its_other_column(void **state)
{
    struct bg_body *body = render(&wide, BG_FORMAT_TEXT, wide_rows(NULL), json_object());

    (void)state;
    assert_non_null(strstr(body->bytes, "\n<0.1.0>  <0.1.0>  "));
    bg_body_unref(body);
    body = render(&wide, BG_FORMAT_CSV, wide_rows(NULL), json_object());
    assert_string_equal(body->bytes, "pid,name,one_count,two_count,three_count\r\n<0.1.0>,,1,2,3\r\n");
    bg_body_unref(body);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_an_aligned_table),
        cmocka_unit_test(md_is_a_table),
        cmocka_unit_test(rates_are_shown_where_there_are_any),
        cmocka_unit_test(what_rows_are_sorted_by_is_shown),
        cmocka_unit_test(a_name_that_cannot_be_seen_is_quoted_as_erlang_prints_it),
        cmocka_unit_test(times_and_sentences_are_never_cut),
        cmocka_unit_test(sentences_in_the_last_column_go_on_below),
        cmocka_unit_test(the_first_figure_stays_where_nothing_else_is_what_the_table_is_about),
        cmocka_unit_test(text_is_cut_so_that_the_table_fits),
        cmocka_unit_test(wide_characters_keep_their_columns),
        cmocka_unit_test(what_has_no_name_is_shown_by_its_other_column),
        cmocka_unit_test(csv_has_every_column_and_raw_numbers),
        cmocka_unit_test(ndjson_is_one_whole_row_a_line),
        cmocka_unit_test(an_object_is_a_row_for_each_member),
        cmocka_unit_test(hostile_text_is_harmless_in_every_format),
        cmocka_unit_test(md_cannot_be_given_markup),
        cmocka_unit_test(csv_cannot_be_given_a_formula_or_a_field),
        cmocka_unit_test(csv_knows_the_full_width_forms_of_what_begins_a_formula),
        cmocka_unit_test(a_long_cell_is_cut_between_characters),
        cmocka_unit_test(the_hostile_longest_cell_fits_its_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
