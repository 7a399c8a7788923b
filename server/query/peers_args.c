/* peers_args.c: the arguments of the question `peers`, which both rooms ask: callers, and the recount of long lists. */
#include "beamgauge/query.h"

json_t *bg_query_peers_args_new(json_t *pids, const char *const directions[], int64_t limit, int64_t list_entries_max, bool is_exact)
{
    json_t *names = json_array();
    for (size_t i = 0; directions[i] != NULL; i++)
        if (json_array_append_new(names, json_string(directions[i])) != 0) {
            json_decref(names);
            names = NULL; /* and so the pack fails, and steals the others */
        }
    return json_pack("{s:o, s:o, s:I, s:I, s:b}", "pids", pids, "directions", names, "limit", (json_int_t)limit, "list_entries_max",
                     (json_int_t)list_entries_max, "exact", (int)is_exact);
}
