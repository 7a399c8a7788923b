/* preflight.c: asks a node for its release and its room when its link comes up, and again before questions that may create atoms. */
#include "preflight.h"

#include "reply.h"

#include "beamgauge/log.h"
#include "beamgauge/text.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_US 1000000           /* the room for atoms is valid for this time */
#define PREFLIGHT_TIMEOUT_MS 30000 /* waiting questions have their own deadlines */
#define LOAD_TIMEOUT_MS 2000       /* timeout for one module: the node's code server may be slow */
#define LOAD_AGAIN_US 5000000      /* a module that could not be loaded is tried again after this */

/*
 *   IDLE -> ROOM -> IDLE                           if the last report of the room is too old
 *              \-> MODULES -> LOADING ... -> IDLE  the first time that there is room for atoms; LOADING again if a module was missing
 *
 * One inquiry at a time, except in IDLE.
 */
enum preflight_step { PREFLIGHT_IDLE, PREFLIGHT_ROOM, PREFLIGHT_MODULES, PREFLIGHT_LOADING };

struct bg_preflight {
    TAILQ_ENTRY(bg_preflight) in_all;
    struct bg_preflights *preflights;
    char *node;
    uint64_t generation; /* the incarnation of the link that all this belongs to */
    int64_t since_wall_ms;
    enum preflight_step step;
    struct bg_inquiry *inquiry;
    int64_t checked_us; /* when the room was reported; 0: not yet */
    int64_t took_us;    /* how long that report took */
    unsigned erts_major, erts_minor;
    bool has_large_pids;
    int64_t atom_count, atom_limit, process_count, process_limit;
    bool modules_known;
    uint64_t missing;  /* modules that are not loaded, by their index in bg_modules */
    size_t module;     /* LOADING: which */
    int64_t loaded_us; /* when loading last ended */
    struct bg_flight_list waiting;
};

static int64_t now_us(const struct bg_preflights *preflights)
{
    return bg_clock_monotonic_us(preflights->clock);
}

void bg_preflight_init(struct bg_preflights *preflights)
{
    TAILQ_INIT(&preflights->all);
}

static void preflight_free(struct bg_preflight *preflight)
{
    if (preflight->inquiry != NULL)
        bg_inquiry_cancel(preflight->inquiry);
    assert(TAILQ_EMPTY(&preflight->waiting));
    TAILQ_REMOVE(&preflight->preflights->all, preflight, in_all);
    free(preflight->node);
    free(preflight);
}

void bg_preflight_done(struct bg_preflights *preflights)
{
    for (struct bg_preflight *preflight = TAILQ_FIRST(&preflights->all), *next; preflight != NULL; preflight = next) {
        next = TAILQ_NEXT(preflight, in_all);
        preflight_free(preflight);
    }
}

static struct bg_preflight *preflight_find(const struct bg_preflights *preflights, const char *node)
{
    struct bg_preflight *preflight;
    TAILQ_FOREACH(preflight, &preflights->all, in_all)
    if (strcmp(preflight->node, node) == 0)
        return preflight;
    return NULL;
}

static struct bg_preflight *preflight_new(struct bg_preflights *preflights, const struct bg_node_info *info)
{
    struct bg_preflight *preflight = calloc(1, sizeof *preflight);
    if (preflight == NULL || (preflight->node = strdup(info->name)) == NULL) {
        free(preflight);
        return NULL;
    }
    preflight->preflights = preflights;
    preflight->generation = info->generation;
    preflight->since_wall_ms = info->since_wall_ms;
    TAILQ_INIT(&preflight->waiting);
    TAILQ_INSERT_TAIL(&preflights->all, preflight, in_all);
    return preflight;
}

/* The state of this incarnation of the link; that of an older one is dropped, since nobody can wait for it. NULL: no memory. */
static struct bg_preflight *preflight_of(struct bg_preflights *preflights, const struct bg_node_info *info)
{
    struct bg_preflight *preflight = preflight_find(preflights, info->name);
    if (preflight != NULL && preflight->generation == info->generation && preflight->since_wall_ms == info->since_wall_ms)
        return preflight;
    if (preflight != NULL)
        preflight_free(preflight);
    return preflight_new(preflights, info);
}

/* Each may wait again, or ask again: only the flights that wait now are resumed. */
static void preflight_resume(struct bg_preflight *preflight, const struct bg_failure *failure)
{
    struct bg_flight_list waiting = TAILQ_HEAD_INITIALIZER(waiting);
    struct bg_flight *flight;
    TAILQ_CONCAT(&waiting, &preflight->waiting, in_waiting);
    TAILQ_FOREACH(flight, &waiting, in_waiting)
    flight->waiting = &waiting;
    while ((flight = TAILQ_FIRST(&waiting)) != NULL) {
        bg_preflight_leave(flight);
        preflight->preflights->resume(flight, failure);
    }
}

void bg_preflight_leave(struct bg_flight *flight)
{
    if (flight->waiting == NULL)
        return;
    TAILQ_REMOVE(flight->waiting, flight, in_waiting);
    flight->waiting = NULL;
}

static enum bg_preflight_verdict preflight_wait(struct bg_preflight *preflight, struct bg_flight *flight)
{
    flight->waiting = &preflight->waiting;
    TAILQ_INSERT_TAIL(&preflight->waiting, flight, in_waiting);
    return BG_PREFLIGHT_WAIT;
}

static void preflight_fail(struct bg_preflight *preflight, struct bg_failure *failure)
{
    preflight->step = PREFLIGHT_IDLE;
    bg_preflight_explain(preflight->preflights, preflight->node, failure);
    preflight_resume(preflight, failure);
}

static bg_inquiry_done preflight_done;

/* If it cannot be sent, the step does not change. */
static enum bg_error preflight_ask(struct bg_preflight *preflight, enum preflight_step step, const struct bg_calls *calls,
                                   int64_t timeout_ms, struct bg_failure *ret_failure)
{
    const struct bg_inquiry_request request = {
        .calls = calls, .timeout_ms = timeout_ms, .max_heap_words = preflight->preflights->max_heap_words};
    const enum bg_error error =
        bg_nodes_ask(preflight->preflights->nodes, preflight->node, &request, preflight_done, preflight, &preflight->inquiry, ret_failure);
    if (error == BG_OK)
        preflight->step = step;
    return error;
}

static enum bg_error preflight_room(struct bg_preflight *preflight, struct bg_failure *ret_failure)
{
    return preflight_ask(preflight, PREFLIGHT_ROOM, &bg_question_native(preflight->preflights->question, 0, 0)->calls, PREFLIGHT_TIMEOUT_MS,
                         ret_failure);
}

static enum bg_error preflight_modules(struct bg_preflight *preflight, struct bg_failure *ret_failure)
{
    return preflight_ask(preflight, PREFLIGHT_MODULES, &bg_question_native(bg_question_find("modules"), 0, 0)->calls, PREFLIGHT_TIMEOUT_MS,
                         ret_failure);
}

static int64_t count_of(const json_t *data, const char *key)
{
    return json_integer_value(json_object_get(data, key));
}

static void read_version(const json_t *characters, unsigned *ret_major, unsigned *ret_minor)
{
    char text[32] = "";
    for (size_t i = 0; i < json_array_size(characters) && i + 1 < sizeof text; i++)
        text[i] = (char)json_integer_value(json_array_get(characters, i));
    if (sscanf(text, "%u.%u", ret_major, ret_minor) != 2)
        *ret_major = *ret_minor = 0;
}

static bool has_room(const struct bg_preflight *preflight)
{
    return preflight->atom_limit - preflight->atom_count >= BG_ATOMS_SPARE;
}

static void take_room(struct bg_preflight *preflight, const json_t *data, int64_t rpc_us)
{
    preflight->took_us = rpc_us;
    preflight->checked_us = now_us(preflight->preflights);
    read_version(json_object_get(data, "erts_version"), &preflight->erts_major, &preflight->erts_minor);
    preflight->has_large_pids = preflight->has_large_pids || json_is_object(json_array_get(json_object_get(data, "large_pid"), 1));
    preflight->atom_count = count_of(data, "atom_count");
    preflight->atom_limit = count_of(data, "atom_limit");
    preflight->process_count = count_of(data, "process_count");
    preflight->process_limit = count_of(data, "process_limit");
    preflight->step = PREFLIGHT_IDLE;
    if (has_room(preflight) && !preflight->modules_known)
        (void)preflight_modules(preflight, NULL); /* the next question tries again */
    preflight_resume(preflight, NULL);
}

/* Loads the next missing module from `module` on; false if there is none, or nothing can be sent. */
static bool preflight_load(struct bg_preflight *preflight, size_t module)
{
    while (module < bg_modules_count && !(preflight->missing >> module & 1))
        module++;
    preflight->module = module;
    if (module < bg_modules_count && preflight_ask(preflight, PREFLIGHT_LOADING, &bg_modules[module].load, LOAD_TIMEOUT_MS, NULL) == BG_OK)
        return true;
    preflight->loaded_us = now_us(preflight->preflights);
    preflight->step = PREFLIGHT_IDLE;
    return false;
}

static void take_modules(struct bg_preflight *preflight, const json_t *data)
{
    const json_t *loaded = json_object_get(data, "loaded");
    preflight->modules_known = true;
    preflight->missing = 0;
    for (size_t i = 0; i < bg_modules_count; i++)
        if (!json_is_true(json_array_get(loaded, i)))
            preflight->missing |= UINT64_C(1) << i;
    (void)preflight_load(preflight, 0);
    preflight_resume(preflight, NULL);
}

/* {module, Name}, or {error, _}: then it stays missing. It also stays missing if the code server does not answer; then the server is not
 * asked again. */
static void take_loaded(struct bg_preflight *preflight, const json_t *data)
{
    const json_t *loaded = json_object_get(data, "loaded");
    const char *word = json_string_value(json_array_get(loaded, 0));
    if (word != NULL && strcmp(word, "module") == 0)
        preflight->missing &= ~(UINT64_C(1) << preflight->module);
    else
        bg_log(BG_LOG_WARN, "module_missing", BG_TEXT("node", preflight->node), BG_TEXT("module", bg_modules[preflight->module].name));
    if (!preflight_load(preflight, data != NULL ? preflight->module + 1 : bg_modules_count))
        preflight_resume(preflight, NULL);
}

static enum bg_error read_answer(const struct bg_preflight *preflight, const struct bg_inquiry_result *result, json_t **ret_data,
                                 struct bg_failure *ret_failure)
{
    static const char *const loaded[] = {"loaded"};
    if (result->error != BG_OK) {
        *ret_failure = *result->failure;
        return result->error;
    }
    const struct bg_native *native = bg_question_native(preflight->preflights->question, 0, 0);
    const bool is_room = preflight->step == PREFLIGHT_ROOM;
    return bg_reply_read_native(preflight->node, is_room ? native->keys : loaded, is_room ? native->keys_count : 1, result->answer,
                                result->answer_length, ret_data, NULL, ret_failure);
}

static void preflight_done(void *context, const struct bg_inquiry_result *result)
{
    struct bg_preflight *preflight = context;
    struct bg_failure failure;
    json_t *data = NULL;
    const enum bg_error error = read_answer(preflight, result, &data, &failure);
    preflight->inquiry = NULL;
    bg_costs_add(preflight->preflights->costs, preflight->preflights->question, error, result->rpc_us, NULL);
    if (preflight->step == PREFLIGHT_LOADING && (error == BG_OK || error == BG_DEADLINE))
        take_loaded(preflight, data);
    else if (error != BG_OK)
        preflight_fail(preflight, &failure);
    else if (preflight->step == PREFLIGHT_MODULES)
        take_modules(preflight, data);
    else
        take_room(preflight, data, result->rpc_us);
    json_decref(data);
}

void bg_preflight_link_up(struct bg_preflights *preflights, const struct bg_node_info *info)
{
    struct bg_preflight *preflight = preflights->question != NULL ? preflight_of(preflights, info) : NULL;
    if (preflight != NULL && preflight->step == PREFLIGHT_IDLE && preflight->checked_us == 0)
        (void)preflight_room(preflight, NULL); /* the next question tries again */
}

void bg_preflight_link_gone(struct bg_preflights *preflights, const char *node)
{
    struct bg_preflight *preflight = preflight_find(preflights, node);
    if (preflight != NULL && preflight->inquiry == NULL && TAILQ_EMPTY(&preflight->waiting))
        preflight_free(preflight);
}

static enum bg_preflight_verdict refuse_atoms(const struct bg_preflight *preflight, struct bg_failure *ret_failure)
{
    (void)bg_fail(
        ret_failure, BG_ATOM_TABLE_FULL,
        "the atom table of %s is nearly full: %s of %s atoms. A question that may create new ones is not asked if fewer than %s are "
        "left, because one too many ends the node; memory, system and processes by pid are still answered",
        preflight->node, BG_COUNT(preflight->atom_count), BG_COUNT(preflight->atom_limit), BG_COUNT(BG_ATOMS_SPARE));
    return BG_PREFLIGHT_REFUSE;
}

static enum bg_preflight_verdict refuse_modules(const struct bg_preflight *preflight, uint64_t missing, struct bg_failure *ret_failure)
{
    size_t module = 0;
    while (!(missing >> module & 1))
        module++;
    (void)bg_fail(ret_failure, BG_UNSUPPORTED,
                  "%s has not loaded the module %s, which the question needs, and its code server did not load it within %d ms",
                  preflight->node, bg_modules[module].name, LOAD_TIMEOUT_MS);
    return BG_PREFLIGHT_REFUSE;
}

/* Checks for questions in forms. */
static enum bg_preflight_verdict check_forms(struct bg_preflight *preflight, struct bg_flight *flight, struct bg_failure *ret_failure)
{
    const int64_t now = now_us(preflight->preflights);
    const uint64_t missing = flight->question->modules & preflight->missing;
    const bool is_old = now - preflight->checked_us > FRESH_US;
    if (preflight->step == PREFLIGHT_ROOM || (is_old && preflight->step != PREFLIGHT_IDLE))
        return preflight_wait(preflight, flight);
    if (is_old)
        return preflight_room(preflight, ret_failure) == BG_OK ? preflight_wait(preflight, flight) : BG_PREFLIGHT_REFUSE;
    if (!has_room(preflight))
        return refuse_atoms(preflight, ret_failure);
    if (preflight->modules_known && missing == 0)
        return BG_PREFLIGHT_GO;
    if (preflight->step != PREFLIGHT_IDLE)
        return preflight_wait(preflight, flight);
    if (!preflight->modules_known)
        return preflight_modules(preflight, ret_failure) == BG_OK ? preflight_wait(preflight, flight) : BG_PREFLIGHT_REFUSE;
    if (now - preflight->loaded_us >= LOAD_AGAIN_US && preflight_load(preflight, 0))
        return preflight_wait(preflight, flight);
    return refuse_modules(preflight, missing, ret_failure);
}

enum bg_preflight_verdict bg_preflight_check(struct bg_preflights *preflights, const struct bg_node_info *info, struct bg_flight *flight,
                                             struct bg_failure *ret_failure)
{
    if (preflights->question == NULL || info->state != BG_LINK_UP)
        return BG_PREFLIGHT_GO; /* down: the question itself will fail with the reason */
    struct bg_preflight *preflight = preflight_of(preflights, info);
    if (preflight == NULL) {
        (void)bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
        return BG_PREFLIGHT_REFUSE;
    }
    if (preflight->checked_us != 0)
        return flight->question->forms == NULL ? BG_PREFLIGHT_GO : check_forms(preflight, flight, ret_failure);
    if (preflight->step == PREFLIGHT_IDLE && preflight_room(preflight, ret_failure) != BG_OK)
        return BG_PREFLIGHT_REFUSE;
    return preflight_wait(preflight, flight);
}

int64_t bg_preflight_start_ms(const struct bg_preflights *preflights, const char *node)
{
    const struct bg_preflight *preflight = preflight_find(preflights, node);
    return preflight != NULL ? 2 * preflight->took_us / 1000 : 0;
}

const struct bg_native *bg_preflight_native(const struct bg_preflights *preflights, const char *node, const struct bg_question *question)
{
    const struct bg_preflight *preflight = preflight_find(preflights, node);
    return bg_question_native(question, preflight != NULL ? preflight->erts_major : 0, preflight != NULL ? preflight->erts_minor : 0);
}

bool bg_preflight_pid(const struct bg_preflights *preflights, const char *node, const char *text, uint32_t *ret_id, uint32_t *ret_serial)
{
    const struct bg_preflight *preflight = preflight_find(preflights, node);
    const bool is_large = preflight != NULL && preflight->has_large_pids;
    unsigned long long id, serial;
    char end;
    if (sscanf(text, "<0.%10llu.%10llu%c", &id, &serial, &end) != 3 || end != '>')
        return false;
    if (id >> (is_large ? 28 : 15) != 0 || serial >> (is_large ? 32 : 13) != 0)
        return false;
    *ret_id = (uint32_t)id;
    *ret_serial = (uint32_t)serial;
    return true;
}

void bg_preflight_explain(const struct bg_preflights *preflights, const char *node, struct bg_failure *failure)
{
    const struct bg_preflight *preflight = preflight_find(preflights, node);
    if (failure->error == BG_PROCESS_TABLE_FULL && preflight != NULL && preflight->process_limit > 0)
        (void)bg_fail(failure, BG_PROCESS_TABLE_FULL,
                      "the process table of %s is full, or so nearly that a question finds no room in it: its limit is %s processes", node,
                      BG_COUNT(preflight->process_limit));
}
