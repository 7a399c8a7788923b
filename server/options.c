/* options.c: the command line, and how it overrides the configuration file. */
#include "options.h"

#include "beamgauge/check.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define EPMD_PORT "4369"

enum {
    OPTION_CONFIG = 256,
    OPTION_LISTEN,
    OPTION_NODE,
    OPTION_COOKIE_FILE,
    OPTION_NAME,
    OPTION_LOG_LEVEL,
    OPTION_DATA,
    OPTION_CHECK,
    OPTION_SAMPLE
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"node", required_argument, NULL, OPTION_NODE},
    {"cookie-file", required_argument, NULL, OPTION_COOKIE_FILE},
    {"name", required_argument, NULL, OPTION_NAME},
    {"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
    {"data", required_argument, NULL, OPTION_DATA},
    {"check-config", no_argument, NULL, OPTION_CHECK},
    {"sample-config", no_argument, NULL, OPTION_SAMPLE},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

void bg_options_print_help(FILE *out)
{
    fputs("usage: beamgauge [OPTION]...            serve\n"
          "       beamgauge token NAME SCOPE...    make a bearer token and print its config lines\n"
          "\n"
          "Joins BEAM nodes as a hidden node, asks them read-only questions and answers over HTTP:\n"
          "memory, top processes, and which process monitors which how often.\n"
          "\n"
          "  --config FILE       read settings from an INI file\n"
          "  --listen ADDR:PORT  where to serve HTTP, or HTTPS where the config file has tls_cert\n"
          "                      (default 127.0.0.1:7788; port 0: any free one)\n"
          "  --node NAME         watch the node NAME@HOST; may be repeated. Without any, the nodes that the\n"
          "                      local epmd knows are watched where they accept the cookie\n"
          "  --cookie-file FILE  the Erlang cookie (default ~/.erlang.cookie)\n"
          "  --name NAME         our own node name (default beamgauge@ and this host's name)\n"
          "  --log-level LEVEL   debug, info, warn or error (default info)\n"
          "  --data FILE         keep what was sampled of nodes in this file (default: in memory only)\n"
          "  --check-config      read the configuration, say whether it is right, and stop\n"
          "  --sample-config     print every setting with its default and meaning as a config file\n"
          "  --version, --help\n"
          "\n"
          "Scopes of a token: read, check, chat, admin.\n"
          "Signals: TERM or INT stops when requests in flight are answered, at the latest\n"
          "after 5 seconds; a second one stops at once. HUP reads nodes, tokens, checks,\n"
          "chat's secrets and the certificate again.\n",
          out);
}

static enum bg_error option_take(struct bg_options *options, int option, struct bg_failure *ret_failure)
{
    switch (option) {
    case OPTION_CONFIG:
        options->config_path = optarg;
        break;
    case OPTION_LISTEN:
        options->listen = optarg;
        break;
    case OPTION_NODE:
        if (options->nodes_count == BG_OPTION_NODES_MAX)
            return bg_fail(ret_failure, BG_INVALID, "more than %d --node options: put the nodes into a config file", BG_OPTION_NODES_MAX);
        options->nodes[options->nodes_count++] = optarg;
        break;
    case OPTION_COOKIE_FILE:
        options->cookie_file = optarg;
        break;
    case OPTION_NAME:
        options->name = optarg;
        break;
    case OPTION_LOG_LEVEL:
        options->log_level = optarg;
        break;
    case OPTION_DATA:
        options->data = optarg;
        break;
    case OPTION_CHECK:
        options->command = BG_COMMAND_CHECK_CONFIG;
        break;
    case OPTION_SAMPLE:
        options->command = BG_COMMAND_SAMPLE_CONFIG;
        break;
    case 'V':
        options->command = BG_COMMAND_VERSION;
        break;
    case 'h':
        options->command = BG_COMMAND_HELP;
        break;
    default: /* getopt_long has said which */
        return bg_fail(ret_failure, BG_INVALID, "see beamgauge --help");
    }
    return BG_OK;
}

enum bg_error bg_options_parse(int argc, char **argv, struct bg_options *ret_options, struct bg_failure *ret_failure)
{
    struct bg_options options = {.command = BG_COMMAND_SERVE};
    int option;

    /* "+": options end at the first word, so that options of `token` are left to it. */
    while ((option = getopt_long(argc, argv, "+hV", long_options, NULL)) != -1) {
        enum bg_error error = option_take(&options, option, ret_failure);
        if (error != BG_OK)
            return error;
    }
    if (optind < argc && strcmp(argv[optind], "token") == 0) {
        options.command = BG_COMMAND_TOKEN;
        options.arguments = argv + optind + 1;
        options.arguments_count = argc - optind - 1;
    } else if (optind < argc) {
        return bg_fail(ret_failure, BG_INVALID, "unknown word \"%s\": see beamgauge --help", argv[optind]);
    }
    *ret_options = options;
    return BG_OK;
}

/* Replaces a text of [server]. */
static enum bg_error text_replace(struct bg_config *config, const char *key, char **text, const char *value, struct bg_failure *ret_failure)
{
    char *copy = strdup(value);

    if (copy == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    free(*text);
    *text = copy;
    bg_config_forget_line(config, "server", key);
    return BG_OK;
}

/* Defaults if the file has none: the variables that Erlang's own tools use. */
static enum bg_error epmd_port_take(struct bg_config *config, struct bg_failure *ret_failure)
{
    const char *text = getenv("ERL_EPMD_PORT");
    char *end;
    long port;

    if (config->epmd_port != 0)
        return BG_OK;
    if (text == NULL || *text == '\0')
        text = EPMD_PORT;
    port = strtol(text, &end, 10);
    if (*end != '\0' || port < 1 || port > UINT16_MAX)
        return bg_fail(ret_failure, BG_INVALID, "ERL_EPMD_PORT in the environment is \"%.80s\": a port is a number from 1 to %d", text,
                       UINT16_MAX);
    config->epmd_port = port;
    return BG_OK;
}

static enum bg_error options_overlay(const struct bg_options *options, struct bg_config *config, struct bg_failure *ret_failure)
{
    enum bg_error error = BG_OK;

    if (options->listen != NULL)
        error = bg_config_set_listen(config, options->listen, ret_failure);
    if (error == BG_OK && options->cookie_file != NULL)
        error = text_replace(config, "cookie_file", &config->cookie_file, options->cookie_file, ret_failure);
    if (error == BG_OK && options->name != NULL)
        error = text_replace(config, "name", &config->name, options->name, ret_failure);
    if (error == BG_OK && options->data != NULL)
        error = text_replace(config, "data", &config->data, options->data, ret_failure);
    if (error == BG_OK && options->log_level != NULL && !bg_log_level_parse(options->log_level, &config->log_level))
        error = bg_fail(ret_failure, BG_INVALID, "--log-level \"%s\": expected debug, info, warn or error", options->log_level);
    for (size_t i = 0; error == BG_OK && i < options->nodes_count; i++)
        error = bg_config_add_node(config, options->nodes[i], ret_failure);
    return error;
}

struct bg_node_spec bg_options_node_spec(const struct bg_config_node *node)
{
    return (struct bg_node_spec){
        .name = node->name,
        .cookie = node->cookie,
        .address = node->address,
        .port = (uint16_t)node->port,
        .epmd_port = (uint16_t)node->epmd_port,
        .tags = (const char *const *)node->tags,
        .tags_count = node->tags_count,
        .origin = BG_ORIGIN_CONFIG,
    };
}

static void nodes_check(const struct bg_config *config, struct bg_failures *failures)
{
    for (size_t i = 0; i < config->nodes_count; i++) {
        const struct bg_node_spec spec = bg_options_node_spec(&config->nodes[i]);
        struct bg_failure why, failure;
        enum bg_error error = bg_node_spec_check(&spec, &why);

        if (error == BG_OK)
            continue;
        bg_fail_param(&failure, error, why.param, "node %.80s: %s", spec.name, why.text);
        bg_config_place(config, "node", i, why.param, 0, &failure);
        bg_failures_add(failures, &failure);
    }
}

/* Runs all checks that do not depend on earlier failures. */
static void config_complete(const struct bg_options *options, struct bg_config *config, struct bg_failures *failures)
{
    struct bg_failure failure;

    if (options_overlay(options, config, &failure) != BG_OK) {
        bg_failures_add(failures, &failure);
        return;
    }
    if (bg_config_read_secrets(config, &failure) != BG_OK)
        bg_failures_add(failures, &failure);
    else
        nodes_check(config, failures);
    if (bg_config_check(config, &failure) != BG_OK)
        bg_failures_add(failures, &failure);
    if (epmd_port_take(config, &failure) != BG_OK)
        bg_failures_add(failures, &failure);
    bg_check_sets_check(config, failures);
}

enum bg_error bg_options_load(const struct bg_options *options, struct bg_config *ret_config, struct bg_failures *ret_failures)
{
    struct bg_config config;
    struct bg_failures failures = {.count = 0};

    bg_config_init(&config);
    if (options->config_path == NULL || bg_config_read(options->config_path, &config, &failures) == BG_OK)
        config_complete(options, &config, &failures);
    if (failures.count > 0) {
        bg_config_done(&config);
        *ret_failures = failures;
        return failures.list[0].error;
    }
    *ret_config = config;
    return BG_OK;
}
