/* worker.h: the thread that has the database, and the store that it shares with the event loop. */
#ifndef BEAMGAUGE_STORE_WORKER_H
#define BEAMGAUGE_STORE_WORKER_H

#include "file.h"
#include "keep.h"
#include "queue.h"
#include "write.h"

#include <pthread.h>
#include <time.h>

#define BG_BATCH_MAX 256  /* samples of one transaction */
#define BG_GATHER_MS 1000 /* a sample waits so long for others */
#define BG_CLOSE_MS 1000  /* for what waits at the end */

struct bg_store {
    /* as given, and what the event loop alone uses */
    struct bg_opening opening;
    const struct bg_clock *clock;
    struct bg_age_clock age_clock; /* the event loop's alone */
    void (*wake)(void *context);
    void *context;
    pthread_t thread;

    /* shared, under the lock */
    pthread_mutex_t lock;
    pthread_cond_t more;  /* for the thread: there is something to do */
    pthread_cond_t ended; /* for bg_store_close() */
    bool is_closing, has_ended;
    bool is_abandoned;                         /* the thread did not end in time: it frees the store */
    struct timespec gather_until, close_until; /* CLOCK_MONOTONIC */
    struct bg_queue queue;
    uint64_t added_count; /* samples that ever were put into the queue */
    size_t writing_count; /* those that the thread has taken and not written yet */
    struct bg_tickets waiting, done;
    struct bg_history_ticket *running;
    int64_t age_ms; /* by which time rows are too old, as last read on the event loop */
    struct bg_store_state state;
    bool is_news; /* the state has a problem that it did not have before: the loop is to be woken */

    /* the thread's */
    struct bg_db db;
    struct bg_keeper keeper;
    struct bg_set_back set_back;
    char problem[BG_PROBLEM_SIZE];
};

/* What pthread_create() starts; `context` is the store. */
void *bg_worker_run(void *context);
/* Copies what the thread knows into store->state. With the lock, or before there is a thread. */
void bg_worker_note(struct bg_store *store, int64_t size_bytes);
void bg_store_free(struct bg_store *store);
struct timespec bg_time_in(int64_t ms); /* so long from now, by CLOCK_MONOTONIC */

#endif
