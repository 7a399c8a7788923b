/* db.c: statements, steps and transactions. */
#include "db.h"

#include <string.h>

/* The next id; when all have been given once, the lowest that is free. */
static const char free_id[] =
    "SELECT CASE WHEN ifnull(max(id), 0) < ?1 THEN ifnull(max(id), 0) + 1 ELSE (SELECT id + 1 FROM (SELECT 0 AS id"
    " UNION ALL SELECT id FROM node) AS this WHERE NOT EXISTS (SELECT 1 FROM node AS next WHERE next.id ="
    " this.id + 1) ORDER BY id LIMIT 1) END FROM node";
/* The oldest time of a level, of all nodes: one search for each. */
static const char oldest[] = "SELECT min((SELECT key FROM sample WHERE key BETWEEN (node.id << 47 | ?1) AND (node.id << 47 | ?2) ORDER BY"
                             " key LIMIT 1) - (node.id << 47 | ?1)) FROM node";
#define ROWS "SELECT key, layout, count, started_ms, figures FROM sample WHERE key BETWEEN ?1 AND ?2 ORDER BY key"
static const char rows[] = ROWS, rows_backwards[] = ROWS " DESC";

static const char *const texts[BG_STATEMENTS] = {
    [BG_BEGIN] = "BEGIN IMMEDIATE",
    [BG_COMMIT] = "COMMIT",
    [BG_NODE_FIND] = "SELECT id FROM node WHERE name = ?1",
    [BG_NODE_FREE_ID] = free_id,
    [BG_NODE_ADD] = "INSERT INTO node(id, name) VALUES(?1, ?2)",
    [BG_NODE_NEXT] = "SELECT id, name FROM node WHERE id >= ?1 ORDER BY id LIMIT 1",
    [BG_NODES_FORGET] = "DELETE FROM node WHERE NOT EXISTS (SELECT 1 FROM sample WHERE key BETWEEN node.id << 47 AND (node.id << 47 | ?1))",
    [BG_LAYOUT_FIND] = "SELECT id FROM layout WHERE names = ?1",
    [BG_LAYOUT_ADD] = "INSERT INTO layout(names) VALUES(?1)",
    [BG_LAYOUT_NAMES] = "SELECT names FROM layout WHERE id = ?1",
    [BG_ROW_ADD] = "INSERT OR REPLACE INTO sample(key, layout, count, started_ms, figures) VALUES(?1, ?2, ?3, ?4, ?5)",
    [BG_ROWS] = rows,
    [BG_ROWS_BACKWARDS] = rows_backwards,
    [BG_ROWS_REMOVE] = "DELETE FROM sample WHERE key BETWEEN ?1 AND ?2",
    [BG_KEY_FIRST] = "SELECT key FROM sample WHERE key BETWEEN ?1 AND ?2 ORDER BY key LIMIT 1",
    [BG_OLDEST] = oldest,
    [BG_PAGES] = "PRAGMA page_count",
    [BG_PAGES_FREE] = "PRAGMA freelist_count",
};

bool bg_db_check(struct bg_db *db, int code)
{
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
        return true;
    if (db->failure == SQLITE_OK) {
        db->failure = code;
        db->system_error = db->handle != NULL ? sqlite3_system_errno(db->handle) : 0;
    }
    return false;
}

bool bg_db_prepare(struct bg_db *db)
{
    for (int i = 0; i < BG_STATEMENTS && db->failure == SQLITE_OK; i++)
        if (db->statements[i] == NULL)
            bg_db_check(db, sqlite3_prepare_v3(db->handle, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &db->statements[i], NULL));
    return db->failure == SQLITE_OK;
}

void bg_db_close(struct bg_db *db, bool is_left_alone)
{
    for (int i = 0; i < BG_STATEMENTS; i++)
        sqlite3_finalize(db->statements[i]);
    if (db->handle != NULL && is_left_alone)
        sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_close(db->handle);
    *db = (struct bg_db){0};
}

bool bg_db_execute(struct bg_db *db, const char *sql)
{
    return db->failure == SQLITE_OK && bg_db_check(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

sqlite3_stmt *bg_db_start(struct bg_db *db, enum bg_statement which, const int64_t *numbers, int count)
{
    sqlite3_stmt *statement = db->statements[which];

    if (db->failure != SQLITE_OK)
        return NULL;
    sqlite3_reset(statement);
    for (int i = 0; i < count; i++)
        bg_db_check(db, sqlite3_bind_int64(statement, i + 1, numbers[i]));
    return db->failure == SQLITE_OK ? statement : NULL;
}

bool bg_db_bind_text(struct bg_db *db, sqlite3_stmt *statement, int place, const char *text)
{
    return statement != NULL && bg_db_check(db, sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC));
}

bool bg_db_step(struct bg_db *db, sqlite3_stmt *statement)
{
    int code;

    if (statement == NULL || db->failure != SQLITE_OK)
        return false;
    code = sqlite3_step(statement);
    bg_db_check(db, code);
    if (code != SQLITE_ROW)
        sqlite3_reset(statement);
    return code == SQLITE_ROW;
}

void bg_db_stop(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
}

int64_t bg_db_number(struct bg_db *db, sqlite3_stmt *statement, int64_t otherwise)
{
    int64_t number = otherwise;

    if (bg_db_step(db, statement) && sqlite3_column_type(statement, 0) == SQLITE_INTEGER)
        number = sqlite3_column_int64(statement, 0);
    bg_db_stop(statement);
    return number;
}

void bg_db_clear(struct bg_db *db)
{
    db->failure = SQLITE_OK;
}

void bg_db_begin(struct bg_db *db)
{
    bg_db_clear(db);
    bg_db_step(db, bg_db_start(db, BG_BEGIN, NULL, 0));
}

/* A rolled back transaction may have held the layout's row. */
static void roll_back(struct bg_db *db)
{
    for (int i = 0; i < BG_STATEMENTS; i++)
        if (db->statements[i] != NULL)
            sqlite3_reset(db->statements[i]);
    if (db->handle != NULL && !sqlite3_get_autocommit(db->handle))
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    bg_layouts_forget(&db->layouts);
}

bool bg_db_end(struct bg_db *db, int *ret_failure)
{
    if (!sqlite3_get_autocommit(db->handle))
        bg_db_step(db, bg_db_start(db, BG_COMMIT, NULL, 0));
    if (db->failure == SQLITE_OK)
        return true;
    roll_back(db);
    *ret_failure = db->failure;
    db->failure = SQLITE_OK;
    return false;
}

int64_t bg_db_size(struct bg_db *db)
{
    const int64_t pages = bg_db_number(db, bg_db_start(db, BG_PAGES, NULL, 0), 0);
    const int64_t unused = bg_db_number(db, bg_db_start(db, BG_PAGES_FREE, NULL, 0), 0);

    return (pages - unused) * db->page_bytes;
}
