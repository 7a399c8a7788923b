/* process.c: GET .../processes/{pid}, all that can be reported about one process without disturbing it. */
#include "process.h"
#include "arguments.h"
#include "endpoints.h"
#include "flatten.h"
#include "memory_blocks.h"
#include "params.h"
#include "rows.h"
#include "scan.h"
#include "uncounted.h"

#include "beamgauge/text.h"

#include <inttypes.h>
#include <string.h>

static void tell_owner(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const char *pid = bg_call_text(ask->call, "pid");
    json_t *owner = bg_name_new(shaper, answer, "node");
    if (json_is_string(owner))
        bg_shaper_fail(shaper, BG_NOT_FOUND,
                       "the process %s belongs to the node %s, and not to %s; ask that node, where it begins with <0.", pid,
                       json_string_value(owner), ask->node);
    else
        bg_shaper_fail(shaper, BG_NOT_FOUND, "no process %s is on %s, whose own begin with <0., nor on any node that it knows", pid,
                       ask->node);
    json_decref(owner);
}

bool bg_process_is_own(struct bg_ask *ask)
{
    struct bg_shaper *shaper = &ask->shaper;
    const char *pid = bg_call_text(ask->call, "pid");
    if (shaper->failed || strncmp(pid, "<0.", 3) == 0)
        return !shaper->failed;
    bg_ask_send(ask, bg_arguments_process(shaper, "owner", pid), tell_owner);
    return false;
}

bool bg_process_is_dead(struct bg_shaper *shaper, const json_t *process, const char *pid)
{
    if (bg_answer_boolean_or(shaper, process, "dead", false))
        bg_shaper_fail(shaper, BG_PROCESS_DEAD, "the process %s is not alive", pid);
    return shaper->failed;
}

/* The file and line of a frame: the emulator reports a list of pairs, and a question has already extracted them. */
json_t *bg_frame_new(struct bg_shaper *shaper, const json_t *raw, const char *key)
{
    json_t *frame = bg_mfa_new(shaper, raw, key);
    const json_t *place = json_array_get(raw, 3);
    const json_t *line = json_is_array(place) ? bg_pair_get(place, "line") : json_array_get(raw, 4);
    bg_put(shaper, frame, "file",
           json_is_array(place) ? bg_characters_new(bg_pair_get(place, "file")) : bg_text_or_null(json_string_value(place)));
    bg_put(shaper, frame, "line", json_is_integer(line) ? json_integer(json_integer_value(line)) : json_null());
    return frame;
}

static json_t *stack_new(struct bg_shaper *shaper, const json_t *answer)
{
    const json_t *raw = bg_answer_array_or_null(shaper, answer, "current_stacktrace");
    if (raw == NULL)
        return json_null();
    json_t *stack = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(raw) && !shaper->failed; i++)
        bg_append(shaper, stack, bg_frame_new(shaper, json_array_get(raw, i), "current_stacktrace"));
    return stack;
}

/* All of these are words of the process's own memory; null if the process was not asked. */
static json_t *garbage_collection_new(struct bg_shaper *shaper, const json_t *answer, int64_t word_bytes)
{
    static const char *const names[][2] = {
        {"heap_size", "heap_bytes"},
        {"heap_block_size", "heap_block_bytes"},
        {"old_heap_size", "old_heap_bytes"},
        {"old_heap_block_size", "old_heap_block_bytes"},
        {"recent_size", "recent_bytes"},
        {"mbuf_size", "message_buffers_bytes"},
        {"bin_vheap_size", "virtual_binary_heap_bytes"},
        {"bin_vheap_block_size", "virtual_binary_heap_block_bytes"},
        {"bin_old_vheap_size", "virtual_binary_old_heap_bytes"},
        {"bin_old_vheap_block_size", "virtual_binary_old_heap_block_bytes"},
    };
    const json_t *raw = bg_answer_array_or_null(shaper, answer, "garbage_collection_info"); /* it would walk a long mailbox */
    json_t *sizes = bg_object_new(shaper);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *words = bg_pair_get(raw, names[i][0]);
        const bool is_known = json_is_integer(words) && json_integer_value(words) >= 0;
        bg_put(shaper, sizes, names[i][1], bg_count_or_null(is_known ? bg_bytes_of_words(json_integer_value(words), word_bytes) : -1));
    }
    return sizes;
}

#define MESSAGE_WORDS 11 /* the least memory that a message without its content adds to its receiver, on every release */

/* The least memory off the heap that the waiting messages use. */
static int64_t mailbox_bytes(struct bg_shaper *shaper, const json_t *answer, int64_t off_heap, int64_t word_bytes)
{
    const int64_t bytes = bg_bytes_of_words(bg_answer_count(shaper, answer, "message_queue_len"), MESSAGE_WORDS * word_bytes);
    return bytes < off_heap ? bytes : off_heap;
}

/* Heap, mailbox, monitors and the rest add up to the process's memory. The part of monitors and links is the minimum for the counted
 * entries, with the node's own size of an entry. If they are not counted, it is all the memory that nothing else explains; it is null if
 * messages are most of the memory off the heap, since their content may explain it. */
static json_t *split_new(struct bg_shaper *shaper, const json_t *raw, int64_t word_bytes)
{
    static const char *const names[] = {"monitors_count", "monitored_by_count", "links_count"};
    const int64_t off_heap = bg_answer_count(shaper, raw, "off_heap_bytes"), each = bg_entry_bytes(raw, word_bytes);
    const int64_t mailbox = mailbox_bytes(shaper, raw, off_heap, word_bytes), left = off_heap - mailbox;
    int64_t entries = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const json_t *count = json_object_get(raw, names[i]);
        entries = json_is_integer(count) && entries >= 0 ? bg_sum(entries, json_integer_value(count)) : -1;
    }
    const int64_t counted = entries < 0 || each < 0 ? -1 : bg_bytes_of_words(entries, each);
    const bool is_rest = bg_is_uncounted(shaper, raw) && left >= off_heap / 2;
    const int64_t held = is_rest || counted > left ? left : counted;
    json_t *split = bg_object_new(shaper);
    bg_put(shaper, split, "heap_bytes", json_integer(bg_bytes_of_words(bg_answer_count(shaper, raw, "total_heap_size"), word_bytes)));
    bg_put(shaper, split, "off_heap_bytes", json_integer(off_heap));
    bg_put(shaper, split, "mailbox_bytes", json_integer(mailbox));
    bg_put(shaper, split, "monitors_estimate_bytes", bg_count_or_null(held));
    bg_put(shaper, split, "other_bytes", json_integer(left - (held > 0 ? held : 0)));
    return split;
}

#define NOTES_AGE_MS 60000
#define ENTRY_AGE_MS 600000 /* constant on a node */
#define PEERS 20            /* as in requests for its relations */
#define ENTRY_WORDS_MIN 5   /* a monitor or link never takes less, on any release */

/* Adds the members of a row that are computed from the node's report: the memory off the heap, and the three counts. If the lists are too
 * long to be copied for this, the counts come from `peers`, as everywhere; if that did not come in time, the process's memory is their
 * bound. */
static void complete_row(struct bg_shaper *shaper, json_t *raw, int64_t word_bytes)
{
    const int64_t off_heap =
        bg_answer_count(shaper, raw, "memory") - bg_bytes_of_words(bg_answer_count(shaper, raw, "total_heap_size"), word_bytes);
    const int64_t left = off_heap > 0 ? off_heap - mailbox_bytes(shaper, raw, off_heap, word_bytes) : 0;
    const int64_t most = word_bytes > 0 ? left / (ENTRY_WORDS_MIN * word_bytes) : 0;
    bg_put(shaper, raw, "off_heap_bytes", json_integer(off_heap > 0 ? off_heap : 0));
    bg_process_put_counts(shaper, raw, most);
}

#define LONG_MAILBOX 100000 /* messages; scans do not ask a process with more for its memory */

static void warn_walked(struct bg_ask *ask, const json_t *answer)
{
    const int64_t messages = bg_answer_count(&ask->shaper, answer, "message_queue_len");
    if (messages > LONG_MAILBOX)
        bg_ask_warn(
            ask,
            "the process has %s messages and walks them all twice to report its memory and heap, which holds up its scheduler: the answer "
            "took %" PRId64 " ms, and asking again takes it as long",
            BG_COUNT(messages), ask->rpc_us / 1000);
}

static void warn_uncounted(struct bg_ask *ask, const json_t *raw)
{
    const int64_t most = bg_uncounted_count(&ask->shaper, raw);
    if (most >= 0)
        bg_ask_warn(ask, "%s has " BG_UNCOUNTED, bg_call_text(ask->call, "pid"), BG_COUNT(most));
}

/* Members that a ranking does not have are null. */
static void put_details(struct bg_ask *ask, const json_t *raw, int64_t word_bytes)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *trap_exit = json_object_get(raw, "trap_exit"), *suspending = json_object_get(raw, "suspending");
    bg_put(shaper, ask->data, "parent", bg_text_or_null(bg_answer_pid_or_null(shaper, raw, "parent")));
    bg_put(shaper, ask->data, "group_leader", bg_text_or_null(bg_answer_pid_or_null(shaper, raw, "group_leader")));
    bg_put(shaper, ask->data, "priority", bg_name_new(shaper, raw, "priority"));
    bg_put(shaper, ask->data, "trap_exit", trap_exit != NULL ? json_boolean(bg_answer_boolean(shaper, raw, "trap_exit")) : json_null());
    bg_put(shaper, ask->data, "message_queue_data", bg_name_new(shaper, raw, "message_queue_data"));
    bg_put(shaper, ask->data, "suspending_count",
           bg_count_or_null(suspending != NULL ? (int64_t)json_array_size(bg_answer_array(shaper, raw, "suspending")) : -1));
    bg_put(shaper, ask->data, "memory_split", split_new(shaper, raw, word_bytes));
    bg_put(shaper, ask->data, "garbage_collection", garbage_collection_new(shaper, raw, word_bytes));
    bg_put(shaper, ask->data, "stack", stack_new(shaper, raw));
}

/* `raw` belongs to the call, and is not an answer that others see. */
static void shape_process(struct bg_ask *ask, json_t *raw)
{
    struct bg_shaper *shaper = &ask->shaper;
    const int64_t word_bytes = bg_answer_count(shaper, raw, "word_bytes");
    complete_row(shaper, raw, word_bytes);
    ask->data = bg_row_new(shaper, raw, NULL, word_bytes);
    put_details(ask, raw, word_bytes);
    warn_walked(ask, raw);
    warn_uncounted(ask, raw);
}

/* A process with millions of entries takes seconds to report its memory, and does nothing else meanwhile. The ranking has its earlier
 * report. */
static void shape_ranked(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const char *pid = bg_call_text(ask->call, "pid");
    const json_t *rows = bg_answer_array(shaper, answer, "rows"), *raw = NULL;
    const int64_t word_bytes = bg_answer_count(shaper, answer, "word_bytes");
    for (size_t i = 0; i < json_array_size(rows) && raw == NULL && !shaper->failed; i++) {
        const json_t *row = bg_answer_object_at(shaper, rows, i);
        const char *own = bg_answer_pid(shaper, row, "pid");
        raw = own != NULL && strcmp(own, pid) == 0 ? row : NULL;
    }
    if (raw == NULL) {
        bg_shaper_fail(shaper, BG_DEADLINE,
                       "the process %s did not answer in the %" PRId64
                       " ms that this request had in all, and no ranking had it; allow more with "
                       "timeout_ms",
                       pid, bg_call_integer(ask->call, "timeout_ms"));
        return;
    }
    ask->data = bg_row_new(shaper, raw, NULL, word_bytes);
    put_details(ask, raw, word_bytes);
    warn_uncounted(ask, raw);
}

/* The size of a process's heap decides how far its dictionary is read. */
static struct bg_arguments notes_arguments(struct bg_ask *ask)
{
    struct bg_shaper *shaper = &ask->shaper;
    const int64_t word_bytes = bg_answer_count(shaper, ask->kept, "word_bytes");
    const int64_t heap = bg_bytes_of_words(bg_answer_count(shaper, ask->kept, "total_heap_size"), word_bytes);
    return bg_arguments_notes(shaper, bg_call_text(ask->call, "pid"), heap);
}

static void take_notes(struct bg_ask *ask, json_t *answer)
{
    static const char *const keys[] = {"started_as", "label"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        json_t *note = json_object_get(answer, keys[i]);
        bg_put(&ask->shaper, ask->kept, keys[i], note != NULL ? json_incref(note) : json_null());
    }
}

static void ask_notes(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send(ask, notes_arguments(ask), take_notes);
}

/* On a node older than OTP 26.2 a process's notes are expensive to read, and they hardly change. */
static void ask_kept_notes(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send_aside(ask, notes_arguments(ask), NOTES_AGE_MS, take_notes);
}

static void take_entry(struct bg_ask *ask, json_t *answer)
{
    bg_ask_keep(ask, answer);
}

static void ask_entry(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_ask_send_aside(ask, bg_arguments_none("entry"), ENTRY_AGE_MS, take_entry);
}

#define NO_LISTS "there was no time left to ask for the entries of the process: of them only a bound is known"

static void take_lists(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *process = bg_answer_object_at(shaper, bg_answer_array(shaper, answer, "processes"), 0);
    if (!bg_process_is_dead(shaper, process, bg_call_text(ask->call, "pid")))
        bg_put(shaper, ask->kept, "peers", json_incref((json_t *)(uintptr_t)process));
}

static void ask_lists(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    struct bg_shaper *shaper = &ask->shaper;
    json_t *pids = bg_array_new(shaper);
    bg_append(shaper, pids, json_string(bg_call_text(ask->call, "pid")));
    bg_ask_excuse(ask, NO_LISTS);
    bg_ask_send(ask, bg_arguments_peers(shaper, bg_call_services(ask->call), pids, bg_process_directions, PEERS, false), take_lists);
}

static void shape_kept(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    ask->shaper.source = "process_info";
    shape_process(ask, ask->kept);
}

static void take_info(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    ask->kept = bg_process_raw_new(ask, answer, bg_call_text(ask->call, "pid"));
    if (shaper->failed)
        return;
    const enum bg_process_notes notes = bg_process_put_notes(shaper, ask->kept, answer);
    bg_ask_then(ask, shape_kept);
    if (notes != BG_NOTES_KNOWN) /* the answer comes without them if they are not available */
        bg_ask_branch(ask, ask->node, bg_ask_left_ms(ask), notes == BG_NOTES_OTHER ? ask_notes : ask_kept_notes);
    bg_ask_branch(ask, ask->node, bg_ask_left_ms(ask), ask_entry);
    if (!json_is_array(json_object_get(ask->kept, "counts")))
        bg_ask_branch(ask, ask->node, bg_ask_left_ms(ask), ask_lists);
}

static struct bg_arguments ranking(struct bg_ask *ask)
{
    return bg_arguments_scan(&ask->shaper, bg_call_services(ask->call), 1, "desc", false);
}

static void ask_process(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    if (!bg_process_is_own(ask))
        return;
    bg_ask_send_or_other(ask, bg_arguments_process(&ask->shaper, "process_info", bg_call_text(ask->call, "pid")), take_info, ranking,
                         shape_ranked);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_process);
}

static const struct bg_param params[] = {BG_NODE_PARAM, BG_PID_PARAM, BG_MAX_AGE_PARAM, BG_TIMEOUT_PARAM, BG_PARAMS_END};

const struct bg_endpoint bg_process_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/processes/{pid}",
     .scope = BG_SCOPE_READ,
     .operation = "getProcess",
     .summary = "One process: its row, where its memory is, its stack and collector",
     .params = params,
     .columns = bg_flatten_columns,
     .rows = bg_flatten_rows,
     .handler = handle},
    {.path = NULL},
};
