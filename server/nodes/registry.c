/* registry.c: the sorted set of registered nodes, each with its link. */
#include "link.h"

#include "beamgauge/text.h"

#include <assert.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

struct bg_nodes {
    struct bg_link_shared shared;
    char *own_name;
    uint32_t *peer_uids;
    struct bg_link **links; /* by name; nodes_max of them fit */
    size_t count;
    struct bg_link **removed; /* closed; freed one turn of the loop later, since one of their callbacks may be running */
    size_t removed_count, removed_size;
    struct event *reaper;
};

static void free_removed(struct bg_nodes *nodes)
{
    for (size_t i = 0; i < nodes->removed_count; i++)
        bg_link_free(nodes->removed[i]);
    nodes->removed_count = 0;
}

static void on_reaper(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    free_removed(context);
}

static enum bg_error check_options(const struct bg_nodes_options *options, struct bg_failure *ret_failure)
{
    if (options->in_flight_max < 1 || options->nodes_max < 1 || options->answer_max_bytes < 1 || options->connect_timeout_ms < 1 ||
        options->tick_ms < 1 || options->retry_min_ms < 1 || options->retry_max_ms < options->retry_min_ms)
        return bg_fail(ret_failure, BG_INVALID, "the limits of node links must be positive, and the longest retry not below the shortest");
    return bg_node_name_check(options->own_name, ret_failure);
}

/* If these files are incomplete or missing, the failure appears when a name is looked up. */
static struct evdns_base *open_dns(struct event_base *base)
{
    struct evdns_base *dns = evdns_base_new(base, EVDNS_BASE_DISABLE_WHEN_INACTIVE);
    if (dns == NULL)
        return NULL;
    (void)evdns_base_resolv_conf_parse(dns, DNS_OPTIONS_ALL, "/etc/resolv.conf");
    return dns;
}

static uint32_t make_creation(void)
{
    uint32_t creation = 0;
    while (creation == 0)
        evutil_secure_rng_get_bytes(&creation, sizeof creation);
    return creation;
}

enum bg_error bg_nodes_new(struct event_base *base, const struct bg_clock *clock, const struct bg_nodes_options *options,
                           struct bg_nodes **ret_nodes, struct bg_failure *ret_failure)
{
    enum bg_error error = check_options(options, ret_failure);
    if (error != BG_OK)
        return error;
    struct bg_nodes *nodes = calloc(1, sizeof *nodes);
    if (nodes == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    nodes->shared = (struct bg_link_shared){.base = base, .clock = clock, .options = *options, .creation = make_creation()};
    nodes->own_name = strdup(options->own_name);
    nodes->shared.options.own_name = nodes->own_name;
    nodes->links = calloc(options->nodes_max, sizeof(struct bg_link *));
    nodes->peer_uids = calloc(options->peer_uids_count + 1, sizeof *nodes->peer_uids);
    if (nodes->peer_uids != NULL && options->peer_uids_count > 0)
        memcpy(nodes->peer_uids, options->peer_uids, options->peer_uids_count * sizeof *nodes->peer_uids);
    nodes->shared.options.peer_uids = nodes->peer_uids;
    nodes->reaper = evtimer_new(base, on_reaper, nodes);
    nodes->shared.dns = open_dns(base);
    if (nodes->own_name == NULL || nodes->links == NULL || nodes->peer_uids == NULL || nodes->reaper == NULL || nodes->shared.dns == NULL) {
        bg_nodes_free(nodes);
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    }
    *ret_nodes = nodes;
    return BG_OK;
}

void bg_nodes_free(struct bg_nodes *nodes)
{
    if (nodes == NULL)
        return;
    nodes->shared.watchers_count = 0;
    assert(nodes->count == 0 || nodes->links != NULL);
    while (nodes->count > 0) {
        struct bg_link *link = nodes->links[--nodes->count];
        bg_link_close(link, BG_CANCELLED, "beamgauge is stopping");
        bg_link_free(link);
    }
    free_removed(nodes);
    if (nodes->shared.dns != NULL)
        evdns_base_free(nodes->shared.dns, 1);
    if (nodes->reaper != NULL)
        event_free(nodes->reaper);
    free(nodes->removed);
    free(nodes->links);
    free(nodes->own_name);
    free(nodes->peer_uids);
    free(nodes);
}

/* The index of the name, or where it must be inserted. */
static size_t find_place(const struct bg_nodes *nodes, const char *name, bool *ret_found)
{
    size_t low = 0, high = nodes->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(nodes->links[middle]->settings.name, name);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_found = false;
    return low;
}

static struct bg_link *find_link(const struct bg_nodes *nodes, const char *name, struct bg_failure *ret_failure)
{
    bool found;
    size_t place = find_place(nodes, name, &found);
    if (found)
        return nodes->links[place];
    bg_fail(ret_failure, BG_NODE_UNKNOWN, "no node \"%s\" is registered", name);
    return NULL;
}

static enum bg_error add_link(struct bg_nodes *nodes, size_t place, struct bg_node_settings *settings, struct bg_failure *ret_failure)
{
    if (nodes->count == nodes->shared.options.nodes_max)
        return bg_fail(ret_failure, BG_CONFLICT, "%s nodes are registered, as many as may be", BG_COUNT(nodes->count));
    struct bg_link *link = bg_link_new(&nodes->shared, settings);
    if (link == NULL)
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    memmove(&nodes->links[place + 1], &nodes->links[place], (nodes->count - place) * sizeof *nodes->links);
    nodes->links[place] = link;
    nodes->count++;
    return BG_OK;
}

/* A handshake in progress uses the connection's settings, so they are replaced only if the link restarts. `settings` keeps what is no
 * longer needed. */
static void change_link(struct bg_link *link, struct bg_node_settings *settings)
{
    const struct bg_node_settings old = link->settings;
    if (bg_settings_connect_alike(&old, settings)) {
        link->settings.tags = settings->tags;
        link->settings.tags_count = settings->tags_count;
        link->settings.origin = settings->origin;
        settings->tags = old.tags;
        settings->tags_count = old.tags_count;
    } else {
        link->settings = *settings;
        *settings = old;
        bg_link_restart(link);
    }
}

/* At the same address: a kept cookie is never sent to another one as a digest. */
static bool is_reached_alike(const struct bg_node_settings *a, const struct bg_node_settings *b)
{
    return strcmp(a->address, b->address) == 0 && a->port == b->port && a->epmd_port == b->epmd_port;
}

enum bg_error bg_nodes_put(struct bg_nodes *nodes, const struct bg_node_spec *spec, bool *ret_created, struct bg_failure *ret_failure)
{
    struct bg_node_spec whole = *spec;
    struct bg_node_settings settings;
    bool found;
    size_t place = find_place(nodes, spec->name, &found);
    if (found && spec->cookie == NULL)
        whole.cookie = nodes->links[place]->settings.cookie;
    enum bg_error error = bg_settings_init(&whole, &settings, ret_failure);
    if (error != BG_OK)
        return error;
    if (found && spec->cookie == NULL && !is_reached_alike(&settings, &nodes->links[place]->settings))
        error =
            bg_fail_param(ret_failure, BG_INVALID, "cookie",
                          "the cookie must be given again when address, port or epmd_port of a node change: a caller who does not know it "
                          "must not be able to send its proof to another address");
    else if (found)
        change_link(nodes->links[place], &settings);
    else
        error = add_link(nodes, place, &settings, ret_failure);
    bg_settings_done(&settings);
    if (error == BG_OK && ret_created != NULL)
        *ret_created = !found;
    return error;
}

/* Room in the list of removed links is reserved before anything is changed. */
static bool reserve_removed(struct bg_nodes *nodes)
{
    if (nodes->removed_count < nodes->removed_size)
        return true;
    size_t size = nodes->removed_size + 16;
    struct bg_link **removed = realloc(nodes->removed, size * sizeof *removed);
    if (removed == NULL)
        return false;
    nodes->removed = removed;
    nodes->removed_size = size;
    return true;
}

enum bg_error bg_nodes_delete(struct bg_nodes *nodes, const char *name, struct bg_failure *ret_failure)
{
    bool found;
    size_t place = find_place(nodes, name, &found);
    if (!found)
        return bg_fail(ret_failure, BG_NODE_UNKNOWN, "no node \"%s\" is registered", name);
    if (!reserve_removed(nodes))
        return bg_fail(ret_failure, BG_NO_MEMORY, "out of memory");
    struct bg_link *link = nodes->links[place];
    nodes->count--;
    memmove(&nodes->links[place], &nodes->links[place + 1], (nodes->count - place) * sizeof *nodes->links);
    nodes->removed[nodes->removed_count++] = link;
    event_active(nodes->reaper, EV_TIMEOUT, 0);
    bg_link_close(link, BG_NODE_UNKNOWN, "the node has been removed");
    return BG_OK;
}

void bg_nodes_retry(struct bg_nodes *nodes, const char *name)
{
    struct bg_link *link = find_link(nodes, name, NULL);
    if (link != NULL)
        bg_link_retry(link);
}

size_t bg_nodes_count(const struct bg_nodes *nodes)
{
    return nodes->count;
}

void bg_nodes_info_at(const struct bg_nodes *nodes, size_t index, struct bg_node_info *ret_info)
{
    bg_link_info(nodes->links[index], ret_info);
}

enum bg_error bg_nodes_info(const struct bg_nodes *nodes, const char *name, struct bg_node_info *ret_info, struct bg_failure *ret_failure)
{
    const struct bg_link *link = find_link(nodes, name, ret_failure);
    if (link == NULL)
        return BG_NODE_UNKNOWN;
    bg_link_info(link, ret_info);
    return BG_OK;
}

void bg_nodes_watch(struct bg_nodes *nodes, bg_nodes_watcher *watcher, void *context)
{
    assert(nodes->shared.watchers_count < BG_NODES_WATCHERS_MAX);
    nodes->shared.watchers[nodes->shared.watchers_count].watcher = watcher;
    nodes->shared.watchers[nodes->shared.watchers_count++].context = context;
}

enum bg_error bg_nodes_ask(struct bg_nodes *nodes, const char *name, const struct bg_inquiry_request *request, bg_inquiry_done *done,
                           void *context, struct bg_inquiry **ret_inquiry, struct bg_failure *ret_failure)
{
    struct bg_link *link = find_link(nodes, name, ret_failure);
    return link == NULL ? BG_NODE_UNKNOWN : bg_link_ask(link, request, done, context, ret_inquiry, ret_failure);
}
