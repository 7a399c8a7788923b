/* levels.c: the rules of levels, and keys. */
#include "levels.h"

#include "beamgauge/store.h"

#define TIME_BITS 45
#define NODE_SHIFT (TIME_BITS + 2)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)

const struct bg_level_rules bg_levels[BG_LEVELS] = {
    [BG_LEVEL_FINE] = {.unit_ms = 1, .keep_ms = BG_STORE_FINE_MS, .whole_ms = MINUTE_MS, .least_ms = 2 * MINUTE_MS},
    [BG_LEVEL_MINUTE] = {.unit_ms = MINUTE_MS, .keep_ms = BG_STORE_MINUTES_MS, .whole_ms = HOUR_MS},
    [BG_LEVEL_HOUR] = {.unit_ms = HOUR_MS, .keep_ms = BG_STORE_HOURS_MS, .whole_ms = HOUR_MS},
    [BG_LEVEL_RESTART] = {.unit_ms = 1, .keep_ms = BG_STORE_HOURS_MS, .whole_ms = HOUR_MS},
};

int64_t bg_time_floor(int64_t time_ms, int64_t unit_ms)
{
    return time_ms - time_ms % unit_ms;
}

int64_t bg_key(int64_t node_id, enum bg_level level, int64_t time_ms)
{
    const int64_t within = time_ms < 0 ? 0 : time_ms >= BG_TIME_END ? BG_TIME_END - 1 : time_ms;

    return (node_id << NODE_SHIFT) | ((int64_t)level << TIME_BITS) | within;
}

int64_t bg_key_node(int64_t key)
{
    return key >> NODE_SHIFT;
}

int64_t bg_key_time(int64_t key)
{
    return key & (BG_TIME_END - 1);
}
