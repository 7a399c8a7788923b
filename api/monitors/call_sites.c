/* call_sites.c: POST .../processes/{pid}/call-sites: the lines of code that call monitor, and the fate of their monitors. */
#include "ask.h"
#include "endpoints.h"
#include "params.h"
#include "process.h"
#include "rows.h"

#include <stdlib.h>
#include <string.h>

#define BODY_MAX_BYTES 1024
#define SITES_MAX 201 /* the sites that the question distinguishes, and all others as one */

/* The members of the body. */
static const struct limit {
    const char *name;
    int64_t min, max, fallback;
    const char *reason;
} limits[] = {
    {"duration_ms", 100, 60000, 5000, "must be a whole number from 100 to 60000"},
    {"max_calls", 1, 10000, 1000, "must be a whole number from 1 to 10000"},
};
#define LIMITS_COUNT (sizeof limits / sizeof limits[0])

/* Sites of the answer that are one site for people: the same line, reached on different paths. */
struct place {
    const json_t *frame; /* the caller, or null; borrowed */
    const json_t *stack; /* of the most frequent path; borrowed */
    int64_t most;
    int64_t monitors, demonitors, ended, unmatched;
};

struct places {
    struct place list[SITES_MAX];
    size_t count;
};

/* Modules that call monitor for their callers. */
static bool is_helper(const json_t *frame)
{
    static const char *const helpers[] = {"erlang",
                                          "gen",
                                          "gen_server",
                                          "gen_statem",
                                          "gen_event",
                                          "rpc",
                                          "erpc",
                                          "supervisor",
                                          "Elixir.Process",
                                          "Elixir.GenServer",
                                          "Elixir.Agent",
                                          "Elixir.Task",
                                          "Elixir.Node",
                                          "Elixir.Task.Supervisor",
                                          "Elixir.Supervisor",
                                          "Elixir.DynamicSupervisor"};
    const char *module = json_string_value(json_array_get(frame, 0));
    for (size_t i = 0; module != NULL && i < sizeof helpers / sizeof helpers[0]; i++)
        if (strcmp(module, helpers[i]) == 0)
            return true;
    return false;
}

/* The nearest caller that is not a helper; if only the start of the process is left, the helper itself called monitor. */
static const json_t *blamed(const json_t *site)
{
    const json_t *stack = json_object_get(site, "stack");
    size_t place = 0;
    while (is_helper(json_array_get(stack, place)))
        place++;
    const char *module = json_string_value(json_array_get(json_array_get(stack, place), 0));
    return module != NULL && strcmp(module, "proc_lib") != 0 ? json_array_get(stack, place) : json_object_get(site, "caller");
}

static struct place *place_of(struct bg_shaper *shaper, struct places *places, const json_t *frame)
{
    for (size_t i = 0; i < places->count; i++)
        if (json_equal(places->list[i].frame, frame))
            return &places->list[i];
    if (places->count == SITES_MAX) {
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" names more call sites than were asked for", shaper->source);
        return NULL;
    }
    places->list[places->count] = (struct place){.frame = frame, .most = -1};
    return &places->list[places->count++];
}

static void read_site(struct bg_shaper *shaper, struct places *places, const json_t *site)
{
    const int64_t monitors = bg_answer_count(shaper, site, "monitor_count"), demonitors = bg_answer_count(shaper, site, "demonitor_count");
    const int64_t ended = bg_answer_count(shaper, site, "ended_count");
    const int64_t unmatched = bg_answer_count(shaper, site, "strange_demonitor_count");
    const json_t *stack = bg_answer_array(shaper, site, "stack");
    if (bg_sum(demonitors, ended) > monitors)
        bg_shaper_fail(shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" has more monitors given back than made", shaper->source);
    struct place *place = shaper->failed ? NULL : place_of(shaper, places, blamed(site));
    if (place == NULL)
        return;
    if (bg_sum(monitors, unmatched) > place->most) {
        place->most = bg_sum(monitors, unmatched);
        place->stack = stack;
    }
    place->monitors = bg_sum(place->monitors, monitors);
    place->demonitors = bg_sum(place->demonitors, demonitors);
    place->ended = bg_sum(place->ended, ended);
    place->unmatched = bg_sum(place->unmatched, unmatched);
}

static int64_t net_of(const struct place *place)
{
    return place->monitors - place->demonitors - place->ended;
}

static int compare_counts(int64_t one, int64_t other)
{
    return one > other ? -1 : one < other;
}

/* The worst leaks first; the order is always deterministic. */
static int compare_places(const void *one, const void *other)
{
    const struct place *a = one, *b = other;
    int order = compare_counts(net_of(a), net_of(b));
    if (order == 0)
        order = compare_counts(a->monitors, b->monitors);
    if (order == 0)
        order = compare_counts(a->unmatched, b->unmatched);
    for (size_t i = 0; i < 4 && order == 0; i++) {
        const char *left = json_string_value(json_array_get(a->frame, i)), *right = json_string_value(json_array_get(b->frame, i));
        order = strcmp(left != NULL ? left : "", right != NULL ? right : "");
    }
    return order != 0 ? order
                      : compare_counts(json_integer_value(json_array_get(b->frame, 4)), json_integer_value(json_array_get(a->frame, 4)));
}

static json_t *per_second(int64_t count, int64_t traced_ms)
{
    return traced_ms > 0 ? json_real((double)count * 1000.0 / (double)traced_ms) : json_null();
}

/* A line that the emulator does not know. */
static json_t *nowhere_new(struct bg_shaper *shaper)
{
    static const char *const names[] = {"module", "function", "arity", "text", "file", "line"};
    json_t *row = bg_object_new(shaper);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        bg_put(shaper, row, names[i], json_null());
    return row;
}

static json_t *row_new(struct bg_shaper *shaper, const struct place *place, int64_t traced_ms)
{
    json_t *row = json_is_array(place->frame) ? bg_frame_new(shaper, place->frame, "caller") : nowhere_new(shaper);
    json_t *stack = bg_array_new(shaper);
    for (size_t i = 0; i < json_array_size(place->stack) && !shaper->failed; i++)
        bg_append(shaper, stack, bg_frame_new(shaper, json_array_get(place->stack, i), "stack"));
    bg_put(shaper, row, "monitor_count", json_integer(place->monitors));
    bg_put(shaper, row, "demonitor_count", json_integer(place->demonitors));
    bg_put(shaper, row, "ended_count", json_integer(place->ended));
    bg_put(shaper, row, "net_count", json_integer(net_of(place)));
    bg_put(shaper, row, "monitors_per_second", per_second(place->monitors, traced_ms));
    bg_put(shaper, row, "net_per_second", per_second(net_of(place), traced_ms));
    bg_put(shaper, row, "unmatched_demonitor_count", json_integer(place->unmatched));
    bg_put(shaper, row, "stack", stack);
    return row;
}

/* Why the tracing ended early: "max_calls", "message_queue", "process_died"; NULL if it did not. */
static const char *read_cut(struct bg_ask *ask, const json_t *answer)
{
    const json_t *cut = json_object_get(answer, "cut");
    if (cut != NULL && !json_is_null(cut) && !json_is_string(cut))
        bg_shaper_fail(&ask->shaper, BG_BAD_ANSWER, "the node's answer to \"%s\" cannot be understood: \"cut\" is not a text",
                       ask->shaper.source);
    const char *text = json_string_value(cut);
    if (text != NULL && strcmp(text, "message_queue") == 0)
        bg_ask_warn(ask, "the process made calls faster than they can be counted, so the tracing was ended early");
    return text;
}

static void put_figures(struct bg_ask *ask, const json_t *answer, int64_t traced_ms)
{
    struct bg_shaper *shaper = &ask->shaper;
    const char *cut = read_cut(ask, answer);
    json_t *figures = bg_object_new(shaper);
    bg_put(shaper, figures, "traced_ms", json_integer(traced_ms));
    bg_put(shaper, figures, "calls_count", json_integer(bg_answer_count(shaper, answer, "calls_count")));
    bg_put(shaper, figures, "returned_count", json_integer((json_int_t)json_array_size(ask->data)));
    bg_put(shaper, figures, "truncated", json_boolean(cut != NULL));
    bg_put(shaper, figures, "cut_by", bg_text_or_null(cut));
    ask->figures = figures;
}

/* True, with a failure, if the node refused to trace. */
static bool is_refused(struct bg_ask *ask, const json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    const char *pid = bg_call_text(ask->call, "pid"), *why = json_string_value(json_object_get(answer, "refused"));
    if (bg_process_is_dead(shaper, answer, pid) || why == NULL)
        return shaper->failed;
    if (strcmp(why, "busy") == 0)
        bg_shaper_fail(shaper, BG_TOO_MANY, "another process of %s is being traced by beamgauge; one at a time, try again when it is done",
                       ask->node);
    else if (strcmp(why, "traced") == 0)
        bg_shaper_fail(shaper, BG_UNSUPPORTED, "%s is being traced by somebody else, whose tracing must not be disturbed", pid);
    else
        bg_shaper_fail(shaper, BG_UNSUPPORTED,
                       "somebody else has set trace patterns on monitor, demonitor or spawn on %s, and before OTP 27 they are everybody's",
                       ask->node);
    return true;
}

static void shape_sites(struct bg_ask *ask, json_t *answer)
{
    struct bg_shaper *shaper = &ask->shaper;
    if (is_refused(ask, answer))
        return;
    struct places places = {.count = 0};
    const int64_t traced_ms = bg_answer_count(shaper, answer, "traced_ms");
    const json_t *sites = bg_answer_array(shaper, answer, "sites");
    for (size_t i = 0; i < json_array_size(sites) && !shaper->failed; i++)
        read_site(shaper, &places, bg_answer_object_at(shaper, sites, i));
    qsort(places.list, places.count, sizeof places.list[0], compare_places);
    ask->data = bg_array_new(shaper);
    for (size_t i = 0; i < places.count && !shaper->failed; i++)
        bg_append(shaper, ask->data, row_new(shaper, &places.list[i], traced_ms));
    put_figures(ask, answer, traced_ms);
}

/* A member of the body, or its default. */
static int64_t read_limit(struct bg_ask *ask, const json_t *body, const struct limit *limit)
{
    const json_t *value = json_object_get(body, limit->name);
    if (value == NULL)
        return limit->fallback;
    if (!json_is_integer(value) || json_integer_value(value) < limit->min || json_integer_value(value) > limit->max)
        bg_ask_refuse(ask, limit->name, limit->reason);
    return json_integer_value(value);
}

static void check_members(struct bg_ask *ask, json_t *body)
{
    const char *key;
    json_t *value;
    if (body != NULL && !json_is_object(body))
        bg_ask_refuse(ask, "body", "the body must be a JSON object; its members may be duration_ms and max_calls");
    json_object_foreach(body, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < LIMITS_COUNT; i++)
            known = known || strcmp(limits[i].name, key) == 0;
        if (!known)
            bg_ask_refuse(ask, key, "is not known here; the members of the body are duration_ms and max_calls");
    }
}

static void ask_sites(struct bg_ask *ask, json_t *answer)
{
    (void)answer;
    struct bg_shaper *shaper = &ask->shaper;
    json_t *body = bg_call_body(ask->call);
    check_members(ask, body);
    const int64_t duration_ms = read_limit(ask, body, &limits[0]), max_calls = read_limit(ask, body, &limits[1]);
    if (shaper->failed || !bg_process_is_own(ask))
        return;
    ask->deadline_us += duration_ms * 1000;
    bg_call_extend(ask->call, duration_ms);
    bg_ask_send(ask, bg_arguments_call_sites(shaper, bg_call_text(ask->call, "pid"), duration_ms, max_calls), shape_sites);
}

static void handle(struct bg_call *call)
{
    bg_ask_run(call, ask_sites);
}

static const struct bg_param params[] = {
    BG_NODE_PARAM,
    BG_PID_PARAM,
    {.name = "max_age_ms",
     .type = BG_PARAM_INTEGER,
     .min = 0,
     .max = 600000,
     .fallback = "0",
     .summary = "How old a tracing of the same process with the same limits may be; 0 traces anew"},
    BG_TIMEOUT_PARAM,
    BG_PARAMS_END,
};

static const struct bg_column columns[] = {
    {"text", "Function", BG_COLUMN_TEXT, true},
    {"file", "File", BG_COLUMN_TEXT, true},
    {"line", "Line", BG_COLUMN_TEXT, true},
    {"net_count", "Net", BG_COLUMN_COUNT, true},
    {"net_per_second", "Net/s", BG_COLUMN_RATE, true},
    {"monitor_count", "Monitors", BG_COLUMN_COUNT, true},
    {"demonitor_count", "Demonitored", BG_COLUMN_COUNT, true},
    {"ended_count", "Ended", BG_COLUMN_COUNT, true},
    {"monitors_per_second", "Monitors/s", BG_COLUMN_RATE, false},
    {"unmatched_demonitor_count", "Unmatched demonitors", BG_COLUMN_COUNT, false},
    {"module", "Module", BG_COLUMN_TEXT, false},
    {"function", "Name", BG_COLUMN_TEXT, false},
    {"arity", "Arity", BG_COLUMN_TEXT, false},
    {NULL, NULL, BG_COLUMN_TEXT, false},
};

const struct bg_endpoint bg_call_sites_endpoints[] = {
    {.method = BG_POST,
     .path = "/api/v1/nodes/{node}/processes/{pid}/call-sites",
     .scope = BG_SCOPE_ADMIN,
     .operation = "traceCallSites",
     .summary = "The lines of code where one process calls monitor, and how many of those monitors are given back, by bounded tracing",
     .params = params,
     .columns = columns,
     .body_max_bytes = BODY_MAX_BYTES,
     .handler = handle},
    {.path = NULL},
};
