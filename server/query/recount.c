/* recount.c: asks `peers` about processes whose long lists must be counted. */
#include "recount.h"

#define TIMEOUT_MS 60000 /* a process with millions of entries takes some seconds to report anything */
#define TOP_PEERS 50

bool bg_recount_is_one(const struct bg_flight *flight)
{
    return json_is_true(json_object_get(flight->args, "patient"));
}

json_t *bg_recount_args_new(const struct bg_flight *flight, json_t *pids)
{
    if (json_array_size(pids) == 0 || bg_recount_is_one(flight)) {
        json_decref(pids);
        return NULL;
    }
    static const char *const directions[] = {"monitors", "monitored_by", "links", NULL};
    const json_int_t entries_max = json_integer_value(json_object_get(flight->args, "list_entries_max"));
    json_t *args = bg_query_peers_args_new(pids, directions, TOP_PEERS, entries_max, false);
    (void)json_object_set_new(args, "patient", json_true());
    return args;
}

/* The ledger has taken the report. */
static void on_done(void *context, const struct bg_failure *failure, const struct bg_answer *answer)
{
    (void)context;
    (void)failure;
    (void)answer;
}

void bg_recount(struct bg_queries *queries, const char *node, json_t *args)
{
    const struct bg_query_request request = {.node = node, .question = "peers", .args = args, .timeout_ms = TIMEOUT_MS};
    struct bg_ticket *ticket;
    struct bg_failure failure;
    if (args != NULL && bg_query_ask(queries, &request, on_done, NULL, &ticket, &failure) != BG_OK)
        ticket = NULL; /* the next question that needs the lists tries again */
    json_decref(args);
}
