/* look.h: asks one node for several things, one after the other, and goes on where one of them fails. */
#ifndef BG_API_LOOK_H
#define BG_API_LOOK_H

#include "beamgauge/endpoint.h"
#include "beamgauge/node.h"
#include "beamgauge/query.h"

/* What a node is asked, in this order. Peers are those of the processes with the most monitors, so they need a scan first. */
enum bg_source { BG_SOURCE_MEMORY, BG_SOURCE_SYSTEM, BG_SOURCE_SCAN, BG_SOURCE_PEERS, BG_SOURCE_BINARIES, BG_SOURCE_COUNT };
const char *bg_source_name(enum bg_source source); /* for people */

struct bg_look;
/* One thing was told, or could not be: exactly one of failure and answer is not NULL, but for peers where nobody monitors anything: then
 * both are. */
typedef void bg_look_told(struct bg_look *look, enum bg_source source, const struct bg_failure *failure, const struct bg_answer *answer);
/* Whether there is more in what memory tells once processes were ranked, and the owner wants that: then they are, and it is asked again. */
typedef bool bg_look_lacks(struct bg_look *look, const json_t *memory);
/* Nothing more comes. */
typedef void bg_look_done(struct bg_look *look);

#define BG_LOOK_PEERS 20 /* watchers whose peers are asked for, and peers of each */

/* Filled by the owner down to `done`, zero after it. The owner keeps it until `done` or bg_look_stop(). */
struct bg_look {
    const struct bg_services *services;
    void *owner;
    char node[BG_NODE_NAME_MAX + 1];
    unsigned sources;   /* bits, 1 << of enum bg_source; `told` may add what stands further on */
    int64_t scan_limit; /* rows of each ranking; rounded as everywhere */
    bool binary;        /* off-heap binaries too, which is costly */
    bool totals;        /* of the system also what all schedulers count together, if they tell in time */
    uint64_t reader;    /* see bg_call_reader() */
    int64_t max_age_ms;
    int64_t deadline_us;  /* on the monotonic clock */
    int64_t kept_ms;      /* once time is over, an answer that is kept and not older than this serves; 0: no */
    int64_t warm_ms;      /* the node may go on for so long after the deadline, and its answer is kept for the next one to ask; 0: no */
    bg_look_lacks *lacks; /* NULL: never */
    bg_look_told *told;
    bg_look_done *done;

    struct bg_ticket *ticket; /* the question in flight, or NULL */
    bool is_late;             /* time is over: only what is kept is told from now on */
    struct bg_failure late;   /* what ended it */
    enum bg_source source;    /* the one asked for, or next */
    json_t *peers_args;       /* made of the scan; NULL where nobody needs to be asked about */
    json_t *known;            /* the scan's processes with long lists, which go to the answer of `peers`; or NULL */
    struct bg_answer scanned; /* when the scan was */
    struct bg_answer now;  /* of the system while its totals are waited for, of memory while processes are ranked; else its data is NULL */
    bool is_ranked;        /* processes were ranked for what memory tells, or could not be */
    int64_t process_count; /* of the scan */
    int64_t skipped_count; /* of those, how many did not answer it in time */
    struct bg_failure scan_failure;
};

/* May call `told` and `done` before it returns. */
void bg_look_start(struct bg_look *look);
/* Takes back what is in flight; `done` is not called. A look that is over, or was never started, is fine. */
void bg_look_stop(struct bg_look *look);

#endif
