/* clock.h: time, behind a pointer so that tests can move it by hand. */
#ifndef BEAMGAUGE_CLOCK_H
#define BEAMGAUGE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct bg_clock {
    int64_t (*monotonic_us)(void *context); /* monotonic; its zero has no meaning */
    int64_t (*wall_ms)(void *context);      /* milliseconds since 1970-01-01T00:00:00Z */
    void *context;
};

/* The operating system's clocks (CLOCK_MONOTONIC, CLOCK_REALTIME). */
const struct bg_clock *bg_clock_system(void);

int64_t bg_clock_monotonic_us(const struct bg_clock *clock);
int64_t bg_clock_wall_ms(const struct bg_clock *clock);

#define BG_RFC3339_SIZE 32
/* Writes e.g. 2026-11-23T08:00:00.123Z (RFC 3339, UTC, milliseconds), always terminated. */
void bg_clock_rfc3339(int64_t wall_ms, char ret_text[BG_RFC3339_SIZE]);

#endif
