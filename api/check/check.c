/* check.c: GET .../check, GET /api/v1/check and GET /api/v1/check/metrics: assertions for CI and monitoring. */
#include "ask.h"
#include "check_formats.h"
#include "check_run.h"
#include "endpoints.h"
#include "params.h"

#include "beamgauge/clock.h"
#include "beamgauge/config.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#define TIMES_MAX 32 /* how often assert, warn and node may each be given */

struct check {
    struct bg_call *call;
    struct bg_check_run *run;
    bool is_single; /* checks the node in the path */
};

static void on_cancel(void *context)
{
    struct check *check = context;
    bg_check_stop(check->run);
    free(check);
}

static bool add_item(struct bg_check_item *items, size_t *count, const char *text, bool is_warning, const char *param, const char *place,
                     struct bg_failure *ret_failure)
{
    struct bg_failure failure;
    items[*count].is_warning = is_warning;
    if (bg_assertion_read(text, &items[*count].assertion, &failure) == BG_OK) {
        ++*count;
        return true;
    }
    (void)bg_fail_param(ret_failure, BG_INVALID, param, "%s \"%.120s\", %s", place, text, failure.text);
    return false;
}

static bool add_given(const struct bg_call *call, const char *param, bool is_warning, struct bg_check_item *items, size_t *count,
                      struct bg_failure *ret_failure)
{
    for (size_t i = 0; i < bg_call_count(call, param); i++)
        if (!add_item(items, count, bg_call_text_at(call, param, i), is_warning, param, param, ret_failure))
            return false;
    return true;
}

static const struct bg_config_check *find_set(const struct bg_config *config, const char *name)
{
    for (size_t i = 0; config != NULL && i < config->checks_count; i++)
        if (strcmp(config->checks[i].name, name) == 0)
            return &config->checks[i];
    return NULL;
}

static bool add_set(const struct bg_call *call, struct bg_check_item *items, size_t *count, struct bg_failure *ret_failure)
{
    const char *name = bg_call_text(call, "set");
    if (name == NULL)
        return true;
    const struct bg_config_check *set = find_set(bg_call_services(call)->config, name);
    if (set == NULL) {
        (void)bg_fail_param(ret_failure, BG_INVALID, "set", "there is no set %.64s: the configuration names them, as [check %.64s]", name,
                            name);
        return false;
    }
    for (size_t i = 0; i < set->asserts_count; i++)
        if (!add_item(items, count, set->asserts[i], false, "set", "the configuration's", ret_failure))
            return false;
    for (size_t i = 0; i < set->warns_count; i++)
        if (!add_item(items, count, set->warns[i], true, "set", "the configuration's", ret_failure))
            return false;
    return true;
}

/* A check without assertions would always pass, so it is refused. */
static bool read_items(const struct bg_call *call, struct bg_check_item items[BG_CHECK_ITEMS_MAX], size_t *ret_count,
                       struct bg_failure *ret_failure)
{
    size_t count = 0;
    if (!add_given(call, "assert", false, items, &count, ret_failure) || !add_given(call, "warn", true, items, &count, ret_failure) ||
        !add_set(call, items, &count, ret_failure))
        return false;
    if (count == 0)
        (void)bg_fail_param(ret_failure, BG_INVALID, "assert", "give at least one assert=METRIC OPERATOR VALUE, or a warn= or set=");
    *ret_count = count;
    return count > 0;
}

/* The registered nodes that match a pattern. A node that discovery found may be gone, unless the pattern is its full name. A pattern that
 * matches no node is an error: nothing would be checked. */
static bool read_nodes(const struct bg_call *call, json_t *names, json_t *may_be_gone, struct bg_failure *ret_failure)
{
    const struct bg_nodes *nodes = bg_call_services(call)->nodes;
    bool matched[TIMES_MAX] = {false};
    const size_t patterns = bg_call_count(call, "node");
    for (size_t i = 0; i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;
        bool wanted = false, named = false;
        bg_nodes_info_at(nodes, i, &info);
        for (size_t j = 0; j < patterns; j++)
            if (fnmatch(bg_call_text_at(call, "node", j), info.name, FNM_NOESCAPE) == 0) {
                wanted = matched[j] = true;
                named = named || strcmp(bg_call_text_at(call, "node", j), info.name) == 0;
            }
        if (wanted)
            (void)json_array_append_new(names, json_string(info.name));
        if (wanted && !named && info.origin == BG_ORIGIN_EPMD)
            (void)json_object_set_new(may_be_gone, info.name, json_true());
    }
    for (size_t j = 0; j < patterns; j++)
        if (!matched[j]) {
            (void)bg_fail_param(ret_failure, BG_NODE_UNKNOWN, "node",
                                "no registered node is named %.200s: names are NAME@HOST, and * stands for any part of one",
                                bg_call_text_at(call, "node", j));
            return false;
        }
    return true;
}

static json_t *data_new(struct bg_shaper *shaper, const struct check *check, const struct bg_check_result *result)
{
    if (check->is_single)
        return json_incref(json_array_get(result->nodes, 0));
    json_t *data = bg_object_new(shaper);
    bg_put(shaper, data, "status", json_string(bg_check_status_text(result->status)));
    bg_put(shaper, data, "nodes", json_incref(result->nodes));
    bg_put(shaper, data, "gone", json_incref(result->gone));
    return data;
}

static int status_of(const struct bg_call *call, const struct bg_check_result *result)
{
    if (result->status == BG_CHECK_FAIL)
        return (int)strtol(bg_call_text(call, "fail_status"), NULL, 10);
    return result->status == BG_CHECK_UNKNOWN ? bg_error_info(result->failure.error)->status : 200;
}

static void on_done(void *context, struct bg_check_result *result)
{
    static const char *const exits[] = {"0", "1", "2", "3"};
    struct check *check = context;
    struct bg_call *call = check->call;
    const struct bg_clock *clock = bg_call_services(call)->clock;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "check");
    const struct bg_header headers[] = {
        {"X-Check-Status", bg_check_status_text(result->status)}, {"X-Nagios-Exit", exits[result->status]}, {NULL, NULL}};
    struct bg_reply reply = {.status = status_of(call, result),
                             .collected_us = result->answered ? result->collected_us : bg_clock_monotonic_us(clock),
                             .rpc_us = result->rpc_us,
                             .headers = headers,
                             .failure = result->status == BG_CHECK_UNKNOWN ? &result->failure : NULL};
    if (result->nodes == NULL)
        bg_shaper_fail(&shaper, BG_NO_MEMORY, "out of memory");
    reply.data = data_new(&shaper, check, result);
    reply.meta =
        bg_meta_new(&shaper, check->is_single ? bg_call_text(call, "node") : NULL,
                    result->answered ? result->collected_wall_ms : bg_clock_wall_ms(clock), result->duration_ms, bg_array_new(&shaper));
    json_decref(result->nodes);
    json_decref(result->gone);
    free(check);
    bg_call_end(call, &shaper, &reply);
}

/* `names` is stolen; NULL if the request was invalid. */
static void run(struct bg_call *call, json_t *names, const json_t *may_be_gone, struct bg_failure *failure)
{
    struct bg_check_item items[BG_CHECK_ITEMS_MAX];
    size_t count = 0;
    struct check *check = names != NULL && read_items(call, items, &count, failure) ? calloc(1, sizeof *check) : NULL;
    if (count > 0 && check == NULL)
        (void)bg_fail(failure, BG_NO_MEMORY, "out of memory");
    if (check == NULL) {
        json_decref(names);
        bg_call_fail(call, failure);
        return;
    }
    const struct bg_check_request request = {.services = bg_call_services(call),
                                             .items = items,
                                             .items_count = count,
                                             .nodes = names,
                                             .reader = bg_call_reader(call),
                                             .may_be_gone = may_be_gone,
                                             .max_age_ms = bg_call_integer(call, "max_age_ms"),
                                             .timeout_ms = bg_call_integer(call, "timeout_ms")};
    *check = (struct check){.call = call, .is_single = may_be_gone == NULL};
    bg_call_on_cancel(call, on_cancel, check);
    if (!bg_check_start(&request, on_done, check, &check->run)) {
        (void)bg_fail(failure, BG_NO_MEMORY, "out of memory");
        bg_call_fail(call, failure);
        free(check);
    }
    json_decref(names);
}

static void handle_one(struct bg_call *call)
{
    const char *node = bg_call_text(call, "node");
    struct bg_node_info info;
    struct bg_failure failure;
    const bool known = bg_node_find(bg_call_services(call)->nodes, node, &info, &failure);
    json_t *names = known ? json_pack("[s]", node) : NULL;
    if (known && names == NULL)
        (void)bg_fail(&failure, BG_NO_MEMORY, "out of memory");
    run(call, names, NULL, &failure);
}

static void handle_many(struct bg_call *call)
{
    json_t *names = json_array(), *may_be_gone = json_object();
    struct bg_failure failure;
    if (names == NULL || may_be_gone == NULL) {
        (void)bg_fail(&failure, BG_NO_MEMORY, "out of memory");
        bg_call_fail(call, &failure);
        json_decref(names);
    } else {
        const bool right = read_nodes(call, names, may_be_gone, &failure);
        if (!right)
            json_decref(names);
        run(call, right ? names : NULL, may_be_gone, &failure);
    }
    json_decref(may_be_gone);
}

static void handle_metrics(struct bg_call *call)
{
    const struct bg_clock *clock = bg_call_services(call)->clock;
    struct bg_reply reply = {.status = 200, .collected_us = bg_clock_monotonic_us(clock), .rpc_us = -1};
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "metrics");
    reply.data = bg_array_new(&shaper);
    for (const struct bg_figure *figure = bg_figures; figure < bg_figures + bg_figures_count; figure++) {
        json_t *row = figure->name != NULL ? bg_object_new(&shaper) : NULL;
        if (row == NULL)
            continue;
        bg_put(&shaper, row, "name", json_string(figure->name));
        bg_put(&shaper, row, "unit", json_string(figure->unit));
        bg_put(&shaper, row, "source", json_string(bg_source_name(figure->source)));
        bg_put(&shaper, row, "arguments_count", json_integer((json_int_t)figure->args_count));
        bg_put(&shaper, row, "summary", json_string(figure->summary));
        bg_append(&shaper, reply.data, row);
    }
    reply.meta = bg_meta_new(&shaper, NULL, bg_clock_wall_ms(clock), 0, bg_array_new(&shaper));
    bg_call_end(call, &shaper, &reply);
}

static const char *const fail_statuses[] = {"503", "200", "412", "422", "500", NULL};

/* clang-format off */
#define CHECK_PARAMS \
    {.name = "assert", .type = BG_PARAM_TEXT, .min = 1, .max = BG_EXPRESSION_MAX, .times_max = TIMES_MAX, \
     .summary = "METRIC OPERATOR VALUE, like pair_count_max < 1000; all must hold"}, \
    {.name = "warn", .type = BG_PARAM_TEXT, .min = 1, .max = BG_EXPRESSION_MAX, .times_max = TIMES_MAX, \
     .summary = "The same, but one that does not hold is a warning only"}, \
    {.name = "set", .type = BG_PARAM_TEXT, .min = 1, .max = BG_TOKEN_NAME_MAX, \
     .summary = "A set of assertions that the configuration names, [check NAME]"}, \
    {.name = "fail_status", .type = BG_PARAM_ENUM, .choices = fail_statuses, .fallback = "503", \
     .summary = "The HTTP status if an assertion does not hold"}, \
    BG_MAX_AGE_PARAM, BG_TIMEOUT_PARAM, BG_PARAMS_END
/* clang-format on */

static const struct bg_param one_params[] = {BG_NODE_PARAM, CHECK_PARAMS};
static const struct bg_param many_params[] = {{.name = "node",
                                               .type = BG_PARAM_TEXT,
                                               .min = 1,
                                               .max = BG_NODE_NAME_MAX,
                                               .fallback = "*",
                                               .times_max = TIMES_MAX,
                                               .summary = "Names of nodes, * and ? standing for any characters and any one"},
                                              CHECK_PARAMS};

static const struct bg_column metrics_columns[] = {
    {"name", "Metric", BG_COLUMN_WHOLE, true},     {"unit", "Unit", BG_COLUMN_TEXT, false},
    {"source", "Asked by", BG_COLUMN_TEXT, false}, {"arguments_count", "Arguments", BG_COLUMN_COUNT, false},
    {"summary", "Meaning", BG_COLUMN_WHOLE, true}, {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_check_endpoints[] = {
    {.method = BG_GET,
     .path = "/api/v1/nodes/{node}/check",
     .scope = BG_SCOPE_CHECK,
     .operation = "checkNode",
     .summary = "Whether assertions about a node hold: 200 or 503; 502 or 504 if that could not be determined",
     .params = one_params,
     .representations = bg_check_representations,
     .handler = handle_one},
    {.method = BG_GET,
     .path = "/api/v1/check",
     .scope = BG_SCOPE_CHECK,
     .operation = "checkNodes",
     .summary = "The same for many nodes at once: it fails if it fails for one of them",
     .params = many_params,
     .representations = bg_check_representations,
     .handler = handle_many},
    {.method = BG_GET,
     .path = "/api/v1/check/metrics",
     .scope = BG_SCOPE_CHECK,
     .operation = "listCheckMetrics",
     .summary = "What assertions can be about",
     .columns = metrics_columns,
     .handler = handle_metrics},
    {.path = NULL},
};
