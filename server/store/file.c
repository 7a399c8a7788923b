/* file.c: the file of the database: made for its owner alone, looked at before SQLite may change anything, and locked. */
#include "file.h"

#include "schema.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER_BYTES 100 /* SQLite, "Database File Format" */
#define APPLICATION_ID_AT 68
#define LOCK_WAIT_MS 1000 /* for one that is just ending */
#define PATH_SHOWN 72     /* bytes of a path in a problem */

/* Settings of a connection. Exclusive: the lock is kept, and the index of the write-ahead log needs no shared memory, so there is no -shm
 * (SQLite, "Write-Ahead Logging", 8). Normal: a power cut may lose the last transactions, and damages nothing; kill -9 loses none. */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA auto_vacuum = INCREMENTAL; PRAGMA temp_store = MEMORY;"
                               "PRAGMA secure_delete = OFF; PRAGMA cell_size_check = ON; PRAGMA synchronous = NORMAL;"
                               "PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 4194304;";

/* A problem's text; `reason` says what to do too. */
static void problem_write(const char *path, const char *reason, char ret_problem[BG_PROBLEM_SIZE])
{
    const size_t length = strlen(path);
    const bool is_long = length > PATH_SHOWN;

    snprintf(ret_problem, BG_PROBLEM_SIZE, "The history file %s%s is not used: %s. Until the next start, history is kept in memory.",
             is_long ? "..." : "", is_long ? path + length - PATH_SHOWN : path, reason);
}

static const char *reason_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return "another process uses it";
    case SQLITE_FULL:
        return "there is no room for it on its disk";
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return "it cannot be written";
    case SQLITE_CANTOPEN:
        return "it or its -wal cannot be opened";
    case SQLITE_IOERR:
        return "reading or writing it failed";
    default:
        return "it is damaged; move it away, then a new one is made";
    }
}

void bg_file_problem(const char *path, int code, int system_error, char ret_problem[BG_PROBLEM_SIZE])
{
    const int primary = code & 0xff;
    const bool has_errno = system_error != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN);
    char reason[128];

    snprintf(reason, sizeof reason, has_errno ? "%s (%.60s)" : "%s", reason_of(code), has_errno ? strerror(system_error) : "");
    problem_write(path, reason, ret_problem);
}

static const char *header_fault(const unsigned char *header, ssize_t length, bool has_journal)
{
    uint32_t application = 0;

    if (length == 0)
        return NULL;
    if (length < HEADER_BYTES || memcmp(header, "SQLite format 3", 16) != 0)
        return "it is not a database; move it away, or name another file";
    for (int i = 0; i < 4; i++)
        application = application << 8 | header[APPLICATION_ID_AT + i];
    /* With a journal, the header is as it was amid a transaction; SQLite puts it right. */
    return application == BG_APPLICATION_ID || has_journal ? NULL : "it is another program's database; name another file";
}

static const char *content_fault(int file, const char *path)
{
    unsigned char header[HEADER_BYTES];
    const ssize_t length = pread(file, header, sizeof header, 0);
    char journal[4096];

    if (length < 0)
        return strerror(errno);
    snprintf(journal, sizeof journal, "%s-journal", path);
    return header_fault(header, length, access(journal, F_OK) == 0);
}

/* NULL: the file can be given to SQLite; it is made if there is none. It is never changed here. */
static const char *file_fault(const char *path)
{
    struct stat status = {0};
    const char *fault = NULL;
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (file < 0 && errno == EEXIST)
        file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* non-blocking, in case it is a pipe */
    if (file < 0 || fstat(file, &status) != 0)
        fault = strerror(errno);
    else if (!S_ISREG(status.st_mode))
        fault = "it is not a regular file";
    else if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fault = "it is open to others; make it yours alone with chmod 600";
    else
        fault = content_fault(file, path);
    if (file >= 0)
        close(file);
    return fault;
}

static int64_t pragma_number(struct bg_db *db, const char *text)
{
    sqlite3_stmt *statement = NULL;
    int64_t number = 0;

    if (db->failure == SQLITE_OK && bg_db_check(db, sqlite3_prepare_v2(db->handle, text, -1, &statement, NULL)))
        number = bg_db_number(db, statement, 0);
    sqlite3_finalize(statement);
    return number;
}

static void db_bound(struct bg_db *db)
{
    char text[64] = "";

    /* A file may be larger than it is allowed to be today. */
    const int64_t pages = pragma_number(db, "PRAGMA page_count");

    db->page_bytes = pragma_number(db, "PRAGMA page_size");
    if (db->page_bytes < 512)
        bg_db_check(db, SQLITE_CORRUPT);
    else
        snprintf(text, sizeof text, "PRAGMA max_page_count = %" PRId64,
                 BG_SLACK_BYTES / db->page_bytes + (pages * db->page_bytes > db->max_bytes ? pages : db->max_bytes / db->page_bytes));
    bg_db_execute(db, text);
}

bool bg_db_set_up(struct bg_db *db, const struct bg_opening *opening, bool in_file, int64_t *ret_version)
{
    db->in_file = in_file;
    db->max_bytes = in_file ? opening->max_bytes : opening->memory_max_bytes;
    db->layouts.series = &opening->series;
    if (db->failure != SQLITE_OK)
        return false;
    /* SQLite, "Defense Against The Dark Arts": the file may have been made by somebody else. */
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, 1 << 20);
    sqlite3_busy_timeout(db->handle, LOCK_WAIT_MS);
    bg_db_execute(db, settings);
    if (!bg_schema_migrate(db, bg_migrations, bg_migrations_count, ret_version))
        return false;
    if (in_file)
        bg_db_execute(db, "PRAGMA journal_mode = WAL");
    db_bound(db);
    return bg_db_prepare(db);
}

static enum bg_error later_version(const char *path, int64_t version, struct bg_failure *ret_failure)
{
    return bg_fail(ret_failure, BG_INVALID,
                   "the history file %.200s was written by a later version of beamgauge (it has version %" PRId64
                   ", and this one knows %" PRId64 "): start that version, or move the file away",
                   path, version, bg_migrations_count);
}

enum bg_error bg_file_open(const struct bg_opening *opening, struct bg_db *ret_db, char ret_problem[BG_PROBLEM_SIZE],
                           struct bg_failure *ret_failure)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    const char *path = opening->path, *fault = file_fault(path);
    struct bg_db db = {0};
    int64_t version = 0;

    *ret_db = db;
    if (fault != NULL) {
        problem_write(path, fault, ret_problem);
        return BG_OK;
    }
    if (bg_db_check(&db, sqlite3_open_v2(path, &db.handle, flags, NULL)) && sqlite3_db_readonly(db.handle, "main") == 1)
        bg_db_check(&db, SQLITE_READONLY);
    if (bg_db_set_up(&db, opening, true, &version)) {
        *ret_db = db;
        return BG_OK;
    }
    bg_file_problem(path, db.failure, db.system_error, ret_problem);
    bg_db_close(&db, true);
    return version <= bg_migrations_count ? BG_OK : later_version(path, version, ret_failure);
}
