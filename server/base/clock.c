/* clock.c: the operating system's clocks, and time as text. */
#include "beamgauge/clock.h"

#include <stdio.h>
#include <time.h>

/* The first and the last millisecond that fit RFC 3339's four-digit year. */
#define WALL_MS_MIN INT64_C(-62167219200000)
#define WALL_MS_MAX INT64_C(253402300799999)

static int64_t system_monotonic_us(void *context)
{
    struct timespec now;

    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_wall_ms(void *context)
{
    struct timespec now;

    (void)context;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const struct bg_clock *bg_clock_system(void)
{
    static const struct bg_clock clock = {.monotonic_us = system_monotonic_us, .wall_ms = system_wall_ms};

    return &clock;
}

int64_t bg_clock_monotonic_us(const struct bg_clock *clock)
{
    return clock->monotonic_us(clock->context);
}

int64_t bg_clock_wall_ms(const struct bg_clock *clock)
{
    return clock->wall_ms(clock->context);
}

void bg_clock_rfc3339(int64_t wall_ms, char ret_text[BG_RFC3339_SIZE])
{
    int64_t within = wall_ms < WALL_MS_MIN ? WALL_MS_MIN : wall_ms > WALL_MS_MAX ? WALL_MS_MAX : wall_ms;
    int64_t ms = (within % 1000 + 1000) % 1000; /* time before 1970 rounds down too */
    time_t seconds = (time_t)((within - ms) / 1000);
    struct tm utc = {0};

    gmtime_r(&seconds, &utc);
    snprintf(ret_text, BG_RFC3339_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", (unsigned)(utc.tm_year + 1900) % 10000u,
             (unsigned)(utc.tm_mon + 1) % 100u, (unsigned)utc.tm_mday % 100u, (unsigned)utc.tm_hour % 100u, (unsigned)utc.tm_min % 100u,
             (unsigned)utc.tm_sec % 100u, (unsigned)ms % 1000u);
}
