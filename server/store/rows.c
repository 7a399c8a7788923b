/* rows.c: writes, reads and removes rows. */
#include "rows.h"

#include <string.h>
#include <zlib.h>

#define SEAL_BYTES 4 /* the checksum, before the figures */

static uint32_t checksum(const char *name)
{
    return (uint32_t)crc32_z(0, (const uint8_t *)name, strlen(name));
}

static bool node_id_find(struct bg_db *db, const char *name, int64_t *ret_id)
{
    sqlite3_stmt *statement = bg_db_start(db, BG_NODE_FIND, NULL, 0);
    const int64_t id = bg_db_bind_text(db, statement, 1, name) ? bg_db_number(db, statement, 0) : 0;

    if (id < 1 || id > BG_NODE_IDS_MAX)
        return false;
    *ret_id = id;
    return true;
}

bool bg_rows_node(struct bg_db *db, const char *name, struct bg_node_ref *ret_node)
{
    int64_t id;

    if (!node_id_find(db, name, &id))
        return false;
    *ret_node = (struct bg_node_ref){.id = id, .seed = checksum(name)};
    return true;
}

bool bg_node_add(struct bg_db *db, const char *name, struct bg_node_ref *ret_node)
{
    sqlite3_stmt *statement;
    int64_t id;

    if (bg_rows_node(db, name, ret_node))
        return true;
    id = bg_db_number(db, BG_DB_START(db, BG_NODE_FREE_ID, BG_NODE_IDS_MAX), 0);
    if (id < 1 || id > BG_NODE_IDS_MAX)
        return false;
    statement = BG_DB_START(db, BG_NODE_ADD, id);
    if (bg_db_bind_text(db, statement, 2, name))
        bg_db_step(db, statement);
    *ret_node = (struct bg_node_ref){.id = id, .seed = checksum(name)};
    return db->failure == SQLITE_OK;
}

bool bg_node_next(struct bg_db *db, int64_t id, struct bg_node_ref *ret_node)
{
    sqlite3_stmt *statement = BG_DB_START(db, BG_NODE_NEXT, id);
    const char *name = bg_db_step(db, statement) ? (const char *)sqlite3_column_text(statement, 1) : NULL;

    if (name != NULL)
        *ret_node = (struct bg_node_ref){.id = sqlite3_column_int64(statement, 0), .seed = checksum(name)};
    bg_db_stop(statement);
    return name != NULL && ret_node->id <= BG_NODE_IDS_MAX;
}

static uint32_t seal_of(uint32_t node_seed, uint32_t layout_seed, int64_t key, int64_t count, int64_t started_ms, const uint8_t *body,
                        size_t length)
{
    const uint64_t numbers[] = {(uint64_t)node_seed << 32 | layout_seed, (uint64_t)key, (uint64_t)count, (uint64_t)started_ms};
    uint8_t head[sizeof numbers];

    for (size_t i = 0; i < sizeof head; i++)
        head[i] = (uint8_t)(numbers[i / 8] >> i % 8 * 8);
    return (uint32_t)crc32_z(crc32_z(0, head, sizeof head), body, length);
}

bool bg_row_write(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, const struct bg_row *row)
{
    const struct bg_layout *layout = bg_layout_own(db);
    const int64_t key = bg_key(node->id, level, row->time_ms);
    uint8_t bytes[SEAL_BYTES + BG_FIGURES_SIZE];
    sqlite3_stmt *statement;
    size_t length;
    uint32_t seal;

    if (layout == NULL)
        return false;
    length = level == BG_LEVEL_RESTART ? 0 : bg_figures_encode(row->figures, layout->count, row->count, bytes + SEAL_BYTES);
    seal = seal_of(node->seed, layout->seed, key, row->count, row->started_ms, bytes + SEAL_BYTES, length);
    for (int i = 0; i < SEAL_BYTES; i++)
        bytes[i] = (uint8_t)(seal >> 8 * i);
    statement = BG_DB_START(db, BG_ROW_ADD, key, layout->id, row->count, row->started_ms);
    if (statement != NULL)
        bg_db_check(db, sqlite3_bind_blob(statement, 5, bytes, (int)(SEAL_BYTES + length), SQLITE_STATIC));
    bg_db_step(db, statement);
    if (statement != NULL)
        sqlite3_bind_null(statement, 5);
    return db->failure == SQLITE_OK;
}

static bool figures_read(const uint8_t *body, size_t length, const struct bg_layout *layout, uint32_t count, struct bg_figure *ret_figures)
{
    struct bg_figure stored[BG_STORE_SERIES_MAX];

    if (length == 0) /* a restart */
        return true;
    if (!bg_figures_decode(body, length, layout->count, count, stored))
        return false;
    for (size_t i = 0; i < layout->count; i++)
        if (layout->places[i] >= 0)
            ret_figures[layout->places[i]] = stored[i];
    return true;
}

/* What a statement's row has; false: it is damaged. */
static bool row_read(struct bg_db *db, sqlite3_stmt *rows, const struct bg_node_ref *node, struct bg_row *ret_row)
{
    const int64_t key = sqlite3_column_int64(rows, 0), count = sqlite3_column_int64(rows, 2), started = sqlite3_column_int64(rows, 3);
    const struct bg_layout *layout = bg_layout_get(db, sqlite3_column_int64(rows, 1));
    const uint8_t *bytes = sqlite3_column_blob(rows, 4);
    const int length = sqlite3_column_bytes(rows, 4) - SEAL_BYTES;
    uint32_t seal = 0;

    if (bytes == NULL || length < 0 || layout == NULL || count < 1 || count > UINT32_MAX || key < db->first_key || key > db->last_key)
        return false;
    for (int i = 0; i < SEAL_BYTES; i++)
        seal |= (uint32_t)bytes[i] << 8 * i;
    if (seal != seal_of(node->seed, layout->seed, key, count, started, bytes + SEAL_BYTES, (size_t)length))
        return false;
    ret_row->time_ms = bg_key_time(key);
    ret_row->started_ms = started;
    ret_row->count = (uint32_t)count;
    for (size_t i = 0; i < db->layouts.series->count; i++)
        ret_row->figures[i].count = 0;
    return figures_read(bytes + SEAL_BYTES, (size_t)length, layout, (uint32_t)count, ret_row->figures);
}

static sqlite3_stmt *rows_start(struct bg_db *db, enum bg_statement which, const struct bg_node_ref *node, enum bg_level level,
                                int64_t from_ms, int64_t until_ms)
{
    db->first_key = bg_key(node->id, level, from_ms);
    db->last_key = bg_key(node->id, level, until_ms - 1);
    return BG_DB_START(db, which, db->first_key, db->last_key);
}

sqlite3_stmt *bg_rows_start(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, int64_t from_ms, int64_t until_ms)
{
    return until_ms <= from_ms ? NULL : rows_start(db, BG_ROWS, node, level, from_ms, until_ms);
}

bool bg_row_next(struct bg_db *db, sqlite3_stmt *rows, const struct bg_node_ref *node, struct bg_row *ret_row)
{
    while (bg_db_step(db, rows)) {
        if (row_read(db, rows, node, ret_row))
            return true;
        db->damaged_count++;
    }
    return false;
}

static bool row_at_end(struct bg_db *db, enum bg_statement which, const struct bg_node_ref *node, enum bg_level level,
                       struct bg_row *ret_row)
{
    sqlite3_stmt *rows = rows_start(db, which, node, level, 0, BG_TIME_END);
    const bool found = bg_row_next(db, rows, node, ret_row);

    if (found)
        bg_db_stop(rows);
    return found;
}

bool bg_row_first(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, struct bg_row *ret_row)
{
    return row_at_end(db, BG_ROWS, node, level, ret_row);
}

bool bg_row_last(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, struct bg_row *ret_row)
{
    return row_at_end(db, BG_ROWS_BACKWARDS, node, level, ret_row);
}

int64_t bg_row_time(struct bg_db *db, const struct bg_node_ref *node, enum bg_level level, int64_t from_ms)
{
    const int64_t first = bg_key(node->id, level, from_ms), last = bg_key(node->id, level, BG_TIME_END - 1);
    const int64_t key = bg_db_number(db, BG_DB_START(db, BG_KEY_FIRST, first, last), -1);

    return from_ms >= BG_TIME_END || key < first ? BG_TIME_END : bg_key_time(key);
}

int bg_rows_remove(struct bg_db *db, int64_t node_id, enum bg_level level, int64_t from_ms, int64_t until_ms)
{
    const int64_t first = bg_key(node_id, level, from_ms), last = bg_key(node_id, level, until_ms - 1);

    if (until_ms <= from_ms)
        return 0;
    bg_db_step(db, BG_DB_START(db, BG_ROWS_REMOVE, first, last));
    return db->failure == SQLITE_OK ? sqlite3_changes(db->handle) : 0;
}
