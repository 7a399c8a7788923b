/* file.h: opens the database in its file, or says why the file cannot be used. */
#ifndef BEAMGAUGE_STORE_FILE_H
#define BEAMGAUGE_STORE_FILE_H

#include "db.h"

#define BG_SLACK_BYTES (4 << 20) /* what the file may be larger for a while: a transaction adds before it removes */
#define BG_PROBLEM_SIZE sizeof(((struct bg_store_state *)0)->problem)

struct bg_opening {
    char *path; /* NULL: in memory */
    int64_t max_bytes, memory_max_bytes;
    struct bg_series series;
};

/* What every database needs, in a file or in memory: settings, tables, statements. False: db->failure, or a later version. */
bool bg_db_set_up(struct bg_db *db, const struct bg_opening *opening, bool in_file, int64_t *ret_version);

/* Opens or makes the file. It may also leave *ret_db zeroed and the problem in ret_problem; then the file is as it was. BG_INVALID: a later
 * version has written it. */
enum bg_error bg_file_open(const struct bg_opening *opening, struct bg_db *ret_db, char ret_problem[BG_PROBLEM_SIZE],
                           struct bg_failure *ret_failure) BG_MUST_CHECK;
/* The sentence for a result code of SQLite, and an errno or 0. */
void bg_file_problem(const char *path, int code, int system_error, char ret_problem[BG_PROBLEM_SIZE]);

#endif
