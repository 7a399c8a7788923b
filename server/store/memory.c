/* memory.c: opens a database in memory, and copies rows into it. */
#include "memory.h"

#include "keep.h"

bool bg_memory_open(const struct bg_opening *opening, struct bg_db *ret_db)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    struct bg_db db = {0};
    int64_t version;

    if (!bg_db_check(&db, sqlite3_open_v2(":memory:", &db.handle, flags, NULL)) || !bg_db_set_up(&db, opening, false, &version))
        bg_db_close(&db, true);
    *ret_db = db;
    return db.handle != NULL;
}

/* One row after the other, until one cannot be read. */
static void rows_copy(struct bg_db *from, struct bg_db *to, sqlite3_stmt *source, sqlite3_stmt *target)
{
    const int columns = sqlite3_column_count(source);

    while (to->failure == SQLITE_OK && bg_db_step(from, source)) {
        sqlite3_reset(target);
        for (int i = 0; i < columns; i++)
            bg_db_check(to, sqlite3_bind_value(target, i + 1, sqlite3_column_value(source, i)));
        bg_db_step(to, target);
    }
    sqlite3_clear_bindings(target);
    bg_db_stop(source);
}

static void table_copy(struct bg_db *from, struct bg_db *to, const char *select, const char *insert)
{
    sqlite3_stmt *source = NULL, *target = NULL;

    if (bg_db_check(from, sqlite3_prepare_v2(from->handle, select, -1, &source, NULL)) &&
        bg_db_check(to, sqlite3_prepare_v2(to->handle, insert, -1, &target, NULL)))
        rows_copy(from, to, source, target);
    sqlite3_finalize(source);
    sqlite3_finalize(target);
}

/* A failure to read one node's rows does not keep those of the next one from being read. */
static void node_copy(struct bg_db *from, struct bg_db *to, int64_t id)
{
    const int64_t first = bg_key(id, BG_LEVEL_FINE, 0), last = bg_key(id, BG_LEVEL_RESTART, BG_TIME_END - 1);

    rows_copy(from, to, BG_DB_START(from, BG_ROWS, first, last), bg_db_start(to, BG_ROW_ADD, NULL, 0));
    from->failure = SQLITE_OK;
}

void bg_memory_copy(struct bg_db *from, struct bg_db *to, int64_t now_ms)
{
    struct bg_keeper keeper = {0};
    struct bg_node_ref node = {.id = 0};
    int failure;

    if (from->handle == NULL || !sqlite3_get_autocommit(from->handle)) /* it could not be rolled back */
        return;
    bg_db_begin(to);
    table_copy(from, to, "SELECT id, names FROM layout", "INSERT INTO layout(id, names) VALUES(?1, ?2)");
    from->failure = SQLITE_OK;
    table_copy(from, to, "SELECT id, name FROM node", "INSERT INTO node(id, name) VALUES(?1, ?2)");
    from->failure = SQLITE_OK;
    (void)bg_db_end(to, &failure);
    while (bg_node_next(to, node.id + 1, &node)) {
        bg_db_begin(to);
        node_copy(from, to, node.id);
        do
            bg_keep_size(to, &keeper, now_ms);
        while (keeper.is_over);
        (void)bg_db_end(to, &failure);
    }
}
