/* found.c: the nodes that discovery finds: they are registered, and removed after they are gone. */
#include "found.h"

#include "beamgauge/discover.h"
#include "beamgauge/log.h"
#include "beamgauge/text.h"

#include <stdlib.h>
#include <string.h>

#define DISCOVER_EVERY_MS 10000
#define NOTED_MAX 5 /* names in a sentence */
/* A node that is gone is kept for as long as it was up, within these bounds: a short-lived one is removed at once, one that had run for
 * weeks is kept for a day. */
#define KEEP_MIN_MS INT64_C(60000)
#define KEEP_MAX_MS INT64_C(86400000)

struct bg_found {
    struct bg_nodes *nodes;
    struct bg_discovery *discovery;
    char *cookie;
    size_t places_max; /* of the registry: the other places are for nodes that users register */
    bool full;         /* reported in the log */
};

static void cookie_free(char *cookie)
{
    if (cookie != NULL)
        explicit_bzero(cookie, strlen(cookie));
    free(cookie);
}

static size_t count_found(const struct bg_nodes *nodes)
{
    size_t count = 0;

    for (size_t i = 0; i < bg_nodes_count(nodes); i++) {
        struct bg_node_info info;

        bg_nodes_info_at(nodes, i, &info);
        count += info.origin == BG_ORIGIN_EPMD;
    }
    return count;
}

static bool has_place(struct bg_found *found)
{
    const size_t count = count_found(found->nodes);
    const bool full = count >= found->places_max;

    if (full && !found->full)
        bg_log(BG_LOG_WARN, "discovery_full", BG_NUMBER("nodes", found->places_max),
               BG_TEXT("hint", "further nodes of this host are not watched until others are gone: raise nodes_max, or name the nodes"));
    found->full = full || (found->full && count > found->places_max / 2); /* not logged again each time a free place is taken */
    return !full;
}

static enum bg_error put(struct bg_found *found, const char *name, struct bg_failure *ret_failure)
{
    const struct bg_node_spec spec = {.name = name, .cookie = found->cookie, .address = "127.0.0.1", .origin = BG_ORIGIN_EPMD};

    return bg_nodes_put(found->nodes, &spec, NULL, ret_failure);
}

static void on_found(void *context, const char *name, uint16_t port)
{
    struct bg_found *found = context;
    struct bg_node_info info;
    struct bg_failure failure;

    if (bg_nodes_info(found->nodes, name, &info, &failure) == BG_OK) {
        bg_nodes_retry(found->nodes, name);
        return;
    }
    if (!has_place(found)) {
        bg_discovery_release(found->discovery, name, true);
        return;
    }
    bg_log(BG_LOG_INFO, "node_found", BG_TEXT("node", name), BG_NUMBER("port", port));
    if (put(found, name, &failure) == BG_OK)
        return;
    bg_log(BG_LOG_WARN, "node_not_registered", BG_TEXT("node", name), BG_TEXT("reason", failure.text));
    bg_discovery_release(found->discovery, name, true);
}

/* Why a node that only discovery found need not be kept, or NULL. */
static const char *reason_to_forget(const struct bg_node_info *info)
{
    int64_t keep_ms = info->held_ms < KEEP_MIN_MS ? KEEP_MIN_MS : info->held_ms > KEEP_MAX_MS ? KEEP_MAX_MS : info->held_ms;

    if (info->connects_count == 0 && info->reason == BG_REASON_COOKIE_REJECTED)
        return "found through epmd, but it does not accept our cookie";
    return info->is_gone && info->turned_ms >= keep_ms ? "found through epmd, and gone" : NULL;
}

static void on_link_changed(void *context, const char *name, enum bg_link_state state)
{
    struct bg_found *found = context;
    struct bg_node_info info;
    struct bg_failure failure;
    const char *reason;

    if (state != BG_LINK_WAITING || bg_nodes_info(found->nodes, name, &info, &failure) != BG_OK || info.origin != BG_ORIGIN_EPMD ||
        (reason = reason_to_forget(&info)) == NULL)
        return;
    bg_log(BG_LOG_INFO, "node_forgotten", BG_TEXT("node", name), BG_TEXT("reason", reason));
    bg_discovery_release(found->discovery, name, false);
    if (bg_nodes_delete(found->nodes, name, &failure) != BG_OK)
        bg_log(BG_LOG_ERROR, "node_not_forgotten", BG_TEXT("node", name), BG_TEXT("reason", failure.text));
}

/* A quarter of the registry, at least one place, is reserved for other nodes. */
static size_t places_of(size_t nodes_max)
{
    return nodes_max - (nodes_max < 4 ? 1 : nodes_max / 4);
}

enum bg_error bg_found_start(struct event_base *base, struct bg_nodes *nodes, const struct bg_config *config, const char *own_name,
                             struct bg_found **ret_found, struct bg_failure *ret_failure)
{
    const struct bg_discovery_options options = {
        .own_name = own_name,
        .epmd_port = (uint16_t)config->epmd_port,
        .interval_ms = DISCOVER_EVERY_MS,
        .step_timeout_ms = config->connect_timeout_ms,
    };
    struct bg_found *found = calloc(1, sizeof(*found));
    enum bg_error error;

    if (found == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    found->nodes = nodes;
    found->places_max = places_of((size_t)config->nodes_max);
    error = bg_cookie_read(config->cookie_file, &found->cookie, ret_failure);
    if (error == BG_OK)
        error = bg_discovery_start(base, &options, on_found, found, &found->discovery, ret_failure);
    if (error != BG_OK) {
        bg_found_free(found);
        return error;
    }
    bg_nodes_watch(nodes, on_link_changed, found);
    *ret_found = found;
    return BG_OK;
}

void bg_found_set_cookie(struct bg_found *found, char *cookie)
{
    struct bg_failure failure;
    bool is_same = strcmp(found->cookie, cookie) == 0;

    cookie_free(found->cookie);
    found->cookie = cookie;
    if (is_same)
        return;
    for (size_t i = bg_nodes_count(found->nodes); i-- > 0;) {
        struct bg_node_info info;
        char name[BG_NODE_NAME_MAX + 1];

        bg_nodes_info_at(found->nodes, i, &info);
        if (info.origin != BG_ORIGIN_EPMD)
            continue;
        snprintf(name, sizeof(name), "%s", info.name);
        if (put(found, name, &failure) != BG_OK)
            bg_log(BG_LOG_WARN, "cookie_not_renewed", BG_TEXT("node", name), BG_TEXT("reason", failure.text));
    }
    bg_discovery_renew(found->discovery);
}

void bg_found_note(const struct bg_found *found, size_t size, char *ret_text)
{
    const char *names[NOTED_MAX];
    const size_t count = bg_discovery_released(found->discovery, NOTED_MAX, names);
    struct bg_text text;

    bg_text_init(&text, ret_text, size);
    if (count == 0)
        return;
    bg_text_add_format(
        &text, "%zu %s of this host in epmd %s not watched, %s: ", count, count == 1 ? "node" : "nodes", count == 1 ? "is" : "are",
        found->full ? "since there is no place for more or they did not take the cookie" : "since they did not take the cookie");
    for (size_t i = 0; i < count && i < NOTED_MAX; i++)
        bg_text_add_format(&text, "%s%s", i > 0 ? ", " : "", names[i]);
    if (count > NOTED_MAX)
        bg_text_add_format(&text, " and %zu more", count - NOTED_MAX);
}

void bg_found_free(struct bg_found *found)
{
    if (found == NULL)
        return;
    bg_discovery_free(found->discovery);
    cookie_free(found->cookie);
    free(found);
}
