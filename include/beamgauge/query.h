/* query.h: asks a node one of the embedded questions by name, with sharing: a fresh answer is reused, an identical question in flight is
 * joined, else a new question is sent. */
#ifndef BEAMGAUGE_QUERY_H
#define BEAMGAUGE_QUERY_H

#include "beamgauge/error.h"
#include "beamgauge/node.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bg_metrics;
struct bg_queries; /* the cache and the questions in flight */
struct bg_ticket;  /* one caller's wait for an answer; freed after its `done`, or when it is cancelled */

struct bg_queries_options {
    size_t answers_max;         /* answers kept, of all nodes together; the least recently used is evicted first */
    size_t answers_max_bytes;   /* their memory, approximately */
    size_t waiting_max;         /* tickets in all; one more is BG_TOO_MANY */
    size_t node_in_flight_max;  /* questions in flight on one node; 0: not shared out among readers */
    int64_t probe_heap_bytes;   /* a question that outgrows this on the node is killed there */
    struct bg_metrics *metrics; /* counts what was asked; may be NULL */
};

struct bg_query_request {
    const char *node;
    const char *question; /* name of an embedded question: "memory", "scan" ... */
    json_t *args;         /* an object, borrowed; reaches the question as a map with binary keys; NULL: empty */
    int64_t max_age_ms;   /* the maximum age of an answer; 0: ask again (a question in flight is still joined) */
    int64_t timeout_ms;   /* for this caller; the node also enforces the deadline of the first caller */
    uint64_t reader;      /* the caller: one reader has at most half of all tickets, and of the questions in flight on a node; 0: beamgauge
                             itself, without this limit */
    bool kept_only;       /* no node is asked: a cached answer, or BG_DEADLINE at once */
};

struct bg_answer {
    json_t *data;              /* borrowed; shared with other callers: never change it */
    int64_t collected_wall_ms; /* when it came; its figures are older by duration_ms at most */
    int64_t collected_us;      /* the same on the monotonic clock */
    int64_t age_ms;
    int64_t duration_ms; /* from the question to the answer, measured here */
    int64_t rpc_us;
    bool shared; /* it came from the cache, or from a question of another caller */
};

/* Exactly one of failure and answer is not NULL. */
typedef void bg_query_done(void *context, const struct bg_failure *failure, const struct bg_answer *answer);

enum bg_error bg_queries_new(struct event_base *base, const struct bg_clock *clock, struct bg_nodes *nodes,
                             const struct bg_queries_options *options, struct bg_queries **ret_queries,
                             struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Every ticket ends with BG_CANCELLED first. A new question from its `done` fails with the same error. */
void bg_queries_free(struct bg_queries *queries);

/* `done` is called once, never inside this call, not even for a cached answer. */
enum bg_error bg_query_ask(struct bg_queries *queries, const struct bg_query_request *request, bg_query_done *done, void *context,
                           struct bg_ticket **ret_ticket, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The arguments of `peers`, of these processes (an array of texts, stolen) in these directions (NULL ends them): a new object; NULL without
 * memory. Answers are shared only if the arguments are equal. */
json_t *bg_query_peers_args_new(json_t *pids, const char *const directions[], int64_t limit, int64_t list_entries_max, bool is_exact);
/* The data of an answer is invalid: it is not kept for others. */
void bg_query_reject(struct bg_queries *queries, const json_t *data);
/* The identity of a process, as an answer last reported it. NULL if nothing is kept since the node's link came up (while it is down: since
 * it last came up). Borrowed, until the next question is asked or answered. */
const json_t *bg_query_name(struct bg_queries *queries, const struct bg_node_info *node, const char *pid, int64_t *ret_wall_ms);
/* Notes that the node did not report its processes' names in time; and whether that happened lately. */
void bg_query_names_late(struct bg_queries *queries, const char *node);
bool bg_query_names_are_late(struct bg_queries *queries, const char *node);
/* Keeps the rows of a node's pairs, best first, for times when it cannot be asked; they are copied. `collected_wall_ms`: when the node
 * reported them; later rows stay. How long they are valid: see bg_query_name(). */
void bg_query_keep_pairs(struct bg_queries *queries, const struct bg_node_info *node, const json_t *rows, int64_t collected_wall_ms);
const json_t *bg_query_kept_pairs(struct bg_queries *queries, const struct bg_node_info *node, int64_t *ret_wall_ms);
/* The likely process at the other end of all monitors of a process whose lists could not be counted, or of all monitors that others have of
 * it (is_watched): a new object {peer, is_watched, and its identity}. NULL if more than one process is possible, or none. */
json_t *bg_query_likely_new(struct bg_queries *queries, const char *node, const char *pid);
/* The caller has gone. When the last caller has gone, the question is cancelled on the node. */
void bg_ticket_cancel(struct bg_ticket *ticket);

/* asked = cached + joined + callers whose question was sent; sent also counts a question that was asked again for callers who joined with
 * more time; failed counts tickets that ended with a failure. */
struct bg_queries_stats {
    uint64_t asked_count, cached_count, joined_count, sent_count, failed_count;
};
void bg_queries_stats(const struct bg_queries *queries, struct bg_queries_stats *ret_stats);

#endif
