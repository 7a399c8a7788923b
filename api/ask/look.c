/* look.c: asks one node for several things, one after the other. */
#include "look.h"

#include "peers.h"
#include "scan.h"

#include "beamgauge/clock.h"

#include <stdio.h>
#include <string.h>

#define KEPT_TIMEOUT_MS 1000 /* it is there already */
#define TOTALS_TIMEOUT_MS 1000
#define MEMORY_TIME_PART 10 /* of the time, for what memory tells once processes were ranked */
#define TOTALS_AGE_MS 1000  /* every scheduler is woken to report them */

static void go_on(struct bg_look *look);

const char *bg_source_name(enum bg_source source)
{
    static const char *const names[BG_SOURCE_COUNT] = {"memory", "system", "scan", "peers", "binaries"};
    return names[source];
}

/* What a source is asked by. Of the system that is what waits for no scheduler: one may be held up. */
static const char *question_of(enum bg_source source)
{
    return source == BG_SOURCE_SYSTEM ? "system_now" : bg_source_name(source);
}

/* Without memory a question goes out without arguments, and is refused. */
static json_t *scan_args_new(const struct bg_look *look)
{
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "scan");
    return bg_arguments_scan(&shaper, look->services, look->scan_limit, "desc", look->binary).args;
}

static json_t *args_new(const struct bg_look *look)
{
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "binaries");
    if (look->source == BG_SOURCE_SCAN)
        return scan_args_new(look);
    if (look->source == BG_SOURCE_PEERS)
        return json_incref(look->peers_args);
    return look->source == BG_SOURCE_BINARIES ? bg_arguments_binaries(&shaper, 1).args : NULL;
}

static bool is_listed(const json_t *pids, const char *pid)
{
    size_t i = 0;
    while (i < json_array_size(pids) && strcmp(json_string_value(json_array_get(pids, i)), pid) != 0)
        i++;
    return i < json_array_size(pids);
}

/* Adds the pids of those that have the most entries in that direction, and whose peers are not known. */
static void add_first(const struct bg_look *look, struct bg_shaper *shaper, const json_t *answer, const char *direction, json_t *pids)
{
    char field[32];
    const json_t *rows = bg_answer_array(shaper, answer, "rows");
    const json_t *ranking = bg_answer_array(shaper, bg_answer_object(shaper, answer, "rankings"), direction);
    (void)snprintf(field, sizeof field, "%s_count", direction);
    for (size_t i = 0; i < json_array_size(ranking) && i < BG_LOOK_PEERS && !shaper->failed; i++) {
        const json_t *row = bg_answer_object_at(shaper, rows, (size_t)json_integer_value(json_array_get(ranking, i)));
        const char *pid = bg_answer_pid(shaper, row, "pid");
        if (pid != NULL && bg_answer_count_or(shaper, row, field, -1) != 0 && bg_peers_find(shaper, look->known, pid) == NULL &&
            !is_listed(pids, pid))
            bg_append(shaper, pids, json_string(pid));
    }
}

/* Whom those monitor who monitor most, and where `both`, also who monitors those that are monitored most; NULL where nobody is left. */
static json_t *peers_args_new(const struct bg_look *look, struct bg_shaper *shaper, const json_t *answer, bool both)
{
    static const char *const directions[] = {"monitors", "monitored_by", NULL}, *const monitors[] = {"monitors", NULL};
    json_t *pids = bg_array_new(shaper);
    add_first(look, shaper, answer, "monitors", pids);
    if (both)
        add_first(look, shaper, answer, "monitored_by", pids);
    if (!shaper->failed && json_array_size(pids) > 0)
        return bg_arguments_peers(shaper, look->services, pids, both ? directions : monitors, BG_LOOK_PEERS, false).args;
    json_decref(pids);
    return NULL;
}

static void note_scan(struct bg_look *look, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "scan");
    if (failure != NULL) {
        look->scan_failure = *failure;
        return;
    }
    look->scanned = *answer;
    look->known = json_incref((json_t *)bg_peers_long(&shaper, answer->data));
    look->peers_args = peers_args_new(look, &shaper, answer->data, false);
    if (!shaper.failed)
        return;
    look->scan_failure = shaper.failure;
    if (shaper.failure.error == BG_BAD_ANSWER)
        bg_query_reject(look->services->queries, answer->data);
}

static void note_skipped(struct bg_look *look, const struct bg_answer *answer)
{
    look->process_count = json_integer_value(json_object_get(answer->data, "process_count"));
    look->skipped_count = json_integer_value(json_object_get(answer->data, "skipped_count"));
}

/* Hands on what came, unless it was only asked for the peers' sake. */
static void tell(struct bg_look *look, const struct bg_failure *failure, const struct bg_answer *answer)
{
    const enum bg_source source = look->source++;
    if (source == BG_SOURCE_SCAN && failure == NULL)
        note_skipped(look, answer);
    if (source == BG_SOURCE_SCAN && (look->sources & 1U << BG_SOURCE_PEERS) != 0)
        note_scan(look, failure, answer);
    if ((look->sources & 1U << source) != 0)
        look->told(look, source, failure, answer);
}

/* What the node told of `peers`, if it had to be asked, and what was known. */
static void tell_peers(struct bg_look *look, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_answer joined = answer != NULL ? *answer : look->scanned;
    struct bg_failure no_memory;
    if (failure != NULL || json_array_size(look->known) == 0) {
        tell(look, failure, answer);
        return;
    }
    joined.data = json_pack("{s:O}", "processes", look->known);
    json_t *processes = json_copy(look->known);
    if (answer != NULL && json_array_extend(processes, json_object_get(answer->data, "processes")) != 0)
        processes = NULL;
    if (json_object_set_new(joined.data, "processes", processes) == 0)
        tell(look, NULL, &joined);
    else {
        (void)bg_fail(&no_memory, BG_NO_MEMORY, "out of memory");
        tell(look, &no_memory, NULL);
    }
    json_decref(joined.data);
}

/* What was reported at once, with what all schedulers told together; answer is NULL where one did not in time. */
static void tell_system(struct bg_look *look, const struct bg_answer *answer)
{
    struct bg_answer joined = look->now;
    struct bg_failure no_memory;
    joined.data = json_copy(look->now.data);
    if (answer != NULL)
        (void)json_object_update(joined.data, answer->data); /* or else as if it had not been told */
    if (joined.data != NULL)
        tell(look, NULL, &joined);
    else {
        (void)bg_fail(&no_memory, BG_NO_MEMORY, "out of memory");
        tell(look, &no_memory, NULL);
    }
    json_decref(joined.data);
    json_decref(look->now.data);
    look->now.data = NULL;
}

static void on_totals(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_look *look = context;
    (void)failure;
    look->ticket = NULL;
    tell_system(look, answer);
    go_on(look);
}

/* False: there is nothing to wait for, and what is known of the system has been told. */
static bool send_totals(struct bg_look *look, const struct bg_answer *now)
{
    struct bg_failure none;
    const int64_t half_ms = (look->deadline_us - bg_clock_monotonic_us(look->services->clock)) / 2000;
    const struct bg_query_request request = {
        .node = look->node,
        .question = "system_totals",
        .max_age_ms = look->max_age_ms > TOTALS_AGE_MS ? look->max_age_ms : TOTALS_AGE_MS,
        .reader = look->reader,
        .timeout_ms = half_ms < TOTALS_TIMEOUT_MS ? half_ms : TOTALS_TIMEOUT_MS,
    };
    look->now = *now;
    json_incref(look->now.data);
    if (half_ms > 0 && bg_query_ask(look->services->queries, &request, on_totals, look, &look->ticket, &none) == BG_OK)
        return true;
    look->ticket = NULL;
    tell_system(look, NULL);
    return false;
}

/* With what the ranking has made known, or, where none came, as it was. */
static void memory_again(struct bg_look *look, bool is_known)
{
    struct bg_answer first = look->now;
    look->now.data = NULL;
    if (!is_known)
        tell(look, NULL, &first);
    json_decref(first.data);
    go_on(look);
}

static void on_ranked_peers(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_look *look = context;
    (void)answer;
    look->ticket = NULL;
    memory_again(look, failure == NULL);
}

/* The peers of those with the most entries tell what is of other nodes: on the watchers' node, and on that of the watched. */
static void on_ranked(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_look *look = context;
    struct bg_shaper shaper;
    struct bg_failure none;
    bg_shaper_init(&shaper, "scan");
    json_t *args = failure == NULL ? peers_args_new(look, &shaper, answer->data, true) : NULL;
    const int64_t left_ms = (look->deadline_us - bg_clock_monotonic_us(look->services->clock)) / 1000;
    const struct bg_query_request request = {
        .node = look->node,
        .question = "peers",
        .args = args,
        .max_age_ms = look->max_age_ms,
        .reader = look->reader,
        .timeout_ms = left_ms - left_ms / MEMORY_TIME_PART,
    };
    const bool is_wanted = args != NULL && !shaper.failed;
    const bool is_sent = is_wanted && request.timeout_ms > 0 &&
                         bg_query_ask(look->services->queries, &request, on_ranked_peers, look, &look->ticket, &none) == BG_OK;
    json_decref(args);
    if (is_sent)
        return;
    look->ticket = NULL;
    memory_again(look, failure == NULL && !shaper.failed && !is_wanted);
}

/* True: what memory tells needs a ranking, which is asked for. */
static bool send_ranking(struct bg_look *look, const struct bg_answer *memory)
{
    struct bg_failure none;
    const int64_t left_ms = (look->deadline_us - bg_clock_monotonic_us(look->services->clock)) / 1000;
    struct bg_query_request request = {
        .node = look->node,
        .question = "scan",
        .max_age_ms = look->max_age_ms,
        .reader = look->reader,
        .timeout_ms = left_ms - left_ms / MEMORY_TIME_PART,
    };
    if (look->lacks == NULL || look->is_ranked || look->is_late || left_ms <= 0 || !look->lacks(look, memory->data))
        return false;
    look->is_ranked = true;
    request.args = scan_args_new(look);
    const bool is_sent = bg_query_ask(look->services->queries, &request, on_ranked, look, &look->ticket, &none) == BG_OK;
    json_decref(request.args);
    if (!is_sent) {
        look->ticket = NULL;
        return false;
    }
    look->now = *memory;
    json_incref(look->now.data);
    return true;
}

/* Time is over: true the first time, if what is kept may serve. */
static bool is_late_now(struct bg_look *look, const struct bg_failure *failure)
{
    if (failure->error != BG_DEADLINE || look->kept_ms == 0 || look->is_late)
        return false;
    look->is_late = true;
    look->late = *failure;
    return true;
}

static void on_done(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct bg_look *look = context;
    look->ticket = NULL;
    if (failure != NULL && is_late_now(look, failure)) {
        go_on(look); /* with the same question */
        return;
    }
    if (look->source == BG_SOURCE_MEMORY && failure == NULL && send_ranking(look, answer))
        return;
    if (look->source == BG_SOURCE_SYSTEM && look->totals && failure == NULL) {
        if (send_totals(look, answer))
            return;
    } else if (look->source == BG_SOURCE_PEERS)
        tell_peers(look, failure, answer);
    else
        tell(look, failure, answer);
    go_on(look);
}

static void on_warm(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    (void)context;
    (void)failure;
    (void)answer;
}

/* One who asks the same and has more time keeps the question going when we have gone. He asks first: his deadline is the node's. */
static void warm(const struct bg_look *look, const struct bg_query_request *request)
{
    struct bg_query_request longer = *request;
    struct bg_ticket *ticket;
    struct bg_failure failure;
    longer.timeout_ms += look->warm_ms;
    if (look->warm_ms > 0 && bg_query_ask(look->services->queries, &longer, on_warm, NULL, &ticket, &failure) != BG_OK)
        return; /* the look itself will be told the same */
}

/* What is kept comes at once. Where nothing is, what is told is why it came to that. */
static bool send_late(struct bg_look *look, struct bg_query_request *request)
{
    struct bg_failure none;
    request->kept_only = true;
    request->max_age_ms = look->kept_ms;
    request->timeout_ms = KEPT_TIMEOUT_MS;
    if (bg_query_ask(look->services->queries, request, on_done, look, &look->ticket, &none) == BG_OK)
        return true;
    look->ticket = NULL;
    tell(look, &look->late, NULL);
    return false;
}

/* False: there is nothing to wait for, and the failure has been told. */
static bool send(struct bg_look *look, json_t *args)
{
    struct bg_failure failure;
    struct bg_query_request request = {
        .node = look->node,
        .question = question_of(look->source),
        .args = args,
        .max_age_ms =
            look->source == BG_SOURCE_MEMORY && look->is_ranked ? 0 : look->max_age_ms, /* what was reported before knows nothing of it */
        .reader = look->reader,
        .timeout_ms = (look->deadline_us - bg_clock_monotonic_us(look->services->clock)) / 1000,
    };
    if (request.timeout_ms <= 0)
        (void)bg_fail(&failure, BG_DEADLINE, "no time was left to ask %s for \"%s\"", look->node, request.question);
    if (look->is_late || (request.timeout_ms <= 0 && is_late_now(look, &failure)))
        return send_late(look, &request);
    if (request.timeout_ms > 0) {
        warm(look, &request);
        if (bg_query_ask(look->services->queries, &request, on_done, look, &look->ticket, &failure) == BG_OK)
            return true;
    }
    look->ticket = NULL;
    tell(look, &failure, NULL);
    return false;
}

/* Asks for the source that is due, where it is wanted; true: its answer will come. */
static bool ask(struct bg_look *look)
{
    const bool for_peers = look->source == BG_SOURCE_SCAN && (look->sources & 1U << BG_SOURCE_PEERS) != 0;
    json_t *args;
    bool waits;
    if ((look->sources & 1U << look->source) == 0 && !for_peers) {
        look->source++;
        return false;
    }
    if (look->source == BG_SOURCE_PEERS && look->peers_args == NULL) {
        tell_peers(look, look->scan_failure.error != BG_OK ? &look->scan_failure : NULL, NULL);
        return false;
    }
    args = args_new(look);
    waits = send(look, args);
    json_decref(args);
    return waits;
}

static void go_on(struct bg_look *look)
{
    while (look->source < BG_SOURCE_COUNT)
        if (ask(look))
            return;
    bg_look_stop(look);
    look->done(look);
}

void bg_look_start(struct bg_look *look)
{
    look->source = BG_SOURCE_MEMORY;
    go_on(look);
}

void bg_look_stop(struct bg_look *look)
{
    if (look->ticket != NULL)
        bg_ticket_cancel(look->ticket);
    look->ticket = NULL;
    json_decref(look->peers_args);
    json_decref(look->known);
    json_decref(look->now.data);
    look->peers_args = look->known = look->now.data = NULL;
    look->source = BG_SOURCE_COUNT;
}
