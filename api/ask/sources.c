/* sources.c: asks one node for several things, one after the other. */
#include "sources.h"

#include "peers.h"
#include "scan.h"

#include "beamgauge/clock.h"

#include <stdio.h>
#include <string.h>

#define TOTALS_TIMEOUT_MS 1000
#define TOTALS_AGE_MS 1000  /* every scheduler is woken to report them */
#define MEMORY_TIME_PART 10 /* of the time, for asking for memory again once processes were ranked */

const char *bg_source_name(enum bg_source source)
{
    static const char *const names[BG_SOURCE_COUNT] = {"memory", "system", "scan", "peers", "binaries", "history"};
    return names[source];
}

static bool is_wanted(const struct bg_sources *sources, enum bg_source source)
{
    return (sources->wanted & 1U << source) != 0;
}

static void report(struct bg_sources *sources, enum bg_source source, const struct bg_failure *failure, const struct bg_answer *answer)
{
    if (is_wanted(sources, source))
        sources->report(sources, source, failure, answer);
}

/* An answer combined from several, or NULL without memory, which is then reported. Takes over the data. */
static void report_joined(struct bg_sources *sources, enum bg_source source, const struct bg_answer *when, json_t *data)
{
    struct bg_answer joined = *when;
    struct bg_failure no_memory;
    joined.data = data;
    if (data == NULL)
        (void)bg_fail(&no_memory, BG_NO_MEMORY, "out of memory");
    report(sources, source, data == NULL ? &no_memory : NULL, data == NULL ? NULL : &joined);
    json_decref(data);
}

static void hold_first(struct bg_sources *sources, const struct bg_answer *answer)
{
    sources->first = *answer;
    json_incref(answer->data);
}

static void drop_first(struct bg_sources *sources)
{
    json_decref(sources->first.data);
    sources->first.data = NULL;
}

static void drop_peers(struct bg_sources *sources)
{
    json_decref(sources->peers.args);
    sources->peers.args = NULL;
}

static bool is_listed(const json_t *pids, const char *pid)
{
    size_t i = 0;
    while (i < json_array_size(pids) && strcmp(json_string_value(json_array_get(pids, i)), pid) != 0)
        i++;
    return i < json_array_size(pids);
}

/* Adds the pids of processes with the most entries in that direction whose peers are not known. */
static void add_first(const struct bg_sources *sources, struct bg_shaper *shaper, const json_t *answer, const char *direction, json_t *pids)
{
    char field[32];
    const json_t *rows = bg_answer_array(shaper, answer, "rows");
    const json_t *ranking = bg_answer_array(shaper, bg_answer_object(shaper, answer, "rankings"), direction);
    (void)snprintf(field, sizeof field, "%s_count", direction);
    for (size_t i = 0; i < json_array_size(ranking) && i < BG_SOURCES_PEERS && !shaper->failed; i++) {
        const json_t *row = bg_answer_object_at(shaper, rows, (size_t)json_integer_value(json_array_get(ranking, i)));
        const char *pid = bg_answer_pid(shaper, row, "pid");
        if (pid != NULL && bg_answer_count_or(shaper, row, field, -1) != 0 && bg_peers_find(shaper, sources->known, pid) == NULL &&
            !is_listed(pids, pid))
            bg_append(shaper, pids, json_string(pid));
    }
}

/* The question for peers of the processes that monitor most, and, with `both`, of those that are monitored most; NULL if there are none. */
static void plan_peers(struct bg_sources *sources, struct bg_shaper *shaper, const json_t *answer, bool both)
{
    static const char *const directions[] = {"monitors", "monitored_by", NULL}, *const monitors[] = {"monitors", NULL};
    json_t *pids = bg_array_new(shaper);
    add_first(sources, shaper, answer, "monitors", pids);
    if (both)
        add_first(sources, shaper, answer, "monitored_by", pids);
    if (!shaper->failed && json_array_size(pids) > 0)
        sources->peers = bg_arguments_peers(shaper, sources->services, pids, both ? directions : monitors, BG_SOURCES_PEERS, false);
    else
        json_decref(pids);
    if (shaper->failed)
        drop_peers(sources);
}

static int64_t left_ms(const struct bg_sources *sources)
{
    return (sources->deadline_us - bg_clock_monotonic_us(sources->services->clock)) / 1000;
}

/* Memory: reported at once, unless a ranking of processes adds to it. */

static void take_memory(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer)
{
    if (failure == NULL && sources->lacks != NULL && !sources->is_late && sources->lacks(sources, answer->data))
        hold_first(sources, answer);
    else
        report(sources, BG_SOURCE_MEMORY, failure, answer);
}

static bool is_first_held(const struct bg_sources *sources)
{
    return sources->first.data != NULL;
}

/* It is asked again with the knowledge from the ranking, or else reported as it was. */
static void end_ranking(struct bg_sources *sources, bool is_known)
{
    sources->is_ranked = is_known;
    if (!is_known)
        report(sources, BG_SOURCE_MEMORY, NULL, &sources->first);
    drop_first(sources);
}

static struct bg_arguments scan_arguments(const struct bg_sources *sources, struct bg_shaper *shaper)
{
    return bg_arguments_scan(shaper, sources->services, sources->scan_limit, "desc", sources->binary);
}

/* The peers of processes with the most entries show which entries belong to other nodes: on the watchers' node, and on that of the watched.
 */
static void take_ranking(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "scan");
    if (failure == NULL)
        plan_peers(sources, &shaper, answer->data, true);
    if (sources->peers.args == NULL)
        end_ranking(sources, failure == NULL && !shaper.failed);
}

static bool are_peers_due(const struct bg_sources *sources)
{
    return sources->peers.args != NULL;
}

static struct bg_arguments peers_arguments(const struct bg_sources *sources, struct bg_shaper *shaper)
{
    (void)shaper;
    json_incref(sources->peers.args);
    return sources->peers;
}

static void take_ranked_peers(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer)
{
    (void)answer;
    drop_peers(sources);
    end_ranking(sources, failure == NULL);
}

static bool is_memory_again_due(const struct bg_sources *sources)
{
    return sources->is_ranked;
}

/* The system: first the part that does not wait for schedulers, which may be blocked, and then the report of all of them, if it comes. */

static void take_system(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer)
{
    if (failure == NULL && sources->totals)
        hold_first(sources, answer);
    else
        report(sources, BG_SOURCE_SYSTEM, failure, answer);
}

static void take_totals(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer)
{
    json_t *data = json_copy(sources->first.data);
    if (failure == NULL)
        (void)json_object_update(data, answer->data); /* otherwise as if it had not come */
    report_joined(sources, BG_SOURCE_SYSTEM, &sources->first, data);
    drop_first(sources);
}

/* A scan, and the peers of its top processes. */

static bool is_scan_due(const struct bg_sources *sources)
{
    return is_wanted(sources, BG_SOURCE_SCAN) || is_wanted(sources, BG_SOURCE_PEERS);
}

static void note_scan(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "scan");
    if (failure != NULL) {
        sources->scan_failure = *failure;
        return;
    }
    sources->scanned = *answer;
    sources->known = json_incref((json_t *)bg_peers_long(&shaper, answer->data));
    plan_peers(sources, &shaper, answer->data, false);
    if (!shaper.failed)
        return;
    sources->scan_failure = shaper.failure;
    if (shaper.failure.error == BG_BAD_ANSWER)
        bg_query_reject(sources->services->queries, answer->data);
}

/* The answer to `peers`, if the question was needed, and what was known. */
static void take_peers(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer)
{
    drop_peers(sources);
    if (failure != NULL || json_array_size(sources->known) == 0) {
        report(sources, BG_SOURCE_PEERS, failure, answer);
        return;
    }
    json_t *data = json_object(), *processes = json_copy(sources->known);
    if (answer != NULL && json_array_extend(processes, json_object_get(answer->data, "processes")) != 0) {
        json_decref(processes);
        processes = NULL;
    }
    if (json_object_set_new(data, "processes", processes) != 0) {
        json_decref(data);
        data = NULL;
    }
    report_joined(sources, BG_SOURCE_PEERS, answer != NULL ? answer : &sources->scanned, data);
}

static void take_scan(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer)
{
    if (failure == NULL) {
        sources->process_count = json_integer_value(json_object_get(answer->data, "process_count"));
        sources->skipped_count = json_integer_value(json_object_get(answer->data, "skipped_count"));
    }
    if (is_wanted(sources, BG_SOURCE_PEERS))
        note_scan(sources, failure, answer);
    report(sources, BG_SOURCE_SCAN, failure, answer);
    if (is_wanted(sources, BG_SOURCE_PEERS) && sources->peers.args == NULL) /* no process needs the question */
        take_peers(sources, sources->scan_failure.error != BG_OK ? &sources->scan_failure : NULL, NULL);
}

static struct bg_arguments binaries_arguments(const struct bg_sources *sources, struct bg_shaper *shaper)
{
    (void)sources;
    return bg_arguments_binaries(shaper, 1);
}

/* The timeout of a question, and the maximum age of its answer. A whole source has all the time that is left. A question that only adds to
 * a source has less; no kept answer replaces it, and the node does not continue with it. */
enum share { ALL, ALL_ANEW, MOST, SOME };

static const struct step {
    const char *question;
    enum bg_source source;
    enum share share;
    bool (*is_due)(const struct bg_sources *sources);                                             /* NULL: if the source is wanted */
    struct bg_arguments (*arguments)(const struct bg_sources *sources, struct bg_shaper *shaper); /* NULL: none */
    void (*take)(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer); /* NULL: it is reported */
} steps[] = {
    {"memory", BG_SOURCE_MEMORY, ALL, NULL, NULL, take_memory},
    {"scan", BG_SOURCE_MEMORY, MOST, is_first_held, scan_arguments, take_ranking},
    {"peers", BG_SOURCE_MEMORY, MOST, are_peers_due, peers_arguments, take_ranked_peers},
    {"memory", BG_SOURCE_MEMORY, ALL_ANEW, is_memory_again_due, NULL, NULL},
    {"system_now", BG_SOURCE_SYSTEM, ALL, NULL, NULL, take_system},
    {"system_totals", BG_SOURCE_SYSTEM, SOME, is_first_held, NULL, take_totals},
    {"scan", BG_SOURCE_SCAN, ALL, is_scan_due, scan_arguments, take_scan},
    {"peers", BG_SOURCE_PEERS, ALL, are_peers_due, peers_arguments, take_peers},
    {"binaries", BG_SOURCE_BINARIES, ALL, NULL, binaries_arguments, NULL},
};
#define STEPS_COUNT (sizeof steps / sizeof steps[0])

static struct bg_fetch_request request_of(const struct bg_sources *sources, enum share share)
{
    const int64_t left = left_ms(sources), half = left / 2;
    struct bg_fetch_request request = {
        .node = sources->node,
        .reader = sources->reader,
        .max_age_ms = sources->max_age_ms,
        .timeout_ms = sources->is_late ? 0 : left,
    };
    if (share == MOST) {
        request.timeout_ms = left - left / MEMORY_TIME_PART;
    } else if (share == SOME) {
        request.timeout_ms = half < TOTALS_TIMEOUT_MS ? half : TOTALS_TIMEOUT_MS;
        request.max_age_ms = sources->max_age_ms > TOTALS_AGE_MS ? sources->max_age_ms : TOTALS_AGE_MS;
    } else {
        request.kept_ms = sources->kept_ms;
        request.warm_ms = sources->warm_ms;
        if (share == ALL_ANEW) /* the earlier report does not have the ranking's knowledge */
            request.max_age_ms = 0;
    }
    return request;
}

static void note_late(struct bg_sources *sources)
{
    if (sources->is_late || !sources->fetch.is_late)
        return;
    sources->is_late = true;
    sources->late = sources->fetch.late;
}

static bool is_step_due(const struct bg_sources *sources)
{
    const struct step *step = &steps[sources->step];
    return step->is_due != NULL ? step->is_due(sources) : is_wanted(sources, step->source);
}

static void end_step(struct bg_sources *sources, const struct bg_failure *failure, const struct bg_answer *answer)
{
    const struct step *step = &steps[sources->step++];
    if (step->take != NULL)
        step->take(sources, failure, answer);
    else
        report(sources, step->source, failure, answer);
}

/* True: its answer will come. After the timeout a question that cannot be asked fails with the timeout. */
static bool begin_step(struct bg_sources *sources)
{
    const struct step *step = &steps[sources->step];
    struct bg_fetch_request request = request_of(sources, step->share);
    struct bg_failure failure;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, step->question);
    request.arguments = step->arguments != NULL ? step->arguments(sources, &shaper) : bg_arguments_none(step->question);
    const bool is_sent = !shaper.failed && bg_fetch_start(&sources->fetch, &request, &failure) == BG_OK;
    json_decref(request.arguments.args);
    if (!shaper.failed)
        note_late(sources);
    if (is_sent)
        return true;
    end_step(sources, shaper.failed ? &shaper.failure : sources->is_late ? &sources->late : &failure, NULL);
    return false;
}

static void go_on(struct bg_sources *sources)
{
    while (sources->step < STEPS_COUNT)
        if (!is_step_due(sources))
            sources->step++;
        else if (begin_step(sources))
            return;
    bg_sources_stop(sources);
    sources->done(sources);
}

static void on_done(struct bg_fetch *fetch, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_sources *sources = fetch->owner;
    note_late(sources);
    end_step(sources, failure, answer);
    go_on(sources);
}

void bg_sources_start(struct bg_sources *sources)
{
    sources->fetch = (struct bg_fetch){.services = sources->services, .owner = sources, .done = on_done};
    sources->step = 0;
    go_on(sources);
}

void bg_sources_stop(struct bg_sources *sources)
{
    bg_fetch_cancel(&sources->fetch);
    drop_peers(sources);
    drop_first(sources);
    json_decref(sources->known);
    sources->known = NULL;
    sources->step = STEPS_COUNT;
}
