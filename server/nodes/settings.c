/* settings.c: checks a node's spec and copies it. */
#include "settings.h"

#include "beamgauge/cookie.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

static enum bg_error check_cookie(const char *cookie, struct bg_failure *ret_failure)
{
    size_t length = cookie != NULL ? strlen(cookie) : 0;
    if (length == 0 || length > BG_COOKIE_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, "cookie", "a cookie has 1 to %d bytes", BG_COOKIE_MAX);
    return BG_OK;
}

static enum bg_error check_tags(const struct bg_node_spec *spec, struct bg_failure *ret_failure)
{
    if (spec->tags_count > BG_TAGS_MAX)
        return bg_fail_param(ret_failure, BG_INVALID, "tags", "a node has at most %d tags", BG_TAGS_MAX);
    for (size_t i = 0; i < spec->tags_count; i++)
        if (spec->tags[i][0] == '\0' || strlen(spec->tags[i]) > BG_TAG_MAX_BYTES)
            return bg_fail_param(ret_failure, BG_INVALID, "tags", "a tag has 1 to %d bytes", BG_TAG_MAX_BYTES);
    return BG_OK;
}

static bool copy_tags(const struct bg_node_spec *spec, struct bg_node_settings *settings)
{
    if (spec->tags_count == 0)
        return true;
    settings->tags = calloc(spec->tags_count, sizeof *settings->tags);
    if (settings->tags == NULL)
        return false;
    for (; settings->tags_count < spec->tags_count; settings->tags_count++)
        if ((settings->tags[settings->tags_count] = strdup(spec->tags[settings->tags_count])) == NULL)
            return false;
    return true;
}

enum bg_error bg_node_spec_check(const struct bg_node_spec *spec, struct bg_failure *ret_failure)
{
    enum bg_error error;
    if ((error = bg_node_name_check(spec->name, ret_failure)) != BG_OK || (error = check_cookie(spec->cookie, ret_failure)) != BG_OK ||
        (spec->address != NULL && (error = bg_node_address_check(spec->address, ret_failure)) != BG_OK))
        return error;
    return check_tags(spec, ret_failure);
}

enum bg_error bg_settings_init(const struct bg_node_spec *spec, struct bg_node_settings *ret_settings, struct bg_failure *ret_failure)
{
    enum bg_error error = bg_node_spec_check(spec, ret_failure);
    if (error != BG_OK)
        return error;
    struct bg_node_settings settings = {.port = spec->port, .epmd_port = spec->epmd_port, .origin = spec->origin};
    settings.name = strdup(spec->name);
    settings.cookie = strdup(spec->cookie);
    settings.address = strdup(spec->address != NULL ? spec->address : strchr(spec->name, '@') + 1);
    if (settings.name == NULL || settings.cookie == NULL || settings.address == NULL || !copy_tags(spec, &settings)) {
        bg_settings_done(&settings);
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    }
    *ret_settings = settings;
    return BG_OK;
}

void bg_settings_done(struct bg_node_settings *settings)
{
    if (settings->cookie != NULL)
        OPENSSL_cleanse(settings->cookie, strlen(settings->cookie));
    free(settings->name);
    free(settings->cookie);
    free(settings->address);
    for (size_t i = 0; i < settings->tags_count; i++)
        free(settings->tags[i]);
    free(settings->tags);
    *settings = (struct bg_node_settings){.name = NULL};
}

bool bg_settings_connect_alike(const struct bg_node_settings *a, const struct bg_node_settings *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->cookie, b->cookie) == 0 && strcmp(a->address, b->address) == 0 &&
           a->port == b->port && a->epmd_port == b->epmd_port;
}
