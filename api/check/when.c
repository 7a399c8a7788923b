/* when.c: times and durations in parameters. */
#include "when.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct unit {
    const char *name;
    int64_t ms;
} units[] = {{"d", 86400000}, {"h", 3600000}, {"ms", 1}, {"m", 60000}, {"s", 1000}}; /* ms before m: it begins alike */

static const struct unit *unit_at(const char *text)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strncmp(text, units[i].name, strlen(units[i].name)) == 0)
            return &units[i];
    return NULL;
}

/* Decimal digits, at most 12; moves the text behind them. */
static bool number_parse(const char **text, int64_t *ret_number)
{
    size_t digits = 0;
    int64_t number = 0;
    for (; isdigit((unsigned char)**text) && digits < 12; digits++, (*text)++)
        number = number * 10 + (**text - '0');
    *ret_number = number;
    return digits > 0;
}

bool bg_duration_parse(const char *text, int64_t *ret_ms)
{
    int64_t sum = 0, last = INT64_MAX, number;
    const struct unit *unit;
    if (*text == '\0')
        return false;
    while (*text != '\0') {
        if (!number_parse(&text, &number) || (unit = unit_at(text)) == NULL || unit->ms >= last || number > BG_WHEN_MAX_MS / unit->ms)
            return false;
        sum += number * unit->ms;
        last = unit->ms;
        text += strlen(unit->name);
    }
    if (sum > BG_WHEN_MAX_MS)
        return false;
    *ret_ms = sum;
    return true;
}

/* ".123": thousandths of a second, further digits do not count. */
static const char *fraction_parse(const char *text, int64_t *ret_ms)
{
    int64_t ms = 0, each = 100;
    if (*text != '.' || !isdigit((unsigned char)text[1]))
        return text;
    for (text++; isdigit((unsigned char)*text); text++, each /= 10)
        ms += (*text - '0') * each;
    *ret_ms = ms;
    return text;
}

/* "Z", "+01:00" */
static bool zone_parse(const char *text, int64_t *ret_ms)
{
    int hours, minutes, length = 0;
    *ret_ms = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0)
        return true;
    if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &length) != 2 || length != 5 || text[6] != '\0' ||
        hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *ret_ms = (*text == '-' ? -1 : 1) * (int64_t)(hours * 60 + minutes) * 60000;
    return true;
}

/* Not the 30th of February, nor a leap second. */
static bool is_day(const struct tm *tm)
{
    struct tm same = *tm;
    (void)timegm(&same);
    return same.tm_mday == tm->tm_mday && same.tm_mon == tm->tm_mon && same.tm_sec == tm->tm_sec;
}

static bool time_parse(const char *text, int64_t *ret_wall_ms)
{
    struct tm tm = {.tm_isdst = 0};
    int64_t fraction_ms = 0, zone_ms;
    const char *rest = isdigit((unsigned char)*text) ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (rest == NULL || !is_day(&tm) || !zone_parse(fraction_parse(rest, &fraction_ms), &zone_ms))
        return false;
    *ret_wall_ms = (int64_t)timegm(&tm) * 1000 + fraction_ms - zone_ms;
    return *ret_wall_ms > 0;
}

bool bg_when_parse(const char *text, int64_t now_ms, int64_t *ret_wall_ms)
{
    int64_t ago_ms;
    if (!bg_duration_parse(text, &ago_ms))
        return time_parse(text, ret_wall_ms);
    *ret_wall_ms = now_ms - ago_ms;
    return true;
}
