/* log.c: one event, one line. */
#include "beamgauge/log.h"

#include "beamgauge/clock.h"
#include "beamgauge/text.h"
#include "log_writer.h"

#include <inttypes.h>
#include <string.h>

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static enum bg_log_level level_min = BG_LOG_INFO;

/* Ends a line whose last fields did not fit. */
static const char cut_end[] = " cut=true\n";

void bg_log_set_level(enum bg_log_level level)
{
    level_min = level;
}

bool bg_log_level_parse(const char *text, enum bg_log_level *ret_level)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++)
        if (strcmp(text, level_names[i]) == 0) {
            *ret_level = (enum bg_log_level)i;
            return true;
        }
    return false;
}

static void value_add(struct bg_text *line, const char *value)
{
    char escaped[BG_LOG_VALUE_SIZE];
    struct bg_text text;

    bg_text_init(&text, escaped, sizeof(escaped));
    bg_text_add_escaped(&text, value, strlen(value), "\\\"");
    /* An escaped value always has a backslash. */
    if (escaped[0] == '\0' || strpbrk(escaped, " =\\") != NULL)
        bg_text_add_format(line, "\"%s\"", escaped);
    else
        bg_text_add(line, escaped);
}

static void field_add(struct bg_text *line, const struct bg_log_field *field)
{
    bg_text_add_format(line, " %s=", field->key);
    if (field->text != NULL)
        value_add(line, field->text);
    else
        bg_text_add_format(line, "%" PRId64, field->number);
}

void bg_log_fields(enum bg_log_level level, const char *event, const struct bg_log_field *fields)
{
    char buffer[BG_LOG_LINE_SIZE], time[BG_RFC3339_SIZE];
    const char *end = "\n";
    struct bg_text line;

    if (level < level_min)
        return;
    bg_clock_rfc3339(bg_clock_wall_ms(bg_clock_system()), time);
    bg_text_init(&line, buffer, sizeof(buffer) - (sizeof(cut_end) - 1));
    bg_text_add_format(&line, "ts=%s level=%s event=%s", time, level_names[level], event);
    for (; fields->key != NULL; fields++) {
        size_t before = line.length;

        field_add(&line, fields);
        if (line.cut) {
            bg_text_rewind(&line, before);
            end = cut_end;
            break;
        }
    }
    line.size = sizeof(buffer);
    bg_text_add(&line, end);
    bg_log_write(buffer, line.length);
}
