/* traffic.c: the traffic of a link that is up: questions out, answers in, ticks both ways. */
#include "link.h"

#include "atom_cache.h"
#include "control.h"
#include "framing.h"

#include <assert.h>
#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TIMEOUT_MAX_MS (24 * 3600 * 1000)
#define SERVER_TIMEOUT_US 2000000 /* the timeout of a question to the server of a node with a full process table */
#define SILENT_TICKS 4            /* ticks of ours: a peer that is silent for so many is lost */

static struct bg_pid own_pid(const struct bg_link *link, uint32_t id)
{
    return bg_inquiry_pid(link->shared->options.own_name, link->shared->creation, id);
}

static struct bg_outgoing outgoing(const struct bg_link *link)
{
    return (struct bg_outgoing){.buffer = link->out, .cache = link->handshake.has_atom_cache ? link->atom_cache : NULL};
}

static struct bg_slice node_name(const struct bg_link *link)
{
    return (struct bg_slice){.bytes = (const uint8_t *)link->settings.name, .length = strlen(link->settings.name)};
}

/* More bytes wait than all questions of a full table at their largest. A slot of the table becomes free only after the node has read the
 * question, so a normal node never reaches this. */
static bool out_is_full(const struct bg_link *link)
{
    return evbuffer_get_length(link->out) > link->inquiries.max * (BG_REQUEST_MAX_BYTES + BG_WRITER_SIZE);
}

static void take_down_not_reading(struct bg_link *link)
{
    struct bg_link_failure failure;
    bg_link_failure_set(&failure, BG_REASON_CONNECTION_LOST, "the node does not read what it is sent");
    bg_link_down(link, &failure);
}

/* The only place where a question ends with a result for its caller. */
static void inquiry_end(struct bg_inquiry *inquiry, struct bg_inquiry_result *result, bool forget)
{
    struct bg_link *link = inquiry->link;
    bg_inquiry_done *done = inquiry->done;
    void *context = inquiry->context;
    result->rpc_us = bg_link_now(link) - inquiry->asked_us;
    if (forget)
        bg_inquiries_remove(&link->inquiries, inquiry);
    if (done != NULL)
        done(context, result);
}

static void __attribute__((format(printf, 4, 5)))
inquiry_fail(struct bg_inquiry *inquiry, bool forget, enum bg_error error, const char *format, ...)
{
    struct bg_failure failure = {.error = error};
    va_list args;
    va_start(args, format);
    vsnprintf(failure.text, sizeof failure.text, format, args);
    va_end(args);
    inquiry_end(inquiry, &(struct bg_inquiry_result){.error = error, .failure = &failure}, forget);
}

void bg_traffic_fail_all(struct bg_link *link, enum bg_error error, const char *why)
{
    char text[BG_LINK_FAILURE_TEXT_SIZE]; /* `why` may change under us: a callback can restart the link */
    struct bg_inquiry *inquiry;
    snprintf(text, sizeof text, "%s", why);
    while (link->state >= BG_LINK_WAITING && (inquiry = bg_inquiries_any(&link->inquiries)) != NULL)
        inquiry_fail(inquiry, true, error, "%s: %s", link->settings.name, text);
}

/* Kills the question's process; if it is not known yet, as soon as it is. Processes that it has linked die with it. */
static void inquiry_kill(struct bg_inquiry *inquiry)
{
    struct bg_link *link = inquiry->link;
    if (inquiry->at_server) { /* has no process */
        bg_inquiries_remove(&link->inquiries, inquiry);
        return;
    }
    if (!inquiry->spawned) {
        bg_inquiries_abandon(&link->inquiries, inquiry);
        return;
    }
    const struct bg_pid own = own_pid(link, inquiry->id);
    const struct bg_pid peer = {node_name(link), inquiry->process.id, inquiry->process.serial, inquiry->process.creation};
    const struct bg_outgoing out = outgoing(link);
    bg_control_kill(&out, &own, &peer);
    bg_inquiries_remove(&link->inquiries, inquiry);
    bg_link_send_soon(link);
}

void bg_inquiry_cancel(struct bg_inquiry *inquiry)
{
    assert(inquiry->id != 0 && inquiry->done != NULL);
    inquiry->done = NULL;
    inquiry_kill(inquiry);
}

static void fail_table_full(struct bg_inquiry *inquiry, bool forget)
{
    inquiry_fail(inquiry, forget, BG_PROCESS_TABLE_FULL,
                 "the process table of %s is full, or so nearly that a question finds no room in it", inquiry->link->settings.name);
}

/* It is removed from the table, or left there to be killed, before its caller is notified. */
static void inquiry_expire(struct bg_inquiry *inquiry)
{
    struct bg_inquiry gone = *inquiry;
    inquiry_kill(inquiry);
    if (gone.at_server)
        fail_table_full(&gone, false);
    else
        inquiry_fail(&gone, false, BG_DEADLINE, "%s did not answer within %lld ms", gone.link->settings.name,
                     (long long)((gone.deadline_us - gone.asked_us) / 1000));
}

static enum bg_error check_up(const struct bg_link *link, struct bg_failure *ret_failure)
{
    struct bg_node_info info;
    bg_link_info(link, &info);
    if (info.state == BG_LINK_UP)
        return BG_OK;
    enum bg_error error = info.reason == BG_REASON_COOKIE_REJECTED ? BG_COOKIE_REJECTED : BG_NODE_UNREACHABLE;
    if (info.reason == BG_REASON_NONE)
        return bg_fail(ret_failure, error, "%s is not connected yet (%s)", info.name, bg_link_state_text(info.state));
    if (info.retry_in_ms < 0)
        return bg_fail(ret_failure, error, "%s is not connected (%s again): %s", info.name, bg_link_state_text(info.state),
                       info.reason_text);
    return bg_fail(ret_failure, error, "%s is not connected: %s (next try in %lld s)", info.name, info.reason_text,
                   (long long)((info.retry_in_ms + 999) / 1000));
}

static enum bg_error check_request(const struct bg_inquiry_request *request, struct bg_failure *ret_failure)
{
    if (request->timeout_ms < 1 || request->timeout_ms > TIMEOUT_MAX_MS || request->max_heap_words < 1)
        return bg_fail(ret_failure, BG_INVALID, "a question needs a time limit of at most a day, and a heap limit");
    if (request->forms_length > BG_REQUEST_MAX_BYTES || request->args_length > BG_REQUEST_MAX_BYTES - request->forms_length)
        return bg_fail(ret_failure, BG_INVALID, "a question has at most %zu bytes", BG_REQUEST_MAX_BYTES);
    return BG_OK;
}

static struct bg_native_spawn native_spawn(const struct bg_link *link, const struct bg_inquiry *inquiry)
{
    return (struct bg_native_spawn){
        .calls = inquiry->calls,
        .pid = {node_name(link), inquiry->pid_id, inquiry->pid_serial, link->handshake.peer_creation},
    };
}

static bool send_question(struct bg_link *link, const struct bg_inquiry *inquiry, const struct bg_inquiry_request *request)
{
    const struct bg_pid own = own_pid(link, inquiry->id);
    const struct bg_outgoing out = outgoing(link);
    struct bg_native_spawn native = native_spawn(link, inquiry);
    const struct bg_spawn spawn = {
        .forms = {.bytes = request->forms, .length = request->forms_length},
        .atoms = request->atoms,
        .atoms_count = request->atoms_count,
        .args = {.bytes = request->args, .length = request->args_length},
        .timeout_ms = request->timeout_ms,
        .max_heap_words = request->max_heap_words,
        .map_bindings = link->handshake.is_25,
    };
    native.max_heap_words = request->max_heap_words;
    return inquiry->calls != NULL ? bg_control_spawn_native(&out, &own, &native) : bg_control_spawn(&out, &own, &spawn);
}

enum bg_error bg_link_ask(struct bg_link *link, const struct bg_inquiry_request *request, bg_inquiry_done *done, void *context,
                          struct bg_inquiry **ret_inquiry, struct bg_failure *ret_failure)
{
    enum bg_error error;
    if ((error = check_request(request, ret_failure)) != BG_OK)
        return error;
    if ((error = check_up(link, ret_failure)) != BG_OK) {
        bg_link_retry(link);
        return error;
    }
    int64_t now_us = bg_link_now(link);
    struct bg_inquiry *inquiry = bg_inquiries_add(&link->inquiries, now_us, now_us + request->timeout_ms * 1000);
    if (inquiry == NULL)
        return bg_fail(ret_failure, BG_TOO_MANY, "%s has %zu questions in flight, as many as it may", link->settings.name,
                       link->inquiries.count);
    inquiry->calls = request->calls;
    inquiry->pid_id = request->pid_id;
    inquiry->pid_serial = request->pid_serial;
    if (!send_question(link, inquiry, request)) {
        bg_inquiries_remove(&link->inquiries, inquiry);
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    }
    inquiry->link = link;
    inquiry->done = done;
    inquiry->context = context;
    bg_link_send_soon(link);
    *ret_inquiry = inquiry;
    return BG_OK;
}

/* A question that needs a process cannot be asked; a server that already runs makes native calls. */
static void take_table_full(struct bg_inquiry *inquiry)
{
    struct bg_link *link = inquiry->link;
    const struct bg_pid own = own_pid(link, inquiry->id);
    const struct bg_native_spawn native = native_spawn(link, inquiry);
    const struct bg_outgoing out = outgoing(link);
    const int64_t latest_us = bg_link_now(link) + SERVER_TIMEOUT_US;
    if (inquiry->done == NULL || inquiry->calls == NULL || !bg_control_call_server(&out, &own, &native)) {
        fail_table_full(inquiry, true);
        return;
    }
    inquiry->at_server = true;
    if (latest_us < inquiry->deadline_us)
        bg_inquiries_hasten(&link->inquiries, inquiry, latest_us);
    bg_link_send_soon(link);
}

static void take_spawned(struct bg_inquiry *inquiry, struct bg_slice result)
{
    struct bg_reader reader = bg_reader_of(result), again = reader;
    struct bg_pid process;
    struct bg_slice why;
    if (bg_read_pid(&reader, &process) && bg_slice_is(process.node, inquiry->link->settings.name)) {
        inquiry->spawned = true;
        inquiry->process.id = process.id;
        inquiry->process.serial = process.serial;
        inquiry->process.creation = process.creation;
        if (inquiry->done == NULL)
            inquiry_kill(inquiry);
        return;
    }
    if (!bg_read_atom(&again, &why))
        why = (struct bg_slice){.bytes = (const uint8_t *)"?", .length = 1};
    if (bg_slice_is(why, "system_limit")) {
        take_table_full(inquiry);
        return;
    }
    enum bg_error error = bg_slice_is(why, "badopt") || bg_slice_is(why, "notsup") ? BG_UNSUPPORTED : BG_BAD_ANSWER;
    char text[128];
    bg_term_describe(result, sizeof text, text);
    inquiry_fail(inquiry, true, error, "%s did not start the question: %s", inquiry->link->settings.name, text);
}

/* {undef, [{Module, _, _, _} | _]}, where the module is one of stdlib that starts a question. */
static bool is_without_stdlib(struct bg_slice reason)
{
    struct bg_reader reader = bg_reader_of(reason);
    size_t arity, count;
    struct bg_slice atom;
    return bg_read_tuple(&reader, &arity) && arity == 2 && bg_read_atom(&reader, &atom) && bg_slice_is(atom, "undef") &&
           bg_read_list(&reader, &count) && count > 0 && bg_read_tuple(&reader, &arity) && arity == 4 && bg_read_atom(&reader, &atom) &&
           (bg_slice_is(atom, "lists") || bg_slice_is(atom, "erl_eval"));
}

/* {system_limit, _}: the guard could not start the worker. */
static bool is_without_room(struct bg_slice reason)
{
    struct bg_reader reader = bg_reader_of(reason);
    size_t arity;
    struct bg_slice atom;
    return bg_read_tuple(&reader, &arity) && arity == 2 && bg_read_atom(&reader, &atom) && bg_slice_is(atom, "system_limit");
}

/* killed; or {normal, []}: an emulator reports this if a process exceeds the heap limit inside a native function. */
static bool is_killed(struct bg_slice reason)
{
    struct bg_reader reader = bg_reader_of(reason), again = reader;
    size_t arity, count;
    struct bg_slice atom;
    if (bg_read_atom(&reader, &atom))
        return bg_slice_is(atom, "killed");
    return bg_read_tuple(&again, &arity) && arity == 2 && bg_read_atom(&again, &atom) && bg_slice_is(atom, "normal") &&
           bg_read_list(&again, &count) && count == 0;
}

/* A list of results; a list of bytes has its own tag. A failure is never a list. */
static bool is_results(struct bg_slice reason)
{
    return reason.length > 0 && (reason.bytes[0] == 'l' || reason.bytes[0] == 'k' || reason.bytes[0] == 'j');
}

static void take_exit(struct bg_inquiry *inquiry, struct bg_slice reason)
{
    const char *name = inquiry->link->settings.name;
    struct bg_reader reader = bg_reader_of(reason);
    struct bg_slice atom;
    char text[200];
    if (inquiry->calls != NULL && is_results(reason)) {
        inquiry_end(inquiry, &(struct bg_inquiry_result){.answer = reason.bytes, .answer_length = reason.length}, true);
    } else if (bg_read_atom(&reader, &atom) && bg_slice_is(atom, "deadline")) {
        inquiry_fail(inquiry, true, BG_DEADLINE, "the question did not finish on %s in the time it had", name);
    } else if (is_killed(reason)) {
        inquiry_fail(inquiry, true, BG_PROBE_LIMIT,
                     "the question's process on %s was killed, most likely because it needed more memory than it is allowed", name);
    } else if (is_without_room(reason)) {
        fail_table_full(inquiry, true);
    } else if (is_without_stdlib(reason)) {
        inquiry_fail(inquiry, true, BG_UNSUPPORTED, "%s has no stdlib, whose erl_eval answers questions", name);
    } else {
        bg_term_describe(reason, sizeof text, text);
        inquiry_fail(inquiry, true, BG_BAD_ANSWER, "the question's process on %s ended without an answer: %s", name, text);
    }
}

/* {Reference, Results} of the node's server; anything else is a call that failed. */
static void take_from_server(struct bg_inquiry *inquiry, struct bg_slice message)
{
    struct bg_reader reader = bg_reader_of(message);
    uint64_t version;
    size_t arity;
    struct bg_slice reference, results;
    char text[200];
    if (bg_read_number(&reader, 1, &version) && bg_read_tuple(&reader, &arity) && arity == 2 && bg_read_term(&reader, &reference) &&
        bg_read_term(&reader, &results) && is_results(results)) {
        inquiry_end(inquiry, &(struct bg_inquiry_result){.answer = results.bytes, .answer_length = results.length}, true);
        return;
    }
    bg_term_describe((struct bg_slice){.bytes = message.bytes + 1, .length = message.length - 1}, sizeof text, text);
    inquiry_fail(inquiry, true, BG_BAD_ANSWER, "%s, whose process table is full, answered: %s", inquiry->link->settings.name, text);
}

static struct bg_inquiry *inquiry_of(const struct bg_link *link, const struct bg_pid *pid)
{
    bool ours = bg_slice_is(pid->node, link->shared->options.own_name) && pid->creation == link->shared->creation;
    return ours ? bg_inquiries_find_pid(&link->inquiries, pid) : NULL;
}

static void take_control(struct bg_link *link, const struct bg_control *control)
{
    if (control->kind == BG_CONTROL_UNLINK) {
        const struct bg_outgoing out = outgoing(link);
        bg_control_unlink_ack(&out, control);
        return;
    }
    struct bg_inquiry *inquiry = control->kind != BG_CONTROL_OTHER ? inquiry_of(link, &control->to) : NULL;
    if (inquiry == NULL)
        return; /* a late message of a process whose question has ended */
    if (control->kind == BG_CONTROL_SPAWNED)
        take_spawned(inquiry, control->value);
    else if (control->kind == BG_CONTROL_EXIT)
        take_exit(inquiry, control->value);
    else if (inquiry->at_server)
        take_from_server(inquiry, control->value);
    else if (inquiry->done != NULL)
        inquiry_end(inquiry, &(struct bg_inquiry_result){.answer = control->value.bytes, .answer_length = control->value.length}, true);
}

static void take_nonsense(struct bg_link *link, enum bg_frame frame)
{
    struct bg_link_failure failure;
    if (frame == BG_FRAME_TOO_LARGE)
        bg_link_failure_set(&failure, BG_REASON_BAD_ANSWER, "the node sent a message of more than %zu bytes",
                            link->shared->options.answer_max_bytes);
    else
        bg_link_failure_set(&failure, BG_REASON_BAD_ANSWER, "the node sent a message that cannot be decoded");
    bg_link_down(link, &failure);
}

/* Returns the content of a frame as plain terms. */
static enum bg_frame unpack(struct bg_link *link, struct bg_slice frame, struct bg_slice *ret_message)
{
    if (!link->handshake.has_atom_cache || frame.length == 0) {
        *ret_message = frame;
        return BG_FRAME_READY;
    }
    switch (bg_atom_cache_unpack(link->atom_cache, frame, link->shared->options.answer_max_bytes, ret_message)) {
    case BG_ATOM_CACHE_DONE:
        return BG_FRAME_READY;
    case BG_ATOM_CACHE_TOO_LARGE:
        return BG_FRAME_TOO_LARGE;
    case BG_ATOM_CACHE_NONSENSE:
        break;
    }
    return BG_FRAME_MORE; /* a whole frame is never incomplete */
}

void bg_traffic_take(struct bg_link *link)
{
    while (link->state == BG_LINK_UP) {
        const struct bg_outgoing out = outgoing(link);
        struct bg_slice framed, message;
        struct bg_control control;
        enum bg_frame frame = bg_frame_next(link->in, 4, link->shared->options.answer_max_bytes, &framed);
        if (frame == BG_FRAME_MORE)
            return;
        if (frame == BG_FRAME_READY)
            frame = unpack(link, framed, &message);
        if (frame == BG_FRAME_READY && message.length == 0) {
            bg_control_tick(&out);
        } else if (frame == BG_FRAME_READY && bg_control_read(message, &control)) {
            take_control(link, &control);
        } else {
            take_nonsense(link, frame);
        }
        if (link->state == BG_LINK_UP) {
            bg_frame_drop(link->in, 4, framed);
            bg_atom_cache_drop(link->atom_cache);
        }
        if (link->state == BG_LINK_UP && out_is_full(link))
            take_down_not_reading(link);
    }
}

static void expire_inquiries(struct bg_link *link, int64_t now_us)
{
    struct bg_inquiry *inquiry;
    while (link->state == BG_LINK_UP && (inquiry = bg_inquiries_expired(&link->inquiries, now_us)) != NULL)
        inquiry_expire(inquiry);
}

/* A tick shows the peer that we are alive. A silent peer is made to send something: an idle node ticks only every net_ticktime / 4, and
 * that may be set to any value. */
static void keep_alive(struct bg_link *link, int64_t now_us, int64_t tick_us)
{
    const struct bg_pid own = own_pid(link, 0);
    const struct bg_outgoing out = outgoing(link);
    if (evbuffer_get_length(link->out) > 0)
        return;
    if (now_us - link->heard_us >= tick_us)
        bg_control_provoke(&out, &own);
    else if (now_us - link->sent_us >= tick_us)
        bg_control_tick(&out);
}

void bg_traffic_timer(struct bg_link *link)
{
    struct bg_link_failure failure;
    int64_t now_us = bg_link_now(link), tick_us = link->shared->options.tick_ms * 1000;
    if (out_is_full(link)) {
        take_down_not_reading(link);
    } else if (now_us - link->heard_us >= SILENT_TICKS * tick_us) {
        bg_link_failure_set(&failure, BG_REASON_TICK_TIMEOUT, "the node has said nothing for %lld ms: it hangs, or the network does",
                            (long long)((now_us - link->heard_us) / 1000));
        bg_link_down(link, &failure);
    } else if (now_us >= link->due_us) {
        keep_alive(link, now_us, tick_us);
        link->due_us = now_us + tick_us;
    }
    expire_inquiries(link, now_us);
}
