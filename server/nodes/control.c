/* control.c: the control messages of the distribution that we send and understand (erl_dist_protocol, "Protocol between Connected Nodes").
 */
#include "control.h"

#include "atom_cache.h"

#include "beamgauge/sink.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#define PASS_THROUGH 'p'
#define ELEMENTS_MAX 8
#define CALL_PIDS_MAX 8

enum operation {
    OP_SEND = 2,
    OP_EXIT = 3,
    OP_REG_SEND = 6,
    OP_EXIT2 = 8,
    OP_SEND_TT = 12,
    OP_EXIT_TT = 13,
    OP_MONITOR_P = 19,
    OP_SEND_SENDER = 22,
    OP_SEND_SENDER_TT = 23,
    OP_PAYLOAD_EXIT = 24,
    OP_PAYLOAD_EXIT_TT = 26,
    OP_SPAWN_REQUEST = 29,
    OP_SPAWN_REPLY = 31,
    OP_SPAWN_REPLY_TT = 32,
    OP_UNLINK_ID = 35,
    OP_UNLINK_ID_ACK = 36
};

/* The index of each element in the tuple of an operation; 0: not there. Without an index the value is the payload. */
struct layout {
    uint8_t operation, arity;
    enum bg_control_kind kind;
    uint8_t from, to, value;
};

static const struct layout layouts[] = {
    {OP_SEND, 3, BG_CONTROL_SEND, 0, 2, 0},           {OP_SEND_TT, 4, BG_CONTROL_SEND, 0, 2, 0},
    {OP_SEND_SENDER, 3, BG_CONTROL_SEND, 1, 2, 0},    {OP_SEND_SENDER_TT, 4, BG_CONTROL_SEND, 1, 2, 0},
    {OP_EXIT, 4, BG_CONTROL_EXIT, 1, 2, 3},           {OP_EXIT_TT, 5, BG_CONTROL_EXIT, 1, 2, 4},
    {OP_PAYLOAD_EXIT, 3, BG_CONTROL_EXIT, 1, 2, 0},   {OP_PAYLOAD_EXIT_TT, 4, BG_CONTROL_EXIT, 1, 2, 0},
    {OP_SPAWN_REPLY, 5, BG_CONTROL_SPAWNED, 0, 2, 4}, {OP_SPAWN_REPLY_TT, 6, BG_CONTROL_SPAWNED, 0, 2, 4},
    {OP_UNLINK_ID, 4, BG_CONTROL_UNLINK, 2, 3, 1},
};

static const struct layout *layout_find(int64_t operation)
{
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++)
        if (layouts[i].operation == operation)
            return &layouts[i];
    return NULL;
}

/* A payload is exactly one term after its version byte. */
static bool payload_is_term(struct bg_slice payload)
{
    struct bg_reader reader = bg_reader_of(payload);
    uint64_t version;
    struct bg_slice term;
    return bg_read_number(&reader, 1, &version) && version == BG_TERM_VERSION && bg_read_term(&reader, &term) &&
           bg_reader_left(&reader) == 0;
}

static bool take_pid(const struct bg_slice elements[], uint8_t at, struct bg_pid *ret_pid)
{
    if (at == 0)
        return true;
    struct bg_reader reader = bg_reader_of(elements[at]);
    return bg_read_pid(&reader, ret_pid);
}

static bool read_by_layout(const struct layout *layout, const struct bg_slice elements[], struct bg_slice payload,
                           struct bg_control *control)
{
    control->kind = layout->kind;
    if (!take_pid(elements, layout->from, &control->from) || !take_pid(elements, layout->to, &control->to))
        return false;
    if (layout->value != 0) {
        control->value = elements[layout->value];
        return true;
    }
    control->value = payload;
    if (!payload_is_term(payload))
        return false;
    if (layout->kind == BG_CONTROL_EXIT) /* its reason comes without the version byte */
        control->value = (struct bg_slice){.bytes = payload.bytes + 1, .length = payload.length - 1};
    return true;
}

bool bg_control_read(struct bg_slice message, struct bg_control *ret_control)
{
    struct bg_reader reader = bg_reader_of(message);
    struct bg_control control = {.kind = BG_CONTROL_OTHER};
    struct bg_slice elements[ELEMENTS_MAX] = {{NULL, 0}}, payload;
    uint64_t type, version;
    size_t arity;
    int64_t operation;
    if (!bg_read_number(&reader, 1, &type) || type != PASS_THROUGH || !bg_read_number(&reader, 1, &version) || version != BG_TERM_VERSION ||
        !bg_read_tuple(&reader, &arity) || arity == 0 || arity > ELEMENTS_MAX)
        return false;
    for (size_t i = 0; i < arity; i++)
        if (!bg_read_term(&reader, &elements[i]))
            return false;
    payload = (struct bg_slice){.bytes = reader.at, .length = bg_reader_left(&reader)};
    struct bg_reader first = bg_reader_of(elements[0]);
    if (!bg_read_integer(&first, &operation))
        return false;
    const struct layout *layout = layout_find(operation);
    if (layout != NULL && (layout->arity != arity || !read_by_layout(layout, elements, payload, &control)))
        return false;
    *ret_control = control;
    return true;
}

static void start_control(struct bg_writer *writer, uint8_t arity, int64_t operation)
{
    writer->length = 0;
    bg_write_u8(writer, PASS_THROUGH);
    bg_write_u8(writer, BG_TERM_VERSION);
    bg_write_tuple(writer, arity);
    bg_write_integer(writer, operation);
}

/* Appends a frame: its length, and its bytes. The room is reserved first: a frame is appended whole or not at all. */
static bool send_bytes(struct evbuffer *out, const void *bytes, size_t length)
{
    const uint8_t head[4] = {(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length};
    return evbuffer_expand(out, sizeof head + length) == 0 && evbuffer_add(out, head, sizeof head) == 0 &&
           (length == 0 || evbuffer_add(out, bytes, length) == 0);
}

static bool send_frame(const struct bg_outgoing *out, const struct bg_message *message)
{
    struct bg_sink plain;
    if (out->cache != NULL)
        return bg_atom_cache_pack(out->cache, message, out->buffer);
    bg_sink_init(&plain);
    const bool done = bg_message_spell(message, &plain) && send_bytes(out->buffer, plain.bytes, plain.length);
    free(plain.bytes);
    return done;
}

static struct bg_slice written(const struct bg_writer *writer)
{
    return (struct bg_slice){.bytes = writer->bytes, .length = writer->length};
}

static bool send_control(const struct bg_outgoing *out, const struct bg_writer *writer)
{
    const struct bg_piece piece = {.bytes = written(writer)};
    return send_frame(out, &(struct bg_message){.pieces = &piece, .count = 1});
}

/* [link, {max_heap_size, #{size, kill, error_logger}}]; the priority is normal: a question that needs more than a few native calls lowers
 * its priority itself. */
static void write_spawn_options(struct bg_writer *writer, int64_t max_heap_words)
{
    bg_write_list(writer, 2);
    bg_write_atom(writer, "link");
    bg_write_tuple(writer, 2);
    bg_write_atom(writer, "max_heap_size");
    bg_write_map(writer, 3);
    bg_write_atom(writer, "size");
    bg_write_integer(writer, max_heap_words);
    bg_write_atom(writer, "kill");
    bg_write_atom(writer, "true");
    bg_write_atom(writer, "error_logger");
    bg_write_atom(writer, "false");
    bg_write_nil(writer);
}

/* fun Module:Name/Arity */
static void write_function(struct bg_writer *writer, const char *module, const char *name, uint8_t arity)
{
    bg_write_u8(writer, 'q'); /* EXPORT_EXT */
    bg_write_atom(writer, module);
    bg_write_atom(writer, name);
    bg_write_integer(writer, arity);
}

/* lists:zipwith3(fun erlang:apply/3, Modules, Functions, Arguments) makes one call after the other: a small program for a process, which
 * needs no interpreter. This writes the list of its four arguments; the arguments of each call, and bg_write_nil() twice, follow. */
static void write_program(struct bg_writer *writer, const char *const calls[][2], uint32_t count)
{
    bg_write_list(writer, 4);
    write_function(writer, "erlang", "apply", 3);
    for (size_t part = 0; part < 2; part++) {
        bg_write_list(writer, count);
        for (size_t i = 0; i < count; i++)
            bg_write_atom(writer, calls[i][part]);
        bg_write_nil(writer);
    }
    bg_write_list(writer, count);
}

static void write_program_name(struct bg_writer *writer)
{
    bg_write_atom(writer, "lists");
    bg_write_atom(writer, "zipwith3");
}

/* {29, ReqId, From, GroupLeader, {M, F, A}, Options}. The group leader is ours too, so that nothing that a question prints or logs goes to
 * the node's own. */
static void start_spawn(struct bg_writer *writer, const struct bg_pid *own)
{
    start_control(writer, 6, OP_SPAWN_REQUEST);
    bg_write_reference(writer, own);
    bg_write_pid(writer, own);
    bg_write_pid(writer, own);
    bg_write_tuple(writer, 3);
}

/* {Name, _}, or the key of a pair in a map. */
static void start_binding(struct bg_writer *writer, const struct bg_spawn *spawn, const char *name)
{
    if (!spawn->map_bindings)
        bg_write_tuple(writer, 2);
    bg_write_atom(writer, name);
}

static void start_bindings(struct bg_writer *writer, const struct bg_spawn *spawn)
{
    if (spawn->map_bindings)
        bg_write_map(writer, 2);
    else
        bg_write_list(writer, 2);
    start_binding(writer, spawn, "Args");
}

/* The guard waits in prim_eval:'receive'/2: unlike timer, it is always loaded. Nobody sends messages to the guard.
 *
 * This is what follows the forms' bindings in the worker's program, and then in the guard's. `none` means no handler of local functions.
 * exprs/2 passes the same on, after it has linted the forms; ours were checked when they were embedded. */
static void write_rest(struct bg_writer *writer, const struct bg_spawn *spawn)
{
    bg_write_atom(writer, "none");
    bg_write_nil(writer);
    bg_write_list(writer, 1);
    bg_write_atom(writer, "ended");
    bg_write_nil(writer);
    bg_write_nil(writer);
    bg_write_nil(writer);
    write_spawn_options(writer, spawn->max_heap_words);
    bg_write_nil(writer);
    bg_write_list(writer, 2); /* of prim_eval:'receive'/2 */
    write_function(writer, "erlang", "is_atom", 1);
    bg_write_integer(writer, spawn->timeout_ms);
    bg_write_nil(writer);
    bg_write_list(writer, 1);
    bg_write_atom(writer, "deadline");
    bg_write_nil(writer);
    bg_write_nil(writer);
    bg_write_nil(writer);
}

bool bg_control_spawn(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_spawn *spawn)
{
    static const char *const guard[][2] = {{"erlang", "spawn_opt"}, {"prim_eval", "receive"}, {"erlang", "exit"}};
    static const char *const worker[][2] = {{"erl_eval", "exprs"}, {"erlang", "exit"}};
    struct bg_writer head, middle = {.length = 0}, tail = {.length = 0};
    start_spawn(&head, own);
    write_program_name(&head);
    bg_write_integer(&head, 4);
    write_spawn_options(&head, spawn->max_heap_words);
    bg_write_u8(&head, BG_TERM_VERSION);
    write_program(&head, guard, 3);
    bg_write_list(&head, 4); /* of spawn_opt/4 */
    write_program_name(&head);
    write_program(&head, worker, 2);
    bg_write_list(&head, 3); /* of exprs/3 */

    start_bindings(&middle, spawn);

    start_binding(&tail, spawn, "Reply");
    bg_write_pid(&tail, own);
    if (!spawn->map_bindings)
        bg_write_nil(&tail);
    write_rest(&tail, spawn);

    const struct bg_piece pieces[] = {{.bytes = written(&head)},
                                      {.bytes = spawn->forms, .is_named = true},
                                      {.bytes = written(&middle)},
                                      {.bytes = spawn->args},
                                      {.bytes = written(&tail)}};
    return send_frame(
        out, &(struct bg_message){
                 .pieces = pieces, .count = sizeof pieces / sizeof *pieces, .atoms = spawn->atoms, .atoms_count = spawn->atoms_count});
}

/* lists:foldl(fun erlang:apply/2, Arguments, [fun lists:zipwith3/4, fun erlang:exit/1]): the result of the first function is the argument
 * of the next. The arguments are those of one call: of the program that makes the calls. So its results are a list with one element: the
 * argument of exit/1. */
static void start_calls(struct bg_writer *writer, const struct bg_pid *own, int64_t max_heap_words)
{
    start_spawn(writer, own);
    bg_write_atom(writer, "lists");
    bg_write_atom(writer, "foldl");
    bg_write_integer(writer, 3);
    write_spawn_options(writer, max_heap_words);
    bg_write_u8(writer, BG_TERM_VERSION);
    bg_write_list(writer, 3);
    write_function(writer, "erlang", "apply", 2);
    static const char *const program[][2] = {{"lists", "zipwith3"}};
    write_program(writer, program, 1);
}

static void write_calls_rest(struct bg_writer *writer)
{
    bg_write_nil(writer); /* ends the list of one call's arguments, and the program's list */
    bg_write_nil(writer);
    bg_write_list(writer, 2);
    write_function(writer, "lists", "zipwith3", 4);
    write_function(writer, "erlang", "exit", 1);
    bg_write_nil(writer);
    bg_write_nil(writer);
}

static struct bg_piece part_of(const struct bg_calls *calls, size_t from, size_t to)
{
    return (struct bg_piece){.bytes = {.bytes = calls->bytes + from, .length = to - from}, .is_named = true};
}

/* The head, the calls with the pid inserted, and the tail. */
static bool send_calls(const struct bg_outgoing *out, const struct bg_writer *head, const struct bg_native_spawn *spawn,
                       const struct bg_writer *tail)
{
    const struct bg_calls *calls = spawn->calls;
    struct bg_writer pid = {.length = 0};
    struct bg_piece pieces[2 * CALL_PIDS_MAX + 3];
    size_t count = 0, from = 0;
    if (calls->pids_count > CALL_PIDS_MAX)
        return false;
    if (calls->pids_count > 0)
        bg_write_pid(&pid, &spawn->pid);
    pieces[count++] = (struct bg_piece){.bytes = written(head)};
    for (size_t i = 0; i < calls->pids_count; i++) {
        pieces[count++] = part_of(calls, from, calls->pid_at[i]);
        pieces[count++] = (struct bg_piece){.bytes = written(&pid)};
        from = calls->pid_at[i];
    }
    pieces[count++] = part_of(calls, from, calls->length);
    pieces[count++] = (struct bg_piece){.bytes = written(tail)};
    return send_frame(out,
                      &(struct bg_message){.pieces = pieces, .count = count, .atoms = calls->atoms, .atoms_count = calls->atoms_count});
}

bool bg_control_spawn_native(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_native_spawn *spawn)
{
    struct bg_writer head, tail = {.length = 0};
    start_calls(&head, own, spawn->max_heap_words);
    write_calls_rest(&tail);
    return send_calls(out, &head, spawn, &tail);
}

/* {6, From, '', rex}, {'$gen_call', {From, Reference}, {block_call, lists, zipwith3, Calls, GroupLeader}}: rpc:block_call/4, which the
 * server runs itself. */
bool bg_control_call_server(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_native_spawn *spawn)
{
    struct bg_writer head, tail = {.length = 0};
    start_control(&head, 4, OP_REG_SEND);
    bg_write_pid(&head, own);
    bg_write_atom(&head, "");
    bg_write_atom(&head, "rex");
    bg_write_u8(&head, BG_TERM_VERSION);
    bg_write_tuple(&head, 3);
    bg_write_atom(&head, "$gen_call");
    bg_write_tuple(&head, 2);
    bg_write_pid(&head, own);
    bg_write_reference(&head, own);
    bg_write_tuple(&head, 5);
    bg_write_atom(&head, "block_call");
    write_program_name(&head);
    bg_write_pid(&tail, own);
    return send_calls(out, &head, spawn, &tail);
}

bool bg_control_kill(const struct bg_outgoing *out, const struct bg_pid *own, const struct bg_pid *peer)
{
    struct bg_writer writer;
    start_control(&writer, 4, OP_EXIT2);
    bg_write_pid(&writer, own);
    bg_write_pid(&writer, peer);
    bg_write_atom(&writer, "kill");
    return send_control(out, &writer);
}

bool bg_control_unlink_ack(const struct bg_outgoing *out, const struct bg_control *unlink)
{
    struct bg_writer writer;
    if (unlink->value.length > 16 || unlink->from.node.length > 255 || unlink->to.node.length > 255)
        return true; /* a node does not send this */
    start_control(&writer, 4, OP_UNLINK_ID_ACK);
    bg_write_bytes(&writer, unlink->value.bytes, unlink->value.length);
    bg_write_pid(&writer, &unlink->to);
    bg_write_pid(&writer, &unlink->from);
    return send_control(out, &writer);
}

bool bg_control_provoke(const struct bg_outgoing *out, const struct bg_pid *own)
{
    struct bg_writer writer;
    start_control(&writer, 4, OP_MONITOR_P);
    bg_write_pid(&writer, own);
    bg_write_atom(&writer, "undefined");
    bg_write_reference(&writer, own);
    return send_control(out, &writer);
}

bool bg_control_tick(const struct bg_outgoing *out)
{
    return send_bytes(out->buffer, NULL, 0);
}
