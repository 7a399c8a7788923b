/* pair_warnings.c: warnings about pairs whose other side is not known. */
#include "pair_warnings.h"

#include "uncounted.h"

#include "beamgauge/text.h"

#include <inttypes.h>
#include <stdio.h>

void bg_pair_warn_unknown(struct bg_ask *ask, const json_t *process, const char *pid, const struct bg_peer_list *list)
{
    struct bg_shaper *shaper = &ask->shaper;
    char what[160];
    if (list->uncounted_count >= 0)
        (void)snprintf(what, sizeof what, BG_UNCOUNTED, BG_COUNT(list->uncounted_count));
    else
        (void)snprintf(what, sizeof what, "about %s monitors", BG_COUNT(list->count));
    if (bg_answer_count_or(shaper, process, "age_ms", -1) >= 0)
        bg_ask_warn(
            ask, "%s on %s did not answer in time and is listed with %s, as it reported last (age_ms); whom it monitors is not known yet",
            pid, bg_ask_node(ask), what);
    else if (bg_answer_boolean_or(shaper, process, "silent", false))
        bg_ask_warn(
            ask,
            "%s on %s did not report its memory in time, which one with very many monitors may not: it is listed with %s, which the "
            "node's allocators hold and no other process has; it is asked in the background: ask again in some seconds",
            pid, bg_ask_node(ask), what);
    else if (bg_peers_exact(ask)) /* another warning has said why it was not counted */
        return;
    else if (bg_answer_boolean_or(shaper, process, "late", false))
        bg_ask_warn(
            ask, "%s on %s has %s: there was too little time to count them; they are counted in the background: ask again in some seconds",
            pid, bg_ask_node(ask), what);
    else
        bg_ask_warn(
            ask,
            "%s on %s has %s: too many to be counted cheaply, so whom it monitors is not known; exact=true counts them (scope admin), "
            "and tracing it (POST call-sites) shows whom it monitors now",
            pid, bg_ask_node(ask), what);
}

void bg_pair_warn_since(struct bg_ask *ask, const json_t *process, const char *pid, int64_t since)
{
    json_t *counted_at = bg_peers_counted_at(&ask->shaper, process);
    bg_ask_warn(ask, "%s on %s has " BG_UNCOUNTED_SINCE, pid, bg_ask_node(ask), BG_COUNT(since),
                json_is_string(counted_at) ? json_string_value(counted_at) : "?");
    json_decref(counted_at);
}
