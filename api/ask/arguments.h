/* arguments.h: the questions to nodes, with their arguments, all made in one place: callers share an answer only if the arguments are equal
 * too. */
#ifndef BG_API_ARGUMENTS_H
#define BG_API_ARGUMENTS_H

#include "shape.h"

#include "beamgauge/endpoint.h"

/* A question as it is sent. Only the functions below make it. */
struct bg_arguments {
    const char *question; /* a constant */
    json_t *args;         /* a new reference; NULL: none, or no memory, which has failed the shaper */
};

/* Rounds up to 50, 200 or 1000: with few different limits, one scan serves all rankings. */
int64_t bg_limit_round(int64_t limit);
/* How many processes are listed for a ranking of `limit` rows, and how many top peers of each: 20, 50 or 200; for a single process also
 * 1000 or 10000 peers. */
int64_t bg_peers_round(int64_t limit);
#define BG_PEERS_LIMIT_MAX 200
#define BG_PEERS_SAMPLE_MAX 10000

/* A question without arguments. */
struct bg_arguments bg_arguments_none(const char *question);
/* `scan`, for a ranking of `limit` rows; with `binary` also of off-heap binaries, which is costly. */
struct bg_arguments bg_arguments_scan(struct bg_shaper *shaper, const struct bg_services *services, int64_t limit, const char *order,
                                      bool binary);
/* `window`, by the change of `sort`. */
struct bg_arguments bg_arguments_window(struct bg_shaper *shaper, const struct bg_services *services, const char *sort, int64_t limit,
                                        const char *order, int64_t window_ms);
/* `peers`, of these processes (an array of texts, stolen) in these directions (NULL ends them). */
struct bg_arguments bg_arguments_peers(struct bg_shaper *shaper, const struct bg_services *services, json_t *pids,
                                       const char *const directions[], int64_t limit, bool exact);
/* `groups` of processes by `by`, or, if that is "node", `peer_nodes`, of the entries of all processes; with `entries` monitors and links
 * are counted. */
struct bg_arguments bg_arguments_groups(struct bg_shaper *shaper, const struct bg_services *services, const char *by, const char *sort,
                                        int64_t limit, bool entries);
/* `watched`, `alive` and `names`. The arrays are stolen. */
struct bg_arguments bg_arguments_watched(struct bg_shaper *shaper, const struct bg_services *services, json_t *pairs, bool exact);
struct bg_arguments bg_arguments_alive(struct bg_shaper *shaper, json_t *processes);
struct bg_arguments bg_arguments_names(struct bg_shaper *shaper, json_t *pids);
/* A question about one process with no other argument: `process_info`, `owner`. */
struct bg_arguments bg_arguments_process(struct bg_shaper *shaper, const char *question, const char *pid);
/* `notes`, which reads in a way that depends on the size of the heap. */
struct bg_arguments bg_arguments_notes(struct bg_shaper *shaper, const char *pid, int64_t heap_bytes);
struct bg_arguments bg_arguments_call_sites(struct bg_shaper *shaper, const char *pid, int64_t duration_ms, int64_t max_calls);
/* `tables`, `ports` or `sockets`, and ports in groups. */
struct bg_arguments bg_arguments_listing(struct bg_shaper *shaper, const char *question, const char *sort, int64_t limit,
                                         int64_t window_ms);
struct bg_arguments bg_arguments_port_groups(struct bg_shaper *shaper, const char *sort, int64_t limit, const char *group);
struct bg_arguments bg_arguments_distribution(struct bg_shaper *shaper, int64_t limit, int64_t window_ms);
struct bg_arguments bg_arguments_schedulers(struct bg_shaper *shaper, int64_t window_ms);
struct bg_arguments bg_arguments_applications(struct bg_shaper *shaper, const char *sort, int64_t limit);
struct bg_arguments bg_arguments_tree(struct bg_shaper *shaper, const char *application, int64_t limit, int64_t depth);
/* `binaries`, of the first `limit` processes, and `collect`, which has those with smaller heaps collect their garbage. */
struct bg_arguments bg_arguments_binaries(struct bg_shaper *shaper, int64_t limit);
struct bg_arguments bg_arguments_collect(struct bg_shaper *shaper, int64_t limit, int64_t heap_max_bytes);

#endif
