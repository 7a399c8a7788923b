/* schema.c: the tables. */
#include "schema.h"

#include <inttypes.h>
#include <stdio.h>

/* sample: one row for each sample, minute, hour and restart; its key is described in levels.h, its figures in figures.h and rows.h.
 * layout: the names of the series of rows, each with a newline after it. row: for people with sqlite3, what a key consists of. */
static const char version_1[] =
    "CREATE TABLE node(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE layout(id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE);"
    "CREATE TABLE sample(key INTEGER PRIMARY KEY, layout INTEGER NOT NULL, count INTEGER NOT NULL, started_ms INTEGER NOT NULL,"
    " figures BLOB NOT NULL);"
    "CREATE VIEW row AS SELECT node.name AS node, CASE key >> 45 & 3 WHEN 0 THEN 'sample' WHEN 1 THEN 'minute' WHEN 2 THEN 'hour'"
    " ELSE 'restart' END AS level, datetime((key & 35184372088831) / 1000, 'unixepoch') AS time, count, length(figures) AS bytes"
    " FROM sample LEFT JOIN node ON node.id = key >> 47;";

const char *const bg_migrations[] = {version_1};
const int64_t bg_migrations_count = sizeof bg_migrations / sizeof bg_migrations[0];

static int64_t version_of(struct bg_db *db)
{
    sqlite3_stmt *statement = NULL;
    int64_t version = -1;

    if (bg_db_check(db, sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &statement, NULL)))
        version = bg_db_number(db, statement, -1);
    sqlite3_finalize(statement);
    return version;
}

bool bg_schema_migrate(struct bg_db *db, const char *const *migrations, int64_t count, int64_t *ret_version)
{
    char versions[128];
    int64_t version;

    if (!bg_db_execute(db, "BEGIN IMMEDIATE"))
        return false;
    version = version_of(db);
    *ret_version = version;
    if (version < 0 || version > count)
        return bg_db_execute(db, "ROLLBACK") && false;
    for (; version < count; version++)
        bg_db_execute(db, migrations[version]);
    /* Written each time: so a file that cannot be written is found now. */
    snprintf(versions, sizeof versions, "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64, BG_APPLICATION_ID, count);
    return bg_db_execute(db, versions) && bg_db_execute(db, "COMMIT");
}
