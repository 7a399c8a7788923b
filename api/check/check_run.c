/* check_run.c: evaluates assertions on nodes: every source of a node is asked once for all of them. */
#include "check_run.h"

#include "check_past.h"
#include "uncounted.h"

#include "beamgauge/clock.h"
#include "beamgauge/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SKIPPED_PART_MAX 100 /* one in so many processes may be left out */

struct node_check {
    struct bg_check_run *run;
    struct bg_sources sources;
    json_t *rows[BG_CHECK_ITEMS_MAX];
    bool may_be_gone;
    enum bg_check_status status;
    struct bg_failure failure; /* of the first value that could not be determined */
    int64_t duration_ms, rpc_us;
    struct bg_history_ticket *past; /* what is waited for from the store, or NULL */
    size_t past_index;              /* the item that it is for; before, all those about the history are done */
};

struct bg_check_run {
    struct bg_check_item items[BG_CHECK_ITEMS_MAX]; /* with copies of their texts: a reload may free those of the configuration */
    size_t items_count;
    struct node_check *node_checks;
    size_t nodes_count, started_count, running_count;
    bool starting; /* inside start_more(), which handles the end itself */
    bool lacks_memory;
    struct bg_check_result result;
    bg_check_done *done;
    void *context;
};

const char *bg_check_status_text(enum bg_check_status status)
{
    static const char *const texts[] = {"pass", "warn", "fail", "unknown"};
    return texts[status];
}

static void run_free(struct bg_check_run *run)
{
    for (size_t i = 0; i < run->nodes_count; i++)
        for (size_t j = 0; j < run->items_count; j++)
            json_decref(run->node_checks[i].rows[j]);
    for (size_t i = 0; i < run->items_count; i++)
        free((char *)(uintptr_t)run->items[i].assertion.expression.text);
    free(run->node_checks);
    free(run);
}

/* A failed assertion outweighs an undetermined one, and that outweighs a warning. */
static enum bg_check_status worse(enum bg_check_status a, enum bg_check_status b)
{
    static const int weights[] = {[BG_CHECK_PASS] = 0, [BG_CHECK_WARN] = 1, [BG_CHECK_UNKNOWN] = 2, [BG_CHECK_FAIL] = 3};
    return weights[a] > weights[b] ? a : b;
}

static json_t *row_new(struct bg_shaper *shaper, const struct bg_check_item *item, enum bg_check_status status)
{
    const struct bg_assertion *assertion = &item->assertion;
    json_t *row = bg_object_new(shaper);
    bg_put(shaper, row, "kind", json_string(item->is_warning ? "warn" : "assert"));
    bg_put(shaper, row, "status", json_string(bg_check_status_text(status)));
    bg_put(shaper, row, "expression", json_string(assertion->expression.text));
    bg_put(shaper, row, "metric", json_string(assertion->figure->name));
    bg_put(shaper, row, "unit", json_string(bg_assertion_unit(assertion)));
    bg_put(shaper, row, "operator", json_string(bg_operator_text(assertion->expression.comparison)));
    bg_put(shaper, row, "threshold", bg_number_new(assertion->expression.value.number));
    return row;
}

static void put_result(struct node_check *node_check, size_t index, const struct bg_measure *measure, struct bg_shaper *shaper)
{
    const struct bg_check_item *item = &node_check->run->items[index];
    const struct bg_expression *expression = &item->assertion.expression;
    const bool holds = bg_operator_holds(expression->comparison, measure->value, expression->value.number);
    const enum bg_check_status status = holds ? BG_CHECK_PASS : item->is_warning ? BG_CHECK_WARN : BG_CHECK_FAIL;
    json_t *row = row_new(shaper, item, status);
    bg_put(shaper, row, "observed", bg_number_new(measure->value));
    bg_put(shaper, row, "exact", json_boolean(measure->exact));
    bg_put(shaper, row, "offender", measure->offender != NULL ? measure->offender : json_null());
    bg_put(shaper, row, "error", json_null());
    node_check->rows[index] = row;
    node_check->run->lacks_memory = node_check->run->lacks_memory || shaper->failed;
    node_check->status = worse(node_check->status, status);
}

static void put_unknown(struct node_check *node_check, size_t index, const struct bg_failure *failure)
{
    struct bg_shaper own, *shaper = &own;
    bg_shaper_init(shaper, "check");
    json_t *error = bg_object_new(shaper), *row = row_new(shaper, &node_check->run->items[index], BG_CHECK_UNKNOWN);
    bg_put(shaper, error, "code", json_string(bg_error_info(failure->error)->code));
    bg_put(shaper, error, "detail", json_string(failure->text));
    bg_put(shaper, row, "observed", json_null());
    bg_put(shaper, row, "exact", json_null());
    bg_put(shaper, row, "offender", json_null());
    bg_put(shaper, row, "error", error);
    node_check->rows[index] = row;
    node_check->run->lacks_memory = node_check->run->lacks_memory || shaper->failed;
    if (node_check->failure.error == BG_OK)
        node_check->failure = *failure;
    node_check->status = worse(node_check->status, BG_CHECK_UNKNOWN);
}

static void note_answer(struct node_check *node_check, const struct bg_answer *answer)
{
    struct bg_check_result *result = &node_check->run->result;
    node_check->duration_ms += answer->duration_ms;
    node_check->rpc_us += answer->rpc_us;
    if (!result->answered || answer->collected_us < result->collected_us) {
        result->collected_us = answer->collected_us;
        result->collected_wall_ms = answer->collected_wall_ms;
    }
    result->answered = true;
}

/* One blocked process only makes a check not exact. If many processes did not answer in time, "it holds for the others" is not a result,
 * but "it does not hold" is one. */
static bool is_blind(const struct bg_sources *sources, enum bg_source source, const struct bg_assertion *assertion,
                     const struct bg_measure *measure, struct bg_failure *ret_failure)
{
    const bool of_scan = source == BG_SOURCE_PEERS || (source == BG_SOURCE_SCAN && !measure->exact);
    if (!of_scan || sources->skipped_count <= sources->process_count / SKIPPED_PART_MAX ||
        !bg_operator_holds(assertion->expression.comparison, measure->value, assertion->expression.value.number))
        return false;
    (void)bg_fail(ret_failure, BG_DEADLINE,
                  "it holds for those that answered, but %s of %s processes of %s did not answer in time: allow more with timeout_ms",
                  BG_COUNT(sources->skipped_count), BG_COUNT(sources->process_count), sources->node);
    return true;
}

/* A count in progress will be known soon; any other must be requested. */
static void fail_open(const char *node, const struct bg_measure *measure, struct bg_failure *ret_failure)
{
    char at[BG_RFC3339_SIZE] = "";
    bg_clock_rfc3339(measure->counted_ms, at);
    if (measure->counted_ms > 0)
        (void)bg_fail(ret_failure, BG_DEADLINE,
                      "a process of %s has " BG_UNCOUNTED_SINCE ". They are counted again in a minute or two, where that takes little; "
                      "GET .../monitors?exact=true counts them now (scope admin)",
                      node, BG_COUNT(measure->uncounted_count), at);
    else if (measure->is_being_counted)
        (void)bg_fail(ret_failure, BG_DEADLINE, "a process of %s has " BG_UNCOUNTED ". They are being counted: ask again in some seconds",
                      node, BG_COUNT(measure->uncounted_count));
    else
        (void)bg_fail(ret_failure, BG_DEADLINE,
                      "a process of %s has " BG_UNCOUNTED ". They are too many to be counted cheaply: GET .../monitors?exact=true counts "
                      "them (scope admin)",
                      node, BG_COUNT(measure->uncounted_count));
}

/* The peers of uncounted entries are not known: a server with many clients must not fail like a leak, and a leak must not pass. */
static bool is_open(const struct bg_sources *sources, const struct bg_assertion *assertion, const struct bg_measure *measure,
                    struct bg_failure *ret_failure)
{
    const enum bg_comparison comparison = assertion->expression.comparison;
    const double threshold = assertion->expression.value.number;
    const bool is_between = comparison >= BG_EQUAL && threshold >= measure->value && threshold <= measure->most;
    const bool is_same =
        bg_operator_holds(comparison, measure->value, threshold) == bg_operator_holds(comparison, measure->most, threshold);
    if (measure->most <= measure->value || (is_same && !is_between))
        return false;
    fail_open(sources->node, measure, ret_failure);
    return true;
}

static void on_report(struct bg_sources *sources, enum bg_source source, const struct bg_failure *failure, const struct bg_answer *answer)
{
    struct node_check *node_check = sources->owner;
    struct bg_failure blind;
    if (answer != NULL)
        note_answer(node_check, answer);
    for (size_t i = 0; i < node_check->run->items_count; i++) {
        const struct bg_assertion *assertion = &node_check->run->items[i].assertion;
        struct bg_measure measure;
        struct bg_shaper shaper;
        bg_shaper_init(&shaper, bg_source_name(source));
        if (assertion->figure->source != source)
            continue;
        if (failure == NULL)
            bg_assertion_measure(assertion, &shaper, sources->node, answer != NULL ? answer->data : NULL, &measure);
        if (failure == NULL && !shaper.failed &&
            (is_blind(sources, source, assertion, &measure, &blind) || is_open(sources, assertion, &measure, &blind))) {
            json_decref(measure.offender);
            put_unknown(node_check, i, &blind);
        } else if (failure == NULL && !shaper.failed)
            put_result(node_check, i, &measure, &shaper);
        else
            put_unknown(node_check, i, failure != NULL ? failure : &shaper.failure);
    }
}

/* Which monitors are not counted is known after processes were ranked. */
static bool lacks_ranking(struct bg_sources *sources, const json_t *memory)
{
    const struct node_check *node_check = sources->owner;
    bool lacks = false;
    for (size_t i = 0; i < node_check->run->items_count && !lacks; i++) {
        const struct bg_assertion *assertion = &node_check->run->items[i].assertion;
        struct bg_measure measure = {.value = 0};
        struct bg_shaper shaper;
        bg_shaper_init(&shaper, bg_source_name(BG_SOURCE_MEMORY));
        if (strcmp(assertion->figure->name, "monitors_estimate.remote_count") == 0 ||
            strcmp(assertion->figure->name, "monitors_estimate.bytes") == 0)
            bg_assertion_measure(assertion, &shaper, sources->node, memory, &measure);
        lacks = shaper.failed && shaper.failure.error == BG_UNSUPPORTED;
        json_decref(measure.offender);
    }
    return lacks;
}

static json_t *node_new(struct bg_shaper *shaper, struct node_check *node_check)
{
    json_t *node = bg_object_new(shaper), *rows = bg_array_new(shaper);
    for (size_t i = 0; i < node_check->run->items_count; i++)
        bg_append(shaper, rows, json_incref(node_check->rows[i]));
    bg_put(shaper, node, "node", json_string(node_check->sources.node));
    bg_put(shaper, node, "status", json_string(bg_check_status_text(node_check->status)));
    bg_put(shaper, node, "assertions", rows);
    return node;
}

static void add_node_check(struct bg_check_result *result, const struct node_check *node_check)
{
    result->status = worse(result->status, node_check->status);
    if (result->failure.error == BG_OK)
        result->failure = node_check->failure;
    result->duration_ms = node_check->duration_ms > result->duration_ms ? node_check->duration_ms : result->duration_ms;
    result->rpc_us = node_check->rpc_us > result->rpc_us ? node_check->rpc_us : result->rpc_us;
}

/* Whether a node could not be asked because it was found through epmd, and is gone. */
static bool is_gone(const struct node_check *node_check)
{
    const enum bg_error error = node_check->failure.error;
    struct bg_node_info info;
    if (!node_check->may_be_gone || node_check->status != BG_CHECK_UNKNOWN || (error != BG_NODE_UNREACHABLE && error != BG_NODE_UNKNOWN))
        return false;
    return bg_nodes_info(node_check->sources.services->nodes, node_check->sources.node, &info, NULL) != BG_OK || info.is_gone;
}

static void finish(struct bg_check_run *run)
{
    struct bg_check_result result = run->result;
    bg_check_done *done = run->done;
    void *context = run->context;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, "check");
    if (run->lacks_memory) /* a row lacks its text */
        bg_shaper_fail(&shaper, BG_NO_MEMORY, "out of memory");
    result.nodes = bg_array_new(&shaper);
    result.gone = bg_array_new(&shaper);
    for (size_t i = 0; i < run->nodes_count; i++) {
        if (is_gone(&run->node_checks[i])) {
            bg_append(&shaper, result.gone, json_string(run->node_checks[i].sources.node));
            continue;
        }
        add_node_check(&result, &run->node_checks[i]);
        bg_append(&shaper, result.nodes, node_new(&shaper, &run->node_checks[i]));
    }
    if (json_array_size(result.nodes) == 0) { /* a node that was not checked has not passed */
        result.status = BG_CHECK_UNKNOWN;
        bg_fail(&result.failure, BG_NODE_UNREACHABLE, "no node was there to be checked: %s was only found through epmd, and is gone",
                run->nodes_count > 0 ? run->node_checks[0].sources.node : "what was asked for");
    }
    if (shaper.failed) {
        json_decref(result.nodes);
        json_decref(result.gone);
        result.nodes = result.gone = NULL;
    }
    run_free(run);
    done(context, &result);
}

static void start_more(struct bg_check_run *run)
{
    run->starting = true;
    while (run->running_count < BG_CHECK_AT_ONCE && run->started_count < run->nodes_count) {
        run->running_count++;
        bg_sources_start(&run->node_checks[run->started_count++].sources);
    }
    run->starting = false;
}

static void node_over(struct bg_check_run *run)
{
    run->running_count--;
    if (run->starting)
        return;
    start_more(run);
    if (run->running_count == 0)
        finish(run);
}

static void on_past(void *context, const struct bg_failure *failure, const struct bg_history *kept);

/* A check of the history alone is of this moment. */
static void note_past(struct node_check *node_check)
{
    const struct bg_clock *clock = node_check->sources.services->clock;
    struct bg_check_result *result = &node_check->run->result;
    if (result->answered)
        return;
    result->collected_us = bg_clock_monotonic_us(clock);
    result->collected_wall_ms = bg_clock_wall_ms(clock);
    result->answered = true;
}

/* Once the node was asked: the next item about its history. */
static void next_past(struct node_check *node_check)
{
    struct bg_check_run *run = node_check->run;
    for (; node_check->past_index < run->items_count; node_check->past_index++) {
        const struct bg_assertion *assertion = &run->items[node_check->past_index].assertion;
        struct bg_failure failure;
        if (assertion->figure->source != BG_SOURCE_HISTORY)
            continue;
        if (bg_assertion_ask_past(assertion, node_check->sources.services, node_check->sources.node, on_past, node_check, &node_check->past,
                                  &failure) == BG_OK)
            return;
        put_unknown(node_check, node_check->past_index, &failure);
    }
    node_over(run);
}

static void on_past(void *context, const struct bg_failure *failure, const struct bg_history *kept)
{
    struct node_check *node_check = context;
    const size_t index = node_check->past_index++;
    struct bg_measure measure;
    struct bg_failure lack;
    struct bg_shaper shaper;
    bg_shaper_init(&shaper, bg_source_name(BG_SOURCE_HISTORY));
    node_check->past = NULL;
    note_past(node_check);
    if (failure == NULL &&
        bg_assertion_measure_past(&node_check->run->items[index].assertion, node_check->sources.node, kept, &measure, &lack) == BG_OK)
        put_result(node_check, index, &measure, &shaper);
    else
        put_unknown(node_check, index, failure != NULL ? failure : &lack);
    next_past(node_check);
}

static void on_node_done(struct bg_sources *sources)
{
    next_past(sources->owner);
}

static void node_check_init(struct node_check *node_check, struct bg_check_run *run, const struct bg_check_request *request,
                            const char *node)
{
    node_check->run = run;
    node_check->sources = (struct bg_sources){
        .services = request->services,
        .owner = node_check,
        .reader = request->reader,
        .max_age_ms = request->max_age_ms,
        .deadline_us = bg_clock_monotonic_us(request->services->clock) + request->timeout_ms * 1000,
        .kept_ms = request->kept_ms,
        .warm_ms = request->warm_ms,
        .lacks = lacks_ranking,
        .report = on_report,
        .done = on_node_done,
    };
    node_check->may_be_gone = json_object_get(request->may_be_gone, node) != NULL;
    (void)snprintf(node_check->sources.node, sizeof node_check->sources.node, "%s", node);
    for (size_t i = 0; i < run->items_count; i++)
        bg_assertion_plan(&run->items[i].assertion, &node_check->sources);
}

static bool take_items(struct bg_check_run *run, const struct bg_check_request *request)
{
    for (size_t i = 0; i < request->items_count; i++) {
        char *text = strdup(request->items[i].assertion.expression.text);
        if (text == NULL)
            return false;
        run->items[run->items_count] = request->items[i];
        run->items[run->items_count++].assertion.expression.text = text;
    }
    return true;
}

bool bg_check_start(const struct bg_check_request *request, bg_check_done *done, void *context, struct bg_check_run **ret_run)
{
    struct bg_check_run *run = calloc(1, sizeof *run);
    const size_t count = json_array_size(request->nodes);
    if (run == NULL)
        return false;
    if ((run->node_checks = calloc(count > 0 ? count : 1, sizeof *run->node_checks)) == NULL || !take_items(run, request)) {
        run_free(run);
        return false;
    }
    run->nodes_count = count;
    run->done = done;
    run->context = context;
    for (size_t i = 0; i < count; i++)
        node_check_init(&run->node_checks[i], run, request, json_string_value(json_array_get(request->nodes, i)));
    *ret_run = run;
    start_more(run);
    if (run->running_count == 0) {
        *ret_run = NULL;
        finish(run);
    }
    return true;
}

void bg_check_stop(struct bg_check_run *run)
{
    if (run == NULL)
        return;
    for (size_t i = 0; i < run->started_count; i++) {
        bg_sources_stop(&run->node_checks[i].sources);
        if (run->node_checks[i].past != NULL)
            bg_history_cancel(run->node_checks[i].past);
    }
    run_free(run);
}
