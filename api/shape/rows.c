/* rows.c: converts raw process rows, MFAs and peers of nodes to the form of the API. */
#include "rows.h"

#include "uncounted.h"

#include <assert.h>
#include <string.h>

const struct bg_sort bg_sorts[] = {
    {"memory", "memory_bytes", "memory", false, false},
    {"message_queue_len", "message_queue_len", "message_queue_len", false, false},
    {"reductions", "reductions_count", "reductions", false, false},
    {"total_heap", "total_heap_bytes", "total_heap_size", true, false},
    {"stack", "stack_bytes", "stack_size", true, false},
    {"off_heap", "off_heap_bytes", "off_heap_bytes", false, false},
    {"binary", "binary_bytes", "binary_bytes", false, false},
    {"monitors", "monitors_count", "monitors_count", false, true},
    {"monitored_by", "monitored_by_count", "monitored_by_count", false, true},
    {"links", "links_count", "links_count", false, true},
    {NULL, NULL, NULL, false, false},
};

const char *const bg_sort_keys[] = {"memory", "message_queue_len", "reductions",   "total_heap", "stack", "off_heap",
                                    "binary", "monitors",          "monitored_by", "links",      NULL};

const struct bg_sort *bg_sort_find(const char *key)
{
    for (const struct bg_sort *sort = bg_sorts; sort->key != NULL; sort++)
        if (strcmp(sort->key, key) == 0)
            return sort;
    assert(!"one of bg_sort_keys");
    return &bg_sorts[0];
}

int64_t bg_row_value(struct bg_shaper *shaper, const json_t *raw, const struct bg_sort *sort, int64_t word_bytes)
{
    int64_t value = bg_answer_count_or(shaper, raw, sort->raw, -1);
    if (value < 0 && strcmp(sort->raw, "memory") == 0)
        value = bg_answer_count_or(shaper, raw, "memory_min", -1);
    return sort->in_words && value >= 0 ? bg_bytes_of_words(value, word_bytes) : value;
}

/* An atom inside an MFA; JSON knows true, false and null (undefined, nil) only as values. */
static const char *atom_text(const json_t *atom)
{
    if (json_is_boolean(atom))
        return json_is_true(atom) ? "true" : "false";
    return json_is_null(atom) ? "undefined" : json_string_value(atom);
}

static json_t *mfa_text(const char *module, const char *function, json_int_t arity)
{
    static const char elixir[] = "Elixir.";
    const size_t prefix = sizeof elixir - 1;
    if (strncmp(module, elixir, prefix) == 0 && module[prefix] != '\0')
        return json_sprintf("%s.%s/%" JSON_INTEGER_FORMAT, module + prefix, function, arity);
    return json_sprintf("%s:%s/%" JSON_INTEGER_FORMAT, module, function, arity);
}

#define ARITY_MAX 255 /* MAX_ARG of the emulator */

static bool mfa_is_whole(const json_t *mfa)
{
    const json_t *arity = json_array_get(mfa, 2);
    return json_array_size(mfa) >= 3 && atom_text(json_array_get(mfa, 0)) != NULL && atom_text(json_array_get(mfa, 1)) != NULL &&
           json_is_integer(arity) && json_integer_value(arity) >= 0 && json_integer_value(arity) <= ARITY_MAX;
}

json_t *bg_mfa_new(struct bg_shaper *shaper, const json_t *mfa, const char *key)
{
    if (mfa == NULL || json_is_null(mfa))
        return json_null();
    if (!mfa_is_whole(mfa)) {
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"%s\" is not {Module, Function, Arity}",
                       shaper->source, key);
        return json_null();
    }
    const char *module = atom_text(json_array_get(mfa, 0)), *function = atom_text(json_array_get(mfa, 1));
    const json_int_t arity = json_integer_value(json_array_get(mfa, 2));
    json_t *object = bg_object_new(shaper);
    bg_put(shaper, object, "module", json_string(module));
    bg_put(shaper, object, "function", json_string(function));
    bg_put(shaper, object, "arity", json_integer(arity));
    bg_put(shaper, object, "text", mfa_text(module, function, arity));
    return object;
}

/* The process itself wrote started_as, so it may be anything; initial_call comes from the emulator. */
json_t *bg_initial_call_new(struct bg_shaper *shaper, const json_t *raw)
{
    const json_t *started_as = json_object_get(raw, "started_as");
    if (mfa_is_whole(started_as))
        return bg_mfa_new(shaper, started_as, "started_as");
    return bg_mfa_new(shaper, json_object_get(raw, "initial_call"), "initial_call");
}

/* The functions of proc_lib that run a process say nothing about it. */
static bool is_generic(const json_t *mfa)
{
    const char *module = json_string_value(json_object_get(mfa, "module")), *function = json_string_value(json_object_get(mfa, "function"));
    return module != NULL && strcmp(module, "proc_lib") == 0 && strcmp(function, "init_p") == 0;
}

static json_t *best_name(const json_t *row, const json_t *current)
{
    static const char *const own[] = {"registered_name", "label"};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        if (json_is_string(json_object_get(row, own[i])))
            return json_incref(json_object_get(row, own[i]));
    const json_t *call = json_object_get(row, "initial_call");
    json_t *text = json_object_get(is_generic(call) && json_is_object(current) ? current : call, "text");
    return text != NULL ? json_incref(text) : json_null();
}

void bg_put_identity(struct bg_shaper *shaper, json_t *row, const json_t *raw)
{
    json_t *current = bg_mfa_new(shaper, json_object_get(raw, "current_function"), "current_function");
    bg_put(shaper, row, "name", json_null()); /* first, for people */
    bg_put(shaper, row, "registered_name", bg_name_new(shaper, raw, "registered_name"));
    bg_put(shaper, row, "label", bg_name_new(shaper, raw, "label"));
    bg_put(shaper, row, "initial_call", bg_initial_call_new(shaper, raw));
    bg_put(shaper, row, "name", best_name(row, current));
    json_decref(current);
}

const char *bg_answer_pid_or_null(struct bg_shaper *shaper, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value))
        return NULL;
    const char *text = json_string_value(json_is_object(value) ? json_object_get(value, "pid") : value);
    if (text == NULL)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"%s\" is not a pid", shaper->source, key);
    return text;
}

const char *bg_answer_pid(struct bg_shaper *shaper, const json_t *object, const char *key)
{
    const char *text = bg_answer_pid_or_null(shaper, object, key);
    if (text == NULL)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"%s\" is not a pid", shaper->source, key);
    return text;
}

/* Null if the node does not know it. */
static void put_words(struct bg_shaper *shaper, json_t *row, const char *name, const json_t *raw, const char *key, int64_t word_bytes)
{
    const int64_t words = bg_answer_count_or(shaper, raw, key, -1);
    bg_put(shaper, row, name, words < 0 ? json_null() : json_integer(bg_bytes_of_words(words, word_bytes)));
}

/* If memory was not requested, it is at least what the emulator knows without the process. */
static void put_memory(struct bg_shaper *shaper, json_t *row, const json_t *raw)
{
    bg_put(shaper, row, "memory_bytes", bg_count_or_null(bg_answer_count_or(shaper, raw, "memory", -1)));
    if (json_object_get(raw, "memory_min") != NULL)
        bg_put(shaper, row, "memory_bytes_min", json_integer(bg_answer_count(shaper, raw, "memory_min")));
}

/* If lists were not counted, the bound of all entries together also bounds each kind of them. If their kind is not known, only the count
 * that the row is ranked by is reported. */
static void put_bounds(struct bg_shaper *shaper, json_t *row, const json_t *raw, const struct bg_sort *sort)
{
    static const char *const names[][2] = {{"monitors_count_min", "monitors_count_max"},
                                           {"monitored_by_count_min", "monitored_by_count_max"},
                                           {"links_count_min", "links_count_max"}};
    const int64_t most = bg_answer_count_or(shaper, raw, "entries_max", -1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        bg_put(shaper, row, names[i][0], json_integer(0));
        bg_put(shaper, row, names[i][1], bg_count_or_null(most));
    }
    for (const struct bg_sort *other = bg_sorts; other->key != NULL && bg_is_uncounted(shaper, raw); other++)
        if (other->relation && other != sort)
            bg_put(shaper, row, other->field, json_null());
    bg_put(shaper, row, "uncounted_count", bg_count_or_null(bg_uncounted_count(shaper, raw)));
}

json_t *bg_row_new(struct bg_shaper *shaper, const json_t *raw, const struct bg_sort *sort, int64_t word_bytes)
{
    static const struct bg_field sizes[] = {
        {"off_heap_bytes", "off_heap_bytes", BG_FIELD_COUNT_OR_NULL}, {"binary_bytes", "binary_bytes", BG_FIELD_COUNT_OR_NULL},
        {"message_queue_len", "message_queue_len", BG_FIELD_COUNT},   {"reductions", "reductions_count", BG_FIELD_COUNT},
        {"monitors_count", "monitors_count", BG_FIELD_COUNT_OR_NULL}, {"monitored_by_count", "monitored_by_count", BG_FIELD_COUNT_OR_NULL},
        {"links_count", "links_count", BG_FIELD_COUNT_OR_NULL},       {NULL, NULL, BG_FIELD_COUNT},
    };
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "pid", bg_text_or_null(bg_answer_pid(shaper, raw, "pid")));
    bg_put_identity(shaper, row, raw);
    bg_put(shaper, row, "current_function", bg_mfa_new(shaper, json_object_get(raw, "current_function"), "current_function"));
    bg_put(shaper, row, "application", bg_name_new(shaper, raw, "application"));
    bg_put(shaper, row, "status", bg_name_new(shaper, raw, "status"));
    put_memory(shaper, row, raw);
    put_words(shaper, row, "total_heap_bytes", raw, "total_heap_size", word_bytes);
    put_words(shaper, row, "stack_bytes", raw, "stack_size", word_bytes);
    bg_put_fields(shaper, row, raw, sizes);
    const bool exact = bg_answer_boolean_or(shaper, raw, "exact", true);
    bg_put(shaper, row, "exact", json_boolean(exact));
    if (!exact)
        put_bounds(shaper, row, raw, sort);
    if (json_object_get(raw, "age_ms") != NULL)
        bg_put(shaper, row, "age_ms", json_integer(bg_answer_count(shaper, raw, "age_ms")));
    return row;
}

static json_t *ref_start(struct bg_shaper *shaper, json_t *text, const char *form, const char *value)
{
    json_t *ref = bg_object_new(shaper);
    bg_put(shaper, ref, "text", text);
    bg_put(shaper, ref, form, json_string(value));
    return ref;
}

static json_t *ref_of_process(struct bg_shaper *shaper, const json_t *entry, const char *pid, json_t *node)
{
    json_t *ref = ref_start(shaper, json_string(pid), "pid", pid);
    bg_put(shaper, ref, "node", node);
    bg_put_identity(shaper, ref, entry);
    return ref;
}

/* {Name, Node}: a monitor by name. */
static json_t *ref_of_name(struct bg_shaper *shaper, const json_t *peer)
{
    const char *name = atom_text(json_array_get(peer, 0));
    const char *node = atom_text(json_array_get(peer, 1));
    if (json_array_size(peer) != 2 || name == NULL || node == NULL)
        return NULL;
    json_t *ref = ref_start(shaper, json_string(name), "name", name);
    bg_put(shaper, ref, "node", json_string(node));
    return ref;
}

static json_t *ref_of_peer(struct bg_shaper *shaper, const json_t *entry, const json_t *peer)
{
    const char *pid = json_string_value(json_object_get(peer, "pid"));
    const char *port = json_string_value(json_object_get(peer, "port"));
    const char *reference = json_string_value(json_object_get(peer, "reference"));
    const char *node = json_string_value(json_object_get(peer, "node"));
    if (pid != NULL)
        return ref_of_process(shaper, entry, pid, bg_text_or_null(node));
    if (reference != NULL)
        return ref_start(shaper, json_string(reference), "reference", reference);
    if (port == NULL)
        return ref_of_name(shaper, peer);
    json_t *ref = ref_start(shaper, json_string(port), "port", port);
    bg_put(shaper, ref, "node", bg_text_or_null(node));
    return ref;
}

static void put_alive(struct bg_shaper *shaper, json_t *ref, const json_t *entry)
{
    const json_t *alive = json_object_get(entry, "alive");
    bg_put(shaper, ref, "alive", json_is_boolean(alive) ? json_boolean(json_is_true(alive)) : json_null());
}

json_t *bg_ref_new(struct bg_shaper *shaper, const json_t *entry)
{
    json_t *ref = ref_of_peer(shaper, entry, json_object_get(entry, "peer"));
    if (ref == NULL) {
        bg_shaper_fail(shaper, BG_BAD_ANSWER,
                       "the node's answer to \"%s\" cannot be understood: \"peer\" is not a pid, name, port or reference", shaper->source);
        return NULL;
    }
    put_alive(shaper, ref, entry);
    return ref;
}

json_t *bg_ref_of_row(struct bg_shaper *shaper, const json_t *row, const char *pid, const char *node)
{
    json_t *ref = ref_of_process(shaper, row, pid, json_string(node));
    put_alive(shaper, ref, row);
    return ref;
}
