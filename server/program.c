/* program.c: the running service: start, what signals do, orderly stop. */
#include "program.h"

#include "found.h"
#include "recorder.h"
#include "reload.h"

#include "beamgauge/clock.h"
#include "beamgauge/endpoint.h"
#include "beamgauge/hmac.h"
#include "beamgauge/http.h"
#include "beamgauge/log.h"
#include "beamgauge/metrics.h"
#include "beamgauge/node.h"
#include "beamgauge/process.h"
#include "beamgauge/query.h"
#include "beamgauge/reserve.h"
#include "beamgauge/web.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_WITHIN_MS 4500 /* after SIGTERM, requests still in flight are answered 504 */
#define STOP_WITHIN_MS 4900   /* and then, clients that do not read that are left */
#define OWN_NAME_SIZE (BG_NODE_NAME_MAX + 1)

struct program {
    const struct bg_options *options;
    struct bg_config config;
    char own_name[OWN_NAME_SIZE];
    struct bg_services services;
    struct bg_metrics *metrics;
    struct event_base *base;
    struct event *signals[3];
    struct event *stop_timer;
    struct bg_nodes *nodes;
    struct bg_queries *queries;
    struct bg_http *http;
    struct bg_recorder *recorder; /* NULL: nothing is sampled */
    struct bg_found *found;       /* NULL: discovery is off */
    char discovery_off[256];      /* why it is off; "": not configured */
    uint64_t reloads[2];          /* reloads refused, and applied */
    bool last_reload_ok;
};

/* The same name for every start on this host: each new name would stay in the atom tables of all nodes for ever. */
static void own_name_make(const char *wanted, char ret_name[OWN_NAME_SIZE])
{
    char host[128] = "localhost";

    if (wanted[0] != '\0') {
        snprintf(ret_name, OWN_NAME_SIZE, "%s", wanted);
        return;
    }
    if (gethostname(host, sizeof(host) - 1) != 0 || host[0] == '\0')
        snprintf(host, sizeof(host), "localhost");
    host[sizeof(host) - 1] = '\0';
    snprintf(ret_name, OWN_NAME_SIZE, "beamgauge@%s", host);
}

static enum bg_error nodes_create(struct program *program, struct bg_failure *ret_failure)
{
    const struct bg_config *config = &program->config;
    uint32_t uids[BG_CONFIG_WORDS_MAX];
    struct bg_nodes_options options = {
        .own_name = program->own_name,
        .epmd_port = (uint16_t)config->epmd_port,
        .connect_timeout_ms = config->connect_timeout_ms,
        .tick_ms = config->tick_ms,
        .retry_min_ms = config->retry_min_ms,
        .retry_max_ms = config->retry_max_ms,
        .answer_max_bytes = (size_t)config->answer_max_bytes,
        .in_flight_max = (size_t)config->node_in_flight_max,
        .nodes_max = (size_t)config->nodes_max,
        .peer_uids = uids,
    };

    for (size_t i = 0; i < config->peer_users_count; i++)
        if (strcmp(config->peer_users[i], "*") == 0)
            options.any_peer = true;
        else if (bg_user_find(config->peer_users[i], &uids[options.peer_uids_count]))
            options.peer_uids_count++;
    return bg_nodes_new(program->base, bg_clock_system(), &options, &program->nodes, ret_failure);
}

static enum bg_error queries_create(struct program *program, struct bg_failure *ret_failure)
{
    const struct bg_queries_options options = {
        .answers_max = (size_t)program->config.answers_max,
        .answers_max_bytes = (size_t)program->config.answers_max_bytes,
        /* Twice what a reader needs who asks all nodes at once. */
        .waiting_max = 2 * (size_t)(program->config.requests_max + program->config.nodes_max),
        .node_in_flight_max = (size_t)program->config.node_in_flight_max,
        .probe_heap_bytes = program->config.probe_heap_bytes,
        .metrics = program->metrics,
    };

    return bg_queries_new(program->base, bg_clock_system(), program->nodes, &options, &program->queries, ret_failure);
}

/* libevent's own messages go to our log too. */
static void on_libevent_message(int severity, const char *message)
{
    bg_log(severity >= EVENT_LOG_WARN ? BG_LOG_WARN : BG_LOG_DEBUG, "libevent", BG_TEXT("message", message));
}

#define OWN_FILES 64 /* descriptors besides those of clients and nodes: the log, the loop, files being read, epmd */

/* How many connections the limit of open files allows, after it has been raised as far as possible. If there are few descriptors, we and
 * the nodes get at most half of them. */
static size_t connections_fit(const struct bg_config *config, size_t *ret_refusals)
{
    const size_t own = OWN_FILES + (size_t)config->nodes_max, most = (size_t)config->connections_max;
    const size_t wanted = own + most + BG_REFUSALS_MAX, limit = bg_process_raise_files(wanted);
    const size_t left = limit / 2 > own ? limit - own : (limit + 1) / 2;
    size_t fit;

    *ret_refusals = BG_REFUSALS_MAX;
    if (limit >= wanted)
        return most;
    *ret_refusals = left / 4 < BG_REFUSALS_MAX ? left / 4 : BG_REFUSALS_MAX;
    fit = left - *ret_refusals < most ? left - *ret_refusals : most;
    bg_log(BG_LOG_WARN, "connections_limited", BG_NUMBER("connections_max", most), BG_NUMBER("connections", fit),
           BG_NUMBER("open_files", limit), BG_NUMBER("open_files_wanted", wanted),
           BG_TEXT("hint", "raise the hard limit of open files (ulimit -Hn, LimitNOFILE=) or lower connections_max and nodes_max"));
    return fit;
}

static enum bg_error http_create(struct program *program, struct bg_failure *ret_failure)
{
    const struct bg_config *config = &program->config;
    size_t refusals, connections = connections_fit(config, &refusals);
    const struct bg_http_options options = {
        .address = config->listen_address,
        .port = (uint16_t)config->listen_port,
        .tls = config->tls,
        .allowed_hosts = (const char *const *)config->allowed_hosts,
        .allowed_hosts_count = config->allowed_hosts_count,
        .header_max_bytes = (size_t)config->header_max_bytes,
        .body_max_bytes = (size_t)config->body_max_bytes,
        .connections_max = connections,
        .refusals_max = refusals,
        .requests_max = (size_t)config->requests_max,
        .connection_idle_ms = config->connection_idle_ms,
        .connection_total_ms = config->connection_total_ms,
        .request_ms = config->request_ms,
        .endpoints = bg_api_endpoints,
        .assets = bg_web_assets,
        .services = &program->services,
        .clock = bg_clock_system(),
        .metrics = program->metrics,
    };
    enum bg_error error = bg_http_start(program->base, &options, &program->http, ret_failure);

    if (error == BG_OK)
        error = bg_http_set_tokens(program->http, config->tokens, config->tokens_count, ret_failure);
    return error;
}

static enum bg_error node_put(struct program *program, const struct bg_config_node *node, struct bg_failure *ret_failure)
{
    const struct bg_node_spec spec = bg_options_node_spec(node);
    bool created;

    return bg_nodes_put(program->nodes, &spec, &created, ret_failure);
}

static bool node_is_configured(const struct bg_config *config, const char *name)
{
    for (size_t i = 0; i < config->nodes_count; i++)
        if (strcmp(config->nodes[i].name, name) == 0)
            return true;
    return false;
}

/* Makes the registry match the configuration; nodes from the API or epmd stay. */
static enum bg_error nodes_apply(struct program *program, struct bg_failure *ret_failure)
{
    for (size_t i = bg_nodes_count(program->nodes); i-- > 0;) {
        struct bg_node_info info;
        enum bg_error error;
        char name[OWN_NAME_SIZE];

        bg_nodes_info_at(program->nodes, i, &info);
        if (info.origin != BG_ORIGIN_CONFIG || node_is_configured(&program->config, info.name))
            continue;
        snprintf(name, sizeof(name), "%s", info.name);
        error = bg_nodes_delete(program->nodes, name, ret_failure);
        if (error != BG_OK)
            return error;
    }
    for (size_t i = 0; i < program->config.nodes_count; i++) {
        enum bg_error error = node_put(program, &program->config.nodes[i], ret_failure);
        if (error != BG_OK)
            return error;
    }
    return BG_OK;
}

/* Starts discovery if no node is configured. If a cookie cannot be read, that is logged, and it is read again at a reload. */
static enum bg_error discovery_create(struct program *program, struct bg_failure *ret_failure)
{
    enum bg_error error;

    program->discovery_off[0] = '\0';
    if (!program->config.discover || program->config.nodes_count > 0)
        return BG_OK;
    error = bg_found_start(program->base, program->nodes, &program->config, program->own_name, &program->found, ret_failure);
    if (error == BG_OK || error == BG_NO_MEMORY)
        return error;
    snprintf(program->discovery_off, sizeof(program->discovery_off), "%.255s", ret_failure->text);
    bg_log(BG_LOG_WARN, "discovery_off", BG_TEXT("reason", ret_failure->text),
           BG_TEXT("hint", "name a node with --node or a config file, or register one through the API"));
    return BG_OK;
}

static void discovery_note(void *context, size_t size, char *ret_text)
{
    const struct program *program = context;

    if (program->found != NULL)
        bg_found_note(program->found, size, ret_text);
    else if (program->discovery_off[0] != '\0')
        snprintf(ret_text, size, "nodes of this host are not looked for: %s", program->discovery_off);
}

static void on_drained(void *context)
{
    struct program *program = context;

    event_base_loopbreak(program->base);
}

static void on_stop_late(evutil_socket_t fd, short what, void *context)
{
    struct program *program = context;

    (void)fd;
    (void)what;
    bg_log(BG_LOG_WARN, "stop_forced", BG_NUMBER("after_ms", STOP_WITHIN_MS));
    event_base_loopbreak(program->base);
}

static void on_stop(evutil_socket_t signal, short what, void *context)
{
    struct program *program = context;
    const struct timeval within = {.tv_sec = STOP_WITHIN_MS / 1000, .tv_usec = STOP_WITHIN_MS % 1000 * 1000};

    (void)what;
    if (program->services.stopping) /* asked twice: stop at once */
        event_base_loopbreak(program->base);
    bg_log(BG_LOG_INFO, "stopping", BG_NUMBER("signal", signal));
    program->services.stopping = true;
    event_add(program->stop_timer, &within);
    bg_http_drain(program->http, ANSWER_WITHIN_MS, on_drained, program);
}

/* Counts registered nodes that are in neither the old nor the new configuration. */
static size_t others_count(const struct program *program, const struct bg_config *read)
{
    size_t count = 0;

    for (size_t i = 0; i < bg_nodes_count(program->nodes); i++) {
        struct bg_node_info info;

        bg_nodes_info_at(program->nodes, i, &info);
        count += info.origin != BG_ORIGIN_CONFIG && !node_is_configured(read, info.name);
    }
    return count;
}

static int64_t now_s(void)
{
    return bg_clock_wall_ms(bg_clock_system()) / 1000;
}

/* Logged at the start and at each reload. */
static void certificate_note(const struct program *program)
{
    const struct bg_tls *tls = program->config.tls;

    if (tls != NULL && !bg_tls_holds(tls, now_s()))
        bg_log(BG_LOG_WARN, "certificate_not_valid", BG_TEXT("file", program->config.tls_cert), BG_NUMBER("ends_s", bg_tls_ends_s(tls)),
               BG_TEXT("hint", "clients will refuse it: renew it, and send SIGHUP; or the clock of this host is wrong"));
}

/* Nothing is changed before the whole configuration is valid; after that only memory can fail. */
static enum bg_error reload_take(struct program *program, struct bg_config config, struct bg_failure *ret_failure)
{
    char *cookie = NULL; /* the cookie of found nodes */
    enum bg_error error = bg_reload_check(&program->config, &config, others_count(program, &config), now_s(), ret_failure);
    if (error == BG_OK && program->found != NULL)
        error = bg_cookie_read(config.cookie_file, &cookie, ret_failure);
    if (error == BG_OK && config.tls != NULL)
        error = bg_http_set_tls(program->http, config.tls, ret_failure);
    if (error == BG_OK)
        error = bg_http_set_tokens(program->http, config.tokens, config.tokens_count, ret_failure);
    if (error == BG_OK) {
        char names[512];

        if (bg_config_restart_needed(&program->config, &config, sizeof(names), names))
            bg_log(BG_LOG_WARN, "restart_needed", BG_TEXT("settings", names),
                   BG_TEXT("reason", "these settings have changed in the file, but are only read at the start"));
        bg_reload_take(&program->config, &config);
        if ((error = nodes_apply(program, ret_failure)) != BG_OK)
            bg_log(BG_LOG_ERROR, "reload_incomplete", BG_TEXT("reason", ret_failure->text));
    }
    if (error == BG_OK && program->found != NULL)
        bg_found_set_cookie(program->found, cookie);
    else if (error == BG_OK)
        error = discovery_create(program, ret_failure);
    else
        free(cookie);
    bg_config_done(&config);
    return error;
}

static bool reload(struct program *program, struct bg_failures *ret_failures)
{
    struct bg_config config;
    struct bg_failure failure;

    if (bg_options_load(program->options, &config, ret_failures) != BG_OK)
        return false;
    if (reload_take(program, config, &failure) == BG_OK)
        return true;
    bg_failures_add(ret_failures, &failure);
    return false;
}

static void on_reload(evutil_socket_t signal, short what, void *context)
{
    struct program *program = context;
    struct bg_failures failures = {.count = 0};

    (void)signal;
    (void)what;
    program->last_reload_ok = reload(program, &failures);
    program->reloads[program->last_reload_ok]++;
    certificate_note(program);
    if (program->last_reload_ok)
        bg_log(BG_LOG_INFO, "reloaded", BG_NUMBER("nodes", program->config.nodes_count), BG_NUMBER("tokens", program->config.tokens_count));
    for (size_t i = 0; i < failures.count; i++)
        bg_log(BG_LOG_ERROR, "reload_failed", BG_TEXT("reason", failures.list[i].text), BG_TEXT("hint", "what ran before goes on"));
}

static void certificate_collect(void *context, struct bg_exposition *exposition)
{
    static const struct bg_metric ends = {
        .name = "beamgauge_tls_certificate_expiry_timestamp_seconds",
        .help = "When the certificate that is served ceases to be valid, since 1970",
        .type = BG_METRIC_GAUGE,
        .unit = "seconds",
    };
    const struct program *program = context;

    if (program->config.tls != NULL)
        bg_exposition_add(exposition, &ends, NULL, (double)bg_tls_ends_s(program->config.tls));
}

static void reloads_collect(void *context, struct bg_exposition *exposition)
{
    static const struct bg_metric reloads = {
        .name = "beamgauge_config_reloads",
        .help = "How often SIGHUP has made it read its configuration again",
        .type = BG_METRIC_COUNTER,
        .labels = {"result"},
    };
    static const struct bg_metric last = {
        .name = "beamgauge_config_last_reload_successful",
        .help = "Whether the last reload of the configuration was taken over; 1 before the first",
        .type = BG_METRIC_GAUGE,
    };
    const struct program *program = context;

    bg_exposition_add(exposition, &reloads, (const char *const[]){"ok"}, (double)program->reloads[true]);
    bg_exposition_add(exposition, &reloads, (const char *const[]){"refused"}, (double)program->reloads[false]);
    bg_exposition_add(exposition, &last, NULL, program->last_reload_ok ? 1 : 0);
}

static enum bg_error signals_create(struct program *program, struct bg_failure *ret_failure)
{
    program->signals[0] = evsignal_new(program->base, SIGTERM, on_stop, program);
    program->signals[1] = evsignal_new(program->base, SIGINT, on_stop, program);
    program->signals[2] = evsignal_new(program->base, SIGHUP, on_reload, program);
    program->stop_timer = evtimer_new(program->base, on_stop_late, program);
    if (program->stop_timer == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    for (size_t i = 0; i < 3; i++)
        if (program->signals[i] == NULL || event_add(program->signals[i], NULL) != 0)
            return bg_fail(ret_failure, BG_SYSTEM, "cannot listen for signals");
    return BG_OK;
}

static enum bg_error program_create(struct program *program, struct bg_failure *ret_failure)
{
    enum bg_error error;

    own_name_make(program->config.name, program->own_name);
    program->base = event_base_new();
    if (program->base == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "cannot make an event loop");
    program->metrics = bg_metrics_new();
    if (program->metrics == NULL || !bg_metrics_add(program->metrics, bg_process_collect, NULL) ||
        !bg_metrics_add(program->metrics, reloads_collect, program) || !bg_metrics_add(program->metrics, certificate_collect, program))
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    if ((error = signals_create(program, ret_failure)) != BG_OK || (error = nodes_create(program, ret_failure)) != BG_OK ||
        (error = queries_create(program, ret_failure)) != BG_OK)
        return error;
    program->services.nodes = program->nodes;
    program->services.discovery_note = discovery_note;
    program->services.discovery_context = program;
    program->services.queries = program->queries;
    program->services.clock = bg_clock_system();
    program->services.config = &program->config;
    program->services.replays = bg_replays_new();
    if (program->services.replays == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    program->services.metrics = program->metrics;
    program->services.started_wall_ms = bg_clock_wall_ms(bg_clock_system());
    program->services.max_list_entries = program->config.list_entries_max;
    error = bg_recorder_start(program->base, &program->config, &program->services, &program->recorder, ret_failure);
    if (error != BG_OK || (error = http_create(program, ret_failure)) != BG_OK || (error = nodes_apply(program, ret_failure)) != BG_OK)
        return error;
    return discovery_create(program, ret_failure);
}

/* In reverse order of creation; a half-built program is fine. */
static void program_destroy(struct program *program)
{
    bg_found_free(program->found);
    bg_http_free(program->http);
    bg_recorder_free(program->recorder);
    bg_queries_free(program->queries);
    bg_nodes_free(program->nodes);
    bg_metrics_free(program->metrics);
    for (size_t i = 0; i < 3; i++)
        if (program->signals[i] != NULL)
            event_free(program->signals[i]);
    if (program->stop_timer != NULL)
        event_free(program->stop_timer);
    if (program->base != NULL)
        event_base_free(program->base);
    bg_replays_free(program->services.replays);
    bg_config_done(&program->config);
}

int bg_program_run(const struct bg_options *options, const char *version)
{
    struct program program = {.options = options, .services = {.version = version}, .last_reload_ok = true};
    struct bg_failures failures;
    struct bg_failure failure;
    int status = EXIT_FAILURE;

    signal(SIGPIPE, SIG_IGN);
    if (!bg_reserve_start()) {
        bg_log(BG_LOG_ERROR, "start_failed", BG_TEXT("reason", "out of memory"));
        return EXIT_FAILURE;
    }
    event_set_mem_functions(bg_reserve_malloc, bg_reserve_realloc, bg_reserve_free);
    if (bg_options_load(options, &program.config, &failures) != BG_OK) {
        for (size_t i = 0; i < failures.count; i++)
            bg_log(BG_LOG_ERROR, "config_refused", BG_TEXT("reason", failures.list[i].text));
        return EXIT_FAILURE;
    }
    bg_log_set_level(program.config.log_level);
    event_set_log_callback(on_libevent_message);
    if (!bg_log_start())
        bg_log(BG_LOG_WARN, "log_thread_missing", BG_TEXT("hint", "a log that nobody reads will block the service"));
    if (program_create(&program, &failure) == BG_OK) {
        char url[BG_CONFIG_URL_SIZE];

        bg_config_url(&program.config, bg_http_port(program.http), url);
        bg_log(BG_LOG_INFO, "listening", BG_TEXT("url", url), BG_TEXT("address", program.config.listen_address),
               BG_NUMBER("port", bg_http_port(program.http)), BG_TEXT("name", program.own_name), BG_TEXT("version", version));
        certificate_note(&program);
        event_base_dispatch(program.base);
        status = EXIT_SUCCESS;
    } else {
        bg_log(BG_LOG_ERROR, "start_failed", BG_TEXT("reason", failure.text));
    }
    program_destroy(&program);
    if (status == EXIT_SUCCESS)
        bg_log(BG_LOG_INFO, "stopped", BG_TEXT("name", program.own_name));
    bg_log_stop();
    return status;
}
