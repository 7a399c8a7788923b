/* worker.c: the thread: it writes what waits in batches, answers histories, and goes on in memory where the file fails. */
#include "worker.h"

#include "history.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

struct outcome {
    uint64_t written, dropped, failed;
};

struct timespec bg_time_in(int64_t ms)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_sec += ms / 1000;
    time.tv_nsec += ms % 1000 * 1000000;
    if (time.tv_nsec >= 1000000000) {
        time.tv_sec++;
        time.tv_nsec -= 1000000000;
    }
    return time;
}

static bool has_passed(const struct timespec *time)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > time->tv_sec || (now.tv_sec == time->tv_sec && now.tv_nsec >= time->tv_nsec);
}

void bg_worker_note(struct bg_store *store, int64_t size_bytes)
{
    struct bg_store_state *state = &store->state;

    state->in_file = store->db.in_file;
    store->is_news = store->is_news || strcmp(state->problem, store->problem) != 0;
    memcpy(state->problem, store->problem, sizeof state->problem);
    state->damaged_count = store->db.damaged_count;
    state->size_bytes = size_bytes;
    state->oldest_ms = store->keeper.oldest_ms;
}

/* Goes on in memory, with what can be read of the database that failed. The first problem stays. */
static void go_to_memory(struct bg_store *store, int code, int64_t now_ms)
{
    const uint64_t damaged = store->db.damaged_count;
    struct bg_db memory;

    if (store->problem[0] == '\0' && store->db.in_file)
        bg_file_problem(store->opening.path, code, store->db.system_error, store->problem);
    if (bg_memory_open(&store->opening, &memory) && store->db.in_file)
        bg_memory_copy(&store->db, &memory, now_ms);
    bg_db_close(&store->db, true);
    store->db = memory;
    store->db.damaged_count += damaged;
    store->keeper = (struct bg_keeper){0};
}

static bool is_file_failure(const struct bg_store *store, int code)
{
    const int primary = code & 0xff;

    return primary != SQLITE_NOMEM && code != SQLITE_IOERR_NOMEM && (store->db.in_file || primary != SQLITE_FULL);
}

/* One transaction; *ret_failure: why it was rolled back. */
static bool batch_write(struct bg_store *store, const struct bg_queue *batch, int64_t now_ms, struct outcome *ret_outcome, int *ret_failure)
{
    struct bg_db *db = &store->db;
    struct outcome outcome = {0};

    bg_db_begin(db);
    for (const struct bg_queued *one = batch->first; one != NULL && db->failure == SQLITE_OK; one = one->next)
        *(bg_write_sample(db, &store->set_back, one) ? &outcome.written : &outcome.dropped) += 1;
    if (bg_keep_is_due(&store->keeper, now_ms))
        bg_keep_some(db, &store->keeper, now_ms);
    bg_keep_size(db, &store->keeper, now_ms);
    if (store->keeper.oldest_ms == 0) /* these may be the first */
        bg_keep_note_oldest(db, &store->keeper);
    if (!bg_db_end(db, ret_failure))
        return false;
    *ret_outcome = outcome;
    return true;
}

/* Writes a batch, in memory if the file fails. */
static struct outcome batch_save(struct bg_store *store, const struct bg_queue *batch, int64_t now_ms)
{
    struct outcome outcome = {0};
    int failure = SQLITE_OK;

    for (int tries = 0; tries < 2; tries++) {
        if (store->db.handle == NULL && !bg_memory_open(&store->opening, &store->db))
            break;
        if (batch_write(store, batch, now_ms, &outcome, &failure))
            return outcome;
        if (!is_file_failure(store, failure))
            break;
        go_to_memory(store, failure, now_ms);
    }
    store->keeper = (struct bg_keeper){.begun_ms = now_ms, .oldest_ms = store->keeper.oldest_ms}; /* not again and again */
    return (struct outcome){.failed = batch->count};
}

/* The time at which the last of a batch was added: seen from a later one, its minute might have ended while more of it wait. */
static int64_t now_of(const struct bg_store *store, const struct bg_queue *batch)
{
    int64_t now_ms = store->age_ms;

    for (const struct bg_queued *one = batch->first; one != NULL; one = one->next)
        now_ms = one->age_ms;
    return now_ms;
}

static void batch_round(struct bg_store *store)
{
    struct outcome outcome;
    struct bg_queue batch;
    int64_t now_ms, size;

    bg_queue_take(&store->queue, BG_BATCH_MAX, &batch);
    now_ms = now_of(store, &batch);
    if (batch.count == 0 && !bg_keep_is_due(&store->keeper, now_ms))
        return;
    store->writing_count = batch.count;
    pthread_mutex_unlock(&store->lock);
    outcome = batch_save(store, &batch, now_ms);
    bg_queue_clear(&batch);
    size = store->db.handle != NULL ? bg_db_size(&store->db) : 0;
    pthread_mutex_lock(&store->lock);
    store->writing_count = 0;
    store->state.written_count += outcome.written;
    store->state.dropped_count += outcome.dropped;
    store->state.failed_count += outcome.failed;
    bg_worker_note(store, size);
}

/* False: the answer is not to be used; *ret_failure is that of the database, or SQLITE_OK. */
static bool history_try(struct bg_store *store, struct bg_history_ticket *ticket, int *ret_failure)
{
    bool is_complete;

    if (store->db.handle == NULL && !bg_memory_open(&store->opening, &store->db))
        return false;
    bg_db_clear(&store->db);
    is_complete = bg_history_read(&store->db, ticket);
    return bg_db_end(&store->db, ret_failure) && is_complete;
}

static void history_answer(struct bg_store *store, struct bg_history_ticket *ticket)
{
    for (int tries = 0; tries < 2; tries++) {
        int failure = SQLITE_OK;

        if (history_try(store, ticket, &failure))
            return;
        if (failure == SQLITE_OK || !is_file_failure(store, failure))
            break;
        go_to_memory(store, failure, ticket->age_ms);
    }
    bg_fail(&ticket->failure, BG_NO_MEMORY, "out of memory");
}

static void ticket_round(struct bg_store *store)
{
    struct bg_history_ticket *ticket = store->waiting.first;

    if (ticket == NULL || store->added_count - store->queue.count < ticket->after)
        return;
    store->running = bg_tickets_take(&store->waiting, ticket);
    ticket->state = BG_TICKET_RUNS;
    pthread_mutex_unlock(&store->lock);
    history_answer(store, ticket);
    pthread_mutex_lock(&store->lock);
    store->running = NULL;
    bg_worker_note(store, store->state.size_bytes);
    if (ticket->state == BG_TICKET_CANCELLED || store->is_closing) {
        bg_history_ticket_free(ticket);
        return;
    }
    ticket->state = BG_TICKET_DONE;
    bg_tickets_put(&store->done, ticket);
    pthread_mutex_unlock(&store->lock);
    store->wake(store->context);
    pthread_mutex_lock(&store->lock);
}

static bool is_over(const struct bg_store *store)
{
    return store->is_closing && (store->queue.count == 0 || has_passed(&store->close_until));
}

/* Waits for something to do, and a little for more of it. */
static void work_await(struct bg_store *store)
{
    if (bg_keep_is_busy(&store->keeper))
        return;
    while (store->queue.count == 0 && store->waiting.first == NULL && !store->is_closing)
        pthread_cond_wait(&store->more, &store->lock);
    while (store->queue.count < BG_BATCH_MAX && store->waiting.first == NULL && !store->is_closing && !has_passed(&store->gather_until))
        pthread_cond_timedwait(&store->more, &store->lock, &store->gather_until);
}

static void news_round(struct bg_store *store)
{
    if (!store->is_news)
        return;
    store->is_news = false;
    pthread_mutex_unlock(&store->lock);
    store->wake(store->context);
    pthread_mutex_lock(&store->lock);
}

void *bg_worker_run(void *context)
{
    struct bg_store *store = context;
    bool is_abandoned;

    pthread_mutex_lock(&store->lock);
    batch_round(store); /* the first look at what is kept */
    for (work_await(store); !is_over(store); work_await(store)) {
        batch_round(store);
        if (!store->is_closing)
            ticket_round(store);
        if (!store->is_closing)
            news_round(store);
    }
    pthread_mutex_unlock(&store->lock);
    bg_db_close(&store->db, false);
    pthread_mutex_lock(&store->lock);
    store->has_ended = true;
    is_abandoned = store->is_abandoned;
    pthread_cond_signal(&store->ended);
    pthread_mutex_unlock(&store->lock);
    if (is_abandoned)
        bg_store_free(store);
    return NULL;
}
