/* looks.c: looking at a node when its link comes up, and again before what may bring atoms. */
#include "looks.h"

#include "reply.h"

#include "beamgauge/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_US 1000000      /* a look at the room for atoms is good for so long */
#define LOOK_TIMEOUT_MS 30000 /* whoever waits has a deadline of its own */
#define LOAD_TIMEOUT_MS 2000  /* for one module: what it waits for is the node's code server */
#define LOAD_AGAIN_US 5000000 /* what could not be loaded is tried again after this */

/*
 *   IDLE -> ROOM -> IDLE                           whenever a look is too old
 *              \-> MODULES -> LOADING ... -> IDLE  the first time that there is room for atoms; LOADING again where one was missing
 *
 * One inquiry at a time, except in IDLE.
 */
enum look_step { LOOK_IDLE, LOOK_ROOM, LOOK_MODULES, LOOK_LOADING };

struct bg_look {
    TAILQ_ENTRY(bg_look) in_all;
    struct bg_looks *looks;
    char *node;
    uint64_t generation; /* these two say of which incarnation of the link all is known */
    int64_t since_wall_ms;
    enum look_step step;
    struct bg_inquiry *inquiry;
    int64_t looked_us; /* when the room was told; 0: not yet, and nothing is known */
    int64_t took_us;   /* to tell it */
    unsigned erts_major, erts_minor;
    bool has_large_pids;
    int64_t atom_count, atom_limit, process_count, process_limit;
    bool modules_known;
    uint64_t missing;  /* modules that are not loaded, by their place in bg_modules */
    size_t module;     /* LOADING: which */
    int64_t loaded_us; /* when loading last ended */
    struct bg_flight_list waiting;
};

static int64_t now_us(const struct bg_looks *looks)
{
    return bg_clock_monotonic_us(looks->clock);
}

void bg_looks_init(struct bg_looks *looks)
{
    TAILQ_INIT(&looks->all);
}

static void look_free(struct bg_look *look)
{
    if (look->inquiry != NULL)
        bg_inquiry_cancel(look->inquiry);
    assert(TAILQ_EMPTY(&look->waiting));
    TAILQ_REMOVE(&look->looks->all, look, in_all);
    free(look->node);
    free(look);
}

void bg_looks_done(struct bg_looks *looks)
{
    for (struct bg_look *look = TAILQ_FIRST(&looks->all), *next; look != NULL; look = next) {
        next = TAILQ_NEXT(look, in_all);
        look_free(look);
    }
}

static struct bg_look *look_find(const struct bg_looks *looks, const char *node)
{
    struct bg_look *look;
    TAILQ_FOREACH(look, &looks->all, in_all)
    if (strcmp(look->node, node) == 0)
        return look;
    return NULL;
}

static struct bg_look *look_new(struct bg_looks *looks, const struct bg_node_info *info)
{
    struct bg_look *look = calloc(1, sizeof *look);
    if (look == NULL || (look->node = strdup(info->name)) == NULL) {
        free(look);
        return NULL;
    }
    look->looks = looks;
    look->generation = info->generation;
    look->since_wall_ms = info->since_wall_ms;
    TAILQ_INIT(&look->waiting);
    TAILQ_INSERT_TAIL(&looks->all, look, in_all);
    return look;
}

/* The look at this incarnation of the link; one at an older is forgotten, which nobody can be waiting for. NULL: no memory. */
static struct bg_look *look_of(struct bg_looks *looks, const struct bg_node_info *info)
{
    struct bg_look *look = look_find(looks, info->name);
    if (look != NULL && look->generation == info->generation && look->since_wall_ms == info->since_wall_ms)
        return look;
    if (look != NULL)
        look_free(look);
    return look_new(looks, info);
}

/* Each may wait again, or ask anew: only those that are there now are resumed. */
static void look_resume(struct bg_look *look, const struct bg_failure *failure)
{
    struct bg_flight_list waiting = TAILQ_HEAD_INITIALIZER(waiting);
    struct bg_flight *flight;
    TAILQ_CONCAT(&waiting, &look->waiting, in_waiting);
    TAILQ_FOREACH(flight, &waiting, in_waiting)
    flight->waiting = &waiting;
    while ((flight = TAILQ_FIRST(&waiting)) != NULL) {
        bg_looks_leave(flight);
        look->looks->resume(flight, failure);
    }
}

void bg_looks_leave(struct bg_flight *flight)
{
    if (flight->waiting == NULL)
        return;
    TAILQ_REMOVE(flight->waiting, flight, in_waiting);
    flight->waiting = NULL;
}

static enum bg_look_verdict look_wait(struct bg_look *look, struct bg_flight *flight)
{
    flight->waiting = &look->waiting;
    TAILQ_INSERT_TAIL(&look->waiting, flight, in_waiting);
    return BG_LOOK_WAIT;
}

static void look_fail(struct bg_look *look, struct bg_failure *failure)
{
    look->step = LOOK_IDLE;
    bg_looks_explain(look->looks, look->node, failure);
    look_resume(look, failure);
}

static bg_inquiry_done look_done;

/* Where it cannot be sent the step stays what it was. */
static enum bg_error look_ask(struct bg_look *look, enum look_step step, const struct bg_calls *calls, int64_t timeout_ms,
                              struct bg_failure *ret_failure)
{
    const struct bg_inquiry_request request = {.calls = calls, .timeout_ms = timeout_ms, .max_heap_words = look->looks->max_heap_words};
    const enum bg_error error = bg_nodes_ask(look->looks->nodes, look->node, &request, look_done, look, &look->inquiry, ret_failure);
    if (error == BG_OK)
        look->step = step;
    return error;
}

static enum bg_error look_room(struct bg_look *look, struct bg_failure *ret_failure)
{
    return look_ask(look, LOOK_ROOM, &bg_question_native(look->looks->question, 0, 0)->calls, LOOK_TIMEOUT_MS, ret_failure);
}

static enum bg_error look_modules(struct bg_look *look, struct bg_failure *ret_failure)
{
    return look_ask(look, LOOK_MODULES, &bg_question_native(bg_question_find("modules"), 0, 0)->calls, LOOK_TIMEOUT_MS, ret_failure);
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

static bool has_room(const struct bg_look *look)
{
    return look->atom_limit - look->atom_count >= BG_ATOMS_SPARE;
}

static void take_room(struct bg_look *look, const json_t *data, int64_t rpc_us)
{
    look->took_us = rpc_us;
    look->looked_us = now_us(look->looks);
    read_version(json_object_get(data, "erts_version"), &look->erts_major, &look->erts_minor);
    look->has_large_pids = look->has_large_pids || json_is_object(json_array_get(json_object_get(data, "large_pid"), 1));
    look->atom_count = count_of(data, "atom_count");
    look->atom_limit = count_of(data, "atom_limit");
    look->process_count = count_of(data, "process_count");
    look->process_limit = count_of(data, "process_limit");
    look->step = LOOK_IDLE;
    if (has_room(look) && !look->modules_known)
        (void)look_modules(look, NULL); /* who needs it tries again */
    look_resume(look, NULL);
}

/* The next module from `module` on that is missing is loaded; false where there is none, or none can be asked for. */
static bool look_load(struct bg_look *look, size_t module)
{
    while (module < bg_modules_count && !(look->missing >> module & 1))
        module++;
    look->module = module;
    if (module < bg_modules_count && look_ask(look, LOOK_LOADING, &bg_modules[module].load, LOAD_TIMEOUT_MS, NULL) == BG_OK)
        return true;
    look->loaded_us = now_us(look->looks);
    look->step = LOOK_IDLE;
    return false;
}

static void take_modules(struct bg_look *look, const json_t *data)
{
    const json_t *loaded = json_object_get(data, "loaded");
    look->modules_known = true;
    look->missing = 0;
    for (size_t i = 0; i < bg_modules_count; i++)
        if (!json_is_true(json_array_get(loaded, i)))
            look->missing |= UINT64_C(1) << i;
    (void)look_load(look, 0);
    look_resume(look, NULL);
}

/* {module, Name}, or {error, _}: then it stays missing. So it does where the code server does not answer, and nothing more is asked
 * of that. */
static void take_loaded(struct bg_look *look, const json_t *data)
{
    const json_t *told = json_object_get(data, "loaded");
    const char *word = json_string_value(json_array_get(told, 0));
    if (word != NULL && strcmp(word, "module") == 0)
        look->missing &= ~(UINT64_C(1) << look->module);
    else
        bg_log(BG_LOG_WARN, "module_missing", BG_TEXT("node", look->node), BG_TEXT("module", bg_modules[look->module].name));
    if (!look_load(look, data != NULL ? look->module + 1 : bg_modules_count))
        look_resume(look, NULL);
}

static enum bg_error read_answer(const struct bg_look *look, const struct bg_inquiry_result *result, json_t **ret_data,
                                 struct bg_failure *ret_failure)
{
    static const char *const loaded[] = {"loaded"};
    if (result->error != BG_OK) {
        *ret_failure = *result->failure;
        return result->error;
    }
    const struct bg_native *native = bg_question_native(look->looks->question, 0, 0);
    const bool is_room = look->step == LOOK_ROOM;
    return bg_reply_read_native(look->node, is_room ? native->keys : loaded, is_room ? native->keys_count : 1, result->answer,
                                result->answer_length, ret_data, NULL, ret_failure);
}

static void look_done(void *context, const struct bg_inquiry_result *result)
{
    struct bg_look *look = context;
    struct bg_failure failure;
    json_t *data = NULL;
    const enum bg_error error = read_answer(look, result, &data, &failure);
    look->inquiry = NULL;
    bg_costs_add(look->looks->costs, look->looks->question, error, result->rpc_us, NULL);
    if (look->step == LOOK_LOADING && (error == BG_OK || error == BG_DEADLINE))
        take_loaded(look, data);
    else if (error != BG_OK)
        look_fail(look, &failure);
    else if (look->step == LOOK_MODULES)
        take_modules(look, data);
    else
        take_room(look, data, result->rpc_us);
    json_decref(data);
}

void bg_looks_link_up(struct bg_looks *looks, const struct bg_node_info *info)
{
    struct bg_look *look = looks->question != NULL ? look_of(looks, info) : NULL;
    if (look != NULL && look->step == LOOK_IDLE && look->looked_us == 0)
        (void)look_room(look, NULL); /* who asks tries again */
}

void bg_looks_link_gone(struct bg_looks *looks, const char *node)
{
    struct bg_look *look = look_find(looks, node);
    if (look != NULL && look->inquiry == NULL && TAILQ_EMPTY(&look->waiting))
        look_free(look);
}

static enum bg_look_verdict refuse_atoms(const struct bg_look *look, struct bg_failure *ret_failure)
{
    (void)bg_fail(
        ret_failure, BG_ATOM_TABLE_FULL,
        "the atom table of %s is nearly full: %lld of %lld atoms. A question that may bring new ones is not asked with fewer than %d "
        "left, since one too many ends the node; memory, system and processes by pid are still answered",
        look->node, (long long)look->atom_count, (long long)look->atom_limit, BG_ATOMS_SPARE);
    return BG_LOOK_REFUSE;
}

static enum bg_look_verdict refuse_modules(const struct bg_look *look, uint64_t missing, struct bg_failure *ret_failure)
{
    size_t module = 0;
    while (!(missing >> module & 1))
        module++;
    (void)bg_fail(ret_failure, BG_UNSUPPORTED,
                  "%s has not loaded the module %s, which the question needs, and its code server did not load it within %d ms", look->node,
                  bg_modules[module].name, LOAD_TIMEOUT_MS);
    return BG_LOOK_REFUSE;
}

/* For what erl_eval is to answer. */
static enum bg_look_verdict check_forms(struct bg_look *look, struct bg_flight *flight, struct bg_failure *ret_failure)
{
    const int64_t now = now_us(look->looks);
    const uint64_t missing = flight->question->modules & look->missing;
    const bool is_old = now - look->looked_us > FRESH_US;
    if (look->step == LOOK_ROOM || (is_old && look->step != LOOK_IDLE))
        return look_wait(look, flight);
    if (is_old)
        return look_room(look, ret_failure) == BG_OK ? look_wait(look, flight) : BG_LOOK_REFUSE;
    if (!has_room(look))
        return refuse_atoms(look, ret_failure);
    if (look->modules_known && missing == 0)
        return BG_LOOK_GO;
    if (look->step != LOOK_IDLE)
        return look_wait(look, flight);
    if (!look->modules_known)
        return look_modules(look, ret_failure) == BG_OK ? look_wait(look, flight) : BG_LOOK_REFUSE;
    if (now - look->loaded_us >= LOAD_AGAIN_US && look_load(look, 0))
        return look_wait(look, flight);
    return refuse_modules(look, missing, ret_failure);
}

enum bg_look_verdict bg_looks_check(struct bg_looks *looks, const struct bg_node_info *info, struct bg_flight *flight,
                                    struct bg_failure *ret_failure)
{
    if (looks->question == NULL || info->state != BG_LINK_UP)
        return BG_LOOK_GO; /* down: asking says why */
    struct bg_look *look = look_of(looks, info);
    if (look == NULL) {
        (void)bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
        return BG_LOOK_REFUSE;
    }
    if (look->looked_us != 0)
        return flight->question->forms == NULL ? BG_LOOK_GO : check_forms(look, flight, ret_failure);
    if (look->step == LOOK_IDLE && look_room(look, ret_failure) != BG_OK)
        return BG_LOOK_REFUSE;
    return look_wait(look, flight);
}

int64_t bg_looks_start_ms(const struct bg_looks *looks, const char *node)
{
    const struct bg_look *look = look_find(looks, node);
    return look != NULL ? 2 * look->took_us / 1000 : 0;
}

const struct bg_native *bg_looks_native(const struct bg_looks *looks, const char *node, const struct bg_question *question)
{
    const struct bg_look *look = look_find(looks, node);
    return bg_question_native(question, look != NULL ? look->erts_major : 0, look != NULL ? look->erts_minor : 0);
}

bool bg_looks_pid(const struct bg_looks *looks, const char *node, const char *text, uint32_t *ret_id, uint32_t *ret_serial)
{
    const struct bg_look *look = look_find(looks, node);
    const bool is_large = look != NULL && look->has_large_pids;
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

void bg_looks_explain(const struct bg_looks *looks, const char *node, struct bg_failure *failure)
{
    const struct bg_look *look = look_find(looks, node);
    if (failure->error == BG_PROCESS_TABLE_FULL && look != NULL && look->process_limit > 0)
        (void)bg_fail(failure, BG_PROCESS_TABLE_FULL,
                      "the process table of %s is full, or so nearly that a question finds no room in it: its limit is %lld processes",
                      node, (long long)look->process_limit);
}
