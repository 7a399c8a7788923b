/* schema.h: the tables of the database, and how those of an earlier version become today's. */
#ifndef BEAMGAUGE_STORE_SCHEMA_H
#define BEAMGAUGE_STORE_SCHEMA_H

#include "db.h"

/* "bghi", in the file's header (SQLite, "Database File Format": application_id, 4 bytes from byte 68). */
#define BG_APPLICATION_ID 0x62676869

/* migrations[n] makes version n + 1 of version n; all of them make a new database. What was released is never changed: a later version is
 * one text more. */
extern const char *const bg_migrations[];
extern const int64_t bg_migrations_count;

/* Brings the database to the last version, in one transaction. False: a failure, or it has a later version, which is returned. */
bool bg_schema_migrate(struct bg_db *db, const char *const *migrations, int64_t count, int64_t *ret_version);

#endif
