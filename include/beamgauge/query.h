/* query.h: asking a node one of the embedded questions by name, with sharing: a fresh enough answer is reused, an identical question
 * in flight is joined, else one goes out. */
#ifndef BEAMGAUGE_QUERY_H
#define BEAMGAUGE_QUERY_H

#include "beamgauge/error.h"
#include "beamgauge/node.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bg_metrics;
struct bg_queries; /* the cache and the questions in flight */
struct bg_ticket;  /* one asker's place in a question; freed when its `done` has been called or it is cancelled */

struct bg_queries_options {
    size_t answers_max;         /* answers kept, all nodes together; the least recently used goes first */
    size_t answers_max_bytes;   /* memory that they take, about */
    size_t waiting_max;         /* tickets in all; one more is BG_TOO_MANY */
    size_t node_in_flight_max;  /* questions in flight on one node; 0: not shared out among readers */
    int64_t probe_heap_bytes;   /* a question that outgrows this on the node is killed there */
    struct bg_metrics *metrics; /* counts what was asked; may be NULL */
};

struct bg_query_request {
    const char *node;
    const char *question; /* name of an embedded question: "memory", "scan" ... */
    json_t *args;         /* an object, borrowed; reaches the question as a map with binary keys; NULL: empty */
    int64_t max_age_ms;   /* how old an answer may be; 0: ask anew (a question already in flight is still joined) */
    int64_t timeout_ms;   /* for this asker; the first asker's deadline is also kept on the node */
    uint64_t reader;      /* who asks: one reader has at most half of all tickets, and of the questions in flight on a node; 0: ourselves,
                           * without such a limit */
    bool kept_only;       /* nobody is asked: an answer that is kept, or BG_DEADLINE at once */
};

struct bg_answer {
    json_t *data;              /* borrowed; shared with other askers: never change it */
    int64_t collected_wall_ms; /* when it came; its figures are older by duration_ms at most */
    int64_t collected_us;      /* the same on the monotonic clock */
    int64_t age_ms;
    int64_t duration_ms; /* asking and answering, as seen from here */
    int64_t rpc_us;
    bool shared; /* it was in the cache or joined */
};

/* Exactly one of failure and answer is not NULL. */
typedef void bg_query_done(void *context, const struct bg_failure *failure, const struct bg_answer *answer);

enum bg_error bg_queries_new(struct event_base *base, const struct bg_clock *clock, struct bg_nodes *nodes,
                             const struct bg_queries_options *options, struct bg_queries **ret_queries,
                             struct bg_failure *ret_failure) BG_MUST_CHECK;
/* Every ticket ends with BG_CANCELLED first, and asking again from there is refused with the same. */
void bg_queries_free(struct bg_queries *queries);

/* `done` is called once, never from inside this call: not even for a cached answer. */
enum bg_error bg_query_ask(struct bg_queries *queries, const struct bg_query_request *request, bg_query_done *done, void *context,
                           struct bg_ticket **ret_ticket, struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The data of an answer makes no sense: it is not kept for others. */
void bg_query_reject(struct bg_queries *queries, const json_t *data);
/* Who a process of the node was when it was last reported, by the answer to a question: NULL where nothing is kept of this coming up
 * of its link, or the last one while it is down. Borrowed, until the next question is asked or answered. */
const json_t *bg_query_name(struct bg_queries *queries, const struct bg_node_info *node, const char *pid, int64_t *ret_wall_ms);
/* The node did not report in time who its processes are; whether it did not lately. */
void bg_query_names_late(struct bg_queries *queries, const char *node);
bool bg_query_names_are_late(struct bg_queries *queries, const char *node);
/* The rows of a node's pairs, best first, are kept for when it cannot be asked; they are copied. As bg_query_name() of what is reported
 * then.
 */
void bg_query_keep_pairs(struct bg_queries *queries, const struct bg_node_info *node, const json_t *rows);
const json_t *bg_query_kept_pairs(struct bg_queries *queries, const struct bg_node_info *node, int64_t *ret_wall_ms);
/* Who is likely at the other end of all monitors of a process whose lists nobody could count, or of all that others have of it
 * (is_watched): {peer, is_watched, and who that is}, a new object; NULL where that is not known without doubt of another one. */
json_t *bg_query_likely_new(struct bg_queries *queries, const char *node, const char *pid);
/* The asker has gone. The last one to go cancels the question on the node. */
void bg_ticket_cancel(struct bg_ticket *ticket);

/* asked = cached + joined + those who sent one; sent also counts a question put once more for those who joined with more time; failed
 * counts tickets that ended with a failure. */
struct bg_queries_stats {
    uint64_t asked_count, cached_count, joined_count, sent_count, failed_count;
};
void bg_queries_stats(const struct bg_queries *queries, struct bg_queries_stats *ret_stats);

#endif
