/* db.h: one open database, its prepared statements, and its first failure. For one thread at a time.
 *
 * Failures are sticky: once `failure` is set, all functions do nothing and return what stands for nothing, so that only the end of a
 * transaction has to look at it. bg_db_end() clears it. */
#ifndef BEAMGAUGE_STORE_DB_H
#define BEAMGAUGE_STORE_DB_H

#include "layout.h"

#include <sqlite3.h>

enum bg_statement {
    BG_BEGIN,
    BG_COMMIT,
    BG_NODE_FIND,
    BG_NODE_FREE_ID,
    BG_NODE_ADD,
    BG_NODE_NEXT,
    BG_NODES_FORGET,
    BG_LAYOUT_FIND,
    BG_LAYOUT_ADD,
    BG_LAYOUT_NAMES,
    BG_ROW_ADD,
    BG_ROWS,
    BG_ROWS_BACKWARDS,
    BG_ROWS_REMOVE,
    BG_KEY_FIRST,
    BG_OLDEST,
    BG_PAGES,
    BG_PAGES_FREE,
    BG_STATEMENTS
};

struct bg_db {
    sqlite3 *handle;
    sqlite3_stmt *statements[BG_STATEMENTS];
    int failure;      /* the first extended result code (SQLite, "Result and Error Codes") that was one; SQLITE_OK: none */
    int system_error; /* errno that belongs to it, or 0 */
    bool in_file;
    int64_t max_bytes;
    int64_t page_bytes;
    struct bg_layouts layouts;
    int64_t first_key, last_key; /* what rows are being read: in a damaged file, a statement may give others too */
    uint64_t damaged_count;      /* rows that could not be read */
};

/* Compiles all statements; false: the tables are not as they should be, or no memory. */
bool bg_db_prepare(struct bg_db *db);
/* Closes it without writing anything more if it has failed: a file is left as it is, with its -wal. A zeroed one is fine. */
void bg_db_close(struct bg_db *db, bool is_left_alone);

/* Notes a result code; true if it is none of a failure. */
bool bg_db_check(struct bg_db *db, int code);
/* Runs SQL text without results. */
bool bg_db_execute(struct bg_db *db, const char *sql);
/* Begins a transaction; bg_db_end() commits it, or rolls it back if anything has failed. False and the failure if it did; then
 * *ret_failure is it, and the next transaction begins anew. */
void bg_db_begin(struct bg_db *db);
/* Forgets a failure of before; what follows is not within a transaction. */
void bg_db_clear(struct bg_db *db);
bool bg_db_end(struct bg_db *db, int *ret_failure);

/* A statement with its first parameters; NULL after a failure. Step it until it returns false, or stop it. */
sqlite3_stmt *bg_db_start(struct bg_db *db, enum bg_statement which, const int64_t *numbers, int count);
bool bg_db_bind_text(struct bg_db *db, sqlite3_stmt *statement, int place, const char *text); /* not copied */
bool bg_db_step(struct bg_db *db, sqlite3_stmt *statement);                                   /* true: there is a row */
void bg_db_stop(sqlite3_stmt *statement);
#define BG_DB_START(db, which, ...)                                                                                                        \
    bg_db_start(db, which, (const int64_t[]){__VA_ARGS__}, (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)))
/* Steps once and stops: the number in the first column, or `otherwise`. */
int64_t bg_db_number(struct bg_db *db, sqlite3_stmt *statement, int64_t otherwise);

/* Bytes that are in use, those of transactions that are not complete too. */
int64_t bg_db_size(struct bg_db *db);

#endif
