/* bounded.c: makes a node's answer decent. Arrays are cut first, so that everything after that has a bound. */
#include "bounded.h"

#include "ledger.h"

#include <stdbool.h>
#include <string.h>

#define LISTED_MAX 100        /* processes that a scan names apart: counted lists, or those that do not answer */
#define LIMIT_MAX 1000        /* if a question has no limit of its own */
#define RANKINGS 10           /* of one scan: a row is in one of them at least */
#define MEMBERS_MAX 40        /* of a row */
#define KEY_BYTES_MAX 64      /* of a member's name */
#define PID_BYTES_MAX 64      /* of a pid's text */
#define ROW_BYTES_MAX 4096    /* of the texts in one row: names have some hundreds */
#define ENTRY_BYTES_MAX 65536 /* of the texts in the lists of one process that are kept */
#define PARTS_MAX 4           /* of one member that is no plain value: a function, a pid */

static const char *const directions[] = {"monitors", "monitored_by", "links", NULL};
static const char *const list_keys[] = {"count", "distinct_count", "exact", "any_kind", "top", NULL};
static const char *const identity_keys[] = {"pid",        "peer",  "registered_name", "initial_call", "current_function",
                                            "started_as", "label", "alive",           "count",        "monitored_by_count",
                                            NULL};

/* A part of an array's elements stays: those for which this is true. It may change them. */
typedef bool is_decent(void *context, json_t *element);

static void array_bound(json_t *array, size_t max, is_decent *is_kept, void *context)
{
    while (json_array_size(array) > max)
        (void)json_array_remove(array, json_array_size(array) - 1);
    for (size_t i = 0; i < json_array_size(array);)
        if (is_kept(context, json_array_get(array, i)))
            i++;
        else
            (void)json_array_remove(array, i);
}

static bool is_any(void *context, json_t *element)
{
    (void)context;
    (void)element;
    return true;
}

static bool is_among(const char *const *keys, const char *key)
{
    while (*keys != NULL && strcmp(*keys, key) != 0)
        keys++;
    return *keys != NULL;
}

static void members_bound(json_t *object, const char *const *keys)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(object, next, key, value) if (!is_among(keys, key))(void) json_object_del(object, key);
}

static json_int_t count_bounded(json_int_t count)
{
    return count < 0 ? 0 : count > BG_BOUNDED_COUNT_MAX ? BG_BOUNDED_COUNT_MAX : count;
}

static void counts_bound(json_t *object)
{
    static const char *const counts[] = {"count",       "distinct_count", "monitors_count", "monitored_by_count",
                                         "links_count", "entries_min",    "entries_max",    "unexplained",
                                         NULL};
    for (const char *const *key = counts; *key != NULL; key++) {
        const json_t *count = json_object_get(object, *key);
        if (json_is_integer(count) && json_integer_value(count) != count_bounded(json_integer_value(count)))
            (void)json_object_set_new(object, *key, json_integer(count_bounded(json_integer_value(count))));
    }
}

/* The bytes of its texts; SIZE_MAX if it has too many parts. */
static size_t text_bytes(const json_t *value, int depth)
{
    const size_t parts = json_is_object(value) ? json_object_size(value) : json_array_size(value);
    size_t sum = json_is_string(value) ? json_string_length(value) : 0, one = 0, i;
    const char *key;
    json_t *part;
    if (parts > PARTS_MAX || (parts > 0 && depth == 0))
        return SIZE_MAX;
    json_array_foreach((json_t *)(uintptr_t)value, i, part)
    {
        one = text_bytes(part, depth - 1);
        sum = one > SIZE_MAX - sum ? SIZE_MAX : sum + one;
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, part)
    {
        one = text_bytes(part, depth - 1);
        sum = one > SIZE_MAX - sum - strlen(key) ? SIZE_MAX : sum + one + strlen(key);
    }
    return sum;
}

/* A row, or the identity of a process, of which so many bytes of text may be kept; what is kept is subtracted from *left. */
static bool row_bound_in(json_t *row, size_t *left)
{
    size_t in_row = *left < ROW_BYTES_MAX ? *left : ROW_BYTES_MAX, members = 0;
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(row, next, key, value)
    {
        const size_t bytes = text_bytes(value, 2);
        if (++members > MEMBERS_MAX || strlen(key) > KEY_BYTES_MAX)
            (void)json_object_del(row, key);
        else if (bytes > in_row)
            (void)json_object_set_new(row, key, json_null());
        else {
            in_row -= bytes;
            *left -= bytes;
        }
    }
    counts_bound(row);
    return json_is_object(row);
}

static bool row_bound(void *context, json_t *row)
{
    size_t left = ROW_BYTES_MAX;
    (void)context;
    return row_bound_in(row, &left);
}

/* `left` is NULL if there is no bound for several together. */
static bool identity_bound(void *left, json_t *row)
{
    members_bound(row, identity_keys);
    return left != NULL ? row_bound_in(row, left) : row_bound(NULL, row);
}

static void boolean_bound(json_t *object, const char *key)
{
    if (json_object_get(object, key) != NULL && !json_is_boolean(json_object_get(object, key)))
        (void)json_object_del(object, key);
}

/* The lists of one process: {count, distinct_count, exact, top} by direction. */
static void lists_bound(json_t *lists, size_t peers_max, size_t *left)
{
    members_bound(lists, directions);
    for (const char *const *direction = directions; *direction != NULL; direction++) {
        json_t *list = json_object_get(lists, *direction), *top = json_object_get(list, "top");
        members_bound(list, list_keys);
        counts_bound(list);
        boolean_bound(list, "exact");
        boolean_bound(list, "any_kind");
        for (size_t i = 0; i < 2; i++) /* the counts */
            if (json_object_get(list, list_keys[i]) != NULL && !json_is_integer(json_object_get(list, list_keys[i])))
                (void)json_object_set_new(list, list_keys[i], json_null());
        if (json_is_array(top))
            array_bound(top, peers_max, identity_bound, left);
        else
            (void)json_object_del(list, "top");
    }
}

/* Whose lists an answer may have. */
struct asked {
    const char *home;
    const json_t *pids;  /* NULL: all of the node's */
    const json_t *found; /* those that came before; NULL: one may come again */
    size_t peers_max;
};

static const char *pid_text(const json_t *pid)
{
    return json_string_value(json_is_object(pid) ? json_object_get(pid, "pid") : pid);
}

static bool is_of(const json_t *pids, const char *pid)
{
    size_t i = 0;
    while (i < json_array_size(pids) && strcmp(pid, json_is_string(json_array_get(pids, i)) ? pid_text(json_array_get(pids, i)) : "") != 0)
        i++;
    return i < json_array_size(pids);
}

/* True for a process of this node, and one that was asked for, if any were. */
static bool is_asked(const struct asked *asked, const json_t *pid)
{
    const char *text = pid_text(pid), *node = json_string_value(json_object_get(pid, "node"));
    return text != NULL && strlen(text) <= PID_BYTES_MAX && (node == NULL || strcmp(node, asked->home) == 0) &&
           (asked->pids == NULL || is_of(asked->pids, text));
}

static bool counted_bound(void *context, json_t *counted)
{
    size_t left = ENTRY_BYTES_MAX;
    json_t *row = json_object_get(counted, "row");
    counts_bound(counted);
    if (!is_asked(context, json_object_get(counted, "pid")))
        return false;
    if (!identity_bound(&left, row))
        (void)json_object_del(counted, "row");
    lists_bound(json_object_get(counted, "lists"), BG_LEDGER_PEERS_MAX, &left);
    return true;
}

static bool weighed_bound(void *context, json_t *weighed)
{
    const json_t *weight = json_array_get(weighed, 1);
    return is_asked(context, json_array_get(weighed, 0)) && json_is_integer(weight) &&
           json_integer_value(weight) == count_bounded(json_integer_value(weight));
}

static bool process_bound(void *context, json_t *process)
{
    struct asked *asked = context;
    const char *pid = pid_text(json_object_get(process, "pid"));
    if (!is_asked(asked, json_object_get(process, "pid")) || is_of(asked->found, pid))
        return false;
    (void)json_array_append_new((json_t *)(uintptr_t)asked->found, json_string(pid));
    counts_bound(process);
    if (!identity_bound(NULL, json_object_get(process, "row")))
        (void)json_object_del(process, "row");
    lists_bound(json_object_get(process, "lists"), asked->peers_max, NULL);
    return true;
}

static size_t limit_of(const json_t *args)
{
    const json_int_t limit = json_integer_value(json_object_get(args, "limit"));
    return limit > 0 ? (size_t)limit : LIMIT_MAX;
}

static void scan_bound(json_t *answer, size_t limit)
{
    json_t *rankings = json_object_get(answer, "rankings"), *ranking;
    const char *key;
    json_object_foreach(rankings, key, ranking) array_bound(ranking, limit, is_any, NULL);
    array_bound(json_object_get(answer, "rows"), RANKINGS * limit, row_bound, NULL);
    array_bound(json_object_get(answer, "skipped"), LISTED_MAX, is_any, NULL);
}

/* The totals of a scan are valid all together. */
static void census_bound(json_t *answer)
{
    const json_t *census = json_object_get(answer, "census"), *processes = json_object_get(answer, "process_count");
    bool is_valid = json_integer_value(processes) == count_bounded(json_integer_value(processes));
    for (size_t i = 0; i < json_array_size(census); i++)
        is_valid =
            is_valid && json_integer_value(json_array_get(census, i)) == count_bounded(json_integer_value(json_array_get(census, i)));
    if (!is_valid)
        (void)json_object_del(answer, "census");
}

void bg_bound(const char *home, const json_t *args, json_t *answer)
{
    const json_t *pids = json_object_get(args, "pids"), *pairs = json_object_get(args, "pairs");
    const size_t asked_count = json_array_size(pids != NULL ? pids : pairs), all = asked_count > 0 ? asked_count : LISTED_MAX;
    struct asked asked = {.home = home, .pids = pids, .peers_max = limit_of(args)};
    json_t *found = json_array();
    array_bound(json_object_get(answer, "names"), json_array_size(pids), identity_bound, NULL);
    array_bound(json_object_get(answer, "pairs"), json_array_size(pairs), identity_bound, NULL);
    if (json_object_get(args, "list_entries_max") == NULL)
        goto out;
    (void)json_object_del(answer, "long"); /* it is ours */
    census_bound(answer);
    scan_bound(answer, limit_of(args));
    array_bound(json_object_get(answer, "counted"), all < BG_LEDGER_MAX ? all : BG_LEDGER_MAX, counted_bound, &asked);
    array_bound(json_object_get(answer, "weighed"), BG_LEDGER_MAX, weighed_bound, &asked);
    asked.found = found;
    array_bound(json_object_get(answer, "processes"), json_array_size(pids), process_bound, &asked);
out:
    json_decref(found);
}
