/* config.c: the configuration as a whole: its defaults, its lists, and the checks of settings against each other. */
#include "settings.h"

#include "beamgauge/names.h"
#include "beamgauge/text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum bg_error no_memory(struct bg_failure *ret_failure)
{
    return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
}

enum bg_error bg_config_default(struct bg_config *ret_config, struct bg_failure *ret_failure)
{
    struct bg_config config = {0};
    enum bg_error error = bg_settings_apply_fallbacks("server", &config, ret_failure);

    if (error == BG_OK)
        error = bg_settings_apply_fallbacks("watch", &config, ret_failure);
    if (error == BG_OK)
        error = bg_settings_apply_fallbacks("limits", &config, ret_failure);
    if (error == BG_OK)
        *ret_config = config;
    else
        bg_config_done(&config);
    return error;
}

void bg_config_init(struct bg_config *ret_config)
{
    /* Without memory for three short texts the program can neither report a failure nor go on. */
    if (bg_config_default(ret_config, NULL) != BG_OK)
        abort();
}

static void words_free(char **words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(words[i]);
    free(words);
}

static void node_done(struct bg_config_node *node)
{
    free(node->name);
    bg_cookie_free(node->cookie);
    free(node->cookie_file);
    free(node->address);
    words_free(node->tags, node->tags_count);
}

static void check_done(struct bg_config_check *check)
{
    free(check->name);
    words_free(check->asserts, check->asserts_count);
    words_free(check->warns, check->warns_count);
}

void bg_config_done(struct bg_config *config)
{
    free(config->listen_address);
    free(config->name);
    free(config->cookie_file);
    free(config->data);
    free(config->tls_cert);
    free(config->tls_key);
    bg_tls_unref(config->tls);
    words_free(config->allowed_hosts, config->allowed_hosts_count);
    words_free(config->peer_users, config->peer_users_count);
    for (size_t i = 0; i < config->nodes_count; i++)
        node_done(&config->nodes[i]);
    free(config->nodes);
    for (size_t i = 0; i < config->tokens_count; i++)
        free(config->tokens[i].name);
    free(config->tokens);
    for (size_t i = 0; i < config->checks_count; i++)
        check_done(&config->checks[i]);
    free(config->checks);
    free(config->slack_signing_secret_file);
    bg_cookie_free(config->slack_signing_secret);
    free(config->path);
    free(config->lines);
    memset(config, 0, sizeof(*config));
}

enum bg_error bg_config_set_listen(struct bg_config *config, const char *text, struct bg_failure *ret_failure)
{
    bg_config_forget_line(config, "server", "listen");
    return bg_setting_apply(bg_setting_find("server", "listen"), text, config, ret_failure);
}

/* Whether a name is 1 to `max` bytes of UTF-8 without blanks and unprintable characters. */
static bool name_is_plain(const char *name, size_t max)
{
    size_t length = strlen(name);
    uint32_t code_point = 0;

    if (length == 0 || length > max)
        return false;
    for (size_t i = 0, step; i < length; i += step) {
        step = bg_text_utf8_first(name + i, length - i, &code_point);
        if (step == 0 || code_point == ' ' || bg_text_is_hostile(code_point))
            return false;
    }
    return true;
}

static const struct bg_config_node *node_find(const struct bg_config *config, const char *name)
{
    for (size_t i = 0; i < config->nodes_count; i++)
        if (strcmp(config->nodes[i].name, name) == 0)
            return &config->nodes[i];
    return NULL;
}

enum bg_error bg_config_append_node(struct bg_config *config, const char *name, struct bg_failure *ret_failure)
{
    struct bg_config_node node = {0}, *grown;
    struct bg_failure why;

    if (bg_node_name_check(name, &why) != BG_OK)
        return bg_fail_param(ret_failure, BG_INVALID, "node", "node %.80s: %s", name, why.text);
    if (node_find(config, name) != NULL)
        return bg_fail_param(ret_failure, BG_CONFLICT, "node", "node %s is there already", name);
    if (config->nodes_count == BG_CONFIG_NODES_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, "node", "more than %d nodes", BG_CONFIG_NODES_MAX);
    grown = reallocarray(config->nodes, config->nodes_count + 1, sizeof(*grown));
    if (grown == NULL)
        return no_memory(ret_failure);
    config->nodes = grown;
    node.name = strdup(name);
    if (node.name == NULL || bg_settings_apply_fallbacks("node", &node, NULL) != BG_OK) {
        node_done(&node);
        return no_memory(ret_failure);
    }
    grown[config->nodes_count++] = node;
    return BG_OK;
}

enum bg_error bg_config_add_node(struct bg_config *config, const char *name, struct bg_failure *ret_failure)
{
    return node_find(config, name) != NULL ? BG_OK : bg_config_append_node(config, name, ret_failure);
}

enum bg_error bg_config_append_token(struct bg_config *config, const char *name, struct bg_failure *ret_failure)
{
    struct bg_token token = {0}, *grown;

    enum bg_error error = bg_token_check_name(name, ret_failure);

    if (error != BG_OK)
        return error;
    for (size_t i = 0; i < config->tokens_count; i++)
        if (strcmp(config->tokens[i].name, name) == 0)
            return bg_fail_param(ret_failure, BG_CONFLICT, "token", "token %s is there already", name);
    if (config->tokens_count == BG_CONFIG_TOKENS_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, "token", "more than %d tokens", BG_CONFIG_TOKENS_MAX);
    grown = reallocarray(config->tokens, config->tokens_count + 1, sizeof(*grown));
    if (grown == NULL)
        return no_memory(ret_failure);
    config->tokens = grown;
    token.name = strdup(name);
    if (token.name == NULL)
        return no_memory(ret_failure);
    grown[config->tokens_count++] = token;
    return BG_OK;
}

enum bg_error bg_config_append_check(struct bg_config *config, const char *name, struct bg_failure *ret_failure)
{
    struct bg_config_check *grown;

    if (!name_is_plain(name, BG_TOKEN_NAME_MAX))
        return bg_fail_param(ret_failure, BG_INVALID, "check", "check %.80s: expected a name of at most %d bytes, without blanks", name,
                             BG_TOKEN_NAME_MAX);
    for (size_t i = 0; i < config->checks_count; i++)
        if (strcmp(config->checks[i].name, name) == 0)
            return bg_fail_param(ret_failure, BG_CONFLICT, "check", "check %s is there already", name);
    if (config->checks_count == BG_CONFIG_CHECKS_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, "check", "more than %d checks", BG_CONFIG_CHECKS_MAX);
    grown = reallocarray(config->checks, config->checks_count + 1, sizeof(*grown));
    if (grown == NULL)
        return no_memory(ret_failure);
    config->checks = grown;
    grown[config->checks_count] = (struct bg_config_check){.name = strdup(name)};
    if (grown[config->checks_count].name == NULL)
        return no_memory(ret_failure);
    config->checks_count++;
    return BG_OK;
}

static enum bg_error node_read_cookie(struct bg_config_node *node, const char *default_cookie, struct bg_failure *ret_failure)
{
    char *cookie = NULL;
    enum bg_error error;

    if (node->cookie_file != NULL)
        error = bg_cookie_read(node->cookie_file, &cookie, ret_failure);
    else
        error = (cookie = strdup(default_cookie)) != NULL ? BG_OK : no_memory(ret_failure);
    if (error != BG_OK)
        return error;
    bg_cookie_free(node->cookie);
    node->cookie = cookie;
    return BG_OK;
}

static enum bg_error read_tls(struct bg_config *config, struct bg_failure *ret_failure)
{
    struct bg_tls *tls;
    enum bg_error error;

    if (config->tls_cert == NULL && config->tls_key == NULL)
        return BG_OK;
    if (config->tls_cert == NULL || config->tls_key == NULL)
        return bg_fail_param(ret_failure, BG_INVALID, config->tls_cert == NULL ? "tls_key" : "tls_cert",
                             "%s is given without %s: expected both, or none", config->tls_cert == NULL ? "tls_key" : "tls_cert",
                             config->tls_cert == NULL ? "tls_cert" : "tls_key");
    if ((error = bg_tls_load(config->tls_cert, config->tls_key, &tls, ret_failure)) != BG_OK)
        return error;
    bg_tls_unref(config->tls);
    config->tls = tls;
    return BG_OK;
}

static enum bg_error read_cookies(struct bg_config *config, struct bg_failure *ret_failure)
{
    char *default_cookie = NULL;
    enum bg_error error = BG_OK;

    for (size_t i = 0; error == BG_OK && i < config->nodes_count; i++) {
        struct bg_config_node *node = &config->nodes[i];

        if (node->cookie_file == NULL && default_cookie == NULL)
            error = bg_cookie_read(config->cookie_file, &default_cookie, ret_failure);
        if (error == BG_OK)
            error = node_read_cookie(node, default_cookie, ret_failure);
    }
    bg_cookie_free(default_cookie);
    return error;
}

/* Cookies and chat's secret were tried when their lines were read, which has reported them with their lines. */
enum bg_error bg_config_read_secrets(struct bg_config *config, struct bg_failure *ret_failure)
{
    struct bg_failure failure;
    enum bg_error error = read_cookies(config, ret_failure);

    if (error == BG_OK && config->slack_signing_secret_file != NULL) {
        bg_cookie_free(config->slack_signing_secret);
        config->slack_signing_secret = NULL;
        error = bg_cookie_read(config->slack_signing_secret_file, &config->slack_signing_secret, ret_failure);
    }
    if (error != BG_OK || (error = read_tls(config, &failure)) == BG_OK)
        return error;
    bg_config_place_setting(config, &failure);
    return bg_fail_param(ret_failure, error, failure.param, "%s", failure.text);
}

bool bg_config_listens_on_loopback(const struct bg_config *config)
{
    struct in6_addr v6;
    struct in_addr v4;

    if (inet_pton(AF_INET, config->listen_address, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, config->listen_address, &v6) != 1)
        return false;
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

void bg_config_url(const struct bg_config *config, int64_t port, char ret_url[BG_CONFIG_URL_SIZE])
{
    bool is_v6 = strchr(config->listen_address, ':') != NULL;

    snprintf(ret_url, BG_CONFIG_URL_SIZE, "%s://%s%s%s:%" PRId64 "/", config->tls != NULL ? "https" : "http", is_v6 ? "[" : "",
             config->listen_address, is_v6 ? "]" : "", port);
}

static enum bg_error check_together(const struct bg_config *config, struct bg_failure *ret_failure)
{
    struct bg_failure why;

    if (!bg_config_listens_on_loopback(config) && config->tokens_count == 0)
        return bg_fail_param(ret_failure, BG_INVALID, "listen",
                             "listening on %s without tokens would let everyone on the network look into every node: add a [token NAME] "
                             "section (\"beamgauge token NAME read\" prints one), or listen on 127.0.0.1",
                             config->listen_address);
    if (config->name[0] != '\0' && bg_node_name_check(config->name, &why) != BG_OK)
        return bg_fail_param(ret_failure, BG_INVALID, "name", "our own name %.80s: %s", config->name, why.text);
    if (config->nodes_count > (size_t)config->nodes_max)
        return bg_fail_param(ret_failure, BG_INVALID, "nodes_max", "%zu nodes are named, but nodes_max is %" PRId64 ": raise it",
                             config->nodes_count, config->nodes_max);
    if (config->retry_min_ms > config->retry_max_ms)
        return bg_fail_param(ret_failure, BG_INVALID,
                             bg_config_has_line(config, "limits", "retry_min_ms") ? "retry_min_ms" : "retry_max_ms",
                             "retry_min_ms (%" PRId64 ") is over retry_max_ms (%" PRId64 "): lower the one or raise the other",
                             config->retry_min_ms, config->retry_max_ms);
    if (config->sample_ms != 0 && config->sample_ms < BG_SAMPLE_MS_LEAST)
        return bg_fail_param(ret_failure, BG_INVALID, "sample_ms", "sample_ms = %" PRId64 ": expected 0, or at least %d milliseconds",
                             config->sample_ms, BG_SAMPLE_MS_LEAST);
    return BG_OK;
}

enum bg_error bg_config_check(const struct bg_config *config, struct bg_failure *ret_failure)
{
    struct bg_failure failure;
    const enum bg_error error = check_together(config, &failure);

    if (error == BG_OK)
        return BG_OK;
    bg_config_place_setting(config, &failure);
    return bg_fail_param(ret_failure, error, failure.param, "%s", failure.text);
}
