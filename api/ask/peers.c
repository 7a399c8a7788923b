/* peers.c: the processes at the other end of monitors and links: asks `peers` and reads its answer. */
#include "peers.h"

#include "uncounted.h"

#include "beamgauge/clock.h"
#include "beamgauge/text.h"

#include <inttypes.h>
#include <string.h>

#define NO_PEERS                                                                                                                           \
    "the processes were ranked, but there was no time left to ask the busy node for their peers: these are missing, and a pair whose "     \
    "watched is null stands for all monitors of its watcher together; allow more with timeout_ms"

#define UNEXPLAINED_MIN 1000 /* fewer are not a relevant leak */

bool bg_peers_exact(const struct bg_ask *ask)
{
    return bg_call_boolean(ask->call, "exact") && bg_call_may(ask->call, BG_SCOPE_ADMIN);
}

void bg_peers_check_exact(struct bg_ask *ask, const struct bg_peer_list *list, const json_t *process, const char *pid)
{
    const json_t *full = bg_answer_array_or_null(&ask->shaper, process, "full");
    if (list->exact || !bg_call_boolean(ask->call, "exact"))
        return;
    if (json_array_size(full) == 2)
        bg_shaper_fail(&ask->shaper, BG_MEMORY_FULL,
                       "to count the entries of %s takes %s about %s MiB for the moment, and its host or cgroup has %s MiB left; without "
                       "exact=true they are estimated",
                       pid, bg_ask_node(ask), BG_COUNT(json_integer_value(json_array_get(full, 0)) >> 20),
                       BG_COUNT(json_integer_value(json_array_get(full, 1)) >> 20));
    else if (bg_peers_exact(ask) &&
             (bg_answer_boolean_or(&ask->shaper, process, "late", false) || bg_answer_boolean_or(&ask->shaper, process, "silent", false)))
        bg_ask_warn(ask, "there was too little time to count the lists of %s on %s; allow more with timeout_ms", pid, bg_ask_node(ask));
    else if (bg_peers_exact(ask))
        bg_ask_warn(ask, "to count a list of %s on %s would take more than 2 GiB of memory, which is the most that may be used for it", pid,
                    bg_ask_node(ask));
    else if (list->uncounted && list->uncounted_count >= 0)
        bg_shaper_fail(&ask->shaper, BG_FORBIDDEN, "%s on %s has " BG_UNCOUNTED ": to count them takes a token with the scope admin", pid,
                       bg_ask_node(ask), BG_COUNT(list->uncounted_count));
    else
        bg_shaper_fail(&ask->shaper, BG_FORBIDDEN,
                       "%s on %s has a list of about %s entries; to count it exactly takes a token with the scope admin", pid,
                       bg_ask_node(ask), BG_COUNT(list->count));
}

static struct bg_arguments peers_args(struct bg_ask *ask, json_t *pids, const char *const directions[], int64_t limit)
{
    return bg_arguments_peers(&ask->shaper, bg_call_services(ask->call), pids, directions, limit, bg_peers_exact(ask));
}

void bg_peers_send(struct bg_ask *ask, json_t *pids, const char *const directions[], int64_t limit, bg_ask_step *next)
{
    bg_ask_send(ask, peers_args(ask, pids, directions, limit), next);
}

const json_t *bg_peers_long(struct bg_shaper *shaper, const json_t *scan)
{
    return bg_answer_array_or_null(shaper, scan, "long");
}

bool bg_peers_send_top(struct bg_ask *ask, const struct bg_scan *scan, const json_t *known, int64_t limit, bg_ask_step *next)
{
    struct bg_shaper *shaper = &ask->shaper;
    const char *const directions[] = {scan->sort->key, NULL};
    json_t *pids = bg_array_new(shaper);
    for (size_t place = 0; place < json_array_size(scan->ranking) && place < (size_t)bg_peers_round(limit); place++) {
        const json_t *raw = bg_scan_raw_at(shaper, scan, place);
        const char *pid = bg_answer_pid(shaper, raw, "pid");
        if (pid != NULL && bg_peers_find(shaper, known, pid) == NULL && bg_row_value(shaper, raw, scan->sort, scan->word_bytes) != 0)
            bg_append(shaper, pids, json_string(pid));
    }
    if (shaper->failed || json_array_size(pids) == 0) {
        json_decref(pids);
        return false;
    }
    bg_ask_send_or_lack(ask, peers_args(ask, pids, directions, limit), NO_PEERS, next);
    return true;
}

json_t *bg_peers_counted_at(struct bg_shaper *shaper, const json_t *process)
{
    char at[BG_RFC3339_SIZE];
    const int64_t wall_ms = bg_answer_count_or(shaper, process, "counted_wall_ms", -1);
    if (wall_ms < 0)
        return json_null();
    bg_clock_rfc3339(wall_ms, at);
    return json_string(at);
}

const json_t *bg_peers_find(struct bg_shaper *shaper, const json_t *processes, const char *pid)
{
    for (size_t i = 0; i < json_array_size(processes) && !shaper->failed; i++) {
        const json_t *process = bg_answer_object_at(shaper, processes, i);
        const char *found = bg_answer_pid(shaper, process, "pid");
        if (found != NULL && strcmp(found, pid) == 0)
            return process;
    }
    return NULL;
}

void bg_peer_list_read(struct bg_shaper *shaper, const json_t *process, const char *direction, struct bg_peer_list *ret_list)
{
    const json_t *list = bg_answer_object(shaper, bg_answer_object(shaper, process, "lists"), direction);
    *ret_list = (struct bg_peer_list){
        .count = bg_answer_count_or(shaper, list, "count", -1),
        .distinct_count = bg_answer_count_or(shaper, list, "distinct_count", -1),
        .exact = bg_answer_boolean(shaper, list, "exact"),
        .uncounted = bg_is_uncounted(shaper, list),
        .uncounted_count = bg_is_uncounted(shaper, list) ? bg_answer_count_or(shaper, process, "entries_max", -1) : -1,
        .since_count = bg_answer_count_or(shaper, list, "uncounted_since_count", 0),
        .top = bg_answer_array(shaper, list, "top"),
    };
}

void bg_peer_list_put(struct bg_shaper *shaper, json_t *object, const struct bg_peer_list *list, size_t limit)
{
    json_t *peers = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(list->top) && i < limit && !shaper->failed; i++) {
        const json_t *entry = bg_answer_object_at(shaper, list->top, i);
        json_t *peer = bg_ref_new(shaper, entry);
        bg_put(shaper, peer, "count", json_integer(bg_answer_count(shaper, entry, "count")));
        bg_append(shaper, peers, peer);
    }
    bg_put(shaper, object, "distinct_count", bg_count_or_null(list->distinct_count));
    bg_put(shaper, object, "duplication_ratio", bg_ratio_new(list->count - list->since_count, list->distinct_count));
    bg_put(shaper, object, "uncounted_since_count", bg_count_or_null(list->since_count > 0 ? list->since_count : -1));
    bg_put(shaper, object, "top_peers", peers);
}

int64_t bg_peers_unexplained(struct bg_ask *ask, const json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const int64_t count = bg_answer_count_or(shaper, answer, "unexplained_monitors", -1);
    const int64_t bound = bg_answer_count_or(shaper, json_object_get(answer, "next_bound"), "monitors", 0);
    const int64_t processes = bg_answer_count(shaper, answer, "process_count"), skipped = bg_answer_count(shaper, answer, "skipped_count");
    int64_t most;
    if (__builtin_mul_overflow(bound, processes, &most))
        most = INT64_MAX;
    if (count >= UNEXPLAINED_MIN && (count > most || skipped > 0) && !shaper->failed)
        bg_ask_warn(ask,
                    "%s has %s local monitors more than the processes that were read hold: one that was skipped, or whose messages hide "
                    "how many monitors it has, may hold them",
                    bg_ask_node(ask), BG_COUNT(count));
    return count;
}
