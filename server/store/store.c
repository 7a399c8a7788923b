/* store.c: the functions of the event loop: they put samples and histories into lists, and take what is complete. */
#include "beamgauge/store.h"

#include "beamgauge/clock.h"
#include "beamgauge/names.h"
#include "history.h"
#include "levels.h"
#include "memory.h"
#include "worker.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define CLOSE_WAIT_MS (BG_CLOSE_MS + 2000) /* for the end of the thread: a disk that does not answer must not keep the process */

void bg_store_free(struct bg_store *store)
{
    if (store == NULL)
        return;
    bg_db_close(&store->db, false);
    bg_queue_clear(&store->queue);
    bg_tickets_clear(&store->waiting);
    bg_tickets_clear(&store->done);
    bg_series_done(&store->opening.series);
    pthread_cond_destroy(&store->more);
    pthread_cond_destroy(&store->ended);
    pthread_mutex_destroy(&store->lock);
    free(store->opening.path);
    free(store);
}

static int64_t age_read(struct bg_store *store)
{
    return bg_age_clock_read(&store->age_clock, bg_clock_wall_ms(store->clock), bg_clock_monotonic_us(store->clock));
}

static struct bg_store *store_new(const struct bg_store_options *options)
{
    struct bg_store *store = calloc(1, sizeof *store);
    pthread_condattr_t monotonic;

    if (store == NULL)
        return NULL;
    store->opening.max_bytes = options->max_bytes;
    store->opening.memory_max_bytes = options->memory_max_bytes > 0 ? options->memory_max_bytes : options->max_bytes;
    store->clock = options->clock;
    store->wake = options->wake;
    store->context = options->context;
    store->age_ms = age_read(store);
    bg_queue_init(&store->queue);
    pthread_mutex_init(&store->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&store->more, &monotonic);
    pthread_cond_init(&store->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
    store->opening.path = options->path != NULL ? strdup(options->path) : NULL;
    if ((options->path != NULL && store->opening.path == NULL) ||
        !bg_series_init(&store->opening.series, options->series, options->series_count)) {
        bg_store_free(store);
        return NULL;
    }
    return store;
}

static enum bg_error options_check(const struct bg_store_options *options, struct bg_failure *ret_failure)
{
    if (options->series_count < 1 || options->series_count > BG_STORE_SERIES_MAX)
        return bg_fail(ret_failure, BG_INVALID, "a store has from 1 to %d series, not %zu", BG_STORE_SERIES_MAX, options->series_count);
    if (options->max_bytes < BG_STORE_BYTES_LEAST)
        return bg_fail(ret_failure, BG_INVALID, "a store has at least %d bytes", BG_STORE_BYTES_LEAST);
    return BG_OK;
}

static enum bg_error database_open(struct bg_store *store, struct bg_failure *ret_failure)
{
    enum bg_error error = BG_OK;

    if (store->opening.path != NULL)
        error = bg_file_open(&store->opening, &store->db, store->problem, ret_failure);
    if (error == BG_OK && store->db.handle == NULL && !bg_memory_open(&store->opening, &store->db))
        error = bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    return error;
}

static enum bg_error thread_start(struct bg_store *store, struct bg_failure *ret_failure)
{
    sigset_t all, before;
    int error;

    sigfillset(&all); /* the event loop handles signals */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&store->thread, NULL, bg_worker_run, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error == 0 ? BG_OK : bg_fail(ret_failure, BG_SYSTEM, "the thread of the history cannot be started: %s", strerror(error));
}

enum bg_error bg_store_open(const struct bg_store_options *options, struct bg_store **ret_store, struct bg_failure *ret_failure)
{
    enum bg_error error = options_check(options, ret_failure);
    struct bg_store *store = NULL;

    if (error == BG_OK && (store = store_new(options)) == NULL)
        error = bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    if (error == BG_OK)
        error = database_open(store, ret_failure);
    if (error == BG_OK) {
        bg_worker_note(store, bg_db_size(&store->db));
        error = thread_start(store, ret_failure);
    }
    if (error == BG_OK)
        *ret_store = store;
    else
        bg_store_free(store);
    return error;
}

void bg_store_close(struct bg_store *store)
{
    struct timespec until;
    bool has_ended;

    if (store == NULL)
        return;
    pthread_mutex_lock(&store->lock);
    store->is_closing = true;
    store->close_until = bg_time_in(BG_CLOSE_MS);
    until = bg_time_in(CLOSE_WAIT_MS);
    pthread_cond_signal(&store->more);
    while (!store->has_ended && pthread_cond_timedwait(&store->ended, &store->lock, &until) == 0)
        ;
    has_ended = store->has_ended;
    store->is_abandoned = !has_ended;
    pthread_mutex_unlock(&store->lock);
    if (has_ended) {
        pthread_join(store->thread, NULL);
        bg_store_free(store);
    } else {
        pthread_detach(store->thread);
    }
}

/* With the lock. */
static void sample_put(struct bg_store *store, struct bg_queued *one)
{
    if (store->queue.count == 0)
        store->gather_until = bg_time_in(BG_GATHER_MS);
    bg_queue_put(&store->queue, one);
    store->added_count++;
    if (store->queue.count == 1 || store->queue.count >= BG_BATCH_MAX)
        pthread_cond_signal(&store->more);
}

bool bg_store_add(struct bg_store *store, const struct bg_sample *sample)
{
    const size_t length = strlen(sample->node);
    struct bg_queued *one = NULL;
    bool is_taken;

    if (length >= 1 && length <= BG_NODE_NAME_MAX)
        one = bg_queued_new(sample, store->opening.series.count);
    if (one != NULL) {
        if (sample->started_ms < 0 || sample->started_ms > sample->wall_ms) /* no node has said so in earnest */
            one->started_ms = 0;
        one->now_ms = bg_clock_wall_ms(store->clock);
        one->monotonic_us = bg_clock_monotonic_us(store->clock);
        one->age_ms = age_read(store);
    }
    pthread_mutex_lock(&store->lock);
    is_taken = one != NULL && store->queue.count < BG_STORE_QUEUE_MAX;
    if (is_taken) {
        store->age_ms = one->age_ms;
        sample_put(store, one);
    } else {
        store->state.dropped_count++;
    }
    pthread_mutex_unlock(&store->lock);
    if (!is_taken)
        free(one);
    return is_taken;
}

void bg_store_state(struct bg_store *store, struct bg_store_state *ret_state)
{
    pthread_mutex_lock(&store->lock);
    *ret_state = store->state;
    ret_state->waiting_count = store->queue.count + store->writing_count;
    pthread_mutex_unlock(&store->lock);
}

static enum bg_error request_check(const struct bg_store *store, const struct bg_history_request *request, struct bg_failure *ret_failure)
{
    const size_t length = strlen(request->node);

    if (length < 1 || length > BG_NODE_NAME_MAX)
        return bg_fail(ret_failure, BG_INVALID, "the name of a node has from 1 to %d bytes", BG_NODE_NAME_MAX);
    if (request->series_count < 1 || request->series_count > BG_STORE_SERIES_MAX)
        return bg_fail(ret_failure, BG_INVALID, "a history has from 1 to %d series", BG_STORE_SERIES_MAX);
    for (size_t i = 0; i < request->series_count; i++)
        if (request->series[i] >= store->opening.series.count)
            return bg_fail(ret_failure, BG_INVALID, "there is no series %zu", request->series[i]);
    if (request->step_ms < BG_STORE_STEP_MS_LEAST || request->since_ms < 0 || request->since_ms % request->step_ms != 0)
        return bg_fail(ret_failure, BG_INVALID, "a history begins at a multiple of its step, which is at least %d ms",
                       BG_STORE_STEP_MS_LEAST);
    if (request->until_ms <= request->since_ms || request->until_ms > BG_TIME_END)
        return bg_fail(ret_failure, BG_INVALID, "a history ends after its beginning, and before the year 3084");
    if (bg_history_buckets(request) > BG_STORE_BUCKETS_MAX)
        return bg_fail(ret_failure, BG_INVALID, "a history has at most %d steps: make the step longer", BG_STORE_BUCKETS_MAX);
    if (bg_history_buckets(request) * request->series_count > BG_STORE_CELLS_MAX)
        return bg_fail(ret_failure, BG_INVALID,
                       "a history has at most %d steps of all its series: ask for fewer series, or make the step longer",
                       BG_STORE_CELLS_MAX);
    return BG_OK;
}

/* With the lock: those that are complete count until they are dispatched. */
static bool has_place(const struct bg_store *store)
{
    return store->waiting.count + store->done.count + (store->running != NULL) < BG_STORE_READS_MAX;
}

enum bg_error bg_store_history(struct bg_store *store, const struct bg_history_request *request, bg_history_done *done, void *context,
                               struct bg_history_ticket **ret_ticket, struct bg_failure *ret_failure)
{
    const enum bg_error error = request_check(store, request, ret_failure);
    struct bg_history_ticket *ticket;
    bool is_taken;

    if (error != BG_OK)
        return error;
    ticket = bg_history_ticket_new(request);
    if (ticket == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    ticket->store = store;
    ticket->done = done;
    ticket->context = context;
    ticket->age_ms = age_read(store);
    pthread_mutex_lock(&store->lock);
    is_taken = has_place(store);
    if (is_taken) {
        ticket->after = store->added_count;
        store->age_ms = ticket->age_ms;
        bg_tickets_put(&store->waiting, ticket);
        *ret_ticket = ticket;
        pthread_cond_signal(&store->more);
    }
    pthread_mutex_unlock(&store->lock);
    if (is_taken)
        return BG_OK;
    bg_history_ticket_free(ticket);
    return bg_fail(ret_failure, BG_TOO_MANY, "%d histories are being read already; try again after a second", BG_STORE_READS_MAX);
}

void bg_history_cancel(struct bg_history_ticket *ticket)
{
    struct bg_store *store = ticket->store;

    pthread_mutex_lock(&store->lock);
    if (ticket->state == BG_TICKET_RUNS)
        ticket->state = BG_TICKET_CANCELLED;
    else
        bg_history_ticket_free(bg_tickets_take(ticket->state == BG_TICKET_WAITS ? &store->waiting : &store->done, ticket));
    pthread_mutex_unlock(&store->lock);
}

bool bg_store_dispatch_one(struct bg_store *store)
{
    struct bg_history_ticket *ticket;

    pthread_mutex_lock(&store->lock);
    ticket = store->done.first != NULL ? bg_tickets_take(&store->done, NULL) : NULL;
    pthread_mutex_unlock(&store->lock);
    if (ticket == NULL)
        return false;
    if (ticket->failure.error != BG_OK)
        ticket->done(ticket->context, &ticket->failure, NULL);
    else
        ticket->done(ticket->context, NULL, &ticket->history);
    bg_history_ticket_free(ticket);
    return true;
}

void bg_store_dispatch(struct bg_store *store)
{
    while (bg_store_dispatch_one(store))
        ;
}
