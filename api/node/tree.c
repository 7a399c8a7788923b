/* tree.c: GET .../applications/{application}/tree, the processes of one application, and which of them started which. */
#include "endpoints.h"
#include "listing.h"
#include "params.h"
#include "rows.h"

#include <string.h>

static json_t *row_new(struct bg_shaper *shaper, const json_t *raw, int64_t word_bytes)
{
    static const struct bg_field fields[] = {
        {"depth", "depth_count", BG_FIELD_COUNT},
        {"children_count", "children_count", BG_FIELD_COUNT},
        {"memory", "memory_bytes", BG_FIELD_COUNT_OR_NULL}, /* not requested if the mailbox is long */
        {"message_queue_len", "message_queue_len", BG_FIELD_COUNT},
        {NULL, NULL, BG_FIELD_COUNT},
    };
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "pid", bg_text_or_null(bg_answer_pid(shaper, raw, "pid")));
    bg_put(shaper, row, "parent", bg_text_or_null(bg_answer_pid_or_null(shaper, raw, "parent")));
    bg_put_identity(shaper, row, raw);
    bg_put(shaper, row, "current_function", bg_mfa_new(shaper, json_object_get(raw, "current_function"), "current_function"));
    bg_put(shaper, row, "supervisor", json_boolean(bg_answer_boolean(shaper, raw, "supervisor")));
    bg_put_fields(shaper, row, raw, fields);
    const int64_t words = bg_answer_count_or(shaper, raw, "total_heap_size", -1);
    bg_put(shaper, row, "total_heap_bytes", bg_count_or_null(words < 0 ? -1 : bg_bytes_of_words(words, word_bytes)));
    return row;
}

/* Whether the application runs; else the call fails. */
static bool is_running(struct bg_ask *ask, const json_t *answer)
{
    const char *found = json_string_value(json_object_get(answer, "found")), *name = bg_call_text(ask->call, "application");
    if (found == NULL)
        bg_shaper_fail(&ask->shaper, BG_BAD_ANSWER, "the node's answer to \"tree\" cannot be understood: \"found\" is missing");
    else if (strcmp(found, "unknown") == 0)
        bg_shaper_fail(&ask->shaper, BG_NOT_FOUND, "no application %.200s is loaded on the node", name);
    else if (strcmp(found, "stopped") == 0)
        bg_shaper_fail(&ask->shaper, BG_UNSUPPORTED, "the application %.200s is loaded, but has no processes: it is not running", name);
    return !ask->shaper.failed;
}

static void shape_tree(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    if (!is_running(ask, answer))
        return;
    const json_t *raws = bg_answer_array(shaper, answer, "rows");
    const int64_t word_bytes = bg_answer_count(shaper, answer, "word_bytes"), members = bg_answer_count(shaper, answer, "member_count");
    ask->data = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raws) && !shaper->failed; i++)
        bg_append(shaper, ask->data, row_new(shaper, bg_answer_object_at(shaper, raws, i), word_bytes));
    bg_listing_put_figures(ask, "member_count", members, 0, members > (int64_t)json_array_size(ask->data));
}

static void ask_tree(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send(ask,
                bg_arguments_tree(&ask->shaper, bg_call_text(ask->call, "application"), bg_call_integer(ask->call, "limit"),
                                  bg_call_integer(ask->call, "depth")),
                shape_tree);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_tree);
}

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    {.name = "application", .type = BG_PARAM_TEXT, .min = 1, .max = 255, .summary = "The application's name"},
    {.name = "limit",
     .type = BG_PARAM_INTEGER,
     .min = 1,
     .max = 1000,
     .fallback = "200",
     .summary = "How many processes at most, those nearest to the root"},
    {.name = "depth", .type = BG_PARAM_INTEGER, .min = 1, .max = 50, .fallback = "10", .summary = "How many generations at most"},
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"depth_count", "Depth", BG_COLUMN_COUNT, true},
    {"pid", "Pid", BG_COLUMN_TEXT, true},
    {"parent", "Parent", BG_COLUMN_TEXT, true},
    {"name", "Name", BG_COLUMN_TEXT, true},
    {"registered_name", "Registered name", BG_COLUMN_TEXT, false},
    {"label", "Label", BG_COLUMN_TEXT, false},
    {"initial_call.text", "Initial call", BG_COLUMN_TEXT, false},
    {"current_function.text", "Current function", BG_COLUMN_TEXT, false},
    {"supervisor", "Supervisor", BG_COLUMN_TEXT, false},
    {"children_count", "Children", BG_COLUMN_COUNT, true},
    {"memory_bytes", "Memory", BG_COLUMN_BYTES, true},
    {"total_heap_bytes", "Heap", BG_COLUMN_BYTES, false},
    {"message_queue_len", "Queue", BG_COLUMN_COUNT, true},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_tree_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/applications/{application}/tree",
     .scope = BG_SCOPE_READ,
     .operation = "getApplicationTree",
     .summary = "The processes of one application in the order of a tree of who started whom; no supervisor is asked",
     .params = params,
     .columns = columns,
     .handler = handle},
    {.path = NULL},
};
