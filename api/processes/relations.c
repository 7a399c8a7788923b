/* relations.c: GET .../processes/{pid}/relations, the monitors, monitored_by and links of one process, by peer. */
#include "endpoints.h"
#include "names.h"
#include "params.h"
#include "peers.h"
#include "process.h"
#include "uncounted.h"
#include "verify.h"

#include "beamgauge/text.h"

#include <string.h>

/* The requested directions; ret_one is the list if there is only one. */
static const char *const *directions_of(const struct bg_ask *ask, const char *ret_one[2])
{
    ret_one[0] = bg_call_text(ask->call, "direction");
    ret_one[1] = NULL;
    return strcmp(ret_one[0], "all") == 0 ? bg_process_directions : ret_one;
}

/* How many peers of each direction to get. */
static int64_t peers_wanted(const struct bg_ask *ask)
{
    const int64_t limit = bg_call_integer(ask->call, "limit"), sample = bg_call_integer(ask->call, "sample");
    return bg_call_boolean(ask->call, "verify") && sample > limit ? sample : limit;
}

static void count_verified(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    bg_verify_count(ask, (size_t)bg_call_integer(ask->call, "limit"));
    bg_names_join(ask);
}

static void verify(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    for (size_t i = 0; i < json_array_size(ask->data); i++) {
        const json_t *row = json_array_get(ask->data, i);
        const json_int_t distinct = json_integer_value(json_object_get(row, "distinct_count"));
        const size_t sampled = json_array_size(json_object_get(row, "top_peers"));
        if (distinct > (json_int_t)sampled)
            bg_ask_warn(ask, "%s: of %s different peers only the %zu with most entries were verified; sample allows at most %d",
                        json_string_value(json_object_get(row, "direction")), BG_COUNT(distinct), sampled, BG_PEERS_SAMPLE_MAX);
    }
    bg_verify_peers(ask);
    bg_ask_then(ask, count_verified);
}

/* Warns why a list was not counted now. If the direction of the entries is not known, there is one warning for all lists. */
static void warn_list(struct bg_ask *ask, const json_t *process, const char *direction, const struct bg_peer_list *list, bool *was_said)
{
    const bool is_late = bg_answer_boolean_or(&ask->shaper, process, "late", false);
    static const char late[] = "there was too little time to count them; they are counted in the background: ask again in some seconds";
    if (json_object_get(process, "age_ms") != NULL)
        bg_ask_warn(ask, "%s: the process did not answer in time; this is what it reported last (age_ms)", direction);
    else if (bg_peers_exact(ask)) /* another warning has said why it was not counted */
        return;
    else if (list->uncounted_count >= 0 && !*was_said)
        bg_ask_warn(ask, "it has " BG_UNCOUNTED ": %s", BG_COUNT(list->uncounted_count),
                    is_late ? late : "too many to be counted cheaply; exact=true counts them (scope admin)");
    else if (list->uncounted_count < 0 && list->distinct_count < 0 && is_late)
        bg_ask_warn(ask, "%s: %s", direction, late);
    else if (list->uncounted_count < 0 && list->distinct_count < 0)
        bg_ask_warn(ask,
                    "%s: the list may be too long to be counted cheaply, so its count is an estimate or unknown; exact=true counts it "
                    "(scope admin)",
                    direction);
    *was_said = *was_said || list->uncounted_count >= 0;
}

static void warn_since(struct bg_ask *ask, const json_t *process, const char *direction, const struct bg_peer_list *list)
{
    json_t *counted_at = bg_peers_counted_at(&ask->shaper, process);
    if (list->since_count > 0)
        bg_ask_warn(ask, "%s: it has " BG_UNCOUNTED_SINCE, direction, BG_COUNT(list->since_count),
                    json_is_string(counted_at) ? json_string_value(counted_at) : "?");
    json_decref(counted_at);
}

/* If it is not known whether entries are in this direction, only their bound is reported. */
static json_t *relation_new(struct bg_ask *ask, const json_t *process, const char *direction, const struct bg_peer_list *list)
{
    struct bg_shaper *shaper = &ask->shaper;
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "direction", json_string(direction));
    bg_put(shaper, row, "count", list->uncounted ? json_null() : bg_count_or_null(list->count));
    bg_put(shaper, row, "exact", json_boolean(list->exact));
    bg_put(shaper, row, "uncounted_count", bg_count_or_null(list->uncounted_count));
    bg_peer_list_put(shaper, row, list, (size_t)peers_wanted(ask));
    bg_put(shaper, row, "counted_at", bg_peers_counted_at(shaper, list->exact ? NULL : process));
    if (!list->exact && json_object_get(process, "age_ms") != NULL)
        bg_put(shaper, row, "age_ms", json_integer(bg_answer_count(shaper, process, "age_ms")));
    return row;
}

static void shape_relations(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const char *one[2], *pid = bg_call_text(ask->call, "pid");
    const char *const *directions = directions_of(ask, one);
    const json_t *process = bg_answer_object_at(shaper, bg_answer_array(shaper, answer, "processes"), 0);
    bool was_said = false;
    if (bg_process_is_dead(shaper, process, pid))
        return;
    ask->data = bg_array_new(shaper);
    for (; *directions != NULL && !shaper->failed; directions++) {
        struct bg_peer_list list;
        bg_peer_list_read(shaper, process, *directions, &list);
        bg_peers_check_exact(ask, &list, process, pid);
        bg_append(shaper, ask->data, relation_new(ask, process, *directions, &list));
        if (!list.exact)
            warn_list(ask, process, *directions, &list, &was_said);
        warn_since(ask, process, *directions, &list);
    }
    if (bg_call_boolean(ask->call, "verify"))
        bg_ask_then(ask, verify);
    else
        bg_names_join(ask);
}

static void ask_peers(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    struct bg_shaper *shaper = &ask->shaper;
    const char *one[2], *pid = bg_call_text(ask->call, "pid");
    if (!bg_process_is_own(ask))
        return;
    json_t *pids = bg_array_new(shaper);
    bg_append(shaper, pids, json_string(pid));
    bg_peers_send(ask, pids, directions_of(ask, one), peers_wanted(ask), shape_relations);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_peers);
}

static bool append_flat(json_t *rows, const json_t *relation, json_t *peer)
{
    static const char *const names[] = {
        "direction", "distinct_count", "exact",       "uncounted_count", "uncounted_since_count",
        "age_ms",    "sampled_count",  "alive_count", "dead_count",      "unknown_count"}; /* the last four only if verified */
    json_t *row = json_object();
    int bad = json_object_set(row, "total_count", json_object_get(relation, "count"));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_object_get(relation, names[i]) != NULL)
            bad |= json_object_set(row, names[i], json_object_get(relation, names[i]));
    if (peer != NULL) {
        bad |= json_object_set(row, "count", json_object_get(peer, "count"));
        bad |= json_object_set(row, "peer", peer);
    }
    if (bad != 0) {
        json_decref(row);
        return false;
    }
    return json_array_append_new(rows, row) == 0;
}

/* One row per direction and peer; a direction without peers keeps one row for its total. */
static json_t *flat_rows(const json_t *data)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < json_array_size(data); i++) {
        const json_t *relation = json_array_get(data, i), *peers = json_object_get(relation, "top_peers");
        bool good = json_array_size(peers) > 0 || append_flat(rows, relation, NULL);
        for (size_t j = 0; j < json_array_size(peers) && good; j++)
            good = append_flat(rows, relation, json_array_get(peers, j));
        if (!good) {
            json_decref(rows);
            return NULL;
        }
    }
    return rows;
}

static const char *const direction_choices[] = {"all", "monitors", "monitored_by", "links", NULL};

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    BG_PID_PARAM,
    {.name = "direction", .type = BG_PARAM_ENUM, .choices = direction_choices, .fallback = "all", .summary = "Which relations"},
    {.name = "limit",
     .type = BG_PARAM_INTEGER,
     .min = 1,
     .max = BG_PEERS_LIMIT_MAX,
     .fallback = "20",
     .summary = "How many peers at most, of each direction"},
    {.name = "verify", .type = BG_PARAM_BOOLEAN, .fallback = "false", .summary = "Ask the peers' own nodes whether they are alive"},
    {.name = "sample",
     .type = BG_PARAM_INTEGER,
     .min = 1,
     .max = BG_PEERS_SAMPLE_MAX,
     .fallback = "1000",
     .summary = "How many peers of each direction to verify at most, those with most entries"},
    BG_EXACT_PARAM,
    BG_MAX_AGE_PARAM,
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"direction", "Direction", BG_COLUMN_TEXT, true},
    {"count", "Entries", BG_COLUMN_ENTRIES, true},
    {"peer.text", "Peer", BG_COLUMN_TEXT, true},
    {"peer.node", "Node", BG_COLUMN_TEXT, true},
    {"peer.name", "Name", BG_COLUMN_TEXT, true},
    {"peer.registered_name", "Registered name", BG_COLUMN_TEXT, false},
    {"peer.label", "Label", BG_COLUMN_TEXT, false},
    {"peer.initial_call.text", "Initial call", BG_COLUMN_TEXT, false},
    {"peer.alive", "Alive", BG_COLUMN_TEXT, false},
    {"total_count", "Total", BG_COLUMN_BOUND, true},
    {"distinct_count", "Distinct", BG_COLUMN_COUNT, false},
    {"sampled_count", "Verified", BG_COLUMN_COUNT, false},
    {"alive_count", "Peers alive", BG_COLUMN_COUNT, false},
    {"dead_count", "Peers dead", BG_COLUMN_COUNT, false},
    {"unknown_count", "Peers unknown", BG_COLUMN_COUNT, false},
    {"exact", "Exact", BG_COLUMN_TEXT, false},
    {"uncounted_count", "Uncounted", BG_COLUMN_COUNT, false},
    {"uncounted_since_count", "Uncounted since", BG_COLUMN_COUNT, false},
    {"age_ms", "Age ms", BG_COLUMN_COUNT, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_relations_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/processes/{pid}/relations",
     .scope = BG_SCOPE_READ,
     .operation = "getProcessRelations",
     .summary = "What one process monitors, is monitored by and is linked to: totals, and the peers with most entries",
     .params = params,
     .columns = columns,
     .rows = flat_rows,
     .handler = handle},
    {.path = NULL},
};
