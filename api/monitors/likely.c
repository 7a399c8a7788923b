/* likely.c: names the likely watched process of a watcher whose monitors could not be counted. */
#include "likely.h"

#include "rows.h"

#include <string.h>

/* Removes the warning that its watched process is not known. */
static void unwarn(struct bg_ask *ask, const char *pid, const char *node)
{
    json_t *begin = json_sprintf("%s on %s ", pid, node);
    for (size_t i = json_array_size(ask->warnings); begin != NULL && i-- > 0;)
        if (strncmp(json_string_value(json_array_get(ask->warnings, i)), json_string_value(begin), json_string_length(begin)) == 0)
            (void)json_array_remove(ask->warnings, i);
    json_decref(begin);
}

/* True if the row is of a process that is likely watched, not a watcher. */
static bool join(struct bg_ask *ask, json_t *row)
{
    struct bg_shaper *shaper = &ask->shaper;
    const json_t *watcher = json_object_get(row, "watcher");
    const char *pid = json_string_value(json_object_get(watcher, "pid")), *node = json_string_value(json_object_get(watcher, "node"));
    json_t *likely = pid != NULL && node != NULL ? bg_query_likely_new(bg_call_services(ask->call)->queries, node, pid) : NULL;
    const bool is_watched = json_is_true(json_object_get(likely, "is_watched"));
    if (likely != NULL)
        unwarn(ask, pid, node);
    if (likely != NULL && !is_watched) {
        json_t *peer = bg_ref_new(shaper, likely);
        json_t *why =
            json_sprintf("likely %s on %s is whom %s on %s monitors, whose list is too long to be counted: of the processes with "
                         "such lists on the nodes that were looked at, these two alone have as many entries, as watcher and watched, "
                         "by the memory that they take; exact=true counts them (scope admin)",
                         json_string_value(json_object_get(peer, "pid")), json_string_value(json_object_get(peer, "node")), pid, node);
        bg_put(shaper, row, "watched", peer);
        bg_put(shaper, row, "likely", why);
        bg_put(shaper, row, "count", json_integer(bg_answer_count(shaper, likely, "count")));
        bg_put(shaper, row, "uncounted_count", json_null());
        if (!shaper->failed)
            bg_ask_warn(ask, "%s", json_string_value(json_object_get(row, "likely")));
    }
    json_decref(likely);
    return is_watched;
}

void bg_likely_join(struct bg_ask *ask)
{
    for (size_t i = 0; i < json_array_size(ask->data) && !ask->shaper.failed;) {
        json_t *row = json_array_get(ask->data, i);
        const bool is_unknown = json_is_null(json_object_get(row, "watched"));
        if (is_unknown && join(ask, row))
            (void)json_array_remove(ask->data, i);
        else
            i++;
    }
}
