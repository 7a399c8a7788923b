/* retry.c: a link that is down: when it is retried, what is logged, and what is reported about it. */
#include "link.h"

#include "beamgauge/log.h"

#define GOOD_MS 250             /* a connection that lasted this long was good: its loss is a new fault */
#define RETURN_WITHIN_MS 300000 /* a node that was up within this time is probably being restarted, */
#define RETURN_RETRY_MS 600     /* and is retried this often, to be back within a second */
#define REQUESTED_MS 1000       /* the shortest time between retries that callers cause */
#define REQUESTED_NOISY_MS 10000
#define REASON_BIT(reason) (1u << (reason))

_Static_assert(BG_REASON_COUNT <= 32, "bg_link.logged_reasons has a bit for each reason");

/* One fault makes one line above debug, even if its reasons alternate: gone from epmd, port refused, gone from epmd. */
static void log_failure(struct bg_link *link, int64_t wait_ms)
{
    bool again = link->logged_reasons & REASON_BIT(link->failure.reason);
    bool is_ours = link->failure.reason == BG_REASON_NONE; /* somebody changed its settings */
    bg_log(again     ? BG_LOG_DEBUG
           : is_ours ? BG_LOG_INFO
                     : BG_LOG_WARN,
           "link_down", BG_TEXT("node", link->settings.name), BG_TEXT("state", bg_link_state_text(link->state)),
           BG_TEXT("reason", bg_link_reason_code(link->failure.reason)), BG_TEXT("detail", link->failure.text),
           BG_NUMBER("retry_ms", wait_ms));
    link->logged_reasons |= REASON_BIT(link->failure.reason);
}

/* A retry costs the node nothing: it is either down, or up and accepts us. */
static bool is_free(enum bg_link_reason reason)
{
    return reason == BG_REASON_CONNECTION_LOST || reason == BG_REASON_NODE_NOT_IN_EPMD || reason == BG_REASON_PORT_REFUSED ||
           reason == BG_REASON_EPMD_UNREACHABLE;
}

/* A node that has just gone down after a good connection, not one that fails again and again. */
static bool is_returning(const struct bg_link *link)
{
    const bool is_recent = link->state == BG_LINK_UP || bg_link_now(link) - link->turned_us < RETURN_WITHIN_MS * INT64_C(1000);
    return link->was_good && is_recent && is_free(link->failure.reason);
}

int64_t bg_retry_wait_ms(struct bg_link *link, uint32_t random)
{
    const struct bg_nodes_options *options = &link->shared->options;
    int64_t max_ms = options->retry_max_ms;
    if (is_returning(link) && max_ms > RETURN_RETRY_MS)
        max_ms = options->retry_min_ms > RETURN_RETRY_MS ? options->retry_min_ms : RETURN_RETRY_MS;
    int64_t wait_ms = bg_link_failure_wait_ms(link->failure.reason, link->failures, options->retry_min_ms, max_ms, random);
    log_failure(link, wait_ms);
    return wait_ms;
}

void bg_retry_count(struct bg_link *link, bool was_up)
{
    if (was_up) {
        link->held_us = bg_link_now(link) - link->since_us;
        link->was_good = link->held_us >= GOOD_MS * 1000;
        link->losses++;
    }
    if (was_up && link->was_good)
        link->failures = 0;
    link->failures++;
}

int64_t bg_retry_soonest_us(const struct bg_link *link)
{
    const int64_t now_us = bg_link_now(link);
    const int64_t soonest_us = link->tried_us + (is_free(link->failure.reason) ? REQUESTED_MS : REQUESTED_NOISY_MS) * INT64_C(1000);
    return soonest_us > now_us ? soonest_us : now_us;
}

/* A node that discovery found, and of which there is no sign that it still runs. */
static bool is_gone(const struct bg_link *link)
{
    return link->settings.origin == BG_ORIGIN_EPMD && link->state != BG_LINK_UP &&
           (is_free(link->failure.reason) || link->failure.reason == BG_REASON_NONE);
}

void bg_link_info(const struct bg_link *link, struct bg_node_info *ret_info)
{
    /* During a retry it keeps its state and its reason. */
    bool is_retried = link->state < BG_LINK_UP && link->failure.reason != BG_REASON_NONE;
    int64_t wait_us = link->due_us - bg_link_now(link);
    int64_t retry_in_ms = -1;
    if (is_retried || (link->state == BG_LINK_WAITING && wait_us <= 0))
        retry_in_ms = 0;
    else if (link->state == BG_LINK_WAITING)
        retry_in_ms = (wait_us + 999) / 1000;
    *ret_info = (struct bg_node_info){
        .name = link->settings.name,
        .address = link->settings.address,
        .port = link->settings.port,
        .epmd_port = link->settings.epmd_port,
        .origin = link->settings.origin,
        .tags = (const char *const *)link->settings.tags,
        .tags_count = link->settings.tags_count,
        .state = is_retried ? BG_LINK_WAITING : link->state,
        .reason = link->failure.reason,
        .reason_text = link->failure.text,
        .since_wall_ms = link->turned_wall_ms,
        .turned_ms = (bg_link_now(link) - link->turned_us) / 1000,
        .held_ms = link->held_us / 1000,
        .is_gone = is_gone(link),
        .retry_in_ms = retry_in_ms,
        .generation = link->connects,
        .in_flight_count = link->inquiries.count,
        .connects_count = link->connects,
        .losses_count = link->losses,
    };
}
