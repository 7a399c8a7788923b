/* store.h: what was: samples of the figures of nodes over time, in SQLite, in memory or in a file. All of SQLite runs on a thread of the
 * store's own, so that no disk stops the event loop; the functions here only exchange jobs and results with it. They are for one thread,
 * that of the event loop; clocks are read there only. Times are wall clock, in milliseconds since 1970, from 1 to the year 3084.
 *
 * A sample stands in the file as it came, then as part of its minute, then of its hour: with mean, least and greatest value and the number
 * of samples of each series. A mean is off by at most (greatest - least) / 2^24. Rows have checksums: one that is damaged is counted and
 * left out, and is never another number. Series are stored by name: a file of a version with other series is read for those that both have.
 *
 * kill -9 loses what waited in the queue: a second or so. A power cut may lose what came since the last checkpoint of the write-ahead log
 * (SQLite, "Write-Ahead Logging": synchronous=NORMAL); it damages nothing. */
#ifndef BEAMGAUGE_STORE_H
#define BEAMGAUGE_STORE_H

#include "beamgauge/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bg_clock;
struct bg_store;

#define BG_STORE_SERIES_MAX 128    /* series of one sample */
#define BG_STORE_QUEUE_MAX 4096    /* samples that wait for the thread; one more is dropped and counted */
#define BG_STORE_READS_MAX 64      /* histories that wait for the thread; one more is BG_TOO_MANY */
#define BG_STORE_BUCKETS_MAX 5000  /* steps of one history */
#define BG_STORE_CELLS_MAX 100000  /* steps of all series of one history together; 24 bytes each */
#define BG_STORE_RESTARTS_MAX 1000 /* of one history: the last ones */
#define BG_STORE_STEP_MS_LEAST 1000
#define BG_STORE_BYTES_LEAST (1 << 20)

/* How long samples are kept: as they came for an hour, by minute for a day, by hour for 30 days; less where the store is full. */
#define BG_STORE_FINE_MS (3600 * INT64_C(1000))
#define BG_STORE_MINUTES_MS (24 * BG_STORE_FINE_MS)
#define BG_STORE_HOURS_MS (30 * BG_STORE_MINUTES_MS)
#define BG_STORE_RESTART_MS 5000 /* a node's start that moved by as much is another one: it is computed from its uptime, which drifts */

struct bg_store_options {
    const char *path; /* the file; NULL: in memory. One process, and in it one store, may have it */
    /* Of the database, at least BG_STORE_BYTES_LEAST. Where it would be more, the oldest is removed, of all nodes alike, so that the times
     * for which samples, minutes and hours are kept become shorter by the same part. The file may be 4 MiB larger, and its -wal has 4 MiB.
     */
    int64_t max_bytes;
    int64_t memory_max_bytes;  /* the same where the database is in memory, as wanted or since the file failed; 0: as max_bytes */
    const char *const *series; /* the names of all series, in the order of the values of samples, without newlines; copied */
    size_t series_count;
    const struct bg_clock *clock;
    void (*wake)(void *context); /* called on the store's thread: bg_store_dispatch() has something to do, or the state has a problem */
    void *context;
};

/* Opens the file, or makes it (0600, and its -wal too; there is no -shm). A file that cannot be used is left as it is, and the store goes
 * on in memory, see bg_store_state: it is damaged, not a database, another program's, read-only, locked by another process, on a full disk,
 * or open to others (as a cookie's file, it must be its owner's alone). If it fails later, what can be read of it is copied into memory, as
 * much as fits. This fails without memory or threads (BG_NO_MEMORY, BG_SYSTEM), with options out of their bounds (BG_INVALID), and if a
 * later version has written the file (BG_INVALID): the text says what to do. Reads and may write some MiB of the file, for the log that a
 * kill -9 has left. */
enum bg_error bg_store_open(const struct bg_store_options *options, struct bg_store **ret_store,
                            struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Writes what waits, for at most a second or so, and closes; a disk that does not answer is waited for at most three seconds. NULL:
 * nothing. No `done` is called any more. */
void bg_store_close(struct bg_store *store);
/* Calls the `done` of all histories that are complete; or of one, so that a loop has turns for others between: false, there was none. On
 * the event loop, after `wake`. */
void bg_store_dispatch(struct bg_store *store);
bool bg_store_dispatch_one(struct bg_store *store);

struct bg_sample {
    const char *node;     /* copied */
    int64_t wall_ms;      /* when the figures were reported */
    int64_t started_ms;   /* when the node started (wall clock), 0: not known; later than before by more than 5 s, it is a restart */
    const double *values; /* of all series; NaN or infinite: not known. Copied */
};
/* Written after a second, together with others, or within some seconds. False: the queue is full, or there is no memory, and the sample is
 * dropped. A sample that is not newer than the last one of its node, or is more than a minute ahead of the clock, is dropped later.
 *
 * Where the wall clock was set back, the last one is of a time to come. Samples are dropped for 10 minutes then, since a machine that
 * starts with a wrong clock gets the right one within that time; after it, what a node has of later times is removed when its next sample
 * comes. Where it was set ahead by more than an hour, nothing is removed as too old for 10 minutes. */
bool bg_store_add(struct bg_store *store, const struct bg_sample *sample);

struct bg_history_request {
    const char *node;
    const size_t *series; /* indexes of names */
    size_t series_count;
    int64_t since_ms, until_ms; /* since <= time < until; since is a multiple of step */
    int64_t step_ms;            /* at least BG_STORE_STEP_MS_LEAST; at most BG_STORE_BUCKETS_MAX steps, the last may be cut by until */
};
struct bg_bucket {
    double mean, min, max; /* NaN: nothing was seen */
};
struct bg_history {
    int64_t since_ms, step_ms;
    size_t buckets_count;
    const struct bg_bucket *buckets; /* of the first series, then of the second ... */
    const int64_t *restarts_ms;      /* when the node was found to have restarted: the start times within the request */
    size_t restarts_count;
    int64_t first_ms, last_ms; /* of all that is kept of this node; 0: nothing is */
    bool is_node_known;        /* whether anything is kept of it */
};
/* Exactly one of failure and history is not NULL; both are valid during the call only. */
typedef void bg_history_done(void *context, const struct bg_failure *failure, const struct bg_history *history);

struct bg_history_ticket;
/* `done` is called once from bg_store_dispatch(), unless this fails or the ticket is cancelled. It has all samples that were added before.
 * The finest that is kept of each time is used: each bucket is the mean over the samples that were taken, weighted by their number, with
 * their least and greatest value. A minute or an hour counts for the bucket in which it begins, whole; so where the step is shorter than
 * what is kept, the buckets between are NaN. `failure` is BG_NO_MEMORY. This fails with BG_INVALID (the request), BG_TOO_MANY,
 * BG_NO_MEMORY. */
enum bg_error bg_store_history(struct bg_store *store, const struct bg_history_request *request, bg_history_done *done, void *context,
                               struct bg_history_ticket **ret_ticket, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Not once `done` has been called, or is being called. Another one's ticket may be cancelled in `done`. */
void bg_history_cancel(struct bg_history_ticket *ticket);

struct bg_store_state {
    bool in_file;      /* false: in memory, as wanted or because of the problem */
    char problem[256]; /* why the file is not used, or ""; a full sentence */
    int64_t size_bytes;
    uint64_t written_count; /* samples since the start */
    uint64_t dropped_count; /* too many, too old, or ahead of the clock */
    uint64_t failed_count;  /* not written for want of memory, or at the end for want of time */
    uint64_t damaged_count; /* rows that were found damaged, each time that they are read */
    size_t waiting_count;   /* samples that are not written yet */
    int64_t oldest_ms;      /* the oldest that is kept, of all nodes, as of a minute ago; 0: nothing */
};
/* As the thread last noted it. */
void bg_store_state(struct bg_store *store, struct bg_store_state *ret_state);

#endif
