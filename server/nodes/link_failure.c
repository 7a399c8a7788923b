/* link_failure.c: the names of states and reasons, and how long to wait after each. */
#include "link_failure.h"

#include "beamgauge/text.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define NOISY_WAIT_MS 10000

static const char *const state_texts[] = {
    [BG_LINK_RESOLVING] = "resolving",
    [BG_LINK_ASKING_EPMD] = "asking_epmd",
    [BG_LINK_CONNECTING] = "connecting",
    [BG_LINK_HANDSHAKING] = "handshaking",
    [BG_LINK_UP] = "up",
    [BG_LINK_WAITING] = "waiting",
    [BG_LINK_CLOSED] = "closed",
};

static const char *const reason_codes[BG_REASON_COUNT] = {
    [BG_REASON_NONE] = "none",
    [BG_REASON_HOST_UNKNOWN] = "host_unknown",
    [BG_REASON_EPMD_UNREACHABLE] = "epmd_unreachable",
    [BG_REASON_NODE_NOT_IN_EPMD] = "node_not_in_epmd",
    [BG_REASON_PORT_REFUSED] = "port_refused",
    [BG_REASON_COOKIE_REJECTED] = "cookie_rejected",
    [BG_REASON_NAME_IN_USE] = "name_in_use",
    [BG_REASON_NOT_ALLOWED] = "not_allowed",
    [BG_REASON_HANDSHAKE_TIMEOUT] = "handshake_timeout",
    [BG_REASON_HANDSHAKE_FAILED] = "handshake_failed",
    [BG_REASON_WRONG_NAME] = "wrong_name",
    [BG_REASON_CONNECTION_LOST] = "connection_lost",
    [BG_REASON_TICK_TIMEOUT] = "tick_timeout",
    [BG_REASON_PEER_NOT_TRUSTED] = "peer_not_trusted",
    [BG_REASON_BAD_ANSWER] = "bad_answer",
};

const char *bg_link_state_text(enum bg_link_state state)
{
    assert((unsigned)state <= BG_LINK_CLOSED);
    return state_texts[state];
}

const char *bg_link_reason_code(enum bg_link_reason reason)
{
    assert((unsigned)reason < BG_REASON_COUNT);
    return reason_codes[reason];
}

void bg_link_failure_set(struct bg_link_failure *ret_failure, enum bg_link_reason reason, const char *format, ...)
{
    char raw[BG_LINK_FAILURE_TEXT_SIZE];
    struct bg_text text;
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    ret_failure->reason = reason;
    bg_text_init(&text, ret_failure->text, sizeof ret_failure->text);
    bg_text_add_escaped(&text, raw, strlen(raw), "");
}

int64_t bg_link_failure_wait_ms(enum bg_link_reason reason, unsigned failures, int64_t min_ms, int64_t max_ms, uint32_t random)
{
    int64_t wait = min_ms;
    for (unsigned i = 1; i < failures && wait < max_ms; i++)
        wait *= 2;
    if (wait > max_ms)
        wait = max_ms;
    wait -= (int64_t)(random % (uint32_t)(wait / 4 + 1));
    if (wait < min_ms)
        wait = min_ms;
    bool noisy = reason == BG_REASON_COOKIE_REJECTED || reason == BG_REASON_NOT_ALLOWED || reason == BG_REASON_PEER_NOT_TRUSTED;
    return noisy && wait < NOISY_WAIT_MS ? NOISY_WAIT_MS : wait;
}
