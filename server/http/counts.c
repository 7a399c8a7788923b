/* counts.c: counts replies, and reports the counts. */
#include "counts.h"

#include "reply_cache.h"
#include "server.h"

#include <assert.h>
#include <stdlib.h>

enum { REPLIES, TOOK, IN_FLIGHT, ABANDONED, CONNECTIONS, EVICTED, PAUSES, HANDSHAKES, REPEATED, CACHE };

const struct bg_metric bg_counts_metrics[] = {
    [REPLIES] = {"beamgauge_http_requests",
                 "Requests answered, by operation and class of status; the operation is \"page\" for the page's "
                 "files, \"none\" where nothing was found or understood",
                 BG_METRIC_COUNTER,
                 NULL,
                 {"operation", "status"}},
    [TOOK] = {"beamgauge_http_request_duration_seconds",
              "Time from a whole request to its answer",
              BG_METRIC_HISTOGRAM,
              "seconds",
              {"operation"}},
    [IN_FLIGHT] = {"beamgauge_http_requests_in_flight", "Requests that wait for their answer", BG_METRIC_GAUGE, NULL, {NULL}},
    [ABANDONED] =
        {"beamgauge_http_abandoned_requests", "Requests whose client disconnected before the answer", BG_METRIC_COUNTER, NULL, {NULL}},
    [CONNECTIONS] = {"beamgauge_http_connections", "Connections of clients", BG_METRIC_GAUGE, NULL, {NULL}},
    [EVICTED] = {"beamgauge_http_evicted_connections",
                 "Connections without a whole request, or idle, closed because others wanted their place",
                 BG_METRIC_COUNTER,
                 NULL,
                 {NULL}},
    [PAUSES] = {"beamgauge_http_accept_pauses",
                "Times that accepting was paused because the system refused a connection (too many open files)",
                BG_METRIC_COUNTER,
                NULL,
                {NULL}},
    [HANDSHAKES] = {"beamgauge_http_failed_tls_handshakes",
                    "Connections that ended before TLS was agreed on: the wrong protocol or version, a certificate that the client does "
                    "not trust, or too slow",
                    BG_METRIC_COUNTER,
                    NULL,
                    {NULL}},
    [REPEATED] = {"beamgauge_http_repeated_replies",
                  "Answers sent again as they were kept, without asking or writing anew",
                  BG_METRIC_COUNTER,
                  NULL,
                  {NULL}},
    [CACHE] = {"beamgauge_http_kept_replies_bytes", "Size of the answers kept to be sent again", BG_METRIC_GAUGE, "bytes", {NULL}},
    {.name = NULL},
};

bool bg_counts_init(struct bg_counts *ret_counts, const struct bg_endpoint *const *endpoints)
{
    size_t places = BG_PLACE_ENDPOINTS;

    for (size_t i = 0; endpoints[i] != NULL; i++)
        places++;
    *ret_counts =
        (struct bg_counts){.endpoints = endpoints, .places = places, .operations = calloc(places, sizeof *ret_counts->operations)};
    return ret_counts->operations != NULL;
}

void bg_counts_done(struct bg_counts *counts)
{
    free(counts->operations);
}

size_t bg_counts_place(const struct bg_counts *counts, const struct bg_endpoint *endpoint)
{
    for (size_t i = BG_PLACE_ENDPOINTS; i < counts->places; i++)
        if (counts->endpoints[i - BG_PLACE_ENDPOINTS] == endpoint)
            return i;
    return BG_PLACE_NONE;
}

void bg_counts_add(struct bg_counts *counts, size_t place, int status, int64_t took_us)
{
    assert(place < counts->places && status >= 100 && status < 600);
    counts->operations[place].replies[status / 100 - 1]++;
    bg_histogram_add(&counts->operations[place].took, took_us);
}

static const char *operation_of(const struct bg_counts *counts, size_t place)
{
    return place == BG_PLACE_NONE ? "none" : place == BG_PLACE_PAGE ? "page" : counts->endpoints[place - BG_PLACE_ENDPOINTS]->operation;
}

/* Success is exported from the start, as the base of error rates; any other class once it has happened. */
static void collect_replies(const struct bg_counts *counts, struct bg_exposition *exposition)
{
    static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};

    for (size_t place = 0; place < counts->places; place++)
        for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
            if (counts->operations[place].replies[i] > 0 || i == 1)
                bg_exposition_add(exposition, &bg_counts_metrics[REPLIES], (const char *[]){operation_of(counts, place), classes[i]},
                                  (double)counts->operations[place].replies[i]);
    for (size_t place = 0; place < counts->places; place++)
        if (bg_histogram_count(&counts->operations[place].took) > 0)
            bg_exposition_add_histogram(exposition, &bg_counts_metrics[TOOK], (const char *[]){operation_of(counts, place)},
                                        &counts->operations[place].took);
}

void bg_counts_collect(void *context, struct bg_exposition *exposition)
{
    const struct bg_http *http = context;

    collect_replies(&http->counts, exposition);
    bg_exposition_add(exposition, &bg_counts_metrics[IN_FLIGHT], NULL, (double)http->calls_count);
    bg_exposition_add(exposition, &bg_counts_metrics[ABANDONED], NULL, (double)http->counts.abandoned);
    bg_exposition_add(exposition, &bg_counts_metrics[CONNECTIONS], NULL, (double)http->connections_count);
    bg_exposition_add(exposition, &bg_counts_metrics[EVICTED], NULL, (double)http->counts.evicted);
    bg_exposition_add(exposition, &bg_counts_metrics[PAUSES], NULL, (double)http->counts.accept_pauses);
    bg_exposition_add(exposition, &bg_counts_metrics[HANDSHAKES], NULL, (double)http->counts.handshakes_failed);
    bg_exposition_add(exposition, &bg_counts_metrics[REPEATED], NULL, (double)http->counts.repeated);
    bg_exposition_add(exposition, &bg_counts_metrics[CACHE], NULL, (double)bg_reply_cache_bytes(http->cache));
}
