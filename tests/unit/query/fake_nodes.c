/* fake_nodes.c: a registry of one node, in place of the nodes room. */
#include "fake_nodes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void fake_nodes_init(struct bg_nodes *nodes, const char *name)
{
    *nodes = (struct bg_nodes){.info = {.name = name, .state = BG_LINK_UP, .generation = 1, .since_wall_ms = 1000}};
}

void fake_nodes_done(struct bg_nodes *nodes)
{
    assert_int_equal(nodes->in_flight_count, 0);
    for (size_t i = 0; i < nodes->asked_count; i++)
        free(nodes->inquiries[i].args);
}

enum bg_error bg_nodes_info(const struct bg_nodes *nodes, const char *name, struct bg_node_info *ret_info, struct bg_failure *ret_failure)
{
    if (strcmp(name, nodes->info.name) != 0)
        return bg_fail(ret_failure, BG_NODE_UNKNOWN, "no node %s", name);
    *ret_info = nodes->info;
    return BG_OK;
}

void bg_nodes_watch(struct bg_nodes *nodes, bg_nodes_watcher *watcher, void *context)
{
    nodes->watcher = watcher;
    nodes->watcher_context = context;
}

enum bg_error bg_nodes_ask(struct bg_nodes *nodes, const char *name, const struct bg_inquiry_request *request, bg_inquiry_done *done,
                           void *context, struct bg_inquiry **ret_inquiry, struct bg_failure *ret_failure)
{
    assert_string_equal(name, nodes->info.name);
    if (nodes->ask_error != BG_OK)
        return bg_fail(ret_failure, nodes->ask_error, "as the test wants");
    assert_in_range(nodes->asked_count, 0, FAKE_INQUIRIES_MAX - 1);
    struct bg_inquiry *inquiry = &nodes->inquiries[nodes->asked_count++];
    *inquiry = (struct bg_inquiry){.nodes = nodes,
                                   .done = done,
                                   .context = context,
                                   .forms = request->forms,
                                   .forms_length = request->forms_length,
                                   .args = malloc(request->args_length),
                                   .args_length = request->args_length,
                                   .timeout_ms = request->timeout_ms,
                                   .max_heap_words = request->max_heap_words,
                                   .in_flight = true};
    assert_non_null(inquiry->args);
    memcpy(inquiry->args, request->args, request->args_length);
    nodes->in_flight_count++;
    *ret_inquiry = inquiry;
    return BG_OK;
}

static void inquiry_leave(struct bg_inquiry *inquiry)
{
    assert_true(inquiry->in_flight);
    inquiry->in_flight = false;
    inquiry->nodes->in_flight_count--;
}

void bg_inquiry_cancel(struct bg_inquiry *inquiry)
{
    inquiry_leave(inquiry);
    inquiry->nodes->cancelled_count++;
}

void fake_nodes_answer(struct bg_nodes *nodes, size_t index, const void *term, size_t length)
{
    inquiry_leave(&nodes->inquiries[index]);
    struct bg_inquiry_result result = {.answer = term, .answer_length = length, .rpc_us = 77};
    nodes->inquiries[index].done(nodes->inquiries[index].context, &result);
}

void fake_nodes_fail(struct bg_nodes *nodes, size_t index, enum bg_error error)
{
    inquiry_leave(&nodes->inquiries[index]);
    struct bg_failure failure;
    bg_fail(&failure, error, "as the test wants");
    struct bg_inquiry_result result = {.error = error, .failure = &failure};
    nodes->inquiries[index].done(nodes->inquiries[index].context, &result);
}
