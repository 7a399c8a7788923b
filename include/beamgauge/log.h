/* log.h: one line an event, in logfmt, to stderr. Values are escaped, so text from a node or a client cannot forge a line. */
#ifndef BEAMGAUGE_LOG_H
#define BEAMGAUGE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest line: a pipe takes so much in one piece (PIPE_BUF), so that lines of several writers never mix. Fields that do not fit are
 * left out and the line ends in cut=true; a value that is too long by itself ends in "...". */
#define BG_LOG_LINE_SIZE 4096
#define BG_LOG_VALUE_SIZE 1024

enum bg_log_level { BG_LOG_DEBUG, BG_LOG_INFO, BG_LOG_WARN, BG_LOG_ERROR };

struct bg_log_field {
    const char *key; /* NULL ends a list */
    const char *text;
    int64_t number; /* used where text is NULL */
};

static inline struct bg_log_field bg_log_text(const char *key, const char *text)
{
    return (struct bg_log_field){.key = key, .text = text != NULL ? text : ""};
}

#define BG_TEXT(k, v) bg_log_text((k), (v))
#define BG_NUMBER(k, v) ((struct bg_log_field){.key = (k), .number = (int64_t)(v)})

/* bg_log(BG_LOG_INFO, "link_up", BG_TEXT("node", name), BG_NUMBER("port", port)); at least one field. */
#define bg_log(level, event, ...) bg_log_fields((level), (event), (const struct bg_log_field[]){__VA_ARGS__, {.key = (const char *)0}})

void bg_log_fields(enum bg_log_level level, const char *event, const struct bg_log_field *fields);
void bg_log_set_level(enum bg_log_level level); /* lines below it are dropped; BG_LOG_INFO at start */

/* From now on a thread writes the lines, and a caller never waits. A line that does not fit into the queue of 256 KiB is lost and counted,
 * and the log reports the count as soon as it can. False: the thread could not start, and lines are written as before. */
bool bg_log_start(void);
/* Waits for a second at most until all lines are written, and ends the thread. */
void bg_log_stop(void);
uint64_t bg_log_lost(void); /* lines, since the start */

bool bg_log_level_parse(const char *text, enum bg_log_level *ret_level);

#endif
