/* reload.c: what a reload may apply: never a truncated file, and never one that would weaken security. */
#include "reload.h"

#include <inttypes.h>
#include <string.h>

static enum bg_error check_file(const struct bg_config *read, struct bg_failure *ret_failure)
{
    if (read->file_is_empty)
        return bg_fail(ret_failure, BG_INVALID, "the configuration file has no section: it is empty or cut");
    if (read->file_is_cut)
        return bg_fail(ret_failure, BG_INVALID,
                       "the last line of the configuration file has no end: the file may be cut; end it with a newline");
    return BG_OK;
}

/* The address that counts is the one that we listen on, whatever the file says now. This holds on loopback too: there may be a proxy in
 * front. */
static enum bg_error check_tokens(const struct bg_config *running, const struct bg_config *read, struct bg_failure *ret_failure)
{
    if (read->tokens_count > 0 || (running->tokens_count == 0 && bg_config_listens_on_loopback(running)))
        return BG_OK;
    return bg_fail_param(
        ret_failure, BG_INVALID, "token",
        "the configuration file has no [token NAME] section any more: without tokens everyone who reaches %s would be let in; "
        "restart beamgauge if that is wanted",
        running->listen_address);
}

/* Clients of an open socket continue with HTTP or HTTPS, as before; and a certificate that they accept is not replaced by one that is not
 * valid.
 */
static enum bg_error check_tls(const struct bg_config *running, const struct bg_config *read, int64_t now_s, struct bg_failure *ret_failure)
{
    if (running->tls != NULL && read->tls == NULL)
        return bg_fail_param(ret_failure, BG_INVALID, "tls_cert",
                             "the configuration file has no tls_cert any more: what goes over the network could be read there; restart "
                             "beamgauge if that is wanted");
    if (running->tls == NULL && read->tls != NULL)
        return bg_fail_param(ret_failure, BG_INVALID, "tls_cert",
                             "the configuration file has a tls_cert now: restart beamgauge to have it serve HTTPS");
    if (running->tls != NULL && bg_tls_holds(running->tls, now_s) && !bg_tls_holds(read->tls, now_s))
        return bg_fail_param(ret_failure, BG_INVALID, "tls_cert",
                             "the certificate in %.200s is not valid at this time, and the one in use still is", read->tls_cert);
    return BG_OK;
}

static enum bg_error check_all(const struct bg_config *running, const struct bg_config *read, size_t others_count, int64_t now_s,
                               struct bg_failure *ret_failure)
{
    enum bg_error error = check_file(read, ret_failure);

    if (error == BG_OK)
        error = check_tokens(running, read, ret_failure);
    if (error == BG_OK)
        error = check_tls(running, read, now_s, ret_failure);
    if (error == BG_OK && read->nodes_count + others_count > (size_t)running->nodes_max)
        error =
            bg_fail_param(ret_failure, BG_INVALID, "nodes_max",
                          "%zu nodes are named and %zu others are registered, but nodes_max is %" PRId64 ": raise it and restart beamgauge",
                          read->nodes_count, others_count, running->nodes_max);
    return error;
}

enum bg_error bg_reload_check(const struct bg_config *running, const struct bg_config *read, size_t others_count, int64_t now_s,
                              struct bg_failure *ret_failure)
{
    struct bg_failure failure;
    const enum bg_error error = check_all(running, read, others_count, now_s, &failure);

    if (error == BG_OK)
        return BG_OK;
    bg_config_place_setting(read, &failure);
    return bg_fail_param(ret_failure, error, failure.param, "%s", failure.text);
}

void bg_reload_take(struct bg_config *running, struct bg_config *read)
{
    const struct bg_config old = *running;

    running->nodes = read->nodes;
    running->nodes_count = read->nodes_count;
    read->nodes = old.nodes;
    read->nodes_count = old.nodes_count;
    running->tokens = read->tokens;
    running->tokens_count = read->tokens_count;
    read->tokens = old.tokens;
    read->tokens_count = old.tokens_count;
    running->checks = read->checks;
    running->checks_count = read->checks_count;
    read->checks = old.checks;
    read->checks_count = old.checks_count;
    running->slack_signing_secret = read->slack_signing_secret;
    read->slack_signing_secret = old.slack_signing_secret;
    running->tls_cert = read->tls_cert;
    read->tls_cert = old.tls_cert;
    running->tls_key = read->tls_key;
    read->tls_key = old.tls_key;
    running->tls = read->tls;
    read->tls = old.tls;
    memcpy(running->mattermost_token_sha256, read->mattermost_token_sha256, sizeof(old.mattermost_token_sha256));
}
