/* sources.h: asks one node for several things, one after the other, and continues if one of them fails. */
#ifndef BG_API_SOURCES_H
#define BG_API_SOURCES_H

#include "fetch.h"

#include "beamgauge/node.h"

/* The questions to a node, in this order. Peers are those of the processes with the most monitors, so they need a scan first. The history
 * is no question: nobody is asked for it, see check_past.h. */
enum bg_source {
    BG_SOURCE_MEMORY,
    BG_SOURCE_SYSTEM,
    BG_SOURCE_SCAN,
    BG_SOURCE_PEERS,
    BG_SOURCE_BINARIES,
    BG_SOURCE_HISTORY,
    BG_SOURCE_COUNT
};
const char *bg_source_name(enum bg_source source); /* for people */

struct bg_sources;
/* One source was answered, or failed: exactly one of failure and answer is not NULL; for peers without any monitors both are NULL. */
typedef void bg_sources_report(struct bg_sources *sources, enum bg_source source, const struct bg_failure *failure,
                               const struct bg_answer *answer);
/* Whether memory's answer has more after a ranking of processes, and the owner wants that: then they are ranked, and memory is asked again.
 */
typedef bool bg_sources_lacks(struct bg_sources *sources, const json_t *memory);
/* Nothing more comes. */
typedef void bg_sources_done(struct bg_sources *sources);

#define BG_SOURCES_PEERS 20 /* watchers whose peers are requested, and peers of each */

/* Filled by the owner down to `done`, zero after it. The owner keeps it until `done` or bg_sources_stop(). */
struct bg_sources {
    const struct bg_services *services;
    void *owner;
    char node[BG_NODE_NAME_MAX + 1];
    unsigned wanted;    /* bits, 1 << of enum bg_source; `report` may add later ones */
    int64_t scan_limit; /* rows of each ranking; rounded as everywhere */
    bool binary;        /* also off-heap binaries, which is costly */
    bool totals;        /* for the system also the counts of all schedulers, if they answer in time */
    uint64_t reader;    /* see bg_call_reader() */
    int64_t max_age_ms;
    int64_t deadline_us;     /* on the monotonic clock */
    int64_t kept_ms;         /* as of a fetch */
    int64_t warm_ms;         /* as of a fetch */
    bg_sources_lacks *lacks; /* NULL: never */
    bg_sources_report *report;
    bg_sources_done *done;

    struct bg_fetch fetch;
    size_t step;            /* the current question, or the next one */
    bool is_late;           /* timed out: only kept answers are reported from now on */
    struct bg_failure late; /* what ended it */
    struct bg_answer
        first;      /* memory's answer while processes are ranked, the system's while its totals are pending; else its data is NULL */
    bool is_ranked; /* processes were ranked for memory */
    struct bg_arguments peers; /* the next question for peers; its args are NULL if no process needs it */
    json_t *known;             /* the scan's processes with long lists, which are added to the answer of `peers`; or NULL */
    struct bg_answer scanned;  /* when the scan was */
    struct bg_failure scan_failure;
    int64_t process_count; /* of the scan */
    int64_t skipped_count; /* of those, how many did not answer it in time */
};

/* May call `report` and `done` before it returns. */
void bg_sources_start(struct bg_sources *sources);
/* Cancels what is in flight; `done` is not called. It may be called if it is over, or was never started. */
void bg_sources_stop(struct bg_sources *sources);

#endif
