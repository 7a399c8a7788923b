/* layout.c: finds and adds lists of names, and compares them with this version's. */
#include "layout.h"

#include "db.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

bool bg_series_init(struct bg_series *ret_series, const char *const *names, size_t count)
{
    size_t length = 0;
    char *text, *to;

    for (size_t i = 0; i < count; i++)
        length += strlen(names[i]) + 1;
    text = to = malloc(length + 1);
    if (text == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        to = stpcpy(to, names[i]);
        *to++ = '\n';
    }
    *to = '\0';
    *ret_series = (struct bg_series){.count = count, .text = text, .seed = (uint32_t)crc32_z(0, (const uint8_t *)text, length)};
    return true;
}

void bg_series_done(struct bg_series *series)
{
    free(series->text);
    *series = (struct bg_series){0};
}

void bg_layouts_forget(struct bg_layouts *layouts)
{
    layouts->own.id = layouts->other.id = 0;
}

static int16_t place_of(const char *name, size_t length, const char *text)
{
    int16_t place = 0;

    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1, place++)
        if ((size_t)(end - text) == length && memcmp(text, name, length) == 0)
            return place;
    return -1;
}

/* False: these are more names than there can be. */
static bool layout_read(struct bg_layout *layout, const char *names, const char *own)
{
    size_t count = 0;

    for (const char *end; (end = strchr(names, '\n')) != NULL; names = end + 1) {
        if (count == BG_STORE_SERIES_MAX)
            return false;
        layout->places[count++] = place_of(names, (size_t)(end - names), own);
    }
    layout->count = count;
    return count > 0;
}

static void layout_fill(struct bg_db *db, struct bg_layout *layout, int64_t id, const char *names)
{
    layout->id = layout_read(layout, names, db->layouts.series->text) ? id : 0;
    layout->seed = (uint32_t)crc32_z(0, (const uint8_t *)names, strlen(names));
}

const struct bg_layout *bg_layout_own(struct bg_db *db)
{
    const char *names = db->layouts.series->text;
    struct bg_layout *own = &db->layouts.own;
    sqlite3_stmt *statement;
    int64_t id;

    if (own->id != 0)
        return own;
    statement = bg_db_start(db, BG_LAYOUT_FIND, NULL, 0);
    id = bg_db_bind_text(db, statement, 1, names) ? bg_db_number(db, statement, 0) : 0;
    if (id == 0 && db->failure == SQLITE_OK) {
        statement = bg_db_start(db, BG_LAYOUT_ADD, NULL, 0);
        if (bg_db_bind_text(db, statement, 1, names))
            bg_db_step(db, statement);
        id = sqlite3_last_insert_rowid(db->handle);
    }
    if (db->failure == SQLITE_OK)
        layout_fill(db, own, id, names);
    return own->id != 0 ? own : NULL;
}

const struct bg_layout *bg_layout_get(struct bg_db *db, int64_t id)
{
    struct bg_layouts *layouts = &db->layouts;
    sqlite3_stmt *statement;
    const char *names;

    if (id != 0 && id == layouts->own.id)
        return &layouts->own;
    if (id == 0 || id == layouts->other.id)
        return id == 0 ? NULL : &layouts->other;
    layouts->other.id = 0;
    statement = BG_DB_START(db, BG_LAYOUT_NAMES, id);
    names = bg_db_step(db, statement) ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (names != NULL)
        layout_fill(db, &layouts->other, id, names);
    bg_db_stop(statement);
    return layouts->other.id != 0 ? &layouts->other : NULL;
}
