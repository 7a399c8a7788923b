/* applications.c: GET .../applications, what the processes of each application use; group leaders show which application that is. */
#include "endpoints.h"
#include "listing.h"
#include "params.h"
#include "scan.h"

#include <string.h>

static json_t *row_new(struct bg_shaper *shaper, const json_t *raw, int64_t word_bytes)
{
    static const struct bg_field fields[] = {
        {"process_count", "process_count", BG_FIELD_COUNT},
        {"memory_bytes", "memory_bytes", BG_FIELD_COUNT},
        {"message_queue_len", "message_queue_len", BG_FIELD_COUNT},
        {"reductions_count", "reductions_count", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "application", bg_name_new(shaper, raw, "name"));
    bg_put(shaper, row, "version", bg_name_new(shaper, raw, "version"));
    bg_put(shaper, row, "running", json_boolean(bg_answer_boolean(shaper, raw, "running")));
    bg_put_fields(shaper, row, raw, fields);
    const int64_t words = bg_answer_count(shaper, raw, "total_heap_words");
    bg_put(shaper, row, "total_heap_bytes", json_integer(bg_bytes_of_words(words, word_bytes)));
    return row;
}

/* In the order of the sort keys. */
static const char *const sort_keys[] = {"memory", "processes", "total_heap", "message_queue_len", "reductions", NULL};
static const char *const sort_fields[] = {"memory_bytes", "process_count", "total_heap_bytes", "message_queue_len", "reductions_count"};

static const char *sort_field(const char *key)
{
    size_t i = 0;
    while (strcmp(sort_keys[i], key) != 0)
        i++;
    return sort_fields[i];
}

static void shape_applications(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *raws = bg_answer_array(shaper, answer, "rows");
    const int64_t word_bytes = bg_answer_count(shaper, answer, "word_bytes");
    const int64_t applications = bg_answer_count(shaper, answer, "application_count");
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit");
    ask->data = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raws) && i < limit && !shaper->failed; i++)
        bg_append(shaper, ask->data, row_new(shaper, bg_answer_object_at(shaper, raws, i), word_bytes));
    ask->sorted_by = sort_field(bg_call_text(ask->call, "sort"));
    ask->is_ranking = true;
    ask->ranking = (struct bg_ranking){
        .process_count = bg_answer_count(shaper, answer, "process_count"),
        .scanned_count = bg_answer_count(shaper, answer, "scanned_count"),
        .skipped_count = bg_scan_skipped(ask, answer),
        .returned_count = json_array_size(ask->data),
        .truncated = applications > (int64_t)json_array_size(ask->data),
    };
    ask->ranking.exact = ask->ranking.skipped_count == 0;
}

static void ask_applications(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send(ask, bg_arguments_applications(&ask->shaper, bg_call_text(ask->call, "sort"), bg_call_integer(ask->call, "limit")),
                shape_applications);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_applications);
}

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "sort", .type = BG_PARAM_ENUM, .choices = sort_keys, .fallback = "memory", .summary = "What to rank by"},
    BG_LISTING_LIMIT_PARAM("applications"),
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"application", "Application", BG_COLUMN_TEXT, true},
    {"version", "Version", BG_COLUMN_TEXT, true},
    {"running", "Running", BG_COLUMN_TEXT, false},
    {"process_count", "Processes", BG_COLUMN_COUNT, true},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, true},
    {"total_heap_bytes", "Heap", BG_COLUMN_BYTES, false},
    {"message_queue_len", "Queue", BG_COLUMN_COUNT, true},
    {"reductions_count", "Reductions", BG_COLUMN_COUNT, true},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_applications_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/applications",
     .scope = BG_SCOPE_READ,
     .operation = "listApplications",
     .summary = "The loaded applications and what the processes of each hold; the one without a name is all processes of none",
     .params = params,
     .columns = columns,
     .handler = handle},
    {.path = NULL},
};
