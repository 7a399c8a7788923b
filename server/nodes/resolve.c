/* resolve.c: host name to addresses, without blocking: numeric ones at once, /etc/hosts and DNS by libevent. */
#include "resolve.h"

#include <event2/dns.h>
#include <event2/util.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct bg_resolve {
    struct evdns_getaddrinfo_request *request;
    bg_resolve_done *done; /* NULL: cancelled */
    void *context;
    bool returned; /* bg_resolve_start() has returned it: we free it when it ends */
    bool ended;
};

static size_t copy_addresses(const struct evutil_addrinfo *list, struct sockaddr_storage addresses[BG_ADDRESSES_MAX])
{
    size_t count = 0;
    for (; list != NULL && count < BG_ADDRESSES_MAX; list = list->ai_next) {
        if (list->ai_family != AF_INET && list->ai_family != AF_INET6)
            continue;
        memset(&addresses[count], 0, sizeof addresses[count]);
        memcpy(&addresses[count++], list->ai_addr, list->ai_addrlen);
    }
    return count;
}

static void on_answer(int error, struct evutil_addrinfo *list, void *context)
{
    struct bg_resolve *resolve = context;
    struct sockaddr_storage addresses[BG_ADDRESSES_MAX];
    size_t count = error == 0 ? copy_addresses(list, addresses) : 0;
    if (list != NULL)
        evutil_freeaddrinfo(list);
    const char *text = error != 0 ? evutil_gai_strerror(error) : count == 0 ? "no address" : NULL;
    if (resolve->done != NULL)
        resolve->done(resolve->context, text, addresses, count);
    resolve->ended = true;
    if (resolve->returned)
        free(resolve);
}

struct bg_resolve *bg_resolve_start(struct evdns_base *dns, const char *host, bg_resolve_done *done, void *context)
{
    const struct evutil_addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_protocol = IPPROTO_TCP};
    struct bg_resolve *resolve = calloc(1, sizeof *resolve);
    if (resolve == NULL) {
        done(context, "no memory", NULL, 0);
        return NULL;
    }
    resolve->done = done;
    resolve->context = context;
    resolve->request = evdns_getaddrinfo(dns, host, NULL, &hints, on_answer, resolve);
    if (!resolve->ended) {
        resolve->returned = true;
        return resolve;
    }
    free(resolve);
    return NULL;
}

void bg_resolve_cancel(struct bg_resolve *resolve)
{
    if (resolve == NULL)
        return;
    resolve->done = NULL;
    evdns_getaddrinfo_cancel(resolve->request);
}
