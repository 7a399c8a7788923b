/* clocks.c: decides whether a wall clock that was set is believed. */
#include "clocks.h"

bool bg_set_back_note(struct bg_set_back *set_back, int64_t monotonic_us)
{
    if (set_back->latest_us == 0 || monotonic_us - set_back->latest_us > BG_SET_BACK_GAP_US)
        set_back->since_us = monotonic_us;
    set_back->latest_us = monotonic_us;
    return monotonic_us - set_back->since_us >= BG_SETTLED_US;
}

int64_t bg_age_clock_read(struct bg_age_clock *clock, int64_t wall_ms, int64_t monotonic_us)
{
    const int64_t expected_ms = clock->wall_ms + (monotonic_us - clock->monotonic_us) / 1000;
    const bool is_ahead = clock->wall_ms != 0 && wall_ms - expected_ms > BG_SET_AHEAD_MS;

    if (is_ahead && clock->since_us == 0)
        clock->since_us = monotonic_us;
    if (is_ahead && monotonic_us - clock->since_us < BG_SETTLED_US)
        return expected_ms;
    *clock = (struct bg_age_clock){.wall_ms = wall_ms, .monotonic_us = monotonic_us};
    return wall_ms;
}
