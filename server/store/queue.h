/* queue.h: what goes between the event loop and the thread: samples, and histories that are asked for. Lists in the order of arrival; the
 * caller has the lock. */
#ifndef BEAMGAUGE_STORE_QUEUE_H
#define BEAMGAUGE_STORE_QUEUE_H

#include "beamgauge/store.h"

/* A copy of a sample, with the clocks as they were when it came: the thread itself never reads a clock that tests may move. */
struct bg_queued {
    struct bg_queued *next;
    int64_t wall_ms, started_ms, now_ms, monotonic_us;
    int64_t age_ms;   /* by which time rows are too old, see clocks.h */
    const char *node; /* within this block, behind the values */
    double values[];
};
struct bg_queue {
    struct bg_queued *first, **end; /* end: where the next one is linked */
    size_t count;
};

void bg_queue_init(struct bg_queue *ret_queue);
/* NULL: out of memory. One block, for free(). */
struct bg_queued *bg_queued_new(const struct bg_sample *sample, size_t series_count);
void bg_queue_put(struct bg_queue *queue, struct bg_queued *one);
/* Moves the first `most` into an empty queue. */
void bg_queue_take(struct bg_queue *queue, size_t most, struct bg_queue *ret_taken);
void bg_queue_clear(struct bg_queue *queue);

/* What a ticket goes through. It belongs to the store in each of them. */
enum bg_ticket_state {
    BG_TICKET_WAITS,     /* in the list of those that wait */
    BG_TICKET_RUNS,      /* with the thread */
    BG_TICKET_CANCELLED, /* with the thread, which frees it */
    BG_TICKET_DONE,      /* in the list of those that are complete */
};
struct bg_history_ticket {
    struct bg_history_ticket *next;
    struct bg_store *store;
    enum bg_ticket_state state;
    uint64_t after; /* it is answered once so many samples were taken from the queue: all that came before it */
    int64_t age_ms; /* as above, when it came */
    bg_history_done *done;
    void *context;
    struct bg_history_request request; /* its pointers are into this block */
    struct bg_failure failure;         /* if `history` has no buckets */
    struct bg_history history;         /* owns its arrays */
    size_t series[BG_STORE_SERIES_MAX];
    char node[]; /* the name */
};
struct bg_tickets {
    struct bg_history_ticket *first;
    size_t count;
};
struct bg_history_ticket *bg_history_ticket_new(const struct bg_history_request *request);
void bg_history_ticket_free(struct bg_history_ticket *ticket);
/* At the end. */
void bg_tickets_put(struct bg_tickets *tickets, struct bg_history_ticket *ticket);
/* Takes the first, or this one; NULL if it is not there. */
struct bg_history_ticket *bg_tickets_take(struct bg_tickets *tickets, const struct bg_history_ticket *ticket);
void bg_tickets_clear(struct bg_tickets *tickets);

#endif
