/* chat_formats.c: cards as Markdown, as an aligned table, as Slack's Block Kit and as Mattermost's answer. */
#include "chat_formats.h"

#include "print.h"

#include "beamgauge/sink.h"
#include "beamgauge/text.h"

#include <stdlib.h>
#include <string.h>

static const char *text_at(const json_t *array, size_t index)
{
    const char *text = json_string_value(json_array_get(array, index));
    return text != NULL ? text : "";
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text != NULL ? text : "";
}

static bool is_answer(const json_t *card)
{
    return strcmp(text_of(card, "kind"), "answer") == 0;
}

/* Text in memory that grows by whole pieces only, up to a limit. */
struct page {
    char *bytes;
    size_t length, limit;
    bool cut, failed;
};

typedef void print_piece(const json_t *card, const json_t *piece, FILE *out);

/* False: it did not fit. */
static bool page_add(struct page *page, const json_t *card, const json_t *piece, print_piece *print)
{
    char *bytes = NULL, *grown;
    size_t length = 0;
    struct bg_sink sink;
    FILE *out = page->cut || page->failed ? NULL : bg_sink_open(&sink);
    if (out == NULL)
        return page->failed = page->failed || !page->cut, false;
    print(card, piece, out);
    if (!bg_sink_end(&sink, &bytes, &length) || (grown = realloc(page->bytes, page->length + length + 1)) == NULL) {
        page->failed = true;
        free(bytes);
        return false;
    }
    page->bytes = grown;
    page->cut = page->length + length > page->limit;
    if (!page->cut) {
        memcpy(grown + page->length, bytes, length);
        page->length += length;
    }
    grown[page->length] = '\0';
    free(bytes);
    return !page->cut;
}

/* Writes a head, and as many rows as fit. Returns their number. */
static size_t page_fill(struct page *page, const json_t *card, print_piece *head, print_piece *row)
{
    const json_t *rows = json_object_get(card, "rows");
    size_t count = 0;
    if (page_add(page, card, NULL, head))
        while (count < json_array_size(rows) && page_add(page, card, json_array_get(rows, count), row))
            count++;
    return count;
}

static void print_md_head(const json_t *card, const json_t *piece, FILE *out)
{
    const json_t *columns = json_object_get(card, "columns");
    (void)piece;
    fputs(is_answer(card) ? "**" : "", out);
    bg_text_print_md(out, text_of(card, "title"));
    fputs(is_answer(card) ? "**\n" : "\n", out);
    if (json_array_size(columns) == 0)
        return;
    fputs("\n|", out);
    for (size_t i = 0; i < json_array_size(columns); i++) {
        fputc(' ', out);
        bg_text_print_md(out, text_of(json_array_get(columns, i), "title"));
        fputs(" |", out);
    }
    fputs("\n|", out);
    for (size_t i = 0; i < json_array_size(columns); i++)
        fputs(json_is_true(json_object_get(json_array_get(columns, i), "right")) ? " ---: |" : " --- |", out);
    fputc('\n', out);
}

static void print_md_row(const json_t *card, const json_t *row, FILE *out)
{
    (void)card;
    fputc('|', out);
    for (size_t i = 0; i < json_array_size(row); i++) {
        fputc(' ', out);
        bg_text_print_md(out, text_at(row, i));
        fputs(" |", out);
    }
    fputc('\n', out);
}

static void print_md_note(const json_t *card, const json_t *note, FILE *out)
{
    (void)card;
    fputc('\n', out);
    bg_text_print_md(out, json_string_value(note));
    fputc('\n', out);
}

static void print_left_out(FILE *out, const json_t *card, size_t shown)
{
    const size_t count = json_array_size(json_object_get(card, "rows"));
    if (shown < count)
        fprintf(out, "\n%zu more are left out\n", count - shown);
}

static bool write_md_up_to(const json_t *card, size_t limit, FILE *out)
{
    struct page page = {.limit = limit - 200}; /* the last line, and what JSON or the notes need to end */
    const json_t *notes = json_object_get(card, "notes");
    const size_t shown = page_fill(&page, card, print_md_head, print_md_row);
    for (size_t i = 0; i < json_array_size(notes); i++)
        (void)page_add(&page, card, json_array_get(notes, i), print_md_note);
    fputs(page.bytes != NULL ? page.bytes : "", out);
    print_left_out(out, card, shown);
    free(page.bytes);
    return !page.failed;
}

static bool write_md(const json_t *data, const json_t *meta, FILE *out)
{
    (void)meta;
    return write_md_up_to(data, BG_CHAT_MATTERMOST_MAX, out);
}

static size_t width_of(const json_t *card, size_t column)
{
    const json_t *rows = json_object_get(card, "rows");
    size_t width = bg_text_width(text_of(json_array_get(json_object_get(card, "columns"), column), "title"));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const size_t own = bg_text_width(text_at(json_array_get(rows, i), column));
        width = own > width ? own : width;
    }
    return width;
}

static void print_cell(const json_t *card, size_t column, const char *text, FILE *out)
{
    const json_t *columns = json_object_get(card, "columns");
    const bool is_right = json_is_true(json_object_get(json_array_get(columns, column), "right"));
    const bool is_last = column + 1 == json_array_size(columns);
    const int pad = (int)(width_of(card, column) - bg_text_width(text));
    fprintf(out, "%s%*s%s%*s", column > 0 ? "  " : "", is_right ? pad : 0, "", text, is_right || is_last ? 0 : pad, "");
}

static void print_text_head(const json_t *card, const json_t *piece, FILE *out)
{
    const json_t *columns = json_object_get(card, "columns");
    (void)piece;
    for (size_t i = 0; i < json_array_size(columns); i++)
        print_cell(card, i, text_of(json_array_get(columns, i), "title"), out);
    fputs(json_array_size(columns) > 0 ? "\n" : "", out);
}

static void print_text_row(const json_t *card, const json_t *row, FILE *out)
{
    for (size_t i = 0; i < json_array_size(row); i++)
        print_cell(card, i, text_at(row, i), out);
    fputc('\n', out);
}

static bool write_text(const json_t *data, const json_t *meta, FILE *out)
{
    struct page page = {.limit = BG_CHAT_MATTERMOST_MAX};
    const json_t *notes = json_object_get(data, "notes");
    (void)meta;
    fprintf(out, "%s\n", text_of(data, "title"));
    const size_t shown = page_fill(&page, data, print_text_head, print_text_row);
    fputs(page.bytes != NULL ? page.bytes : "", out);
    print_left_out(out, data, shown);
    for (size_t i = 0; i < json_array_size(notes); i++)
        fprintf(out, "%s\n", text_at(notes, i));
    free(page.bytes);
    return !page.failed;
}

/* Slack asks for these three only; a backtick would end the block of a table. */
static void print_slack(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else
            fputc(*text == '`' ? '\'' : *text, out);
    }
}

static void print_slack_piece(const json_t *card, const json_t *piece, FILE *out, print_piece *print)
{
    char *plain = NULL;
    size_t length = 0;
    struct bg_sink sink;
    FILE *aligned = bg_sink_open(&sink);
    if (aligned == NULL)
        return;
    print(card, piece, aligned);
    if (bg_sink_end(&sink, &plain, &length))
        print_slack(out, plain);
    free(plain);
}

static void print_slack_head(const json_t *card, const json_t *piece, FILE *out)
{
    print_slack_piece(card, piece, out, print_text_head);
}

static void print_slack_row(const json_t *card, const json_t *row, FILE *out)
{
    print_slack_piece(card, row, out, print_text_row);
}

static void print_slack_title(const json_t *card, const json_t *piece, FILE *out)
{
    (void)piece;
    print_slack(out, text_of(card, "title"));
}

static void print_slack_note(const json_t *card, const json_t *note, FILE *out)
{
    (void)card;
    print_slack(out, json_string_value(note));
    fputc('\n', out);
}

static json_t *section_new(const char *before, const char *text, const char *after)
{
    return json_pack("{s:s, s:{s:s, s:s++}}", "type", "section", "text", "type", "mrkdwn", "text", before, text, after);
}

static json_t *table_section(const json_t *card, bool *failed)
{
    struct page page = {.limit = BG_CHAT_SLACK_MAX - 100};
    char left_out[60] = "```";
    const size_t count = json_array_size(json_object_get(card, "rows"));
    const size_t shown = page_fill(&page, card, print_slack_head, print_slack_row);
    if (shown < count)
        (void)snprintf(left_out, sizeof left_out, "```\n%zu more are left out", count - shown);
    json_t *section = page.failed ? NULL : section_new("```\n", page.bytes, left_out);
    *failed = section == NULL;
    free(page.bytes);
    return section;
}

static json_t *notes_block(const json_t *card, bool *failed)
{
    struct page page = {.limit = 1900};
    const json_t *notes = json_object_get(card, "notes");
    for (size_t i = 0; i < json_array_size(notes); i++)
        (void)page_add(&page, card, json_array_get(notes, i), print_slack_note);
    json_t *block = page.failed ? NULL
                                : json_pack("{s:s, s:[{s:s, s:s}]}", "type", "context", "elements", "type", "mrkdwn", "text",
                                            page.bytes != NULL ? page.bytes : "");
    *failed = block == NULL;
    free(page.bytes);
    return block;
}

static bool write_slack(const json_t *data, const json_t *meta, FILE *out)
{
    struct page title = {.limit = 2000};
    json_t *blocks = json_array(), *message;
    const char *type = is_answer(data) ? "in_channel" : "ephemeral", *mark = is_answer(data) ? "*" : "";
    bool failed = !page_add(&title, data, NULL, print_slack_title) || blocks == NULL, done;
    (void)meta;
    if (!failed)
        failed = json_array_append_new(blocks, section_new(mark, title.bytes, mark)) != 0;
    if (!failed && json_array_size(json_object_get(data, "rows")) > 0)
        failed = json_array_append_new(blocks, table_section(data, &failed)) != 0;
    if (!failed && json_array_size(json_object_get(data, "notes")) > 0)
        failed = json_array_append_new(blocks, notes_block(data, &failed)) != 0;
    message = failed ? NULL : json_pack("{s:s, s:s, s:O}", "response_type", type, "text", title.bytes, "blocks", blocks);
    done = message != NULL && json_dumpf(message, out, JSON_COMPACT | JSON_ENSURE_ASCII) == 0;
    json_decref(message);
    json_decref(blocks);
    free(title.bytes);
    return done;
}

static bool write_mattermost(const json_t *data, const json_t *meta, FILE *out)
{
    char *text = NULL;
    size_t length = 0;
    struct bg_sink sink;
    FILE *md = bg_sink_open(&sink);
    bool done = md != NULL && write_md_up_to(data, BG_CHAT_MATTERMOST_MAX, md);
    json_t *message = NULL;
    (void)meta;
    if (md != NULL && bg_sink_end(&sink, &text, &length) && done)
        message = json_pack("{s:s, s:s}", "response_type", is_answer(data) ? "in_channel" : "ephemeral", "text", text);
    done = message != NULL && json_dumpf(message, out, JSON_COMPACT | JSON_ENSURE_ASCII) == 0;
    json_decref(message);
    free(text);
    return done;
}

const struct bg_representation bg_chat_representations[] = {
    {"md", "text/markdown; charset=utf-8", write_md},
    {"text", "text/plain; charset=utf-8", write_text},
    {"json", "application/json", NULL},
    {NULL, NULL, NULL},
};

const struct bg_representation bg_slack_representations[] = {{"slack", "application/json", write_slack}, {NULL, NULL, NULL}};
const struct bg_representation bg_mattermost_representations[] = {{"mattermost", "application/json", write_mattermost}, {NULL, NULL, NULL}};
