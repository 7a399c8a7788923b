/* log_writer.h: takes the lines of log.c. */
#ifndef BG_BASE_LOG_WRITER_H
#define BG_BASE_LOG_WRITER_H

#include <stddef.h>

/* A whole line with its newline, at most BG_LOG_LINE_SIZE bytes. Never fails: a line that cannot be written is counted, see bg_log_lost().
 */
void bg_log_write(const char *line, size_t length);

#endif
