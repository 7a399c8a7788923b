/* fake_store.c: a store that keeps one sample, and gives the history that a test has prepared. */
#include "fake_store.h"

#include <stdio.h>
#include <string.h>

struct fake_store fake_store;
static char node[300];
static double values[BG_STORE_SERIES_MAX];
static bg_history_done *waiting;
static void *waiting_context;

bool bg_store_add(struct bg_store *store, const struct bg_sample *sample)
{
    (void)store;
    (void)snprintf(node, sizeof node, "%s", sample->node);
    memcpy(values, sample->values, sizeof values);
    fake_store.sample = (struct bg_sample){.node = node, .wall_ms = sample->wall_ms, .started_ms = sample->started_ms, .values = values};
    fake_store.samples_count++;
    return !fake_store.is_full;
}

enum bg_error bg_store_history(struct bg_store *store, const struct bg_history_request *request, bg_history_done *done, void *context,
                               struct bg_history_ticket **ret_ticket, struct bg_failure *ret_failure)
{
    (void)store, (void)ret_failure;
    fake_store.request = *request;
    fake_store.requests_count++;
    waiting = done;
    waiting_context = context;
    *ret_ticket = (struct bg_history_ticket *)&fake_store;
    return BG_OK;
}

void bg_history_cancel(struct bg_history_ticket *ticket)
{
    (void)ticket;
    waiting = NULL;
    fake_store.cancelled_count++;
}

void bg_store_state(struct bg_store *store, struct bg_store_state *ret_state)
{
    (void)store;
    *ret_state = fake_store.state;
}

void fake_store_give(const struct bg_failure *failure, const struct bg_history *history)
{
    bg_history_done *done = waiting;
    waiting = NULL;
    done(waiting_context, failure, history);
}
