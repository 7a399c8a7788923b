/* world.c: an event loop with a registry of nodes in it, and the questions that tests ask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "beamgauge/log.h"
#include "world.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define WAIT_MS 60000 /* for what hangs */

void world_options(struct bg_nodes_options *ret_options)
{
    *ret_options = (struct bg_nodes_options){
        .own_name = "beamgauge_test@127.0.0.1",
        .epmd_port = 4369,
        .connect_timeout_ms = 3000,
        .tick_ms = 15000,
        .retry_min_ms = 50,
        .retry_max_ms = 400,
        .answer_max_bytes = 1 << 20,
        .in_flight_max = 64,
        .nodes_max = 8,
    };
}

void world_open(struct world *world, const struct bg_nodes_options *options)
{
    world_open_by(world, options, bg_clock_system());
}

void world_open_by(struct world *world, const struct bg_nodes_options *options, const struct bg_clock *clock)
{
    struct bg_failure failure;
    signal(SIGPIPE, SIG_IGN); /* as the program does */
    bg_log_set_level(BG_LOG_ERROR);
    world->base = event_base_new();
    assert_non_null(world->base);
    world->options = *options;
    assert_int_equal(bg_nodes_new(world->base, clock, options, &world->nodes, &failure), BG_OK);
}

void world_close(struct world *world)
{
    bg_nodes_free(world->nodes);
    event_base_loop(world->base, EVLOOP_NONBLOCK); /* a name that was being looked up ends there */
    event_base_free(world->base);
}

void world_put(struct world *world, const char *name, const char *cookie, const char *address, uint16_t port)
{
    const struct bg_node_spec spec = {.name = name, .cookie = cookie, .address = address, .port = port, .origin = BG_ORIGIN_API};
    struct bg_failure failure;
    assert_int_equal(bg_nodes_put(world->nodes, &spec, NULL, &failure), BG_OK);
}

void world_run(struct world *world, int64_t ms)
{
    const struct timeval span = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
    event_base_loopexit(world->base, &span);
    event_base_dispatch(world->base);
}

static int64_t now_ms(void)
{
    return bg_clock_monotonic_us(bg_clock_system()) / 1000;
}

static void look(struct world *world, const char *name, struct bg_node_info *ret_info)
{
    struct bg_failure failure;
    assert_int_equal(bg_nodes_info(world->nodes, name, ret_info, &failure), BG_OK);
}

void world_wait_state(struct world *world, const char *name, enum bg_link_state state)
{
    struct bg_node_info info;
    int64_t end_ms = now_ms() + WAIT_MS;
    for (look(world, name, &info); info.state != state; look(world, name, &info)) {
        if (now_ms() > end_ms)
            fail_msg("%s is %s (%s), not %s", name, bg_link_state_text(info.state), info.reason_text, bg_link_state_text(state));
        world_run(world, 5);
    }
}

void world_wait_reason(struct world *world, const char *name, enum bg_link_reason reason)
{
    struct bg_node_info info;
    int64_t end_ms = now_ms() + WAIT_MS;
    for (look(world, name, &info); info.state != BG_LINK_WAITING || info.reason != reason; look(world, name, &info)) {
        if (now_ms() > end_ms)
            fail_msg("%s is %s (%s), not %s", name, bg_link_state_text(info.state), info.reason_text, bg_link_reason_code(reason));
        world_run(world, 5);
    }
}

void world_wait_count(struct world *world, const unsigned *count, unsigned at_least)
{
    int64_t end_ms = now_ms() + WAIT_MS;
    while (*count < at_least) {
        if (now_ms() > end_ms)
            fail_msg("%u of %u have come", *count, at_least);
        world_run(world, 2);
    }
}

void world_wait_outcome(struct world *world, const struct outcome *outcome)
{
    int64_t end_ms = now_ms() + WAIT_MS;
    while (outcome->times == 0) {
        if (now_ms() > end_ms)
            fail_msg("a question did not end");
        world_run(world, 2);
    }
    assert_int_equal(outcome->times, 1);
}

static void on_done(void *context, const struct bg_inquiry_result *result)
{
    struct outcome *outcome = context;
    outcome->times++;
    outcome->error = result->error;
    outcome->rpc_us = result->rpc_us;
    outcome->answer_length = result->answer_length;
    if (result->failure != NULL)
        snprintf(outcome->text, sizeof outcome->text, "%s", result->failure->text);
    if (result->answer_length > 0)
        memcpy(outcome->answer, result->answer,
               result->answer_length < sizeof outcome->answer ? result->answer_length : sizeof outcome->answer);
}

enum bg_error world_ask(struct world *world, const char *name, const struct bg_writer *forms, int64_t timeout_ms, struct outcome *outcome,
                        struct bg_inquiry **ret_inquiry, struct bg_failure *ret_failure)
{
    static const uint8_t args[] = {'a', 42};
    const struct bg_inquiry_request request = {.forms = forms->bytes,
                                               .forms_length = forms->length,
                                               .args = args,
                                               .args_length = sizeof args,
                                               .timeout_ms = timeout_ms,
                                               .max_heap_words = 1000000};
    *outcome = (struct outcome){.times = 0};
    enum bg_error error = bg_nodes_ask(world->nodes, name, &request, on_done, outcome, ret_inquiry, ret_failure);
    assert_int_equal(outcome->times, 0);
    return error;
}

enum bg_error world_ask_now(struct world *world, const char *name, const struct bg_writer *forms, struct outcome *outcome)
{
    struct bg_inquiry *inquiry;
    struct bg_failure failure;
    enum bg_error error = world_ask(world, name, forms, 30000, outcome, &inquiry, &failure);
    if (error != BG_OK)
        return error;
    world_wait_outcome(world, outcome);
    return outcome->error;
}

static void form_start(struct bg_writer *forms, uint8_t arity, const char *kind)
{
    bg_write_tuple(forms, arity);
    bg_write_atom(forms, kind);
    bg_write_integer(forms, 1);
}

static void form_atom(struct bg_writer *forms, const char *kind, const char *text)
{
    form_start(forms, 3, kind);
    bg_write_atom(forms, text);
}

static void form_integer(struct bg_writer *forms, int64_t value)
{
    form_start(forms, 3, "integer");
    bg_write_integer(forms, value);
}

/* The arguments follow, and bg_write_nil(). */
static void form_call(struct bg_writer *forms, const char *module, const char *function, uint32_t args)
{
    form_start(forms, 4, "call");
    form_start(forms, 4, "remote");
    form_atom(forms, "atom", module);
    form_atom(forms, "atom", function);
    bg_write_list(forms, args);
}

static void forms_start(struct bg_writer *forms)
{
    forms->length = 0;
    bg_write_list(forms, 1);
}

/* erlang:send(Reply, ...): one argument follows, and two of bg_write_nil(). */
static void forms_start_reply(struct bg_writer *forms)
{
    forms_start(forms);
    form_call(forms, "erlang", "send", 2);
    form_atom(forms, "var", "Reply");
}

void forms_echo(struct bg_writer *ret_forms)
{
    forms_start_reply(ret_forms);
    form_atom(ret_forms, "var", "Args");
    bg_write_nil(ret_forms);
    bg_write_nil(ret_forms);
}

void forms_hang(struct bg_writer *ret_forms)
{
    forms_start(ret_forms);
    form_call(ret_forms, "timer", "sleep", 1);
    form_atom(ret_forms, "atom", "infinity");
    bg_write_nil(ret_forms);
    bg_write_nil(ret_forms);
}

void forms_crash(struct bg_writer *ret_forms)
{
    forms_start(ret_forms);
    form_call(ret_forms, "erlang", "error", 1);
    form_atom(ret_forms, "atom", "boom");
    bg_write_nil(ret_forms);
    bg_write_nil(ret_forms);
}

void forms_eat(struct bg_writer *ret_forms)
{
    forms_start(ret_forms);
    form_call(ret_forms, "lists", "seq", 2);
    form_integer(ret_forms, 1);
    form_integer(ret_forms, 100000000);
    bg_write_nil(ret_forms);
    bg_write_nil(ret_forms);
}

/* binary:copy(<<"x">>, Bytes) */
void forms_copy(struct bg_writer *ret_forms, int64_t bytes)
{
    forms_start_reply(ret_forms);
    form_call(ret_forms, "binary", "copy", 2);
    form_start(ret_forms, 3, "bin");
    bg_write_list(ret_forms, 1);
    form_start(ret_forms, 5, "bin_element");
    form_start(ret_forms, 3, "string");
    bg_write_list(ret_forms, 1);
    bg_write_integer(ret_forms, 'x');
    bg_write_nil(ret_forms);
    bg_write_atom(ret_forms, "default");
    bg_write_atom(ret_forms, "default");
    bg_write_nil(ret_forms);
    form_integer(ret_forms, bytes);
    bg_write_nil(ret_forms);
    bg_write_nil(ret_forms);
    bg_write_nil(ret_forms);
}

static void form_tuple(struct bg_writer *forms, uint32_t elements)
{
    form_start(forms, 3, "tuple");
    bg_write_list(forms, elements);
}

/* process_info(P, initial_call) =:= {initial_call, {lists, zipwith3, 4}} */
static void form_is_question(struct bg_writer *forms)
{
    form_start(forms, 5, "op");
    bg_write_atom(forms, "=:=");
    form_call(forms, "erlang", "process_info", 2);
    form_atom(forms, "var", "P");
    form_atom(forms, "atom", "initial_call");
    bg_write_nil(forms);
    form_tuple(forms, 2);
    form_atom(forms, "atom", "initial_call");
    form_tuple(forms, 3);
    form_atom(forms, "atom", "lists");
    form_atom(forms, "atom", "zipwith3");
    form_integer(forms, 4);
    bg_write_nil(forms);
    bg_write_nil(forms);
}

/* length([P || P <- processes(), ...]) */
void forms_count_questions(struct bg_writer *ret_forms)
{
    forms_start_reply(ret_forms);
    form_call(ret_forms, "erlang", "length", 1);
    form_start(ret_forms, 4, "lc");
    form_atom(ret_forms, "var", "P");
    bg_write_list(ret_forms, 2);
    form_start(ret_forms, 4, "generate");
    form_atom(ret_forms, "var", "P");
    form_call(ret_forms, "erlang", "processes", 0);
    bg_write_nil(ret_forms);
    form_is_question(ret_forms);
    bg_write_nil(ret_forms);
    bg_write_nil(ret_forms);
    bg_write_nil(ret_forms);
    bg_write_nil(ret_forms);
}

int64_t outcome_integer(const struct outcome *outcome)
{
    int64_t value = -1;
    struct bg_reader reader = bg_reader_of((struct bg_slice){.bytes = outcome->answer + 1, .length = outcome->answer_length - 1});
    assert_true(outcome->answer_length > 1 && outcome->answer_length <= sizeof outcome->answer);
    assert_int_equal(outcome->answer[0], BG_TERM_VERSION);
    assert_true(bg_read_integer(&reader, &value));
    return value;
}
