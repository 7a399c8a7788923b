/* binaries.c: .../binaries, processes that refer to large binaries, and POST .../binaries/collect, which collects the garbage of a few.
 */
#include "endpoints.h"
#include "listing.h"
#include "params.h"
#include "print.h"
#include "resources.h"
#include "rows.h"
#include "scan.h"

#define BODY_MAX_BYTES 64
#define COLLECT_WAIT_MS 1000 /* the question waits this long for each process, which may be in a long native call */

static json_t *process_new(struct bg_shaper *shaper, const json_t *raw)
{
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "pid", bg_text_or_null(bg_answer_pid(shaper, raw, "pid")));
    bg_put_identity(shaper, row, raw);
    return row;
}

static json_t *binaries_row_new(struct bg_shaper *shaper, const json_t *raw, int64_t word_bytes)
{
    static const struct bg_field fields[] = {
        {"referred_bytes", "referred_bytes", BG_FIELD_COUNT},
        {"binary_bytes", "binary_bytes", BG_FIELD_COUNT_OR_NULL},
        {"sole_binary_bytes", "sole_binary_bytes", BG_FIELD_COUNT_OR_NULL},
        {"binary_count", "binary_count", BG_FIELD_COUNT_OR_NULL},
        {"binary_references_count", "binary_references_count", BG_FIELD_COUNT_OR_NULL},
        {"memory", "memory_bytes", BG_FIELD_COUNT},
        {"message_queue_len", "message_queue_len", BG_FIELD_COUNT},
        {"minor_gcs_count", "minor_gcs_count", BG_FIELD_COUNT_OR_NULL},
        {"fullsweep_after_count", "fullsweep_after_count", BG_FIELD_COUNT_OR_NULL},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    json_t *row = process_new(shaper, raw);
    bg_put(shaper, row, "application", bg_name_new(shaper, raw, "application"));
    bg_put_fields(shaper, row, raw, fields);
    const int64_t words = bg_answer_count(shaper, raw, "total_heap_size");
    bg_put(shaper, row, "total_heap_bytes", json_integer(bg_bytes_of_words(words, word_bytes)));
    bg_put(shaper, row, "exact", json_boolean(bg_answer_boolean(shaper, raw, "exact")));
    return row;
}

/* Binaries that no process refers to: at least the result, since a binary counts once for each process that refers to it. -1: not known. */
static int64_t unreferred_bytes(struct bg_shaper *shaper, const json_t *answer, int64_t memory)
{
    const int64_t words = bg_answer_count_or(shaper, answer, "referred_words", -1);
    const int64_t referred = bg_bytes_of_words(words, bg_answer_count(shaper, answer, "word_bytes"));
    return words < 0 || memory < 0 ? -1 : memory > referred ? memory - referred : 0;
}

void bg_binaries_describe(struct bg_shaper *shaper, const json_t *answer, size_t size, char *ret_line)
{
    const int64_t memory = bg_answer_count_or(shaper, answer, "binary_memory_bytes", -1);
    const int64_t unreferred = unreferred_bytes(shaper, answer, memory);
    json_t *whole = bg_count_or_null(memory), *part = bg_count_or_null(unreferred);
    struct bg_text text;
    bg_text_init(&text, ret_line, size);
    bg_text_add(&text, "Of ");
    bg_text_add_figure(&text, whole, "bytes");
    bg_text_add(&text, " in large binaries, ");
    if (unreferred > memory / 20) {
        bg_text_add_figure(&text, part, "bytes");
        bg_text_add(&text, " at least are referred to by no process: ETS tables, socket buffers or messages that wait hold them.");
    } else {
        bg_text_add(&text, unreferred < 0 ? "it is not known how much no process refers to." : "processes refer to all or nearly all.");
    }
    json_decref(whole);
    json_decref(part);
}

static void put_memory(struct bg_ask *ask, const json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const int64_t memory = bg_answer_count_or(shaper, answer, "binary_memory_bytes", -1);
    char line[200];
    bg_binaries_describe(shaper, answer, sizeof line, line);
    ask->figures = bg_object_new(shaper);
    bg_put(shaper, ask->figures, "binary_memory_bytes", bg_count_or_null(memory));
    bg_put(shaper, ask->figures, "unreferred_bytes", bg_count_or_null(unreferred_bytes(shaper, answer, memory)));
    bg_put(shaper, ask->figures, "summary", json_string(line));
}

static void shape_binaries(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *raws = bg_answer_array(shaper, answer, "rows");
    const int64_t word_bytes = bg_answer_count(shaper, answer, "word_bytes");
    const size_t limit = (size_t)bg_call_integer(ask->call, "limit");
    bool exact = true;
    ask->data = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raws) && i < limit && !shaper->failed; i++) {
        const json_t *raw = bg_answer_object_at(shaper, raws, i);
        exact = exact && json_is_true(json_object_get(raw, "exact"));
        bg_append(shaper, ask->data, binaries_row_new(shaper, raw, word_bytes));
    }
    ask->sorted_by = "referred_bytes";
    ask->is_ranking = true;
    ask->ranking = (struct bg_ranking){
        .process_count = bg_answer_count(shaper, answer, "process_count"),
        .scanned_count = bg_answer_count(shaper, answer, "scanned_count"),
        .skipped_count = bg_scan_skipped(ask, answer),
        .returned_count = json_array_size(ask->data),
    };
    ask->ranking.exact = exact && ask->ranking.skipped_count == 0;
    ask->ranking.truncated = ask->ranking.scanned_count > (int64_t)ask->ranking.returned_count;
    put_memory(ask, answer);
}

static void ask_binaries(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send(ask, bg_arguments_binaries(&ask->shaper, bg_call_integer(ask->call, "limit")), shape_binaries);
}

static void handle_binaries(struct bg_call *call)
{
    bg_ask_run(call, ask_binaries);
}

static json_t *collected_row_new(struct bg_shaper *shaper, const json_t *raw)
{
    static const struct bg_field fields[] = {
        {"outcome", "outcome", BG_FIELD_TEXT},
        {"referred_before_bytes", "referred_before_bytes", BG_FIELD_COUNT},
        {"referred_after_bytes", "referred_after_bytes", BG_FIELD_COUNT},
        {"memory_before_bytes", "memory_before_bytes", BG_FIELD_COUNT},
        {"memory_after_bytes", "memory_after_bytes", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    json_t *row = process_new(shaper, raw);
    bg_put_fields(shaper, row, raw, fields);
    const int64_t before = bg_answer_count(shaper, raw, "referred_before_bytes");
    const int64_t after = bg_answer_count(shaper, raw, "referred_after_bytes");
    bg_put(shaper, row, "freed_bytes", json_integer(before - after)); /* negative if the process made more meanwhile */
    return row;
}

static void shape_collected(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *raws = bg_answer_array(shaper, answer, "rows");
    const int64_t before = bg_answer_count_or(shaper, answer, "binary_memory_before_bytes", -1);
    const int64_t after = bg_answer_count_or(shaper, answer, "binary_memory_after_bytes", -1);
    json_t *processes = bg_array_new(shaper);
    (void)bg_scan_skipped(ask, answer); /* the answer names the processes that were skipped */
    for (size_t i = 0; i < json_array_size(raws) && !shaper->failed; i++)
        bg_append(shaper, processes, collected_row_new(shaper, bg_answer_object_at(shaper, raws, i)));
    ask->data = bg_object_new(shaper);
    bg_put(shaper, ask->data, "binary_memory_before_bytes", bg_count_or_null(before));
    bg_put(shaper, ask->data, "binary_memory_after_bytes", bg_count_or_null(after));
    bg_put(shaper, ask->data, "freed_bytes", before < 0 || after < 0 ? json_null() : json_integer(before - after));
    bg_put(shaper, ask->data, "processes", processes);
}

static void ask_collect(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    const int64_t limit = bg_call_integer(ask->call, "limit"), more_ms = (limit + 1) * COLLECT_WAIT_MS;
    json_t *body = bg_call_body(ask->call);
    if (body != NULL && (!json_is_object(body) || json_object_size(body) > 0))
        bg_ask_refuse(ask, json_is_object(body) ? json_object_iter_key(json_object_iter(body)) : "body",
                      "is not known here; the body must be empty, or an empty object");
    ask->deadline_us += more_ms * 1000;
    bg_call_extend(ask->call, more_ms);
    bg_ask_send(ask, bg_arguments_collect(&ask->shaper, limit, bg_call_integer(ask->call, "heap_max_bytes")), shape_collected);
}

static void handle_collect(struct bg_call *call)
{
    bg_ask_run(call, ask_collect);
}

static json_t *collected_rows(const json_t *data)
{
    return json_incref(json_object_get(data, "processes"));
}

static const struct bg_param params[] = {BG_NODE_PARAM, BG_LISTING_LIMIT_PARAM("processes"), BG_MAX_AGE_PARAM, BG_TIMEOUT_PARAM,
                                         BG_PARAMS_END};

static const struct bg_param collect_params[] = {
    BG_NODE_PARAM,
    {.name = "limit",
     .type = BG_PARAM_INTEGER,
     .min = 1,
     .max = 20,
     .fallback = "5",
     .summary = "How many processes at most, those that refer to most"},
    {.name = "heap_max_bytes",
     .type = BG_PARAM_INTEGER,
     .min = 0,
     .max = 1073741824,
     .fallback = "67108864",
     .summary = "Leave processes with larger heaps alone: a collection copies the heap"},
    {.name = "max_age_ms",
     .type = BG_PARAM_INTEGER,
     .min = 0,
     .max = 600000,
     .fallback = "0",
     .summary = "How old a collection with the same limits may be; 0 collects anew"},
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"pid", "Pid", BG_COLUMN_TEXT, true},
    {"name", "Name", BG_COLUMN_TEXT, true},
    {"registered_name", "Registered name", BG_COLUMN_TEXT, false},
    {"label", "Label", BG_COLUMN_TEXT, false},
    {"initial_call.text", "Initial call", BG_COLUMN_TEXT, false},
    {"application", "Application", BG_COLUMN_TEXT, false},
    {"referred_bytes", "Refers to", BG_COLUMN_BYTES, true},
    {"binary_bytes", "Binaries", BG_COLUMN_BYTES, true},
    {"sole_binary_bytes", "Its own only", BG_COLUMN_BYTES, false},
    {"binary_count", "Count", BG_COLUMN_COUNT, true},
    {"binary_references_count", "References", BG_COLUMN_COUNT, false},
    {"total_heap_bytes", "Heap", BG_COLUMN_BYTES, true},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, false},
    {"message_queue_len", "Queue", BG_COLUMN_COUNT, false},
    {"minor_gcs_count", "Minor collections", BG_COLUMN_COUNT, false},
    {"fullsweep_after_count", "Full sweep after", BG_COLUMN_COUNT, false},
    {"exact", "Exact", BG_COLUMN_TEXT, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

static const struct bg_column collect_columns[] = {
    {"pid", "Pid", BG_COLUMN_TEXT, true},
    {"name", "Name", BG_COLUMN_TEXT, true},
    {"registered_name", "Registered name", BG_COLUMN_TEXT, false},
    {"label", "Label", BG_COLUMN_TEXT, false},
    {"initial_call.text", "Initial call", BG_COLUMN_TEXT, false},
    {"outcome", "Outcome", BG_COLUMN_TEXT, true},
    {"freed_bytes", "Freed", BG_COLUMN_BYTES, true},
    {"referred_before_bytes", "Before", BG_COLUMN_BYTES, true},
    {"referred_after_bytes", "After", BG_COLUMN_BYTES, true},
    {"memory_before_bytes", "Memory before", BG_COLUMN_BYTES, false},
    {"memory_after_bytes", "Memory after", BG_COLUMN_BYTES, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_binaries_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/binaries",
     .scope = BG_SCOPE_READ,
     .operation = "listBinaries",
     .summary = "The processes that refer to most bytes of large binaries, beside their heaps; no garbage is collected",
     .params = params,
     .columns = columns,
     .handler = handle_binaries},
    {.method = BG_POST,
     .path = "/api/v1/nodes/{node}/binaries/collect",
     .scope = BG_SCOPE_ADMIN,
     .operation = "collectBinaries",
     .summary = "Collects the garbage of the few processes that refer to most bytes of large binaries, and reports what that freed",
     .params = collect_params,
     .columns = collect_columns,
     .rows = collected_rows,
     .body_max_bytes = BODY_MAX_BYTES,
     .handler = handle_collect},
    {.path = NULL},
};
